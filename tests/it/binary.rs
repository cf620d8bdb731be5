//! The real binary: headless, killed, driven in a pseudo-terminal.

use std::io::{BufRead as _, BufReader};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use serde_json::Value;
use tempfile::TempDir;

use crate::playback::{self, Device};
use crate::terminal::{Screen, contains};

pub(crate) const BINARY: &str = env!("CARGO_BIN_EXE_synctap");

/// How long a test waits for something that must come; never how long it measures.
pub(crate) const PATIENCE: Duration = Duration::from_mins(2);

/// The binary in headless mode, its own home folder, listening on a free port.
pub(crate) struct Headless {
    pub(crate) child: Child,
    pub(crate) proxy: SocketAddr,
    lines: mpsc::Receiver<String>,
}

impl Headless {
    fn start(home: &Path, origin: SocketAddr, capture: &Path, output: &str) -> Self {
        Self::start_with(home, origin, capture, output, &[], &[])
    }

    pub(crate) fn start_with(
        home: &Path,
        origin: SocketAddr,
        capture: &Path,
        output: &str,
        extra: &[&str],
        env: &[(&str, &str)],
    ) -> Self {
        let mut child = Command::new(BINARY)
            .args(["--mode", &format!("reverse:http://{origin}@127.0.0.1:0"), output, "--capture"])
            .arg(capture)
            .args(extra)
            .envs(env.iter().copied())
            .env("HOME", home)
            .env_remove("XDG_DATA_HOME")
            .env_remove("XDG_STATE_HOME")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut talk = BufReader::new(child.stderr.take().unwrap());
        let mut said = String::new();
        let proxy = loop {
            let mut line = String::new();
            assert!(talk.read_line(&mut line).unwrap() > 0, "no listener; it said: {said}");
            if let Some((_, address)) = line.trim().rsplit_once('@')
                && line.starts_with("listening: ")
            {
                break address.parse().unwrap();
            }
            said.push_str(&line);
        };
        // Keep reading, so that the child never blocks on a full pipe.
        thread::spawn(move || std::io::copy(&mut talk, &mut std::io::sink()));
        let stdout = BufReader::new(child.stdout.take().unwrap());
        let (sender, lines) = mpsc::channel();
        thread::spawn(move || {
            stdout.lines().map_while(Result::ok).try_for_each(|l| sender.send(l))
        });
        Self { child, proxy, lines }
    }

    pub(crate) fn line(&self) -> String {
        self.lines.recv_timeout(PATIENCE).expect("a line on stdout")
    }

    pub(crate) fn signal(&self, signal: &str) {
        let pid = self.child.id().to_string();
        assert!(Command::new("kill").args([signal, &pid]).status().unwrap().success());
    }
}

fn show(capture: &Path) -> Vec<Value> {
    let output = Command::new(BINARY).args(["show", "--json"]).arg(capture).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout)
        .unwrap()
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

/// The capture's files beside it are part of it only while it is open.
fn lone(capture: &Path) -> bool {
    ["-wal", "-shm"].iter().all(|suffix| {
        let mut name = capture.as_os_str().to_owned();
        name.push(suffix);
        !Path::new(&name).exists()
    })
}

#[test]
fn a_conversation_is_printed_and_sigterm_closes_the_capture() {
    let home = TempDir::new().unwrap();
    let capture = home.path().join("day.synctap");
    let exchanges = playback::load("eas/zpush-14.0");
    let mut run =
        Headless::start(home.path(), playback::origin(exchanges.clone()), &capture, "--json");
    let mut device = Device::connect(run.proxy);
    for exchange in exchanges.iter().take(12) {
        let (start, body) = device.send(exchange).unwrap();
        assert!(start.starts_with(&format!("HTTP/1.1 {}", exchange.status)), "{start}");
        assert_eq!(body, exchange.response, "{}", exchange.label);
    }
    let printed: Vec<Value> = (0..12).map(|_| serde_json::from_str(&run.line()).unwrap()).collect();
    for (printed, exchange) in printed.iter().zip(&exchanges) {
        assert_eq!(printed["state"], "complete");
        assert_eq!(printed["request"]["body"]["size"], exchange.request.len());
        assert_eq!(printed["response"]["body"]["kept"], exchange.response.len());
        assert!(!printed.to_string().contains("YWxpY2U6c2VjcmV0"), "a password was printed");
    }
    run.signal("-TERM");
    assert!(run.child.wait().unwrap().success());
    assert!(lone(&capture));
    assert_eq!(show(&capture).len(), 12);
}

#[test]
fn a_filter_limits_what_is_printed() {
    let home = TempDir::new().unwrap();
    let capture = home.path().join("day.synctap");
    let exchanges = playback::load("eas/zpush-14.0");
    let origin = playback::origin(exchanges.clone());
    let mut run = Headless::start(home.path(), origin, &capture, "--filter=cmd=Provision");
    let mut device = Device::connect(run.proxy);
    for exchange in exchanges.iter().take(12) {
        device.send(exchange).unwrap();
    }
    run.signal("-TERM");
    assert!(run.child.wait().unwrap().success());
    let printed: Vec<String> = run.lines.iter().collect();
    let expected = exchanges[..12].iter().filter(|e| e.label.contains("Provision")).count();
    assert!(expected > 0 && printed.len() == expected, "{printed:?}");
    assert!(printed.iter().all(|line| line.contains("Provision")), "{printed:?}");

    let shown = |filter: &str| {
        let args = ["show", capture.to_str().unwrap(), "--filter", filter];
        let output = Command::new(BINARY).args(args).output().unwrap();
        assert!(output.status.success());
        String::from_utf8(output.stdout).unwrap()
    };
    assert_eq!(shown("tag:provision").lines().count(), expected);
    assert_eq!(shown("").lines().count(), 12);
}

#[test]
fn a_filter_that_cannot_be_read_is_pointed_at() {
    let output =
        Command::new(BINARY).args(["show", "none", "--filter", "hosst = x"]).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    let said = String::from_utf8(output.stderr).unwrap();
    let lines: Vec<&str> = said.lines().collect();
    assert_eq!(lines.len(), 3, "{said}");
    assert_eq!(lines[0].find("hosst"), lines[1].find("^^^^^ `hosst` is not a field"), "{said}");
}

#[test]
fn what_was_printed_survives_kill_9() {
    let home = TempDir::new().unwrap();
    let capture = home.path().join("killed.synctap");
    let exchanges = playback::load("eas/sogo-14.1");
    let mut run =
        Headless::start(home.path(), playback::origin(exchanges.clone()), &capture, "--json");
    let proxy = run.proxy;
    let load = thread::spawn(move || {
        let mut device = Device::connect(proxy);
        exchanges.iter().cycle().map_while(|exchange| device.send(exchange)).count()
    });
    let printed: Vec<Value> =
        (0..150).map(|_| serde_json::from_str(&run.line()).unwrap()).collect();
    run.signal("-KILL");
    run.child.wait().unwrap();
    load.join().unwrap();
    let kept = show(&capture);
    for line in printed {
        let found = kept.iter().find(|e| e["id"] == line["id"]).expect("printed, so stored");
        assert_eq!(*found, line);
    }
    assert!(kept.iter().all(|e| e["state"] != "in_flight"), "cut off, and marked so");
}

/// A finished capture of recorded traffic.
pub(crate) fn captured(home: &Path) -> std::path::PathBuf {
    let capture = home.join("seen.synctap");
    let exchanges = playback::load("eas/zpush-14.0");
    let mut run = Headless::start(home, playback::origin(exchanges.clone()), &capture, "--json");
    let mut device = Device::connect(run.proxy);
    for exchange in exchanges.iter().take(12) {
        device.send(exchange).unwrap();
        run.line();
    }
    run.signal("-TERM");
    assert!(run.child.wait().unwrap().success());
    capture
}

#[test]
fn the_screen_shows_a_capture_and_is_given_back() {
    let home = TempDir::new().unwrap();
    let capture = captured(home.path());
    let mut screen = Screen::start(home.path(), &["open", capture.to_str().unwrap()], &[]);
    screen.wait_for("Provision");
    screen.press("?");
    screen.wait_for("Panes");
    screen.press("q");
    screen.wait_until_gone("Panes");
    screen.press("Q");
    let (code, bytes) = screen.finish();
    assert_eq!(code, 0);
    assert!(contains(&bytes, b"\x1b[?1049l"), "the screen was not given back");
}

#[test]
fn live_traffic_reaches_the_screen_and_sigterm_restores_it() {
    let home = TempDir::new().unwrap();
    let exchanges = playback::load("eas/zpush-14.0");
    let origin = playback::origin(exchanges.clone());
    // A port that was free a moment ago: the screen has no other way to tell which it got.
    let proxy = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let mode = format!("reverse:http://{origin}@{proxy}");
    let mut screen = Screen::start(home.path(), &["--mode", &mode], &[]);
    screen.wait_for(&proxy.to_string());
    let mut device = Device::connect(proxy);
    for exchange in exchanges.iter().take(6) {
        device.send(exchange).unwrap();
    }
    screen.wait_for("Provision");
    let pid = screen.child.process_id().unwrap().to_string();
    assert!(Command::new("kill").args(["-TERM", &pid]).status().unwrap().success());
    let (code, bytes) = screen.finish();
    assert_eq!(code, 0);
    assert!(contains(&bytes, b"\x1b[?1049l"), "the screen was not given back");
    let folder = home.path().join(".local/share/synctap/captures");
    let capture = std::fs::read_dir(folder).unwrap().next().unwrap().unwrap().path();
    assert!(lone(&capture));
    assert_eq!(show(&capture).len(), 6);
}

#[test]
fn no_color_means_no_color() {
    let home = TempDir::new().unwrap();
    let capture = captured(home.path());
    let args = ["open", capture.to_str().unwrap()];
    let mut screen = Screen::start(home.path(), &args, &[("NO_COLOR", "1")]);
    screen.wait_for("Provision");
    screen.press("jjQ");
    let (_, bytes) = screen.finish();
    let text = String::from_utf8_lossy(&bytes);
    for sequence in text.split("\x1b[").skip(1) {
        let Some((parameters, _)) = sequence.split_once('m') else { continue };
        if parameters.chars().all(|c| c.is_ascii_digit() || c == ';') {
            let colour = parameters.split(';').any(|p| matches!(p.parse(), Ok(30..=49 | 90..=107)));
            assert!(!colour, "a colour was set: {parameters:?}");
        }
    }
    assert!(text.contains("\x1b[7m"), "the selection is not visible");
}

#[test]
fn a_failed_start_leaves_no_capture() {
    let home = TempDir::new().unwrap();
    let capture = home.path().join("none.synctap");
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let output = Command::new(BINARY)
        .args(["--no-tui", "--listen", &address, "--capture"])
        .arg(&capture)
        .env("HOME", home.path())
        .env_remove("XDG_DATA_HOME")
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(!capture.exists(), "an empty capture was left");
    assert!(lone(&capture));
}

#[test]
fn the_screen_is_not_drawn_into_a_pipe() {
    let output = Command::new(BINARY).args(["open", "day.synctap"]).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(output.stdout.is_empty());
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.contains("hint: print the capture: synctap show day.synctap"), "{said}");
}
