//! An annotated tree, and below it the selected bytes where there is room.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::model::Leg;
use crate::render::OutlineLine;
use crate::tui::app::App;
use crate::tui::fit;
use crate::tui::layout::Pane;
use crate::tui::panes::{indent, revealed};
use crate::tui::prepared::Prepared;
use crate::tui::theme::{LEAF, Theme, Tone};

use super::hex;
use super::hex::Dumped;
use super::paint::Pen;

/// Draws the lines in sight; the selected one unfolds to show all of its text.
pub(crate) fn tree(app: &App, buffer: &mut Buffer, area: Rect, shown: &Prepared, leg: Leg) {
    let pane = app.detail.leg(leg);
    let lines = &shown.leg(leg).tree;
    let rows = pane.tree.scroll().height().min(usize::from(area.height));
    let part = Rect { height: u16::try_from(rows).unwrap_or(area.height), ..area };
    draw_lines(app, buffer, part, lines, leg);
    let strip = Rect { y: area.y + part.height, height: area.height - part.height, ..area };
    if strip.height < 2 {
        return;
    }
    let (layer, span) = pane.selection(shown.leg(leg));
    hex::info(app, buffer, strip, &shown.place(leg, layer, span));
    let bytes = shown.bytes(leg, layer);
    let row_bytes = app.detail.room().row_bytes;
    let area = Rect { y: strip.y + 1, height: strip.height - 1, ..strip };
    let top =
        revealed(0, usize::from(area.height), span, row_bytes, bytes.len().div_ceil(row_bytes));
    let secret = &shown.leg(leg).secret;
    let masked = |offset| secret.covers(layer, offset);
    let (selected, cursor) = (span, None);
    hex::hex(
        app,
        buffer,
        area,
        &Dumped { bytes, selected, cursor, masked: &masked, top, row_bytes },
    );
}

fn draw_lines(app: &App, buffer: &mut Buffer, area: Rect, lines: &[OutlineLine], leg: Leg) {
    let pane = &app.detail.leg(leg).tree;
    let page = pane.page(lines, usize::from(area.width));
    let mut y = 0;
    for (row, at) in pane.shown().iter().enumerate().skip(page.first) {
        if y >= area.height {
            break;
        }
        let line = &lines[*at];
        let mark = fold_mark(app.theme, line, pane.is_folded(line));
        if row != page.cursor {
            let mut pen = Pen::new(buffer, app.theme, area, y);
            pen.skip(1 + indent(line));
            pen.put(Tone::Dim, mark);
            pieces(&mut pen, line);
            y += 1;
            continue;
        }
        y = draw_selected(app, buffer, area, y, (line, mark), &page.unfolded);
    }
}

/// Draws the selected line, unfolded if need be; returns the row after it.
fn draw_selected(
    app: &App,
    buffer: &mut Buffer,
    area: Rect,
    y: u16,
    (line, mark): (&OutlineLine, &str),
    unfolded: &[String],
) -> u16 {
    let focused = app.focus() == Pane::Detail;
    let over = if focused { Tone::Selected } else { Tone::SelectedIdle };
    let mut pen = Pen::new(buffer, app.theme, area, y).over(over);
    pen.put(Tone::Plain, app.theme.cursor(true, focused));
    pen.skip(indent(line));
    pen.put(Tone::Plain, mark);
    let Some((start, rest)) = unfolded.split_first() else {
        pieces(&mut pen, line);
        return y + 1;
    };
    pen.put(Tone::Plain, start);
    let mut y = y + 1;
    for text in rest {
        let mut pen = Pen::new(buffer, app.theme, area, y).over(over);
        pen.put(Tone::Plain, app.theme.cursor(true, focused));
        pen.skip(indent(line) + fit::width(mark));
        pen.put(Tone::Plain, text);
        y += 1;
    }
    y
}

fn pieces(pen: &mut Pen<'_>, line: &OutlineLine) {
    for piece in &line.pieces {
        pen.put(Tone::Piece(piece.role), &piece.text);
    }
}

fn fold_mark(theme: Theme, line: &OutlineLine, folded: bool) -> &'static str {
    match (line.expandable, folded) {
        (true, true) => theme.signs().folded,
        (true, false) => theme.signs().unfolded,
        (false, _) => LEAF,
    }
}
