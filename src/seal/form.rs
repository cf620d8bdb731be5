//! What of a body may have been signed. The specification says "the complete message"; what that
//! means on the wire is nowhere written, so the likely forms are tried in turn, as sent first.

use std::borrow::Cow;

use crate::model::{Decoded, Format, LayerId};

/// Bytes that a signature may be over, and what they are of the body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Form<'a> {
    /// `the body as sent`, ….
    pub name: &'static str,
    /// The bytes.
    pub bytes: Cow<'a, [u8]>,
    /// What it is.
    pub kind: FormKind,
}

/// What a match with a form means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FormKind {
    /// A sender may well sign this: the signature holds.
    Signed,
    /// The same, and the signature is over the digest of these bytes.
    Digest,
    /// The body was changed after it was signed, and this is how.
    Before,
}

/// Longest body that other forms than the one sent are made of, in bytes.
const FORMED_BYTES: usize = 16 << 20;

/// The forms of a decoded body: as sent, with its content codings undone, as UTF-8 and UTF-16, without
/// its byte order mark, the SyncML element alone, the digest of it; then what it may have been before
/// somebody changed its line ends.
pub fn forms(decoded: &Decoded) -> Vec<Form<'_>> {
    let Some(body) = decoded.layers.first() else { return forms_of_bytes(&[]) };
    let mut found = forms_of_bytes(&body.bytes);
    let mut at = LayerId::BODY;
    while let Some((id, layer)) = decoded.ids().find(|(_, layer)| {
        let wraps = decoded.layer(at).is_some_and(|l| matches!(l.format, Format::Wrapper(_)));
        wraps && layer.origin.is_some_and(|origin| origin.layer == at && origin.node.is_none())
    }) {
        let name = if layer.label.ends_with("utf-8") {
            "the body as UTF-8"
        } else {
            "the body without its content coding"
        };
        let kind = FormKind::Signed;
        found.insert(1, Form { name, bytes: Cow::Borrowed(&layer.bytes), kind });
        found.extend(others(&layer.bytes));
        at = id;
    }
    found
}

/// The forms of a body that is not decoded.
pub fn forms_of_bytes(body: &[u8]) -> Vec<Form<'_>> {
    let name = "the body as sent";
    let mut found = vec![Form { name, bytes: Cow::Borrowed(body), kind: FormKind::Signed }];
    found.extend(others(body));
    found
}

/// What else of some bytes may have been signed.
fn others(body: &[u8]) -> Vec<Form<'_>> {
    let mut found = Vec::new();
    if body.len() > FORMED_BYTES {
        return found;
    }
    let mut add = |kind, name, bytes| found.push(Form { name, bytes, kind });
    let name = "the digest of the body";
    add(FormKind::Digest, name, Cow::Borrowed(body));
    let text = body.strip_prefix(b"\xEF\xBB\xBF");
    if let Some(text) = text {
        add(FormKind::Signed, "the body without its byte order mark", Cow::Borrowed(text));
    }
    let text = text.unwrap_or(body);
    before(text, &mut add);
    if let Some(element) = element(text) {
        add(FormKind::Signed, "the SyncML element alone", Cow::Borrowed(element));
    }
    if let Ok(text) = std::str::from_utf8(text)
        && text.trim_start().starts_with('<')
    {
        let utf16: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
        let marked = [b"\xFF\xFE".as_slice(), &utf16].concat();
        add(FormKind::Signed, "the body as UTF-16", Cow::Owned(utf16));
        add(FormKind::Signed, "the body as UTF-16 with a byte order mark", Cow::Owned(marked));
    }
    found
}

/// What a body may have been before something on the way changed its line ends.
fn before<'a>(body: &'a [u8], add: &mut impl FnMut(FormKind, &'static str, Cow<'a, [u8]>)) {
    let mut change = |name, bytes| add(FormKind::Before, name, bytes);
    for end in [&b"\r\n"[..], b"\n", b"\0"] {
        if let Some(shorter) = body.strip_suffix(end) {
            let name = match end {
                b"\r\n" => "a line end (CRLF) was added behind the body",
                b"\n" => "a line end (LF) was added behind the body",
                _ => "a zero byte was added behind the body",
            };
            change(name, Cow::Borrowed(shorter));
        }
    }
    let trimmed = body.trim_ascii();
    if trimmed.len() < body.len() {
        change("white space was added around the body", Cow::Borrowed(trimmed));
    }
    change("a line end (CRLF) behind the body was cut off", Cow::Owned([body, b"\r\n"].concat()));
    change("a line end (LF) behind the body was cut off", Cow::Owned([body, b"\n"].concat()));
    let unix = lines(body, b"\n");
    let windows = lines(body, b"\r\n");
    if unix != body {
        change("line ends LF became CRLF", Cow::Owned(unix));
    }
    if windows != body {
        change("line ends CRLF became LF", Cow::Owned(windows));
    }
}

/// `body` with every line end written as `end`.
fn lines(body: &[u8], end: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(body.len());
    for line in body.split_inclusive(|byte| *byte == b'\n') {
        match line.strip_suffix(b"\n") {
            Some(line) => {
                out.extend_from_slice(line.strip_suffix(b"\r").unwrap_or(line));
                out.extend_from_slice(end);
            }
            None => out.extend_from_slice(line),
        }
    }
    out
}

/// The SyncML element, when something other than white space stands around it.
fn element(body: &[u8]) -> Option<&[u8]> {
    let start = memchr::memmem::find(body, b"<SyncML")?;
    let end = memchr::memmem::rfind(body, b"</SyncML>")?.saturating_add(b"</SyncML>".len());
    let element = body.get(start..end)?;
    (element.len() < body.trim_ascii().len()).then_some(element)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(body: &[u8], signed: &[u8]) -> Vec<&'static str> {
        let forms = forms_of_bytes(body);
        let same = forms.iter().filter(|f| &*f.bytes == signed && f.kind != FormKind::Digest);
        same.map(|form| form.name).collect()
    }

    #[test]
    fn the_body_as_sent_comes_first() {
        let forms = forms_of_bytes(b"<SyncML></SyncML>");
        assert_eq!((forms[0].name, forms[0].kind), ("the body as sent", FormKind::Signed));
    }

    #[test]
    fn what_was_changed_is_named() {
        let signed = b"<SyncML></SyncML>";
        assert_eq!(
            names(b"<SyncML></SyncML>\r\n", signed),
            [
                "a line end (CRLF) was added behind the body",
                "white space was added around the body"
            ]
        );
        assert_eq!(names(b"<?xml?><SyncML></SyncML>", signed), ["the SyncML element alone"]);
        assert_eq!(
            names(b"\xEF\xBB\xBF<SyncML></SyncML>", signed),
            ["the body without its byte order mark"]
        );
        assert_eq!(names(b"<a>\r\n</a>", b"<a>\n</a>"), ["line ends LF became CRLF"]);
        assert_eq!(names(b"<a>\n</a>", b"<a>\r\n</a>"), ["line ends CRLF became LF"]);
        assert_eq!(names(b"<a/>", b"<\0a\0/\0>\0"), ["the body as UTF-16"]);
    }

    #[test]
    fn forms_of_nothing_and_of_bytes() {
        assert_eq!(forms_of_bytes(b"")[0].bytes.len(), 0);
        assert!(forms_of_bytes(&[0xFF; 40]).len() > 2);
    }
}
