//! The characters of a layer, looked at in long runs instead of piece by piece.

use simdutf8::{basic, compat};

use super::piece::Piece;
use super::span::Span;

/// A layer whose texts are read one after the other. All reading together is linear in the layer.
#[derive(Debug)]
pub struct Utf8Runs<'a> {
    layer: &'a [u8],
    /// Where the run begins.
    begin: usize,
    /// All from there to the first byte that is not UTF-8.
    run: &'a str,
}

impl<'a> Utf8Runs<'a> {
    /// Texts of `layer` from `begin`; those before it are looked at one by one.
    pub fn new(layer: &'a [u8], begin: usize) -> Self {
        Self { layer, begin, run: "" }
    }

    /// The characters of `span`; `None` when it is not UTF-8.
    #[inline]
    pub fn get(&mut self, span: Span) -> Option<Piece<'a>> {
        let tail = self.tail(span.range().start);
        tail.and_then(|tail| Piece::of(tail, span.len())).or_else(|| self.alone(span))
    }

    /// What the run has from `start` on.
    #[inline]
    fn tail(&mut self, start: usize) -> Option<&'a str> {
        let skipped = start.checked_sub(self.begin)?;
        if skipped < self.run.len() { self.run.get(skipped..) } else { Some(self.next_run(start)) }
    }

    /// Goes on behind what was not UTF-8.
    #[inline(never)]
    fn next_run(&mut self, start: usize) -> &'a str {
        self.begin = start;
        self.run = run_from(self.layer, start);
        self.run
    }

    #[cold]
    fn alone(&self, span: Span) -> Option<Piece<'a>> {
        let text = std::str::from_utf8(span.of(self.layer)).ok()?;
        Piece::of(text, text.len())
    }
}

/// A layer whose texts are read in any order, looked at once.
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
        Self { layer, begin, valid: run_from(layer, begin) }
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

/// All of `layer` from `begin` to the first byte that is not UTF-8.
fn run_from(layer: &[u8], begin: usize) -> &str {
    let rest = layer.get(begin..).unwrap_or_default();
    compat::from_utf8(rest)
        .or_else(|error| basic::from_utf8(rest.split_at(error.valid_up_to()).0))
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_span_reads_as_it_would_alone() {
        let layer = "ab\u{e4}\u{20ac}".as_bytes();
        let layer = [b"\xA4", layer, b"\xFF\xC3x", layer, b"\x80"].concat();
        for begin in 0..3 {
            let mut runs = Utf8Runs::new(&layer, begin);
            let prefix = Utf8Prefix::new(&layer, begin);
            for start in 0..=layer.len() {
                for end in start..=layer.len() + 1 {
                    let span = Span::new(start, end);
                    let alone = std::str::from_utf8(span.of(&layer)).ok();
                    let read = prefix.get(span);
                    assert!(read == alone || span.is_empty(), "{begin} {start} {end}");
                    assert_eq!(runs.get(span).map(Piece::as_str), alone, "{begin} {start} {end}");
                }
            }
        }
    }

    #[test]
    fn a_run_begins_again_behind_damage() {
        let mut runs = Utf8Runs::new(b"one\0\xFF\0two\0three", 0);
        assert_eq!(runs.tail(0), Some("one\0"));
        assert_eq!(runs.tail(6), Some("two\0three"));
        assert_eq!(runs.tail(10), Some("three"));
        // What was passed is not looked at again, but piece by piece.
        assert_eq!(runs.tail(0), None);
        assert_eq!(runs.get(Span::new(0, 3)).map(Piece::as_str), Some("one"));
    }
}
