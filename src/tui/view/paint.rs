//! Putting text into cells.

use std::ops::Range;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Modifier, Style};

use crate::render::clean;
use crate::tui::fit;
use crate::tui::search::Needle;
use crate::tui::theme::{Theme, Tone};

/// One line of a buffer, written from left to right.
pub(crate) struct Pen<'a> {
    buffer: &'a mut Buffer,
    theme: Theme,
    /// Laid over every tone: what a selected line adds.
    over: Style,
    x: u16,
    y: u16,
    end: u16,
    /// Parts of the text written next that hold what was searched for, in bytes of it.
    marks: Vec<Range<usize>>,
    /// How they look.
    mark_tone: Tone,
    /// Bytes of that text written already.
    written: usize,
}

impl<'a> Pen<'a> {
    /// Writes line `line` of `area`; outside of the area nothing is written.
    pub(crate) fn new(buffer: &'a mut Buffer, theme: Theme, area: Rect, line: u16) -> Self {
        let area = if line < area.height { area.intersection(buffer.area) } else { Rect::ZERO };
        let y = area.y.saturating_add(line);
        let (marks, mark_tone, written) = (Vec::new(), Tone::Hit, 0);
        let over = Style::new();
        Self { buffer, theme, over, x: area.x, y, end: area.right(), marks, mark_tone, written }
    }

    /// Marks what is searched for in `text`, which is what is written next, in pieces or at once.
    pub(crate) fn mark(&mut self, needle: Option<&Needle>, text: &str, tone: Tone) {
        self.marks = needle.map(|needle| needle.ranges(text)).unwrap_or_default();
        (self.mark_tone, self.written) = (tone, 0);
    }

    /// Gives the whole line the style of `tone`, whatever is written on it.
    pub(crate) fn over(mut self, tone: Tone) -> Self {
        self.over = self.theme.style(tone);
        let line = Rect::new(self.x, self.y, self.end.saturating_sub(self.x), 1);
        self.buffer.set_style(line.intersection(self.buffer.area), self.over);
        self
    }

    /// Empties the whole line of what lies below.
    pub(crate) fn blank(self) -> Self {
        let line = Rect::new(self.x, self.y, self.end.saturating_sub(self.x), 1);
        for at in line.intersection(self.buffer.area).positions() {
            self.buffer[at].reset();
        }
        self
    }

    /// Cells left on the line.
    pub(crate) fn room(&self) -> usize {
        usize::from(self.end.saturating_sub(self.x))
    }

    /// Goes to cell `x` of the area's line, counted from where the pen stands.
    pub(crate) fn skip(&mut self, cells: usize) {
        let cells = u16::try_from(cells).unwrap_or(u16::MAX);
        self.x = self.x.saturating_add(cells).min(self.end);
    }

    /// Writes `text`, cut at the end of the line. Whatever the caller passes, nothing that acts on
    /// a terminal is written: XML keeps characters that a screen must not get.
    pub(crate) fn put(&mut self, tone: Tone, text: &str) {
        let room = self.room();
        let start = self.written;
        self.written += text.len();
        if room == 0 {
            return;
        }
        let style = self.style(tone);
        let shown = cut_long(text, room);
        let mut at = 0;
        for mark in std::mem::take(&mut self.marks) {
            let (from, to) = (mark.start.saturating_sub(start), mark.end.saturating_sub(start));
            // A cut text ends in a sign that is longer than what it stands for.
            if let (Some(before), Some(hit)) = (shown.get(at..from), shown.get(from..to))
                && !hit.is_empty()
            {
                self.plain(style, before);
                self.plain(self.mark_style(style), hit);
                at = to;
            } else if from < shown.len() && to > shown.len() {
                // It goes on in the next piece.
                self.plain(style, shown.get(at..from).unwrap_or_default());
                self.plain(self.mark_style(style), shown.get(from..).unwrap_or_default());
                at = shown.len();
            }
            if mark.end > start + text.len() {
                self.marks.push(mark);
            }
        }
        self.plain(style, shown.get(at..).unwrap_or_default());
    }

    fn plain(&mut self, style: Style, text: &str) {
        let room = self.room();
        (self.x, _) = self.buffer.set_stringn(self.x, self.y, clean(text), room, style);
    }

    /// What was found stands out of a reversed line by not being reversed.
    fn mark_style(&self, style: Style) -> Style {
        let mark = self.theme.style(self.mark_tone);
        if style.add_modifier.contains(Modifier::REVERSED) {
            return Style::new()
                .add_modifier(mark.add_modifier)
                .remove_modifier(Modifier::REVERSED);
        }
        style.patch(mark)
    }

    /// On a reversed line colours would become patches of background: only bold stays.
    fn style(&self, tone: Tone) -> Style {
        let style = self.theme.style(tone);
        if self.over.add_modifier.contains(Modifier::REVERSED) {
            return self.over.add_modifier(style.add_modifier & Modifier::BOLD);
        }
        style.patch(self.over)
    }

    /// Writes `text` in a field of `cells` cells, cut to it, and goes behind the field.
    pub(crate) fn field(&mut self, tone: Tone, text: &str, cells: usize) {
        let end = self.x.saturating_add(u16::try_from(cells).unwrap_or(u16::MAX)).min(self.end);
        let line_end = std::mem::replace(&mut self.end, end);
        self.put(tone, text);
        (self.x, self.end) = (end, line_end);
    }

    /// Writes `text` at the right edge of a field of `cells` cells.
    pub(crate) fn field_right(&mut self, tone: Tone, text: &str, cells: usize) {
        let indent = cells.saturating_sub(fit::width(text));
        self.skip(indent);
        self.field(tone, text, cells - indent);
    }
}

/// [`fit::cut`] that looks at no more of a long text than can matter.
fn cut_long(text: &str, cells: usize) -> std::borrow::Cow<'_, str> {
    // No character of ours is longer than 4 bytes; marks without width only make it shorter.
    let enough = cells.saturating_mul(16).max(256);
    if text.len() <= enough {
        return fit::cut(text, cells);
    }
    let end = text.floor_char_boundary(enough);
    if fit::width(&text[..end]) > cells {
        fit::cut(&text[..end], cells)
    } else {
        // A long run of marks: show what there is, and that there is more.
        std::borrow::Cow::Owned(format!("{}…", fit::cut(&text[..end], cells.saturating_sub(1))))
    }
}
