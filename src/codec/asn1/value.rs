//! Walking through values that were read.

use std::borrow::Cow;

use crate::model::{Span, WallTime};

use super::reader::{Ber, Class, Item};
use super::text;

/// One value of a [`Ber`]; cheap to copy.
#[derive(Debug, Clone, Copy)]
pub struct Value<'b> {
    ber: &'b Ber<'b>,
    index: usize,
}

/// Universal tag numbers (X.680 8.4).
pub(crate) mod universal {
    pub(crate) const BOOLEAN: u32 = 1;
    pub(crate) const INTEGER: u32 = 2;
    pub(crate) const BIT_STRING: u32 = 3;
    pub(crate) const OCTET_STRING: u32 = 4;
    pub(crate) const OBJECT_IDENTIFIER: u32 = 6;
    pub(crate) const ENUMERATED: u32 = 10;
    pub(crate) const SEQUENCE: u32 = 16;
    pub(crate) const SET: u32 = 17;
    pub(crate) const UTC_TIME: u32 = 23;
    pub(crate) const GENERALIZED_TIME: u32 = 24;
}

impl<'b> Value<'b> {
    pub(super) fn new(ber: &'b Ber<'_>, index: usize) -> Self {
        Self { ber, index }
    }

    pub(super) fn item(self) -> Option<&'b Item> {
        self.ber.item(self.index)
    }

    /// Class and number of the tag.
    pub fn tag(self) -> (Class, u32) {
        self.item().map_or((Class::Universal, 0), |item| (item.class, item.tag))
    }

    /// True for a value of this universal type.
    pub fn is(self, number: u32) -> bool {
        self.tag() == (Class::Universal, number)
    }

    /// True for the field with this context tag.
    pub fn is_field(self, number: u32) -> bool {
        self.tag() == (Class::Context, number)
    }

    /// True when it holds other values.
    pub fn is_constructed(self) -> bool {
        self.item().is_some_and(|item| item.constructed)
    }

    /// The whole of it: tag, length, content and end mark.
    pub fn span(self) -> Span {
        self.item().map(|item| item.whole).unwrap_or_default()
    }

    /// Its content.
    pub fn content_span(self) -> Span {
        self.item().map(|item| item.content).unwrap_or_default()
    }

    /// The bytes of the whole.
    pub fn raw(self) -> &'b [u8] {
        self.span().of(self.ber.bytes())
    }

    /// The bytes of its content.
    pub fn content(self) -> &'b [u8] {
        self.content_span().of(self.ber.bytes())
    }

    /// The values directly inside, in order.
    pub fn children(self) -> impl Iterator<Item = Self> + 'b {
        let ber = self.ber;
        let end = self.item().map_or(0, |item| item.next);
        let mut next = self.index.saturating_add(1);
        std::iter::from_fn(move || {
            if next >= end {
                return None;
            }
            let found = Self { ber, index: next };
            next = found.item()?.next;
            Some(found)
        })
    }

    /// The value directly inside at this position.
    pub fn child(self, position: usize) -> Option<Self> {
        self.children().nth(position)
    }

    /// The first field directly inside with this context tag.
    pub fn field(self, number: u32) -> Option<Self> {
        self.children().find(|child| child.is_field(number))
    }

    /// The octets of a string, put together when it comes in pieces (X.690 8.7). For an
    /// implicitly tagged field too: its tag is not looked at.
    pub fn octets(self) -> Cow<'b, [u8]> {
        if !self.is_constructed() {
            return Cow::Borrowed(self.content());
        }
        let end = self.item().map_or(0, |item| item.next);
        let inner = (self.index.saturating_add(1)..end).filter_map(|index| self.ber.item(index));
        let mut pieces = inner.filter(|item| !item.constructed);
        let first = pieces.next().map(|item| item.content.of(self.ber.bytes()));
        let first = first.unwrap_or_default();
        let mut joined = match pieces.next() {
            None => return Cow::Borrowed(first),
            Some(second) => [first, second.content.of(self.ber.bytes())].concat(),
        };
        pieces.for_each(|item| joined.extend_from_slice(item.content.of(self.ber.bytes())));
        Cow::Owned(joined)
    }

    /// The bits of a BIT STRING that fill whole bytes (X.690 8.6).
    pub fn bits(self) -> Option<&'b [u8]> {
        match self.content() {
            [0, bits @ ..] if self.is(universal::BIT_STRING) => Some(bits),
            _ => None,
        }
    }

    /// An object identifier in numbers with dots.
    pub fn oid(self) -> Option<String> {
        self.is(universal::OBJECT_IDENTIFIER).then(|| text::oid(self.content())).flatten()
    }

    /// A non-negative INTEGER below 2^63.
    pub fn number(self) -> Option<u64> {
        let content = Some(self.content()).filter(|_| self.is(universal::INTEGER))?;
        let fits = content.len() <= 8 && content.first().is_some_and(|first| *first < 0x80);
        let add = |number: u64, byte: &u8| number << 8 | u64::from(*byte);
        fits.then(|| content.iter().fold(0, add))
    }

    /// A `UTCTime` or `GeneralizedTime` (RFC 5280 4.1.2.5); seconds may be missing, the zone may not.
    pub fn time(self) -> Option<WallTime> {
        match self.tag() {
            (Class::Universal, universal::UTC_TIME) => text::time(self.content(), 2),
            (Class::Universal, universal::GENERALIZED_TIME) => text::time(self.content(), 4),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_of_a_string_are_put_together() {
        let bytes = b"\xA0\x80\x24\x80\x04\x02he\x04\x03llo\x00\x00\x00\x00";
        let ber = Ber::read(bytes);
        assert!(ber.is_whole());
        let root = ber.root().unwrap();
        assert_eq!(&*root.child(0).unwrap().octets(), b"hello");
        assert_eq!(&*root.octets(), b"hello");
        assert_eq!(&*Ber::read(b"\x24\x00").root().unwrap().octets(), b"");
    }

    #[test]
    fn values_are_found_by_place_and_tag() {
        let ber = Ber::read(b"\x30\x0A\x02\x01\x07\xA1\x05\x06\x03\x55\x04\x03");
        let root = ber.root().unwrap();
        assert_eq!(root.child(0).unwrap().number(), Some(7));
        let oid = root.field(1).and_then(|field| field.child(0)?.oid());
        assert_eq!(oid.as_deref(), Some("2.5.4.3"));
        assert!(root.child(2).is_none() && root.field(0).is_none());
    }

    #[test]
    fn numbers_beyond_the_range_are_none() {
        let number = |bytes: &[u8]| Ber::read(bytes).root().unwrap().number();
        assert_eq!(number(b"\x02\x01\xFF"), None);
        assert_eq!(number(b"\x02\x09\x01\x01\x01\x01\x01\x01\x01\x01\x01"), None);
        assert_eq!(number(b"\x02\x00"), None);
        assert_eq!(number(b"\x02\x02\x01\x00"), Some(256));
    }
}
