//! Attribute values: joined from pieces, some of them packed.

use crate::model::{Attribute, Name, Namespace, Span, Text, Tree};

use super::book::Book;

/// An attribute being read.
#[derive(Debug)]
pub(super) struct PendingAttribute {
    /// Its name.
    pub(super) name: Name,
    /// Name and value so far.
    pub(super) span: Span,
    /// The only piece of the value so far; kept apart because most have one.
    first: Text,
    /// The pieces, once there are two.
    joined: Option<String>,
}

impl PendingAttribute {
    /// An attribute whose value begins with `prefix`.
    pub(super) fn new(name: Name, prefix: &str, span: Span) -> Self {
        Self { name, span, first: Text::Owned(prefix.into()), joined: None }
    }

    /// Adds a piece to the value.
    pub(super) fn extend(&mut self, piece: Text, span: Span, layer: &[u8]) {
        self.span = self.span.join(span);
        if let Some(joined) = &mut self.joined {
            joined.push_str(Tree::resolve(&piece, layer));
        } else if Tree::resolve(&self.first, layer).is_empty() {
            self.first = piece;
        } else {
            let mut joined = Tree::resolve(&self.first, layer).to_owned();
            joined.push_str(Tree::resolve(&piece, layer));
            self.joined = Some(joined);
        }
    }

    /// The whole attribute.
    pub(super) fn finish(self) -> Attribute {
        let value = self.joined.map_or(self.first, |joined| Text::Owned(joined.into()));
        Attribute { name: self.name, namespace: Namespace::NONE, value, span: self.span }
    }
}

/// The value that opaque bytes stand for: a time (`%Datetime` of SI 1.0 and EMN 1.0),
/// characters, or hex.
pub(super) fn opaque_value(book: &Book, name: &Name, payload: Span, layer: &[u8]) -> Text {
    let bytes = payload.of(layer);
    let is_time = matches!(name, Name::Known("created" | "si-expires" | "timestamp"))
        && matches!(book.key, "si10" | "emn10");
    if let Some(time) = packed_time(bytes).filter(|_| is_time) {
        return Text::Owned(time.into());
    }
    match std::str::from_utf8(bytes) {
        Ok(text) if text.chars().all(is_xml_char) => Text::Slice(payload),
        _ => Text::Owned(hex(bytes).into()),
    }
}

fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02X}");
        text
    })
}

/// `19 99 06 25 15 23 15`, trailing zero bytes left out, as `1999-06-25T15:23:15Z`.
fn packed_time(bytes: &[u8]) -> Option<String> {
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

    #[test]
    fn times_need_decimal_digits() {
        assert_eq!(packed_time(b"\x20\x26\x11\x20\x14").unwrap(), "2026-11-20T14:00:00Z");
        assert_eq!(packed_time(b"\x20\x26\x1A\x20"), None);
        assert_eq!(packed_time(b"\x20\x26"), None);
    }

    #[test]
    fn pieces_are_joined() {
        let mut pending = PendingAttribute::new(Name::Known("href"), "http://", Span::new(0, 1));
        pending.extend(Text::Slice(Span::new(2, 5)), Span::new(1, 6), b"\0\x03abc\0");
        pending.extend(Text::Owned(".com/".into()), Span::new(6, 7), b"\0\x03abc\0");
        let attribute = pending.finish();
        assert_eq!(attribute.value, Text::Owned("http://abc.com/".into()));
        assert_eq!(attribute.span, Span::new(0, 7));
    }
}
