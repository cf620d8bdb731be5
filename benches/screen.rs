//! The screen in front of a body of 10 MB: `cargo bench --bench screen`.
//!
//! Prints how long the body takes to be decoded and prepared (beside the screen's thread), what memory
//! it takes, and how long a key takes to the frame it changes, for 1,000 keys in each view.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stdout,
    reason = "a benchmark may panic and print"
)]

#[allow(dead_code, reason = "other benchmarks use the rest")]
mod corpus;

use std::hint::black_box;
use std::time::{Duration, Instant};

use bytes::Bytes;
use divan::Bencher;
use synctap::engine::detail_of;
use synctap::model::{
    BodyFacts, ConnId, Detail, Exchange, ExchangeId, Header, Headers, Kind, Request, Response,
    State, WallTime,
};
use synctap::tui::Rehearsal;

/// Columns and rows.
const SIZE: (u16, u16) = (160, 50);

/// Keys pressed in each view.
const KEYS: usize = 1000;

fn main() {
    let body = body();
    println!("body {} bytes, memory before {} MiB", body.len(), memory("VmRSS"));
    let began = Instant::now();
    let detail = detail(body);
    let decoded = began.elapsed();
    let mut screen = Rehearsal::new(detail, SIZE);
    println!(
        "decoded in {:.0} ms, ready in {:.0} ms, memory {} MiB, peak {} MiB\n",
        millis(decoded),
        millis(began.elapsed()),
        memory("VmRSS"),
        memory("VmHWM"),
    );
    println!("| view | keys | p50 | p99 | max |\n|---|---|---|---|---|");
    screen.press('\t');
    screen.press('3');
    screen.press('-');
    for (view, face) in [("tree", '4'), ("XML", '5'), ("hex", '7')] {
        screen.press(face);
        for (name, keys) in
            [("lines: j, k", "jjjjjk"), ("pages: ^f, ^b", "FFFFB"), ("ends: G, g", "Gg")]
        {
            measure(view, name, keys, &mut screen);
        }
    }
    screen.press('4');
    screen.press('g');
    measure("tree", "fold, unfold: h, l", "hl", &mut screen);
    let began = Instant::now();
    screen.press('/');
    screen.line("conversationid");
    println!("| tree | first search | {:.0} ms | | |", millis(began.elapsed()));
    measure("tree", "hits: n, N", "nnnN", &mut screen);
    println!("\nmemory {} MiB, peak {} MiB\n", memory("VmRSS"), memory("VmHWM"));
    drop(screen);
    divan::main();
}

/// Presses keys in turn; upper case F and B are pages.
fn measure(view: &str, name: &str, keys: &str, screen: &mut Rehearsal) {
    let mut times: Vec<Duration> = keys
        .chars()
        .cycle()
        .take(KEYS)
        .map(|key| {
            let began = Instant::now();
            match key {
                'F' | 'B' => screen.press_ctrl(key.to_ascii_lowercase()),
                key => screen.press(key),
            }
            began.elapsed()
        })
        .collect();
    times.sort();
    let at = |part: usize| millis(times[(times.len() - 1) * part / 100]);
    println!("| {view} | {name} | {:.2} ms | {:.2} ms | {:.2} ms |", at(50), at(99), at(100));
}

fn millis(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}

fn memory(what: &str) -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with(what)).unwrap_or_default();
    let kib = line.split_whitespace().nth(1).and_then(|kib| kib.parse::<u64>().ok());
    kib.unwrap_or_default() / 1024
}

fn body() -> Bytes {
    let documents = corpus::documents(true);
    let large = documents.into_iter().max_by_key(|document| document.bytes.len());
    large.unwrap().bytes.into()
}

/// A Sync answer with this body, decoded.
fn detail(body: Bytes) -> Detail {
    let mut exchange = Exchange::begin(ExchangeId(1), ConnId(1), Kind::Http, WallTime(0));
    exchange.request = Some(Request {
        method: "POST".into(),
        target: "/Microsoft-Server-ActiveSync?Cmd=Sync&User=u&DeviceId=d&DeviceType=t".into(),
        version: "HTTP/1.1".into(),
        ..Request::default()
    });
    let seen = body.len() as u64;
    let media_type = "application/vnd.ms-sync.wbxml".into();
    exchange.response = Some(Response {
        status: 200,
        version: "HTTP/1.1".into(),
        headers: Headers(vec![Header { name: "Content-Type".into(), value: media_type }]),
        body: BodyFacts { seen, kept: seen, ended: true },
        ..Response::default()
    });
    exchange.state = State::Complete;
    detail_of(exchange, None, Some(body))
}

#[divan::bench(sample_count = 10)]
fn decode_and_prepare_10_mb(bencher: Bencher<'_, '_>) {
    let body = body();
    bencher.bench_local(|| black_box(Rehearsal::new(detail(body.clone()), SIZE)));
}

#[divan::bench(args = ['4', '5', '7'])]
fn a_line_down(bencher: Bencher<'_, '_>, face: char) {
    let mut screen = Rehearsal::new(detail(body()), SIZE);
    screen.press('\t');
    screen.press('3');
    screen.press(face);
    bencher.bench_local(|| screen.press('j'));
}
