//! What a scanner writes and front ends read.

use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::watch;

use super::made::Made;

/// How far a list is made.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ListingProgress {
    /// Exchanges that were looked at.
    pub scanned: u64,
    /// Exchanges there are to look at.
    pub total: u64,
    /// Everything was looked at once; what comes or changes is taken in as it does.
    pub done: bool,
    /// Why nothing more is found at the moment, if so. What was found stays.
    pub error: Option<String>,
}

/// The list as it is now.
#[derive(Debug)]
pub(in crate::engine) struct Board {
    inner: Mutex<Shown>,
    revision: watch::Sender<u64>,
}

/// What is shown.
#[derive(Debug, Default)]
pub(in crate::engine) struct Shown {
    /// What was made; `None` for the whole capture in its own order.
    pub(in crate::engine) made: Option<Made>,
    /// How far it is made.
    pub(in crate::engine) progress: ListingProgress,
}

impl Board {
    /// Shows nothing yet, or the whole capture.
    pub(super) fn new(made: Option<Made>) -> Self {
        let progress = ListingProgress { done: made.is_none(), ..ListingProgress::default() };
        Self { inner: Mutex::new(Shown { made, progress }), revision: watch::Sender::new(0) }
    }

    /// What is shown, held for as long as the guard lives: briefly.
    pub(in crate::engine) fn shown(&self) -> MutexGuard<'_, Shown> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Tells that it changed.
    pub(super) fn bump(&self) {
        self.revision.send_modify(|revision| *revision = revision.wrapping_add(1));
    }

    /// Rings when it changed.
    pub(in crate::engine) fn revision(&self) -> watch::Receiver<u64> {
        self.revision.subscribe()
    }

    /// Nothing more will be found, or not now.
    pub(super) fn fail(&self, error: String) {
        self.shown().progress.error = Some(error);
    }
}
