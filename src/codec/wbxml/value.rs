//! Attribute values: joined from pieces, some of them packed.

use crate::model::{Attribute, Name, Namespace, Span};

use super::book::Book;
use super::strings::Characters;

/// The name of an attribute being read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum AttributeName {
    /// From the table.
    Known(&'static str),
    /// From the body.
    Literal(Box<str>),
    /// A token that the table lacks: page and token.
    Unknown(u8, u8),
}

impl AttributeName {
    /// As trees have it.
    pub(super) fn name(&self) -> Name<'_> {
        match self {
            Self::Known(name) => Name::Known(name),
            Self::Literal(name) => Name::Literal(name),
            Self::Unknown(page, token) => Name::Unknown { page: *page, token: *token },
        }
    }
}

/// An attribute being read.
#[derive(Debug)]
pub(super) struct PendingAttribute {
    /// Its name.
    pub(super) name: AttributeName,
    /// Name and value so far.
    pub(super) span: Span,
    /// The value so far.
    value: Characters,
}

impl PendingAttribute {
    /// An attribute whose value begins with `prefix`.
    pub(super) fn new(name: AttributeName, prefix: &'static str, span: Span) -> Self {
        Self { name, span, value: Characters::Own(prefix.into()) }
    }

    /// Adds a piece to the value.
    pub(super) fn extend(&mut self, piece: Characters, span: Span, layer: &[u8]) {
        self.span = self.span.join(span);
        if self.value.resolve(layer).is_empty() {
            self.value = piece;
            return;
        }
        if let Characters::Slice(first) = self.value {
            let first = Characters::Slice(first).resolve(layer).to_owned();
            self.value = Characters::Own(first.into());
        }
        if let Characters::Own(joined) = &mut self.value {
            joined.to_mut().push_str(piece.resolve(layer));
        }
    }

    /// The whole attribute.
    pub(super) fn attribute(&self) -> Attribute<'_> {
        let (name, value) = (self.name.name(), self.value.text());
        Attribute { name, namespace: Namespace::NONE, value, span: self.span }
    }
}

/// The value that opaque bytes stand for: a time (`%Datetime` of SI 1.0 and EMN 1.0),
/// characters, or hex.
pub(super) fn opaque_value(
    book: &Book,
    name: &AttributeName,
    payload: Span,
    layer: &[u8],
) -> Characters {
    let bytes = payload.of(layer);
    let is_time = matches!(name, AttributeName::Known(name) if book.has_times(name));
    if let Some(time) = packed_time(bytes).filter(|_| is_time) {
        return Characters::Own(time.into());
    }
    match std::str::from_utf8(bytes) {
        Ok(text) if text.chars().all(is_xml_char) => Characters::Slice(payload),
        _ => Characters::Own(hex(bytes).into()),
    }
}

/// The value that the opaque content of a Wireless Village element stands for: an unsigned
/// integer, most significant byte first, or a time of 6 bytes (OMA IMPS CSP, binary encoding).
pub(super) fn packed_content(name: &str, bytes: &[u8]) -> Option<String> {
    match name {
        "DateTime" | "DeliveryTime" => packed_bits(bytes),
        _ if WV_INTEGERS.contains(&name) && (1..=4).contains(&bytes.len()) => {
            let number =
                bytes.iter().fold(0_u32, |number, byte| number.wrapping_shl(8) | u32::from(*byte));
            Some(number.to_string())
        }
        _ => None,
    }
}

const WV_INTEGERS: [&str; 18] = [
    "AcceptedContentLength",
    "Code",
    "ContentSize",
    "HistoryPeriod",
    "KeepAliveTime",
    "MaxWatcherList",
    "MessageCount",
    "MultiTrans",
    "ParserSize",
    "SearchFindings",
    "SearchID",
    "SearchIndex",
    "SearchLimit",
    "ServerPollMin",
    "TCPPort",
    "TimeToLive",
    "UDPPort",
    "Validity",
];

/// Two reserved bits, year in 12, month in 4, day in 5, hour in 5, minute in 6, second in 6, then
/// the time zone as a letter or zero: `20011019T125031Z`.
fn packed_bits(bytes: &[u8]) -> Option<String> {
    let all: [u8; 6] = bytes.try_into().ok()?;
    let bits = all.iter().fold(0_u64, |bits, byte| bits.wrapping_shl(8) | u64::from(*byte));
    let field = |shift: u32, width: u32| {
        bits.wrapping_shr(shift) & 1_u64.wrapping_shl(width).wrapping_sub(1)
    };
    let [year, month, day] = [field(34, 12), field(30, 4), field(25, 5)];
    let [hour, minute, second] = [field(20, 5), field(14, 6), field(8, 6)];
    let real = (1..=12).contains(&month) && (1..=31).contains(&day) && hour < 24 && minute < 60;
    let zone = match all {
        [.., 0] => String::new(),
        [.., letter] if letter.is_ascii_alphabetic() => char::from(letter).to_string(),
        _ => return None,
    };
    (real && second < 61)
        .then(|| format!("{year:04}{month:02}{day:02}T{hour:02}{minute:02}{second:02}{zone}"))
}

fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02X}");
        text
    })
}

/// `19 99 06 25 15 23 15`, trailing zero bytes left out, as `1999-06-25T15:23:15Z`.
pub(super) fn packed_time(bytes: &[u8]) -> Option<String> {
    let is_decimal = |byte: &u8| byte & 0x0F <= 9 && byte >> 4 <= 9;
    if !(4..=7).contains(&bytes.len()) || !bytes.iter().all(is_decimal) {
        return None;
    }
    let mut all = [0; 7];
    for (slot, byte) in all.iter_mut().zip(bytes) {
        *slot = *byte;
    }
    let [century, year, month, day, hour, minute, second] = all;
    Some(format!(
        "{century:02X}{year:02X}-{month:02X}-{day:02X}T{hour:02X}:{minute:02X}:{second:02X}Z"
    ))
}

/// Characters that XML 1.0 §2.2 allows.
pub(super) fn is_xml_char(c: char) -> bool {
    matches!(c, '\t' | '\n' | '\r' | '\u{20}'..='\u{D7FF}' | '\u{E000}'..='\u{FFFD}' | '\u{10000}'..)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Text;

    #[test]
    fn times_need_decimal_digits() {
        assert_eq!(packed_time(b"\x20\x26\x11\x20\x14").unwrap(), "2026-11-20T14:00:00Z");
        assert_eq!(packed_time(b"\x20\x26\x1A\x20"), None);
        assert_eq!(packed_time(b"\x20\x26"), None);
    }

    #[test]
    fn wireless_village_packs() {
        assert_eq!(packed_content("Code", b"\xC8").unwrap(), "200");
        assert_eq!(packed_content("TimeToLive", b"\x01\x51\x80").unwrap(), "86400");
        assert_eq!(packed_content("Code", b"12345"), None);
        assert_eq!(packed_content("UserID", b"\xC8"), None);
        // 2001-10-19 12:50:31.
        let bits = 2001_u64 << 26 | 10 << 22 | 19 << 17 | 12 << 12 | 50 << 6 | 31;
        let mut bytes = bits.to_be_bytes()[3..].to_vec();
        bytes.push(b'Z');
        assert_eq!(packed_content("DateTime", &bytes).unwrap(), "20011019T125031Z");
        assert_eq!(packed_content("DateTime", b"20011019T125031Z"), None);
    }

    #[test]
    fn pieces_are_joined() {
        let name = AttributeName::Known("href");
        let mut pending = PendingAttribute::new(name, "http://", Span::new(0, 1));
        pending.extend(Characters::Slice(Span::new(2, 5)), Span::new(1, 6), b"\0\x03abc\0");
        pending.extend(Characters::Own(".com/".into()), Span::new(6, 7), b"\0\x03abc\0");
        let attribute = pending.attribute();
        assert_eq!(attribute.value, Text::Owned("http://abc.com/"));
        assert_eq!(attribute.span, Span::new(0, 7));
    }
}
