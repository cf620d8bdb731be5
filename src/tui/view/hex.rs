//! Bytes, those of the selected node marked.

use std::ops::Range;

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
    let across = app.theme.signs().across;
    pen.put(Tone::Dim, &format!("{across}{across} "));
    pen.put(Tone::Dim, place);
    pen.put(Tone::Dim, " ");
    let rest = across.repeat(pen.room());
    pen.put(Tone::Dim, &rest);
}

/// What of which bytes to draw.
pub(crate) struct Dumped<'a> {
    /// All bytes of the layer.
    pub(crate) bytes: &'a [u8],
    /// Those of the selected node.
    pub(crate) selected: Span,
    /// The byte under the cursor, when there is one.
    pub(crate) cursor: Option<usize>,
    /// Bytes that are secrets.
    pub(crate) masked: &'a dyn Fn(usize) -> bool,
    /// The first row.
    pub(crate) top: usize,
    /// Bytes in a row: 8 or 16.
    pub(crate) row_bytes: usize,
}

/// Draws rows of a dump; secrets are asterisks.
pub(crate) fn hex(app: &App, buffer: &mut Buffer, area: Rect, dumped: &Dumped<'_>) {
    let &Dumped { bytes, cursor, masked, top, row_bytes, .. } = dumped;
    let rows = usize::from(area.height);
    let first = top.saturating_mul(row_bytes);
    let lines = dump(bytes, first, rows.saturating_mul(row_bytes).div_ceil(HEX_ROW) + 1);
    let all = lines.iter().flat_map(|line| {
        let ascii = line.ascii.chars();
        (line.offset..).zip(line.bytes.iter().copied().zip(ascii))
    });
    let cells: Vec<_> = all.skip_while(|(offset, _)| *offset < first).collect();
    let hits = hits(app, dumped, first..first + cells.len());
    let run = |offset: usize| match hits.iter().find(|hit| hit.contains(&offset)) {
        Some(hit) if cursor == Some(hit.start) => Tone::HitNow,
        Some(_) => Tone::Hit,
        None if dumped.selected.contains(offset) => Tone::Bytes,
        None => Tone::Plain,
    };
    let tone = |offset| if cursor == Some(offset) { Tone::ByteCursor } else { run(offset) };
    for (line, row) in (0..area.height).zip(cells.chunks(row_bytes)) {
        let mut pen = Pen::new(buffer, app.theme, area, line);
        let offset = row.first().map_or(0, |(offset, _)| *offset);
        pen.put(Tone::Dim, &format!(" {offset:06x}  "));
        for (at, (offset, (byte, _))) in row.iter().enumerate() {
            let text = if masked(*offset) { "**".to_owned() } else { format!("{byte:02x}") };
            pen.put(tone(*offset), &text);
            // The gap belongs to the marked bytes when both sides do.
            let joined = at + 1 < row.len() && run(*offset) == run(offset + 1);
            pen.put(if joined { run(*offset) } else { Tone::Plain }, gap(at, row_bytes));
        }
        for at in row.len()..row_bytes {
            pen.put(Tone::Plain, "  ");
            pen.put(Tone::Plain, gap(at, row_bytes));
        }
        pen.put(Tone::Plain, " ");
        for (offset, (_, character)) in row {
            let character = if masked(*offset) { '*' } else { *character };
            let mut text = [0; 4];
            pen.put(tone(*offset), character.encode_utf8(&mut text));
        }
    }
}

/// What was searched for among the bytes in sight.
fn hits(app: &App, dumped: &Dumped<'_>, shown: Range<usize>) -> Vec<Range<usize>> {
    let Some(needle) = app.detail.marked() else { return Vec::new() };
    let length = needle.bytes().len();
    // One that begins before or ends behind is in sight in part.
    let start = shown.start.saturating_sub(length);
    let end = shown.end.saturating_add(length).min(dumped.bytes.len());
    let mut hits = Vec::new();
    needle.each_in_bytes(dumped.bytes.get(start..end).unwrap_or_default(), &mut |at| {
        let hit = start + at..start + at + length;
        if !hit.clone().any(|at| (dumped.masked)(at)) {
            hits.push(hit);
        }
        true
    });
    hits
}

fn gap(at: usize, row_bytes: usize) -> &'static str {
    if at + 1 == HEX_ROW / 2 && row_bytes == HEX_ROW { "  " } else { " " }
}
