//! The table.

use crate::tui::action::Action;

use super::key::Key;
use super::rows::GROUPS;

/// Where a binding holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Context {
    /// Everywhere but where one types.
    Everywhere,
    /// Where no overlay is open.
    Panes,
    /// In the list.
    List,
    /// In the detail.
    Detail,
    /// In a tree of the detail.
    Tree,
    /// In the bytes of the detail.
    Hex,
    /// In the help.
    Help,
    /// In the list by device.
    Devices,
    /// In a sheet.
    Sheet,
    /// In a menu.
    Menu,
    /// Where one types.
    Prompt,
}

impl Context {
    /// In the order of the reference page.
    pub(crate) const ALL: [Self; 11] = [
        Self::List,
        Self::Detail,
        Self::Tree,
        Self::Hex,
        Self::Devices,
        Self::Panes,
        Self::Everywhere,
        Self::Prompt,
        Self::Menu,
        Self::Sheet,
        Self::Help,
    ];

    /// Its heading.
    pub(crate) const fn title(self) -> &'static str {
        match self {
            Self::Everywhere => "Everywhere",
            Self::Panes => "Panes",
            Self::List => "List of exchanges",
            Self::Detail => "Selected exchange",
            Self::Tree => "Tree",
            Self::Hex => "Hex",
            Self::Help => "Help",
            Self::Devices => "List by device",
            Self::Sheet => "Device",
            Self::Menu => "Menus",
            Self::Prompt => "Where one types",
        }
    }
}

/// The contexts that can hold at the same time, most specific first: a key has one meaning in each.
pub(crate) const STACKS: [&[Context]; 10] = [
    &[Context::List, Context::Panes, Context::Everywhere],
    &[Context::Detail, Context::Panes, Context::Everywhere],
    &[Context::Tree, Context::Detail, Context::Panes, Context::Everywhere],
    &[Context::Help, Context::Everywhere],
    &[Context::Menu, Context::Everywhere],
    &[Context::Prompt],
    &[Context::Hex, Context::Detail, Context::Panes, Context::Everywhere],
    &[Context::Devices, Context::List, Context::Panes, Context::Everywhere],
    &[Context::Sheet, Context::Everywhere],
    &[Context::Everywhere],
];

/// One row of the table.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Binding {
    /// Where it holds.
    pub(crate) context: Context,
    /// Its name on the command line and in the settings file.
    pub(crate) name: &'static str,
    /// The keys unless the user says otherwise, the one to advertise first.
    pub(crate) keys: &'static [Key],
    /// What they do.
    pub(crate) action: Action,
    /// One word or two for the footer; empty when the footer does not show it.
    pub(crate) label: &'static str,
    /// What it does, for the help.
    pub(crate) help: &'static str,
}

/// Bindings that stand together.
pub(super) struct Group {
    pub(super) context: Context,
    pub(super) rows: &'static [Row],
}

/// Name, keys, action, label, help.
pub(super) type Row = (&'static str, &'static [Key], Action, &'static str, &'static str);

/// Every row, in the order the footer and the help show them.
pub(crate) fn rows() -> impl Iterator<Item = Binding> {
    GROUPS.iter().flat_map(|group| {
        group.rows.iter().map(|&(name, keys, action, label, help)| Binding {
            context: group.context,
            name,
            keys,
            action,
            label,
            help,
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_context_can_hold_and_every_row_is_explained() {
        for row in rows() {
            assert!(STACKS.iter().any(|stack| stack.contains(&row.context)), "{row:?}");
            assert!(!row.help.is_empty() && !row.name.is_empty(), "{row:?}");
            assert!(row.label.is_empty() || !row.keys.is_empty(), "{row:?}");
        }
    }

    #[test]
    fn names_are_unique_and_can_be_typed() {
        let mut names: Vec<_> = rows().map(|row| row.name).collect();
        assert!(names.iter().all(|name| name.bytes().all(|b| b.is_ascii_lowercase() || b == b'-')));
        let all = names.len();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), all);
    }

    #[test]
    fn no_key_is_bound_that_terminals_cannot_send() {
        for row in rows() {
            for key in row.keys {
                assert!(!key.is_lost(), "{} of {}", key.label(), row.name);
                assert_eq!(Key::parse(&key.label()), Some(*key), "{}", row.name);
            }
        }
    }
}
