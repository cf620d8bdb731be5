//! `synctap open`: a capture in the terminal UI.

use std::fs;
use std::io::{self, IsTerminal as _};
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::UNIX_EPOCH;

use tokio_util::sync::CancellationToken;

use crate::cli::args::OpenArgs;
use crate::cli::config::SettingsFile;
use crate::cli::filter;
use crate::cli::input;
use crate::cli::keys;
use crate::cli::report::{Report, chain};
use crate::engine;
use crate::engine::{DECODER_VERSION, EngineError, Viewer};
use crate::model::WallTime;
use crate::seal::Keyring;
use crate::store::{Store, StoreError};
use crate::tui;
use crate::tui::TuiSettings;

use super::run::{runtime, signals, tui_settings};

/// Opens it.
pub(super) fn run(args: &OpenArgs, config: Option<&Path>) -> Result<ExitCode, Report> {
    let filter = filter::parse(args.filter.as_deref())?.unwrap_or_default();
    let screen = TuiSettings { filter, ..tui_settings(false, &SettingsFile::load(config)?)? };
    if !io::stdout().is_terminal() {
        return Err(Report::new("cannot open the terminal UI")
            .because("standard output is not a terminal")
            .hint(format!("print the capture: synctap show {}", args.file.display())));
    }
    let viewer = viewer_with(&args.file, keys::load_knowing(&args.keys, config)?)?;
    let shutdown = CancellationToken::new();
    runtime()?.block_on(async {
        signals(&shutdown, false)?;
        let done = tui::run(viewer, screen, shutdown).await;
        done.map_err(|error| Report::new("cannot use the terminal").because(error))
    })?;
    Ok(ExitCode::SUCCESS)
}

/// A window on an existing capture, rows of an older decoder being rebuilt behind it; or on one document
/// in a file of its own.
pub(super) fn viewer(file: &Path) -> Result<Viewer, Report> {
    viewer_with(file, Keyring::new())
}

/// The same, with keys for what is encrypted.
pub(super) fn viewer_with(file: &Path, keyring: Keyring) -> Result<Viewer, Report> {
    let keyring = Arc::new(keyring);
    let store = match Store::open(file, DECODER_VERSION) {
        Ok(store) => Arc::new(store),
        Err(error @ StoreError::NotACapture { .. }) => {
            return lone_body(file, &keyring)?.ok_or_else(|| cannot_open(file, &error));
        }
        Err(error) => return Err(cannot_open(file, &error)),
    };
    engine::open_with_keys(store, file, keyring).map_err(|error| cannot_read(file, &error))
}

/// A file that is no capture but one document, as a capture with that alone.
fn lone_body(file: &Path, keyring: &Arc<Keyring>) -> Result<Option<Viewer>, Report> {
    let body = input::read(file)?;
    let viewer = engine::open_body(file, &body, changed(file), Arc::clone(keyring));
    viewer.map_err(|error| cannot_read(file, &error))
}

/// When a file was changed last; the beginning of 1970 when nobody knows.
fn changed(file: &Path) -> WallTime {
    let since = fs::metadata(file).and_then(|facts| facts.modified()).ok();
    let since = since.and_then(|when| when.duration_since(UNIX_EPOCH).ok()).unwrap_or_default();
    WallTime(i64::try_from(since.as_micros()).unwrap_or_default())
}

fn cannot_read(file: &Path, error: &EngineError) -> Report {
    Report::new(format!("cannot read the capture `{}`", file.display())).because(chain(error))
}

/// Why a capture cannot be opened, and what to do.
pub(super) fn cannot_open(file: &Path, error: &StoreError) -> Report {
    let report = Report::new(format!("cannot open the capture `{}`", file.display()));
    let report = match error {
        // The file was named already.
        StoreError::CannotOpen { source, .. } => report.because(chain(source.as_ref())),
        error => report.because(chain(error)),
    };
    match error {
        StoreError::CannotOpen { source, .. } if is_missing(source.as_ref()) => {
            report.hint("check the path: the file, or a folder on the way to it, is not there")
        }
        StoreError::Locked { .. } => {
            report.hint("stop the other synctap, or record to another file with `--capture FILE`")
        }
        StoreError::NeedsUpgrade { .. } => {
            report.hint("make the file and its folder writable, or copy it to where it is")
        }
        StoreError::NewerVersion { .. } => report.hint("open it with a newer synctap"),
        StoreError::NotACapture { .. } => report
            .hint("name a capture made by synctap; a single body is read by `synctap decode FILE`"),
        _ => report.hint("check the path and its permissions"),
    }
}

fn is_missing(error: &(dyn std::error::Error + Send + Sync + 'static)) -> bool {
    let error = error.downcast_ref::<io::Error>();
    error.is_some_and(|error| error.kind() == io::ErrorKind::NotFound)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cause_is_the_real_one() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("nosuch");
        let error = Store::open(&file, DECODER_VERSION).unwrap_err();
        let lines = cannot_open(&file, &error).lines();
        assert!(lines.contains("cause: No such file or directory"), "{lines}");
        assert!(lines.contains("hint: check the path:"), "{lines}");
    }

    #[test]
    fn one_document_is_opened_like_a_capture_and_other_files_are_not() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("one.xml");
        fs::write(&file, "<SyncML xmlns=\"SYNCML:SYNCML1.2\"><SyncHdr/></SyncML>").unwrap();
        let opened = viewer(&file).map_err(|report| report.lines()).unwrap();
        let row = opened.window(0, 9).unwrap().remove(0);
        assert_eq!(row.summary.protocol, crate::model::Protocol::SyncMl);
        fs::write(&file, "just text").unwrap();
        let lines = viewer(&file).map(drop).unwrap_err().lines();
        assert!(lines.contains("is not a synctap capture"), "{lines}");
    }

    #[test]
    fn a_capture_in_use_is_no_matter_of_permissions() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("a.synctap");
        let _held = Store::create(&file, DECODER_VERSION).unwrap();
        let error = Store::create(&file, DECODER_VERSION).unwrap_err();
        let lines = cannot_open(&file, &error).lines();
        assert!(lines.contains("in use by another synctap"), "{lines}");
        assert!(lines.contains("hint: stop the other synctap"), "{lines}");
    }
}
