//! What is searched for, and where in lines and bytes it stands.

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

    /// Where it begins in `bytes`, from byte `from` on (not there itself), round the end if need be.
    pub(crate) fn in_bytes(&self, bytes: &[u8], from: usize, way: Way) -> Option<usize> {
        let needle = match self {
            Self::Text(text) => text.as_bytes(),
            Self::Bytes(needle) => needle,
        };
        let fold = matches!(self, Self::Text(_));
        let last = bytes.len().checked_sub(needle.len())?;
        let at = |start: &usize| {
            let window = &bytes[*start..*start + needle.len()];
            if fold { window.eq_ignore_ascii_case(needle) } else { window == needle }
        };
        let after = from.saturating_add(1).min(last + 1);
        let before = from.min(last + 1);
        match way {
            Way::Forward => (after..=last).chain(0..after).find(at),
            Way::Backward => (0..before).rev().chain((before..=last).rev()).find(at),
        }
    }
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
    fn bytes_are_found_both_ways_and_round_the_end() {
        let needle = Needle::parse("ab").unwrap();
        let bytes = b"ab..AB..ab";
        assert_eq!(needle.in_bytes(bytes, 0, Way::Forward), Some(4));
        assert_eq!(needle.in_bytes(bytes, 8, Way::Forward), Some(0));
        assert_eq!(needle.in_bytes(bytes, 4, Way::Backward), Some(0));
        assert_eq!(needle.in_bytes(bytes, 0, Way::Backward), Some(8));
        assert_eq!(needle.in_bytes(b"a", 0, Way::Forward), None);
        assert_eq!(needle.in_bytes(bytes, 999, Way::Forward), Some(0), "a place that is gone");
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
