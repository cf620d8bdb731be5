//! What is searched for, and where in lines and bytes it stands.

use std::ops::Range;

/// Something to search for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Needle {
    /// Characters, compared without case.
    Text(String),
    /// Bytes.
    Bytes(Vec<u8>),
}

/// Which way to search, from where one is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Way {
    /// To the end, then from the start.
    Forward,
    /// To the start, then from the end.
    Backward,
}

impl Needle {
    /// Reads what a user typed: `0x` and pairs of hex digits (blanks between them are fine) are
    /// bytes, anything else text. `None` for an empty line.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let digits = text.strip_prefix("0x").or_else(|| text.strip_prefix("0X"));
        if let Some(bytes) = digits.and_then(bytes) {
            return Some(Self::Bytes(bytes));
        }
        (!text.is_empty()).then(|| Self::Text(text.to_lowercase()))
    }

    /// True when a line of text holds it. Bytes stand in a line that shows them as characters or as
    /// a dump.
    pub(crate) fn is_in(&self, line: &str) -> bool {
        match self {
            Self::Text(text) => line.to_lowercase().contains(text),
            Self::Bytes(bytes) => std::str::from_utf8(bytes).is_ok_and(|text| line.contains(text)),
        }
    }

    /// Calls `each` with every place in `bytes` where it begins until that returns false.
    pub(crate) fn each_in_bytes(&self, bytes: &[u8], each: &mut dyn FnMut(usize) -> bool) {
        let needle = self.bytes();
        let Some(last) = bytes.len().checked_sub(needle.len()) else { return };
        let Some(first) = needle.first() else { return };
        let (low, high) = match self {
            Self::Text(_) => (first.to_ascii_lowercase(), first.to_ascii_uppercase()),
            Self::Bytes(_) => (*first, *first),
        };
        let starts = bytes.get(..=last).unwrap_or_default();
        for at in memchr::memchr2_iter(low, high, starts) {
            if self.is_at(bytes, at) && !each(at) {
                return;
            }
        }
    }

    /// True when it begins at this byte.
    fn is_at(&self, bytes: &[u8], at: usize) -> bool {
        let needle = self.bytes();
        let Some(window) = bytes.get(at..at + needle.len()) else { return false };
        match self {
            Self::Text(_) => window.eq_ignore_ascii_case(needle),
            Self::Bytes(_) => window == needle,
        }
    }

    /// What it is as bytes.
    pub(crate) fn bytes(&self) -> &[u8] {
        match self {
            Self::Text(text) => text.as_bytes(),
            Self::Bytes(bytes) => bytes,
        }
    }

    /// The parts of a line that hold it, in bytes, within its first 4 KiB; they do not overlap.
    pub(crate) fn ranges(&self, line: &str) -> Vec<Range<usize>> {
        let line = line.get(..line.floor_char_boundary(SEEN)).unwrap_or_default();
        let (text, fold) = match self {
            Self::Text(text) => (text.as_str(), true),
            Self::Bytes(bytes) => (std::str::from_utf8(bytes).unwrap_or_default(), false),
        };
        let mut ranges: Vec<Range<usize>> = Vec::new();
        if text.is_empty() {
            return ranges;
        }
        for (start, _) in line.char_indices() {
            let free = ranges.last().is_none_or(|range| range.end <= start);
            if let Some(len) =
                line.get(start..).filter(|_| free).and_then(|l| begins(l, text, fold))
            {
                ranges.push(start..start + len);
            }
        }
        ranges
    }
}

/// Bytes of a line in which hits are marked: more than a screen shows.
const SEEN: usize = 4096;

/// Bytes of `line` that are `text`, when it begins so; `text` is in lower case where case is not looked
/// at.
fn begins(line: &str, text: &str, fold: bool) -> Option<usize> {
    let mut wanted = text.chars().peekable();
    let mut len = 0;
    for c in line.chars() {
        if wanted.peek().is_none() {
            break;
        }
        len += c.len_utf8();
        let same = if fold {
            c.to_lowercase().all(|c| wanted.next() == Some(c))
        } else {
            wanted.next() == Some(c)
        };
        if !same {
            return None;
        }
    }
    wanted.next().is_none().then_some(len)
}

/// The next of `len` lines after (or before) `from` for which `hit` holds, round the end if need
/// be; `from` itself comes last.
pub(crate) fn next_line(
    len: usize,
    from: usize,
    way: Way,
    hit: impl FnMut(&usize) -> bool,
) -> Option<usize> {
    let from = from.min(len);
    match way {
        Way::Forward => {
            let after = (from + 1).min(len);
            (after..len).chain(0..after).find(hit)
        }
        Way::Backward => (0..from).rev().chain((from..len).rev()).find(hit),
    }
}

fn bytes(digits: &str) -> Option<Vec<u8>> {
    let digits: Vec<_> =
        digits.chars().filter(|c| *c != ' ').map(|c| c.to_digit(16)).collect::<Option<_>>()?;
    let pair = |pair: &[u32]| match pair {
        [high, low] => u8::try_from(high * 16 + low).ok(),
        _ => None,
    };
    let bytes: Vec<u8> = digits.chunks(2).map(pair).collect::<Option<_>>()?;
    (!bytes.is_empty()).then_some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hex_digits_are_bytes_and_the_rest_is_text() {
        assert_eq!(Needle::parse("0x03 01 6a"), Some(Needle::Bytes(vec![3, 1, 0x6A])));
        assert_eq!(Needle::parse("0x123"), Some(Needle::Text("0x123".into())), "half a byte");
        assert_eq!(Needle::parse("0x"), Some(Needle::Text("0x".into())));
        assert_eq!(Needle::parse(""), None);
        assert!(Needle::parse("POLICY").unwrap().is_in("a PolicyKey"));
        assert!(Needle::parse("0x4b6579").unwrap().is_in("PolicyKey"));
    }

    #[test]
    fn bytes_are_found_wherever_they_begin() {
        let places = |needle: &str, bytes: &[u8]| {
            let mut found = Vec::new();
            Needle::parse(needle).unwrap().each_in_bytes(bytes, &mut |at| {
                found.push(at);
                true
            });
            found
        };
        assert_eq!(places("ab", b"ab..AB.aab"), [0, 4, 8]);
        assert_eq!(places("0x 61 61", b"aaa.AA"), [0, 1]);
        assert!(places("ab", b"a").is_empty() && places("ab", b"").is_empty());
        let mut first = 0;
        Needle::parse("a").unwrap().each_in_bytes(b".aaaa", &mut |at| {
            first = at;
            false
        });
        assert_eq!(first, 1, "it ends when told to");
    }

    #[test]
    fn parts_of_a_line_are_marked_whatever_their_case() {
        let ranges = |needle: &str, line: &str| -> Vec<(usize, usize)> {
            let ranges = Needle::parse(needle).unwrap().ranges(line).into_iter();
            ranges.map(|range| (range.start, range.end)).collect()
        };
        assert_eq!(ranges("key", "Key: PolicyKEY"), [(0, 3), (11, 14)]);
        assert_eq!(ranges("aa", "aaaa"), [(0, 2), (2, 4)]);
        assert_eq!(ranges("straße", "eine STRAßE"), [(5, 12)]);
        assert_eq!(ranges("0x4b", "kKk"), [(1, 2)]);
        assert!(ranges("0xff", "anything").is_empty() && ranges("abc", "ab").is_empty());
    }

    #[test]
    fn the_line_one_is_on_comes_last() {
        let hits = [1, 3];
        let next = |from, way| next_line(5, from, way, |at| hits.contains(at));
        assert_eq!(next(1, Way::Forward), Some(3));
        assert_eq!(next(3, Way::Forward), Some(1));
        assert_eq!(next(1, Way::Backward), Some(3));
        assert_eq!(next_line(5, 2, Way::Forward, |at| *at == 2), Some(2));
        assert_eq!(next_line(0, 7, Way::Backward, |_| true), None);
    }
}
