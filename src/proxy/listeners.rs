//! The ways in that are open: those of the start, and those added while it runs.

use std::io;
use std::net::SocketAddr;
use std::sync::{PoisonError, RwLock, RwLockWriteGuard};

use tokio::net::TcpListener;
use tokio::runtime::Handle;

use super::error::ProxyError;
use super::limits::MODES;
use super::mode::Mode;

/// Each way in with the address it really listens on.
#[derive(Debug, Default)]
pub(super) struct Listeners(RwLock<Vec<(Mode, SocketAddr)>>);

impl Listeners {
    /// All that are open, in the order they were opened.
    pub(super) fn all(&self) -> Vec<(Mode, SocketAddr)> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Opens one more; nothing is accepted on it yet.
    ///
    /// # Errors
    /// `Listen`, `TooManyModes`.
    pub(super) fn open(
        &self,
        mode: &Mode,
        runtime: &Handle,
    ) -> Result<(TcpListener, SocketAddr), ProxyError> {
        // Held until it stands in the list, so that no two pass the ceiling together.
        let mut open = self.write();
        if open.len() >= MODES {
            return Err(ProxyError::TooManyModes { most: MODES });
        }
        let failed = |source: io::Error| ProxyError::Listen { address: mode.listen, source };
        let listener = std::net::TcpListener::bind(mode.listen).map_err(failed)?;
        listener.set_nonblocking(true).map_err(failed)?;
        let _inside = runtime.enter();
        let listener = TcpListener::from_std(listener).map_err(failed)?;
        let address = listener.local_addr().map_err(failed)?;
        open.push((mode.clone(), address));
        Ok((listener, address))
    }

    fn write(&self) -> RwLockWriteGuard<'_, Vec<(Mode, SocketAddr)>> {
        // A list that is pushed to: nothing a panic elsewhere could leave half done.
        self.0.write().unwrap_or_else(PoisonError::into_inner)
    }
}
