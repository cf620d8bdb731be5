//! As much HTTP/1.1 as a demonstration needs: messages with a Content-Length.

use std::io;

use tokio::io::{
    AsyncBufReadExt as _, AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _,
};
use tokio::io::{BufReader, ReadBuf};

/// Largest head and body that are read, in bytes: both ends are ours.
const MOST: u64 = 1024 * 1024;

/// Bytes of any kind.
pub(super) trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Stream for T {}

/// One end of a connection.
pub(super) struct Wire(BufReader<Box<dyn Stream>>);

/// A request or an answer.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Message {
    /// Start line and header lines.
    pub(super) head: String,
    pub(super) body: Vec<u8>,
}

impl Message {
    /// The value of a header, compared without case.
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        let mut fields = self.head.lines().skip(1).filter_map(|line| line.split_once(':'));
        fields.find(|(own, _)| own.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim())
    }

    /// The second word of the start line: target of a request, status of an answer.
    pub(super) fn second_word(&self) -> &str {
        self.head.split_whitespace().nth(1).unwrap_or_default()
    }
}

impl Wire {
    pub(super) fn new(stream: impl Stream + 'static) -> Self {
        Self(BufReader::new(Box::new(stream)))
    }

    /// Sends bytes as they are.
    pub(super) async fn send(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.0.write_all(bytes).await?;
        self.0.flush().await
    }

    /// Sends a head (lines without the last line end), a length and a body.
    pub(super) async fn say(&mut self, head: &str, body: &[u8]) -> io::Result<()> {
        let mut bytes = format!("{head}\r\nContent-Length: {}\r\n\r\n", body.len()).into_bytes();
        bytes.extend_from_slice(body);
        self.send(&bytes).await
    }

    /// The next message; `None` at the end of the connection.
    pub(super) async fn hear(&mut self) -> io::Result<Option<Message>> {
        let mut message = Message::default();
        let mut lines = (&mut self.0).take(MOST);
        loop {
            let read = lines.read_line(&mut message.head).await?;
            if read == 0 {
                return if message.head.is_empty() { Ok(None) } else { Err(early()) };
            }
            if message.head.ends_with("\r\n\r\n") {
                break;
            }
        }
        if message.header("transfer-encoding").is_some() {
            // Only the body that never ends is sent so: hear it out, it is the server's to break off.
            let mut rest = (&mut self.0).take(MOST);
            let _ = rest.read_to_end(&mut message.body).await;
            return Ok(Some(message));
        }
        let length = message.header("content-length").and_then(|value| value.parse().ok());
        let mut body = (&mut self.0).take(length.unwrap_or(0_u64).min(MOST));
        body.read_to_end(&mut message.body).await?;
        if length.is_some_and(|length| length != message.body.len() as u64) {
            return Err(early());
        }
        Ok(Some(message))
    }

    /// Reads until the other side is done, however it ends.
    pub(super) async fn wait_for_end(&mut self) {
        // Whether it ends in order or not is the proxy's to tell.
        let _ = tokio::io::copy(&mut (&mut self.0).take(MOST), &mut tokio::io::sink()).await;
    }

    /// Says that nothing more comes.
    pub(super) async fn end(&mut self) {
        // The other side may have gone first.
        let _ = self.0.shutdown().await;
    }
}

fn early() -> io::Error {
    io::ErrorKind::UnexpectedEof.into()
}

impl AsyncRead for Wire {
    fn poll_read(
        mut self: std::pin::Pin<&mut Self>,
        cx: &mut std::task::Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> std::task::Poll<io::Result<()>> {
        std::pin::Pin::new(&mut self.0).poll_read(cx, buf)
    }
}

impl AsyncWrite for Wire {
    fn poll_write(
        mut self: std::pin::Pin<&mut Self>,
        cx: &mut std::task::Context<'_>,
        buf: &[u8],
    ) -> std::task::Poll<io::Result<usize>> {
        std::pin::Pin::new(&mut self.0).poll_write(cx, buf)
    }

    // TLS hands over several records at a time; its last alert is among them.
    fn poll_write_vectored(
        mut self: std::pin::Pin<&mut Self>,
        cx: &mut std::task::Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> std::task::Poll<io::Result<usize>> {
        std::pin::Pin::new(&mut self.0).poll_write_vectored(cx, bufs)
    }

    fn is_write_vectored(&self) -> bool {
        self.0.is_write_vectored()
    }

    fn poll_flush(
        mut self: std::pin::Pin<&mut Self>,
        cx: &mut std::task::Context<'_>,
    ) -> std::task::Poll<io::Result<()>> {
        std::pin::Pin::new(&mut self.0).poll_flush(cx)
    }

    fn poll_shutdown(
        mut self: std::pin::Pin<&mut Self>,
        cx: &mut std::task::Context<'_>,
    ) -> std::task::Poll<io::Result<()>> {
        std::pin::Pin::new(&mut self.0).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn messages_come_out_as_they_went_in() {
        let (near, far) = tokio::io::duplex(4096);
        let (mut near, mut far) = (Wire::new(near), Wire::new(far));
        near.say("POST /x HTTP/1.1\r\nA: b", b"hello").await.unwrap();
        near.say("GET /y HTTP/1.1", b"").await.unwrap();
        let first = far.hear().await.unwrap().unwrap();
        assert_eq!(
            (first.second_word(), first.header("a"), &*first.body),
            ("/x", Some("b"), &b"hello"[..])
        );
        assert_eq!(far.hear().await.unwrap().unwrap().second_word(), "/y");
        near.send(b"GET /half").await.unwrap();
        drop(near);
        assert!(far.hear().await.is_err());
    }
}
