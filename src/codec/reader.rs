//! A cursor over one layer that knows where it is.

use crate::model::Span;

/// Reads forward through the bytes of one layer. Offsets count from the layer's first byte.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Reader<'a> {
    /// A cursor at the first byte.
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0 }
    }

    /// A cursor at `at`; past the end counts as the end.
    pub(crate) fn from(bytes: &'a [u8], at: usize) -> Self {
        Self { bytes, at: at.min(bytes.len()) }
    }

    /// Offset of the next byte.
    #[inline]
    pub(crate) fn at(&self) -> usize {
        self.at
    }

    /// Goes back to `at`, which the cursor has passed.
    pub(crate) fn rewind(&mut self, at: usize) {
        self.at = self.at.min(at);
    }

    /// What is left.
    #[inline]
    pub(crate) fn rest(&self) -> &'a [u8] {
        self.bytes.get(self.at..).unwrap_or_default()
    }

    /// True when nothing is left.
    pub(crate) fn is_empty(&self) -> bool {
        self.at >= self.bytes.len()
    }

    /// The next byte, without moving.
    #[inline]
    pub(crate) fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    /// The next byte.
    #[inline]
    pub(crate) fn byte(&mut self) -> Option<u8> {
        let byte = self.peek()?;
        self.at = self.at.saturating_add(1);
        Some(byte)
    }

    /// The next `length` bytes; `None`, without moving, when fewer are left.
    #[inline]
    pub(crate) fn take(&mut self, length: usize) -> Option<Span> {
        // Compared with what is left, never added first: the length is the peer's.
        if length > self.rest().len() {
            return None;
        }
        let start = self.at;
        self.at = self.at.saturating_add(length);
        Some(Span::new(start, self.at))
    }

    /// Everything that is left.
    pub(crate) fn take_rest(&mut self) -> Span {
        let start = self.at;
        self.at = self.bytes.len();
        Span::new(start, self.at)
    }

    /// The next four bytes as a little-endian number.
    pub(crate) fn u32_le(&mut self) -> Option<u32> {
        let span = self.take(4)?;
        let bytes = span.of(self.bytes).try_into().ok()?;
        Some(u32::from_le_bytes(bytes))
    }

    /// A token, then text up to a zero byte, which is passed over. `None`, without moving, when
    /// there is no zero byte.
    #[inline]
    pub(crate) fn string(&mut self) -> Option<Span> {
        let start = self.at.saturating_add(1);
        let length = zero(self.bytes.get(start..)?)?;
        let end = start.saturating_add(length);
        self.at = end.saturating_add(1);
        Some(Span::new(start, end))
    }

    /// Text up to a terminator of `width` zero bytes (aligned to `width`), which is passed over.
    /// `None`, without moving, when there is no terminator.
    #[inline]
    pub(crate) fn terminated(&mut self, width: usize) -> Option<Span> {
        let length = terminator(self.rest(), width)?;
        let span = self.take(length)?;
        self.take(width)?;
        Some(span)
    }
}

/// Offset of the first zero byte. Most strings are shorter than the search for a way to search.
#[inline]
fn zero(bytes: &[u8]) -> Option<usize> {
    const ONES: u64 = u64::from_ne_bytes([0x01; 8]);
    const HIGHS: u64 = u64::from_ne_bytes([0x80; 8]);
    let mut at = 0_usize;
    for word in bytes.as_chunks::<8>().0.iter().take(SHORT_WORDS) {
        let word = u64::from_le_bytes(*word);
        let found = word.wrapping_sub(ONES) & !word & HIGHS;
        if found != 0 {
            let place = usize::try_from(found.trailing_zeros()).ok()? / 8;
            return Some(at.saturating_add(place));
        }
        at = at.saturating_add(8);
    }
    memchr::memchr(0, bytes.get(at..)?).map(|place| at.saturating_add(place))
}

/// Words of eight bytes that are looked at one by one.
const SHORT_WORDS: usize = 3;

/// Offset of the first `width` zero bytes aligned to `width`.
pub(crate) fn terminator(bytes: &[u8], width: usize) -> Option<usize> {
    if width == 1 {
        return memchr::memchr(0, bytes);
    }
    let unit = bytes.chunks_exact(width).position(|unit| unit.iter().all(|byte| *byte == 0))?;
    unit.checked_mul(width)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hostile_length_does_not_move_the_cursor() {
        let mut reader = Reader::from(b"abc", 1);
        assert_eq!(reader.take(usize::MAX), None);
        assert_eq!(reader.take(2), Some(Span::new(1, 3)));
        assert_eq!(reader.byte(), None);
    }

    #[test]
    fn wide_terminators_are_aligned() {
        let mut reader = Reader::new(b"a\0\0b\0\0z");
        assert_eq!(reader.terminated(2), Some(Span::new(0, 4)));
        assert_eq!(reader.peek(), Some(b'z'));
        assert_eq!(reader.terminated(1), None);
    }
}
