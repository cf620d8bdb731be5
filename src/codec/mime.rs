//! Internet messages (RFC 5322) and their MIME parts (RFC 2045, RFC 2046): header fields and where
//! the parts stand. Transfer encodings are undone; characters stay in their charset.

use std::borrow::Cow;

use base64::Engine as _;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

use crate::model::Span;

use super::limits;
use super::mail_header;
use super::sniff;

/// A message or part as far as its header was understood.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Entity {
    /// Media type without parameters, lower case; `text/plain` when not given.
    pub(crate) media_type: String,
    /// Charset, lower case; empty when not given.
    pub(crate) charset: String,
    /// `Content-Transfer-Encoding`, lower case; empty when not given.
    pub(crate) encoding: String,
    /// What a person asks for first: From, To, Cc, Subject, Date; of an attachment its name.
    pub(crate) facts: Vec<(&'static str, String)>,
    /// Everything behind the header.
    pub(crate) content: Span,
    /// Where the parts of a multipart stand, headers included.
    pub(crate) parts: Vec<Span>,
}

/// Reads the message or part in `range` of `layer`; `None` when it does not begin with a header
/// field.
pub(crate) fn entity(layer: &[u8], range: Span) -> Option<Entity> {
    let bytes = range.of(layer);
    let (fields, length) = fields(bytes)?;
    let value = |name: &str| fields.iter().find(|(known, _)| known == name).map(|(_, v)| &**v);
    let content_type = value("content-type").unwrap_or("text/plain");
    let (media_type, charset) = sniff::content_type(content_type);
    let content = Span::new(range.range().start.saturating_add(length), range.range().end);
    let head = mail_header::read(bytes.get(..length).unwrap_or(bytes));
    let parts = match head.boundary.filter(|_| media_type.starts_with("multipart/")) {
        Some(boundary) => parts(layer, content, &boundary),
        None => Vec::new(),
    };
    Some(Entity {
        facts: head.facts,
        encoding: value("content-transfer-encoding")
            .unwrap_or_default()
            .trim()
            .to_ascii_lowercase(),
        media_type,
        charset,
        content,
        parts,
    })
}

/// A part without a header, which begins with the empty line (RFC 2046 §5.1): plain text.
pub(crate) fn bare(layer: &[u8], range: Span) -> Option<Entity> {
    let skipped = match range.of(layer) {
        [b'\r', b'\n', ..] => 2,
        [b'\n', ..] => 1,
        _ => return None,
    };
    let content = Span::new(range.range().start.saturating_add(skipped), range.range().end);
    Some(Entity { media_type: "text/plain".to_owned(), content, ..Entity::default() })
}

/// True when the bytes begin like a message: header fields, one of those that mail has among them.
pub(crate) fn is_likely(bytes: &[u8]) -> bool {
    const KNOWN: [&str; 8] =
        ["content-type", "date", "from", "message-id", "mime-version", "received", "subject", "to"];
    fields(bytes)
        .is_some_and(|(fields, _)| fields.iter().any(|(name, _)| KNOWN.contains(&name.as_str())))
}

/// The content with its transfer encoding undone; `None` when it is not what it says.
pub(crate) fn undo<'a>(encoding: &str, bytes: &'a [u8]) -> Option<Cow<'a, [u8]>> {
    match encoding {
        "base64" => base64(bytes).map(Cow::Owned),
        "quoted-printable" => Some(Cow::Owned(quoted_printable(bytes))),
        _ => Some(Cow::Borrowed(bytes)),
    }
}

/// Base64 (RFC 2045 §6.8), white space anywhere, padding or not.
pub(crate) fn base64(bytes: &[u8]) -> Option<Vec<u8>> {
    const ENGINE: GeneralPurpose = GeneralPurpose::new(
        &alphabet::STANDARD,
        GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
    );
    let compact: Vec<u8> =
        bytes.iter().copied().filter(|byte| !byte.is_ascii_whitespace()).collect();
    ENGINE.decode(compact).ok()
}

/// Base64 in either alphabet (RFC 4648 §4, §5), white space anywhere, padding or not.
pub fn base64_any(bytes: &[u8]) -> Option<Vec<u8>> {
    if !bytes.iter().any(|byte| matches!(byte, b'-' | b'_')) {
        return base64(bytes);
    }
    let plain = |byte: &u8| match byte {
        b'-' => b'+',
        b'_' => b'/',
        other => *other,
    };
    base64(&bytes.iter().map(plain).collect::<Vec<u8>>())
}

type Fields = Vec<(String, String)>;

/// Header fields, names in lower case, values unfolded; and the length of the header with the
/// empty line behind it.
fn fields(bytes: &[u8]) -> Option<(Fields, usize)> {
    let mut fields: Fields = Vec::new();
    let mut at = 0_usize;
    let header = bytes.get(..limits::MIME_HEADER_BYTES).unwrap_or(bytes);
    while let Some(rest) = header.get(at..).filter(|rest| !rest.is_empty()) {
        let length = line(rest);
        let text = rest.get(..length).unwrap_or_default().trim_ascii_end();
        at = at.saturating_add(length);
        if text.is_empty() {
            break;
        }
        let text_value = String::from_utf8_lossy(text);
        if text.first().is_some_and(u8::is_ascii_whitespace) {
            let (_, value) = fields.last_mut()?;
            value.push(' ');
            value.push_str(text_value.trim_ascii_start());
            continue;
        }
        let (name, value) = text_value.split_once(':')?;
        let is_name = !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_graphic());
        is_name.then_some(())?;
        fields.push((name.to_ascii_lowercase(), value.trim().to_owned()));
        if fields.len() >= limits::MIME_FIELDS {
            break;
        }
    }
    (!fields.is_empty()).then_some((fields, at))
}

/// Length of the first line, its end included.
fn line(bytes: &[u8]) -> usize {
    bytes.iter().position(|byte| *byte == b'\n').map_or(bytes.len(), |at| at.saturating_add(1))
}

/// The parts between lines `--boundary`, without the line end before each.
fn parts(layer: &[u8], content: Span, boundary: &str) -> Vec<Span> {
    let bytes = content.of(layer);
    let base = content.range().start;
    let mut parts = Vec::new();
    let (mut at, mut begun) = (0_usize, None);
    if boundary.is_empty() {
        return parts;
    }
    while let Some(rest) = bytes.get(at..).filter(|rest| !rest.is_empty()) {
        let length = line(rest);
        let text = rest.get(..length).unwrap_or_default();
        let next = at.saturating_add(length);
        if let Some(tail) = delimiter(text, boundary) {
            if let Some(start) = begun.take() {
                let end = before_line_end(bytes, at).max(start);
                parts.push(Span::new(base.saturating_add(start), base.saturating_add(end)));
            }
            if tail.starts_with(b"--") || parts.len() >= limits::PARTS {
                return parts;
            }
            begun = Some(next);
        }
        at = next;
    }
    if let Some(start) = begun {
        parts.push(Span::new(base.saturating_add(start), content.range().end));
    }
    parts
}

fn delimiter<'a>(line: &'a [u8], boundary: &str) -> Option<&'a [u8]> {
    let tail = line.strip_prefix(b"--")?.strip_prefix(boundary.as_bytes())?;
    let rest = tail.strip_prefix(b"--").unwrap_or(tail);
    rest.iter().all(u8::is_ascii_whitespace).then_some(tail)
}

fn before_line_end(bytes: &[u8], at: usize) -> usize {
    match bytes.get(..at) {
        Some([.., b'\r', b'\n']) => at.saturating_sub(2),
        Some([.., b'\n']) => at.saturating_sub(1),
        _ => at,
    }
}

/// RFC 2045 §6.7; what is no valid escape stays as it is.
fn quoted_printable(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes.len());
    let mut rest = bytes;
    while let Some((first, tail)) = rest.split_first() {
        rest = tail;
        match (first, tail) {
            (b'=', [b'\r', b'\n', after @ ..] | [b'\n', after @ ..]) => rest = after,
            (b'=', [high, low, after @ ..]) => match (hex(*high), hex(*low)) {
                (Some(high), Some(low)) => {
                    out.push(high.wrapping_shl(4) | low);
                    rest = after;
                }
                _ => out.push(b'='),
            },
            _ => out.push(*first),
        }
    }
    out
}

fn hex(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16).and_then(|value| u8::try_from(value).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Entity {
        entity(text.as_bytes(), Span::new(0, text.len())).unwrap()
    }

    #[test]
    fn a_message_with_folded_fields() {
        let text = "From: a@lab\r\nSubject: one\r\n two\r\nContent-Type: Text/HTML; charset=\"X\"\r\n\r\nhi";
        let entity = read(text);
        assert_eq!(entity.media_type, "text/html");
        assert_eq!(entity.charset, "x");
        assert_eq!(entity.facts, [("From", "a@lab".into()), ("Subject", "one two".to_owned())]);
        assert_eq!(entity.content.of(text.as_bytes()), b"hi");
    }

    #[test]
    fn parts_end_before_the_line_end() {
        let text = "Content-Type: multipart/mixed; boundary=\"b\"\r\n\r\npreamble\r\n--b\r\n\r\none\r\n--b \r\nA: b\r\n\r\ntwo\r\n--b--\r\nepilogue";
        let entity = read(text);
        let parts: Vec<_> = entity.parts.iter().map(|part| part.of(text.as_bytes())).collect();
        assert_eq!(parts, [&b"\r\none"[..], b"A: b\r\n\r\ntwo"]);
        let open = &text[..text.len() - 16];
        assert_eq!(read(open).parts.len(), 2, "the last boundary is missing");
    }

    #[test]
    fn encodings() {
        assert_eq!(undo("quoted-printable", b"a=3D=\r\nb=\n=zz").unwrap(), &b"a=b=zz"[..]);
        assert_eq!(undo("base64", b"aGk=\r\n").unwrap(), &b"hi"[..]);
        assert_eq!(undo("base64", b"aGk").unwrap(), &b"hi"[..]);
        assert_eq!(undo("base64", b"?"), None);
    }

    #[test]
    fn what_is_no_message() {
        assert!(is_likely(b"MIME-Version: 1.0\r\n\r\n"));
        assert!(!is_likely(b"hello world"));
        assert!(!is_likely(b"a: b"));
        assert!(!is_likely(b" folded: first"));
        assert_eq!(entity(b"no header\r\n\r\n", Span::new(0, 13)), None);
    }
}
