//! A cursor in a list of lines of which some are in sight.

use std::ops::Range;

use crate::tui::action::Step;

/// Where a list of lines stands. The length is not kept here: it belongs to the lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Scroll {
    cursor: usize,
    top: usize,
    height: usize,
}

impl Scroll {
    /// The selected line; meaningless when there are none.
    pub(crate) fn cursor(self) -> usize {
        self.cursor
    }

    /// The first line in sight.
    pub(crate) fn top(self) -> usize {
        self.top
    }

    /// How many lines fit.
    pub(crate) fn height(self) -> usize {
        self.height
    }

    /// The lines in sight.
    pub(crate) fn visible(self, len: usize) -> Range<usize> {
        let top = self.top.min(len);
        top..top.saturating_add(self.height).min(len)
    }

    /// Moves the cursor by `step` among `len` lines; the page follows.
    pub(crate) fn step(&mut self, step: Step, len: usize) {
        let page = self.height.max(1);
        let half = (self.height / 2).max(1);
        let to = match step {
            Step::Up => self.cursor.saturating_sub(1),
            Step::Down => self.cursor.saturating_add(1),
            Step::PageUp => self.cursor.saturating_sub(page),
            Step::PageDown => self.cursor.saturating_add(page),
            Step::HalfUp => self.cursor.saturating_sub(half),
            Step::HalfDown => self.cursor.saturating_add(half),
            Step::First => 0,
            Step::Last => usize::MAX,
        };
        self.go(to, len);
    }

    /// Selects line `to`, or the last of `len`; the page moves as little as shows it.
    pub(crate) fn go(&mut self, to: usize, len: usize) {
        self.cursor = to.min(len.saturating_sub(1));
        let lowest_top = (self.cursor + 1).saturating_sub(self.height.max(1));
        self.top = self.top.clamp(lowest_top, self.cursor).min(self.last_top(len));
    }

    /// `by` lines came before those in sight (negative: went): the same stay in sight.
    pub(crate) fn slide(&mut self, by: isize, len: usize) {
        self.top = self.top.saturating_add_signed(by).min(self.last_top(len));
        self.go(self.cursor.saturating_add_signed(by), len);
    }

    /// Moves the page by `lines` (negative: up) and the cursor only as far as keeps it in sight.
    pub(crate) fn wheel(&mut self, lines: isize, len: usize) {
        self.top = self.top.saturating_add_signed(lines).min(self.last_top(len));
        let bottom = self.top.saturating_add(self.height.max(1)) - 1;
        self.cursor = self.cursor.clamp(self.top, bottom).min(len.saturating_sub(1));
    }

    /// The page is now `height` lines; the cursor stays, and in sight.
    pub(crate) fn resize(&mut self, height: usize, len: usize) {
        self.height = height;
        self.go(self.cursor, len);
    }

    /// The top that shows the last page.
    fn last_top(self, len: usize) -> usize {
        len.saturating_sub(self.height.max(1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scroll(height: usize) -> Scroll {
        Scroll { height, ..Scroll::default() }
    }

    #[test]
    fn the_page_follows_the_cursor_as_little_as_it_can() {
        let mut s = scroll(5);
        for _ in 0..6 {
            s.step(Step::Down, 20);
        }
        assert_eq!((s.cursor(), s.top()), (6, 2));
        s.step(Step::Up, 20);
        assert_eq!((s.cursor(), s.top()), (5, 2), "no scrolling inside the page");
        s.step(Step::Last, 20);
        assert_eq!((s.cursor(), s.visible(20)), (19, 15..20));
        s.step(Step::PageUp, 20);
        assert_eq!((s.cursor(), s.top()), (14, 14));
    }

    #[test]
    fn nothing_to_show_is_no_accident() {
        let mut s = scroll(0);
        for step in [Step::Down, Step::Last, Step::PageDown, Step::Up, Step::HalfDown] {
            s.step(step, 0);
            assert_eq!((s.cursor(), s.visible(0)), (0, 0..0));
        }
        s.wheel(3, 0);
        s.step(Step::Down, 3);
        assert_eq!(s.visible(3), 1..1, "no height, no lines");
    }

    #[test]
    fn resizing_keeps_the_selection_in_sight() {
        let mut s = scroll(10);
        s.go(9, 100);
        s.resize(4, 100);
        assert_eq!((s.cursor(), s.visible(100)), (9, 6..10));
        s.resize(10, 100);
        assert_eq!((s.cursor(), s.visible(100)), (9, 6..16));
    }

    #[test]
    fn the_wheel_moves_the_page_first() {
        let mut s = scroll(5);
        s.go(2, 20);
        s.wheel(1, 20);
        assert_eq!((s.cursor(), s.top()), (2, 1));
        s.wheel(3, 20);
        assert_eq!((s.cursor(), s.top()), (4, 4));
        s.wheel(-99, 20);
        assert_eq!((s.cursor(), s.top()), (4, 0));
    }
}
