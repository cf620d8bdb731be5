//! Heads of HTTP/1 messages, from their bytes as received.

use bytes::Bytes;

use crate::model::Header;
use crate::model::Headers;
use crate::model::Request;
use crate::model::Response;

/// Header fields that are looked at in one head; the HTTP library refuses longer ones.
const HEADER_LIMIT: usize = 512;

/// How a request's body is delimited.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum BodyLength {
    /// By a number of bytes; 0 when there is no body.
    Known(u64),
    /// In chunks.
    Chunked,
}

/// Length of the head at the front of `bytes`, its empty line included; `None` without one. The
/// search begins at `from`, where an earlier one left off.
pub(super) fn head_end(bytes: &[u8], from: usize) -> Option<usize> {
    let from = from.saturating_sub(3);
    let rest = bytes.get(from..)?;
    let mut line_empty = false;
    for (at, byte) in rest.iter().enumerate() {
        match byte {
            b'\n' if line_empty => return Some(from + at + 1),
            b'\n' => line_empty = true,
            b'\r' => {}
            _ => line_empty = false,
        }
    }
    None
}

/// Reads a request's head; `None` when it is none.
pub(super) fn request(raw: &Bytes) -> Option<Request> {
    let mut fields = [httparse::EMPTY_HEADER; HEADER_LIMIT];
    let mut parsed = httparse::Request::new(&mut fields);
    if !parsed.parse(raw).ok()?.is_complete() {
        return None;
    }
    Some(Request {
        method: parsed.method?.to_owned(),
        target: parsed.path?.to_owned(),
        version: version(parsed.version?),
        headers: headers(parsed.headers),
        raw: raw.clone(),
        ..Request::default()
    })
}

/// Reads an answer's head; `None` when it is none.
pub(super) fn response(raw: &Bytes) -> Option<Response> {
    let mut fields = [httparse::EMPTY_HEADER; HEADER_LIMIT];
    let mut parsed = httparse::Response::new(&mut fields);
    if !parsed.parse(raw).ok()?.is_complete() {
        return None;
    }
    Some(Response {
        status: parsed.code?,
        reason: parsed.reason.unwrap_or_default().to_owned(),
        version: version(parsed.version?),
        headers: headers(parsed.headers),
        raw: raw.clone(),
        ..Response::default()
    })
}

/// How the body of a request with these headers is delimited (RFC 9112 §6.3).
pub(super) fn request_body_length(headers: &Headers) -> BodyLength {
    if headers.first("transfer-encoding").is_some() {
        return BodyLength::Chunked;
    }
    let length = headers.first("content-length").and_then(|value| value.trim().parse().ok());
    BodyLength::Known(length.unwrap_or(0))
}

/// Header fields of the HTTP library, for messages whose bytes were not seen and for trailers.
pub(super) fn from_map(map: &hyper::HeaderMap) -> Headers {
    let fields = map.iter().map(|(name, value)| Header {
        name: name.as_str().to_owned(),
        value: text(value.as_bytes()),
    });
    Headers(fields.collect())
}

fn headers(fields: &[httparse::Header<'_>]) -> Headers {
    let fields =
        fields.iter().map(|field| Header { name: field.name.to_owned(), value: text(field.value) });
    Headers(fields.collect())
}

fn text(bytes: &[u8]) -> String {
    match std::str::from_utf8(bytes) {
        Ok(text) => text.to_owned(),
        Err(_) => bytes.iter().map(|byte| char::from(*byte)).collect(),
    }
}

fn version(minor: u8) -> String {
    format!("HTTP/1.{minor}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_head_ends_at_its_empty_line() {
        let bytes = b"GET / HTTP/1.1\r\nA: b\r\n\r\nrest";
        assert_eq!(head_end(bytes, 0), Some(bytes.len() - 4));
        assert_eq!(head_end(bytes, 20), Some(bytes.len() - 4));
        assert_eq!(head_end(&bytes[..bytes.len() - 5], 0), None);
        assert_eq!(head_end(b"GET / HTTP/1.1\n\nx", 0), Some(16));
        // Where an earlier search stopped between the last bytes of the empty line.
        for from in 20..=24 {
            assert_eq!(head_end(&bytes[..24], from), Some(24), "{from}");
        }
    }

    #[test]
    fn order_case_and_repeats_are_kept() {
        let raw = Bytes::from_static(
            b"POST /x?y HTTP/1.0\r\nb: 1\r\nA: 2\r\nB: \xff3\r\nContent-Length: 4\r\n\r\n",
        );
        let read = request(&raw).unwrap();
        let fields: Vec<_> = read.headers.0.iter().map(|h| (&*h.name, &*h.value)).collect();
        assert_eq!(fields, [("b", "1"), ("A", "2"), ("B", "\u{ff}3"), ("Content-Length", "4")]);
        assert_eq!((&*read.method, &*read.target, &*read.version), ("POST", "/x?y", "HTTP/1.0"));
        assert_eq!(request_body_length(&read.headers), BodyLength::Known(4));
    }

    #[test]
    fn answers_are_read() {
        let read = response(&Bytes::from_static(
            b"HTTP/1.1 449 Retry after sending a PROVISION command\r\nX: y\r\n\r\n",
        ))
        .unwrap();
        assert_eq!((read.status, &*read.reason), (449, "Retry after sending a PROVISION command"));
        assert_eq!(response(&Bytes::from_static(b"nonsense\r\n\r\n")), None);
    }
}
