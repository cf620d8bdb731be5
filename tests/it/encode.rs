//! `synctap encode` and `synctap decode --xml`: one reads what the other writes.

use std::io::Write as _;
use std::process::{Command, Output, Stdio};

use crate::captures::captures;

fn run(arguments: &[&str], input: &[u8]) -> Output {
    let mut child = Command::new(env!("CARGO_BIN_EXE_synctap"))
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(input).unwrap();
    child.wait_with_output().unwrap()
}

#[test]
fn what_decode_prints_encode_reads() {
    let captures = captures();
    // The last holds credentials: what goes into a pipe is whole.
    for (name, key) in [
        ("eas/zpush-14.0/003_Provision_response", "eas"),
        ("eas/sogo-14.1/033_SendMail_request", "eas"),
        ("syncml/wbxml12/001_SyncML_request", "syncml12"),
    ] {
        let capture = captures.iter().find(|capture| capture.name == name).unwrap();
        let xml = run(&["decode", "--xml", "-"], &capture.body);
        assert_eq!(xml.status.code(), Some(0));
        let wbxml = run(&["encode", "--as", key, "-"], &xml.stdout);
        assert_eq!(wbxml.status.code(), Some(0));
        assert!(wbxml.stdout == capture.body, "{name}");
    }
}

#[test]
fn a_file_is_written() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("ping.wbxml");
    let path = file.to_str().unwrap();
    let done = run(&["encode", "--as", "EAS", "-o", path, "-"], b"<Ping xmlns='Ping'/>");
    assert_eq!((done.status.code(), done.stdout.len()), (Some(0), 0));
    assert_eq!(std::fs::read(file).unwrap(), b"\x03\x01\x6A\x00\x00\x0D\x05");
}

#[test]
fn what_cannot_be_encoded_is_told_in_three_lines() {
    for (key, xml, cause) in [
        ("eas", &b"<a><b></a>"[..], "cause: byte 6: expected the end tag of `b`"),
        ("eas", b"", "cause: there is no root element"),
        ("html", b"<a/>", "cause: no WBXML document type has this name"),
    ] {
        let failed = run(&["encode", "--as", key, "-"], xml);
        let told = String::from_utf8(failed.stderr).unwrap();
        assert_eq!((failed.status.code(), failed.stdout.len()), (Some(2), 0), "{told}");
        assert!(told.contains(cause) && told.lines().count() <= 3, "{told}");
    }
    let odd = run(&["encode", "--as", "eas", "-"], b"<p:Ping/>");
    assert_eq!(odd.status.code(), Some(1));
    assert!(!odd.stdout.is_empty() && !odd.stderr.is_empty());
}

#[test]
fn strict_tells_what_lenient_reads() {
    let body = b"\x03\x01\x6A\x00\x00\x0D\x00\x0D\x05";
    assert_eq!(run(&["decode", "-"], body).status.code(), Some(0));
    let strict = run(&["decode", "--strict", "-"], body);
    assert_eq!(strict.status.code(), Some(1));
    let told = String::from_utf8(strict.stdout).unwrap();
    assert!(told.contains("SWITCH_PAGE 13 directly follows another"), "{told}");
}
