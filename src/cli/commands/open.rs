//! `synctap open`: a capture in the terminal UI.

use std::io::{self, IsTerminal as _};
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;

use tokio_util::sync::CancellationToken;

use crate::cli::args::OpenArgs;
use crate::cli::report::Report;
use crate::engine;
use crate::engine::{DECODER_VERSION, Viewer};
use crate::store::{Store, StoreError};
use crate::tui;

use super::run::{runtime, signals, tui_settings};

/// Opens it.
pub(super) fn run(args: &OpenArgs) -> Result<ExitCode, Report> {
    if !io::stdout().is_terminal() {
        return Err(Report::new("cannot open the terminal UI")
            .because("standard output is not a terminal")
            .hint(format!("print the capture: synctap show {}", args.file.display())));
    }
    let viewer = viewer(&args.file)?;
    let shutdown = CancellationToken::new();
    runtime()?.block_on(async {
        signals(&shutdown)?;
        let done = tui::run(viewer, tui_settings(false), shutdown).await;
        done.map_err(|error| Report::new("cannot use the terminal").because(error))
    })?;
    Ok(ExitCode::SUCCESS)
}

/// A window on an existing capture; rows of an older decoder are rebuilt behind it.
pub(super) fn viewer(file: &Path) -> Result<Viewer, Report> {
    let store = Store::open(file, DECODER_VERSION).map_err(|error| cannot_open(file, &error))?;
    let store = Arc::new(store);
    engine::open_capture(store, file).map_err(|error| {
        Report::new(format!("cannot read the capture `{}`", file.display())).because(error)
    })
}

/// Why a capture cannot be opened, and what to do.
pub(super) fn cannot_open(file: &Path, error: &StoreError) -> Report {
    let report =
        Report::new(format!("cannot open the capture `{}`", file.display())).because(error);
    match error {
        StoreError::NewerVersion { .. } => report.hint("open it with a newer synctap"),
        StoreError::NotACapture { .. } => report
            .hint("name a capture made by synctap; a single body is read by `synctap decode FILE`"),
        _ => report.hint("check the path and its permissions"),
    }
}
