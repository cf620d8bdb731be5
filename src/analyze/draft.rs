//! The annotation while it is being written.

use std::borrow::Cow;
use std::sync::LazyLock;

use crate::model::{Annotated, Leg, Level, NodeId, Note, Summary};

use super::document::Document;

/// Characters of one value from the wire inside a sentence of ours.
const VALUE_CHARS: usize = 160;

/// Characters of the facts of a summary: they stand in one line of a list.
const FACTS_CHARS: usize = 400;

/// Facts of one exchange; a hostile body could ask for more.
const FACTS: usize = 32;

/// Lines of one overview.
const ROWS: usize = 100;

/// Characters of one line of an overview.
const ROW_CHARS: usize = 1_000;

/// Everything said so far about one exchange. What is said raises the level of the whole.
#[derive(Debug, Default)]
pub(super) struct Draft {
    pub(super) summary: Summary,
    facts: Vec<String>,
    overview: Vec<(&'static str, String)>,
    request: Vec<Note>,
    response: Vec<Note>,
}

impl Draft {
    /// Says something about one node.
    pub(super) fn note(
        &mut self,
        leg: Leg,
        document: &Document<'_>,
        node: NodeId,
        level: Level,
        text: impl Into<Cow<'static, str>>,
    ) {
        self.raise(level);
        let note = Note { layer: document.layer, node, level, text: text.into() };
        match leg {
            Leg::Request => self.request.push(note),
            Leg::Response => self.response.push(note),
        }
    }

    /// Adds to what the list shows; an empty or known text adds nothing.
    pub(super) fn fact(&mut self, text: impl Into<String>) {
        let text = text.into();
        if !text.is_empty() && self.facts.len() < FACTS && !self.facts.contains(&text) {
            self.facts.push(text);
        }
    }

    /// Adds words to the first fact that names `what`; false when none does.
    pub(super) fn append_to(&mut self, what: &str, words: &str) -> bool {
        let named = self.facts.iter_mut().find(|fact| fact.contains(what));
        named.map(|fact| fact.push_str(words)).is_some()
    }

    /// Puts a fact before all others: what must not be overlooked.
    pub(super) fn headline(&mut self, text: impl Into<String>) {
        let text = text.into();
        if self.facts.len() < FACTS && !self.facts.contains(&text) {
            self.facts.insert(0, text);
        }
    }

    /// Adds a line to the overview; an empty text adds nothing.
    pub(super) fn row(&mut self, key: &'static str, text: impl Into<String>) {
        let text = text.into();
        if !text.is_empty() && self.overview.len() < ROWS {
            // A character has a byte at least.
            let fits = text.len() <= ROW_CHARS;
            self.overview.push((key, if fits { text } else { clip_to(&text, ROW_CHARS) }));
        }
    }

    /// Makes the whole at least this loud.
    pub(super) fn raise(&mut self, level: Level) {
        self.summary.level = self.summary.level.max(level);
    }

    /// The finished annotation, notes in document order.
    pub(super) fn finish(mut self) -> Annotated {
        for notes in [&mut self.request, &mut self.response] {
            // Stable: two notes on one node stay in the order they were written.
            notes.sort_by_key(|note| (note.layer, note.node));
        }
        self.summary.facts = clip_to(&self.facts.join(", "), FACTS_CHARS);
        Annotated {
            summary: self.summary,
            overview: self.overview,
            request: self.request,
            response: self.response,
            findings: Vec::new(),
        }
    }
}

/// A value from the wire, cut to what a sentence bears; the cut shows as `…`.
pub(super) fn clip(text: &str) -> String {
    clip_to(text, VALUE_CHARS)
}

/// The same; borrowed when nothing is cut.
pub(super) fn clipped(text: &str) -> Cow<'_, str> {
    // A character has a byte at least.
    if text.len() <= VALUE_CHARS { text.into() } else { clip_to(text, VALUE_CHARS).into() }
}

/// Numbers that need no copy: `0` to `999`.
static NUMBERS: LazyLock<Vec<String>> =
    LazyLock::new(|| (0..1_000).map(|n| n.to_string()).collect());

/// Words that need no copy: formats and types of values (OMA MetInf 1.2).
const WORDS: [&str; 12] = [
    "b64",
    "bin",
    "bool",
    "chr",
    "date",
    "float",
    "int",
    "node",
    "null",
    "text/plain",
    "time",
    "xml",
];

/// The same as [`clip`] for what is a small number or a known word nearly always, and kept by the
/// thousand: those are not copied.
pub(super) fn kept(text: &str) -> Cow<'static, str> {
    if text.is_empty() {
        return Cow::Borrowed("");
    }
    if let Some(number) = text.parse().ok().and_then(|at: usize| NUMBERS.get(at))
        && number == text
    {
        return Cow::Borrowed(number);
    }
    match WORDS.iter().find(|word| **word == text) {
        Some(word) => Cow::Borrowed(word),
        None => clip(text).into(),
    }
}

/// The first `limit` characters of `text`; the cut shows as `…`.
pub(super) fn clip_to(text: &str, limit: usize) -> String {
    if text.len() <= limit {
        return text.to_owned();
    }
    match text.char_indices().nth(limit) {
        Some((at, _)) => format!("{}…", &text[..at]),
        None => text.to_owned(),
    }
}

/// `1 add`, `2 adds`; nothing for none.
pub(super) fn counted(count: usize, one: &str, many: &str) -> String {
    match count {
        0 => String::new(),
        1 => format!("1 {one}"),
        _ => format!("{count} {many}"),
    }
}

/// `label text`; nothing for no text.
pub(super) fn labelled(label: &str, text: &str) -> String {
    if text.is_empty() { String::new() } else { format!("{label} {text}") }
}

/// The non-empty ones of `parts`, joined.
pub(super) fn joined(parts: impl IntoIterator<Item = String>, separator: &str) -> String {
    let parts: Vec<String> = parts.into_iter().filter(|part| !part.is_empty()).collect();
    parts.join(separator)
}

/// Undoes percent encoding (RFC 3986 §2.1); what is no escape stays.
pub(super) fn percent_decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, tail @ ..] = rest {
        let escaped = match tail {
            [high, low, ..] if *first == b'%' => {
                let digit = |byte: &u8| char::from(*byte).to_digit(16);
                digit(high).zip(digit(low)).and_then(|(h, l)| u8::try_from(h * 16 + l).ok())
            }
            _ => None,
        };
        bytes.push(escaped.unwrap_or(*first));
        rest = if escaped.is_some() { &tail[2..] } else { tail };
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headlines_come_first_and_nothing_is_said_twice() {
        let mut draft = Draft::default();
        draft.fact("one");
        draft.fact("");
        draft.fact("one");
        draft.headline("WIPE");
        draft.headline("WIPE");
        draft.raise(Level::Alarm);
        draft.raise(Level::Info);
        let summary = draft.finish().summary;
        assert_eq!((summary.facts.as_str(), summary.level), ("WIPE, one", Level::Alarm));
    }

    #[test]
    fn small_numbers_and_known_words_are_not_copied() {
        for text in ["", "0", "7", "200", "999", "int", "text/plain"] {
            assert!(matches!(kept(text), Cow::Borrowed(own) if own == text), "{text}");
        }
        for text in ["07", "+7", "1000", "-1", "text/xml", "ä"] {
            assert!(matches!(kept(text), Cow::Owned(own) if own == text), "{text}");
        }
    }

    #[test]
    fn clipping_counts_characters_not_bytes() {
        assert_eq!(clip_to("äöü", 3), "äöü");
        assert_eq!(clip_to("äöüß", 3), "äöü…");
    }

    #[test]
    fn what_is_no_escape_stays() {
        assert_eq!(percent_decoded("100%"), "100%");
        assert_eq!(percent_decoded("%zz%4"), "%zz%4");
        assert_eq!(percent_decoded("%2D-"), "--");
    }
}
