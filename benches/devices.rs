//! What it takes to decode, explain and fold exchanges into devices.
//!
//! `cargo bench --bench devices`. One core; 100,000 exchanges of about 2 KB from 50 devices. Prints
//! exchanges a second and how much memory the process gained from the first tenth to the end.
#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::cast_precision_loss,
    reason = "a benchmark may panic and talks"
)]

use std::time::Instant;

use bytes::Bytes;
use synctap::analyze::{Sessions, annotate};
use synctap::codec::{Book, DocumentType, Hints, Preamble, decode, decode_as, encode};
use synctap::model::{
    BodyFacts, ConnId, Exchange, ExchangeId, Header, Headers, Kind, Leg, MonoTime, Request,
    Response, State, WallTime,
};

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
    let mut sessions = Sessions::new();
    let mut after_a_tenth = 0;
    let begun = Instant::now();
    for id in 1..=EXCHANGES {
        let exchange = exchange(id, &asked, &answered);
        let request = decode(asked.clone(), &hints(&exchange, Leg::Request));
        let response = decode(answered.clone(), &hints(&exchange, Leg::Response));
        let annotated = annotate(&exchange, Some(&request), Some(&response));
        sessions.observe(&exchange, Some(&request), Some(&response), &annotated);
        if id == EXCHANGES / 10 {
            after_a_tenth = resident();
        }
    }
    let took = begun.elapsed();
    let rate = EXCHANGES as f64 / took.as_secs_f64();
    let grown = resident().saturating_sub(after_a_tenth);
    println!("{EXCHANGES} exchanges of {} devices", sessions.devices().len());
    println!("{rate:.0} exchanges/s, memory grown by {grown} KiB since the first tenth");
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
