//! The codec over a corpus made from a fixed seed, through the functions that the product calls.
//!
//! `cargo bench --bench codec`; with `SYNCTAP_CORPUS=DIR` it writes the corpus there instead, and
//! with `SYNCTAP_RATES=FILTER` it prints one rate a line (those whose name has FILTER in it), for
//! `benches/peers/compare`; with `SYNCTAP_GROWTH=1` the rates of five shapes at 1 to 16 MB, and what
//! memory the largest document takes.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stdout,
    reason = "a benchmark may panic and print"
)]

mod corpus;

use std::hint::black_box;
use std::path::Path;
use std::sync::LazyLock;
use std::time::{Duration, Instant};

use bytes::Bytes;
use divan::Bencher;
use divan::counter::BytesCount;
use synctap::codec::{Events, Header, Hints, decode};
use synctap::render::{Secrets, xml};

use corpus::Document;

fn main() {
    let all: Vec<Document> = CORPUS.iter().flat_map(|set| set.documents.clone()).collect();
    assert_eq!(corpus::hash(&all), corpus::HASH, "the corpus is not the one of the results");
    if let Some(folder) = std::env::var_os("SYNCTAP_CORPUS") {
        return export(Path::new(&folder));
    }
    if let Ok(filter) = std::env::var("SYNCTAP_RATES") {
        return rates(&filter);
    }
    if std::env::var_os("SYNCTAP_GROWTH").is_some() {
        growth();
        return memory();
    }
    divan::main();
}

/// Documents that are measured together.
struct Set {
    name: &'static str,
    documents: Vec<Document>,
    bodies: Vec<(Bytes, &'static str)>,
}

impl Set {
    fn of(name: &'static str, documents: Vec<Document>) -> Self {
        let bodies = documents
            .iter()
            .map(|document| {
                let media_type = match document.key {
                    "eas" => "application/vnd.ms-sync.wbxml",
                    _ => "application/vnd.syncml.dm+wbxml",
                };
                (Bytes::from(document.bytes.clone()), media_type)
            })
            .collect();
        Self { name, documents, bodies }
    }

    fn bytes(&self) -> usize {
        self.bodies.iter().map(|(body, _)| body.len()).sum()
    }
}

static CORPUS: LazyLock<Vec<Set>> = LazyLock::new(|| {
    let mut sets: Vec<_> = corpus::documents(true)
        .into_iter()
        .map(|document| Set::of(document.name, vec![document]))
        .collect();
    sets.push(Set::of("10,000 small messages", corpus::small_messages()));
    sets
});

const SETS: [usize; 5] = [0, 1, 2, 3, 4];

type Task = fn(&Set);

/// Tokens with their spans.
fn events_of(set: &Set) {
    for (body, _) in &set.bodies {
        let header = Header::read(body).expect("a header");
        for event in Events::new(body, header.body, 1) {
            black_box(event.expect("an event"));
        }
    }
}

/// The whole front door: layers, trees with spans, documents inside.
fn tree_of(set: &Set) {
    for (body, content_type) in &set.bodies {
        black_box(decode(body.clone(), &Hints { content_type, ..Hints::default() }));
    }
}

/// From bytes to the text of an XML document.
fn xml_of(set: &Set) {
    for (body, content_type) in &set.bodies {
        let decoded = decode(body.clone(), &Hints { content_type, ..Hints::default() });
        black_box(xml(&decoded, decoded.main(), Secrets::Shown));
    }
}

fn bench(bencher: Bencher<'_, '_>, index: usize, task: Task) {
    let set = &CORPUS[index];
    bencher.counter(BytesCount::new(set.bytes())).bench_local(|| task(set));
}

#[divan::bench(args = SETS)]
fn events(bencher: Bencher<'_, '_>, index: usize) {
    bench(bencher, index, events_of);
}

#[divan::bench(args = SETS)]
fn tree(bencher: Bencher<'_, '_>, index: usize) {
    bench(bencher, index, tree_of);
}

#[divan::bench(args = SETS)]
fn xml_text(bencher: Bencher<'_, '_>, index: usize) {
    bench(bencher, index, xml_of);
}

/// Best of many runs, in MB/s.
fn rates(filter: &str) {
    let tasks: [(&str, Task); 3] = [("events", events_of), ("tree", tree_of), ("xml", xml_of)];
    for set in CORPUS.iter() {
        for (name, task) in tasks {
            if !format!("{name} {}", set.name).contains(filter) {
                continue;
            }
            println!("{name}\t{}\t{:.0}", set.name, rate(set, task, 5, 2.0));
        }
    }
}

/// MB/s of the best of at least `least` runs, in `seconds` or more.
fn rate(set: &Set, task: Task, least: u32, seconds: f64) -> f64 {
    let (mut best, begun) = (Duration::MAX, Instant::now());
    let mut runs = 0;
    while runs < least || begun.elapsed().as_secs_f64() < seconds {
        let start = Instant::now();
        task(set);
        best = best.min(start.elapsed());
        runs += 1;
    }
    let bytes = u32::try_from(set.bytes()).expect("a corpus below 4 GiB");
    f64::from(bytes) / 1e6 / best.as_secs_f64()
}

/// Trees and XML of documents of one shape and growing size: the rates have to stay.
fn growth() {
    println!("| shape | what | 1 MB | 2 MB | 4 MB | 8 MB | 16 MB |\n|---|---|---|---|---|---|---|");
    for (name, make) in corpus::shapes::SHAPES {
        let sets = [1, 2, 4, 8, 16].map(|size| {
            let bytes = make(size << 20);
            Set::of(name, vec![Document { name, key: "eas", bytes }])
        });
        for (what, task) in [("tree", tree_of as Task), ("xml", xml_of)] {
            let rates = sets.iter().map(|set| format!(" {:.0} |", rate(set, task, 3, 0.3)));
            println!("| {name} | {what} |{}", rates.collect::<String>());
        }
    }
}

/// What the tree of the largest document and its XML take at most, the body not counted.
fn memory() {
    let set = CORPUS.iter().max_by_key(|set| set.documents[0].bytes.len()).expect("a set");
    println!("\n| {} of {} bytes | nodes | peak |\n|---|---|---|", set.name, set.bytes());
    let (body, content_type) = set.bodies[0].clone();
    let hints = Hints { content_type, ..Hints::default() };
    let before = peak_from_here();
    let decoded = decode(body, &hints);
    let nodes: usize = decoded.layers.iter().filter_map(|l| Some(l.tree.as_ref()?.len())).sum();
    println!("| tree | {nodes} | {:.1} MiB |", peak() - before);
    black_box(xml(&decoded, decoded.main(), Secrets::Shown));
    println!("| tree and XML | {nodes} | {:.1} MiB |", peak() - before);
}

/// Makes the memory that is used now the peak, and returns it in MiB (proc(5), `clear_refs`).
fn peak_from_here() -> f64 {
    std::fs::write("/proc/self/clear_refs", "5").expect("a peak that can be set");
    peak()
}

/// The most memory that was used, in MiB.
fn peak() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").expect("Linux");
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).expect("a peak");
    line.trim().trim_end_matches(" kB").parse::<f64>().expect("a number") / 1024.0
}

/// One file a set: documents as type (one byte, 0 ActiveSync), length (four bytes, little-endian),
/// bytes.
fn export(folder: &Path) {
    std::fs::create_dir_all(folder).expect("the folder");
    for set in CORPUS.iter() {
        let mut file = Vec::new();
        for document in &set.documents {
            file.push(u8::from(document.key != "eas"));
            file.extend(u32::try_from(document.bytes.len()).expect("a length").to_le_bytes());
            file.extend(&document.bytes);
        }
        let name = set.name.replace([' ', ','], "_");
        std::fs::write(folder.join(name), file).expect("a file");
    }
}
