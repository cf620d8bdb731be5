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
                [0x16, ..] => First::Tls(None),
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
        count if line.get(count) == Some(&b' ') => Some(First::Http),
        _ => Some(First::Other),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn first_bytes_are_told_apart() {
        assert_eq!(first(b"GET / HTTP/1.1"), Some(First::Http));
        assert_eq!(first(b"\r\nOPTIONS * "), Some(First::Http));
        assert_eq!(first(b"M-SEARCH *"), Some(First::Http));
        assert_eq!(first(b"PROPFIN"), None);
        assert_eq!(first(b""), None);
        assert_eq!(first(b"\x16\x03"), None);
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
