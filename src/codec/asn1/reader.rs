//! Tags and lengths (X.690 8.1): every value of some bytes with its place.

use crate::codec::limits;
use crate::codec::reader::Reader;
use crate::model::Span;

use super::value::Value;

/// The class of a tag (X.690 8.1.2.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Class {
    /// Types of the standard itself.
    Universal,
    /// Types of one application.
    Application,
    /// Fields, known by their place.
    Context,
    /// Types of one organisation.
    Private,
}

/// One value: where it stands and what its tag says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Item {
    pub(super) class: Class,
    pub(super) tag: u32,
    pub(super) constructed: bool,
    pub(super) indefinite: bool,
    /// Tag, length, content and end mark.
    pub(super) whole: Span,
    pub(super) content: Span,
    /// Index of the first value that is not inside this one.
    pub(super) next: usize,
}

/// Why reading stopped before the end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Stop {
    /// The byte at which it was noticed.
    pub(crate) at: usize,
    /// One sentence without a full stop.
    pub(crate) why: &'static str,
}

/// The values of some bytes, in the order of their first bytes. Reading never fails: what was
/// understood before a fault is there.
///
/// Ceilings: 100,000 values, 64 inside each other; tag numbers below 2^28.
#[derive(Debug, Clone)]
pub struct Ber<'a> {
    bytes: &'a [u8],
    items: Vec<Item>,
    end: usize,
    stop: Option<Stop>,
}

impl<'a> Ber<'a> {
    /// Reads the first value of `bytes` and everything inside it.
    pub fn read(bytes: &'a [u8]) -> Self {
        let mut walk =
            Walk { bytes, reader: Reader::new(bytes), items: Vec::new(), open: Vec::new() };
        let stop = walk.run().err();
        let end = walk.reader.at();
        walk.close_all(end);
        Self { bytes, items: walk.items, end, stop }
    }

    /// The outermost value, if there is one.
    pub fn root(&self) -> Option<Value<'_>> {
        self.value(0)
    }

    /// The bytes read.
    pub(crate) fn bytes(&self) -> &'a [u8] {
        self.bytes
    }

    /// Offset behind the first value, or where reading stopped.
    pub fn end(&self) -> usize {
        self.end
    }

    /// Why reading stopped before the value was whole.
    pub(crate) fn stop(&self) -> Option<Stop> {
        self.stop
    }

    /// True when the bytes are one whole value and nothing else.
    pub fn is_whole(&self) -> bool {
        self.stop.is_none() && self.end == self.bytes.len() && !self.items.is_empty()
    }

    /// True when the first value is whole; more may follow it.
    pub fn is_sound(&self) -> bool {
        self.stop.is_none() && !self.items.is_empty()
    }

    pub(super) fn value(&self, index: usize) -> Option<Value<'_>> {
        self.items.get(index).map(|_| Value::new(self, index))
    }

    pub(super) fn item(&self, index: usize) -> Option<&Item> {
        self.items.get(index)
    }
}

/// A constructed value whose end has not come.
struct Open {
    index: usize,
    /// Where it ends; `None` when an end mark is to come.
    end: Option<usize>,
    /// Where the innermost value of known length around its content ends.
    limit: usize,
}

struct Walk<'a> {
    bytes: &'a [u8],
    reader: Reader<'a>,
    items: Vec<Item>,
    open: Vec<Open>,
}

impl Walk<'_> {
    /// Every turn reads at least one byte or ends.
    fn run(&mut self) -> Result<(), Stop> {
        self.one()?;
        while self.close_ended() {
            if !self.end_mark()? {
                self.one()?;
            }
        }
        Ok(())
    }

    /// Closes what ends here; false when nothing is left open.
    fn close_ended(&mut self) -> bool {
        let at = self.reader.at();
        while let Some(last) = self.open.last() {
            if last.end != Some(at) {
                return true;
            }
            self.close(at, at);
        }
        false
    }

    /// Passes over an end mark (X.690 8.1.5) of the innermost value, and closes it.
    fn end_mark(&mut self) -> Result<bool, Stop> {
        let at = self.reader.at();
        let Some(last) = self.open.last() else { return Ok(false) };
        if last.end.is_some() {
            return Ok(false);
        }
        if at >= last.limit {
            return Err(Stop { at, why: "a value of indefinite length has no end" });
        }
        if !matches!(self.reader.rest(), [0, 0, ..]) {
            return Ok(false);
        }
        self.reader.take(2);
        self.close(at, self.reader.at());
        Ok(true)
    }

    /// Reads one tag and length; a constructed value stays open.
    fn one(&mut self) -> Result<(), Stop> {
        let at = self.reader.at();
        let limit = self.open.last().map_or(self.bytes.len(), |last| last.limit);
        if self.items.len() >= limits::ASN1_VALUES {
            return Err(Stop { at, why: "there are too many ASN.1 values" });
        }
        let (class, constructed, tag) = self.tag(at)?;
        let length = self.length(at)?;
        let start = self.reader.at();
        let left = limit.checked_sub(start);
        let end = match (length, left) {
            (Some(length), Some(left)) if length <= left => Some(start.saturating_add(length)),
            (None, Some(_)) if constructed => None,
            (None, _) => return Err(Stop { at, why: "a primitive value has no length" }),
            _ => return Err(Stop { at, why: "the length of a value goes beyond what holds it" }),
        };
        let index = self.items.len();
        let reach = end.unwrap_or(start);
        self.items.push(Item {
            class,
            tag,
            constructed,
            indefinite: end.is_none(),
            whole: Span::new(at, reach),
            content: Span::new(start, reach),
            next: index.saturating_add(1),
        });
        if !constructed {
            self.reader.take(reach.saturating_sub(start));
            return Ok(());
        }
        if self.open.len() >= limits::ASN1_DEPTH {
            return Err(Stop { at, why: "ASN.1 values are nested too deep" });
        }
        self.open.push(Open { index, end, limit: end.unwrap_or(limit) });
        Ok(())
    }

    fn tag(&mut self, at: usize) -> Result<(Class, bool, u32), Stop> {
        let cut = Stop { at, why: "the bytes end inside a tag" };
        let first = self.reader.byte().ok_or(cut)?;
        let class = match first >> 6 {
            0 => Class::Universal,
            1 => Class::Application,
            2 => Class::Context,
            _ => Class::Private,
        };
        let constructed = first & 0x20 != 0;
        let mut tag = u32::from(first & 0x1F);
        if tag == 0x1F {
            tag = 0;
            loop {
                let byte = self.reader.byte().ok_or(cut)?;
                if tag >= 1 << 21 {
                    return Err(Stop { at, why: "a tag number is too large" });
                }
                tag = tag << 7 | u32::from(byte & 0x7F);
                if byte & 0x80 == 0 {
                    break;
                }
            }
        }
        Ok((class, constructed, tag))
    }

    /// The length (X.690 8.1.3); `None` for the indefinite form.
    fn length(&mut self, at: usize) -> Result<Option<usize>, Stop> {
        let cut = Stop { at, why: "the bytes end inside a length" };
        let first = self.reader.byte().ok_or(cut)?;
        if first < 0x80 {
            return Ok(Some(usize::from(first)));
        }
        if first == 0x80 {
            return Ok(None);
        }
        let mut length = 0_usize;
        for _ in 0..(first & 0x7F) {
            let byte = self.reader.byte().ok_or(cut)?;
            let shifted = length.checked_mul(256);
            let shifted = shifted.ok_or(Stop { at, why: "a length is too large" })?;
            length = shifted.saturating_add(usize::from(byte));
        }
        Ok(Some(length))
    }

    /// The innermost value ends: its content at `content_end`, itself at `end`.
    fn close(&mut self, content_end: usize, end: usize) {
        let Some(open) = self.open.pop() else { return };
        let next = self.items.len();
        if let Some(item) = self.items.get_mut(open.index) {
            item.next = next;
            item.content = Span::new(item.content.range().start, content_end);
            item.whole = Span::new(item.whole.range().start, end);
        }
    }

    fn close_all(&mut self, at: usize) {
        while !self.open.is_empty() {
            self.close(at, at);
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn shape(bytes: &[u8]) -> Vec<(u32, usize, usize, usize)> {
        let ber = Ber::read(bytes);
        let part =
            |item: &Item| (item.tag, item.whole.range().start, item.whole.range().end, item.next);
        ber.items.iter().map(part).collect()
    }

    #[test]
    fn definite_and_indefinite_lengths() {
        // SEQUENCE { INTEGER 5, SEQUENCE (indefinite) { NULL } }
        let bytes = b"\x30\x09\x02\x01\x05\x30\x80\x05\x00\x00\x00";
        let ber = Ber::read(bytes);
        assert!(ber.is_whole(), "{:?}", ber.stop());
        assert_eq!(shape(bytes), [(16, 0, 11, 4), (2, 2, 5, 2), (16, 5, 11, 4), (5, 7, 9, 4)]);
        // A length in the long form, and what follows.
        let ber = Ber::read(b"\x04\x81\x02hixx");
        assert!(ber.is_sound() && !ber.is_whole());
        assert_eq!(ber.end(), 5);
    }

    #[test]
    fn lies_are_noticed_where_they_stand() {
        for (bytes, at, why) in [
            (&b"\x30\x03\x04\x05x"[..], 2, "the length of a value goes beyond what holds it"),
            (b"\x30\x84\xFF\xFF\xFF\xFF", 0, "the length of a value goes beyond what holds it"),
            (b"\x30\x80\x05\x00", 4, "a value of indefinite length has no end"),
            (b"\x04\x80\x00\x00", 0, "a primitive value has no length"),
            (b"\x30", 0, "the bytes end inside a length"),
            (b"", 0, "the bytes end inside a tag"),
            (b"\x1F\xFF\xFF\xFF\xFF\x01\x00", 0, "a tag number is too large"),
        ] {
            assert_eq!(Ber::read(bytes).stop(), Some(Stop { at, why }), "{bytes:02x?}");
        }
        let long = [&[0x30, 0x89][..], &[0xFF; 9]].concat();
        assert_eq!(Ber::read(&long).stop().unwrap().why, "a length is too large");
    }

    #[test]
    fn ceilings_hold() {
        let deep = [0x30, 0x80].repeat(1000);
        let ber = Ber::read(&deep);
        assert_eq!(ber.stop().unwrap().why, "ASN.1 values are nested too deep");
        let mut many = b"\x30\x80".to_vec();
        many.extend([5, 0].repeat(limits::ASN1_VALUES + 5));
        let ber = Ber::read(&many);
        assert_eq!(ber.items.len(), limits::ASN1_VALUES);
        assert!(ber.stop().is_some());
    }

    proptest! {
        #[test]
        fn anything_can_be_read(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
            let ber = Ber::read(&bytes);
            prop_assert!(ber.end() <= bytes.len());
            for (index, item) in ber.items.iter().enumerate() {
                let (whole, content) = (item.whole.range(), item.content.range());
                prop_assert!(whole.start < whole.end.max(1));
                prop_assert!(whole.start <= content.start && content.end <= whole.end);
                prop_assert!(whole.end <= bytes.len());
                prop_assert!(item.next > index && item.next <= ber.items.len());
            }
        }

        #[test]
        fn nested_values_stand_inside(bytes in prop::collection::vec(
            prop::sample::select(vec![0x30_u8, 0x31, 0xA0, 0x80, 0, 0, 2, 4, 5, 1, 3]), 0..200)) {
            let ber = Ber::read(&bytes);
            for (index, item) in ber.items.iter().enumerate() {
                for inner in ber.items.get(index + 1..item.next).unwrap_or_default() {
                    prop_assert!(inner.whole.range().start >= item.content.range().start);
                    prop_assert!(inner.whole.range().end <= item.content.range().end);
                }
            }
        }
    }
}
