//! The header of an internet message or MIME part, read: encoded words (RFC 2047), addresses
//! (RFC 5322 §3.4), parameters with charset and continuation (RFC 2231).

use std::fmt::Write as _;

use mail_parser::{Addr, Address, HeaderName, Message, MessageParser, MimeHeaders as _};

use super::limits;

/// What a header says that one asks for.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct MailHeader {
    /// From, To, Cc, Subject, Date (as sent); of an attachment its name.
    pub(crate) facts: Vec<(&'static str, String)>,
    /// The boundary of a multipart.
    pub(crate) boundary: Option<String>,
}

/// Reads the header fields in `bytes`, which end with the empty line or their last field.
pub(crate) fn read(bytes: &[u8]) -> MailHeader {
    let Some(message) = MessageParser::default().parse_headers(bytes) else {
        return MailHeader::default();
    };
    let facts = [
        ("From", message.from().map(addresses)),
        ("To", message.to().map(addresses)),
        ("Cc", message.cc().map(addresses)),
        ("Subject", message.subject().map(str::to_owned)),
        ("Date", message.header_raw(HeaderName::Date).map(|date| date.trim().to_owned())),
        ("attachment", attachment(&message)),
    ];
    let facts = facts.into_iter().filter_map(|(name, text)| {
        let text = text.filter(|text| !text.is_empty())?;
        Some((name, text.chars().take(limits::MIME_FACT_CHARS).collect()))
    });
    let boundary = message.root_part().content_type().and_then(|media| media.attribute("boundary"));
    MailHeader { facts: facts.collect(), boundary: boundary.map(str::to_owned) }
}

/// `Alice <alice@example.org>, bob@example.org and 12 more`.
fn addresses(list: &Address<'_>) -> String {
    let mut all = list.iter();
    let mut words: Vec<String> =
        all.by_ref().take(limits::MIME_ADDRESSES).map(address).filter(|w| !w.is_empty()).collect();
    let more = all.count();
    if let (Some(last), true) = (words.last_mut(), more > 0) {
        let _ = write!(last, " and {more} more");
    }
    words.join(", ")
}

fn address(one: &Addr<'_>) -> String {
    match (one.name(), one.address()) {
        (Some(name), Some(address)) => format!("{name} <{address}>"),
        (name, address) => address.or(name).unwrap_or_default().to_owned(),
    }
}

/// The name of an attachment; of a nameless one what it is. `None` when the part is none.
fn attachment(message: &Message<'_>) -> Option<String> {
    let part = message.root_part();
    if let Some(name) = part.attachment_name() {
        return Some(name.to_owned());
    }
    let media = part.content_type();
    let asked = part.content_disposition().is_some_and(mail_parser::ContentType::is_attachment);
    let words = || {
        let subtype = media.and_then(|media| media.subtype()).unwrap_or("octet-stream");
        media.map_or_else(|| "application".to_owned(), |m| m.ctype().to_owned()) + "/" + subtype
    };
    asked.then(words)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn facts(text: &str) -> Vec<(&'static str, String)> {
        read(text.as_bytes()).facts
    }

    #[test]
    fn encoded_words_and_addresses_are_read() {
        let text = "From: =?utf-8?Q?J=C3=BCrgen?= <j@lab.test>\r\nTo: a@lab.test, \"B, b\" <b@lab.test>\r\nCc: Team: c@lab.test;\r\nSubject: =?iso-8859-1?B?R3L832U=?=\r\nDate: Thu, 1 Jan 2026 00:00:00 +0000\r\n\r\n";
        let expected = [
            ("From", "Jürgen <j@lab.test>"),
            ("To", "a@lab.test, B, b <b@lab.test>"),
            ("Cc", "c@lab.test"),
            ("Subject", "Grüße"),
            ("Date", "Thu, 1 Jan 2026 00:00:00 +0000"),
        ];
        assert_eq!(facts(text), expected.map(|(name, text)| (name, text.to_owned())));
    }

    #[test]
    fn an_attachment_has_a_name_in_every_spelling() {
        let name = |text: &str| facts(text).into_iter().find(|(n, _)| *n == "attachment");
        let named = |text: &str| name(text).map(|(_, name)| name);
        let plain = "Content-Type: application/pdf; name=\"a b.pdf\"\r\n\r\n";
        assert_eq!(named(plain).as_deref(), Some("a b.pdf"));
        let parameter =
            "Content-Disposition: attachment; filename*=utf-8''na%C3%AFve%20plan.txt\r\n\r\n";
        assert_eq!(named(parameter).as_deref(), Some("naïve plan.txt"));
        let nameless = "Content-Type: image/png\r\nContent-Disposition: attachment\r\n\r\n";
        assert_eq!(named(nameless).as_deref(), Some("image/png"));
        assert_eq!(named("Content-Type: text/plain\r\nContent-Disposition: inline\r\n\r\n"), None);
    }

    #[test]
    fn many_addresses_are_counted() {
        let many = (0..100).map(|n| format!("u{n}@lab.test")).collect::<Vec<_>>().join(", ");
        let to = facts(&format!("To: {many}\r\n\r\n"));
        assert!(to[0].1.ends_with("u19@lab.test and 80 more"), "{to:?}");
    }

    #[test]
    fn a_boundary_may_hold_a_semicolon() {
        let header = read(b"Content-Type: multipart/mixed; boundary=\"a;b\"\r\n\r\n");
        assert_eq!(header.boundary.as_deref(), Some("a;b"));
        assert_eq!(read(b"\xFF\x00"), MailHeader::default());
    }
}
