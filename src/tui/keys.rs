//! Which key means what: one table, read by the event loop, the footer and the help.
//!
//! Keys follow mitmproxy where it has one, vim for movement. Never bound: what terminals cannot
//! tell from another key (`ctrl-m`, `ctrl-j`, `ctrl-i`, `ctrl-h`, `ctrl-[`, `ctrl-1`…) and what
//! they keep for themselves (`ctrl-s`, `ctrl-q`).

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

use crate::model::Leg;

use super::message::{Action, Face, Step, Tab};

/// Where a binding holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Context {
    /// Everywhere, overlays included.
    Everywhere,
    /// Where no overlay is open.
    Panes,
    /// In the list.
    List,
    /// In the detail.
    Detail,
    /// In a tree of the detail.
    Tree,
    /// In the help.
    Help,
}

impl Context {
    /// Its heading in the help.
    pub(crate) const fn title(self) -> &'static str {
        match self {
            Self::Everywhere => "Everywhere",
            Self::Panes => "Panes",
            Self::List => "List of exchanges",
            Self::Detail => "Selected exchange",
            Self::Tree => "Tree",
            Self::Help => "Help",
        }
    }
}

/// The contexts that can hold at the same time, most specific first: a key has one meaning in each.
pub(crate) const STACKS: [&[Context]; 4] = [
    &[Context::List, Context::Panes, Context::Everywhere],
    &[Context::Detail, Context::Panes, Context::Everywhere],
    &[Context::Tree, Context::Detail, Context::Panes, Context::Everywhere],
    &[Context::Help, Context::Everywhere],
];

/// A key as a terminal can send it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Key {
    code: KeyCode,
    ctrl: bool,
}

impl Key {
    const fn plain(code: KeyCode) -> Self {
        Self { code, ctrl: false }
    }

    const fn char(c: char) -> Self {
        Self::plain(KeyCode::Char(c))
    }

    const fn ctrl(c: char) -> Self {
        Self { code: KeyCode::Char(c), ctrl: true }
    }

    /// As people write it: `ctrl-f`, `PgDn`, `k`.
    pub(crate) fn label(self) -> String {
        let name = match self.code {
            KeyCode::Char(' ') => "Space".to_owned(),
            KeyCode::Char(c) => c.to_string(),
            KeyCode::Esc => "Esc".to_owned(),
            KeyCode::Enter => "Enter".to_owned(),
            KeyCode::Tab => "Tab".to_owned(),
            KeyCode::BackTab => "Shift-Tab".to_owned(),
            KeyCode::Up => "Up".to_owned(),
            KeyCode::Down => "Down".to_owned(),
            KeyCode::Left => "Left".to_owned(),
            KeyCode::Right => "Right".to_owned(),
            KeyCode::PageUp => "PgUp".to_owned(),
            KeyCode::PageDown => "PgDn".to_owned(),
            KeyCode::Home => "Home".to_owned(),
            KeyCode::End => "End".to_owned(),
            other => format!("{other:?}"),
        };
        if self.ctrl { format!("ctrl-{name}") } else { name }
    }
}

impl From<KeyEvent> for Key {
    /// Shift is already in the character; a key with Alt or another modifier equals no binding.
    fn from(event: KeyEvent) -> Self {
        let other = event.modifiers - KeyModifiers::SHIFT - KeyModifiers::CONTROL;
        let code = if other.is_empty() { event.code } else { KeyCode::Null };
        Self { code, ctrl: event.modifiers.contains(KeyModifiers::CONTROL) }
    }
}

/// One row of the table.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Binding {
    /// Where it holds.
    pub(crate) context: Context,
    /// The keys, the one to advertise first.
    pub(crate) keys: &'static [Key],
    /// What they do.
    pub(crate) action: Action,
    /// One word or two for the footer; empty when the footer does not show it.
    pub(crate) label: &'static str,
    /// What it does, for the help.
    pub(crate) help: &'static str,
}

/// What `key` does where `stack` holds.
pub(crate) fn action(key: impl Into<Key>, stack: &[Context]) -> Option<Action> {
    let key = key.into();
    let bound = |context: &Context| {
        BINDINGS.iter().find(|b| b.context == *context && b.keys.contains(&key)).map(|b| b.action)
    };
    stack.iter().find_map(bound)
}

/// The rows of one context, in display order.
pub(crate) fn bindings(context: Context) -> impl Iterator<Item = &'static Binding> {
    BINDINGS.iter().filter(move |binding| binding.context == context)
}

const fn row(
    context: Context,
    keys: &'static [Key],
    action: Action,
    label: &'static str,
    help: &'static str,
) -> Binding {
    Binding { context, keys, action, label, help }
}

const UP: &[Key] = &[Key::char('k'), Key::plain(KeyCode::Up)];
const DOWN: &[Key] = &[Key::char('j'), Key::plain(KeyCode::Down)];
const PAGE_UP: &[Key] = &[Key::plain(KeyCode::PageUp), Key::ctrl('b')];
const PAGE_DOWN: &[Key] = &[Key::plain(KeyCode::PageDown), Key::ctrl('f'), Key::char(' ')];
const FIRST: &[Key] = &[Key::char('g'), Key::plain(KeyCode::Home)];
const LAST: &[Key] = &[Key::char('G'), Key::plain(KeyCode::End)];
const ENTER: &[Key] = &[Key::plain(KeyCode::Enter)];
const FOLD: &[Key] = &[Key::char('h'), Key::plain(KeyCode::Left)];
const UNFOLD: &[Key] = &[Key::char('l'), Key::plain(KeyCode::Right)];
const REQUEST: Tab = Tab::Leg(Leg::Request);
const RESPONSE: Tab = Tab::Leg(Leg::Response);

/// The table. Rows of one context stand in the order the footer and the help show them.
const BINDINGS: &[Binding] = {
    use Action as A;
    use Context::{Detail, Everywhere, Help, List, Panes, Tree};
    &[
        row(List, ENTER, A::Open, "open", "open the selected exchange"),
        row(
            List,
            &[Key::char('F')],
            A::ToggleFollow,
            "follow",
            "keep the newest exchange selected",
        ),
        row(Tree, FOLD, A::Fold, "fold", "hide what is inside, or go to the line around it"),
        row(Tree, UNFOLD, A::Unfold, "unfold", "show what is inside, or go into it"),
        row(Tree, ENTER, A::ToggleFold, "", "hide or show what is inside"),
        row(Detail, &[Key::char('m')], A::NextFace, "view", "show the body the next way"),
        row(Detail, &[Key::char(']')], A::NextTab, "", "next tab"),
        row(Detail, &[Key::char('[')], A::PreviousTab, "", "previous tab"),
        row(Detail, &[Key::char('J')], A::NextExchange, "next", "select the next exchange"),
        row(Detail, &[Key::char('K')], A::PreviousExchange, "", "select the previous exchange"),
        row(Panes, &[Key::char('1')], A::Show(Tab::Overview), "", "show the overview"),
        row(Panes, &[Key::char('2')], A::Show(REQUEST), "", "show the request"),
        row(Panes, &[Key::char('3')], A::Show(RESPONSE), "", "show the response"),
        row(Panes, &[Key::char('4')], A::ShowAs(Face::Tree), "", "show a body as annotated tree"),
        row(Panes, &[Key::char('5')], A::ShowAs(Face::Xml), "", "show a body as XML"),
        row(Panes, &[Key::char('6')], A::ShowAs(Face::Headers), "", "show the header fields"),
        row(Panes, &[Key::char('7')], A::ShowAs(Face::Hex), "", "show a body as hex"),
        row(Panes, &[Key::plain(KeyCode::Tab)], A::NextPane, "pane", "next pane"),
        row(Panes, &[Key::plain(KeyCode::BackTab)], A::PreviousPane, "", "previous pane"),
        row(Panes, &[Key::char('-')], A::CycleLayout, "layout", "two panes, or one"),
        row(Panes, &[Key::char('?')], A::ToggleHelp, "help", "show this help"),
        row(Help, &[Key::char('?')], A::ToggleHelp, "close", "close the help"),
        row(Everywhere, DOWN, A::Move(Step::Down), "", "down"),
        row(Everywhere, UP, A::Move(Step::Up), "", "up"),
        row(Everywhere, PAGE_DOWN, A::Move(Step::PageDown), "", "a page down"),
        row(Everywhere, PAGE_UP, A::Move(Step::PageUp), "", "a page up"),
        row(Everywhere, &[Key::ctrl('d')], A::Move(Step::HalfDown), "", "half a page down"),
        row(Everywhere, &[Key::ctrl('u')], A::Move(Step::HalfUp), "", "half a page up"),
        row(Everywhere, FIRST, A::Move(Step::First), "", "to the first line"),
        row(Everywhere, LAST, A::Move(Step::Last), "", "to the last line"),
        row(Everywhere, &[Key::plain(KeyCode::Esc)], A::Back, "", "one level up"),
        row(Everywhere, &[Key::char('q')], A::BackOrQuit, "back", "one level up; quit at the top"),
        row(Everywhere, &[Key::char('Q'), Key::ctrl('c')], A::Quit, "", "quit now"),
        row(Everywhere, &[Key::ctrl('z')], A::Suspend, "", "suspend; `fg` brings it back"),
        row(Everywhere, &[Key::ctrl('l')], A::Redraw, "", "draw the screen anew"),
    ]
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_has_one_meaning_in_one_place() {
        for stack in STACKS {
            let mut seen: Vec<(Key, Action)> = Vec::new();
            let rows = BINDINGS.iter().filter(|b| stack.contains(&b.context));
            for (key, row) in rows.flat_map(|b| b.keys.iter().map(move |key| (*key, b))) {
                let twice = seen.iter().find(|(other, _)| *other == key);
                assert!(twice.is_none(), "{} in {stack:?}: {twice:?}, {row:?}", key.label());
                seen.push((key, row.action));
            }
        }
    }

    #[test]
    fn every_context_can_hold_and_every_row_is_explained() {
        for row in BINDINGS {
            assert!(STACKS.iter().any(|stack| stack.contains(&row.context)), "{row:?}");
            assert!(!row.keys.is_empty() && !row.help.is_empty(), "{row:?}");
        }
    }

    #[test]
    fn no_key_is_bound_that_terminals_cannot_send() {
        for key in BINDINGS.iter().flat_map(|b| b.keys) {
            let lost = key.ctrl
                && matches!(
                    key.code,
                    KeyCode::Char('m' | 'j' | 'i' | 'h' | '[' | 's' | 'q' | '0'..='9')
                );
            assert!(!lost, "{}", key.label());
        }
    }

    #[test]
    fn shift_is_in_the_character_and_alt_is_another_key() {
        let event = |c, modifiers| KeyEvent::new(KeyCode::Char(c), modifiers);
        let stack = STACKS[0];
        assert_eq!(action(event('G', KeyModifiers::SHIFT), stack), Some(Action::Move(Step::Last)));
        assert_eq!(action(event('c', KeyModifiers::CONTROL), stack), Some(Action::Quit));
        assert_eq!(action(event('q', KeyModifiers::ALT), stack), None);
    }
}
