//! Turns proxy events into exchanges in the store, decoded as soon as there is something to decode.
//!
//! One thread, so that events of one exchange stay in order and decoding never runs on the threads
//! that forward traffic.

use std::collections::HashMap;
use std::thread::{self, JoinHandle};

use bytes::{Bytes, BytesMut};
use tokio::sync::mpsc;

use crate::model::{Decoded, Exchange, ExchangeId, Leg};
use crate::proxy::{KeptBytes, ProxyEvent};
use crate::store::{Reader, Writer};

use super::meaning::{decode_leg, row_of};

/// Bytes of one body kept in memory until it ends; a longer one is read back from the capture.
const MEMORY_LIMIT: usize = 256 * 1024;

/// Most bytes of one body that are decoded for its list line. The detail view decodes all of it.
pub(super) const ROW_LIMIT: usize = 16 * 1024 * 1024;

/// Starts the thread; it ends when every sender of events is gone.
pub(super) fn spawn(
    events: mpsc::Receiver<ProxyEvent>,
    writer: Writer,
    reader: Reader,
) -> std::io::Result<JoinHandle<()>> {
    let pipeline = Pipeline { writer, reader, open: HashMap::new() };
    thread::Builder::new().name("pipeline".to_owned()).spawn(move || pipeline.run(events))
}

struct Pipeline {
    writer: Writer,
    reader: Reader,
    open: HashMap<ExchangeId, Open>,
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
        let row = row_of(&exchange, open.decoded_request.as_ref(), response.as_ref());
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
        decode_leg(exchange, leg, bytes)
    }
}
