//! Turns proxy events into exchanges in the store, decoded as soon as there is something to decode.
//!
//! One thread, so that events of one exchange stay in order and decoding never runs on the threads
//! that forward traffic.

use std::collections::HashMap;
use std::sync::Arc;
use std::thread::{self, JoinHandle};

use bytes::{Bytes, BytesMut};
use tokio::sync::mpsc;

use crate::model::{Decoded, Exchange, ExchangeId, Leg};
use crate::proxy::{KeptBytes, ProxyEvent};
use crate::seal::Keyring;
use crate::store::{Reader, Writer};

use super::device_states::Story;
use super::folds::Folds;
use super::meaning::{ROW_LIMIT, decode_knowing, row_of};

/// Bytes of one body kept in memory until it ends; a longer one is read back from the capture.
const MEMORY_LIMIT: usize = 256 * 1024;

/// Starts the thread; it ends when every sender of events is gone.
pub(super) fn spawn(
    events: mpsc::Receiver<ProxyEvent>,
    writer: Writer,
    reader: Reader,
    keyring: Arc<Keyring>,
) -> std::io::Result<JoinHandle<()>> {
    let work = move || {
        let (folds, reader) = Story::resumed(reader, &keyring);
        Pipeline { writer, reader, open: HashMap::new(), folds }.run(events);
    };
    thread::Builder::new().name("pipeline".to_owned()).spawn(work)
}

struct Pipeline {
    writer: Writer,
    reader: Reader,
    open: HashMap<ExchangeId, Open>,
    folds: Folds,
}

/// What is held of an exchange in flight.
#[derive(Default)]
struct Open {
    request: Kept,
    response: Kept,
    decoded_request: Option<Decoded>,
}

/// The first bytes of a body, as long as they are few.
#[derive(Default)]
struct Kept {
    bytes: BytesMut,
    overflowed: bool,
}

impl Kept {
    fn push(&mut self, bytes: &Bytes) {
        if self.overflowed || self.bytes.len() + bytes.len() > MEMORY_LIMIT {
            self.overflowed = true;
            self.bytes = BytesMut::new();
        } else {
            self.bytes.extend_from_slice(bytes);
        }
    }
}

impl Pipeline {
    fn run(mut self, mut events: mpsc::Receiver<ProxyEvent>) {
        while let Some(event) = events.blocking_recv() {
            match event {
                ProxyEvent::Exchange(exchange) => self.snapshot(*exchange),
                ProxyEvent::Body { id, leg, bytes } => self.body(id, leg, bytes),
            }
        }
        self.writer.flush();
    }

    fn body(&mut self, id: ExchangeId, leg: Leg, kept: KeptBytes) {
        let open = self.open.entry(id).or_default();
        match leg {
            Leg::Request => open.request.push(kept.bytes()),
            Leg::Response => open.response.push(kept.bytes()),
        }
        // The budget of the copy is given back once the bytes are in the capture.
        self.writer.append(id, leg, kept.bytes().clone(), move || drop(kept));
    }

    fn snapshot(&mut self, exchange: Exchange) {
        let id = exchange.id;
        let mut open = self.open.remove(&id).unwrap_or_default();
        let request = exchange.request.as_ref();
        let request_over = request.is_some_and(|r| r.body.ended) || !exchange.in_flight();
        if open.decoded_request.is_none() && request.is_some() && request_over {
            let copy = std::mem::take(&mut open.request);
            open.decoded_request = Some(self.decode(&exchange, Leg::Request, copy));
        }
        let response = (exchange.response.is_some() && !exchange.in_flight()).then(|| {
            let copy = std::mem::take(&mut open.response);
            self.decode(&exchange, Leg::Response, copy)
        });
        let request = open.decoded_request.as_ref();
        let row = row_of(&exchange, request, response.as_ref(), &mut self.folds);
        if exchange.in_flight() {
            self.open.insert(id, open);
        }
        self.writer.put(exchange, row);
    }

    fn decode(&self, exchange: &Exchange, leg: Leg, copy: Kept) -> Decoded {
        let bytes = if copy.overflowed {
            self.writer.flush();
            self.reader.body(exchange.id, leg, ROW_LIMIT).unwrap_or_default()
        } else {
            copy.bytes.freeze()
        };
        decode_knowing(exchange, leg, bytes, &self.folds)
    }
}

#[cfg(test)]
mod tests {
    use tempfile::TempDir;

    use super::*;
    use crate::model::{BodyFacts, ConnId, Kind, Request, Response, Row, State, WallTime};
    use crate::store::Store;

    /// A `FolderSync` request with `SyncKey` 0.
    const FOLDER_SYNC: &[u8] = b"\x03\x01\x6a\x00\x00\x07\x56\x52\x03\x30\x00\x01\x01";

    struct Bench {
        store: Store,
        events: mpsc::Sender<ProxyEvent>,
        thread: JoinHandle<()>,
        _folder: TempDir,
    }

    impl Bench {
        fn new() -> Self {
            let folder = tempfile::tempdir().unwrap();
            let store = Store::create(&folder.path().join("test.synctap"), 1).unwrap();
            let (events, inbox) = mpsc::channel(16);
            let thread =
                spawn(inbox, store.writer(), store.reader().unwrap(), Arc::default()).unwrap();
            Self { store, events, thread, _folder: folder }
        }

        fn snapshot(&self, exchange: &Exchange) {
            self.events.blocking_send(ProxyEvent::Exchange(Box::new(exchange.clone()))).unwrap();
        }

        fn body(&self, leg: Leg, bytes: &[u8]) {
            let bytes = KeptBytes::from(Bytes::copy_from_slice(bytes));
            self.events.blocking_send(ProxyEvent::Body { id: ExchangeId(1), leg, bytes }).unwrap();
        }

        /// What the list shows once everything sent is taken in.
        fn row(self) -> Row {
            drop(self.events);
            self.thread.join().unwrap();
            self.store.reader().unwrap().row(ExchangeId(1)).unwrap().unwrap()
        }
    }

    fn exchange(body: BodyFacts) -> Exchange {
        let mut exchange = Exchange::begin(ExchangeId(1), ConnId(1), Kind::Http, WallTime(0));
        let target = "/Microsoft-Server-ActiveSync?Cmd=FolderSync&DeviceId=phone1".to_owned();
        exchange.request =
            Some(Request { method: "POST".into(), target, body, ..Request::default() });
        exchange
    }

    fn whole(bytes: &[u8]) -> BodyFacts {
        BodyFacts { seen: bytes.len() as u64, kept: bytes.len() as u64, ended: true }
    }

    #[test]
    fn a_request_is_decoded_before_its_answer() {
        let bench = Bench::new();
        bench.snapshot(&exchange(BodyFacts::default()));
        bench.body(Leg::Request, FOLDER_SYNC);
        bench.snapshot(&exchange(whole(FOLDER_SYNC)));
        let row = bench.row();
        assert_eq!(row.progress, crate::model::Progress::InFlight);
        assert_eq!(row.summary.command, "FolderSync");
        assert!(row.summary.facts.contains("sync key 0"), "{}", row.summary.facts);
    }

    #[test]
    fn a_body_longer_than_memory_is_read_back_from_the_capture() {
        let bench = Bench::new();
        let mut xml = b"<SyncML><SyncHdr><MsgID>7</MsgID></SyncHdr><SyncBody><!--".to_vec();
        xml.resize(MEMORY_LIMIT + 5000, b'x');
        xml.extend(b"--><Final/></SyncBody></SyncML>");
        let mut exchange = exchange(BodyFacts::default());
        exchange.request.as_mut().unwrap().target = "/dm".into();
        bench.snapshot(&exchange);
        xml.chunks(100_000).for_each(|piece| bench.body(Leg::Request, piece));
        exchange.request.as_mut().unwrap().body = whole(&xml);
        exchange.response = Some(Response { status: 200, ..Response::default() });
        exchange.state = State::Complete;
        bench.snapshot(&exchange);
        let row = bench.row();
        assert_eq!(row.request_size, xml.len() as u64);
        assert!(row.summary.facts.contains("msg 7"), "{}", row.summary.facts);
    }
}
