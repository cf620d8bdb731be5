//! The list of exchanges.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::engine::{GroupLine, Order};
use crate::model::Level;
use crate::render::{RowText, brief, clean, row};
use crate::tui::action::Action;
use crate::tui::app::App;
use crate::tui::fit;
use crate::tui::layout::Pane;
use crate::tui::panes::{Column, Placed, place};
use crate::tui::theme::Tone;

use super::group::{INDENT, group};
use super::paint::Pen;

/// Cells before the first column: cursor, level, the user's mark.
const GUTTER: usize = 3;

/// The columns of a list of this width.
pub(crate) fn list_columns(app: &App, width: u16) -> Vec<Placed> {
    let mut left_out = app.list.left_out;
    if app.list.is_grouped() && !left_out.has(Column::Device) {
        // It stands above.
        left_out.toggle(Column::Device);
    }
    place(usize::from(width).saturating_sub(gutter(app)), app.list.widest(), left_out)
}

/// Cells before the first column: below a device and its session there are more.
pub(crate) fn gutter(app: &App) -> usize {
    GUTTER + if app.list.is_grouped() { INDENT } else { 0 }
}

/// Draws the heading and the rows in sight.
pub(crate) fn list(app: &App, buffer: &mut Buffer, area: Rect) {
    let columns = list_columns(app, area.width);
    heading(app, buffer, area, &columns);
    if app.list.len() == 0 {
        empty(app, buffer, area);
        return;
    }
    for (line, (position, found)) in (1..).zip(app.list.lines()) {
        line_of(app, buffer, area, line, &columns, (position, found));
    }
}

fn heading(app: &App, buffer: &mut Buffer, area: Rect, columns: &[Placed]) {
    let bar = if app.focus() == Pane::List { Tone::BarFocused } else { Tone::Bar };
    let mut pen = Pen::new(buffer, app.theme, area, 0).over(bar);
    pen.skip(gutter(app));
    let mut at = 0;
    for placed in columns {
        pen.skip(placed.x - at);
        at = placed.x + placed.width;
        let sorted = !app.list.is_grouped() && placed.column.sort_by() == app.order().column;
        let mark = match (sorted, app.order().descending) {
            (true, true) => "↓",
            (true, false) if app.order() != Order::default() => "↑",
            _ => "",
        };
        let title = format!("{}{mark}", placed.column.title());
        if placed.column.is_numeric() {
            pen.field_right(bar, &title, placed.width);
        } else {
            pen.field(bar, &title, placed.width);
        }
    }
}

fn line_of(
    app: &App,
    buffer: &mut Buffer,
    area: Rect,
    line: u16,
    columns: &[Placed],
    (position, found): (usize, Option<&GroupLine>),
) {
    let focused = app.focus() == Pane::List;
    let selected = position == app.list.cursor();
    let mut pen = Pen::new(buffer, app.theme, area, line);
    if selected {
        pen = pen.over(if focused { Tone::Selected } else { Tone::SelectedIdle });
    }
    pen.put(Tone::Plain, app.theme.cursor(selected, focused));
    let Some(found) = found else {
        pen.skip(GUTTER - 1);
        pen.put(Tone::Dim, "…");
        return;
    };
    if group(app, &mut pen, found) {
        return;
    }
    let Some(found) = found.row() else { return };
    let mut text = row(found, app.now);
    text.facts = brief(&text.facts).into_owned();
    let age_shown = columns.iter().any(|placed| placed.column == Column::Took);
    if text.in_flight && !age_shown {
        text.status = format!("{} {}", text.status, text.duration);
    }
    pen.put(Tone::Level(text.level), &text.mark.to_string());
    pen.put(Tone::Strong, if found.marked { app.theme.signs().marked } else { " " });
    pen.skip(gutter(app) - GUTTER);
    let mut at = 0;
    for placed in columns {
        pen.skip(placed.x - at);
        at = placed.x + placed.width;
        cell(&mut pen, placed.column, &text, placed.width);
    }
}

fn cell(pen: &mut Pen<'_>, column: Column, row: &RowText, width: usize) {
    let text = column.text(row);
    let tone = match column {
        Column::Time | Column::Sizes => Tone::Dim,
        Column::Command => Tone::Strong,
        Column::Facts if row.facts.is_empty() => Tone::Dim,
        Column::Status | Column::Facts if row.level > Level::Info => Tone::Level(row.level),
        Column::Status | Column::Took if row.in_flight => Tone::Live,
        _ => Tone::Plain,
    };
    match column {
        // The end of a host name tells more than its start.
        Column::Host => pen.field(tone, &fit::cut_left(text, width), width),
        // An address differs at its end, an identifier at either.
        Column::Device if text.contains(['.', ':']) => {
            pen.field(tone, &fit::cut_left(text, width), width);
        }
        Column::Device => pen.field(tone, &fit::cut_middle(text, width), width),
        // Without the gaps rather than without a digit.
        Column::Sizes if fit::width(text) > width => {
            pen.field_right(tone, &text.replace(" → ", "→"), width);
        }
        _ if column.is_numeric() => pen.field_right(tone, text, width),
        _ => pen.field(tone, text, width),
    }
}

fn empty(app: &App, buffer: &mut Buffer, area: Rect) {
    let mut lines = Vec::new();
    if app.list.all() > 0 {
        lines.push(match app.list.looked_at() {
            Some(_) => "Searching…".to_owned(),
            None if app.filter().is_empty() => {
                "Everything is deleted from view; u takes it back.".to_owned()
            }
            None => "Nothing passes the filter; f changes it.".to_owned(),
        });
    } else if app.status.listeners.is_empty() {
        lines.push("This capture holds no exchange.".to_owned());
    } else {
        lines.push("No exchange yet. Point a device at:".to_owned());
        for listener in &app.status.listeners {
            lines.push(format!("  {}", clean(listener)));
        }
        let keys = app.keymap.labels(Action::SetUp);
        if !keys.is_empty() {
            lines.push(format!("{keys} shows the addresses to type, and a code to scan."));
        }
    }
    for (at, line) in (2..).zip(lines) {
        let mut pen = Pen::new(buffer, app.theme, area, at);
        pen.skip(GUTTER);
        pen.put(Tone::Plain, &line);
    }
}
