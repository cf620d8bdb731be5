//! A sheet: pages of prepared lines about one thing, over the panes.

use crate::model::ExchangeId;
use crate::tui::action::{SheetPage, Step};
use crate::tui::fit;
use crate::tui::panes::{Scroll, page};
use crate::tui::theme::Tone;

/// Cells one key moves a page sideways.
const SHIFT: usize = 8;

/// Cells that words behind others must have; else they go below.
const LEAST_BEHIND: usize = 30;

/// Cells by which they then stand to the right.
const INDENT: usize = 6;

/// Most lines of one setting.
const MOST_LINES: usize = 8;

/// What a sheet is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Topic {
    /// The devices with this id.
    Device(String),
    /// How devices come to use this proxy.
    SetUp,
    /// The ledger of the SyncML session that this exchange belongs to.
    Ledger(ExchangeId),
}

impl Topic {
    /// True for a sheet of one page.
    pub(crate) fn is_one_page(&self) -> bool {
        !matches!(self, Self::Device(_))
    }
}

/// One line of a page; its words are clean.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum SheetLine {
    /// Words.
    Text {
        /// How they look.
        tone: Tone,
        /// The words.
        text: String,
        /// The cell below which what finds no room goes on; `None` for a line that is moved sideways.
        hang: Option<usize>,
    },
    /// What passes between a device and its server.
    Lane {
        /// Which way.
        way: Way,
        /// What stands beside it on the left.
        left: String,
        /// How it looks.
        tone: Tone,
        /// What passes.
        text: String,
        /// What stands beside it on the right.
        note: String,
    },
}

/// Which way something passes between a device and its server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Way {
    /// To the server.
    Up,
    /// To the device.
    Down,
    /// Neither: words about it.
    Beside,
    /// The names of both ends.
    Ends,
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
    /// The lines of each page as they stand at this width.
    folded: [Vec<SheetLine>; SheetPage::ALL.len()],
    at: usize,
    scrolls: [Scroll; SheetPage::ALL.len()],
    shift: usize,
    width: usize,
}

impl SheetLine {
    /// A line of this tone.
    pub(crate) fn new(tone: Tone, text: impl Into<String>) -> Self {
        Self::Text { tone, text: text.into(), hang: None }
    }

    /// A line that goes on below the cell `hang`.
    pub(crate) fn hanging(tone: Tone, text: impl Into<String>, hang: usize) -> Self {
        Self::Text { tone, text: text.into(), hang: Some(hang) }
    }

    /// Its words.
    pub(crate) fn text(&self) -> &str {
        match self {
            Self::Text { text, .. } | Self::Lane { text, .. } => text,
        }
    }

    /// The lines that take at most `width` cells.
    fn fold(&self, width: usize, lines: &mut Vec<Self>) {
        let Self::Text { tone, text, hang: Some(hang) } = self else {
            return lines.push(self.clone());
        };
        let behind = fit::from(text, *hang);
        if fit::width(text) <= width || behind.is_empty() {
            return lines.push(self.clone());
        }
        let (mut head, mut indent) = (text[..text.len() - behind.len()].to_owned(), *hang);
        if width < hang + LEAST_BEHIND {
            // There is no room beside it: all of it goes below.
            lines.push(Self::new(*tone, head.trim_end()));
            indent = INDENT.min(width / 2);
            head = " ".repeat(indent);
        }
        for piece in fit::fold(behind, width.saturating_sub(indent), MOST_LINES) {
            lines.push(Self::new(*tone, format!("{head}{piece}")));
            head = " ".repeat(indent);
        }
    }
}

impl Sheet {
    /// A sheet whose pages are being read.
    pub(crate) fn new(topic: Topic, page: SheetPage) -> Self {
        let at = if topic.is_one_page() { 0 } else { page as usize };
        Self {
            topic,
            pages: None,
            folded: <[Vec<SheetLine>; 3]>::default(),
            at,
            scrolls: <[Scroll; 3]>::default(),
            shift: 0,
            width: 0,
        }
    }

    /// What it is about.
    pub(crate) fn topic(&self) -> &Topic {
        &self.topic
    }

    /// Takes pages; each stays where it was.
    pub(crate) fn take(&mut self, pages: Pages) {
        self.pages = Some(pages);
        self.fold();
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
            Topic::Ledger(_) => &["Ledger"],
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
        let longest = self.visible().iter().map(|line| fit::width(line.text())).max();
        self.shift = by.min(longest.unwrap_or(0).saturating_sub(1));
    }

    /// Cells by which the page is moved.
    pub(crate) fn shifted(&self) -> usize {
        self.shift
    }

    /// The page has room for `height` lines of `width` cells.
    pub(crate) fn resize(&mut self, height: usize, width: usize) {
        if self.width != width {
            self.width = width;
            self.fold();
        }
        for (scroll, lines) in self.scrolls.iter_mut().zip(&self.folded) {
            scroll.resize(height, lines.len());
            scroll.wheel(0, lines.len());
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
        &self.folded[self.at]
    }

    fn fold(&mut self) {
        let pages = self.pages.as_ref().map_or(&[][..], |pages| &pages.lines);
        self.folded = <[Vec<SheetLine>; 3]>::default();
        for (lines, folded) in pages.iter().zip(&mut self.folded) {
            for line in lines {
                line.fold(self.width, folded);
            }
        }
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

    fn open(topic: Topic, height: usize) -> Sheet {
        let mut sheet = Sheet::new(topic, SheetPage::State);
        sheet.resize(height, 40);
        sheet
    }

    #[test]
    fn pages_turn_and_each_stays_where_it_was() {
        let mut sheet = open(Topic::Device("a".into()), 5);
        sheet.step(Step::Down);
        sheet.turn(true);
        assert!(sheet.visible().is_empty() && sheet.pages().is_none());
        sheet.turn(false);
        sheet.take(pages(20));
        sheet.resize(5, 40);
        sheet.step(Step::PageDown);
        assert!(sheet.has_more() && sheet.visible()[0].text() == "line 5");
        sheet.turn(false);
        assert_eq!((sheet.at(), sheet.visible().len()), (2, 5));
        sheet.show(SheetPage::State);
        sheet.take(pages(7));
        sheet.resize(5, 40);
        assert_eq!(sheet.visible()[0].text(), "line 2", "what is shorter is shown to its end");
        sheet.shift(true);
        sheet.shift(true);
        assert_eq!(sheet.shifted(), 5);
        sheet.shift(false);
        assert_eq!(sheet.shifted(), 0);
    }

    #[test]
    fn a_sheet_without_pages_answers_every_key() {
        let mut sheet = open(Topic::SetUp, 0);
        sheet.turn(true);
        sheet.show(SheetPage::Policy);
        sheet.shift(true);
        sheet.step(Step::Last);
        assert_eq!((sheet.at(), sheet.visible().len()), (0, 0));
    }

    #[test]
    fn what_finds_no_room_goes_on_below_its_column() {
        let folded = |width| {
            let mut lines = Vec::new();
            let text = "Setting   1  the device locks after fifteen minutes without use";
            SheetLine::hanging(Tone::Plain, text, 13).fold(width, &mut lines);
            lines.iter().map(|line| line.text().to_owned()).collect::<Vec<_>>()
        };
        assert_eq!(folded(99).len(), 1);
        let beside =
            ["Setting   1  the device locks after fifteen", "             minutes without use"];
        assert_eq!(folded(45), beside);
        let below =
            ["Setting   1", "      the device locks after", "      fifteen minutes without use"];
        assert_eq!(folded(33), below);
    }
}
