//! Servers that ask devices for a certificate.
//!
//! What a server asks is known once it was connected to, which is after the device's own handshake. So
//! the device is asked from its second connection on, and only where its server would have asked too:
//! elsewhere it sees nothing that it would not see without a proxy.

use std::collections::HashSet;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Hosts remembered; no more are taken in then.
const HOSTS: usize = 4_096;

/// The hosts whose servers asked for a certificate.
#[derive(Debug, Default)]
pub(super) struct Asking(Mutex<HashSet<String>>);

impl Asking {
    /// The server of `host` asked.
    pub(super) fn note(&self, host: &str) {
        let mut hosts = self.hosts();
        if hosts.len() < HOSTS {
            hosts.insert(host.to_ascii_lowercase());
        }
    }

    /// True when the server of `host` asked before.
    pub(super) fn is_known(&self, host: &str) -> bool {
        let hosts = self.hosts();
        !hosts.is_empty() && hosts.contains(&host.to_ascii_lowercase())
    }

    fn hosts(&self) -> MutexGuard<'_, HashSet<String>> {
        // A set is whole after every change.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
