//! The lock file that makes one process the writer of a capture.
//!
//! A file of its own and not the capture: closing any descriptor of a file drops the locks
//! `SQLite` holds on it in this process (POSIX advisory locks).

use std::ffi::OsString;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

/// Tries to take the lock when its file keeps vanishing under us (another process closing).
const ATTEMPTS: u32 = 16;

/// Why the lock was not given.
#[derive(Debug)]
pub(super) enum LockRefused {
    /// Someone else holds it.
    InUse,
    /// The lock file cannot be made.
    Io(io::Error),
}

/// Held as long as it lives; the file is removed with it.
#[derive(Debug)]
pub(super) struct Lock {
    /// Holds the lock: the system releases it when this is closed, also by `kill -9`.
    _file: File,
    path: PathBuf,
}

impl Lock {
    /// Takes the lock of `capture` (a resolved path) without waiting.
    pub(super) fn acquire(capture: &Path) -> Result<Self, LockRefused> {
        let path = beside(capture, "-lock");
        for _ in 0..ATTEMPTS {
            let file = open(&path).map_err(LockRefused::Io)?;
            match file.try_lock() {
                Ok(()) => {}
                Err(TryLockError::WouldBlock) => return Err(LockRefused::InUse),
                Err(TryLockError::Error(error)) => return Err(LockRefused::Io(error)),
            }
            // The last holder removes the file: then ours is a lock on nothing.
            if still_named(&file, &path) {
                return Ok(Self { _file: file, path });
            }
        }
        Err(LockRefused::InUse)
    }
}

/// True when someone holds the lock of `capture`, or when that cannot be told. For those who cannot
/// make the lock file.
pub(super) fn is_held(capture: &Path) -> bool {
    match File::open(beside(capture, "-lock")) {
        Ok(file) => file.try_lock_shared().is_err(),
        Err(error) => error.kind() != io::ErrorKind::NotFound,
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        // A leftover file does no harm: the lock, not the file, is what counts.
        drop(fs::remove_file(&self.path));
    }
}

/// `capture` with `suffix` after its whole name, as `SQLite` names its own companions.
pub(super) fn beside(capture: &Path, suffix: &str) -> PathBuf {
    let mut name = OsString::from(capture);
    name.push(suffix);
    PathBuf::from(name)
}

fn open(path: &Path) -> io::Result<File> {
    OpenOptions::new().create(true).truncate(false).write(true).mode(0o600).open(path)
}

fn still_named(file: &File, path: &Path) -> bool {
    match (file.metadata(), fs::metadata(path)) {
        (Ok(held), Ok(named)) => held.dev() == named.dev() && held.ino() == named.ino(),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_second_is_refused_until_the_first_is_gone() {
        let dir = tempfile::tempdir().unwrap();
        let capture = dir.path().join("a.synctap");
        let first = Lock::acquire(&capture).unwrap();
        assert!(matches!(Lock::acquire(&capture), Err(LockRefused::InUse)));
        drop(first);
        assert!(!dir.path().join("a.synctap-lock").exists());
        Lock::acquire(&capture).unwrap();
    }

    #[test]
    fn a_file_left_by_a_killed_process_does_not_lock() {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("a.synctap-lock"), "").unwrap();
        assert!(!is_held(&dir.path().join("a.synctap")));
        let lock = Lock::acquire(&dir.path().join("a.synctap")).unwrap();
        assert!(is_held(&dir.path().join("a.synctap")));
        drop(lock);
    }

    #[test]
    fn a_missing_folder_is_an_io_error() {
        let refused = Lock::acquire(Path::new("/nonexistent/a.synctap"));
        assert!(matches!(refused, Err(LockRefused::Io(_))));
    }
}
