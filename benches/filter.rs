//! Reading and searching a capture of a million exchanges.
//!
//! `cargo bench --bench filter`. The capture is generated once, in the build's folder; set
//! `SYNCTAP_BENCH_ROWS` for another size.
#![allow(clippy::unwrap_used, reason = "a benchmark may panic")]

mod generated;

use divan::{Bencher, black_box};
use synctap::model::SortBy;
use synctap::model::filter::{Field, Filter};
use synctap::store::Reader;

fn main() {
    generated::capture();
    divan::main();
}

#[divan::bench(args = [0.0, 0.5, 0.999])]
fn window_of_60(bencher: Bencher<'_, '_>, place: f64) {
    let reader = reader();
    let rows = reader.count().unwrap();
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_precision_loss,
        clippy::cast_sign_loss,
        reason = "about there"
    )]
    let offset = (rows as f64 * place) as u64;
    bencher.bench_local(|| black_box(reader.window(offset, 60).unwrap()).len());
}

#[divan::bench]
fn rows_of_60_far_apart(bencher: Bencher<'_, '_>) {
    let reader = reader();
    let step = reader.count().unwrap() / 60;
    let positions: Vec<u64> = (0..60).map(|index| index * step).collect();
    bencher.bench_local(|| black_box(reader.rows(&positions).unwrap()).len());
}

#[divan::bench(sample_count = 5, args = [
    "",
    "mark",
    "http >= 400",
    "size > 1M",
    "cmd = provision",
    "device = iphone42",
    "cmd = provision and http >= 400 and not err",
    "path ~ user=u1\\d7&",
    "device ~ ^IPHONE-É",
])]
fn scan_everything(bencher: Bencher<'_, '_>, text: &str) {
    let reader = reader();
    let filter = Filter::parse(text).unwrap();
    bencher.bench_local(|| scan(&reader, &filter));
}

#[divan::bench(sample_count = 20)]
fn scan_one_chunk(bencher: Bencher<'_, '_>) {
    let reader = reader();
    let filter = Filter::parse("device = iphone42").unwrap();
    bencher.bench_local(|| {
        black_box(reader.matching(&filter, reader.chunk(0).unwrap().unwrap()).unwrap()).len()
    });
}

#[divan::bench(sample_count = 3, args = ["device", "status", "size", "time"])]
fn sort_everything(bencher: Bencher<'_, '_>, field: &str) {
    let reader = reader();
    let by = SortBy::Field(Field::named(field).unwrap());
    bencher.bench_local(|| black_box(reader.sorted(&Filter::default(), by, true).unwrap()).len());
}

#[divan::bench(sample_count = 20)]
fn known_values(bencher: Bencher<'_, '_>) {
    let reader = reader();
    bencher.bench_local(|| black_box(reader.distinct(Field::Device, "iph", 20).unwrap()).len());
}

fn scan(reader: &Reader, filter: &Filter) -> usize {
    let mut found = 0;
    let mut at = 0;
    while let Some(range) = reader.chunk(at).unwrap() {
        at = range.end;
        found += black_box(reader.matching(filter, range).unwrap()).len();
    }
    found
}

fn reader() -> Reader {
    generated::capture().reader().unwrap()
}
