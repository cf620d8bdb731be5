//! Flags resolved to what the rooms understand.

use std::num::NonZeroU32;
use std::path::PathBuf;

use crate::model::WallTime;
use crate::proxy;
use crate::proxy::{Choosing, Cidr, Mode, Pattern};

use super::args::RunArgs;
use super::folders::Folders;
use super::report::Report;

/// How the proxy of this process runs.
#[derive(Debug)]
pub(super) struct Settings {
    pub(super) proxy: proxy::Settings,
    pub(super) ca_dir: PathBuf,
    pub(super) capture: PathBuf,
    pub(super) log_file: Option<PathBuf>,
    pub(super) output: Output,
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
            body_limit: args.body_limit,
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
        Ok(Self { proxy, ca_dir, capture, log_file, output, show_secrets: args.show_secrets })
    }
}

/// The ways in: each `--mode`, or the one that `--reverse` and `--listen` spell.
pub(super) fn modes(args: &RunArgs) -> Result<Vec<Mode>, Report> {
    let mut specs = args.modes.clone();
    let at = args.listen.as_deref().map(|addr| format!("@{addr}")).unwrap_or_default();
    match &args.reverse {
        Some(url) => specs.push(format!("reverse:{url}{at}")),
        None if specs.is_empty() || args.listen.is_some() => specs.push(format!("regular{at}")),
        None => {}
    }
    specs.extend(args.admin.as_ref().map(|address| format!("admin@{address}")));
    specs.iter().map(|spec| mode(spec)).collect()
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
