//! The door for writing: operations into a bounded queue.

use std::fmt;
use std::sync::Arc;
use std::sync::mpsc::{self, SendError, SyncSender};

use bytes::Bytes;

use crate::model::{Exchange, ExchangeId, Leg, Marking, Row};

use super::status::Shared;

/// Writes to a capture. Cheap to clone; every clone feeds the same queue, and what one clone
/// queues is written in that order. Calls return at once unless the queue is full (1,024
/// operations), then they wait for the disk: not for an async task's own thread.
///
/// Nothing here fails: what could not be written shows in [`super::StoreStatus`].
#[derive(Debug, Clone)]
pub struct Writer {
    pub(super) queue: SyncSender<Message>,
    pub(super) shared: Arc<Shared>,
}

/// What the writer's thread is told.
#[derive(Debug)]
pub(super) enum Message {
    /// Write this.
    Record(Record),
    /// Answer when everything before is committed.
    Flush(SyncSender<()>),
    /// The file may grow to this many bytes; `None` is as far as the disk goes.
    Limit(Option<u64>),
    /// Write what is queued before this, fold the log and end.
    Stop,
    /// Do this to the writer's connection, for tests that break it.
    #[cfg(test)]
    Sabotage(Sabotage),
}

/// One operation.
#[derive(Debug)]
pub(super) enum Record {
    /// An exchange and its row.
    Put(Box<Put>),
    /// The next bytes of a body.
    Append {
        /// Whose.
        id: ExchangeId,
        /// Which half.
        leg: Leg,
        /// The bytes.
        bytes: Bytes,
        /// Called when the operation is over, one way or the other; held for that alone.
        #[expect(dead_code, reason = "its drop is the call")]
        done: Done,
    },
    /// A rebuilt summary.
    PutRow(Box<Row>),
    /// The user's word about one exchange.
    Mark(ExchangeId, Box<Marking>),
    /// Deletes everything up to this exchange from view.
    HideThrough(ExchangeId),
    /// Takes back everything that was deleted from view.
    ShowAll,
}

/// An exchange as it is now, and its row.
#[derive(Debug, Clone)]
pub(super) struct Put {
    /// The facts.
    pub(super) exchange: Exchange,
    /// The line of the list.
    pub(super) row: Row,
}

/// Calls its function when it is dropped, so that no way out forgets it.
pub(super) struct Done(Option<Box<dyn FnOnce() + Send>>);

/// A test's hand in the machine.
#[cfg(test)]
pub(super) struct Sabotage(pub(super) Box<dyn FnOnce(&rusqlite::Connection) + Send>);

/// Why an operation was refused when there is no thread to take it.
pub(super) const NOT_RECORDING: &str = "the capture is not being recorded to";

impl Writer {
    /// Writes an exchange and its row; a known id is updated.
    ///
    /// The exchange closes with the first state other than in flight. Its body bytes must have
    /// been queued before that: later ones are dropped and counted as lost, and `kept` is
    /// corrected to what is in the file.
    pub fn put(&self, exchange: Exchange, row: Row) {
        self.send(Record::Put(Box::new(Put { exchange, row })));
    }

    /// Adds `bytes` to the end of what is kept of a body. `done` is called once they are written
    /// or given up, on the writer's thread: it must be quick, and must not call this writer.
    pub fn append(
        &self,
        id: ExchangeId,
        leg: Leg,
        bytes: Bytes,
        done: impl FnOnce() + Send + 'static,
    ) {
        self.send(Record::Append { id, leg, bytes, done: Done(Some(Box::new(done))) });
    }

    /// Replaces the summary of a known exchange by `row`'s, as made by the present decoder; the
    /// rest of the row follows from the facts in the capture. An unknown id is ignored.
    pub fn put_row(&self, row: Row) {
        self.send(Record::PutRow(Box::new(row)));
    }

    /// Keeps what the user says of an exchange. An id that is not in the file is ignored; one that
    /// cannot be written counts as lost.
    pub fn mark(&self, id: ExchangeId, marking: Marking) {
        self.send(Record::Mark(id, Box::new(marking)));
    }

    /// Deletes everything up to and including this exchange, in the order of the list, from view.
    pub fn hide_through(&self, last: ExchangeId) {
        self.send(Record::HideThrough(last));
    }

    /// Takes back everything that was deleted from view.
    pub fn show_all(&self) {
        self.send(Record::ShowAll);
    }

    /// Waits until everything this writer queued before is committed or given up.
    pub fn flush(&self) {
        let (answer, answered) = mpsc::sync_channel(1);
        if self.queue.send(Message::Flush(answer)).is_ok() {
            // An error means that the thread has ended, having written what it could.
            let _ = answered.recv();
        }
    }

    fn send(&self, record: Record) {
        if let Err(SendError(message)) = self.queue.send(Message::Record(record)) {
            drop(message);
            self.shared.lose(NOT_RECORDING);
        }
    }
}

impl Drop for Done {
    fn drop(&mut self) {
        if let Some(done) = self.0.take() {
            done();
        }
    }
}

impl fmt::Debug for Done {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Done")
    }
}

#[cfg(test)]
impl fmt::Debug for Sabotage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Sabotage")
    }
}
