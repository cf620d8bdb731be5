//! Files that nobody else may read, and that are whole or absent.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::Path;

use aws_lc_rs::rand;

use super::error::PkiError;

/// Largest PEM file that is read, in bytes. A certificate and its key take 4 KiB.
const PEM_FILE_LIMIT: u64 = 8 * 1024 * 1024;

/// Makes `dir` and its parents, mode 0700; what exists is left as it is.
pub(super) fn private_dir(dir: &Path) -> Result<(), PkiError> {
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(dir)
        .map_err(|source| PkiError::Write { path: dir.into(), source })
}

/// Takes the folder's lock for as long as the returned file lives, so that two processes that start
/// together do not each write half of an authority.
pub(super) fn lock(dir: &Path) -> Result<File, PkiError> {
    let path = dir.join(".lock");
    let file = OpenOptions::new().create(true).truncate(false).write(true).mode(0o600).open(&path);
    file.and_then(|file| file.lock().map(|()| file))
        .map_err(|source| PkiError::Write { path, source })
}

/// Writes `path` in one step: a new file with `mode` from its first instant, flushed to disk, then
/// renamed.
pub(super) fn write_whole(path: &Path, bytes: &[u8], mode: u32) -> Result<(), PkiError> {
    let failed = |source| PkiError::Write { path: path.into(), source };
    let draft = path.with_extension(format!("{}.new", random_hex().map_err(failed)?));
    let written = write_new(&draft, bytes, mode).and_then(|()| fs::rename(&draft, path));
    written.map_err(|source| {
        // The draft is of no use to anyone; the first error is the one to tell.
        let _ = fs::remove_file(&draft);
        failed(source)
    })
}

/// Reads a text file of at most [`PEM_FILE_LIMIT`] bytes.
pub(super) fn read_text(path: &Path) -> Result<String, PkiError> {
    let read = || {
        let mut text = String::new();
        let size = File::open(path)?.take(PEM_FILE_LIMIT + 1).read_to_string(&mut text)?;
        if u64::try_from(size).unwrap_or(u64::MAX) > PEM_FILE_LIMIT {
            return Err(io::Error::other("the file is too large for a certificate"));
        }
        Ok(text)
    };
    read().map_err(|source| PkiError::Read { path: path.into(), source })
}

/// True when somebody other than the owner may read `path`.
pub(super) fn readable_by_others(path: &Path) -> bool {
    fs::metadata(path).is_ok_and(|meta| meta.permissions().mode() & 0o077 != 0)
}

fn write_new(path: &Path, bytes: &[u8], mode: u32) -> io::Result<()> {
    let mut file = OpenOptions::new().create_new(true).write(true).mode(mode).open(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

fn random_hex() -> io::Result<String> {
    let mut bytes = [0; 8];
    rand::fill(&mut bytes).map_err(|_| io::Error::other("no randomness"))?;
    Ok(format!("{:016x}", u64::from_be_bytes(bytes)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_private_file_has_its_mode_and_replaces_the_old_one() {
        let dir = tempfile::tempdir().unwrap();
        let folder = dir.path().join("a/b");
        private_dir(&folder).unwrap();
        assert_eq!(fs::metadata(&folder).unwrap().permissions().mode() & 0o777, 0o700);
        let path = folder.join("key.pem");
        write_whole(&path, b"one", 0o600).unwrap();
        write_whole(&path, b"two", 0o600).unwrap();
        assert_eq!(read_text(&path).unwrap(), "two");
        assert!(!readable_by_others(&path));
        assert_eq!(fs::read_dir(&folder).unwrap().count(), 1, "no draft is left");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
        assert!(readable_by_others(&path));
    }
}
