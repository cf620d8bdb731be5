//! Exchanges and captures for tests.

use std::path::Path;

use bytes::Bytes;

use crate::model::{
    BodyFacts, ConnId, Exchange, ExchangeId, Header, Headers, Kind, Leg, MonoTime, Request,
    Response, Row, State, Summary, WallTime,
};

use super::{Store, Writer};

/// The decoder version of rows in tests.
pub(super) const DECODER: u32 = 7;

/// A capture in `folder`, made or added to.
pub(super) fn capture(folder: &Path) -> Store {
    Store::create(&folder.join("a.synctap"), DECODER).unwrap()
}

/// Records an exchange as the engine does: in flight, its bodies, closed.
pub(super) fn record(writer: &Writer, id: u64, request: &[u8], response: &[u8]) {
    let open = in_flight(id);
    writer.put(open.clone(), row(&open));
    for (leg, body) in [(Leg::Request, request), (Leg::Response, response)] {
        writer.append(ExchangeId(id), leg, Bytes::copy_from_slice(body), || {});
    }
    let closed = complete(id, request.len() as u64, response.len() as u64);
    writer.put(closed.clone(), row(&closed));
}

/// An exchange in flight whose request head was read.
pub(super) fn in_flight(id: u64) -> Exchange {
    let mut exchange =
        Exchange::begin(ExchangeId(id), ConnId(id), Kind::Http, WallTime(1_700_000_000_000_000));
    exchange.host = "mail.example".into();
    exchange.client = "192.0.2.7:50001".into();
    exchange.request = Some(Request {
        method: "POST".into(),
        target: format!("/Microsoft-Server-ActiveSync?Cmd=Sync&n={id}"),
        version: "HTTP/1.1".into(),
        headers: Headers(vec![Header { name: "hOST".into(), value: "mail.example".into() }]),
        raw: format!("POST /{id} HTTP/1.1\r\nhOST: mail.example\r\n\r\n").into(),
        ..Request::default()
    });
    exchange
}

/// The same, answered and closed, with bodies of these lengths forwarded and said to be kept.
pub(super) fn complete(id: u64, request: u64, response: u64) -> Exchange {
    let mut exchange = in_flight(id);
    let whole = |length| BodyFacts { seen: length, kept: length, ended: true };
    if let Some(head) = &mut exchange.request {
        head.body = whole(request);
    }
    exchange.response = Some(Response {
        status: 200,
        version: "HTTP/1.1".into(),
        raw: "HTTP/1.1 200 OK\r\n\r\n".into(),
        body: whole(response),
        ..Response::default()
    });
    exchange.times.closed = Some(MonoTime(1_234));
    exchange.state = State::Complete;
    exchange
}

/// Its row.
pub(super) fn row(exchange: &Exchange) -> Row {
    let device = format!("device {}", exchange.id);
    Row::new(exchange, Summary { device, ..Summary::default() })
}
