//! What it takes to decode, explain and fold exchanges into devices.
//!
//! `cargo bench --bench devices`. One core; 100,000 exchanges of about 2 KB from 50 devices, first from
//! memory, then from a capture file. Prints exchanges a second and how much memory the process gained
//! from the first tenth to the end.
#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::cast_precision_loss,
    reason = "a benchmark may panic and talks"
)]

use std::sync::Arc;
use std::time::Instant;

use bytes::Bytes;
use synctap::analyze::Sessions;
use synctap::codec::{Book, DocumentType, Hints, Preamble, decode, decode_as, encode};
use synctap::engine::{DECODER_VERSION, Viewer};
use synctap::model::{
    BodyFacts, ConnId, Exchange, ExchangeId, Header, Headers, Kind, Leg, MonoTime, Request,
    Response, Row, State, Summary, WallTime,
};
use synctap::store::Store;

/// Exchanges folded.
const EXCHANGES: u64 = 100_000;

/// Devices they come from.
const DEVICES: u64 = 50;

fn main() {
    let asked = wire(
        "<Sync xmlns=\"AirSync\"><Collections><Collection><SyncKey>77</SyncKey><CollectionId>5</CollectionId><GetChanges/><WindowSize>50</WindowSize></Collection></Collections></Sync>",
    );
    let item = |number: usize| {
        let text = "Some words of a message that is neither long nor short. ".repeat(8);
        format!(
            "<Add><ServerId>5:{number}</ServerId><ApplicationData><e:Subject>Hello {number}</e:Subject><e:From>a@example.org</e:From><e:Read>0</e:Read><b:Body><b:Type>1</b:Type><b:Data>{text}</b:Data></b:Body></ApplicationData></Add>"
        )
    };
    let items: String = (0..4).map(item).collect();
    let answered = wire(&format!(
        "<Sync xmlns=\"AirSync\" xmlns:e=\"Email\" xmlns:b=\"AirSyncBase\"><Collections><Collection><SyncKey>78</SyncKey><CollectionId>5</CollectionId><Status>1</Status><Commands>{items}</Commands></Collection></Collections></Sync>"
    ));
    println!("bodies: {} and {} bytes", asked.len(), answered.len());
    from_memory(&asked, &answered);
    from_a_capture(&asked, &answered);
}

/// Decodes, explains and folds what is at hand.
fn from_memory(asked: &Bytes, answered: &Bytes) {
    let mut sessions = Sessions::new();
    let mut after_a_tenth = 0;
    let begun = Instant::now();
    for id in 1..=EXCHANGES {
        let exchange = exchange(id, asked, answered);
        let request = decode(asked.clone(), &hints(&exchange, Leg::Request));
        let response = decode(answered.clone(), &hints(&exchange, Leg::Response));
        sessions.tell(&exchange, Some(&request), Some(&response));
        if id == EXCHANGES / 10 {
            after_a_tenth = resident();
        }
    }
    report("from memory", begun, after_a_tenth, sessions.devices().len());
}

/// Folds a capture file, as `synctap timeline` does.
fn from_a_capture(asked: &Bytes, answered: &Bytes) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("day.synctap");
    let store = Store::create(&path, DECODER_VERSION).unwrap();
    let writer = store.writer();
    for id in 1..=EXCHANGES {
        let exchange = exchange(id, asked, answered);
        writer.append(exchange.id, Leg::Request, asked.clone(), || ());
        writer.append(exchange.id, Leg::Response, answered.clone(), || ());
        let row = Row::new(&exchange, Summary::default());
        writer.put(exchange, row);
    }
    store.close().unwrap();
    let store = Arc::new(Store::open(&path, DECODER_VERSION).unwrap());
    let viewer = Viewer::of_capture(store, "day".to_owned()).unwrap();
    let (mut seen, mut after_a_tenth) = (0, 0);
    let begun = Instant::now();
    let known = viewer.history(&mut |_| {
        seen += 1;
        if seen == EXCHANGES / 10 {
            after_a_tenth = resident();
        }
    });
    assert_eq!(seen, EXCHANGES);
    report("from a capture", begun, after_a_tenth, known.unwrap().0.len());
}

fn report(what: &str, begun: Instant, after_a_tenth: u64, devices: usize) {
    let rate = EXCHANGES as f64 / begun.elapsed().as_secs_f64();
    let grown = resident().saturating_sub(after_a_tenth);
    println!(
        "{what}: {EXCHANGES} exchanges of {devices} devices, {rate:.0} exchanges/s, memory grown by {grown} KiB since the first tenth"
    );
}

fn exchange(id: u64, asked: &Bytes, answered: &Bytes) -> Exchange {
    let started = WallTime(1_795_000_000_000_000 + i64::try_from(id).unwrap() * 1_000_000);
    let mut exchange = Exchange::begin(ExchangeId(id), ConnId(id % 7), Kind::Http, started);
    exchange.host = "mail.example.org".into();
    let device = id % DEVICES;
    exchange.request = Some(Request {
        method: "POST".into(),
        target: format!(
            "/Microsoft-Server-ActiveSync?Cmd=Sync&User=u{device}&DeviceId=LAB{device}&DeviceType=LabPhone"
        ),
        headers: headers(&[("MS-ASProtocolVersion", "14.1"), ("X-MS-PolicyKey", "4107221")]),
        body: facts(asked),
        ..Request::default()
    });
    let headers = headers(&[]);
    exchange.response =
        Some(Response { status: 200, headers, body: facts(answered), ..Response::default() });
    exchange.times.response_end = Some(MonoTime(100_000));
    exchange.times.closed = Some(MonoTime(100_000));
    exchange.state = State::Complete;
    exchange
}

fn headers(more: &[(&str, &str)]) -> Headers {
    let all = more.iter().chain(&[("Content-Type", "application/vnd.ms-sync.wbxml")]);
    Headers(all.map(|(n, v)| Header { name: (*n).into(), value: (*v).into() }).collect())
}

fn facts(body: &Bytes) -> BodyFacts {
    BodyFacts { seen: body.len() as u64, kept: body.len() as u64, ended: true }
}

fn hints(exchange: &Exchange, leg: Leg) -> Hints<'_> {
    Hints {
        content_type: "application/vnd.ms-sync.wbxml",
        target: exchange.request.as_ref().map_or("", |request| request.path_and_query()),
        leg: Some(leg),
        ..Hints::default()
    }
}

fn wire(xml: &str) -> Bytes {
    let read = decode_as(Bytes::from(xml.to_owned()), DocumentType::Xml, &Hints::default());
    let (_, tree, bytes) = read.document().unwrap();
    let book = Book::by_name("ActiveSync").unwrap();
    encode(tree, bytes, &Preamble::canonical(book)).unwrap().into()
}

/// Resident memory in KiB, where the system tells.
fn resident() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    line.and_then(|line| line.trim().trim_end_matches(" kB").parse().ok()).unwrap_or_default()
}
