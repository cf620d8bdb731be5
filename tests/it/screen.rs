//! The screen of the real binary: what one does with keys and mouse while traffic flows.

use std::fs;
use std::net::{SocketAddr, TcpListener};
use std::path::Path;
use std::process::Command;

use tempfile::TempDir;

use crate::binary::{BINARY, captured};
use crate::playback::{self, Device, Recorded};
use crate::terminal::{Screen, contains};

/// The binary live in front of an origin that plays `exchanges`.
fn live(home: &Path, exchanges: Vec<Recorded>) -> (Screen, SocketAddr) {
    let origin = playback::origin(exchanges);
    // A port that was free a moment ago: the screen has no other way to tell which it got.
    let proxy = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let mode = format!("reverse:http://{origin}@{proxy}");
    let mut screen = Screen::start(home, &["--mode", &mode], &[]);
    screen.wait_for(&proxy.to_string());
    (screen, proxy)
}

fn open(home: &Path, env: &[(&str, &str)]) -> Screen {
    let capture = captured(home);
    let mut screen = Screen::start(home, &["open", capture.to_str().unwrap()], env);
    screen.wait_for("Provision");
    screen
}

#[test]
fn a_filter_holds_while_traffic_flows() {
    let home = TempDir::new().unwrap();
    let exchanges = playback::load("eas/zpush-14.0");
    let (mut screen, proxy) = live(home.path(), exchanges.clone());
    let mut device = Device::connect(proxy);
    for exchange in exchanges.iter().take(4) {
        device.send(exchange).unwrap();
    }
    screen.wait_for("4/4");
    screen.press("fcmd = provision");
    screen.wait_for("this can be used");
    screen.press("\r");
    screen.wait_for("2/2 of 4");
    for exchange in exchanges.iter().skip(4).take(8) {
        device.send(exchange).unwrap();
    }
    screen.wait_for("2/2 of 12");
    screen.press("f\x15http >=\r");
    screen.wait_for("filter: http >=");
    assert!(screen.text().contains("2/2 of 12"), "a bad filter changes nothing");
    screen.press("\x1b");
    screen.wait_until_gone("filter: http >=");
    screen.press("f\x15\r");
    screen.wait_for("/12");
    screen.wait_until_gone(" of 12");
    screen.press("Q");
    assert_eq!(screen.finish().0, 0);
}

#[test]
fn the_screen_starts_with_the_filter_it_was_given() {
    let home = TempDir::new().unwrap();
    let capture = captured(home.path());
    let file = capture.to_str().unwrap();
    let open = ["open", file, "--filter", "cmd = Provision"];
    let mut screen = Screen::start(home.path(), &open, &[]);
    screen.wait_for("filter: cmd = Provision");
    screen.wait_for(" of ");
    assert!(!screen.text().contains("OPTIONS"), "{}", screen.text());
    screen.press("Q");
    assert_eq!(screen.finish().0, 0);
    let wrong = Command::new(BINARY)
        .args(["open", file, "--filter", "http >= many"])
        .env("HOME", home.path())
        .output()
        .unwrap();
    let error = String::from_utf8(wrong.stderr).unwrap();
    assert_eq!((wrong.status.success(), error.lines().count()), (false, 3), "{error}");
}

#[test]
fn resizing_keeps_what_is_selected() {
    let home = TempDir::new().unwrap();
    let mut screen = open(home.path(), &[]);
    screen.press("jjj");
    screen.wait_for("4/12");
    screen.resize(60, 15);
    screen.wait_until_gone("1 Overview");
    screen.wait_for("4/12");
    screen.resize(30, 5);
    screen.wait_for("too small");
    screen.resize(160, 50);
    screen.wait_for("1 Overview");
    screen.wait_for("4/12");
    screen.press("Q");
    assert_eq!(screen.finish().0, 0);
}

#[test]
fn the_mouse_selects_turns_tabs_and_can_be_let_go() {
    let home = TempDir::new().unwrap();
    let mut screen = open(home.path(), &[]);
    screen.click(20, 5);
    screen.wait_for("4/12");
    let bar = u16::try_from(screen.line_of("1 Overview").unwrap()).unwrap();
    screen.click(14, bar);
    screen.wait_for("[2");
    let footer = screen.text().lines().last().unwrap().to_owned();
    let command = u16::try_from(footer.find(": command").unwrap()).unwrap();
    screen.click(command, 23);
    screen.wait_for("show what is inside");
    screen.press("mouse\r");
    screen.wait_until_gone("show what is inside");
    screen.press("Q");
    let (code, bytes) = screen.finish();
    assert_eq!(code, 0);
    // Taken at the start, let go by the command, and at the end.
    assert!(bytes.windows(8).filter(|window| window == b"\x1b[?1000l").count() >= 2);
}

#[test]
fn a_stop_gives_the_terminal_back_and_takes_it_again() {
    let home = TempDir::new().unwrap();
    let mut screen = open(home.path(), &[]);
    screen.press("\x1a");
    // Nobody is there to stop the only process of this terminal: the screen comes back at once.
    screen.press("jj");
    screen.wait_for("3/12");
    screen.press("Q");
    let (code, bytes) = screen.finish();
    assert_eq!(code, 0);
    let count = |needle: &[u8]| bytes.windows(needle.len()).filter(|w| *w == needle).count();
    assert_eq!((count(b"\x1b[?1049h"), count(b"\x1b[?1049l")), (2, 2));
}

#[test]
fn pieces_reach_the_clipboard_and_files() {
    let home = TempDir::new().unwrap();
    let mut screen = open(home.path(), &[]);
    screen.press("jj3");
    screen.wait_for("#3 Provision");
    screen.wait_for("PolicyKey");
    screen.press("yp");
    screen.wait_for("copied");
    screen.press("br");
    screen.wait_for("wrote synctap-000003-response.wbxml");
    screen.press("eJ");
    screen.wait_for("wrote 12 exchanges to synctap-list.jsonl");
    screen.press("Q");
    let (code, bytes) = screen.finish();
    assert_eq!(code, 0);
    // OSC 52 with `/Provision`, as base64.
    assert!(contains(&bytes, b"\x1b]52;c;L1Byb3Zpc2lvbg==\x07"), "nothing for the clipboard");
    let body = fs::read(home.path().join("synctap-000003-response.wbxml")).unwrap();
    assert_eq!(body, playback::load("eas/zpush-14.0")[2].response);
    let lines = fs::read_to_string(home.path().join("synctap-list.jsonl")).unwrap();
    assert_eq!(lines.lines().count(), 12);
    assert!(!lines.contains("YWxpY2U6c2VjcmV0"), "a password was exported");
}

#[test]
fn the_pager_gets_the_document_and_the_screen_comes_back() {
    let home = TempDir::new().unwrap();
    let mut screen = open(home.path(), &[("PAGER", "cat >seen.xml <")]);
    screen.press("jj3\t");
    screen.wait_for("#3 Provision");
    screen.wait_for("PolicyKey");
    screen.press("v");
    screen.press("1");
    screen.wait_for("[1 Overview]");
    screen.press("Q");
    assert_eq!(screen.finish().0, 0);
    let seen = fs::read_to_string(home.path().join("seen.xml")).unwrap();
    assert!(seen.contains("<PolicyKey>"), "{seen}");
}

#[test]
fn a_key_pressed_while_the_pager_still_runs_is_not_lost() {
    let home = TempDir::new().unwrap();
    let pager = "until [ -e done ]; do sleep 0.02; done; true";
    let mut screen = open(home.path(), &[("PAGER", pager)]);
    screen.press("jj3\t");
    screen.wait_for("PolicyKey");
    screen.press("v");
    screen.wait_until_gone("PolicyKey");
    screen.press("1");
    fs::write(home.path().join("done"), "").unwrap();
    screen.wait_for("[1 Overview]");
    screen.press("Q");
    assert_eq!(screen.finish().0, 0);
}

#[test]
fn filters_are_remembered() {
    let home = TempDir::new().unwrap();
    let mut screen = open(home.path(), &[]);
    screen.press("fcmd = Provision\r");
    screen.wait_for("of 12");
    screen.press("Q");
    assert_eq!(screen.finish().0, 0);
    let capture = home.path().join("seen.synctap");
    let mut screen = Screen::start(home.path(), &["open", capture.to_str().unwrap()], &[]);
    screen.wait_for("/12");
    screen.press("f\x1b[A");
    screen.wait_for("filter: cmd = Provision");
    screen.press("\x1b");
    screen.wait_until_gone("filter: cmd");
    screen.press("Q");
    assert_eq!(screen.finish().0, 0);
}

#[test]
fn keys_that_conflict_are_refused_before_anything_starts() {
    let home = TempDir::new().unwrap();
    let capture = captured(home.path());
    let folder = home.path().join(".config/synctap");
    fs::create_dir_all(&folder).unwrap();
    fs::write(folder.join("config.toml"), "[keys]\nfollow = \"j\"\n").unwrap();
    let mut command = Command::new(BINARY);
    command.arg("open").arg(capture).env("HOME", home.path()).env_remove("XDG_CONFIG_HOME");
    let output = command.output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(said.lines().count(), 3, "{said}");
    assert!(said.contains("`j` is the key of both `follow` and `down`"), "{said}");
}

#[test]
fn hostile_traffic_is_text_on_the_screen() {
    let home = TempDir::new().unwrap();
    let mut exchanges = playback::load("eas/zpush-14.0");
    exchanges.truncate(3);
    for exchange in &mut exchanges {
        exchange.request_headers.retain(|(name, _)| !name.eq_ignore_ascii_case("content-type"));
        exchange.request_headers.push(("Content-Type".into(), "text/plain".into()));
        // C1 control, direction override, as UTF-8.
        exchange.request_headers.push(("User-Agent".into(), "a\u{9b}31mb\u{202e}c".into()));
        let mut body = b"\x1b]0;owned\x07\x1b[2J\0".to_vec();
        body.extend("\u{202e}gnp.exe ".as_bytes());
        body.resize(1 << 20, b'x');
        exchange.request = body;
    }
    let (mut screen, proxy) = live(home.path(), exchanges.clone());
    let mut device = Device::connect(proxy);
    for exchange in &exchanges {
        device.send(exchange).unwrap();
    }
    screen.wait_for("3/3");
    for keys in ["2", "4", "6", "7", "1", "\t", "jjj", "/owned\r", "4", "yn", "?", "q"] {
        screen.press(keys);
    }
    screen.press("2");
    screen.press("4");
    screen.wait_for("owned");
    screen.press("Q");
    let (code, bytes) = screen.finish();
    assert_eq!(code, 0);
    assert!(!contains(&bytes, b"\x1b]0;"), "a title was set");
    assert!(!contains(&bytes, "\u{202e}".as_bytes()), "a direction override got through");
    assert!(!contains(&bytes, "\u{9b}".as_bytes()), "a C1 control got through");
}

#[test]
fn a_terminal_that_goes_away_ends_the_program() {
    let home = TempDir::new().unwrap();
    let screen = open(home.path(), &[]);
    let id = screen.child.process_id().unwrap();
    let told = Command::new("kill").args(["-HUP", &id.to_string()]).status().unwrap();
    assert!(told.success());
    let (code, bytes) = screen.finish();
    assert_eq!(code, 0);
    assert!(contains(&bytes, b"\x1b[?1049l"), "the screen is given back");
}

#[test]
fn devices_are_told_while_traffic_flows() {
    let home = TempDir::new().unwrap();
    let exchanges = playback::load("eas/zpush-14.0");
    let (mut screen, proxy) = live(home.path(), exchanges.clone());
    let mut device = Device::connect(proxy);
    for exchange in exchanges.iter().take(3) {
        device.send(exchange).unwrap();
    }
    screen.wait_for("3/3");
    // Folded, so that the line of the device stays in sight.
    screen.press("tgH");
    screen.wait_for("policy offered");
    for exchange in exchanges.iter().skip(3).take(5) {
        device.send(exchange).unwrap();
    }
    screen.wait_for("provisioned");
    screen.wait_for("8 in ");
    screen.press("GD");
    screen.wait_for("temporary");
    screen.press("3");
    screen.wait_for("FolderSync");
    screen.press("qS");
    screen.wait_for("in place of");
    screen.press("qIQ");
    assert_eq!(screen.finish().0, 0);
}
