//! Numbers and words from a seed (`SplitMix64`).

use std::fmt::Write as _;

/// The generator.
#[derive(Debug)]
pub(crate) struct Random(u64);

const WORDS: [&str; 24] = [
    "policy",
    "device",
    "meeting",
    "the",
    "of",
    "and",
    "Zürich",
    "quarterly",
    "report",
    "please",
    "review",
    "attached",
    "server",
    "update",
    "a",
    "to",
    "in",
    "password",
    "regards",
    "日本語",
    "provision",
    "is",
    "for",
    "tomorrow",
];

impl Random {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// A number below `limit`, which is not 0.
    pub(crate) fn below(&mut self, limit: u64) -> u64 {
        self.next() % limit
    }

    /// Any of the choices.
    pub(crate) fn pick<'a>(&mut self, choices: &[&'a str]) -> &'a str {
        let count = u64::try_from(choices.len()).unwrap_or(1);
        choices[usize::try_from(self.below(count)).unwrap_or(0)]
    }

    /// Decimal digits of a number below `limit`.
    pub(crate) fn number(&mut self, limit: u64) -> String {
        self.below(limit).to_string()
    }

    /// About `length` bytes of prose, in lines.
    pub(crate) fn prose(&mut self, length: usize) -> String {
        let mut text = String::new();
        while text.len() < length {
            text.push_str(self.pick(&WORDS));
            text.push_str(if self.below(12) == 0 { ".\r\n" } else { " " });
        }
        text
    }

    /// The same as a page of HTML.
    pub(crate) fn page(&mut self, length: usize) -> String {
        let mut text = String::from("<html><head><meta charset=\"utf-8\"></head><body>");
        while text.len() < length {
            let (style, words) = (self.pick(&["p", "div", "span"]), 20 + self.below(300));
            let words = self.prose(usize::try_from(words).unwrap_or(0));
            let _ = write!(text, "<{style} class=\"MsoNormal\">{words}&nbsp;</{style}>\r\n");
        }
        text + "</body></html>"
    }

    /// `length` bytes.
    pub(crate) fn bytes(&mut self, length: usize) -> Vec<u8> {
        (0..length).map(|_| self.next().to_le_bytes()[0]).collect()
    }
}
