//! Checks of this machine.

use std::env;
use std::fs::{self, OpenOptions};
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, TcpListener};
use std::path::{Path, PathBuf};

use crate::cli::files::FileLimit;
use crate::cli::report::{Report, chain};
use crate::model::WallTime;
use crate::pki::{Authority, PkiError};
use crate::proxy::{Limits, Mode, lan_addresses};

use super::check::Check;
use super::{clock, terminal, trust};

/// The port of HTTPS servers.
const HTTPS: u16 = 443;

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
    checks.push(low_ports());
    checks.push(network(&patient.modes));
    checks.extend(authority(patient));
    checks.push(folder(&patient.captures));
    checks.push(files(FileLimit::current(), Limits::default().connections));
    checks.extend(terminal::own());
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

/// Whether servers' own ports can be had, as a reverse listener wants them for devices that take no
/// port.
fn low_ports() -> Check {
    match TcpListener::bind((Ipv4Addr::LOCALHOST, HTTPS)) {
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => Check::ok(
            "rights",
            "no ports below 1024: for a reverse listener on 443, \
             `setcap cap_net_bind_service=+ep` on the program",
        ),
        // Taken is had by somebody: `port` tells of those that matter.
        Ok(_) | Err(_) => Check::ok("rights", "may listen on ports below 1024"),
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
            format!(
                "for devices on the network: `--listen 0.0.0.0:8080 --allow {}`",
                around(lan[0])
            ),
        );
    }
    Check::ok("network", format!("devices can reach {addresses}"))
}

/// The network that an address most likely belongs to, as `--allow` takes it: most are this large.
fn around(address: IpAddr) -> String {
    match address {
        IpAddr::V4(v4) => {
            let [a, b, c, _] = v4.octets();
            format!("{a}.{b}.{c}.0/24")
        }
        IpAddr::V6(v6) => {
            let [a, b, c, d, ..] = v6.segments();
            format!("{}/64", Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0))
        }
    }
}

/// The authority, whether this machine trusts it, and whether the clock fits it.
fn authority(patient: &Patient) -> Vec<Check> {
    if !Authority::exists(&patient.ca_dir) {
        let found = format!("none yet in `{}`", patient.ca_dir.display());
        let advice = "it is made on the first run, or by `synctap ca`";
        let program = env::current_exe().unwrap_or_default();
        return vec![
            Check::warn("authority", found, advice),
            clock::check(patient.now, None, &[&program]),
        ];
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
    let program = env::current_exe().unwrap_or_default();
    let files = [shown.certificate.as_path(), shown.key.as_path(), program.as_path()];
    let clock = clock::check(patient.now, Some(shown.facts.not_before), &files);
    checks.extend(trust::checks(authority));
    checks.push(clock);
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
        let checks = authority(&patient);
        assert_eq!((checks[0].verdict, &*checks[1].about), (Verdict::Warn, "clock"));
        assert!(!patient.ca_dir.exists());
        Authority::open(&patient.ca_dir).unwrap();
        let checks = authority(&patient);
        let names: Vec<_> = checks.iter().map(|check| &*check.about).collect();
        assert_eq!(names, ["authority", "curl", "openssl", "clock"]);
        fs::remove_file(patient.ca_dir.join("synctap-ca.key")).unwrap();
        assert_eq!(authority(&patient)[0].verdict, Verdict::Fail);
    }

    #[test]
    fn the_network_of_an_address_is_named() {
        assert_eq!(around("192.168.7.20".parse().unwrap()), "192.168.7.0/24");
        assert_eq!(around("2001:db8:1:2:3::4".parse().unwrap()), "2001:db8:1:2::/64");
    }

    #[test]
    fn files_and_folder() {
        let limit = |hard| FileLimit { soft: 1024, hard };
        assert_eq!(files(limit(4096), 1024).verdict, Verdict::Ok);
        assert_eq!(files(limit(1024), 1024).verdict, Verdict::Warn);
        assert_eq!(folder(Path::new("/proc/nowhere")).verdict, Verdict::Fail);
    }
}
