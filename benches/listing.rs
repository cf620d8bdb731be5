//! Lists over a capture of a million exchanges to which 500 are added each second.
//!
//! `cargo bench --bench listing` prints for each list how long the first search took, and how long
//! a front end waited for count and window while the list followed (30 s each), with the memory of
//! the process; then the times of single calls. Exchanges that arrive stay in the generated capture.
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a benchmark may")]

mod generated;
#[path = "generated/traffic.rs"]
mod traffic;

use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use divan::{Bencher, black_box};
use synctap::engine::{Listing, Order, Viewer};
use synctap::model::filter::{Field, Filter};
use synctap::model::{ExchangeId, SortBy};

/// Rows of one screen.
const SCREEN: usize = 50;
/// How long each list is watched.
const WATCHED: Duration = Duration::from_secs(30);
/// One frame.
const FRAME: Duration = Duration::from_millis(16);

/// Filter, column to sort by (none for the order of the capture), from the greatest.
const LISTS: [(&str, Option<Field>); 4] = [
    ("", None),
    ("http >= 400", None),
    ("not device = iphone42", Some(Field::Size)),
    ("not device = iphone42", Some(Field::Device)),
];

fn main() {
    let store = generated::capture();
    let viewer = viewer();
    if std::env::args().any(|arg| arg == "--bench") {
        println!(
            "rows {}, memory {} MiB before",
            viewer.count().unwrap(),
            traffic::resident("VmRSS:")
        );
        println!("filter | by | first search | shown | p50 | p99 | max | memory");
        let traffic = traffic::Traffic::start(store);
        for (filter, by) in LISTS {
            watch(&viewer, filter, by);
        }
        traffic.stop();
    }
    divan::main();
}

fn viewer() -> Viewer {
    Viewer::of_capture(Arc::clone(generated::capture()), "generated".into()).unwrap()
}

fn listing(viewer: &Viewer, filter: &str, by: Option<Field>) -> Listing {
    let column = by.map_or(SortBy::Started, SortBy::Field);
    let order = Order { column, descending: by.is_some() };
    viewer.listing(Filter::parse(filter).unwrap(), order, false)
}

/// Waits until everything was looked at once.
fn finished(listing: &Listing) {
    let mut revision = listing.revision();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    while !listing.progress().done {
        runtime.block_on(revision.changed()).unwrap();
    }
}

fn watch(viewer: &Viewer, filter: &str, by: Option<Field>) {
    let began = Instant::now();
    let list = listing(viewer, filter, by);
    finished(&list);
    let searched = began.elapsed();
    let mut waits = Vec::new();
    let until = Instant::now() + WATCHED;
    let mut place = 0_u64;
    while Instant::now() < until {
        let asked = Instant::now();
        let count = list.count();
        // The end of the list, then anywhere.
        place = place.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963);
        let last = count.saturating_sub(SCREEN as u64);
        let offset = if waits.len().is_multiple_of(2) { last } else { place % (last + 1) };
        black_box(list.window(offset, SCREEN).unwrap());
        waits.push(asked.elapsed());
        thread::sleep(FRAME.saturating_sub(asked.elapsed()));
    }
    assert_eq!(list.progress().error, None);
    waits.sort();
    let at = |part: usize| waits[(waits.len() - 1) * part / 100].as_secs_f64() * 1e3;
    println!(
        "{} | {} | {:.2} s | {} | {:.2} ms | {:.2} ms | {:.2} ms | {} MiB",
        if filter.is_empty() { "(none)" } else { filter },
        by.map_or("start", Field::name),
        searched.as_secs_f64(),
        list.count(),
        at(50),
        at(99),
        at(100),
        traffic::resident("VmRSS:")
    );
}

#[divan::bench(args = ["", "http >= 400"])]
fn window_of_50(bencher: Bencher<'_, '_>, filter: &str) {
    let list = listing(&viewer(), filter, None);
    finished(&list);
    let middle = list.count() / 2;
    bencher.bench_local(|| black_box(list.window(middle, SCREEN).unwrap()).len());
}

#[divan::bench(args = [None, Some(Field::Device)])]
fn position_in_a_million(bencher: Bencher<'_, '_>, by: Option<Field>) {
    let list = listing(&viewer(), "not device = iphone42", by);
    finished(&list);
    let id = ExchangeId(list.count() / 2);
    bencher.bench_local(|| black_box(list.position(id).unwrap()));
}

#[divan::bench(sample_count = 5)]
fn groups(bencher: Bencher<'_, '_>) {
    let viewer = viewer();
    bencher.bench_local(|| {
        let grouping = viewer.grouping(Filter::default(), None);
        let mut revision = grouping.revision();
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        while !grouping.progress().done {
            runtime.block_on(revision.changed()).unwrap();
        }
        black_box(grouping.count())
    });
}
