//! Ways in that are opened while the proxy runs: what can go wrong, in one line.

use crate::proxy::{ModeError, ProxyError};

/// Why a way in could not be opened while it runs.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum WayError {
    /// A file is open, and no proxy runs.
    #[error("no proxy is running: this is a capture")]
    NotRunning,
    /// The text is no way in, or no server.
    #[error(transparent)]
    Mode(#[from] ModeError),
    /// It cannot be opened.
    #[error("{0}{why}", why = Self::why(.0))]
    Proxy(#[from] ProxyError),
}

impl WayError {
    /// The cause and what to do about it, behind what failed.
    fn why(error: &ProxyError) -> String {
        let cause = std::error::Error::source(error).map(|cause| format!(": {cause}"));
        let hint = Some(error.hint()).filter(|hint| !hint.is_empty());
        let hint = hint.map(|hint| format!("; {hint}"));
        cause.into_iter().chain(hint).collect()
    }
}
