//! The list of exchanges: a cursor, a page, and the rows around it.

use crate::engine::{GroupLine, GroupName};
use crate::model::{ExchangeId, Row, WallTime};
use crate::render::row;
use crate::tui::action::Step;
use crate::tui::message::{Seek, Span, Window};

use super::columns::{LeftOut, Widest};
use super::scroll::Scroll;

/// The list. Only the rows near the page are held, however many there are.
#[derive(Debug, Clone, Default)]
pub(crate) struct ListPane {
    scroll: Scroll,
    window: Window,
    widest: Widest,
    follow: bool,
    /// Exchanges that have been in sight, or were there at the start.
    seen: usize,
    started: bool,
    /// Columns the user does not want.
    pub(crate) left_out: LeftOut,
}

impl ListPane {
    /// A list that follows the newest exchange, or not.
    pub(crate) fn new(follow: bool) -> Self {
        Self { follow, ..Self::default() }
    }

    /// Takes lines that were read. While nothing was found yet for another list, the one before stays
    /// in sight.
    pub(crate) fn take(&mut self, window: Window) {
        if window.total == 0 && window.looked_at.is_some() && !self.window.lines.is_empty() {
            (self.window.all, self.window.looked_at) = (window.all, window.looked_at);
            self.window.trouble = window.trouble;
            return;
        }
        let rows = window.lines.iter().filter_map(GroupLine::row);
        for text in rows.map(|r| row(r, WallTime::default())) {
            self.widest.see(&text);
        }
        if !self.started {
            self.seen = window.all;
            self.started = window.all > 0 || self.started;
        }
        let before = std::mem::replace(&mut self.window, window);
        let total = self.window.total;
        match (&self.window.sought, self.window.at) {
            (Some(Seek::Go(_) | Seek::Newest), Some(at)) => self.scroll.go(at, total),
            (Some(Seek::Stay(name)), Some(at)) => {
                let was = before.lines.iter().position(|line| line.name() == *name);
                let moved = was.map(|was| at.wrapping_sub(before.offset + was).cast_signed());
                self.scroll.slide(moved.unwrap_or(0), total);
            }
            _ if self.follow && self.window.sums.is_none() => self.scroll.go(usize::MAX, total),
            _ => self.scroll.go(self.scroll.cursor(), total),
        }
        self.look();
    }

    /// Moves the selection; away from the newest exchange, following ends.
    pub(crate) fn step(&mut self, step: Step) {
        self.scroll.step(step, self.len());
        self.moved();
    }

    /// Moves the page.
    pub(crate) fn wheel(&mut self, lines: isize) {
        self.scroll.wheel(lines, self.len());
        self.moved();
    }

    /// Selects the exchange in this line of the page; false when there is none.
    pub(crate) fn point(&mut self, line: usize) -> bool {
        let at = self.scroll.top().saturating_add(line);
        if line >= self.scroll.height() || at >= self.len() {
            return false;
        }
        self.scroll.go(at, self.len());
        self.moved();
        true
    }

    /// Selects the exchange at this position, or the last one.
    pub(crate) fn select(&mut self, at: usize) {
        self.scroll.go(at, self.len());
        self.moved();
    }

    /// The page is `height` lines high.
    pub(crate) fn resize(&mut self, height: usize) {
        self.scroll.resize(height, self.len());
        self.look();
    }

    /// Follows the newest exchange from now on, or stops.
    pub(crate) fn toggle_follow(&mut self) {
        self.follow = !self.follow;
        if self.follow && !self.is_grouped() {
            self.step(Step::Last);
        }
    }

    /// Selects the newest exchange no longer.
    pub(crate) fn stay(&mut self) {
        self.follow = false;
    }

    /// True while the newest exchange stays selected.
    pub(crate) fn follows(&self) -> bool {
        self.follow
    }

    /// How many exchanges there are.
    pub(crate) fn len(&self) -> usize {
        self.window.total
    }

    /// How many exchanges the capture has, those out of the list included.
    pub(crate) fn all(&self) -> usize {
        self.window.all
    }

    /// How many exchanges were looked at for the list, while that is not all.
    pub(crate) fn looked_at(&self) -> Option<u64> {
        self.window.looked_at
    }

    /// Why not all exchanges were looked at.
    pub(crate) fn trouble(&self) -> Option<&str> {
        self.window.trouble.as_deref()
    }

    /// How many came after those that have been in sight.
    pub(crate) fn unseen(&self) -> usize {
        self.all().saturating_sub(self.seen)
    }

    /// Another list is shown: what is there now is not new.
    pub(crate) fn renew(&mut self) {
        self.started = false;
    }

    /// Position of the selected exchange.
    pub(crate) fn cursor(&self) -> usize {
        self.scroll.cursor()
    }

    /// The selected exchange, when it has been read.
    pub(crate) fn selected(&self) -> Option<&Row> {
        self.selected_line()?.row()
    }

    /// The selected line, when it has been read.
    pub(crate) fn selected_line(&self) -> Option<&GroupLine> {
        self.line(self.scroll.cursor())
    }

    /// What the selected line shows, or the first line of the page that was read.
    pub(crate) fn anchor(&self) -> Option<GroupName> {
        let first = || self.lines().find_map(|(_, line)| line);
        self.selected_line().or_else(first).map(GroupLine::name)
    }

    /// The selected exchange; of a group the last one.
    pub(crate) fn exchange(&self) -> Option<ExchangeId> {
        let line = self.selected_line()?;
        let last = || line.facts().and_then(|facts| facts.last.as_deref());
        line.row().or_else(last).map(|row| row.id)
    }

    /// Selects the group around the selected line, if it is at hand.
    pub(crate) fn step_out(&mut self) {
        let Some(depth) = self.selected_line().map(depth_of) else { return };
        let outside = |at: &usize| self.line(*at).is_some_and(|line| depth_of(line) < depth);
        let mut before = (0..self.cursor()).rev().take_while(|at| self.line(*at).is_some());
        if let Some(around) = before.find(outside) {
            self.select(around);
        }
    }

    /// True while the lines are groups.
    pub(crate) fn is_grouped(&self) -> bool {
        self.window.sums.is_some()
    }

    /// By device: how many devices and exchanges there are.
    pub(crate) fn sums(&self) -> Option<(u64, u64)> {
        self.window.sums
    }

    /// True when `id` is selected.
    pub(crate) fn is_selected(&self, id: ExchangeId) -> bool {
        self.selected().is_some_and(|row| row.id == id)
    }

    /// The lines in sight with their places; `None` where one has not been read yet.
    pub(crate) fn lines(&self) -> impl Iterator<Item = (usize, Option<&GroupLine>)> {
        self.scroll.visible(self.len()).map(|at| (at, self.line(at)))
    }

    /// How wide the columns have been.
    pub(crate) fn widest(&self) -> &Widest {
        &self.widest
    }

    /// The rows to hold: the page, and one more on either side so that scrolling finds them there.
    pub(crate) fn wanted(&self) -> Span {
        let page = self.scroll.height().max(1);
        let offset = self.scroll.top().saturating_sub(page);
        Span { offset, limit: page.saturating_mul(3) }
    }

    /// True when a row in sight has not been read.
    pub(crate) fn lacks(&self) -> bool {
        self.lines().any(|(_, line)| line.is_none())
    }

    fn line(&self, at: usize) -> Option<&GroupLine> {
        self.window.lines.get(at.checked_sub(self.window.offset)?)
    }

    fn moved(&mut self) {
        if self.scroll.cursor() + 1 < self.len() || self.is_grouped() {
            self.follow = false;
        }
        if self.is_grouped() {
            // Where new ones come is not known: who moves looks around.
            self.seen = self.all();
        }
        self.look();
    }

    fn look(&mut self) {
        if self.is_grouped() {
            return;
        }
        // What the filter leaves out counts as seen with what stands before it.
        let end = self.scroll.visible(self.len()).end;
        let all_in_sight = end == self.len();
        self.seen = if all_in_sight { self.all() } else { self.seen.max(end.min(self.all())) };
    }
}

/// How deep a line stands in groups.
fn depth_of(line: &GroupLine) -> usize {
    match line {
        GroupLine::Device(_) => 0,
        GroupLine::Session(_) => 1,
        GroupLine::Exchange(_) => 2,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `total` exchanges of which none was read: positions are what counts here.
    fn of(total: usize) -> Window {
        Window { total, all: total, ..Window::default() }
    }

    fn list(height: usize, total: usize) -> ListPane {
        let mut list = ListPane::new(false);
        list.resize(height);
        list.take(of(total));
        list
    }

    #[test]
    fn new_traffic_moves_nothing_and_is_counted() {
        let mut list = list(5, 20);
        list.step(Step::Down);
        list.take(of(32));
        assert_eq!((list.cursor(), list.scroll.top(), list.unseen()), (1, 0, 12));
        list.step(Step::Last);
        assert_eq!((list.cursor(), list.unseen()), (31, 0));
    }

    #[test]
    fn what_fits_on_the_page_is_not_new() {
        let mut list = list(5, 2);
        list.take(of(4));
        assert_eq!(list.unseen(), 0);
    }

    #[test]
    fn following_selects_the_newest_until_one_moves_away() {
        let mut list = list(5, 20);
        list.toggle_follow();
        list.take(of(25));
        assert_eq!((list.cursor(), list.follows()), (24, true));
        list.step(Step::Up);
        list.take(of(30));
        assert_eq!((list.cursor(), list.follows()), (23, false));
    }

    #[test]
    fn the_rows_around_the_page_are_wanted() {
        let mut list = list(10, 1000);
        assert_eq!(list.wanted(), Span { offset: 0, limit: 30 });
        list.step(Step::Last);
        assert_eq!(list.wanted(), Span { offset: 980, limit: 30 });
        assert!(list.lacks());
    }

    #[test]
    fn a_capture_that_shrank_keeps_the_cursor_inside() {
        let mut list = list(10, 1000);
        list.step(Step::Last);
        list.take(of(3));
        assert_eq!((list.cursor(), list.scroll.visible(list.len())), (2, 0..3));
        list.take(of(0));
        assert_eq!((list.cursor(), list.selected()), (0, None));
    }
}
