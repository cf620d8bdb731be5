//! An annotated tree, and below it the selected bytes where there is room.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::model::Leg;
use crate::render::OutlineLine;
use crate::tui::app::App;
use crate::tui::fit;
use crate::tui::layout::Pane;
use crate::tui::panes::revealed;
use crate::tui::prepared::Prepared;
use crate::tui::theme::{FOLDED, LEAF, Tone, UNFOLDED};

use super::detail::cursor;
use super::hex;
use super::paint::Pen;

/// Deepest indentation drawn, in levels: deeper lines stay readable at the same place.
const DEEPEST: usize = 16;

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
    hex::hex(app, buffer, area, (bytes, span), top, row_bytes);
}

fn draw_lines(app: &App, buffer: &mut Buffer, area: Rect, lines: &[OutlineLine], leg: Leg) {
    let pane = &app.detail.leg(leg).tree;
    let scroll = pane.scroll();
    let focused = app.focus() == Pane::Detail;
    let height = usize::from(area.height);
    let unfolded = pane
        .selected()
        .and_then(|at| lines.get(at))
        .map_or_else(Vec::new, |line| unfold(line, usize::from(area.width), height));
    // The rest of the selected line pushes what follows down; near the end, what precedes up.
    let cursor_line = scroll.cursor().saturating_sub(scroll.top());
    let up = (cursor_line + 1 + unfolded.len()).saturating_sub(height);
    let first = scroll.top() + up;
    let mut y = 0;
    for (row, at) in pane.shown().iter().enumerate().skip(first) {
        if y >= area.height {
            break;
        }
        let line = &lines[*at];
        let selected = row == scroll.cursor();
        let mut pen = Pen::new(buffer, app.theme, area, y);
        if selected {
            pen = pen.over(if focused { Tone::Selected } else { Tone::SelectedIdle });
        }
        pen.put(Tone::Plain, cursor(selected, focused));
        pen.skip(line.depth.min(DEEPEST) * 2);
        pen.put(Tone::Dim, fold_mark(line, pane.is_folded(line)));
        for piece in &line.pieces {
            pen.put(Tone::Piece(piece.role), &piece.text);
        }
        y += 1;
        for rest in unfolded.iter().take_while(|_| selected) {
            let mut pen = Pen::new(buffer, app.theme, area, y);
            pen.put(Tone::Plain, cursor(true, focused));
            pen.skip(indent(line));
            pen.put(Tone::Strong, rest);
            y += 1;
        }
    }
}

/// The whole text of a line that is cut off, folded to the pane; empty for one that fits.
fn unfold(line: &OutlineLine, width: usize, height: usize) -> Vec<String> {
    let room = width.saturating_sub(1 + indent(line));
    let text = line.text();
    if fit::width(&text) <= room {
        return Vec::new();
    }
    let most = (height / 2).min(6);
    if most == 0 {
        return Vec::new();
    }
    fit::fold(&text, room, most).into_iter().map(std::borrow::Cow::into_owned).collect()
}

fn indent(line: &OutlineLine) -> usize {
    line.depth.min(DEEPEST) * 2 + fit::width(LEAF)
}

fn fold_mark(line: &OutlineLine, folded: bool) -> &'static str {
    match (line.expandable, folded) {
        (true, true) => FOLDED,
        (true, false) => UNFOLDED,
        (false, _) => LEAF,
    }
}
