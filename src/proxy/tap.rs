//! A tap under the HTTP library: it sees every byte read, and keeps the heads as received.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::half_close::HalfClose;
use super::wire::Wire;

/// What a tap does with the bytes that pass.
pub(super) trait Watch: Send + Unpin + 'static {
    /// These bytes were read.
    fn read(&mut self, bytes: &[u8]);

    /// True between two messages: what was read so far is whole.
    fn between(&self) -> bool;
}

/// A wire with somebody watching what is read from it.
pub(super) struct Tapped<W> {
    wire: Wire,
    tap: Tap<W>,
    half_close: Option<HalfClose>,
    /// Our direction is ended.
    over: bool,
}

/// The watcher's side: what was seen, and how the stream ended.
pub(super) struct Tap<W> {
    seen: Arc<Mutex<Seen<W>>>,
    flushes: Arc<Flushes>,
}

/// How often everything written so far was handed to the system.
#[derive(Debug, Default)]
struct Flushes {
    count: AtomicU64,
    awaited: AtomicBool,
    /// Nothing more will be written.
    last: AtomicBool,
}

/// Waits for a flush that begins after the first poll.
#[derive(Debug)]
pub(super) struct NextFlush {
    flushes: Arc<Flushes>,
    seen: Option<u64>,
}

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
        let seen = Arc::new(Mutex::new(Seen { watch, end: None }));
        let tap = Tap { seen, flushes: Arc::default() };
        (Self { wire, tap: tap.clone(), half_close: None, over: false }, tap)
    }

    /// Holds the end of the stream back as this says, where it comes between two messages.
    pub(super) fn half_closing(mut self, half_close: HalfClose) -> Self {
        self.half_close = Some(half_close);
        self
    }

    /// The stream has ended in order; ready when that is to be told.
    fn poll_end(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let Some(half_close) = self.half_close.as_mut() else { return Poll::Ready(Ok(())) };
        if !self.tap.seen().watch.between() {
            return Poll::Ready(Ok(()));
        }
        half_close.poll_end(cx).map(Ok)
    }

    /// As `polled` was, after taking note of it.
    fn written(&mut self, polled: Poll<io::Result<usize>>) -> Poll<io::Result<usize>> {
        if let (Poll::Ready(Ok(_)), Some(half_close)) = (&polled, &mut self.half_close) {
            half_close.wrote();
        }
        polled
    }

    /// The wire, no longer watched.
    pub(super) fn into_wire(self) -> Wire {
        self.wire
    }
}

impl<W> Clone for Tap<W> {
    fn clone(&self) -> Self {
        Self { seen: Arc::clone(&self.seen), flushes: Arc::clone(&self.flushes) }
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

    /// The next flush of what was written.
    pub(super) fn next_flush(&self) -> NextFlush {
        NextFlush { flushes: Arc::clone(&self.flushes), seen: None }
    }

    /// The end of what is written.
    pub(super) fn farewell(&self) -> Farewell {
        Farewell(Arc::clone(&self.flushes))
    }

    fn seen(&self) -> MutexGuard<'_, Seen<W>> {
        // Watchers do not panic while they hold it; if one did, the heads are merely incomplete.
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl NextFlush {
    /// Ready once there was a flush since the first poll. To be polled by the task that flushes: it
    /// is woken by its own flush.
    pub(super) fn poll(&mut self) -> Poll<()> {
        let count = self.flushes.count.load(Ordering::Relaxed);
        if count > *self.seen.get_or_insert(count) {
            return Poll::Ready(());
        }
        self.flushes.awaited.store(true, Ordering::Relaxed);
        Poll::Pending
    }
}

/// Ends our direction of a stream once everything before is written; the other goes on.
#[derive(Debug)]
pub(super) struct Farewell(Arc<Flushes>);

impl Farewell {
    /// To be said by the task that flushes, before it does.
    pub(super) fn say(&self) {
        self.0.last.store(true, Ordering::Relaxed);
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
        let Poll::Ready(result) = &polled else { return polled };
        let fresh = &buf.filled()[before..];
        let ended = match result {
            Ok(()) if fresh.is_empty() && room > 0 => End::Closed,
            Ok(()) => {
                self.tap.seen().watch.read(fresh);
                return polled;
            }
            Err(error) => End::of(error),
        };
        // TLS without a farewell: what came is there, only the politeness is not. A body that is
        // not whole without more is told by its own framing.
        let in_order = match &ended {
            End::Closed => true,
            End::Broken(kind, ..) => *kind == io::ErrorKind::UnexpectedEof,
        };
        self.tap.seen().end = Some(ended);
        if in_order { self.poll_end(cx) } else { polled }
    }
}

impl<W: Watch> AsyncWrite for Tapped<W> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        let polled = Pin::new(&mut self.wire).poll_write(cx, buf);
        self.written(polled)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(Pin::new(&mut self.wire).poll_flush(cx))?;
        if !self.over && self.tap.flushes.last.load(Ordering::Relaxed) {
            ready!(Pin::new(&mut self.wire).poll_shutdown(cx))?;
            self.over = true;
        }
        let flushes = &self.tap.flushes;
        flushes.count.fetch_add(1, Ordering::Relaxed);
        if flushes.awaited.swap(false, Ordering::Relaxed) {
            cx.waker().wake_by_ref();
        }
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.wire).poll_shutdown(cx)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let polled = Pin::new(&mut self.wire).poll_write_vectored(cx, bufs);
        self.written(polled)
    }

    fn is_write_vectored(&self) -> bool {
        self.wire.is_write_vectored()
    }
}
