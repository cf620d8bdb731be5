//! From a key to its frame, over a capture of a million exchanges to which 500 are added each second.
//!
//! `cargo bench --bench keys` presses keys for 20 s in each view, as fast as frames are drawn but at
//! most 30 a second, and prints how long it took from the key to the first frame, and to the first
//! frame without placeholders, rows read from the capture included; then the memory of the process.
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a benchmark may")]

mod generated;
#[path = "generated/traffic.rs"]
mod traffic;

use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use synctap::engine::Viewer;
use synctap::tui::{Offscreen, TuiSettings};

/// How long each view is watched.
const WATCHED: Duration = Duration::from_secs(20);
/// One key to the next: a key that is held.
const PACE: Duration = Duration::from_millis(33);

/// Name, and the keys that lead there.
const VIEWS: [(&str, &[&str]); 4] = [
    ("list", &[]),
    ("list, filter `http >= 400`", &["f", "http >= 400", "\n"]),
    ("list, sorted by size", &["f", "not device = iphone42", "\n", "o", "b"]),
    ("by device, unfolded", &["t", "L"]),
];

/// Keys pressed over and over: steps, pages, leaps.
const KEYS: [KeyCode; 12] = [
    KeyCode::Down,
    KeyCode::Down,
    KeyCode::Down,
    KeyCode::PageDown,
    KeyCode::PageDown,
    KeyCode::Up,
    KeyCode::End,
    KeyCode::PageUp,
    KeyCode::Up,
    KeyCode::Home,
    KeyCode::PageDown,
    KeyCode::PageDown,
];

fn main() {
    if !std::env::args().any(|arg| arg == "--bench") {
        return;
    }
    let store = generated::capture();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let _entered = runtime.enter();
    println!("exchanges {}, memory {} MiB before", store.last_id().0, traffic::resident("VmRSS:"));
    println!("view | keys | first frame p50 | p99 | max | whole frame p50 | p99 | max");
    let traffic = traffic::Traffic::start(store);
    for (name, keys) in VIEWS {
        let viewer = Viewer::of_capture(Arc::clone(store), "generated".into()).unwrap();
        let mut screen = Offscreen::new(viewer, TuiSettings::default(), 120, 40).unwrap();
        whole(&mut screen);
        for key in keys.iter().flat_map(|keys| keys.chars()) {
            let code = if key == '\n' { KeyCode::Enter } else { KeyCode::Char(key) };
            press(&mut screen, code);
            whole(&mut screen);
        }
        settle(&mut screen);
        watch(name, &mut screen);
    }
    traffic.stop();
    println!("memory {} MiB at most", traffic::resident("VmHWM:"));
}

fn press(screen: &mut Offscreen, code: KeyCode) {
    screen.press(KeyEvent::new(code, KeyModifiers::NONE));
}

/// Draws until nothing in sight is missing.
fn whole(screen: &mut Offscreen) {
    while screen.frame().unwrap() > 0 {
        thread::sleep(Duration::from_micros(100));
        screen.pump();
    }
}

/// Waits until the list is found.
fn settle(screen: &mut Offscreen) {
    let until = Instant::now() + Duration::from_mins(1);
    loop {
        thread::sleep(Duration::from_millis(20));
        screen.pump();
        whole(screen);
        if !screen.row(0).contains("searching") || Instant::now() > until {
            return;
        }
    }
}

fn watch(name: &str, screen: &mut Offscreen) {
    let (mut first, mut all) = (Vec::new(), Vec::new());
    let until = Instant::now() + WATCHED;
    for code in KEYS.into_iter().cycle() {
        let pressed = Instant::now();
        if pressed > until {
            break;
        }
        press(screen, code);
        let missing = screen.frame().unwrap();
        first.push(pressed.elapsed());
        if missing > 0 {
            whole(screen);
        }
        all.push(pressed.elapsed());
        while pressed.elapsed() < PACE {
            thread::sleep(Duration::from_millis(4));
            screen.pump();
            screen.frame().unwrap();
        }
    }
    let keys = first.len();
    let figures: Vec<_> = [first, all].into_iter().flat_map(figures).collect();
    println!("{name} | {keys} | {}", figures.join(" | "));
}

fn figures(mut times: Vec<Duration>) -> [String; 3] {
    times.sort();
    let last = times.len() - 1;
    [50, 99, 100].map(|part| format!("{:.2} ms", times[last * part / 100].as_secs_f64() * 1e3))
}
