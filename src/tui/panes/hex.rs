//! The bytes of one layer: a cursor among them, and a page around it.

use crate::model::Span;
use crate::tui::action::Step;

/// A byte of a dump, and which row is the first in sight. Rows hold as many bytes as the pane is
/// wide enough for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct HexPane {
    cursor: usize,
    top: usize,
    height: usize,
}

/// How many bytes there are, and how many of them stand in a row (at least one).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Dump {
    /// All bytes.
    pub(crate) len: usize,
    /// Bytes in a row.
    pub(crate) row: usize,
}

impl Dump {
    /// How many rows.
    fn rows(self) -> usize {
        self.len.div_ceil(self.row.max(1))
    }
}

impl HexPane {
    /// The first row in sight.
    pub(crate) fn top(self) -> usize {
        self.top
    }

    /// The byte the cursor is on; meaningless when there are none.
    pub(crate) fn cursor(self) -> usize {
        self.cursor
    }

    /// The pane is `height` rows high.
    pub(crate) fn resize(&mut self, height: usize) {
        self.height = height;
    }

    /// Moves the cursor by rows; the page follows.
    pub(crate) fn step(&mut self, step: Step, dump: Dump) {
        let row = dump.row.max(1);
        let page = self.height.max(1).saturating_mul(row);
        let half = (self.height / 2).max(1).saturating_mul(row);
        let to = match step {
            Step::Up => self.cursor.checked_sub(row).unwrap_or(self.cursor),
            Step::Down => self.cursor.saturating_add(row),
            Step::PageUp => self.cursor.saturating_sub(page),
            Step::PageDown => self.cursor.saturating_add(page),
            Step::HalfUp => self.cursor.saturating_sub(half),
            Step::HalfDown => self.cursor.saturating_add(half),
            Step::First => 0,
            Step::Last => usize::MAX,
        };
        self.go(to, dump);
    }

    /// Moves the cursor by bytes.
    pub(crate) fn shift(&mut self, by: isize, dump: Dump) {
        self.go(self.cursor.saturating_add_signed(by), dump);
    }

    /// Puts the cursor on a byte, or on the last one; the page moves as little as shows it.
    pub(crate) fn go(&mut self, to: usize, dump: Dump) {
        self.cursor = to.min(dump.len.saturating_sub(1));
        let row = self.cursor / dump.row.max(1);
        let lowest = (row + 1).saturating_sub(self.height.max(1));
        self.top = self.top.clamp(lowest, row).min(self.last_top(dump));
    }

    /// Moves the page by `lines` (negative: up), and the cursor only as far as keeps it in sight.
    pub(crate) fn wheel(&mut self, lines: isize, dump: Dump) {
        self.top = self.top.saturating_add_signed(lines).min(self.last_top(dump));
        let row = dump.row.max(1);
        let (at, column) = (self.cursor / row, self.cursor % row);
        let bottom = self.top.saturating_add(self.height.max(1)) - 1;
        let at = at.clamp(self.top, bottom);
        self.cursor = at.saturating_mul(row).saturating_add(column).min(dump.len.saturating_sub(1));
    }

    /// Puts the cursor on the start of `span`; where it is in sight already, the page stays.
    pub(crate) fn reveal(&mut self, span: Span, dump: Dump) {
        self.top = revealed(self.top, self.height, span, dump.row, dump.rows());
        self.cursor = (span.start as usize).min(dump.len.saturating_sub(1));
    }

    fn last_top(self, dump: Dump) -> usize {
        dump.rows().saturating_sub(self.height.max(1))
    }
}

/// The first row that shows the start of `span` in `height` rows, near `top`.
pub(crate) fn revealed(
    top: usize,
    height: usize,
    span: Span,
    row_bytes: usize,
    rows: usize,
) -> usize {
    let row = span.start as usize / row_bytes.max(1);
    let last_row =
        (span.end as usize).saturating_sub(1).max(span.start as usize) / row_bytes.max(1);
    let last_top = rows.saturating_sub(height.max(1));
    let page = top..top.saturating_add(height);
    let fits = page.contains(&row) && (page.contains(&last_row) || row == top);
    // A quarter of the page above it, so that what stands before is seen too.
    if fits { top.min(last_top) } else { row.saturating_sub(height / 4).min(last_top) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(rows: usize) -> Dump {
        Dump { len: rows * 16, row: 16 }
    }

    #[test]
    fn the_selected_bytes_come_into_sight() {
        let mut hex = HexPane::default();
        hex.resize(8);
        hex.reveal(Span::new(0x40, 0x44), rows(100));
        assert_eq!((hex.top(), hex.cursor()), (0, 0x40), "in sight already");
        hex.reveal(Span::new(0x200, 0x204), rows(100));
        assert_eq!(hex.top(), 0x20 - 2);
        hex.reveal(Span::new(0x1F0, 0x1F1), rows(100));
        assert_eq!(hex.top(), 0x20 - 2);
        hex.reveal(Span::new(99 * 16, 99 * 16 + 1), rows(100));
        assert_eq!(hex.top(), 92, "never past the last page");
    }

    #[test]
    fn the_cursor_stays_inside_and_the_page_with_it() {
        let mut hex = HexPane::default();
        hex.resize(8);
        hex.step(Step::Last, rows(10));
        assert_eq!((hex.top(), hex.cursor()), (2, 159));
        hex.step(Step::PageUp, rows(10));
        assert_eq!((hex.top(), hex.cursor()), (1, 31));
        hex.shift(-99, rows(10));
        assert_eq!((hex.top(), hex.cursor()), (0, 0));
        hex.step(Step::Up, rows(10));
        hex.shift(5, rows(10));
        hex.wheel(2, rows(10));
        assert_eq!((hex.top(), hex.cursor()), (2, 37));
        hex.step(Step::Last, Dump { len: 0, row: 16 });
        assert_eq!((hex.top(), hex.cursor()), (0, 0));
    }
}
