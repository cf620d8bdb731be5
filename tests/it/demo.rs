//! The demonstration, as a driver of the whole: device, proxy, engine, store, output.

use std::path::Path;
use std::process::{Command, Output, Stdio};

use serde_json::Value;

use crate::terminal::contains;

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
fn the_story_is_told_from_142_to_the_last_check_in_and_the_doctor_reads_it() {
    let home = tempfile::tempdir().unwrap();
    let capture = home.path().join("demo.synctap");
    let capture = capture.to_str().unwrap();
    let output = played(home.path(), capture, &[]);
    let text = String::from_utf8(output.stdout).unwrap();
    assert_eq!(text.lines().count(), 26, "{text}");
    for (words, times) in [
        ("status 142 DeviceNotProvisioned", 3),
        ("key 0 -> 1307199584, policy downloaded", 3),
        ("key 1307199584 -> 3942919513, policy acknowledged", 3),
        ("3 folders (Inbox, Calendar, Contacts)", 3),
        ("REMOTE WIPE ordered", 1),
        ("REMOTE WIPE reported done", 1),
        ("certificate for CN=de30de30-", 1),
        ("alert 1201", 3),
        ("signature valid", 5),
        ("encrypted both ways, opened", 1),
        ("request for CN=", 1),
        ("answer for CN=de30de30-", 1),
        (", issued to device ", 1),
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
        "signature BAD",
    ] {
        assert_eq!(text.matches(words).count(), 1, "{words}\n{text}");
    }
}

/// The findings of what a demonstration plays, each with the number of its exchange and its level.
fn found(played: &[Value]) -> Vec<(u64, &str, &str)> {
    let mut all = Vec::new();
    for exchange in played {
        let id = exchange["id"].as_u64().unwrap();
        for finding in exchange["findings"].as_array().into_iter().flatten() {
            let text = |name: &str| finding[name].as_str().unwrap();
            all.push((id, text("id"), text("level")));
        }
    }
    all
}

/// What the whole story must lead to, findings included: everybody in it does as the specifications say
/// but where the story is about something else.
#[test]
fn nobody_in_the_story_breaks_a_rule_but_on_purpose() {
    let home = tempfile::tempdir().unwrap();
    let capture = home.path().join("demo.synctap");
    let output = played(home.path(), capture.to_str().unwrap(), &["--json"]);
    let played = objects(&output);
    let found = found(&played);
    let expected = [
        // Three devices wait until a policy is demanded, as most do.
        (2, "prov-first-command", "info"),
        (6, "prov-first-command", "info"),
        (10, "prov-first-command", "info"),
        (15, "wipe-only-if-requested", "alarm"),
        // The value because of which an Atomic is rolled back.
        (22, "csp-value-allowed", "info"),
        (23, "status-originalerror", "info"),
        // How a session ends.
        (23, "session-end", "info"),
        (25, "session-end", "info"),
        (26, "session-end", "info"),
    ];
    assert_eq!(found, expected);
}

#[test]
fn an_enrolment_and_its_check_ins_are_one_story() {
    let home = tempfile::tempdir().unwrap();
    let capture = home.path().join("demo.synctap");
    let capture = capture.to_str().unwrap();
    played(home.path(), capture, &[]);
    let told = |args: &[&str]| {
        let output = synctap(home.path(), args);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    };
    let ledger = told(&["ledger", capture]);
    for words in [
        "6 commands of the server: 3 done, 2 FAILED, 1 ROLLED BACK",
        "rolled back because Replace 10 failed",
        "E_INVALIDARG",
        "7 commands of the server: 7 done",
    ] {
        assert_eq!(ledger.matches(words).count(), 1, "{words}\n{ledger}");
    }
    assert_eq!(ledger.matches("the digest is that of the password").count(), 2, "{ledger}");
    let timeline = told(&["timeline", capture]);
    for words in ["enrolled in #21", "known by its certificate", "session 1", "session 2"] {
        assert!(timeline.contains(words), "{words}\n{timeline}");
    }
    // Whoever enrolled is not told of once more for being managed.
    assert_eq!(timeline.matches("DE30DE30DE30DE30DE30DE30DE300001").count(), 0, "{timeline}");
    assert_eq!(timeline.matches("de30de30de30de30de30de30de300001").count(), 1, "{timeline}");
    // The keys are gone with the demonstration: none of RSA in PKCS#8 was written.
    let private =
        b"\x02\x01\x00\x30\x0d\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01\x05\x00\x04\x82";
    let public = &private[5..18];
    let bytes = std::fs::read(capture).unwrap();
    assert!(contains(&bytes, public) && !contains(&bytes, private));
    assert!(!contains(&bytes, b"IBADANBgkqhkiG9w0BAQEFAASC"), "the same in base64");
    let sealed = told(&["show", capture, "26"]);
    assert!(sealed.contains("CMS EnvelopedData"), "{sealed}");
    // For whom is known by what enrolment handed out, without a key.
    assert_eq!(sealed.matches("known as").count(), 2, "{sealed}");
    assert!(sealed.contains(", issued to device "), "{sealed}");
    assert!(
        sealed.contains("; not opened: no key was given") && !sealed.contains("DevInfo"),
        "{sealed}"
    );
}

#[test]
fn every_failure_is_named_and_only_the_signature_breaks_a_rule() {
    let home = tempfile::tempdir().unwrap();
    let capture = home.path().join("demo.synctap");
    let output = played(home.path(), capture.to_str().unwrap(), &["--fail-all", "--json"]);
    let played = objects(&output);
    let mut codes: Vec<&str> =
        played.iter().filter_map(|object| object["failure"]["code"].as_str()).collect();
    codes.sort_unstable();
    let help = String::from_utf8(synctap(home.path(), &["demo", "--help"]).stdout).unwrap();
    let kinds = help.lines().filter_map(|line| line.trim().strip_prefix("- "));
    let mut kinds: Vec<(&str, String)> = kinds
        .filter_map(|line| line.split_once(':'))
        .map(|(kind, _)| {
            // Both end before their end.
            let code = if kind == "unfinished-chunks" { "response-body-short" } else { kind };
            (kind, code.to_owned())
        })
        .collect();
    assert!(kinds.len() > 20, "{help}");
    let harmless = ["client-certificate-not-sent", "sent-elsewhere", "signature", "unknown-coding"];
    kinds.retain(|(kind, _)| !harmless.contains(kind));
    let mut expected: Vec<&str> = kinds.iter().map(|(_, code)| code.as_str()).collect();
    expected.sort_unstable();
    assert_eq!(codes, expected);
    let found: Vec<(&str, &str)> =
        found(&played).into_iter().map(|(_, id, level)| (id, level)).collect();
    assert_eq!(found, [("sig-body-changed", "alarm"), ("session-end", "info")]);
}

#[test]
fn a_body_changed_on_its_way_is_told_everywhere() {
    let home = tempfile::tempdir().unwrap();
    let capture = home.path().join("demo.synctap");
    let capture = capture.to_str().unwrap();
    let row = played(home.path(), capture, &["--fail", "signature"]);
    let row = String::from_utf8(row.stdout).unwrap();
    assert!(row.lines().last().unwrap().ends_with("signature BAD · finding sig-body-changed"));
    assert_eq!(row.matches("signature valid").count(), 1, "{row}");
    let output = synctap(home.path(), &["verify", capture]);
    assert_eq!(output.status.code(), Some(1));
    let verdicts = String::from_utf8(output.stdout).unwrap();
    assert!(verdicts.contains("#6 ") && verdicts.contains("MS-Signature: valid"), "{verdicts}");
    let changed = "MS-Signature: BAD: the body is not what was signed (digest mismatch)";
    let detail = synctap(home.path(), &["show", capture, "7"]);
    let detail = String::from_utf8(detail.stdout).unwrap();
    for text in [&verdicts, &detail] {
        assert!(text.contains(changed), "{text}");
    }
    assert!(detail.contains("the change happened before synctap"), "{detail}");
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
