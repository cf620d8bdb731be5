//! Finding, creating and connecting to the file.

use std::fs::{self, OpenOptions, Permissions};
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::limits::Limit;
use rusqlite::{Connection, ErrorCode, OpenFlags};

use super::error::StoreError;
use super::lock::{self, Lock, LockRefused, beside};
use super::migrate;
use super::record;

/// How long a statement waits for another program's lock.
const BUSY: Duration = Duration::from_secs(2);
/// Longest text or blob that is written or read, in bytes: far above a head's limit, and what an
/// untrusted capture can make us allocate for one value.
const LONGEST_VALUE: i32 = 8 << 20;
/// The log is folded into the file when it has this many pages of 4 KiB.
const FOLD_EVERY: i32 = 2_048;
/// What is left of the log's file after it was folded, in bytes.
const LOG_LIMIT: i64 = 16 << 20;
/// Prepared statements kept for each connection.
const STATEMENTS: usize = 32;

/// Whether a capture can be added to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// It can.
    ReadWrite,
    /// It can only be read; writes are dropped and counted as lost.
    ReadOnly(ReadOnlyCause),
}

/// Why a capture can only be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReadOnlyCause {
    /// Another synctap is recording to it; exchanges in flight may be alive there.
    InUse,
    /// Its permissions, those of its folder or medium, or a full disk forbid it.
    NotWritable,
}

/// How readers connect to the capture.
#[derive(Debug, Clone)]
pub(super) struct Source {
    path: PathBuf,
    door: Door,
    /// Nobody records to it, and what was in flight cannot be marked as cut off.
    abandoned: bool,
}

/// The ways to connect.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Door {
    /// Able to write, so that the last one to leave can remove the log's files.
    Shared,
    /// Unable to write.
    ReadOnly,
    /// Unable to write, and without looking for a log: a file on a medium nobody can write to.
    Immutable,
}

/// An open capture.
#[derive(Debug)]
pub(super) struct Opened {
    /// The first connection, in the format this synctap knows.
    pub(super) connection: Connection,
    /// For more of them.
    pub(super) source: Source,
    /// Whether it can be written.
    pub(super) access: Access,
    /// Held by the writer.
    pub(super) lock: Option<Lock>,
    /// There was no such file before.
    pub(super) made: bool,
}

impl Source {
    /// The capture's resolved path.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// True when what is in flight in it is cut off, without being marked so.
    pub(super) fn is_abandoned(&self) -> bool {
        self.abandoned
    }

    /// A connection that cannot change the capture.
    pub(super) fn reader(&self) -> Result<Connection, StoreError> {
        let connection = self.connect().map_err(|source| cannot_open(&self.path, source))?;
        connection.pragma_update(None, "query_only", true)?;
        Ok(connection)
    }

    fn connect(&self) -> rusqlite::Result<Connection> {
        let flags = OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = match self.door {
            Door::Shared => {
                Connection::open_with_flags(&self.path, flags | OpenFlags::SQLITE_OPEN_READ_WRITE)
            }
            Door::ReadOnly => {
                Connection::open_with_flags(&self.path, flags | OpenFlags::SQLITE_OPEN_READ_ONLY)
            }
            Door::Immutable => Connection::open_with_flags(
                immutable_uri(&self.path),
                flags | OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_URI,
            ),
        }?;
        connection.busy_timeout(BUSY)?;
        connection.set_limit(Limit::SQLITE_LIMIT_LENGTH, LONGEST_VALUE)?;
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_TRUSTED_SCHEMA, false)?;
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true)?;
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_TRIGGER, false)?;
        connection.set_prepared_statement_cache_capacity(STATEMENTS);
        Ok(connection)
    }
}

/// Opens `path` to record to it, and makes it if there is nothing.
///
/// # Errors
/// `Locked`, `NotACapture`, `NewerVersion`, `CannotOpen`.
pub(super) fn create(path: &Path) -> Result<Opened, StoreError> {
    let path = resolve(path).map_err(|source| cannot_open(path, source))?;
    let lock = match Lock::acquire(&path) {
        Ok(lock) => lock,
        Err(LockRefused::InUse) => return Err(StoreError::Locked { path }),
        Err(LockRefused::Io(source)) => return Err(cannot_open(&path, source)),
    };
    let made = fs::symlink_metadata(&path).is_err();
    if claim(&path)? {
        let source = Source { path, door: Door::Shared, abandoned: false };
        let connection = source.connect().map_err(|error| cannot_open(&source.path, error))?;
        let opened = begin_recording(connection, source, lock, 0)?;
        return Ok(Opened { made, ..opened });
    }
    let opened = open_locked(path, lock)?;
    match opened.access {
        Access::ReadWrite => Ok(opened),
        Access::ReadOnly(_) => {
            let source = io::Error::from(io::ErrorKind::PermissionDenied);
            Err(cannot_open(opened.source.path(), source))
        }
    }
}

/// Opens the capture at `path`, to add to it where that is possible.
///
/// # Errors
/// `NotACapture`, `NewerVersion`, `NeedsUpgrade`, `CannotOpen`.
pub(super) fn open(path: &Path) -> Result<Opened, StoreError> {
    let path = fs::canonicalize(path).map_err(|source| cannot_open(path, source))?;
    let metadata = fs::metadata(&path).map_err(|source| cannot_open(&path, source))?;
    if !metadata.is_file() || metadata.len() == 0 {
        return Err(StoreError::NotACapture { path });
    }
    match Lock::acquire(&path) {
        Ok(lock) => match open_locked(path.clone(), lock) {
            Err(StoreError::CannotOpen { .. }) => open_read_only(path, ReadOnlyCause::NotWritable),
            opened => opened,
        },
        Err(LockRefused::InUse) => open_read_only(path, ReadOnlyCause::InUse),
        Err(LockRefused::Io(_)) if lock::is_held(&path) => {
            open_read_only(path, ReadOnlyCause::InUse)
        }
        Err(LockRefused::Io(_)) => open_read_only(path, ReadOnlyCause::NotWritable),
    }
}

/// Opens an existing file as its only writer, and marks what its last one left in flight; for reading when its permissions allow no more.
fn open_locked(path: PathBuf, lock: Lock) -> Result<Opened, StoreError> {
    let source = Source { path, door: Door::Shared, abandoned: false };
    let connection = source.connect().map_err(|error| cannot_open(&source.path, error))?;
    if connection.is_readonly("main")? {
        return open_read_only(source.path, ReadOnlyCause::NotWritable);
    }
    let found = check(&source.path, migrate::identity(&connection))?;
    begin_recording(connection, source, lock, found)
}

fn begin_recording(
    mut connection: Connection,
    source: Source,
    lock: Lock,
    found: u32,
) -> Result<Opened, StoreError> {
    // Before the log exists: a crash here leaves an empty file or a whole capture.
    migrate::migrate(&mut connection, found)
        .and_then(|()| write_ahead(&connection))
        .and_then(|()| record::cut_off(&mut connection))
        .map_err(|error| cannot_open(&source.path, error))?;
    Ok(Opened { connection, source, access: Access::ReadWrite, lock: Some(lock), made: false })
}

/// Opens an existing file without any means to change it.
fn open_read_only(path: PathBuf, cause: ReadOnlyCause) -> Result<Opened, StoreError> {
    let abandoned = cause == ReadOnlyCause::NotWritable;
    let mut source = Source { path, door: Door::ReadOnly, abandoned };
    let mut first = try_identity(&source);
    // A file marked for a log cannot be read where the log's files cannot be made, unless it is
    // known that there is none.
    let no_log = fs::metadata(beside(&source.path, "-wal")).map_or(0, |log| log.len()) == 0;
    if cause == ReadOnlyCause::NotWritable && no_log && is_denied(&first) {
        source.door = Door::Immutable;
        first = try_identity(&source);
    }
    let (connection, identity) = match first {
        Ok((connection, identity)) => (Some(connection), Ok(identity)),
        Err(error) => (None, Err(error)),
    };
    let found = check(&source.path, identity)?;
    if found < migrate::known() {
        return Err(StoreError::NeedsUpgrade { path: source.path, found, known: migrate::known() });
    }
    let connection = connection.map_or_else(|| source.reader(), Ok)?;
    Ok(Opened { connection, source, access: Access::ReadOnly(cause), lock: None, made: false })
}

fn try_identity(source: &Source) -> rusqlite::Result<(Connection, migrate::Identity)> {
    let connection = source.connect()?;
    let identity = migrate::identity(&connection)?;
    Ok((connection, identity))
}

fn is_denied<T>(result: &rusqlite::Result<T>) -> bool {
    let code = result.as_ref().err().and_then(rusqlite::Error::sqlite_error_code);
    matches!(code, Some(ErrorCode::CannotOpen | ErrorCode::ReadOnly | ErrorCode::PermissionDenied))
}

/// The format of what was found, if it is a capture we know.
fn check(path: &Path, found: rusqlite::Result<migrate::Identity>) -> Result<u32, StoreError> {
    let path = path.to_owned();
    match found {
        Ok(found) if found.application != migrate::APPLICATION_ID => {
            Err(StoreError::NotACapture { path })
        }
        Ok(found) if found.version > migrate::known() => {
            Err(StoreError::NewerVersion { path, found: found.version, known: migrate::known() })
        }
        Ok(found) => Ok(found.version),
        Err(error) if error.sqlite_error_code() == Some(ErrorCode::NotADatabase) => {
            Err(StoreError::NotACapture { path })
        }
        Err(error) => Err(cannot_open(&path, error)),
    }
}

/// Makes sure that a regular file of mode 0600 or an existing one is at `path`; true when it is
/// empty and so ours to fill.
fn claim(path: &Path) -> Result<bool, StoreError> {
    match OpenOptions::new().write(true).create_new(true).mode(0o600).open(path) {
        Ok(_) => return Ok(true),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
        Err(error) => return Err(cannot_open(path, error)),
    }
    // Asked by name: opening and closing it would drop locks held on it in this process.
    let metadata = fs::metadata(path).map_err(|source| cannot_open(path, source))?;
    if !metadata.is_file() {
        return Err(StoreError::NotACapture { path: path.to_owned() });
    }
    let empty = metadata.len() == 0;
    if empty {
        let private = Permissions::from_mode(0o600);
        fs::set_permissions(path, private).map_err(|source| cannot_open(path, source))?;
    }
    Ok(empty)
}

/// The real name of a file that may not exist yet: companions are named after it.
fn resolve(path: &Path) -> io::Result<PathBuf> {
    match fs::canonicalize(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            let name = path.file_name().ok_or(error)?;
            let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
            Ok(fs::canonicalize(folder.unwrap_or(Path::new(".")))?.join(name))
        }
        found => found,
    }
}

fn write_ahead(connection: &Connection) -> rusqlite::Result<()> {
    // Stays a rollback journal where shared memory is impossible: slower, as safe.
    connection.pragma_update_and_check(None, "journal_mode", "WAL", |_| Ok(()))?;
    connection.pragma_update(None, "synchronous", "NORMAL")?;
    connection.pragma_update(None, "wal_autocheckpoint", FOLD_EVERY)?;
    connection.pragma_update(None, "journal_size_limit", LOG_LIMIT)
}

/// `file:` URI with every byte escaped that could mean something in one.
fn immutable_uri(path: &Path) -> String {
    use std::fmt::Write as _;
    let mut uri = String::from("file://");
    for byte in path.as_os_str().as_bytes() {
        if byte.is_ascii_alphanumeric() || b"/-_.".contains(byte) {
            uri.push(char::from(*byte));
        } else {
            // Writing to a string cannot fail.
            let _ = write!(uri, "%{byte:02X}");
        }
    }
    uri.push_str("?immutable=1");
    uri
}

fn cannot_open(
    path: &Path,
    source: impl Into<Box<dyn std::error::Error + Send + Sync>>,
) -> StoreError {
    StoreError::CannotOpen { path: path.to_owned(), source: source.into() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{ExchangeId, Progress, State};
    use crate::store::Reader;
    use crate::store::{Store, sample};

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).unwrap().permissions().mode() & 0o777
    }

    fn path(dir: &tempfile::TempDir) -> PathBuf {
        dir.path().canonicalize().unwrap().join("a.synctap")
    }

    #[test]
    fn everything_is_private_from_the_first_byte() {
        let dir = tempfile::tempdir().unwrap();
        let store = sample::capture(dir.path());
        sample::record(&store.writer(), 1, b"ask", b"answer");
        store.writer().flush();
        let names = ["a.synctap", "a.synctap-wal", "a.synctap-shm", "a.synctap-lock"];
        for name in names {
            assert_eq!(mode(&dir.path().join(name)), 0o600, "{name}");
        }
    }

    #[test]
    fn an_empty_file_becomes_a_private_capture_but_is_none_to_open() {
        let dir = tempfile::tempdir().unwrap();
        let path = path(&dir);
        fs::write(&path, "").unwrap();
        fs::set_permissions(&path, Permissions::from_mode(0o644)).unwrap();
        assert!(matches!(open(&path), Err(StoreError::NotACapture { .. })));
        sample::capture(dir.path()).close().unwrap();
        assert_eq!(mode(&path), 0o600);
        open(&path).unwrap();
    }

    #[test]
    fn other_files_are_refused_and_left_alone() {
        let dir = tempfile::tempdir().unwrap();
        let path = path(&dir);
        for content in [&b"x"[..], b"just a text\n", &[0; 5_000], b"SQLite format 3\0 and no more"]
        {
            fs::write(&path, content).unwrap();
            for result in [create(&path), open(&path)] {
                let error = result.unwrap_err();
                assert!(matches!(error, StoreError::NotACapture { .. }), "{error:?}");
            }
            assert_eq!(fs::read(&path).unwrap(), content);
        }
    }

    #[test]
    fn other_databases_are_refused_and_left_alone() {
        let dir = tempfile::tempdir().unwrap();
        let path = path(&dir);
        Connection::open(&path).unwrap().execute("CREATE TABLE exchange (id)", []).unwrap();
        let before = fs::read(&path).unwrap();
        assert!(matches!(create(&path), Err(StoreError::NotACapture { .. })));
        assert!(matches!(open(&path), Err(StoreError::NotACapture { .. })));
        assert_eq!(fs::read(&path).unwrap(), before);
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1, "no companions left");
    }

    #[test]
    fn folders_and_missing_files_are_refused() {
        let dir = tempfile::tempdir().unwrap();
        assert!(matches!(create(dir.path()), Err(StoreError::NotACapture { .. })));
        assert!(matches!(open(dir.path()), Err(StoreError::NotACapture { .. })));
        assert!(matches!(open(&path(&dir)), Err(StoreError::CannotOpen { .. })));
        let nowhere = dir.path().join("none/a.synctap");
        assert!(matches!(create(&nowhere), Err(StoreError::CannotOpen { .. })));
    }

    #[test]
    fn what_a_killed_writer_left_is_cut_off_also_for_those_who_cannot_mark_it() {
        let dir = tempfile::tempdir().unwrap();
        let store = sample::capture(dir.path());
        let open = sample::in_flight(1);
        store.writer().put(open.clone(), sample::row(&open));
        store.writer().flush();
        let state = |cause| {
            let source = open_read_only(path(&dir), cause).unwrap().source;
            let reader = Reader::open(&source, sample::DECODER).unwrap();
            let row = reader.row(ExchangeId(1)).unwrap().unwrap();
            (reader.exchange(ExchangeId(1)).unwrap().unwrap().state, row.progress)
        };
        let alive = (State::InFlight, Progress::InFlight);
        assert_eq!(state(ReadOnlyCause::InUse), alive);
        let cut = (State::CutOff, Progress::CutOff);
        assert_eq!(state(ReadOnlyCause::NotWritable), cut);
    }

    #[test]
    fn a_newer_format_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        sample::capture(dir.path()).close().unwrap();
        Connection::open(path(&dir)).unwrap().pragma_update(None, "user_version", 99).unwrap();
        for result in [create(&path(&dir)), open(&path(&dir))] {
            let error = result.unwrap_err();
            let StoreError::NewerVersion { found, known, .. } = error else { panic!("{error:?}") };
            assert_eq!((found, known), (99, migrate::known()));
        }
    }

    #[test]
    fn a_second_recorder_is_refused_a_second_reader_is_not() {
        let dir = tempfile::tempdir().unwrap();
        let store = sample::capture(dir.path());
        let alive = sample::in_flight(1);
        store.writer().put(alive.clone(), sample::row(&alive));
        store.writer().flush();
        assert!(matches!(create(&path(&dir)), Err(StoreError::Locked { .. })));

        let other = Store::open(&path(&dir), sample::DECODER).unwrap();
        assert_eq!(other.access(), Access::ReadOnly(ReadOnlyCause::InUse));
        let reader = other.reader().unwrap();
        let found = reader.exchange(ExchangeId(1)).unwrap().unwrap();
        assert_eq!(found.state, State::InFlight, "it may be alive");
        other.writer().put(alive.clone(), sample::row(&alive));
        other.writer().flush();
        let status = other.status();
        assert_eq!((status.recorded, status.lost), (1, 1));
        assert!(status.trouble.is_some());
        drop((reader, other));

        store.close().unwrap();
        let opened = open(&path(&dir)).unwrap();
        assert_eq!(opened.access, Access::ReadWrite);
    }

    #[test]
    fn a_capture_that_cannot_be_marked_is_read_as_it_is() {
        let dir = tempfile::tempdir().unwrap();
        let store = sample::capture(dir.path());
        let alive = sample::in_flight(1);
        store.writer().put(alive.clone(), sample::row(&alive));
        store.close().unwrap();
        Connection::open(path(&dir))
            .unwrap()
            .execute_batch("ALTER TABLE exchange RENAME COLUMN closed TO shut")
            .unwrap();
        let opened = open(&path(&dir)).unwrap();
        assert_eq!(opened.access, Access::ReadOnly(ReadOnlyCause::NotWritable));
        drop(opened);
        let error = create(&path(&dir)).unwrap_err();
        assert!(matches!(error, StoreError::CannotOpen { .. }), "{error:?}");
    }

    #[test]
    fn a_folded_capture_is_read_without_writing_anything() {
        let dir = tempfile::tempdir().unwrap();
        let store = sample::capture(dir.path());
        sample::record(&store.writer(), 1, b"ask", b"answer");
        store.close().unwrap();
        let opened = open_read_only(path(&dir), ReadOnlyCause::NotWritable).unwrap();
        assert_eq!(opened.source.door, Door::ReadOnly);
        opened.connection.execute("DELETE FROM exchange", []).unwrap_err();
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
    }

    #[test]
    fn an_immutable_door_finds_odd_names() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().canonicalize().unwrap().join("50% of #1?.synctap");
        Store::create(&path, sample::DECODER).unwrap().close().unwrap();
        let source = Source { path, door: Door::Immutable, abandoned: true };
        let connection = source.reader().unwrap();
        let found = migrate::identity(&connection).unwrap();
        assert_eq!(found.application, migrate::APPLICATION_ID);
        connection.execute("DELETE FROM exchange", []).unwrap_err();
    }

    #[test]
    fn an_older_format_cannot_be_upgraded_without_writing() {
        let dir = tempfile::tempdir().unwrap();
        sample::capture(dir.path()).close().unwrap();
        Connection::open(path(&dir)).unwrap().pragma_update(None, "user_version", 0).unwrap();
        let error = open_read_only(path(&dir), ReadOnlyCause::InUse).unwrap_err();
        assert!(matches!(error, StoreError::NeedsUpgrade { found: 0, .. }), "{error:?}");
    }

    #[test]
    fn a_trigger_someone_put_in_does_nothing() {
        let dir = tempfile::tempdir().unwrap();
        sample::capture(dir.path()).close().unwrap();
        let trigger = "CREATE TRIGGER evil AFTER INSERT ON exchange
                       BEGIN DELETE FROM exchange; END";
        Connection::open(path(&dir)).unwrap().execute_batch(trigger).unwrap();
        let store = sample::capture(dir.path());
        sample::record(&store.writer(), 1, b"ask", b"answer");
        store.writer().flush();
        assert!(store.reader().unwrap().exchange(ExchangeId(1)).unwrap().is_some());
    }

    #[test]
    fn readers_cannot_write() {
        let dir = tempfile::tempdir().unwrap();
        let opened = create(&path(&dir)).unwrap();
        let reader = opened.source.reader().unwrap();
        reader.execute("DELETE FROM exchange", []).unwrap_err();
    }

    #[test]
    fn a_link_leads_to_the_same_lock() {
        let dir = tempfile::tempdir().unwrap();
        let _store = sample::capture(dir.path());
        let link = dir.path().join("link.synctap");
        std::os::unix::fs::symlink(path(&dir), &link).unwrap();
        assert!(matches!(create(&link), Err(StoreError::Locked { .. })));
    }
}
