//! Short texts that are appended to others, many times.
//!
//! How long a text is decides how the machine copies it, and with texts of many lengths a wrong
//! guess costs more than the copy. So what is short is copied as a block of one length, with some
//! of what stands behind it, which is cut off again.

/// Bytes that are copied together.
pub const BLOCK: usize = 32;

/// A text that is part of a longer one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Piece<'a> {
    /// The text and what stands behind it.
    tail: &'a str,
    /// Bytes of `tail`; a character ends there.
    len: usize,
}

impl<'a> Piece<'a> {
    /// The first `len` bytes of `tail`; `None` when they are not characters.
    #[inline]
    pub fn of(tail: &'a str, len: usize) -> Option<Self> {
        tail.is_char_boundary(len).then_some(Self { tail, len })
    }

    /// The `len` bytes of `text` from `at`; nothing when they are not characters.
    #[inline]
    pub(super) fn inside(text: &'a str, at: usize, len: usize) -> Self {
        let piece = text.get(at..).and_then(|tail| Self::of(tail, len));
        piece.unwrap_or(Self { tail: "", len: 0 })
    }

    /// The text.
    #[inline]
    pub fn as_str(self) -> &'a str {
        self.tail.get(..self.len).unwrap_or_default()
    }

    /// Its length in bytes.
    #[inline]
    pub fn len(self) -> usize {
        self.len
    }

    /// True when there is no text.
    pub fn is_empty(self) -> bool {
        self.len == 0
    }

    /// The text and what stands behind it, when together they make a block.
    #[inline]
    pub fn block(self) -> Option<&'a [u8; BLOCK]> {
        if self.len <= BLOCK { self.tail.as_bytes().first_chunk() } else { None }
    }

    /// Appends the text.
    #[inline(always)]
    #[expect(clippy::inline_always, reason = "a call takes as long as the copy")]
    pub fn push_to(self, out: &mut String) {
        match self.tail.get(..BLOCK) {
            Some(block) if self.len <= BLOCK => {
                let end = out.len() + self.len;
                out.push_str(block);
                out.truncate(end);
            }
            _ => out.push_str(self.as_str()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_length_is_appended_as_it_is() {
        let tail = "\u{e4}".repeat(40);
        for len in 0..=tail.len() {
            let piece = Piece::of(&tail, len);
            assert_eq!(piece.map(Piece::as_str), tail.get(..len));
            let mut out = String::from("x");
            if let Some(piece) = piece {
                piece.push_to(&mut out);
            }
            assert_eq!(&out[1..], tail.get(..len).unwrap_or_default(), "{len}");
        }
        assert_eq!(Piece::of("abc", 4), None);
    }

    #[test]
    fn parts_have_what_stands_behind_them() {
        let text = format!("<a></a>{:BLOCK$}", "");
        let end = Piece::inside(&text, 3, 4);
        assert_eq!((end.as_str(), end.block().is_some()), ("</a>", true));
        assert!(Piece::inside("\u{e4}", 1, 1).is_empty());
        assert!(Piece::inside("a", 1, 1).is_empty());
    }
}
