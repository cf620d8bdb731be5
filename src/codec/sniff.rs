//! What bytes are: by media type where it can be believed, else by how they begin.

use super::asn1::Ber;
use super::cms;
use super::document_type::DocumentType;
use super::mime;
use super::multipart;
use super::wbxml::{self, Book};

/// How a layer is to be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// WBXML.
    Wbxml,
    /// XML.
    Xml,
    /// ActiveSync multipart.
    Multipart,
    /// An internet message or a part of one, with its header.
    Message,
    /// Certificates or messages in PEM form.
    Pem,
    /// A value in BER or DER.
    Asn1,
    /// Such a value as base64.
    Base64,
    /// Characters; the words for them.
    Text(&'static str),
    /// Bytes; what they seem to be.
    Binary(&'static str),
}

impl Kind {
    /// What the user forced.
    pub(crate) fn forced(document_type: DocumentType) -> Self {
        match document_type {
            DocumentType::Wbxml(_) => Self::Wbxml,
            DocumentType::Multipart => Self::Multipart,
            DocumentType::Xml => Self::Xml,
            DocumentType::Text => Self::Text("text"),
            DocumentType::Binary => Self::Binary("binary"),
        }
    }

    /// What `bytes` with this media type (lower case, without parameters; may be empty) are.
    pub(crate) fn of(bytes: &[u8], media_type: &str) -> Self {
        // Signed and encrypted bodies come under any media type.
        if cms::is_likely(bytes) {
            return Self::Asn1;
        }
        if media_type == MULTIPART {
            // An error reply to a multipart request may be plain WBXML under the same type.
            let plain = !multipart::is_likely(bytes) && wbxml::is_likely(bytes);
            return if plain { Self::Wbxml } else { Self::Multipart };
        }
        if media_type.is_empty() && multipart::is_sound(bytes) {
            return Self::Multipart;
        }
        if media_type == "message/rfc822" && mime::is_likely(bytes) {
            return Self::Message;
        }
        if looks_like_pem(bytes) {
            return Self::Pem;
        }
        if looks_like_base64(bytes) {
            return Self::Base64;
        }
        if media_type.starts_with("image/") && !media_type.ends_with("xml") {
            return Self::Binary(magic(bytes));
        }
        if let Some(words) = text_words(media_type) {
            return match looks_binary(bytes) {
                false => Self::Text(words),
                true if wbxml::is_likely(bytes) => Self::Wbxml,
                true => Self::Binary(magic(bytes)),
            };
        }
        if looks_like_xml(bytes) {
            return if looks_like_html(bytes) { Self::Text("HTML") } else { Self::Xml };
        }
        if is_wbxml_type(media_type) || wbxml::is_likely(bytes) {
            return Self::Wbxml;
        }
        if is_xml_type(media_type) {
            return if looks_binary(bytes) { Self::Binary(magic(bytes)) } else { Self::Xml };
        }
        if looks_binary(bytes) {
            return if looks_like_asn1(bytes) { Self::Asn1 } else { Self::Binary(magic(bytes)) };
        }
        match bytes.trim_ascii_start().first() {
            Some(b'{' | b'[') if media_type.is_empty() || media_type.contains("json") => {
                Self::Text("JSON")
            }
            _ => Self::Text("text"),
        }
    }
}

/// True for a media type whose bodies are WBXML.
pub(crate) fn is_wbxml_type(media_type: &str) -> bool {
    media_type.ends_with("wbxml") || Book::by_media_type(media_type).next().is_some()
}

/// The media type and charset of a `Content-Type` value, lower case; empty where absent.
pub(crate) fn content_type(header: &str) -> (String, String) {
    let mut parts = header.split(';');
    let media_type = parts.next().unwrap_or_default().trim().to_ascii_lowercase();
    let charset = parts
        .filter_map(|part| part.split_once('='))
        .find(|(name, _)| name.trim().eq_ignore_ascii_case("charset"))
        .map(|(_, value)| value.trim().trim_matches('"').to_ascii_lowercase());
    (media_type, charset.unwrap_or_default())
}

/// True for a tag, declaration, comment or instruction at the beginning, in UTF-8 or UTF-16.
pub(crate) fn looks_like_xml(bytes: &[u8]) -> bool {
    let bytes = bytes.strip_prefix(UTF8_BOM).unwrap_or(bytes);
    match bytes {
        [0xFE, 0xFF, 0, b'<', ..]
        | [0xFF, 0xFE, b'<', 0, ..]
        | [0, b'<', 0, _, ..]
        | [b'<', 0, _, 0, ..] => true,
        _ => match bytes.trim_ascii_start() {
            [b'<', next, ..] => {
                next.is_ascii_alphabetic() || matches!(next, b'?' | b'!' | b'_' | 0x80..)
            }
            _ => false,
        },
    }
}

/// True for certificates, requests and messages in PEM form. Keys stay text.
pub(crate) fn looks_like_pem(bytes: &[u8]) -> bool {
    const LABELS: [&[u8]; 6] = [
        b"CERTIFICATE-----",
        b"CERTIFICATE REQUEST-----",
        b"NEW CERTIFICATE REQUEST-----",
        b"X509 CERTIFICATE-----",
        b"PKCS7-----",
        b"CMS-----",
    ];
    let label = bytes.trim_ascii_start().strip_prefix(b"-----BEGIN ");
    label.is_some_and(|label| LABELS.iter().any(|known| label.starts_with(known)))
}

/// True for the base64 text of a message: what begins with `MI` and is one when decoded.
fn looks_like_base64(bytes: &[u8]) -> bool {
    /// Characters that the type of a message needs.
    const HEAD: usize = 40;
    let bytes = bytes.trim_ascii_start();
    if !bytes.starts_with(b"MI") {
        return false;
    }
    let head: Vec<u8> =
        bytes.iter().copied().filter(|b| !b.is_ascii_whitespace()).take(HEAD).collect();
    mime::base64_any(&head).is_some_and(|head| cms::is_likely(&head))
}

/// True for bytes that are one ASN.1 SEQUENCE and nothing else, or begin like a large one.
fn looks_like_asn1(bytes: &[u8]) -> bool {
    match bytes {
        [0x30, 0x82, ..] => true,
        [0x30, ..] => Ber::read(bytes).is_whole(),
        _ => false,
    }
}

/// The byte order mark of UTF-8.
pub(crate) const UTF8_BOM: &[u8] = b"\xEF\xBB\xBF";

/// The media type of ActiveSync bodies.
pub(crate) const ACTIVESYNC: &str = "application/vnd.ms-sync.wbxml";

const MULTIPART: &str = "application/vnd.ms-sync.multipart";

fn is_xml_type(media_type: &str) -> bool {
    media_type.ends_with("xml")
}

/// The words for media types that are text and nothing else.
fn text_words(media_type: &str) -> Option<&'static str> {
    match media_type {
        "text/html" | "application/xhtml+xml" => Some("HTML"),
        "application/json" | "text/json" => Some("JSON"),
        "application/x-www-form-urlencoded" => Some("form"),
        "message/rfc822" => Some("message"),
        "text/css" | "text/csv" | "text/javascript" | "application/javascript" => Some("text"),
        _ if media_type.ends_with("+json") => Some("JSON"),
        _ => None,
    }
}

fn looks_like_html(bytes: &[u8]) -> bool {
    let start = bytes.trim_ascii_start();
    [&b"<!doctype html"[..], b"<html"]
        .iter()
        .any(|mark| start.get(..mark.len()).is_some_and(|head| head.eq_ignore_ascii_case(mark)))
}

/// True when the first KiB holds control characters that text does not have.
fn looks_binary(bytes: &[u8]) -> bool {
    let head = bytes.get(..1024).unwrap_or(bytes);
    if matches!(head, [0xFE, 0xFF, ..] | [0xFF, 0xFE, ..]) {
        return false;
    }
    head.iter().any(|byte| matches!(byte, 0..=8 | 0x0E..=0x1A | 0x1C..=0x1F))
        || (magic(bytes) != "binary")
}

/// What the first bytes say.
fn magic(bytes: &[u8]) -> &'static str {
    match bytes {
        [0x89, b'P', b'N', b'G', ..] => "PNG",
        [0xFF, 0xD8, 0xFF, ..] => "JPEG",
        [b'G', b'I', b'F', b'8', ..] => "GIF",
        [b'P', b'K', 3, 4, ..] => "ZIP",
        [b'%', b'P', b'D', b'F', ..] => "PDF",
        [0x1F, 0x8B, ..] => "gzip",
        _ => "binary",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn media_type_against_bytes() {
        let eas = "application/vnd.ms-sync.wbxml";
        for (bytes, media_type, kind) in [
            (&b"\x03\x01\x6A\x00\x45"[..], eas, Kind::Wbxml),
            (b"\x03\x01\x6A\x00\xFF", eas, Kind::Wbxml),
            (b"<Sync/>", eas, Kind::Xml),
            (b"\x03\x01\x6A\x00\x45", "application/octet-stream", Kind::Wbxml),
            (b"\x03\x01\x6A\x00\x45", "application/vnd.syncml-devinf+xml", Kind::Wbxml),
            (b"\x03\x01\x6A\x00\x45", "", Kind::Wbxml),
            (b"\x03\x02\x01\x00", "", Kind::Binary("binary")),
            (b"\x03\x01\x6A\x00\x45", "text/html", Kind::Wbxml),
            (b"<?xml version='1.0'?><html/>", "text/html", Kind::Text("HTML")),
            (b"<!DOCTYPE HTML><p>", "", Kind::Text("HTML")),
            (b"\xFF\xFE<\0a\0/\0>\0", "text/xml", Kind::Xml),
            (b"a=1", "application/x-www-form-urlencoded", Kind::Text("form")),
            (b"{\"a\":1}", "", Kind::Text("JSON")),
            (b"Unauthorized", "", Kind::Text("text")),
            (b"GIF89a", "application/octet-stream", Kind::Binary("GIF")),
        ] {
            assert_eq!(Kind::of(bytes, media_type), kind, "{bytes:?} {media_type}");
        }
    }

    #[test]
    fn content_types() {
        let parsed = content_type("Text/XML; foo=1; Charset=\"UTF-16\"");
        assert_eq!(parsed, ("text/xml".to_owned(), "utf-16".to_owned()));
    }
}
