//! A sheet, over the whole body.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::tui::app::App;
use crate::tui::fit;
use crate::tui::overlays::{Sheet, Topic};
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
        let text = fit::from(&content.text, sheet.shifted());
        pen.put(content.tone, text);
    }
}
