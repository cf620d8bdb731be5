//! What can go wrong with a capture.

use std::path::PathBuf;

use crate::model::ExchangeId;

/// An operation on a capture that failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// The file could not be folded into one at close; all is recorded, in two files.
    #[error("cannot fold `{}-wal` into the capture, keep it beside it", path.display())]
    CannotFold {
        /// The capture.
        path: PathBuf,
        /// Why; `None` when another reader was in the way.
        source: Option<rusqlite::Error>,
    },
    /// The file is missing, may not be read, or cannot be created.
    #[error("cannot open capture `{}`", path.display())]
    CannotOpen {
        /// The capture.
        path: PathBuf,
        /// Why: an I/O error or `SQLite`'s.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The writer's thread could not be started.
    #[error("cannot start the capture's writer")]
    CannotStart {
        /// Why.
        source: std::io::Error,
    },
    /// One exchange's facts are not what this version can read.
    #[error("cannot read the facts of exchange {id}")]
    Damaged {
        /// Which exchange.
        id: ExchangeId,
        /// Why.
        source: serde_json::Error,
    },
    /// Another process (or another [`super::Store`]) is recording to it.
    #[error("capture `{}` is in use by another synctap", path.display())]
    Locked {
        /// The capture.
        path: PathBuf,
    },
    /// The capture must be upgraded first, and may not be written.
    #[error("capture `{}` has format {found}, reading it as {known} needs to write to it", path.display())]
    NeedsUpgrade {
        /// The capture.
        path: PathBuf,
        /// Its format.
        found: u32,
        /// The format this synctap writes.
        known: u32,
    },
    /// The capture was written by a newer synctap.
    #[error("capture `{}` has format {found}, this synctap knows up to {known}", path.display())]
    NewerVersion {
        /// The capture.
        path: PathBuf,
        /// Its format.
        found: u32,
        /// The newest format known here.
        known: u32,
    },
    /// The file is something else; it was not changed.
    #[error("`{}` is not a synctap capture", path.display())]
    NotACapture {
        /// The file.
        path: PathBuf,
    },
    /// Reading failed.
    #[error("cannot read the capture")]
    Query {
        /// Why.
        #[from]
        source: rusqlite::Error,
    },
    /// Exchanges that still waited to be recorded when the capture was closed.
    #[error("{exchanges} exchanges could not be recorded: {reason}")]
    Unsaved {
        /// How many.
        exchanges: usize,
        /// The last reason.
        reason: String,
    },
    /// The writer's thread panicked: a bug. What was committed is safe.
    #[error("the capture's writer died")]
    WriterDied,
}
