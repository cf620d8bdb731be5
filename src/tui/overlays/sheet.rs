//! A sheet: pages of prepared lines about one thing, over the panes.

use crate::tui::action::{SheetPage, Step};
use crate::tui::panes::{Scroll, page};
use crate::tui::theme::Tone;

/// Cells one key moves a page sideways.
const SHIFT: usize = 8;

/// What a sheet is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Topic {
    /// The devices with this id.
    Device(String),
    /// How devices come to use this proxy.
    SetUp,
}

/// One line of a page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SheetLine {
    /// How it looks.
    pub(crate) tone: Tone,
    /// Clean words.
    pub(crate) text: String,
}

/// What a sheet shows.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Pages {
    /// Words beside the title: what must not be overlooked, or how far it was read.
    pub(crate) notes: Vec<(Tone, String)>,
    /// The lines of each page, in the order of [`SheetPage::ALL`]; one for a sheet without pages.
    pub(crate) lines: Vec<Vec<SheetLine>>,
    /// The capture was not read to its end for it.
    pub(crate) unfinished: bool,
}

/// An open sheet.
#[derive(Debug, Clone)]
pub(crate) struct Sheet {
    topic: Topic,
    pages: Option<Pages>,
    at: usize,
    scrolls: [Scroll; SheetPage::ALL.len()],
    shift: usize,
}

impl SheetLine {
    /// A line of this tone.
    pub(crate) fn new(tone: Tone, text: impl Into<String>) -> Self {
        Self { tone, text: text.into() }
    }
}

impl Sheet {
    /// A sheet whose pages are being read.
    pub(crate) fn new(topic: Topic, page: SheetPage, height: usize) -> Self {
        let at = if topic == Topic::SetUp { 0 } else { page as usize };
        let mut sheet =
            Self { topic, pages: None, at, scrolls: <[Scroll; 3]>::default(), shift: 0 };
        sheet.resize(height);
        sheet
    }

    /// What it is about.
    pub(crate) fn topic(&self) -> &Topic {
        &self.topic
    }

    /// Takes pages; each stays where it was.
    pub(crate) fn take(&mut self, pages: Pages) {
        self.pages = Some(pages);
        let height = self.scrolls[0].height();
        self.resize(height);
    }

    /// What it shows; `None` while that is being read.
    pub(crate) fn pages(&self) -> Option<&Pages> {
        self.pages.as_ref()
    }

    /// The page in sight.
    pub(crate) fn at(&self) -> usize {
        self.at
    }

    /// Shows another page.
    pub(crate) fn show(&mut self, page: SheetPage) {
        let pages = self.titles().len();
        self.at = (page as usize).min(pages.saturating_sub(1));
        self.shift = 0;
    }

    /// Shows the next page, or the one before.
    pub(crate) fn turn(&mut self, on: bool) {
        let pages = self.titles().len();
        self.at = (self.at + if on { 1 } else { pages - 1 }) % pages;
        self.shift = 0;
    }

    /// What its pages are called.
    pub(crate) fn titles(&self) -> &'static [&'static str] {
        match self.topic {
            Topic::Device(_) => &["State", "Policy", "Sequence"],
            Topic::SetUp => &["Set-up"],
        }
    }

    /// Moves the page.
    pub(crate) fn step(&mut self, step: Step) {
        let len = self.lines().len();
        page(&mut self.scrolls[self.at], step, len);
    }

    /// Moves the page by lines.
    pub(crate) fn wheel(&mut self, lines: isize) {
        let len = self.lines().len();
        self.scrolls[self.at].wheel(lines, len);
    }

    /// Moves the page sideways.
    pub(crate) fn shift(&mut self, right: bool) {
        let by = if right { self.shift + SHIFT } else { self.shift.saturating_sub(SHIFT) };
        let longest = self.visible().iter().map(|line| line.text.chars().count()).max();
        self.shift = by.min(longest.unwrap_or(0).saturating_sub(1));
    }

    /// Cells by which the page is moved.
    pub(crate) fn shifted(&self) -> usize {
        self.shift
    }

    /// The page is `height` lines high.
    pub(crate) fn resize(&mut self, height: usize) {
        for at in 0..self.scrolls.len() {
            let len = self.page(at).len();
            self.scrolls[at].resize(height, len);
            self.scrolls[at].wheel(0, len);
        }
    }

    /// The lines in sight.
    pub(crate) fn visible(&self) -> &[SheetLine] {
        let lines = self.lines();
        &lines[self.scrolls[self.at].visible(lines.len())]
    }

    /// True when lines follow those in sight.
    pub(crate) fn has_more(&self) -> bool {
        let len = self.lines().len();
        self.scrolls[self.at].visible(len).end < len
    }

    fn lines(&self) -> &[SheetLine] {
        self.page(self.at)
    }

    fn page(&self, at: usize) -> &[SheetLine] {
        self.pages.as_ref().and_then(|pages| pages.lines.get(at)).map_or(&[], Vec::as_slice)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pages(lines: usize) -> Pages {
        let line = |n: usize| SheetLine::new(Tone::Plain, format!("line {n}"));
        let page: Vec<_> = (0..lines).map(line).collect();
        Pages { lines: vec![page.clone(), Vec::new(), page], ..Pages::default() }
    }

    #[test]
    fn pages_turn_and_each_stays_where_it_was() {
        let mut sheet = Sheet::new(Topic::Device("a".into()), SheetPage::State, 5);
        sheet.step(Step::Down);
        sheet.turn(true);
        assert!(sheet.visible().is_empty() && sheet.pages().is_none());
        sheet.turn(false);
        sheet.take(pages(20));
        sheet.step(Step::PageDown);
        assert!(sheet.has_more() && sheet.visible()[0].text == "line 5");
        sheet.turn(false);
        assert_eq!((sheet.at(), sheet.visible().len()), (2, 5));
        sheet.show(SheetPage::State);
        sheet.take(pages(7));
        assert_eq!(sheet.visible()[0].text, "line 2", "what is shorter is shown to its end");
        sheet.shift(true);
        sheet.shift(true);
        assert_eq!(sheet.shifted(), 5);
        sheet.shift(false);
        assert_eq!(sheet.shifted(), 0);
    }

    #[test]
    fn a_sheet_without_pages_answers_every_key() {
        let mut sheet = Sheet::new(Topic::SetUp, SheetPage::Sequence, 0);
        sheet.turn(true);
        sheet.show(SheetPage::Policy);
        sheet.shift(true);
        sheet.step(Step::Last);
        assert_eq!((sheet.at(), sheet.visible().len()), (0, 0));
    }
}
