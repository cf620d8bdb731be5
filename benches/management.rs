//! What it takes to decode, explain and fold messages of device management into sessions.
//!
//! `cargo bench --bench management`. One core; 20,000 exchanges of two messages of 2 KB on average, from
//! 50 devices: as XML, as WBXML, and half of each. Prints messages a second, where the time goes, and
//! what the sessions take in memory. `SYNCTAP_ONLY=xml` (`wbxml`, `mixed`) measures one of them.
#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::cast_precision_loss,
    reason = "a benchmark may panic and talks"
)]

mod managed;

use std::collections::BTreeMap;
use std::time::Instant;

use bytes::Bytes;
use managed::{Encoding, bodies, exchange, hints};
use synctap::analyze::{Sessions, annotate};
use synctap::codec::decode;
use synctap::model::{Decoded, Exchange, Leg};

/// Exchanges folded.
const EXCHANGES: u64 = 20_000;

/// An exchange with its bodies.
type Case = (Exchange, Encoding, Bytes, Bytes);

fn main() {
    let only = std::env::var("SYNCTAP_ONLY").ok();
    let kinds: [(&str, fn(u64) -> Encoding); 3] = [
        ("xml", |_| Encoding::Xml),
        ("wbxml", |_| Encoding::Wbxml),
        // A device keeps to one.
        ("mixed", |number| if number.is_multiple_of(2) { Encoding::Xml } else { Encoding::Wbxml }),
    ];
    for (name, encoding) in kinds {
        if only.as_deref().is_none_or(|only| only == name) {
            let cases: Vec<Case> = (0..EXCHANGES).map(|number| case(number, encoding)).collect();
            measure(name, &cases);
        }
    }
}

fn case(number: u64, encoding: fn(u64) -> Encoding) -> Case {
    let encoding = encoding(number);
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
