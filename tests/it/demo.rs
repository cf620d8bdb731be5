//! The demonstration, as a driver of the whole: device, proxy, engine, store, output.

use std::path::Path;
use std::process::{Command, Output, Stdio};

use serde_json::Value;

const BINARY: &str = env!("CARGO_BIN_EXE_synctap");

fn synctap(home: &Path, args: &[&str]) -> Output {
    Command::new(BINARY)
        .args(args)
        .env("HOME", home)
        .env("TMPDIR", home)
        .env_remove("XDG_DATA_HOME")
        .env_remove("XDG_STATE_HOME")
        .stdin(Stdio::null())
        .output()
        .unwrap()
}

fn objects(output: &Output) -> Vec<Value> {
    let text = String::from_utf8(output.stdout.clone()).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn played(home: &Path, capture: &str, extra: &[&str]) -> Output {
    let mut args = vec!["demo", "--fast", "--no-tui", "--capture", capture];
    args.extend(extra);
    let output = synctap(home, &args);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    output
}

#[test]
fn the_story_is_told_from_142_to_the_wipe_and_the_doctor_reads_it() {
    let home = tempfile::tempdir().unwrap();
    let capture = home.path().join("demo.synctap");
    let capture = capture.to_str().unwrap();
    let output = played(home.path(), capture, &[]);
    let text = String::from_utf8(output.stdout).unwrap();
    assert_eq!(text.lines().count(), 18, "{text}");
    for (words, times) in [
        ("status 142 DeviceNotProvisioned", 3),
        ("key 0 -> 1307199584, policy downloaded", 3),
        ("key 1307199584 -> 3942919513, policy acknowledged", 3),
        ("3 folders (Inbox, Calendar, Contacts)", 3),
        ("REMOTE WIPE ordered", 1),
        ("REMOTE WIPE reported done", 1),
        ("alert 1201", 1),
    ] {
        assert_eq!(text.matches(words).count(), times, "{words}\n{text}");
    }
    let left: Vec<_> =
        std::fs::read_dir(home.path()).unwrap().map(|e| e.unwrap().file_name()).collect();
    assert!(
        !left.iter().any(|name| name.to_string_lossy().starts_with("synctap-demo")),
        "{left:?}"
    );

    let seen = synctap(home.path(), &["doctor", "--json", "--capture", capture]);
    let checks = objects(&seen);
    let verdict = |name: &str| {
        let found = checks.iter().find(|check| check["check"] == name);
        found.unwrap_or_else(|| panic!("{name}: {checks:#?}"))["verdict"].clone()
    };
    assert_eq!(verdict("device DEMOPHONE0000001"), "ok");
    assert_eq!(verdict("device DEMOCOMPACT00001"), "ok");
    assert_eq!(verdict("device DEMOLOSTTABLET01"), "warn");
}

#[test]
fn every_mishap_is_a_row_with_its_cause() {
    let home = tempfile::tempdir().unwrap();
    let capture = home.path().join("demo.synctap");
    let output = played(home.path(), capture.to_str().unwrap(), &["--fail-all"]);
    let text = String::from_utf8(output.stdout).unwrap();
    for words in [
        "the client rejected our certificate (TLS alert unknown_ca)",
        "the server asked for a client certificate and refused to go on without",
        "the client finished the TLS handshake and closed before any request",
        "the client sent something that is not HTTP/1",
        "leads back to this proxy",
        "the client closed after 4 of 100 bytes",
        "the server sent 10 bytes more than the 4 its Content-Length promised",
        "the server closed after 4 of 100 bytes",
        "sends the device to other.example",
        "the client spoke TLS to the proxy itself",
        "the client offers TLS 1.0 at most",
        "the server closed after 5 bytes of an unfinished chunked body",
        "the server's content coding `zip9000` is not known",
        "no address is known for `no-such-host.invalid`",
        "the server does not speak TLS on this port",
        "refused the connection",
        "the server reset the connection",
        "the server speaks TLS on this port, and was asked in plain HTTP",
        "the server's certificate does not hold: no trusted authority signed it",
        "the server's certificate does not hold: it expired on ",
        "the server's certificate does not hold: it is not valid before ",
        "the server's certificate does not hold: it is not for localhost but for other.example",
        " did not answer in time",
        "the client closed the connection during the TLS handshake",
        "the client and synctap share no way to speak TLS: no cipher suite in common",
        "the client spoke plain HTTP to a port where localhost",
        "the client's body goes on after the end its head promised",
    ] {
        assert_eq!(text.matches(words).count(), 1, "{words}\n{text}");
    }
}

#[test]
fn a_port_in_use_makes_the_doctor_fail() {
    let home = tempfile::tempdir().unwrap();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let output = synctap(home.path(), &["doctor", "--listen", &address]);
    assert_eq!(output.status.code(), Some(1));
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(text.contains(&format!("fail  port: cannot listen on {address}")), "{text}");
    drop(taken);
    let output = synctap(home.path(), &["doctor", "--listen", "127.0.0.1:0"]);
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stdout));
}
