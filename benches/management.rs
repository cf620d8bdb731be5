//! What it takes to decode, explain and fold messages of device management into sessions.
//!
//! `cargo bench --bench management`. One core; 20,000 exchanges of two messages of 2 KB on average, from
//! 50 devices: as XML, as WBXML, and half of each. Prints messages a second, where the time goes, and
//! what the sessions take in memory; then folds captures of 20,000 and 100,000 messages, as `synctap
//! ledger` does. `SYNCTAP_ONLY=xml` (`wbxml`, `mixed`, `capture`) measures one of them;
//! `SYNCTAP_KEEP=FOLDER` leaves the captures there, `SYNCTAP_BENCH_EXCHANGES` is another number of them.
#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::cast_precision_loss,
    reason = "a benchmark may panic and talks"
)]

mod managed;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use bytes::Bytes;
use managed::{Encoding, bodies, exchange, hints};
use synctap::analyze::{Sessions, annotate};
use synctap::codec::decode;
use synctap::engine::{DECODER_VERSION, Viewer};
use synctap::model::{Decoded, Exchange, Leg, Row, Summary};
use synctap::store::Store;

/// Exchanges folded.
const EXCHANGES: u64 = 20_000;

/// An exchange with its bodies.
type Case = (Exchange, Encoding, Bytes, Bytes);

fn main() {
    let only = std::env::var("SYNCTAP_ONLY").ok();
    let exchanges = std::env::var("SYNCTAP_BENCH_EXCHANGES").ok();
    let exchanges = exchanges.and_then(|number| number.parse().ok()).unwrap_or(EXCHANGES);
    for mix in ["xml", "wbxml", "mixed"] {
        if only.as_deref().is_none_or(|only| only == mix) {
            let cases: Vec<Case> = (0..exchanges).map(|number| case(number, mix)).collect();
            measure(mix, &cases);
        }
    }
    if only.as_deref().is_none_or(|only| only == "capture") {
        let keep = std::env::var_os("SYNCTAP_KEEP").map(PathBuf::from);
        let temporary = tempfile::tempdir().unwrap();
        let folder = keep.as_deref().unwrap_or(temporary.path());
        for exchanges in [10_000, 50_000] {
            from_a_capture(&folder.join(format!("dm-{exchanges}.synctap")), exchanges);
        }
    }
}

/// Records exchanges of both encodings, and folds the file.
fn from_a_capture(path: &Path, exchanges: u64) {
    let store = Store::create(path, DECODER_VERSION).unwrap();
    let writer = store.writer();
    for number in 0..exchanges {
        let (exchange, _, asked, answered) = case(number, "mixed");
        writer.append(exchange.id, Leg::Request, asked, || ());
        writer.append(exchange.id, Leg::Response, answered, || ());
        let row = Row::new(&exchange, Summary::default());
        writer.put(exchange, row);
    }
    store.close().unwrap();
    let store = Arc::new(Store::open(path, DECODER_VERSION).unwrap());
    let viewer = Viewer::of_capture(store, "dm".to_owned()).unwrap();
    let (before, begun) = (resident(), Instant::now());
    let sessions = viewer.syncml_sessions().unwrap();
    let took = begun.elapsed().as_secs_f64();
    let held: usize = sessions.iter().map(|session| session.entries.len()).sum();
    println!(
        "capture of {} messages: {took:.2} s, {:.0} messages/s, {} sessions, {held} commands held, {} KiB more memory",
        2 * exchanges,
        2.0 * exchanges as f64 / took,
        sessions.len(),
        resident().saturating_sub(before),
    );
}

fn case(number: u64, mix: &str) -> Case {
    let encoding = match mix {
        "xml" => Encoding::Xml,
        // A device keeps to one.
        "mixed" if number.is_multiple_of(2) => Encoding::Xml,
        _ => Encoding::Wbxml,
    };
    let (asked, answered) = bodies(number, encoding);
    (exchange(number, encoding, &asked, &answered), encoding, asked, answered)
}

fn read((_, encoding, asked, answered): &Case) -> (Decoded, Decoded) {
    let request = decode(asked.clone(), &hints(Leg::Request, *encoding));
    (request, decode(answered.clone(), &hints(Leg::Response, *encoding)))
}

fn measure(name: &str, cases: &[Case]) {
    let bytes: usize = cases.iter().map(|(.., asked, answered)| asked.len() + answered.len()).sum();
    let messages = 2.0 * cases.len() as f64;
    println!("{name}: messages of {:.0} bytes", bytes as f64 / messages);
    let decoding = each(cases, |case| {
        std::hint::black_box(read(case));
    });
    let explaining = each(cases, |case| {
        let (request, response) = read(case);
        std::hint::black_box(annotate(&case.0, Some(&request), Some(&response)));
    });
    let before = resident();
    let mut sessions = Sessions::new();
    let mut findings: BTreeMap<String, usize> = BTreeMap::new();
    let all = each(cases, |case| {
        let (request, response) = read(case);
        let (annotated, _) = sessions.tell(&case.0, Some(&request), Some(&response));
        for finding in annotated.findings {
            *findings.entry(finding.id).or_default() += 1;
        }
    });
    let grown = resident().saturating_sub(before);
    let micros = |seconds: f64| seconds * 1e6 / messages;
    println!(
        "  {:.0} messages/s; of {:.1} µs a message: decode {:.1}, explain and rules of one exchange {:.1}, sessions {:.1}",
        messages / all,
        micros(all),
        micros(decoding),
        micros(explaining - decoding),
        micros(all - explaining),
    );
    let told = sessions.syncml_sessions(true);
    let held: usize = told.iter().map(|session| session.entries.len()).sum();
    println!(
        "  {} sessions, {held} commands held, {grown} KiB more memory; findings: {findings:?}",
        told.len(),
    );
}

/// Seconds it takes to do something with each.
fn each(cases: &[Case], mut act: impl FnMut(&Case)) -> f64 {
    let begun = Instant::now();
    cases.iter().for_each(&mut act);
    begun.elapsed().as_secs_f64()
}

/// Resident memory of the process in KiB (Linux).
fn resident() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap_or_default();
    line.split_whitespace().nth(1).and_then(|kib| kib.parse().ok()).unwrap_or_default()
}
