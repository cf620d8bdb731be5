//! Reading and searching a capture of a million exchanges.
//!
//! `cargo bench --bench filter`. The capture is generated once, in the build's folder; set
//! `SYNCTAP_BENCH_ROWS` for another size.
#![allow(clippy::unwrap_used, reason = "a benchmark may panic")]

use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use divan::{Bencher, black_box};
use synctap::model::filter::{Field, Filter};
use synctap::model::{
    BodyFacts, ConnId, Exchange, ExchangeId, Kind, Level, MonoTime, PolicyKey, Protocol, Request,
    Response, Row, SortBy, State, Summary, WallTime,
};
use synctap::store::{Reader, Store};

fn main() {
    capture();
    divan::main();
}

/// Version of the decoder that is said to have made the rows.
const DECODER: u32 = 1;

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
    capture().reader().unwrap()
}

fn capture() -> &'static Store {
    static CAPTURE: OnceLock<Store> = OnceLock::new();
    CAPTURE.get_or_init(|| {
        let rows = std::env::var("SYNCTAP_BENCH_ROWS").ok();
        let rows = rows.and_then(|rows| rows.parse().ok()).unwrap_or(1_000_000);
        let path =
            PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("filter-{rows}.synctap"));
        generate(&path, rows);
        Store::open(&path, DECODER).unwrap()
    })
}

fn generate(path: &Path, rows: u64) {
    let store = Store::create(path, DECODER).unwrap();
    let writer = store.writer();
    for id in store.last_id().0 + 1..=rows {
        let exchange = exchange(id);
        let row = Row::new(&exchange, summary(id));
        writer.put(exchange, row);
    }
    store.close().unwrap();
}

const COMMANDS: [&str; 6] =
    ["Sync", "Ping", "Provision", "FolderSync", "Settings", "ItemOperations"];

fn exchange(id: u64) -> Exchange {
    let started = WallTime(1_700_000_000_000_000 + i64::try_from(id).unwrap() * 2_000);
    let mut exchange = Exchange::begin(ExchangeId(id), ConnId(id / 10), Kind::Http, started);
    exchange.client = format!("192.0.2.{}:50001", id % 200);
    exchange.host = format!("mail{}.example", id % 7);
    let command = COMMANDS[usize::try_from(id % 6).unwrap()];
    let (user, device) = (id % 997, device(id));
    let seen = |seen| BodyFacts { seen, kept: 0, ended: true };
    exchange.request = Some(Request {
        method: "POST".into(),
        target: format!(
            "/Microsoft-Server-ActiveSync?Cmd={command}&User=u{user}&DeviceId={device}&DeviceType=iPhone"
        ),
        version: "HTTP/1.1".into(),
        body: seen(0),
        ..Request::default()
    });
    exchange.response = Some(Response {
        status: if id.is_multiple_of(50) { 449 } else { 200 },
        version: "HTTP/1.1".into(),
        body: seen(id * 7_919 % 2_000_000),
        ..Response::default()
    });
    exchange.times.closed = Some(MonoTime(id * 104_729 % 5_000_000));
    exchange.state = State::Complete;
    exchange
}

fn summary(id: u64) -> Summary {
    Summary {
        protocol: Protocol::ActiveSync,
        version: "14.1".into(),
        device: device(id),
        user: format!("u{}@mail.example", id % 997),
        session: String::new(),
        command: COMMANDS[usize::try_from(id % 6).unwrap()].into(),
        status: if id.is_multiple_of(50) { "142" } else { "1" }.into(),
        policy_key: Some(PolicyKey(1_307_199_584)),
        facts: format!("key 1307199584, {} changes from the server", id % 90),
        level: if id.is_multiple_of(50) { Level::Warning } else { Level::Info },
    }
}

fn device(id: u64) -> String {
    format!("iPhone{}", id * 31 % 5_000)
}
