//! Flags resolved to what the rooms understand.

use std::net::{Ipv4Addr, SocketAddr};
use std::num::NonZeroU32;
use std::path::PathBuf;

use crate::model::WallTime;
use crate::model::filter::Filter;
use crate::proxy;
use crate::proxy::{Choosing, Cidr, Mode, ModeError, Pattern, Way};

use super::args::RunArgs;
use super::filter;
use super::folders::Folders;
use super::report::Report;

/// Most bytes of one body that are kept, unless something else is said.
const BODY_LIMIT: u64 = 64 * 1024 * 1024;

/// How the proxy of this process runs.
#[derive(Debug)]
pub(super) struct Settings {
    pub(super) proxy: proxy::Settings,
    pub(super) ca_dir: PathBuf,
    pub(super) capture: PathBuf,
    pub(super) capture_limit: Option<u64>,
    pub(super) log_file: Option<PathBuf>,
    pub(super) output: Output,
    pub(super) filter: Option<Filter>,
    pub(super) show_secrets: bool,
}

/// What the user sees.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Output {
    /// The terminal UI.
    Tui,
    /// One line an exchange.
    Lines,
    /// One JSON object an exchange.
    Json,
}

impl Settings {
    /// Resolves flags against the environment. `terminal`: stdout is one.
    ///
    /// # Errors
    /// A value that does not parse or a folder that cannot be made.
    pub(super) fn resolve(args: &RunArgs, terminal: bool, now: WallTime) -> Result<Self, Report> {
        let output = match (args.json, args.no_tui || !terminal) {
            (true, _) => Output::Json,
            (false, true) => Output::Lines,
            (false, false) => Output::Tui,
        };
        let filter = filter::parse(args.filter.as_deref())?;
        let proxy = proxy::Settings {
            modes: modes(args)?,
            keep_host: args.keep_host,
            upstream_ca: args.upstream_ca.clone(),
            insecure_upstream: args.insecure_upstream,
            allow: args.allow.iter().map(|text| cidr(text)).collect::<Result<_, _>>()?,
            choosing: Choosing {
                intercept: patterns("--intercept", &args.intercept)?,
                passthrough: patterns("--passthrough", &args.passthrough)?,
                after_rejections: args.auto_passthrough.map_or(0, NonZeroU32::get),
                ..Choosing::default()
            },
            body_limit: args.body_limit.unwrap_or(BODY_LIMIT),
            keylog: std::env::var_os("SSLKEYLOGFILE").filter(|f| !f.is_empty()).map(PathBuf::from),
            ..proxy::Settings::default()
        };
        let folders = Folders::of_user();
        let folder = || folders.as_ref().map_err(Clone::clone);
        let ca_dir = match &args.ca_dir {
            Some(dir) => dir.clone(),
            None => folder()?.ca(),
        };
        let capture = match &args.capture {
            Some(file) => file.clone(),
            None => folder()?.new_capture(now)?,
        };
        // Lines on stderr would tear the screen.
        let log_file = match (&args.log_file, output) {
            (Some(file), _) => Some(file.clone()),
            (None, Output::Tui) => Some(folder()?.log()?),
            (None, _) => None,
        };
        let (show_secrets, capture_limit) = (args.show_secrets, args.capture_limit);
        Ok(Self { proxy, ca_dir, capture, capture_limit, log_file, output, filter, show_secrets })
    }
}

/// The ways in: each `--mode`, or the one that `--reverse` and `--listen` spell.
pub(super) fn modes(args: &RunArgs) -> Result<Vec<Mode>, Report> {
    let mut specs: Vec<_> = args.modes.iter().map(|spec| with_local_address(spec)).collect();
    let listen = args.listen.as_deref().map(listen).transpose()?;
    let at = listen.map(|addr| format!("@{addr}")).unwrap_or_default();
    match &args.reverse {
        Some(url) => specs.push(format!("reverse:{url}{at}")),
        None if specs.is_empty() || args.listen.is_some() => specs.push(format!("regular{at}")),
        None => {}
    }
    specs.extend(args.admin.as_ref().map(|at| with_local_address(&format!("admin@{at}"))));
    let modes: Vec<Mode> = specs.iter().map(|spec| mode(spec)).collect::<Result<_, _>>()?;
    if args.keep_host && !modes.iter().any(|mode| matches!(mode.way, Way::Reverse(_))) {
        return Err(Report::new("cannot keep the device's Host header")
            .because("`--keep-host` is for reverse mode")
            .hint("leave it out, or add `--reverse https://mail.example`"));
    }
    Ok(modes)
}

/// What `--listen` says: `ADDR:PORT`, `localhost:PORT` or `PORT`.
fn listen(text: &str) -> Result<SocketAddr, Report> {
    parse_address(text).map_err(|_| {
        Report::new(format!("cannot listen on `{text}`"))
            .because("it is not an address with a port")
            .hint("write `--listen 127.0.0.1:8080`, `--listen [::1]:8080` or `--listen 8080`")
    })
}

/// An address to listen on, as `--listen` and `--admin` take it.
pub(super) fn parse_address(text: &str) -> Result<SocketAddr, ModeError> {
    parse_mode(&format!("regular@{text}")).map(|mode| mode.listen)
}

/// A way in, as `--mode` takes it.
pub(super) fn parse_mode(spec: &str) -> Result<Mode, ModeError> {
    with_local_address(spec).parse()
}

/// A mode's text with the address that `localhost` stands for.
fn with_local_address(spec: &str) -> String {
    match spec.rsplit_once("@localhost:") {
        Some((way, port)) => format!("{way}@{}:{port}", Ipv4Addr::LOCALHOST),
        None => spec.to_owned(),
    }
}

fn mode(spec: &str) -> Result<Mode, Report> {
    spec.parse().map_err(|error| {
        Report::new(format!("cannot understand the mode `{spec}`"))
            .because(error)
            .hint("write `regular@127.0.0.1:8080` or `reverse:https://mail.example@127.0.0.1:8443`")
    })
}

fn patterns(flag: &str, texts: &[String]) -> Result<Vec<Pattern>, Report> {
    let pattern = |text: &String| {
        text.parse().map_err(|error| {
            Report::new(format!("cannot understand `{flag} {text}`")).because(error)
        })
    };
    texts.iter().map(pattern).collect()
}

fn cidr(text: &str) -> Result<Cidr, Report> {
    text.parse().map_err(|error| {
        Report::new(format!("cannot understand the network `{text}`"))
            .because(error)
            .hint("write `--allow 192.168.1.0/24`, `--allow 10.0.0.7` or `--allow fd00::/8`")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn resolved(args: &RunArgs) -> Result<Vec<String>, String> {
        let modes = modes(args).map_err(|report| report.lines())?;
        Ok(modes.iter().map(Mode::to_string).collect())
    }

    #[test]
    fn listen_addresses() {
        let listen = |text: &str| RunArgs { listen: Some(text.into()), ..RunArgs::default() };
        for (text, mode) in [
            ("localhost:9", "regular@127.0.0.1:9"),
            ("9", "regular@127.0.0.1:9"),
            ("[::1]:9", "regular@[::1]:9"),
        ] {
            assert_eq!(resolved(&listen(text)), Ok(vec![mode.to_owned()]));
        }
        let error = resolved(&listen("foo")).unwrap_err();
        assert!(error.starts_with("error: cannot listen on `foo`\n"), "{error}");
        let modes = vec!["reverse:https://h@localhost:9".to_owned()];
        let args = RunArgs { modes, ..RunArgs::default() };
        assert_eq!(resolved(&args), Ok(vec!["reverse:https://h@127.0.0.1:9".to_owned()]));
    }

    #[test]
    fn keep_host_needs_a_server() {
        let alone = RunArgs { keep_host: true, ..RunArgs::default() };
        assert!(resolved(&alone).unwrap_err().contains("reverse mode"));
        assert!(resolved(&RunArgs { reverse: Some("https://h".into()), ..alone }).is_ok());
    }
}
