//! Signals: ends, and stops with their continuation.

#[cfg(not(unix))]
use std::future::pending;
use std::io;

/// What another process asks of us.
#[derive(Clone, Copy)]
pub(crate) enum Signal {
    /// End.
    End,
    /// We were stopped, and continued.
    Continued,
}

/// What the kernel tells us.
#[cfg(unix)]
pub(crate) struct Signals {
    hangup: tokio::signal::unix::Signal,
    interrupt: tokio::signal::unix::Signal,
    terminate: tokio::signal::unix::Signal,
    continued: tokio::signal::unix::Signal,
}

#[cfg(unix)]
impl Signals {
    /// Listens from now on; what came before is not told.
    ///
    /// # Errors
    /// When the kernel refuses.
    pub(crate) fn new() -> io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        Ok(Self {
            hangup: signal(SignalKind::hangup())?,
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
            continued: signal(SignalKind::from_raw(rustix::process::Signal::CONT.as_raw()))?,
        })
    }

    /// The next one.
    pub(crate) async fn next(&mut self) -> Signal {
        tokio::select! {
            _ = self.hangup.recv() => Signal::End,
            _ = self.interrupt.recv() => Signal::End,
            _ = self.terminate.recv() => Signal::End,
            _ = self.continued.recv() => Signal::Continued,
        }
    }

    /// Waits until we are continued.
    pub(crate) async fn continued(&mut self) {
        self.continued.recv().await;
    }
}

/// Asks the kernel to stop our process group, as the terminal does for ctrl-z in other programs.
#[cfg(unix)]
pub(crate) fn stop_ourselves() {
    let _ = rustix::process::kill_current_process_group(rustix::process::Signal::TSTP);
}

/// What the kernel tells us: nothing.
#[cfg(not(unix))]
pub(crate) struct Signals;

#[cfg(not(unix))]
impl Signals {
    #[expect(clippy::unnecessary_wraps, reason = "the same signature as on Unix")]
    /// Listens from now on; what came before is not told.
    ///
    /// # Errors
    /// When the kernel refuses.
    pub(crate) fn new() -> io::Result<Self> {
        Ok(Self)
    }

    /// The next one.
    pub(crate) async fn next(&mut self) -> Signal {
        pending().await
    }

    /// Waits until we are continued.
    pub(crate) async fn continued(&mut self) {}
}

/// Nothing stops us here.
#[cfg(not(unix))]
pub(crate) fn stop_ourselves() {}
