//! Text cut and folded to a number of terminal cells.
//!
//! Widths are those of `unicode-width` (UAX #11): 2 for wide characters, 0 for combining marks.

use std::borrow::Cow;

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// Stands where text was cut off.
const ELLIPSIS: &str = "…";

/// Cells `text` takes.
pub(crate) fn width(text: &str) -> usize {
    UnicodeWidthStr::width(text)
}

/// What of `text` stands behind its first `cells` cells.
pub(crate) fn from(text: &str, cells: usize) -> &str {
    &text[head(text, cells)..]
}

/// `text` in at most `cells` cells, its end cut off if need be.
pub(crate) fn cut(text: &str, cells: usize) -> Cow<'_, str> {
    if width(text) <= cells {
        return Cow::Borrowed(text);
    }
    if cells == 0 {
        return Cow::Borrowed("");
    }
    let end = head(text, cells - 1);
    Cow::Owned(format!("{}{ELLIPSIS}", &text[..end]))
}

/// `text` in at most `cells` cells, its start cut off if need be: the end of a host name, or of a
/// file name, tells more than its start.
pub(crate) fn cut_left(text: &str, cells: usize) -> Cow<'_, str> {
    if width(text) <= cells {
        return Cow::Borrowed(text);
    }
    if cells == 0 {
        return Cow::Borrowed("");
    }
    let mut room = cells - 1;
    let mut start = text.len();
    for (at, c) in text.char_indices().rev() {
        let Some(rest) = room.checked_sub(cell_width(c)) else { break };
        (room, start) = (rest, at);
    }
    Cow::Owned(format!("{ELLIPSIS}{}", &text[start..]))
}

/// `text` in at most `cells` cells, its middle cut out if need be: identifiers differ at either end.
pub(crate) fn cut_middle(text: &str, cells: usize) -> Cow<'_, str> {
    if width(text) <= cells || cells < 3 {
        return cut(text, cells);
    }
    let start = head(text, (cells - 1).div_ceil(2));
    let mut rest = (cells - 1) / 2;
    let mut end = text.len();
    for (at, c) in text.char_indices().rev() {
        let Some(left) = rest.checked_sub(cell_width(c)) else { break };
        (rest, end) = (left, at);
    }
    Cow::Owned(format!("{}{ELLIPSIS}{}", &text[..start], &text[end..]))
}

/// `text` folded into lines of at most `cells` cells (at least one), at most `most` lines; the last
/// one ends in an ellipsis when that is not all. Breaks where words or the parts of
/// a URL end, if one does in the second half of a line. Never empty.
pub(crate) fn fold(text: &str, cells: usize, most: usize) -> Vec<Cow<'_, str>> {
    let cells = cells.max(1);
    let mut lines = Vec::new();
    let mut rest = text;
    while lines.len() + 1 < most && width_exceeds(rest, cells) {
        let hard = head(rest, cells).max(rest.chars().next().map_or(0, char::len_utf8));
        let at = soft_break(&rest[..hard]).unwrap_or(hard);
        lines.push(Cow::Borrowed(rest[..at].trim_end()));
        rest = rest[at..].trim_start();
    }
    if !rest.is_empty() || lines.is_empty() {
        lines.push(cut_long(rest, cells));
    }
    lines
}

/// [`cut`] without measuring all of a long text.
fn cut_long(text: &str, cells: usize) -> Cow<'_, str> {
    if width_exceeds(text, cells) {
        let end = head(text, cells.saturating_sub(1));
        return Cow::Owned(format!("{}{ELLIPSIS}", &text[..end]));
    }
    Cow::Borrowed(text)
}

fn width_exceeds(text: &str, cells: usize) -> bool {
    head(text, cells) < text.len()
}

/// Length in bytes of the longest start of `text` that takes at most `cells` cells.
fn head(text: &str, cells: usize) -> usize {
    let mut room = cells;
    for (at, c) in text.char_indices() {
        match room.checked_sub(cell_width(c)) {
            Some(rest) => room = rest,
            None => return at,
        }
    }
    text.len()
}

fn soft_break(line: &str) -> Option<usize> {
    let at = line.rfind([' ', ',', ';', '&', '/', '?'])? + 1;
    (at * 2 > line.len()).then_some(at)
}

fn cell_width(c: char) -> usize {
    c.width().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cuts_by_cells_not_characters() {
        assert_eq!(cut("Provision", 9), "Provision");
        assert_eq!(cut("Provision", 5), "Prov…");
        assert_eq!(cut("日本語端末", 5), "日本…");
        assert_eq!(cut("日本語端末", 4), "日…", "half a wide character is no character");
        assert_eq!(cut("abc", 0), "");
    }

    #[test]
    fn hosts_lose_their_start() {
        assert_eq!(cut_left("autodiscover.mail.example.com", 12), "…example.com");
        assert_eq!(cut_left("端末.example", 10), "….example");
        assert_eq!(cut_left("short", 10), "short");
    }

    #[test]
    fn identifiers_lose_their_middle() {
        assert_eq!(cut_middle("0311dd9b1e5b83c4868c64b7cc1773a0", 9), "0311…73a0");
        assert_eq!(cut_middle("端末デバイス", 6), "端…ス");
        assert_eq!(cut_middle("short", 5), "short");
        assert_eq!(cut_middle("short", 2), "s…");
    }

    #[test]
    fn folds_at_blanks_and_bounds_lines() {
        assert_eq!(fold("one two three", 8, 9), ["one two", "three"]);
        assert_eq!(fold("abcdefghij", 4, 9), ["abcd", "efgh", "ij"]);
        assert_eq!(fold("abcdefghij", 4, 2), ["abcd", "efg…"]);
        assert_eq!(fold("", 4, 2), [""]);
        assert_eq!(fold("日本", 1, 9), ["日", "本"], "no endless loop when nothing fits");
    }
}
