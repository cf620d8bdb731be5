//! A line being typed, in the last line of the screen, and what it may mean above it.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::tui::action::Line;
use crate::tui::app::App;
use crate::tui::fit;
use crate::tui::layout::Areas;
use crate::tui::overlays::Prompt;
use crate::tui::theme::Tone;

use super::paint::Pen;

/// Cells of the names of commands.
const NAMES: usize = 20;

/// Draws the line and the choices.
pub(crate) fn prompt(app: &App, prompt: &Prompt, buffer: &mut Buffer, areas: &Areas) {
    let visible = prompt.visible();
    let said = prompt.judgement();
    let area = areas.box_of(prompt.lines());
    for (line, at) in (0..).zip(visible) {
        let Some(choice) = prompt.choices().get(at) else { continue };
        let selected = at == prompt.marked();
        let pen = Pen::new(buffer, app.theme, area, line).blank();
        let mut pen = pen.over(if selected { Tone::Selected } else { Tone::Bar });
        pen.put(Tone::Plain, app.theme.cursor(selected, true));
        let names = NAMES.max(fit::width(&choice.text));
        pen.field(Tone::Key, &choice.text, names);
        pen.put(Tone::Plain, " ");
        pen.put(Tone::Plain, &choice.what);
    }
    if let Some((level, text)) = said {
        let mut pen = Pen::new(buffer, app.theme, area, area.height.saturating_sub(1)).blank();
        pen.put(Tone::Level(level), &format!("{} ", level.mark()));
        pen.put(Tone::Level(level), text);
    }
    typed(app, prompt, buffer, areas.footer);
}

/// The sign before the line, the text, and a cell for the cursor.
fn typed(app: &App, prompt: &Prompt, buffer: &mut Buffer, area: Rect) {
    let sign = match prompt.line() {
        Line::Command => ":",
        Line::Search => "/",
        Line::Filter => "filter: ",
        Line::Comment => "comment: ",
        Line::Cover => "listen for the server: ",
        Line::Mode => "way in: ",
    };
    let mut pen = Pen::new(buffer, app.theme, area, 0).blank();
    pen.put(Tone::Key, sign);
    let (before, after) = prompt.edit().text().split_at(prompt.edit().cursor());
    // The end of what is before the cursor is what one looks at.
    let room = pen.room().saturating_sub(1);
    pen.put(Tone::Plain, &fit::cut_left(before, room));
    let under = after.chars().next().map_or(1, char::len_utf8).min(after.len());
    let (under, rest) = after.split_at(under);
    pen.put(Tone::Selected, if under.is_empty() { " " } else { under });
    pen.put(Tone::Plain, rest);
}
