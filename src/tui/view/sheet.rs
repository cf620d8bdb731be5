//! A sheet, over the whole body.

use std::borrow::Cow;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::tui::app::App;
use crate::tui::fit;
use crate::tui::overlays::{Sheet, SheetLine, Topic, Way};
use crate::tui::theme::Tone;

use super::paint::Pen;

/// Draws the titles of the pages and the lines in sight.
pub(crate) fn sheet(app: &App, sheet: &Sheet, buffer: &mut Buffer, area: Rect) {
    let mut pen = Pen::new(buffer, app.theme, area, 0).over(Tone::BarFocused);
    for (at, title) in sheet.titles().iter().enumerate() {
        let shown = at == sheet.at();
        let text = match (sheet.titles().len(), shown) {
            (1, _) => format!(" {title} "),
            (_, true) => format!("[{} {title}]", at + 1),
            (_, false) => format!(" {} {title} ", at + 1),
        };
        pen.put(if shown { Tone::Strong } else { Tone::Plain }, &text);
    }
    if let Topic::Device(device) = sheet.topic() {
        pen.put(Tone::Plain, &format!("  {}", fit::cut_middle(device, pen.room().min(36))));
    }
    for (tone, note) in sheet.pages().map_or(&[][..], |pages| &pages.notes) {
        pen.put(Tone::Plain, "  ");
        pen.put(*tone, note);
    }
    if sheet.has_more() {
        pen.put(Tone::Plain, "  (more below)");
    }
    if sheet.pages().is_none() {
        Pen::new(buffer, app.theme, area, 2).put(Tone::Plain, "   reading…");
        return;
    }
    for (line, content) in (1..).zip(sheet.visible()) {
        let mut pen = Pen::new(buffer, app.theme, area, line);
        pen.skip(1);
        match content {
            SheetLine::Text { tone, text, .. } => pen.put(*tone, fit::from(text, sheet.shifted())),
            SheetLine::Lane { .. } => lane(app, &mut pen, content),
        }
    }
}

/// Cells of what stands on the left of the lanes: time and exchange.
const LEFT: usize = 20;

/// Cells of what stands on their right, where there is room for it.
const NOTE: usize = 30;

/// Columns from which there is.
const NOTE_FROM: usize = 100;

/// Draws what passes between the lines of device and server.
fn lane(app: &App, pen: &mut Pen<'_>, line: &SheetLine) {
    let SheetLine::Lane { way, left, tone, text, note } = line else { return };
    let signs = app.theme.signs();
    let beside = pen.room() >= NOTE_FROM;
    let width = pen.room().saturating_sub(LEFT + 3 + if beside { NOTE } else { 0 }).min(90);
    let text = match note.as_str() {
        note if !note.is_empty() && !beside => Cow::Owned(format!("{text} ({note})")),
        _ => Cow::Borrowed(text.as_str()),
    };
    pen.field(Tone::Dim, left, LEFT);
    if *way == Way::Ends {
        pen.field(*tone, "device", width + 2 - fit::width(note));
        return pen.put(*tone, note);
    }
    pen.put(Tone::Dim, signs.down);
    let text = fit::cut(&text, width.saturating_sub(6));
    let rest = width.saturating_sub(fit::width(&text) + 4);
    match way {
        Way::Up => {
            pen.put(*tone, &format!(" {text} "));
            pen.put(Tone::Dim, &format!("{}{}", signs.across.repeat(rest), signs.up_to));
        }
        Way::Down => {
            pen.put(Tone::Dim, &format!("{}{}", signs.down_to, signs.across.repeat(rest)));
            pen.put(*tone, &format!(" {text} "));
        }
        Way::Beside | Way::Ends => pen.field(*tone, &format!("   {text}"), width),
    }
    pen.put(Tone::Dim, signs.down);
    if beside {
        pen.skip(2);
        pen.put(Tone::Strong, note);
    }
}
