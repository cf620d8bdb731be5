//! The bytes of one layer, the selected ones in sight.

use crate::model::Span;
use crate::tui::message::Step;

/// Which row of a dump is the first in sight. Rows hold as many bytes as the pane is wide enough for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct HexPane {
    top: usize,
    height: usize,
}

impl HexPane {
    /// The first row in sight.
    pub(crate) fn top(self) -> usize {
        self.top
    }

    /// The pane is `height` rows high.
    pub(crate) fn resize(&mut self, height: usize) {
        self.height = height;
    }

    /// Moves the page among `rows` rows.
    pub(crate) fn step(&mut self, step: Step, rows: usize) {
        let page = self.height.max(1);
        let half = (self.height / 2).max(1);
        let to = match step {
            Step::Up => self.top.saturating_sub(1),
            Step::Down => self.top.saturating_add(1),
            Step::PageUp => self.top.saturating_sub(page),
            Step::PageDown => self.top.saturating_add(page),
            Step::HalfUp => self.top.saturating_sub(half),
            Step::HalfDown => self.top.saturating_add(half),
            Step::First => 0,
            Step::Last => usize::MAX,
        };
        self.top = to.min(rows.saturating_sub(page));
    }

    /// Moves the page by `lines` (negative: up).
    pub(crate) fn wheel(&mut self, lines: isize, rows: usize) {
        let last = rows.saturating_sub(self.height.max(1));
        self.top = self.top.saturating_add_signed(lines).min(last);
    }

    /// Brings the start of `span` into sight; where it is already, nothing moves.
    pub(crate) fn reveal(&mut self, span: Span, row_bytes: usize, rows: usize) {
        self.top = revealed(self.top, self.height, span, row_bytes, rows);
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

    #[test]
    fn the_selected_bytes_come_into_sight() {
        let mut hex = HexPane::default();
        hex.resize(8);
        hex.reveal(Span::new(0x40, 0x44), 16, 100);
        assert_eq!(hex.top(), 0, "in sight already");
        hex.reveal(Span::new(0x200, 0x204), 16, 100);
        assert_eq!(hex.top(), 0x20 - 2);
        hex.reveal(Span::new(0x1F0, 0x1F1), 16, 100);
        assert_eq!(hex.top(), 0x20 - 2);
        hex.reveal(Span::new(99 * 16, 99 * 16 + 1), 16, 100);
        assert_eq!(hex.top(), 92, "never past the last page");
    }

    #[test]
    fn pages_stay_inside() {
        let mut hex = HexPane::default();
        hex.resize(8);
        hex.step(Step::Last, 10);
        assert_eq!(hex.top(), 2);
        hex.step(Step::PageUp, 10);
        assert_eq!(hex.top(), 0);
        hex.step(Step::Last, 3);
        assert_eq!(hex.top(), 0);
    }
}
