//! The first bytes of a stream: TLS, HTTP, or something else.

use std::io;

use super::client_hello::{self, Hello, HelloFacts};
use super::limits::CLIENT_HELLO_BYTES;
use super::wire::Wire;

/// What a stream begins with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum First {
    /// A `ClientHello`; its facts unless it is damaged.
    Tls(Option<HelloFacts>),
    /// A request line, as far as one can tell.
    Http,
    /// Neither.
    Other,
    /// The end.
    Nothing,
}

/// Longest method name looked for, in bytes; the longest registered one has 16.
const METHOD_BYTES: usize = 24;
/// Longest request line that is waited for, in bytes; what goes on longer is taken for one.
const LINE_BYTES: usize = 8 * 1024;
/// What every request line of HTTP/1 ends with, but for the minor version (RFC 9112 §3).
const VERSION: &[u8] = b" HTTP/1.";

/// Waits until the first bytes tell what they are. They stay on the wire. Cancel-safe.
///
/// # Errors
/// Whatever reading fails with.
pub(super) async fn sniff(wire: &mut Wire) -> io::Result<First> {
    loop {
        if let Some(first) = first(wire.ahead()) {
            return Ok(first);
        }
        if wire.look().await? == 0 {
            return Ok(match wire.ahead() {
                [] => First::Nothing,
                [0x14..=0x17, ..] => First::Tls(None),
                _ => First::Other,
            });
        }
    }
}

/// What `bytes` begin with; `None` when more are needed.
fn first(bytes: &[u8]) -> Option<First> {
    match client_hello::read(bytes) {
        Hello::Whole(facts) => return Some(First::Tls(Some(facts))),
        Hello::Damaged => return Some(First::Tls(None)),
        Hello::Partial if bytes.len() >= CLIENT_HELLO_BYTES => return Some(First::Tls(None)),
        Hello::Partial => return None,
        Hello::No => {}
    }
    // Empty lines before a request are allowed (RFC 9112 §2.2).
    let start = bytes.iter().position(|b| !matches!(b, b'\r' | b'\n'));
    let line = &bytes[start.unwrap_or(bytes.len())..];
    let method = line.iter().take_while(|b| b.is_ascii_uppercase() || **b == b'-' || **b == b'_');
    match method.count() {
        count if count > METHOD_BYTES => Some(First::Other),
        count if count == line.len() && bytes.len() <= METHOD_BYTES => None,
        0 => Some(First::Other),
        count if line.get(count) == Some(&b' ') => request_line(line),
        _ => Some(First::Other),
    }
}

/// Whether a line that begins with a method is a request's. `NICK bob` begins like one.
fn request_line(line: &[u8]) -> Option<First> {
    match line.iter().position(|b| *b == b'\n') {
        Some(end) if line[..end].windows(VERSION.len()).any(|w| w == VERSION) => Some(First::Http),
        Some(_) => Some(First::Other),
        None if line.len() >= LINE_BYTES => Some(First::Http),
        None => None,
    }
}

/// True when `bytes`, looked at for long enough, are a line that does not end: not HTTP, and a
/// server may wait for them.
pub(super) fn hesitates(bytes: &[u8]) -> bool {
    bytes.first().is_some_and(u8::is_ascii_uppercase)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn first_bytes_are_told_apart() {
        assert_eq!(first(b"GET / HTTP/1.1\r\n"), Some(First::Http));
        assert_eq!(first(b"\r\nOPTIONS * HTTP/1.0\n"), Some(First::Http));
        assert_eq!(first(b"M-SEARCH * HTTP/1.1\r\nHost: h\r\n\r\n"), Some(First::Http));
        assert_eq!(first(b"PROPFIN"), None);
        assert_eq!(first(b"GET / HTTP/1."), None);
        assert_eq!(first(&[b"GET /", &[b'x'; LINE_BYTES][..]].concat()), Some(First::Http));
        assert_eq!(first(b"NICK bob\r\n"), Some(First::Other));
        assert_eq!(first(b"EHLO x\r\nGET / HTTP/1.1\r\n"), Some(First::Other));
        assert_eq!(first(b""), None);
        assert_eq!(first(b"\x16\x03"), None);
        assert_eq!(first(b"\x15\x03"), None);
        assert_eq!(first(b"\x15\x03\x01\x00\x02\x02\x30"), Some(First::Tls(None)));
        assert_eq!(first(b"\x15\x01\x02"), Some(First::Other));
        assert_eq!(first(b"hello"), Some(First::Other));
        assert_eq!(first(b"SSH-2.0-x"), Some(First::Other));
        assert_eq!(first(b"\0\0\0\x20"), Some(First::Other));
        assert_eq!(first(&[b'A'; 100]), Some(First::Other));
    }

    #[tokio::test]
    async fn a_stream_that_ends_early_is_told() {
        for (bytes, expected) in [
            (&b""[..], First::Nothing),
            (&b"GE"[..], First::Other),
            (&b"\x16\x03\x01"[..], First::Tls(None)),
        ] {
            let mut wire = Wire::new(tokio::io::join(bytes, tokio::io::sink()));
            assert_eq!(sniff(&mut wire).await.unwrap(), expected);
            assert_eq!(wire.ahead(), bytes);
        }
    }
}
