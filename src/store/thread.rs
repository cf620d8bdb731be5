//! The writer's thread: takes from the queue, commits in batches, lives through failures.

use std::collections::HashSet;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::Duration;

use rusqlite::hooks::Action;
use rusqlite::{Connection, ErrorCode, TransactionBehavior};

use crate::model::{Exchange, ExchangeId, Leg};

use super::backlog::Backlog;
use super::error::StoreError;
use super::lock::Lock;
use super::record::{Recorder, Tally};
use super::status::Shared;
use super::writer::{Message, Record};

/// Operations that may wait in the queue.
pub(super) const QUEUE: usize = 1_024;
/// Operations in one transaction at most.
const BATCH: usize = 64;
/// Body bytes in one transaction, about: one operation may go beyond it.
const BATCH_BYTES: usize = 1 << 20;
/// How often those are tried when nothing else is to be written.
const RETRY: Duration = Duration::from_secs(1);
/// As many pages as a file of SQLite can have (<https://www.sqlite.org/limits.html>, 13).
const MOST_PAGES: u64 = 0xffff_fffe;
/// How long closing waits for readers that keep the log's files.
const LEAVE: Duration = Duration::from_millis(200);

/// The thread's state. Fields are dropped in this order: the lock last.
#[derive(Debug)]
pub(super) struct Recording {
    connection: Connection,
    decoder: u32,
    queue: Receiver<Message>,
    shared: Arc<Shared>,
    /// Bodies with a hole: nothing more is added to them. Until the exchange closes.
    broken: HashSet<(ExchangeId, Leg)>,
    /// What could not be written and may be another time.
    backlog: Backlog,
    /// The file may not grow as far as the disk goes.
    limited: bool,
    path: PathBuf,
    _lock: Option<Lock>,
}

/// What comes after a batch.
#[derive(Debug)]
enum Then {
    More,
    Do(Message),
    Stop,
}

/// What became of some operations.
#[derive(Debug, Default)]
struct Outcome {
    tally: Tally,
    /// Why the last of them that failed did.
    trouble: Option<String>,
    /// Another program's lock was in the way, and will be for the rest of the batch.
    locked: Option<rusqlite::Error>,
}

impl Recording {
    /// Ready to [`run`](Self::run).
    ///
    /// # Errors
    /// When the connection cannot be watched.
    pub(super) fn new(
        mut connection: Connection,
        decoder: u32,
        queue: Receiver<Message>,
        shared: Arc<Shared>,
        path: PathBuf,
        lock: Option<Lock>,
    ) -> rusqlite::Result<Self> {
        let changed = Arc::clone(&shared);
        let watch = move |_: Action, _: &str, table: &str, position: i64| {
            if matches!(table, "summary" | "mark") {
                changed.changed_rows().touch(position.cast_unsigned());
            }
        };
        connection.update_hook(Some(watch))?;
        let (broken, backlog) = (HashSet::new(), Backlog::default());
        let limited = false;
        Ok(Self { connection, decoder, queue, shared, broken, backlog, limited, path, _lock: lock })
    }

    /// Works until told to stop, or until nobody is left who could tell.
    ///
    /// # Errors
    /// `Unsaved`, `CannotFold`.
    pub(super) fn run(mut self) -> Result<(), StoreError> {
        loop {
            let (batch, then) = self.next_batch();
            self.record(&batch);
            // Tells those who wait for their bytes to be written.
            drop(batch);
            match then {
                Then::More => {}
                Then::Stop => return self.finish(),
                // Who asked may have stopped waiting.
                Then::Do(Message::Flush(answer)) => drop(answer.try_send(())),
                Then::Do(Message::Limit(bytes)) => self.limit(bytes),
                #[cfg(test)]
                Then::Do(Message::Sabotage(action)) => (action.0)(&self.connection),
                Then::Do(Message::Record(_) | Message::Stop) => {}
            }
        }
    }

    /// A limit that could not be set is no reason not to record.
    fn limit(&mut self, bytes: Option<u64>) {
        let set = max_pages(&self.connection, bytes).and_then(|pages| {
            let set = format!("PRAGMA max_page_count = {pages}");
            self.connection.query_row(&set, [], |row| row.get::<_, i64>(0))
        });
        match set {
            Ok(_) => self.limited = bytes.is_some(),
            Err(error) => tracing::warn!(%error, "the capture's size is not limited"),
        }
    }

    /// Waits for an operation, then takes what is there already: nothing lies about uncommitted
    /// while the queue is empty, and under load transactions grow.
    fn next_batch(&self) -> (Vec<Record>, Then) {
        let mut batch = Vec::new();
        let mut size = 0_usize;
        let mut next = self.wait();
        loop {
            match next {
                Ok(Message::Record(record)) => {
                    if let Record::Append { bytes, .. } = &record {
                        size = size.saturating_add(bytes.len());
                    }
                    batch.push(record);
                }
                Ok(Message::Stop) | Err(RecvTimeoutError::Disconnected) => {
                    return (batch, Then::Stop);
                }
                Ok(other) => return (batch, Then::Do(other)),
                Err(RecvTimeoutError::Timeout) => return (batch, Then::More),
            }
            if batch.len() >= BATCH || size >= BATCH_BYTES {
                return (batch, Then::More);
            }
            next = self.queue.try_recv().map_err(|_| RecvTimeoutError::Timeout);
        }
    }

    fn wait(&self) -> Result<Message, RecvTimeoutError> {
        if self.backlog.is_empty() {
            self.queue.recv().map_err(|_| RecvTimeoutError::Disconnected)
        } else {
            self.queue.recv_timeout(RETRY)
        }
    }

    fn record(&mut self, batch: &[Record]) {
        if batch.is_empty() && self.backlog.is_empty() {
            return;
        }
        let mut outcome = self.retry();
        // Another program's lock costs seconds a try: one try a batch is enough.
        let result = match outcome.locked.take() {
            None => self.transact(batch),
            Some(error) => Err(error),
        };
        match result {
            Ok(tally) => outcome.tally.add(tally),
            Err(error) => {
                outcome.locked = is_busy(&error).then_some(error);
                self.one_by_one(batch, &mut outcome);
            }
        }
        self.shared.settle(outcome.tally, self.backlog.len(), outcome.trouble);
    }

    /// Writes operations in one transaction: all or none.
    fn transact(&mut self, batch: &[Record]) -> rusqlite::Result<Tally> {
        let mut tally = Tally::default();
        if batch.is_empty() {
            return Ok(tally);
        }
        let behavior = TransactionBehavior::Immediate;
        let transaction = self.connection.transaction_with_behavior(behavior)?;
        let recorder = Recorder { connection: &transaction, decoder: self.decoder };
        for record in batch {
            tally.add(write(recorder, record, &self.broken)?);
        }
        transaction.commit()?;
        for record in batch {
            if let Record::Put(put) = record {
                self.forget(&put.exchange);
            }
        }
        Ok(tally)
    }

    /// After a batch failed: finds out which of its operations do, and saves the others.
    fn one_by_one(&mut self, batch: &[Record], outcome: &mut Outcome) {
        for record in batch {
            let result = match outcome.locked.take() {
                None => self.transact(std::slice::from_ref(record)),
                Some(error) => Err(error),
            };
            match result {
                Ok(tally) => outcome.tally.add(tally),
                Err(error) => {
                    outcome.trouble = Some(self.reason(&error));
                    outcome.tally.lost += self.give_up(record, &error);
                    outcome.locked = is_busy(&error).then_some(error);
                }
            }
        }
    }

    /// What a failed operation leaves behind; returns how many operations are lost by it.
    fn give_up(&mut self, record: &Record, error: &rusqlite::Error) -> u64 {
        match record {
            Record::Append { id, leg, .. } => {
                self.broken.insert((*id, *leg));
                1
            }
            Record::Put(put) if may_pass(error) => {
                let evicted = self.backlog.hold(put);
                evicted.map_or(0, |evicted| self.abandon(&evicted.exchange))
            }
            Record::Put(put) => self.abandon(&put.exchange),
            Record::Mark(..) | Record::HideThrough(_) | Record::ShowAll => 1,
            // The older summary stays, and stays marked as old.
            Record::PutRow(_) => 0,
        }
    }

    /// Tries again what is held back, until one fails that way again.
    fn retry(&mut self) -> Outcome {
        let mut outcome = Outcome::default();
        while let Some(put) = self.backlog.take() {
            let record = [Record::Put(put)];
            let Err(error) = self.transact(&record).map(|tally| outcome.tally.add(tally)) else {
                continue;
            };
            outcome.trouble = Some(self.reason(&error));
            let [Record::Put(put)] = record else { continue };
            if may_pass(&error) {
                self.backlog.put_back(put);
                outcome.locked = is_busy(&error).then_some(error);
                break;
            }
            outcome.tally.lost += self.abandon(&put.exchange);
        }
        outcome
    }

    /// An exchange's newest state is in the file.
    fn forget(&mut self, exchange: &Exchange) {
        self.backlog.forget(exchange.id);
        self.mend(exchange);
    }

    /// An exchange's newest state will never be in the file: one operation is lost.
    fn abandon(&mut self, exchange: &Exchange) -> u64 {
        self.mend(exchange);
        1
    }

    /// Once an exchange is closed no more bytes come for it, and holes need not be remembered.
    fn mend(&mut self, exchange: &Exchange) {
        if !exchange.in_flight() {
            self.broken.remove(&(exchange.id, Leg::Request));
            self.broken.remove(&(exchange.id, Leg::Response));
        }
    }

    /// Why, in words for a status line.
    fn reason(&self, error: &rusqlite::Error) -> String {
        match error.sqlite_error_code() {
            Some(ErrorCode::DiskFull) if self.limited => {
                "the capture is as large as it may be, or the disk is full".to_owned()
            }
            Some(ErrorCode::DiskFull) => "the disk is full".to_owned(),
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => {
                "another program has locked the capture".to_owned()
            }
            _ => error.to_string(),
        }
    }

    /// Makes the file complete by itself.
    fn finish(mut self) -> Result<(), StoreError> {
        let last = self.retry();
        let unsaved = self.backlog.len();
        let late = self.queue.try_iter().filter(|late| matches!(late, Message::Record(_))).count();
        let lost = last.tally.lost + (unsaved + late) as u64;
        self.shared.settle(Tally { lost, ..last.tally }, 0, last.trouble.clone());
        let folded = self.fold();
        let path = self.path;
        if unsaved > 0 {
            let reason = last.trouble.unwrap_or_default();
            return Err(StoreError::Unsaved { exchanges: unsaved, reason });
        }
        match folded {
            Ok(true) => Ok(()),
            Ok(false) => Err(StoreError::CannotFold { path, source: None }),
            Err(source) => Err(StoreError::CannotFold { path, source: Some(source) }),
        }
    }

    /// Moves the log into the file; false when a reader is in the way.
    fn fold(&self) -> rusqlite::Result<bool> {
        let fold = "PRAGMA wal_checkpoint(TRUNCATE)";
        let busy: bool = self.connection.query_row(fold, [], |row| row.get(0))?;
        // Without a log the file can be read from a medium that cannot be written. Readers that
        // are still open prevent it; then the file is complete all the same.
        self.connection.busy_timeout(LEAVE)?;
        let left = self.connection.pragma_update(None, "journal_mode", "DELETE");
        Ok(!busy || left.is_ok())
    }
}

/// Writes one operation in the transaction that is open.
fn write(
    recorder: Recorder<'_>,
    record: &Record,
    broken: &HashSet<(ExchangeId, Leg)>,
) -> rusqlite::Result<Tally> {
    match record {
        Record::Put(put) => {
            recorder.put(&put.exchange, &put.row, |leg| broken.contains(&(put.exchange.id, leg)))
        }
        Record::PutRow(row) => recorder.put_row(row),
        Record::Mark(id, marking) => recorder.mark(*id, marking),
        Record::HideThrough(last) => recorder.hide_through(*last),
        Record::ShowAll => recorder.show_all(),
        Record::Append { id, leg, bytes, .. } => {
            let whole = !broken.contains(&(*id, *leg));
            let written = whole && recorder.append(*id, *leg, bytes)?;
            Ok(Tally { lost: u64::from(!written), last_id: *id, ..Tally::default() })
        }
    }
}

fn is_busy(error: &rusqlite::Error) -> bool {
    let code = error.sqlite_error_code();
    matches!(code, Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked))
}

/// True when the same operation may succeed another time.
fn may_pass(error: &rusqlite::Error) -> bool {
    matches!(
        error.sqlite_error_code(),
        Some(
            ErrorCode::CannotOpen
                | ErrorCode::DatabaseBusy
                | ErrorCode::DatabaseLocked
                | ErrorCode::DiskFull
                | ErrorCode::FileLockingProtocolFailed
                | ErrorCode::OperationInterrupted
                | ErrorCode::OutOfMemory
                | ErrorCode::PermissionDenied
                | ErrorCode::ReadOnly
                | ErrorCode::SystemIoFailure
        )
    )
}

/// Pages of the file that make up `bytes`; as many as there can be without a limit.
fn max_pages(connection: &Connection, bytes: Option<u64>) -> rusqlite::Result<u64> {
    let size: i64 = connection.pragma_query_value(None, "page_size", |row| row.get(0))?;
    let size = size.max(1).cast_unsigned();
    Ok(bytes.map_or(MOST_PAGES, |bytes| (bytes / size).clamp(1, MOST_PAGES)))
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use bytes::Bytes;
    use rusqlite::limits::Limit;

    use super::*;
    use crate::model::{BodyFacts, State};
    use crate::store::backlog::HELD;
    use crate::store::{Store, StoreStatus, Writer, sample};

    /// From here on the file cannot grow.
    fn fill_disk(store: &Store) {
        store.sabotage(|connection| {
            let pages: i64 =
                connection.pragma_query_value(None, "page_count", |row| row.get(0)).unwrap();
            connection.pragma_update(None, "max_page_count", pages).unwrap();
        });
    }

    fn free_disk(store: &Store) {
        store.sabotage(|connection| {
            connection.pragma_update(None, "max_page_count", 1 << 30).unwrap();
        });
    }

    fn append(writer: &Writer, id: u64, byte: u8) {
        let bytes = Bytes::from(vec![byte; CHUNK]);
        writer.append(ExchangeId(id), Leg::Response, bytes, || {});
    }

    fn put(writer: &Writer, exchange: Exchange) {
        let row = sample::row(&exchange);
        writer.put(exchange, row);
    }

    fn response(store: &Store, id: u64) -> BodyFacts {
        let exchange = store.reader().unwrap().exchange(ExchangeId(id)).unwrap().unwrap();
        exchange.response.unwrap().body
    }

    /// Longer than what free pages can take.
    const CHUNK: usize = 50_000;

    #[test]
    fn a_lost_chunk_ends_the_body_and_shows() {
        let dir = tempfile::tempdir().unwrap();
        let store = sample::capture(dir.path());
        let writer = store.writer();
        put(&writer, sample::in_flight(1));
        append(&writer, 1, b'a');
        writer.flush();
        fill_disk(&store);
        append(&writer, 1, b'b');
        writer.flush();
        let status = store.status();
        assert_eq!((status.lost, status.trouble.as_deref()), (1, Some("the disk is full")));
        assert!(status.trouble_since.is_some());

        free_disk(&store);
        append(&writer, 1, b'c');
        put(&writer, sample::complete(1, 0, 3 * CHUNK as u64));
        writer.flush();
        let expected = StoreStatus { recorded: 1, truncated: 1, lost: 2, ..StoreStatus::default() };
        assert_eq!(store.status(), expected, "and no trouble any more");
        let body = response(&store, 1);
        assert_eq!((body.seen, body.kept), (3 * CHUNK as u64, CHUNK as u64));
        let reader = store.reader().unwrap();
        let bytes = reader.body(ExchangeId(1), Leg::Response, usize::MAX).unwrap();
        assert_eq!(bytes, vec![b'a'; CHUNK], "the first bytes, without a hole");
        assert!(reader.row(ExchangeId(1)).unwrap().unwrap().truncated);
        store.close().unwrap();
    }

    #[test]
    fn a_hole_is_remembered_when_its_exchange_had_to_go_from_the_backlog() {
        let dir = tempfile::tempdir().unwrap();
        let store = sample::capture(dir.path());
        let writer = store.writer();
        append(&writer, 1, b'a');
        fill_disk(&store);
        append(&writer, 1, b'b');
        for id in 1..=HELD as u64 + 1 {
            put(&writer, Exchange { mode: "x".repeat(CHUNK), ..sample::in_flight(id) });
        }
        writer.flush();
        assert_eq!(store.status().lost, 2, "a chunk and an exchange");
        free_disk(&store);
        append(&writer, 1, b'c');
        put(&writer, sample::complete(1, 0, 3 * CHUNK as u64));
        writer.flush();
        assert_eq!(response(&store, 1).kept, CHUNK as u64);
    }

    #[test]
    fn an_exchange_in_flight_shows_its_loss_at_once() {
        let dir = tempfile::tempdir().unwrap();
        let store = sample::capture(dir.path());
        let writer = store.writer();
        put(&writer, sample::in_flight(1));
        writer.flush();
        fill_disk(&store);
        append(&writer, 1, b'a');
        writer.flush();
        free_disk(&store);
        let mut exchange = sample::complete(1, 0, CHUNK as u64);
        exchange.state = State::InFlight;
        put(&writer, exchange);
        writer.flush();
        assert_eq!(response(&store, 1).kept, 0);
        assert_eq!(store.status().truncated, 1);
    }

    #[test]
    fn exchanges_wait_and_are_saved_when_there_is_room() {
        let dir = tempfile::tempdir().unwrap();
        let store = sample::capture(dir.path());
        let writer = store.writer();
        for id in 1..=40 {
            put(&writer, sample::in_flight(id));
        }
        writer.flush();
        fill_disk(&store);
        for id in 1..=80 {
            put(&writer, sample::complete(id, 0, 0));
        }
        writer.flush();
        let status = store.status();
        assert!(status.waiting > 30 && status.trouble.is_some(), "{status:?}");
        assert_eq!(status.recorded + status.waiting, 80 + still_in_flight(&store));
        assert_eq!(status.lost, 0);

        free_disk(&store);
        writer.flush();
        let expected = StoreStatus { recorded: 80, ..StoreStatus::default() };
        assert_eq!(store.status(), expected);
        assert_eq!(store.reader().unwrap().closed_after(0, 99).unwrap().len(), 80);
        assert_eq!(still_in_flight(&store), 0);
    }

    fn still_in_flight(store: &Store) -> u64 {
        let reader = store.reader().unwrap();
        let rows = reader.window(0, 999).unwrap();
        rows.iter().filter(|row| row.duration.is_none()).count() as u64
    }

    #[test]
    fn only_so_many_wait_and_the_newest_state_of_each() {
        let dir = tempfile::tempdir().unwrap();
        let store = sample::capture(dir.path());
        let writer = store.writer();
        fill_disk(&store);
        let count = HELD as u64 + 100;
        for id in 1..=count {
            put(&writer, sample::in_flight(id));
        }
        put(&writer, sample::complete(count, 0, 0));
        writer.flush();
        let status = store.status();
        assert_eq!(status.waiting, HELD as u64);
        assert_eq!(status.recorded + status.waiting + status.lost, count);
        free_disk(&store);
        writer.flush();
        assert_eq!(store.status().waiting, 0);
        let last = store.reader().unwrap().exchange(ExchangeId(count)).unwrap().unwrap();
        assert_eq!(last.state, State::Complete);
    }

    #[test]
    fn a_newer_state_that_fits_is_not_undone_by_the_one_that_waited() {
        let dir = tempfile::tempdir().unwrap();
        let store = sample::capture(dir.path());
        let writer = store.writer();
        fill_disk(&store);
        let large = Exchange { mode: "x".repeat(CHUNK), ..sample::in_flight(1) };
        put(&writer, large);
        writer.flush();
        assert_eq!(store.status().waiting, 1);
        put(&writer, Exchange { mode: "newer".into(), ..sample::in_flight(1) });
        writer.flush();
        assert_eq!(store.status().waiting, 0);
        free_disk(&store);
        writer.flush();
        let found = store.reader().unwrap().exchange(ExchangeId(1)).unwrap().unwrap();
        assert_eq!(found.mode, "newer");
    }

    #[test]
    fn waiting_exchanges_are_tried_again_without_new_traffic() {
        let dir = tempfile::tempdir().unwrap();
        let store = sample::capture(dir.path());
        let writer = store.writer();
        fill_disk(&store);
        for id in 1..=40 {
            put(&writer, sample::complete(id, 0, 0));
        }
        writer.flush();
        assert!(store.status().waiting > 0);
        free_disk(&store);
        let mut changes = store.changes();
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            while store.status().waiting > 0 {
                changes.changed().await.unwrap();
            }
        });
        assert_eq!(store.status().recorded, 40);
    }

    #[test]
    fn closing_in_trouble_says_what_is_missing() {
        let dir = tempfile::tempdir().unwrap();
        let store = sample::capture(dir.path());
        fill_disk(&store);
        for id in 1..=40 {
            put(&store.writer(), sample::complete(id, 0, 0));
        }
        store.writer().flush();
        let waiting = store.status().waiting;
        assert!(waiting > 0);
        let error = store.close().unwrap_err();
        let StoreError::Unsaved { exchanges, reason } = error else { panic!("{error:?}") };
        assert_eq!((exchanges as u64, reason.as_str()), (waiting, "the disk is full"));
        assert_eq!(sample::capture(dir.path()).status().recorded, 40 - waiting);
    }

    #[test]
    fn another_programs_lock_is_outlived() {
        let dir = tempfile::tempdir().unwrap();
        let store = sample::capture(dir.path());
        store.sabotage(|connection| connection.busy_timeout(Duration::ZERO).unwrap());
        let writer = store.writer();
        let other = other_program(&dir.path().join("a.synctap"));
        put(&writer, sample::in_flight(1));
        append(&writer, 2, b'x');
        put(&writer, sample::complete(1, 0, 0));
        writer.flush();
        let status = store.status();
        assert_eq!((status.recorded, status.waiting, status.lost), (0, 1, 1));
        assert_eq!(status.trouble.as_deref(), Some("another program has locked the capture"));
        drop(other);
        writer.flush();
        let status = store.status();
        assert_eq!((status.recorded, status.waiting, status.trouble), (1, 0, None));
    }

    fn other_program(path: &Path) -> Connection {
        let other = Connection::open(path).unwrap();
        other.execute_batch("BEGIN IMMEDIATE").unwrap();
        other
    }

    #[test]
    fn what_can_never_be_written_is_lost_and_does_not_wait() {
        let dir = tempfile::tempdir().unwrap();
        let store = sample::capture(dir.path());
        let writer = store.writer();
        store.sabotage(|connection| {
            connection.set_limit(Limit::SQLITE_LIMIT_LENGTH, 4_000).unwrap();
        });
        let mut large = sample::in_flight(1);
        large.mode = "x".repeat(5_000);
        put(&writer, large);
        put(&writer, sample::in_flight(2));
        writer.flush();
        let status = store.status();
        assert_eq!((status.recorded, status.waiting, status.lost), (1, 0, 1));
        assert!(status.trouble.is_some());
        put(&writer, sample::in_flight(3));
        writer.flush();
        assert_eq!(store.status().trouble, None);
    }
}
