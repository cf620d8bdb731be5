//! A key as a terminal can send it and as people write it.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

/// A key as a terminal can send it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Key {
    code: KeyCode,
    ctrl: bool,
}

/// Names of the keys that are no characters.
const NAMES: &[(&str, KeyCode)] = &[
    ("Esc", KeyCode::Esc),
    ("Enter", KeyCode::Enter),
    ("Tab", KeyCode::Tab),
    ("Shift-Tab", KeyCode::BackTab),
    ("Up", KeyCode::Up),
    ("Down", KeyCode::Down),
    ("Left", KeyCode::Left),
    ("Right", KeyCode::Right),
    ("PgUp", KeyCode::PageUp),
    ("PgDn", KeyCode::PageDown),
    ("Home", KeyCode::Home),
    ("End", KeyCode::End),
    ("Insert", KeyCode::Insert),
    ("Delete", KeyCode::Delete),
    ("Backspace", KeyCode::Backspace),
    ("Space", KeyCode::Char(' ')),
];

/// Control keys that terminals send as another key, or keep for themselves.
const LOST: &str = "mjih[sq0123456789";

impl Key {
    /// A key without control.
    pub(crate) const fn plain(code: KeyCode) -> Self {
        Self { code, ctrl: false }
    }

    /// The key of a character.
    pub(crate) const fn char(c: char) -> Self {
        Self::plain(KeyCode::Char(c))
    }

    /// The key of a character with control.
    pub(crate) const fn ctrl(c: char) -> Self {
        Self { code: KeyCode::Char(c), ctrl: true }
    }

    /// Reads what [`Key::label`] writes; names without case. `None` for what no terminal can send.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let (name, ctrl) = match text.get(..5) {
            Some(prefix) if prefix.eq_ignore_ascii_case("ctrl-") => (&text[5..], true),
            _ => (text, false),
        };
        let mut chars = name.chars();
        let code = match (chars.next()?, chars.next()) {
            (c, None) if !c.is_control() => KeyCode::Char(c),
            ('F' | 'f', Some('1'..='9')) => {
                KeyCode::F(name[1..].parse().ok().filter(|n| *n <= 12)?)
            }
            _ => NAMES.iter().find(|(known, _)| known.eq_ignore_ascii_case(name))?.1,
        };
        let key = match code {
            // With control, terminals send the same for both cases.
            KeyCode::Char(c) if ctrl => Self::ctrl(c.to_ascii_lowercase()),
            code => Self { code, ctrl },
        };
        (!key.is_lost()).then_some(key)
    }

    /// True for a key that types a character.
    pub(crate) fn types(self) -> Option<char> {
        match self.code {
            KeyCode::Char(c) if !self.ctrl => Some(c),
            _ => None,
        }
    }

    /// True when no terminal can send it as itself.
    pub(crate) fn is_lost(self) -> bool {
        self.ctrl && !matches!(self.code, KeyCode::Char(c) if c.is_ascii() && !LOST.contains(c))
    }

    /// As people write it: `ctrl-f`, `PgDn`, `k`.
    pub(crate) fn label(self) -> String {
        let named = NAMES.iter().find(|(_, code)| *code == self.code);
        let name = match (named, self.code) {
            (Some((name, _)), _) => (*name).to_owned(),
            (None, KeyCode::Char(c)) => c.to_string(),
            (None, KeyCode::F(n)) => format!("F{n}"),
            (None, other) => format!("{other:?}"),
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_can_be_read() {
        for text in ["k", "K", ";", "?", "ctrl-f", "PgDn", "Shift-Tab", "Space", "F5", "<", "é"] {
            assert_eq!(Key::parse(text).map(Key::label).as_deref(), Some(text));
        }
        assert_eq!(Key::parse("CTRL-F"), Some(Key::ctrl('f')));
        assert_eq!(Key::parse("enter"), Some(Key::plain(KeyCode::Enter)));
    }

    #[test]
    fn what_no_terminal_sends_is_refused() {
        for text in
            ["", "ctrl-m", "ctrl-i", "ctrl-1", "ctrl-Tab", "ctrl-é", "F99", "hyper", "\u{7}"]
        {
            assert_eq!(Key::parse(text), None, "{text:?}");
        }
    }

    #[test]
    fn alt_is_another_key() {
        let event = KeyEvent::new(KeyCode::Char('q'), KeyModifiers::ALT);
        assert_ne!(Key::from(event), Key::char('q'));
    }
}
