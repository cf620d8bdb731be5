//! Keys stay in memory: what is given with `--key`, and its password, stands in nothing that is written.

use std::collections::HashSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use tempfile::TempDir;

use crate::binary::{BINARY, Headless};
use crate::playback::{self, Device, Recorded};
use crate::terminal::{Screen, contains};

/// So many bytes of a key in a row are no accident.
const WINDOW: usize = 24;

/// The password of `server-password.p12`.
const PASSWORD: &str = "lantern-otter-52-quay";

/// Every piece of some secrets, in every form that anybody would write.
struct Secrets(HashSet<[u8; WINDOW]>);

impl Secrets {
    /// The keys of these files of `certs/`, with the certificate that says what of them is public.
    fn of(keys: &[&str]) -> Self {
        let mut secret = HashSet::new();
        let mut public = HashSet::new();
        for name in keys {
            let file = certs(&format!("{name}.key"));
            let key = der(&file);
            let certificate = der(&certs(&format!("{name}.pem")));
            pieces(&file, &mut secret);
            for form in forms(&key) {
                pieces(&form, &mut secret);
            }
            for form in forms(&certificate) {
                pieces(&form, &mut public);
            }
        }
        secret.retain(|piece| !public.contains(piece));
        assert!(secret.len() > 10_000, "{}", secret.len());
        Self(secret)
    }

    /// The first piece of a secret in `bytes`.
    fn in_bytes(&self, bytes: &[u8]) -> Option<String> {
        let found = bytes.windows(WINDOW).find(|piece| self.0.contains(*piece));
        let password = [PASSWORD.to_owned(), STANDARD.encode(PASSWORD)];
        let password = password.into_iter().find(|word| contains(bytes, word.as_bytes()));
        password.or(found.map(|piece| String::from_utf8_lossy(piece).into_owned()))
    }
}

fn certs(name: &str) -> Vec<u8> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("certs").join(name);
    fs::read(path).unwrap_or_else(|e| panic!("{name}: {e}"))
}

/// What a PEM file of one block holds.
fn der(file: &[u8]) -> Vec<u8> {
    let text = std::str::from_utf8(file).unwrap();
    let inside: String = text.lines().filter(|line| !line.starts_with('-')).collect();
    STANDARD.decode(inside).unwrap()
}

fn pieces(bytes: &[u8], into: &mut HashSet<[u8; WINDOW]>) {
    into.extend(bytes.windows(WINDOW).map(|piece| <[u8; WINDOW]>::try_from(piece).unwrap()));
}

/// As they are, in base64 wherever it begins, and in hexadecimal as dumps and certificates write it.
fn forms(bytes: &[u8]) -> Vec<Vec<u8>> {
    let mut all = vec![bytes.to_vec()];
    all.extend((0..3).map(|from| STANDARD.encode(&bytes[from..]).into_bytes()));
    for between in ["", " ", ":"] {
        let pairs: Vec<String> = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        all.push(pairs.join(between).into_bytes());
        all.push(pairs.join(between).to_uppercase().into_bytes());
    }
    all
}

/// Every file below a folder.
fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for path in fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
        if path.is_dir() { found.extend(files(&path)) } else { found.push(path) }
    }
    found
}

/// An exchange whose bodies are encrypted for the server of `certs/`.
fn sealed() -> Recorded {
    let body = |name| {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("captures/cms");
        fs::read(folder.join(name)).unwrap()
    };
    let kind = ("Content-Type".to_owned(), "application/vnd.syncml.dm+xml".to_owned());
    Recorded {
        label: "sealed".into(),
        method: "POST".into(),
        target: "/dm?mode=Maintenance".into(),
        request_headers: vec![kind.clone()],
        request: body("sealed-aes256.der"),
        status: 200,
        response_headers: vec![kind],
        response: body("signed-and-enveloped.der"),
    }
}

const LOGS: &[(&str, &str)] = &[("SYNCTAP_LOG", "trace"), ("SYNCTAP_KEY_PASSWORD", PASSWORD)];

/// Runs it to its end; gives everything it said.
fn said(home: &Path, args: &[&str], code: i32) -> Vec<u8> {
    let mut command = Command::new(BINARY);
    command.args(args).current_dir(home).env("HOME", home).stdin(Stdio::null());
    command.env_remove("XDG_DATA_HOME").env_remove("XDG_STATE_HOME");
    let output = command.envs(LOGS.iter().copied()).output().unwrap();
    let said = [output.stdout, output.stderr].concat();
    assert_eq!(output.status.code(), Some(code), "{args:?}: {}", String::from_utf8_lossy(&said));
    said
}

/// Records an exchange with keys given; gives what was printed.
fn recorded(home: &Path, capture: &Path, keys: &[&str]) -> Vec<u8> {
    let exchange = sealed();
    let origin = playback::origin(vec![sealed()]);
    let log = home.join("trace.log");
    let extra = [keys, &["--log-file", log.to_str().unwrap(), "--show-secrets"]].concat();
    let mut run = Headless::start_with(home, origin, capture, "--json", &extra, LOGS);
    Device::connect(run.proxy).send(&exchange).unwrap();
    let line = run.line();
    run.signal("-TERM");
    assert!(run.child.wait().unwrap().success());
    assert!(log.exists(), "no log was begun");
    line.into_bytes()
}

/// Looks at the capture with keys given and the password typed, and exports and saves all there is.
fn exported(home: &Path, capture: &str, keys: &[&str]) -> Vec<u8> {
    let mut screen = Screen::start(home, &[&["open", capture], keys].concat(), &LOGS[..1]);
    screen.wait_for("password of");
    screen.press(&format!("{PASSWORD}\r"));
    screen.wait_for("SyncML");
    for (press, answer) in [
        ("ej", "to synctap-000001.jsonl"),
        ("eb", "wrote 2 files"),
        ("eJ", "to synctap-list.jsonl"),
        ("2bd", "wrote synctap-000001-request"),
    ] {
        screen.press(press);
        screen.wait_for(answer);
    }
    screen.press("Q");
    let (code, drawn) = screen.finish();
    assert_eq!(code, 0);
    drawn
}

#[test]
fn keys_and_passwords_are_in_nothing_that_is_written() {
    let home = TempDir::new().unwrap();
    let (folder, capture) = (home.path(), home.path().join("day.synctap"));
    let certs = Path::new(env!("CARGO_MANIFEST_DIR")).join("certs");
    let path = |name: &str| certs.join(name).to_str().unwrap().to_owned();
    let (guarded, plain) = (path("server-password.p12"), path("device.key"));
    let keys = ["--key", &guarded, "--key", &plain];
    let secrets = Secrets::of(&["server", "device"]);

    let mut told = vec![("run".to_owned(), recorded(folder, &capture, &keys))];
    assert!(contains(&told[0].1, b"1201"), "the bodies were not opened");
    let capture = capture.to_str().unwrap();
    told.push(("open".into(), exported(folder, capture, &keys)));
    let body = certs.with_file_name("captures/cms/sealed-aes256.der");
    let body = body.to_str().unwrap();
    for (args, code) in [
        (vec!["show", capture, "--detail", "--show-secrets"], 0),
        (vec!["show", capture, "--json", "--show-secrets"], 0),
        (vec!["verify", capture, "--json"], 0),
        (vec!["decode", body, "--show-secrets"], 0),
        (vec!["decode", body, "--json", "--show-secrets"], 0),
    ] {
        told.push((args.join(" "), said(folder, &[&args[..], &keys].concat(), code)));
    }
    // What cannot be used is named, not shown.
    let old = path("server-old.p12");
    told.push(("old".into(), said(folder, &["decode", body, "--key", &old], 2)));

    // The proxy's own authority is no key that was given.
    let mut written = files(folder);
    written.retain(|path| !path.ends_with("ca/synctap-ca.key"));
    let names: Vec<String> = written.iter().map(|path| path.display().to_string()).collect();
    for part in ["day.synctap", "trace.log", "synctap-list", "synctap-000001"] {
        assert!(names.iter().any(|name| name.contains(part)), "no {part}: {names:?}");
    }
    let written = written.iter().map(|path| (path.display().to_string(), fs::read(path).unwrap()));
    for (name, bytes) in told.into_iter().chain(written) {
        assert_eq!(secrets.in_bytes(&bytes), None, "in {name}");
    }
}

/// The search above finds what it is for, however it is written.
#[test]
fn a_key_would_be_found() {
    let secrets = Secrets::of(&["server"]);
    let file = certs("server.key");
    for form in forms(&der(&file)).into_iter().chain([file.clone()]) {
        let text = [b"some text before it ", &form[..], b" and after"].concat();
        assert!(secrets.in_bytes(&text).is_some());
    }
    assert!(secrets.in_bytes(format!("the password is {PASSWORD}.").as_bytes()).is_some());
    assert_eq!(secrets.in_bytes(&certs("server.pem")), None, "a certificate is public");
}
