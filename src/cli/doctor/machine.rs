//! Checks of this machine.

use std::env;
use std::fs::{self, OpenOptions};
use std::io::{self, IsTerminal as _};
use std::net::TcpListener;
use std::path::{Path, PathBuf};

use crate::cli::files::FileLimit;
use crate::cli::report::{Report, chain};
use crate::model::WallTime;
use crate::pki::{Authority, PkiError};
use crate::proxy::{Limits, Mode, lan_addresses};

use super::check::Check;

/// What is to be examined.
#[derive(Debug)]
pub(crate) struct Patient {
    /// The ways in that a run would have.
    pub(crate) modes: Vec<Mode>,
    /// Where the authority is kept.
    pub(crate) ca_dir: PathBuf,
    /// Where captures are written.
    pub(crate) captures: PathBuf,
    /// The time of this machine.
    pub(crate) now: WallTime,
}

/// Every check, in the order people set things up. Changes nothing.
pub(crate) fn examine(patient: &Patient) -> Vec<Check> {
    let mut checks: Vec<_> = patient.modes.iter().map(port).collect();
    checks.push(network(&patient.modes));
    checks.extend(authority(patient));
    checks.push(folder(&patient.captures));
    checks.push(files(FileLimit::current(), Limits::default().connections));
    checks.push(terminal(io::stdout().is_terminal(), |name| env::var(name).ok()));
    checks
}

/// Which settings file was read.
pub(crate) fn settings_file(path: &Path, found: bool) -> Check {
    match (found, path.as_os_str().is_empty()) {
        (true, _) => Check::ok("settings", format!("read from `{}`", path.display())),
        (false, false) => Check::ok("settings", format!("no file `{}`", path.display())),
        (false, true) => Check::ok("settings", "no file: there is no home folder to look in"),
    }
}

/// A settings file that cannot be used.
pub(crate) fn settings_mistake(report: &Report) -> Check {
    let (found, advice) = report.parts();
    Check::fail("settings", found, advice)
}

fn port(mode: &Mode) -> Check {
    let what = format!("listen on {}", mode.listen);
    match TcpListener::bind(mode.listen) {
        Ok(_) => Check::ok("port", format!("can {what} ({})", mode.way)),
        Err(error) => {
            let advice = match error.kind() {
                io::ErrorKind::AddrInUse => {
                    "end what listens there (`ss -ltnp` names it; a running synctap does), \
                     or use another port: `--listen 127.0.0.1:0`"
                }
                io::ErrorKind::PermissionDenied => {
                    "ports below 1024 need rights: use a higher one, \
                     or `setcap cap_net_bind_service=+ep` on the program"
                }
                _ => "name an address of this machine: `--listen ADDRESS:PORT`",
            };
            Check::fail("port", format!("cannot {what}: {error}"), advice)
        }
    }
}

fn network(modes: &[Mode]) -> Check {
    let lan = lan_addresses();
    let addresses = lan.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
    if lan.is_empty() {
        let advice = "connect it to the network of the device";
        return Check::warn("network", "this machine has no address on a network", advice);
    }
    if modes.iter().all(|mode| mode.listen.ip().to_canonical().is_loopback()) {
        return Check::warn(
            "network",
            format!("listens for this machine only; it has {addresses}"),
            "for devices on the network: `--listen 0.0.0.0:8080 --allow 192.168.1.0/24`",
        );
    }
    Check::ok("network", format!("devices can reach {addresses}"))
}

/// The authority, whether this machine trusts it, and whether the clock fits it.
fn authority(patient: &Patient) -> Vec<Check> {
    if !Authority::exists(&patient.ca_dir) {
        let found = format!("none yet in `{}`", patient.ca_dir.display());
        return vec![Check::warn(
            "authority",
            found,
            "it is made on the first run, or by `synctap ca`",
        )];
    }
    let authority = match Authority::open(&patient.ca_dir) {
        Ok(authority) => authority,
        Err(error) => return vec![unusable(&error)],
    };
    let shown = authority.facts();
    let until = shown.facts.not_after.utc().date();
    let mut checks = Vec::new();
    if shown.warnings.is_empty() {
        checks.push(Check::ok("authority", format!("valid until {until}")));
    }
    for warning in &shown.warnings {
        checks.push(Check::warn("authority", warning.to_string(), "see `synctap ca`"));
    }
    checks.push(if authority.trusted_here() {
        Check::ok("trusted here", "curl and other programs that use the system's store trust it")
    } else {
        Check::warn(
            "trusted here",
            "this machine's own store does not hold it: devices are another matter",
            "only to test from here: `curl --cacert <(synctap ca export)`, or copy it to \
             /usr/local/share/ca-certificates/synctap.crt and run `update-ca-certificates`",
        )
    });
    checks.push(clock(patient.now, shown.facts.not_before));
    checks
}

fn unusable(error: &PkiError) -> Check {
    match error {
        PkiError::NotYetValid { .. } => {
            Check::fail("clock", chain(error), "set this machine's clock")
        }
        _ => Check::fail("authority", chain(error), error.hint()),
    }
}

/// Certificates begin a day back, so a clock that is a little behind does no harm; one that stands
/// before the authority was made does.
fn clock(now: WallTime, made: WallTime) -> Check {
    let found = format!("it is {}", now.rfc3339());
    if now < made {
        return Check::fail(
            "clock",
            format!("{found}, before the authority"),
            "set this machine's clock",
        );
    }
    Check::ok("clock", format!("{found}; the device's must agree within a day"))
}

fn folder(captures: &Path) -> Check {
    let existing = captures.ancestors().find(|folder| folder.exists()).unwrap_or(Path::new("/"));
    let probe = existing.join(format!(".synctap-probe-{}", std::process::id()));
    match OpenOptions::new().write(true).create_new(true).open(&probe) {
        Ok(_) => {
            // Empty, and in nobody's way if it stays.
            let _ = fs::remove_file(&probe);
            Check::ok("captures", format!("can write to `{}`", captures.display()))
        }
        Err(error) => Check::fail(
            "captures",
            format!("cannot write to `{}`: {error}", captures.display()),
            "name another file: `--capture FILE`",
        ),
    }
}

fn files(limit: FileLimit, connections: usize) -> Check {
    let raised = FileLimit { soft: limit.hard, ..limit };
    let found = format!("{} now, raised to {} on start", limit.soft, limit.hard);
    if raised.holds(connections) {
        return Check::ok("open files", found);
    }
    Check::warn(
        "open files",
        format!("{found}: too few for {connections} devices at a time"),
        "raise the hard limit (`ulimit -Hn`); beyond it, connections wait",
    )
}

fn terminal(is_terminal: bool, variable: impl Fn(&str) -> Option<String>) -> Check {
    if !is_terminal {
        return Check::ok("terminal", "none: lines are printed instead of the screen");
    }
    let term = variable("TERM").unwrap_or_default();
    if term.is_empty() || term == "dumb" {
        let found = format!("TERM is `{term}`");
        return Check::fail("terminal", found, "set TERM (`xterm-256color`), or use `--no-tui`");
    }
    let locale = ["LC_ALL", "LC_CTYPE", "LANG"]
        .into_iter()
        .find_map(|name| variable(name).filter(|value| !value.is_empty()));
    let utf8 = locale.unwrap_or_default().to_ascii_lowercase().replace('-', "").contains("utf8");
    if utf8 {
        return Check::ok("terminal", format!("{term}, UTF-8"));
    }
    Check::warn("terminal", format!("{term}, and the locale is not UTF-8"), "set LANG=C.UTF-8")
}

#[cfg(test)]
mod tests {
    use super::super::check::Verdict;
    use super::*;

    fn mode(spec: &str) -> Mode {
        spec.parse().unwrap()
    }

    #[test]
    fn a_port_in_use_is_in_the_way() {
        let taken = TcpListener::bind("127.0.0.1:0").unwrap();
        let spec = format!("regular@{}", taken.local_addr().unwrap());
        let check = port(&mode(&spec));
        assert_eq!(check.verdict, Verdict::Fail);
        assert!(check.advice.contains("another port"), "{check:?}");
        assert_eq!(port(&mode("regular@127.0.0.1:0")).verdict, Verdict::Ok);
        assert_eq!(port(&mode("regular@192.0.2.1:0")).verdict, Verdict::Fail);
    }

    #[test]
    fn the_authority_is_examined_and_never_made() {
        let folder = tempfile::tempdir().unwrap();
        let ca_dir = folder.path().join("ca");
        let now = WallTime::from_unix(4_000_000_000, 0);
        let patient = Patient { modes: Vec::new(), ca_dir, captures: folder.path().into(), now };
        assert_eq!(authority(&patient)[0].verdict, Verdict::Warn);
        assert!(!patient.ca_dir.exists());
        Authority::open(&patient.ca_dir).unwrap();
        let checks = authority(&patient);
        let names: Vec<_> = checks.iter().map(|check| &*check.about).collect();
        assert_eq!(names, ["authority", "trusted here", "clock"]);
        assert_eq!(checks[1].verdict, Verdict::Warn, "nobody installed it");
        fs::remove_file(patient.ca_dir.join("synctap-ca.key")).unwrap();
        assert_eq!(authority(&patient)[0].verdict, Verdict::Fail);
    }

    #[test]
    fn clock_files_folder_and_terminal() {
        let at = |seconds| WallTime::from_unix(seconds, 0);
        assert_eq!(clock(at(100), at(200)).verdict, Verdict::Fail);
        assert_eq!(clock(at(200), at(100)).verdict, Verdict::Ok);
        let limit = |hard| FileLimit { soft: 1024, hard };
        assert_eq!(files(limit(4096), 1024).verdict, Verdict::Ok);
        assert_eq!(files(limit(1024), 1024).verdict, Verdict::Warn);
        assert_eq!(folder(Path::new("/proc/nowhere")).verdict, Verdict::Fail);
        let with = |term: &'static str, lang: &'static str| {
            terminal(true, move |name| match name {
                "TERM" => Some(term.into()),
                "LANG" => Some(lang.into()),
                _ => None,
            })
            .verdict
        };
        assert_eq!(with("xterm", "en_US.UTF-8"), Verdict::Ok);
        assert_eq!(with("xterm", "C"), Verdict::Warn);
        assert_eq!(with("dumb", "C.utf8"), Verdict::Fail);
    }
}
