//! Putting text into cells.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Modifier, Style};

use crate::render::clean;
use crate::tui::fit;
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
}

impl<'a> Pen<'a> {
    /// Writes line `line` of `area`; outside of the area nothing is written.
    pub(crate) fn new(buffer: &'a mut Buffer, theme: Theme, area: Rect, line: u16) -> Self {
        let area = if line < area.height { area.intersection(buffer.area) } else { Rect::ZERO };
        let y = area.y.saturating_add(line);
        Self { buffer, theme, over: Style::new(), x: area.x, y, end: area.right() }
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
        if room == 0 {
            return;
        }
        let style = self.style(tone);
        let text = cut_long(text, room);
        let text = clean(&text);
        (self.x, _) = self.buffer.set_stringn(self.x, self.y, text, room, style);
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
