//! The characters of a layer, looked at as a whole where that can be.

use super::span::Span;

/// A layer whose texts are read one after the other.
#[derive(Debug, Clone, Copy)]
pub struct Utf8Prefix<'a> {
    layer: &'a [u8],
    begin: usize,
    /// All from `begin` to the first byte that is not UTF-8.
    valid: &'a str,
}

impl<'a> Utf8Prefix<'a> {
    /// Looks at `layer` from `begin`.
    pub fn new(layer: &'a [u8], begin: usize) -> Self {
        let rest = layer.get(begin..).unwrap_or_default();
        let valid = std::str::from_utf8(rest).or_else(|error| {
            std::str::from_utf8(rest.get(..error.valid_up_to()).unwrap_or_default())
        });
        Self { layer, begin, valid: valid.unwrap_or_default() }
    }

    /// The characters of `span`; `None` when it is not UTF-8.
    #[inline]
    pub fn get(&self, span: Span) -> Option<&'a str> {
        let range = span.range();
        match range.start.checked_sub(self.begin) {
            Some(start) if range.end <= self.begin + self.valid.len() => {
                self.valid.get(start..range.end - self.begin)
            }
            _ => std::str::from_utf8(span.of(self.layer)).ok(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_span_reads_as_it_would_alone() {
        let layer = "ab\u{e4}\u{20ac}".as_bytes();
        let layer = [b"\xA4", layer, b"\xFF\xC3x", layer, b"\x80"].concat();
        for begin in 0..3 {
            let prefix = Utf8Prefix::new(&layer, begin);
            for start in 0..=layer.len() {
                for end in start + 1..=layer.len() {
                    let alone = std::str::from_utf8(&layer[start..end]).ok();
                    assert_eq!(prefix.get(Span::new(start, end)), alone, "{begin} {start} {end}");
                }
            }
        }
    }
}
