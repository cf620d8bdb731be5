//! Bytes, those of the selected node marked.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::model::Span;
use crate::render::{HEX_ROW, hex as dump};
use crate::tui::app::App;
use crate::tui::theme::Tone;

use super::paint::Pen;

/// Draws one line that says which bytes of which layer follow.
pub(crate) fn info(app: &App, buffer: &mut Buffer, area: Rect, place: &str) {
    let mut pen = Pen::new(buffer, app.theme, area, 0);
    pen.put(Tone::Dim, "── ");
    pen.put(Tone::Dim, place);
    pen.put(Tone::Dim, " ");
    let rest = "─".repeat(pen.room());
    pen.put(Tone::Dim, &rest);
}

/// Draws rows of `row_bytes` (8 or 16) from row `top` on.
pub(crate) fn hex(
    app: &App,
    buffer: &mut Buffer,
    area: Rect,
    (bytes, selected): (&[u8], Span),
    top: usize,
    row_bytes: usize,
) {
    let rows = usize::from(area.height);
    let first = top.saturating_mul(row_bytes);
    let lines = dump(bytes, first, rows.saturating_mul(row_bytes).div_ceil(HEX_ROW) + 1);
    let all = lines.iter().flat_map(|line| {
        let ascii = line.ascii.chars();
        (line.offset..).zip(line.bytes.iter().copied().zip(ascii))
    });
    let cells: Vec<_> = all.skip_while(|(offset, _)| *offset < first).collect();
    for (line, row) in (0..area.height).zip(cells.chunks(row_bytes)) {
        let mut pen = Pen::new(buffer, app.theme, area, line);
        let offset = row.first().map_or(0, |(offset, _)| *offset);
        pen.put(Tone::Dim, &format!(" {offset:06x}  "));
        for (at, (offset, (byte, _))) in row.iter().enumerate() {
            pen.put(tone(*offset, selected), &format!("{byte:02x}"));
            // The gap belongs to the marked bytes when both sides do.
            let joined =
                at + 1 < row.len() && selected.contains(*offset) && selected.contains(offset + 1);
            pen.put(if joined { Tone::Bytes } else { Tone::Plain }, gap(at, row_bytes));
        }
        for at in row.len()..row_bytes {
            pen.put(Tone::Plain, "  ");
            pen.put(Tone::Plain, gap(at, row_bytes));
        }
        pen.put(Tone::Plain, " ");
        for (offset, (_, character)) in row {
            let mut text = [0; 4];
            pen.put(tone(*offset, selected), character.encode_utf8(&mut text));
        }
    }
}

fn tone(offset: usize, selected: Span) -> Tone {
    if selected.contains(offset) { Tone::Bytes } else { Tone::Plain }
}

fn gap(at: usize, row_bytes: usize) -> &'static str {
    if at + 1 == HEX_ROW / 2 && row_bytes == HEX_ROW { "  " } else { " " }
}
