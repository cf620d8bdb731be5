//! Files that the user asked for: in the current folder, under names of our own, never over another.

use std::fs::{File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

/// Names tried before giving up.
const TRIES: u32 = 1000;

/// A new file `stem.extension` in `folder`, or `stem-2.extension` when there is one, and so on. Only
/// its owner can read it: what is in it may be a secret.
///
/// # Errors
/// When the folder cannot be written to.
pub(crate) fn create(folder: &Path, stem: &str, extension: &str) -> io::Result<(File, PathBuf)> {
    for number in 1..=TRIES {
        let number = if number == 1 { String::new() } else { format!("-{number}") };
        let path = folder.join(format!("{stem}{number}.{extension}"));
        let made = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path);
        match made {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            made => return made.map(|file| (file, path)),
        }
    }
    Err(io::Error::new(io::ErrorKind::AlreadyExists, "a thousand files of this name are there"))
}

/// [`create`]s a file with these bytes in it.
///
/// # Errors
/// When it cannot be written.
pub(crate) fn write(
    folder: &Path,
    stem: &str,
    extension: &str,
    bytes: &[u8],
) -> io::Result<PathBuf> {
    let (mut file, path) = create(folder, stem, extension)?;
    file.write_all(bytes)?;
    Ok(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_overwritten_and_nobody_else_reads_it() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::TempDir::new().unwrap();
        let first = write(folder.path(), "synctap-000001-request", "bin", b"one").unwrap();
        let second = write(folder.path(), "synctap-000001-request", "bin", b"two").unwrap();
        assert!(second.ends_with("synctap-000001-request-2.bin"), "{}", second.display());
        assert_eq!(std::fs::read(&first).unwrap(), b"one");
        assert_eq!(first.metadata().unwrap().permissions().mode() & 0o777, 0o600);
        assert!(write(Path::new("/nowhere/at/all"), "a", "b", b"").is_err());
    }
}
