//! An annotated tree, and below it the selected bytes where there is room.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::model::Leg;
use crate::render::OutlineLine;
use crate::tui::app::App;
use crate::tui::fit;
use crate::tui::layout::Pane;
use crate::tui::panes::{indent, revealed};
use crate::tui::prepared::{Half, Prepared};
use crate::tui::theme::{LEAF, Theme, Tone};

use super::hex;
use super::hex::Dumped;
use super::paint::Pen;

/// Draws the lines in sight; the selected one unfolds to show all of its text.
pub(crate) fn tree(app: &App, buffer: &mut Buffer, area: Rect, shown: &Prepared, leg: Leg) {
    let pane = app.detail.leg(leg);
    let half = shown.half(leg);
    let rows = pane.tree.scroll().height().min(usize::from(area.height));
    let part = Rect { height: u16::try_from(rows).unwrap_or(area.height), ..area };
    draw_lines(app, buffer, part, half, leg);
    let strip = Rect { y: area.y + part.height, height: area.height - part.height, ..area };
    if strip.height < 2 {
        return;
    }
    let (layer, span) = pane.selection(half);
    hex::info(app, buffer, strip, &half.place(layer, span));
    let bytes = half.bytes(layer);
    let row_bytes = app.detail.room().row_bytes;
    let area = Rect { y: strip.y + 1, height: strip.height - 1, ..strip };
    let top =
        revealed(0, usize::from(area.height), span, row_bytes, bytes.len().div_ceil(row_bytes));
    let masked = |offset| half.is_secret(layer, offset);
    let (selected, cursor) = (span, None);
    hex::hex(
        app,
        buffer,
        area,
        &Dumped { bytes, selected, cursor, masked: &masked, top, row_bytes },
    );
}

fn draw_lines(app: &App, buffer: &mut Buffer, area: Rect, half: Half<'_>, leg: Leg) {
    let pane = &app.detail.leg(leg).tree;
    let tree = half.tree();
    let page = pane.page(tree, usize::from(area.width));
    let mut y = 0;
    for row in page.first..pane.rows() {
        if y >= area.height {
            break;
        }
        let at = pane.line(row);
        let Some(line) = tree.line(at) else { break };
        let mark = fold_mark(app.theme, &line, pane.is_folded(tree, at));
        if row != page.cursor {
            let mut pen = Pen::new(buffer, app.theme, area, y);
            pen.skip(1 + indent(&line));
            pen.put(Tone::Dim, mark);
            pieces(app, &mut pen, &line, Tone::Hit);
            y += 1;
            continue;
        }
        y = draw_selected(app, buffer, area, y, (&line, mark), &page.unfolded);
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
        pieces(app, &mut pen, line, Tone::HitNow);
        return y + 1;
    };
    pen.mark(app.detail.marked(), start, Tone::HitNow);
    pen.put(Tone::Plain, start);
    let mut y = y + 1;
    for text in rest {
        let mut pen = Pen::new(buffer, app.theme, area, y).over(over);
        pen.put(Tone::Plain, app.theme.cursor(true, focused));
        pen.skip(indent(line) + fit::width(mark));
        pen.mark(app.detail.marked(), text, Tone::HitNow);
        pen.put(Tone::Plain, text);
        y += 1;
    }
    y
}

fn pieces(app: &App, pen: &mut Pen<'_>, line: &OutlineLine, hit: Tone) {
    if app.detail.marked().is_some() {
        pen.mark(app.detail.marked(), &line.text(), hit);
    }
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
