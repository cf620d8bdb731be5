//! A tap under the HTTP library: it sees every byte read, and keeps the heads as received.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::wire::Wire;

/// What a tap does with the bytes that pass.
pub(super) trait Watch: Send + Unpin + 'static {
    /// These bytes were read.
    fn read(&mut self, bytes: &[u8]);
}

/// A wire with somebody watching what is read from it.
pub(super) struct Tapped<W> {
    wire: Wire,
    tap: Tap<W>,
}

/// The watcher's side: what was seen, and how the stream ended.
pub(super) struct Tap<W>(Arc<Mutex<Seen<W>>>);

/// How a stream ended, as seen when reading.
#[derive(Debug, Clone)]
pub(super) enum End {
    /// The peer closed it in order.
    Closed,
    /// It broke: the error's kind and words, and the TLS alert if that was it.
    Broken(io::ErrorKind, String, Option<rustls::AlertDescription>),
}

struct Seen<W> {
    watch: W,
    end: Option<End>,
}

impl<W: Watch> Tapped<W> {
    pub(super) fn new(wire: Wire, watch: W) -> (Self, Tap<W>) {
        let tap = Tap(Arc::new(Mutex::new(Seen { watch, end: None })));
        (Self { wire, tap: tap.clone() }, tap)
    }

    /// The wire, no longer watched.
    pub(super) fn into_wire(self) -> Wire {
        self.wire
    }
}

impl<W> Clone for Tap<W> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<W> Tap<W> {
    /// How the stream ended, if it did.
    pub(super) fn end(&self) -> Option<End> {
        self.seen().end.clone()
    }

    /// Asks the watcher.
    pub(super) fn with<T>(&self, ask: impl FnOnce(&mut W) -> T) -> T {
        ask(&mut self.seen().watch)
    }

    fn seen(&self) -> MutexGuard<'_, Seen<W>> {
        // Watchers do not panic while they hold it; if one did, the heads are merely incomplete.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl End {
    fn of(error: &io::Error) -> Self {
        let tls = error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>());
        let alert = match tls {
            Some(rustls::Error::AlertReceived(alert)) => Some(*alert),
            _ => None,
        };
        Self::Broken(error.kind(), error.to_string(), alert)
    }
}

impl<W: Watch> AsyncRead for Tapped<W> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        let room = buf.remaining();
        let polled = Pin::new(&mut self.wire).poll_read(cx, buf);
        if let Poll::Ready(result) = &polled {
            let fresh = &buf.filled()[before..];
            let mut seen = self.tap.seen();
            match result {
                Ok(()) if fresh.is_empty() && room > 0 => seen.end = Some(End::Closed),
                Ok(()) => seen.watch.read(fresh),
                Err(error) => seen.end = Some(End::of(error)),
            }
        }
        polled
    }
}

impl<W: Watch> AsyncWrite for Tapped<W> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.wire).poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.wire).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.wire).poll_shutdown(cx)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.wire).poll_write_vectored(cx, bufs)
    }

    fn is_write_vectored(&self) -> bool {
        self.wire.is_write_vectored()
    }
}
