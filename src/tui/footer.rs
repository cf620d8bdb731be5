//! The last line: the keys that matter now, and where they stand for the mouse.

use std::ops::Range;

use super::action::{Action, Line};
use super::app::App;
use super::fit;
use super::keys::Bound;
use super::layout::Pane;

/// A key of the last line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct FooterItem {
    /// First cell.
    pub(crate) x: u16,
    /// As people write it.
    pub(crate) key: String,
    /// What it does, in a word.
    pub(crate) label: &'static str,
    /// What a click does.
    pub(crate) action: Action,
}

impl FooterItem {
    /// The cells it takes.
    pub(crate) fn cells(&self) -> Range<u16> {
        let width = fit::width(&self.key) + 1 + fit::width(self.label);
        self.x..self.x.saturating_add(u16::try_from(width).unwrap_or(u16::MAX))
    }
}

/// The keys of a line of `width` cells; commands, help and the way out always (with them the mouse
/// reaches everything), the others as they fit.
pub(crate) fn items(app: &App, width: u16) -> Vec<FooterItem> {
    let at_top = app.overlays.is_empty() && app.focus() == Pane::List;
    let item = |row: &Bound| {
        let key = row.keys.first()?.label();
        let label = match row.binding.action {
            Action::BackOrQuit if at_top => "quit",
            _ => row.binding.label,
        };
        let action = row.binding.action;
        (!label.is_empty()).then_some(FooterItem { x: 0, key, label, action })
    };
    let size = |item: &FooterItem| fit::width(&item.key) + fit::width(item.label) + 3;
    let rows = app.stack().iter().copied().flat_map(|context| app.keymap.bindings(context));
    let (last, first): (Vec<_>, Vec<_>) = rows.filter_map(item).partition(|item| {
        matches!(item.action, Action::ToggleHelp | Action::BackOrQuit | Action::Ask(Line::Command))
    });
    let mut room = usize::from(width).saturating_sub(1 + last.iter().map(size).sum::<usize>());
    let mut x = 1;
    let mut placed = Vec::new();
    for mut item in first {
        let Some(rest) = room.checked_sub(size(&item)) else { continue };
        room = rest;
        item.x = x;
        x = x.saturating_add(u16::try_from(size(&item)).unwrap_or(u16::MAX));
        placed.push(item);
    }
    x = x.saturating_add(u16::try_from(room).unwrap_or(u16::MAX));
    for mut item in last {
        item.x = x;
        x = x.saturating_add(u16::try_from(size(&item)).unwrap_or(u16::MAX));
        placed.push(item);
    }
    placed
}
