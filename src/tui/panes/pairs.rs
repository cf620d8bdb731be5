//! Names with values, folded to a width.

use std::borrow::Cow;

use crate::tui::fit;
use crate::tui::layout::LABEL_WIDTH;

/// Most lines one value of the overview or of a header field is folded into.
const VALUE_LINES: usize = 32;

/// Names with values, folded to a width.
pub(crate) struct Pairs<'a> {
    lines: Vec<(&'a str, Cow<'a, str>)>,
    /// Cells of the names.
    pub(crate) label: usize,
}

impl<'a> Pairs<'a> {
    /// Folds every value to what `width` cells leave beside the names.
    pub(crate) fn new(pairs: &'a [(String, String)], width: usize) -> Self {
        let longest = pairs.iter().map(|(label, _)| fit::width(label)).max().unwrap_or(0);
        let label = longest.min(LABEL_WIDTH).min(width / 3);
        let room = width.saturating_sub(label + 2);
        let mut lines = Vec::new();
        for (name, value) in pairs {
            for (at, line) in fit::fold(value, room, VALUE_LINES).into_iter().enumerate() {
                lines.push((if at == 0 { name.as_str() } else { "" }, line));
            }
        }
        Self { lines, label }
    }

    /// How many lines.
    pub(crate) fn len(&self) -> usize {
        self.lines.len()
    }

    /// The lines: a name (empty where a value goes on) and a piece of a value.
    pub(crate) fn lines(&self) -> &[(&'a str, Cow<'a, str>)] {
        &self.lines
    }
}
