//! A byte stream one can look into before deciding who reads it.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::{Buf, Bytes, BytesMut};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, ReadBuf};

/// Anything bytes go through: TCP, TLS, or what is left after an upgrade.
pub(super) trait Stream: AsyncRead + AsyncWrite + Send + Unpin + 'static {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin + 'static> Stream for T {}

/// A stream with the bytes that were already read from it, which are read first.
pub(super) struct Wire {
    ahead: BytesMut,
    stream: Box<dyn Stream>,
}

impl Wire {
    /// A stream nothing was read from.
    pub(super) fn new(stream: impl Stream) -> Self {
        Self { ahead: BytesMut::new(), stream: Box::new(stream) }
    }

    /// This stream with `bytes` in front: what a protocol layer had read and does not need.
    pub(super) fn unread(mut self, bytes: &Bytes) -> Self {
        if !bytes.is_empty() {
            let mut ahead = BytesMut::from(&bytes[..]);
            ahead.extend_from_slice(&self.ahead);
            self.ahead = ahead;
        }
        self
    }

    /// The bytes looked at so far; they will be read again.
    pub(super) fn ahead(&self) -> &[u8] {
        &self.ahead
    }

    /// Waits for more bytes to look at; 0 at the end of the stream. Cancel-safe.
    pub(super) async fn look(&mut self) -> io::Result<usize> {
        self.stream.read_buf(&mut self.ahead).await
    }
}

impl AsyncRead for Wire {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.ahead.is_empty() {
            return Pin::new(&mut self.stream).poll_read(cx, buf);
        }
        let count = self.ahead.len().min(buf.remaining());
        buf.put_slice(&self.ahead[..count]);
        self.ahead.advance(count);
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Wire {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(cx, bufs)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::AsyncWriteExt;

    use super::*;

    #[tokio::test]
    async fn what_was_looked_at_is_read_again() {
        let (mut far, near) = tokio::io::duplex(64);
        far.write_all(b"hello").await.unwrap();
        drop(far);
        let mut wire = Wire::new(near);
        assert_eq!(wire.look().await.unwrap(), 5);
        assert_eq!(wire.ahead(), b"hello");
        assert_eq!(wire.look().await.unwrap(), 0, "the end");
        let mut wire = wire.unread(&Bytes::from_static(b"oh "));
        let mut text = String::new();
        wire.read_to_string(&mut text).await.unwrap();
        assert_eq!(text, "oh hello");
    }
}
