//! The help: the key table in words, what holds in the present view first.

use crate::tui::action::Step;
use crate::tui::keys::{Context, Keymap};
use crate::tui::panes::Scroll;

/// One line of the help.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum HelpLine {
    /// Where the keys below it hold.
    Heading(&'static str),
    /// Keys and what they do.
    Keys(String, &'static str),
    /// Nothing.
    Gap,
}

/// The open help.
#[derive(Debug, Clone)]
pub(crate) struct Help {
    lines: Vec<HelpLine>,
    scroll: Scroll,
}

impl Help {
    /// The help for a view in which `stack` holds; the other contexts follow.
    pub(crate) fn new(map: &Keymap, stack: &[Context], height: usize) -> Self {
        let others = Context::ALL.into_iter().filter(|context| !stack.contains(context));
        let mut lines = Vec::new();
        for context in stack.iter().copied().chain(others) {
            if !lines.is_empty() {
                lines.push(HelpLine::Gap);
            }
            lines.push(HelpLine::Heading(context.title()));
            // What has no key is found on the command line and in menus.
            let bound = map.bindings(context).filter(|row| !row.keys.is_empty());
            lines.extend(bound.map(|row| HelpLine::Keys(row.labels(), row.binding.help)));
        }
        let mut help = Self { lines, scroll: Scroll::default() };
        help.resize(height);
        help
    }

    /// Moves the page.
    pub(crate) fn step(&mut self, step: Step) {
        crate::tui::panes::page(&mut self.scroll, step, self.lines.len());
    }

    /// Moves the page by lines.
    pub(crate) fn wheel(&mut self, lines: isize) {
        self.scroll.wheel(lines, self.lines.len());
    }

    /// The page is `height` lines high.
    pub(crate) fn resize(&mut self, height: usize) {
        self.scroll.resize(height, self.lines.len());
        self.scroll.wheel(0, self.lines.len());
    }

    /// The lines in sight.
    pub(crate) fn visible(&self) -> &[HelpLine] {
        &self.lines[self.scroll.visible(self.lines.len())]
    }

    /// True when lines follow those in sight.
    pub(crate) fn has_more(&self) -> bool {
        self.scroll.visible(self.lines.len()).end < self.lines.len()
    }
}
