//! Lists over captures of recorded traffic, and over damaged ones.

use std::path::Path;
use std::sync::Arc;

use bytes::Bytes;
use rusqlite::Connection;
use synctap::engine::{DECODER_VERSION, Listing, Order, SortBy, Viewer};
use synctap::model::filter::{Field, Filter};
use synctap::model::{
    BodyFacts, ConnId, Exchange, ExchangeId, Header, Headers, Kind, Leg, Request, Response, Row,
    State, Summary, WallTime,
};
use synctap::store::Store;
use tempfile::TempDir;

use crate::playback::{self, Recorded};

/// Puts a recorded conversation into a capture, with rows that say nothing of the bodies.
fn capture(path: &Path, recorded: &[Recorded]) -> Arc<Store> {
    let store = Store::create(path, DECODER_VERSION).unwrap();
    let writer = store.writer();
    for (id, recorded) in (1..).zip(recorded) {
        let id = ExchangeId(id);
        let mut exchange = Exchange::begin(id, ConnId(1), Kind::Http, WallTime(0));
        let headers = |list: &[(String, String)]| {
            let header = |(name, value): &(String, String)| Header {
                name: name.clone(),
                value: value.clone(),
            };
            Headers(list.iter().map(header).collect())
        };
        let whole = |body: &[u8]| {
            let size = body.len() as u64;
            BodyFacts { seen: size, kept: size, ended: true }
        };
        exchange.request = Some(Request {
            method: recorded.method.clone(),
            target: recorded.target.clone(),
            headers: headers(&recorded.request_headers),
            body: whole(&recorded.request),
            ..Request::default()
        });
        exchange.response = Some(Response {
            status: recorded.status,
            headers: headers(&recorded.response_headers),
            body: whole(&recorded.response),
            ..Response::default()
        });
        exchange.state = State::Complete;
        for (leg, body) in [(Leg::Request, &recorded.request), (Leg::Response, &recorded.response)]
        {
            writer.append(id, leg, Bytes::copy_from_slice(body), || ());
        }
        let row = Row::new(&exchange, Summary::default());
        writer.put(exchange, row);
    }
    writer.flush();
    Arc::new(store)
}

/// Waits until everything was looked at.
fn finished(viewer: &Viewer, filter: &str, order: Order) -> Listing {
    let listing = viewer.listing(Filter::parse(filter).unwrap(), order, false);
    let mut revision = listing.revision();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    while !listing.progress().done {
        runtime.block_on(revision.changed()).unwrap();
    }
    listing
}

fn found(viewer: &Viewer, filter: &str) -> Vec<u64> {
    let rows = finished(viewer, filter, Order::default()).window(0, 999).unwrap();
    rows.iter().map(|row| row.id.0).collect()
}

#[test]
fn what_only_bodies_hold_is_found() {
    let folder = TempDir::new().unwrap();
    let recorded = playback::load("eas/zpush-14.0");
    let store = capture(&folder.path().join("a.synctap"), &recorded);
    let viewer = Viewer::of_capture(store, "a".into()).unwrap();
    let labelled = |part: &str| -> Vec<u64> {
        (1..).zip(&recorded).filter(|(_, r)| r.label.contains(part)).map(|(id, _)| id).collect()
    };
    let provision = found(&viewer, "tag = Provision");
    assert_eq!(provision, labelled("Provision"), "the token stands in WBXML alone");
    assert_eq!(found(&viewer, "tag:DevicePasswordEnabled").len(), 1);
    assert!(found(&viewer, "locuri").is_empty());
    let by_header = found(&viewer, "header ~ '^content-type: application/vnd.ms-sync'");
    assert!(by_header.len() > 10 && by_header.len() <= recorded.len());
    let all: Vec<u64> = (1..=recorded.len() as u64).collect();
    let (with, without) = (found(&viewer, "tag:SyncKey"), found(&viewer, "not tag:SyncKey"));
    assert!(!with.is_empty() && !without.is_empty());
    let mut both = [with, without].concat();
    both.sort_unstable();
    assert_eq!(both, all);
    let row = viewer.row(ExchangeId(provision[0])).unwrap().unwrap();
    assert!(viewer.passes(&Filter::parse("tag:provision").unwrap(), &row).unwrap());
    assert_eq!(
        viewer.body(row.id, Leg::Request).unwrap(),
        recorded[usize::try_from(provision[0]).unwrap() - 1].request
    );
}

#[test]
fn loc_uris_are_found_through_wbxml_and_xml() {
    let folder = TempDir::new().unwrap();
    let xml = "<SyncML><SyncBody><Get><Item><Target><LocURI>./DevDetail/SwV</LocURI></Target></Item></Get></SyncBody></SyncML>";
    let recorded = Recorded {
        label: "dm".into(),
        method: "POST".into(),
        target: "/dm".into(),
        request_headers: vec![("Content-Type".into(), "application/vnd.syncml.dm+xml".into())],
        request: xml.as_bytes().to_vec(),
        status: 200,
        response_headers: Vec::new(),
        response: Vec::new(),
    };
    let store = capture(&folder.path().join("a.synctap"), &[recorded]);
    let viewer = Viewer::of_capture(store, "a".into()).unwrap();
    assert_eq!(found(&viewer, "locuri ~ ^./devdetail/"), [1]);
    assert_eq!(found(&viewer, "swv"), [1], "a bare word looks everywhere");
    assert!(found(&viewer, "locuri:devinfo").is_empty());
}

#[test]
fn what_cannot_be_read_is_skipped() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("a.synctap");
    let recorded = playback::load("eas/zpush-14.0");
    drop(capture(&path, &recorded[..6]));
    let connection = Connection::open(&path).unwrap();
    connection.execute("UPDATE exchange SET facts = '{' WHERE position IN (1, 3)", []).unwrap();
    connection.execute("UPDATE summary SET line = '{' WHERE position = 3", []).unwrap();
    drop(connection);
    let store = Arc::new(Store::open(&path, DECODER_VERSION).unwrap());
    let viewer = Viewer::of_capture(store, "a".into()).unwrap();
    assert_eq!(found(&viewer, ""), [1, 2, 3, 5, 6], "one has neither row nor facts");
    assert_eq!(found(&viewer, "not tag:nothing"), [1, 3, 5, 6], "one has no bodies to look at");
    let order = Order { column: SortBy::Field(Field::Size), descending: true };
    let listing = finished(&viewer, "", order);
    assert_eq!(listing.window(0, 9).unwrap().len(), 5);
    assert_eq!(listing.progress().error, None);
}

#[test]
fn positions_beyond_reason_are_left_out_and_said_so() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("a.synctap");
    drop(capture(&path, &playback::load("eas/zpush-14.0")[..3]));
    let connection = Connection::open(&path).unwrap();
    for table in ["exchange", "summary"] {
        let far = format!("UPDATE {table} SET position = 9000000000000000000 WHERE position = 2");
        connection.execute(&far, []).unwrap();
    }
    drop(connection);
    let store = Arc::new(Store::open(&path, DECODER_VERSION).unwrap());
    let viewer = Viewer::of_capture(store, "a".into()).unwrap();
    let listing = finished(&viewer, "not mark", Order::default());
    assert_eq!(listing.count(), 2);
    assert!(listing.progress().error.unwrap().contains("damaged"));
}

#[test]
fn a_view_is_cleared_and_shown_again() {
    let folder = TempDir::new().unwrap();
    let store = capture(&folder.path().join("a.synctap"), &playback::load("eas/zpush-14.0")[..5]);
    let viewer = Viewer::of_capture(Arc::clone(&store), "a".into()).unwrap();
    let listing = viewer.listing(Filter::default(), Order::default(), false);
    let everything = viewer.listing(Filter::default(), Order::default(), true);
    assert_eq!((listing.count(), listing.progress().done), (5, true), "without a search");
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let mut revision = listing.revision();
    let mut until = |count| {
        while listing.count() != count {
            runtime.block_on(revision.changed()).unwrap();
        }
    };
    viewer.hide(&[ExchangeId(2)]);
    until(4);
    assert_eq!(listing.position(ExchangeId(3)).unwrap(), Some(1));
    assert_eq!(listing.position(ExchangeId(2)).unwrap(), None);
    viewer.clear();
    until(0);
    viewer.show_all();
    until(5);
    assert_eq!(everything.count(), 5);
    let newest = Order { descending: true, ..Order::default() };
    let newest = viewer.listing(Filter::default(), newest, false);
    let rows = newest.window(1, 2).unwrap();
    assert_eq!(rows.iter().map(|row| row.id.0).collect::<Vec<_>>(), [4, 3]);
    assert_eq!(newest.position(ExchangeId(1)).unwrap(), Some(4));
    assert!(newest.window(5, 2).unwrap().is_empty());
}
