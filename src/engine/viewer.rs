//! What a front end may ask.

use tokio::sync::watch;

use crate::model::{Detail, ExchangeId, Row};

/// Something that could not be read from the capture.
#[derive(Debug, thiserror::Error)]
#[error("cannot read the capture: {0}")]
pub struct EngineError(pub String);

/// The state of the whole, for a status line.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Status {
    /// Ways in and where they listen: `regular@127.0.0.1:8080`.
    pub listeners: Vec<String>,
    /// The capture's file name.
    pub capture: String,
    /// Device connections open now.
    pub connections: u64,
    /// Exchanges in the capture.
    pub recorded: u64,
    /// Exchanges with a truncated body.
    pub truncated: u64,
    /// Exchanges that could not be recorded; 0 unless something is wrong.
    pub lost: u64,
    /// `--insecure-upstream` is on.
    pub insecure_upstream: bool,
    /// Why nothing is recorded at the moment, if so.
    pub trouble: Option<String>,
}

/// A front end's window on a capture. Cheap to clone; every call blocks for the length of a query
/// (about a millisecond; [`Viewer::detail`] decodes and takes as long as the bodies are large), so
/// a UI calls it off its own thread.
#[derive(Debug, Clone)]
pub struct Viewer {
    revision: watch::Receiver<u64>,
}

impl Viewer {
    /// Number of exchanges.
    pub fn count(&self) -> Result<u64, EngineError> {
        Ok(0)
    }

    /// At most `limit` rows from position `offset` (0 = oldest), oldest first.
    pub fn window(&self, offset: u64, limit: usize) -> Result<Vec<Row>, EngineError> {
        let _ = (offset, limit);
        Ok(Vec::new())
    }

    /// Where an exchange stands in the list.
    pub fn position(&self, id: ExchangeId) -> Result<Option<u64>, EngineError> {
        let _ = id;
        Ok(None)
    }

    /// Everything about one exchange, decoded anew.
    pub fn detail(&self, id: ExchangeId) -> Result<Option<Detail>, EngineError> {
        let _ = id;
        Ok(None)
    }

    /// The state of the whole.
    pub fn status(&self) -> Status {
        Status::default()
    }

    /// Changes when rows, details or the status may have changed.
    pub fn revision(&self) -> watch::Receiver<u64> {
        self.revision.clone()
    }
}
