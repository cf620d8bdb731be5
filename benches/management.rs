//! What it takes to decode, explain and fold messages of device management into sessions.
//!
//! `cargo bench --bench management`. One core; 20,000 exchanges of two messages of about 2 KB each, from
//! 50 devices. Prints messages a second and how many commands the ledgers hold at the end.
#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::cast_precision_loss,
    reason = "a benchmark may panic and talks"
)]

use std::fmt::Write as _;
use std::time::Instant;

use bytes::Bytes;
use synctap::analyze::Sessions;
use synctap::codec::{Hints, decode};
use synctap::model::{
    BodyFacts, ConnId, Exchange, ExchangeId, Header, Headers, Kind, Leg, MonoTime, Request,
    Response, State, WallTime,
};

/// Exchanges folded.
const EXCHANGES: u64 = 20_000;

/// Devices they come from.
const DEVICES: u64 = 50;

const MEDIA: &str = "application/vnd.syncml.dm+xml";

fn main() {
    let mut sessions = Sessions::new();
    let bodies: Vec<(Bytes, Bytes)> = (0..EXCHANGES).map(bodies).collect();
    println!("bodies: {} and {} bytes", bodies[1].0.len(), bodies[1].1.len());
    let begun = Instant::now();
    for (number, (asked, answered)) in (0..).zip(&bodies) {
        let exchange = exchange(number, asked, answered);
        let request = decode(asked.clone(), &hints(Leg::Request));
        let response = decode(answered.clone(), &hints(Leg::Response));
        sessions.tell(&exchange, Some(&request), Some(&response));
    }
    let took = begun.elapsed();
    let rate = 2.0 * EXCHANGES as f64 / took.as_secs_f64();
    let all = sessions.syncml_sessions(true);
    let held: usize = all.iter().map(|session| session.entries.len()).sum();
    println!("{rate:.0} messages/s, {} sessions, {held} commands held", all.len());
}

fn hints(leg: Leg) -> Hints<'static> {
    Hints { content_type: MEDIA, target: "/dm", leg: Some(leg), ..Hints::default() }
}

/// A device and a server that never have enough: each message answers ten commands or asks for ten.
fn bodies(number: u64) -> (Bytes, Bytes) {
    let (device, turn) = (number % DEVICES, number / DEVICES);
    let (session, message) = (turn / 20 + 1, turn % 20 + 1);
    let header = |to: &str, from: &str| {
        format!(
            "<SyncML xmlns=\"SYNCML:SYNCML1.2\"><SyncHdr><VerDTD>1.2</VerDTD><VerProto>DM/1.2</VerProto><SessionID>{session}</SessionID><MsgID>{message}</MsgID><Target><LocURI>{to}</LocURI></Target><Source><LocURI>{from}</LocURI></Source></SyncHdr><SyncBody>"
        )
    };
    let (name, server) = (format!("urn:uuid:{device:032}"), "https://mdm.lab.test/dm");
    let status = |id: u64, message: u64, command: u64, verb: &str| {
        format!(
            "<Status><CmdID>{id}</CmdID><MsgRef>{message}</MsgRef><CmdRef>{command}</CmdRef><Cmd>{verb}</Cmd><Data>200</Data></Status>"
        )
    };
    let mut asked = header(server, &name);
    if message == 1 {
        asked.push_str("<Alert><CmdID>1</CmdID><Data>1201</Data></Alert><Replace><CmdID>2</CmdID><Item><Source><LocURI>./DevInfo/DevId</LocURI></Source><Data>x</Data></Item></Replace>");
    } else {
        asked.push_str(&status(1, message - 1, 0, "SyncHdr"));
        (2..12).for_each(|id| asked.push_str(&status(id, message - 1, id, "Replace")));
    }
    asked.push_str("<Final/></SyncBody></SyncML>");
    let mut answered = header(&name, server) + &status(1, message, 0, "SyncHdr");
    for id in 2..12 {
        let _ = write!(
            answered,
            "<Replace><CmdID>{id}</CmdID><Item><Target><LocURI>./Vendor/MSFT/Policy/Config/DeviceLock/MinDevicePasswordLength</LocURI></Target><Meta><Format xmlns=\"syncml:metinf\">int</Format></Meta><Data>{id}</Data></Item></Replace>"
        );
    }
    answered.push_str("<Final/></SyncBody></SyncML>");
    (asked.into(), answered.into())
}

fn exchange(number: u64, asked: &Bytes, answered: &Bytes) -> Exchange {
    let facts =
        |body: &Bytes| BodyFacts { seen: body.len() as u64, kept: body.len() as u64, ended: true };
    let headers = || Headers(vec![Header { name: "Content-Type".into(), value: MEDIA.into() }]);
    let began = WallTime(1_795_000_000_000_000 + i64::try_from(number).unwrap() * 1_000);
    let mut exchange = Exchange::begin(ExchangeId(number + 1), ConnId(1), Kind::Http, began);
    exchange.host = "mdm.lab.test".into();
    exchange.request = Some(Request {
        method: "POST".into(),
        target: "/dm?mode=Machine".into(),
        headers: headers(),
        body: facts(asked),
        ..Request::default()
    });
    exchange.response = Some(Response {
        status: 200,
        headers: headers(),
        body: facts(answered),
        ..Response::default()
    });
    exchange.times.closed = Some(MonoTime(500));
    exchange.state = State::Complete;
    exchange
}
