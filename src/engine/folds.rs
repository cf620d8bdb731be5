//! What a run or a capture remembers from one exchange to the next.

use std::sync::Arc;

use crate::analyze::Sessions;
use crate::analyze::signature::Signatures;
use crate::seal::Keyring;

/// The folds over the exchanges of a capture, with the keys of this run.
#[derive(Debug, Clone, Default)]
pub(super) struct Folds {
    pub(super) sessions: Sessions,
    pub(super) signatures: Signatures,
    pub(super) keyring: Arc<Keyring>,
}

impl Folds {
    /// Nothing seen yet.
    pub(super) fn new(keyring: &Arc<Keyring>) -> Self {
        let mut sessions = Sessions::new();
        for (user, password) in keyring.passwords() {
            sessions.know_password(user, password);
        }
        Self {
            sessions,
            signatures: Signatures::with(Arc::clone(keyring)),
            keyring: Arc::clone(keyring),
        }
    }
}
