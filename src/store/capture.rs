//! One capture, open.

use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::{self, SyncSender};
use std::thread::{Builder, JoinHandle};

use tokio::sync::watch;

use crate::model::ExchangeId;

use super::connect::{self, Access, Opened, ReadOnlyCause, Source};
use super::error::StoreError;
use super::journal::Journal;
use super::reader::Reader;
use super::status::{Shared, StoreStatus};
use super::temporary::TemporaryFolder;
use super::thread::{QUEUE, Recording};
use super::writer::{Message, Writer};

/// One capture. Owns the thread that writes it; dropping it closes the capture like
/// [`Store::close`], without the error. Close it after its readers: while one lives, the (empty)
/// log's files stay beside the capture until that one is dropped.
#[derive(Debug)]
pub struct Store {
    source: Source,
    access: Access,
    decoder: u32,
    made: bool,
    shared: Arc<Shared>,
    queue: SyncSender<Message>,
    thread: Option<JoinHandle<Result<(), StoreError>>>,
    /// What goes with it; dropped last.
    folder: Option<TemporaryFolder>,
}

impl Store {
    /// Opens the capture at `path` to record to it. A missing or empty file becomes a new capture
    /// of mode 0600; an existing capture is added to, and what was in flight in it is marked as
    /// cut off. `decoder_version` (from 1) is that of the decoder whose rows will be put.
    ///
    /// # Errors
    /// `NotACapture` (the file is left as it is), `NewerVersion`, `Locked` when another synctap
    /// records to it, `CannotOpen`, `CannotStart`.
    pub fn create(path: &Path, decoder_version: u32) -> Result<Self, StoreError> {
        Self::start(connect::create(path)?, decoder_version)
    }

    /// Opens the existing capture at `path`, and marks as cut off what was in flight in it. It is
    /// opened for reading only when it cannot be written (permissions, a full disk) or another
    /// synctap records to it; see [`Store::access`]. Then nothing is marked.
    ///
    /// # Errors
    /// `NotACapture` (also for an empty file), `NewerVersion`, `NeedsUpgrade`, `CannotOpen`,
    /// `CannotStart`.
    pub fn open(path: &Path, decoder_version: u32) -> Result<Self, StoreError> {
        Self::start(connect::open(path)?, decoder_version)
    }

    /// A new capture in a temporary folder of mode 0700. It is gone when this is dropped, which should be
    /// after its readers.
    ///
    /// # Errors
    /// As [`Store::create`].
    pub fn temporary(decoder_version: u32) -> Result<Self, StoreError> {
        let folder = TemporaryFolder::new().map_err(|error| {
            let path = std::env::temp_dir();
            StoreError::CannotOpen { path, source: error.into() }
        })?;
        let store = Self::create(&folder.path().join("body.synctap"), decoder_version)?;
        Ok(store.in_folder(folder))
    }

    /// The capture's resolved path.
    pub fn path(&self) -> &Path {
        self.source.path()
    }

    /// Whether the capture can be added to.
    pub fn access(&self) -> Access {
        self.access
    }

    /// A door for writing. On a capture opened for reading only, what it is given is lost.
    pub fn writer(&self) -> Writer {
        Writer { queue: self.queue.clone(), shared: Arc::clone(&self.shared) }
    }

    /// A door for reading, with a connection of its own.
    ///
    /// # Errors
    /// `CannotOpen` or `Query` when the file is gone or no longer readable.
    pub fn reader(&self) -> Result<Reader, StoreError> {
        Reader::open(&self.source, self.decoder)
    }

    /// The largest id in the capture, 0 in an empty one: a new run numbers on from here.
    pub fn last_id(&self) -> ExchangeId {
        self.shared.last_id()
    }

    /// Changes after every commit: what a reader sees then is durable. Also when the status
    /// changed without one. Silent about what another process writes.
    pub fn changes(&self) -> watch::Receiver<u64> {
        self.shared.changes()
    }

    /// Tells which rows change from now on.
    pub fn journal(&self) -> Journal {
        Journal::new(Arc::clone(&self.shared))
    }

    /// How recording goes. Of a capture opened for reading only: as it was then.
    pub fn status(&self) -> StoreStatus {
        self.shared.status()
    }

    /// From here on the file may grow to `bytes` (counted in whole pages, the log beside it not
    /// included), or without a limit. One that it exceeds already stops it where it is. What finds no
    /// room is treated as on a full disk: see the room's charter.
    pub fn limit(&self, bytes: Option<u64>) {
        // An error means that nobody records to it.
        drop(self.queue.send(Message::Limit(bytes)));
    }

    /// Writes what is queued, folds the log into the file and lets go of it. Writers that are left
    /// lose what they are given from here on.
    ///
    /// # Errors
    /// `Unsaved` when exchanges still waited because writing failed; `CannotFold` when everything
    /// is recorded but the `-wal` file must stay beside the capture; `WriterDied` after a bug.
    pub fn close(mut self) -> Result<(), StoreError> {
        self.stop()
    }

    /// Closes a capture that is not needed after all, and removes the file if it was made for
    /// this and nothing was recorded.
    ///
    /// # Errors
    /// As [`Store::close`]; `CannotOpen` when the file cannot be removed.
    pub fn discard(mut self) -> Result<(), StoreError> {
        self.stop()?;
        if !self.made || self.last_id() != ExchangeId(0) {
            return Ok(());
        }
        let path = self.source.path();
        std::fs::remove_file(path)
            .map_err(|error| StoreError::CannotOpen { path: path.to_owned(), source: error.into() })
    }

    fn start(opened: Opened, decoder: u32) -> Result<Self, StoreError> {
        let Opened { connection, source, access, lock, made } = opened;
        let shared = Arc::new(Shared::read(&connection)?);
        let (queue, received) = mpsc::sync_channel(QUEUE);
        let thread = match access {
            // Nobody receives: writers find that out with their first operation.
            Access::ReadOnly(ReadOnlyCause::InUse | ReadOnlyCause::NotWritable) => None,
            Access::ReadWrite => {
                let path = source.path().to_owned();
                let shared = Arc::clone(&shared);
                let recording = Recording::new(connection, decoder, received, shared, path, lock)?;
                let thread = Builder::new().name("capture-writer".into());
                let spawned = thread.spawn(move || recording.run());
                Some(spawned.map_err(|source| StoreError::CannotStart { source })?)
            }
        };
        Ok(Self { source, access, decoder, made, shared, queue, thread, folder: None })
    }

    fn in_folder(mut self, folder: TemporaryFolder) -> Self {
        self.folder = Some(folder);
        self
    }

    fn stop(&mut self) -> Result<(), StoreError> {
        let Some(thread) = self.thread.take() else { return Ok(()) };
        // An error means that it has ended already.
        drop(self.queue.send(Message::Stop));
        thread.join().unwrap_or(Err(StoreError::WriterDied))
    }

    /// Does something to the writer's connection, in the order of the queue.
    #[cfg(test)]
    pub(super) fn sabotage(&self, action: impl FnOnce(&rusqlite::Connection) + Send + 'static) {
        use super::writer::Sabotage;
        self.queue.send(Message::Sabotage(Sabotage(Box::new(action)))).unwrap();
    }
}

impl Drop for Store {
    fn drop(&mut self) {
        drop(self.stop());
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::io::{BufRead, BufReader};
    use std::process::{Command, Stdio};
    use std::sync::atomic::{AtomicU64, Ordering};

    use bytes::Bytes;

    use super::*;
    use crate::model::{Leg, State};
    use crate::store::sample;

    fn files(folder: &Path) -> Vec<String> {
        let names = fs::read_dir(folder).unwrap();
        names.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
    }

    #[test]
    fn close_leaves_the_file_alone_and_complete() {
        let dir = tempfile::tempdir().unwrap();
        let store = sample::capture(dir.path());
        sample::record(&store.writer(), 1, b"ask", b"answer");
        store.close().unwrap();
        assert_eq!(files(dir.path()), ["a.synctap"]);
        let copy = dir.path().join("copy");
        fs::copy(dir.path().join("a.synctap"), &copy).unwrap();
        let store = Store::open(&copy, sample::DECODER).unwrap();
        let reader = store.reader().unwrap();
        assert_eq!(reader.body(ExchangeId(1), Leg::Response, 99).unwrap(), "answer");
    }

    #[test]
    fn only_an_empty_capture_of_ones_own_is_discarded() {
        let dir = tempfile::tempdir().unwrap();
        sample::capture(dir.path()).discard().unwrap();
        assert_eq!(files(dir.path()), [""; 0]);
        let store = sample::capture(dir.path());
        sample::record(&store.writer(), 1, b"ask", b"answer");
        store.writer().flush();
        store.discard().unwrap();
        sample::capture(dir.path()).discard().unwrap();
        assert_eq!(files(dir.path()), ["a.synctap"]);
    }

    #[test]
    fn a_reader_that_outlives_the_store_costs_only_empty_companions() {
        let dir = tempfile::tempdir().unwrap();
        let store = sample::capture(dir.path());
        let reader = store.reader().unwrap();
        assert_eq!(reader.count().unwrap(), 0, "from here on it holds the log's files");
        sample::record(&store.writer(), 1, b"ask", b"answer");
        store.close().unwrap();
        assert_eq!(reader.count().unwrap(), 1);
        assert_eq!(fs::metadata(dir.path().join("a.synctap-wal")).unwrap().len(), 0);
        drop(reader);
        assert_eq!(files(dir.path()), ["a.synctap"]);
    }

    #[test]
    fn a_reader_in_the_middle_of_its_reading_keeps_the_log() {
        let dir = tempfile::tempdir().unwrap();
        let store = sample::capture(dir.path());
        let other = rusqlite::Connection::open(store.path()).unwrap();
        sample::record(&store.writer(), 1, b"ask", b"answer");
        store.writer().flush();
        other.execute_batch("BEGIN; SELECT count(*) FROM exchange").unwrap();
        sample::record(&store.writer(), 2, b"ask", b"answer");
        store.sabotage(|writer| writer.busy_timeout(std::time::Duration::ZERO).unwrap());
        let error = store.close().unwrap_err();
        assert!(matches!(error, StoreError::CannotFold { source: None, .. }), "{error:?}");
        drop(other);
        assert_eq!(sample::capture(dir.path()).status().recorded, 2);
    }

    #[test]
    fn a_temporary_capture_leaves_nothing() {
        let store = Store::temporary(sample::DECODER).unwrap();
        sample::record(&store.writer(), 1, b"ask", b"answer");
        store.writer().flush();
        let folder = store.path().parent().unwrap().to_owned();
        let reader = store.reader().unwrap();
        assert_eq!(reader.body(ExchangeId(1), Leg::Response, 99).unwrap(), "answer");
        drop(reader);
        drop(store);
        assert!(!folder.exists());
    }

    #[test]
    fn dropping_closes_too() {
        let dir = tempfile::tempdir().unwrap();
        let store = sample::capture(dir.path());
        let writer = store.writer();
        sample::record(&writer, 1, b"ask", b"answer");
        drop(store);
        assert_eq!(files(dir.path()), ["a.synctap"]);
        sample::record(&writer, 2, b"late", b"late");
        writer.flush();
    }

    #[test]
    fn a_new_run_numbers_on_and_appends() {
        let dir = tempfile::tempdir().unwrap();
        let store = sample::capture(dir.path());
        sample::record(&store.writer(), 1, b"", b"");
        let open = sample::in_flight(4);
        store.writer().put(open.clone(), sample::row(&open));
        store.writer().flush();
        assert_eq!(store.last_id(), ExchangeId(4));
        store.close().unwrap();

        let store = sample::capture(dir.path());
        assert_eq!(store.last_id(), ExchangeId(4));
        assert_eq!(store.status().recorded, 2);
        sample::record(&store.writer(), 5, b"x", b"y");
        store.writer().flush();
        let reader = store.reader().unwrap();
        assert_eq!(reader.exchange(ExchangeId(4)).unwrap().unwrap().state, State::CutOff);
        assert_eq!(reader.position(ExchangeId(5)).unwrap(), Some(2));
        let closed: Vec<_> = reader.closed_after(0, 9).unwrap().iter().map(|c| c.1.0).collect();
        assert_eq!(closed, [1, 4, 5]);
    }

    #[test]
    fn the_number_of_a_body_without_exchange_is_taken() {
        let dir = tempfile::tempdir().unwrap();
        let store = sample::capture(dir.path());
        store.writer().append(ExchangeId(9), Leg::Request, Bytes::from_static(b"x"), || {});
        store.close().unwrap();
        assert_eq!(sample::capture(dir.path()).last_id(), ExchangeId(9));
    }

    #[test]
    fn the_status_counts() {
        let dir = tempfile::tempdir().unwrap();
        let store = sample::capture(dir.path());
        let mut changes = store.changes();
        changes.mark_unchanged();
        sample::record(&store.writer(), 1, b"ask", b"answer");
        let truncated = sample::complete(2, 0, 25);
        store.writer().put(truncated.clone(), sample::row(&truncated));
        store.writer().flush();
        assert!(changes.has_changed().unwrap());
        let expected = StoreStatus { recorded: 2, truncated: 1, ..StoreStatus::default() };
        assert_eq!(store.status(), expected);
        store.close().unwrap();
        assert_eq!(sample::capture(dir.path()).status(), expected);
    }

    #[test]
    fn a_closed_exchange_is_never_seen_without_its_bodies() {
        const COUNT: u64 = 300;
        let dir = tempfile::tempdir().unwrap();
        let store = sample::capture(dir.path());
        let reader = store.reader().unwrap();
        let writer = store.writer();
        let recording = std::thread::spawn(move || {
            for id in 1..=COUNT {
                sample::record(&writer, id, format!("ask {id}").as_bytes(), &[b'x'; 5_000]);
            }
        });
        let mut sequence = 0;
        while sequence < COUNT {
            for (number, id) in reader.closed_after(sequence, 10).unwrap() {
                assert_eq!(number, sequence + 1, "in order, none left out");
                sequence = number;
                assert_eq!(reader.exchange(id).unwrap().unwrap().state, State::Complete);
                let body = reader.body(id, Leg::Request, 99).unwrap();
                assert_eq!(body, format!("ask {}", id.0));
                assert_eq!(reader.body(id, Leg::Response, 9_999).unwrap().len(), 5_000);
                assert!(!reader.row(id).unwrap().unwrap().truncated);
            }
        }
        recording.join().unwrap();
    }

    #[test]
    fn done_is_called_for_every_chunk_whatever_happens() {
        let dir = tempfile::tempdir().unwrap();
        let store = sample::capture(dir.path());
        let writer = store.writer();
        let called = Arc::new(AtomicU64::new(0));
        let append = |id| {
            let called = Arc::clone(&called);
            writer.append(ExchangeId(id), Leg::Request, Bytes::from_static(b"x"), move || {
                called.fetch_add(1, Ordering::SeqCst);
            });
        };
        append(1);
        writer.flush();
        assert_eq!(called.load(Ordering::SeqCst), 1, "written");
        sample::record(&writer, 2, b"", b"");
        append(2);
        writer.flush();
        assert_eq!(called.load(Ordering::SeqCst), 2, "given up");
        assert_eq!(store.status().lost, 1);
        store.close().unwrap();
        append(3);
        assert_eq!(called.load(Ordering::SeqCst), 3, "nobody there");
    }

    /// Names the folder of the process that is killed.
    const VICTIM: &str = "SYNCTAP_TEST_VICTIM";

    #[test]
    #[ignore = "started and killed by `what_was_flushed_survives_kill_9`"]
    fn record_until_killed() {
        let Some(folder) = std::env::var_os(VICTIM) else { return };
        let store = sample::capture(Path::new(&folder));
        let writer = store.writer();
        for id in 1_u64.. {
            sample::record(&writer, id, format!("ask {id}").as_bytes(), &[b'x'; 3_000]);
            if id % 10 == 0 {
                writer.flush();
                println!("\nflushed {id}");
            }
        }
    }

    #[test]
    fn what_was_flushed_survives_kill_9() {
        let dir = tempfile::tempdir().unwrap();
        let mut victim = Command::new(std::env::current_exe().unwrap())
            .args(["--ignored", "--nocapture", "--exact"])
            .arg("store::capture::tests::record_until_killed")
            .env(VICTIM, dir.path())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = BufReader::new(victim.stdout.take().unwrap()).lines();
        let mut flushed = lines.filter_map(|line| {
            line.unwrap().strip_prefix("flushed ").map(|id| id.parse::<u64>().unwrap())
        });
        let before = flushed.find(|id| *id >= 500).unwrap();
        victim.kill().unwrap();
        victim.wait().unwrap();
        let last = flushed.last().unwrap_or(before);

        let store = sample::capture(dir.path());
        let reader = store.reader().unwrap();
        for id in (1..=last).map(ExchangeId) {
            assert_eq!(reader.exchange(id).unwrap().unwrap().state, State::Complete);
            assert_eq!(reader.body(id, Leg::Request, 99).unwrap(), format!("ask {}", id.0));
            assert_eq!(reader.body(id, Leg::Response, 9_999).unwrap().len(), 3_000);
        }
        let closed = reader.closed_after(0, usize::MAX).unwrap().len() as u64;
        assert_eq!(closed, reader.count().unwrap(), "nothing hangs in flight");
    }

    /// What is left when the process dies: the file and its log, at any moment.
    #[test]
    fn what_was_committed_survives_a_copy_in_the_middle_of_writing() {
        let dir = tempfile::tempdir().unwrap();
        let store = sample::capture(dir.path());
        let writer = store.writer();
        for id in 1..=50 {
            sample::record(&writer, id, format!("ask {id}").as_bytes(), b"answer");
        }
        let open = sample::in_flight(51);
        writer.put(open.clone(), sample::row(&open));
        writer.append(ExchangeId(51), Leg::Request, Bytes::from_static(b"part"), || {});
        writer.flush();
        let more = std::thread::spawn(move || {
            for id in 52..=150 {
                sample::record(&writer, id, b"ask", b"answer");
            }
        });
        // The log stays below the size at which it is folded, so file first, then log, is a state
        // that was on the disk.
        let copy = dir.path().join("copy.synctap");
        fs::copy(dir.path().join("a.synctap"), &copy).unwrap();
        fs::copy(dir.path().join("a.synctap-wal"), dir.path().join("copy.synctap-wal")).unwrap();
        more.join().unwrap();

        let found = Store::open(&copy, sample::DECODER).unwrap();
        let reader = found.reader().unwrap();
        for id in 1..=50 {
            let exchange = reader.exchange(ExchangeId(id)).unwrap().unwrap();
            assert_eq!(exchange.state, State::Complete);
            let body = reader.body(ExchangeId(id), Leg::Request, 99).unwrap();
            assert_eq!(body, format!("ask {id}"));
        }
        let cut = reader.exchange(ExchangeId(51)).unwrap().unwrap();
        assert_eq!(cut.state, State::CutOff);
        assert_eq!(reader.body(ExchangeId(51), Leg::Request, 99).unwrap(), "part");
        let open =
            reader.window(0, 999).unwrap().iter().filter(|row| row.duration.is_none()).count();
        assert!(open >= 1, "and whatever else was in flight is marked, not hanging");
        assert_eq!(reader.closed_after(0, 999).unwrap().len() as u64, reader.count().unwrap());
    }
}
