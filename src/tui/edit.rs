//! A line of text being typed.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

/// Longest line, in bytes.
const LONGEST: usize = 4096;

/// The text and where in it one types.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct LineEdit {
    text: String,
    /// A byte position on a character boundary.
    cursor: usize,
}

impl LineEdit {
    /// A line with `text` in it, the cursor behind.
    pub(crate) fn new(text: &str) -> Self {
        let mut line = Self::default();
        line.insert(text);
        line
    }

    /// What is typed.
    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    /// Byte position of the cursor.
    pub(crate) fn cursor(&self) -> usize {
        self.cursor
    }

    /// Puts `text` at the cursor; line ends and tabs become blanks, other control characters are left
    /// out, as is what makes the line too long.
    pub(crate) fn insert(&mut self, text: &str) {
        for c in text.chars() {
            let c = if matches!(c, '\n' | '\t') { ' ' } else { c };
            if !c.is_control() && self.text.len() + c.len_utf8() <= LONGEST {
                self.text.insert(self.cursor, c);
                self.cursor += c.len_utf8();
            }
        }
    }

    /// Puts `text` in the place of the bytes `from..to`, the cursor behind it.
    pub(crate) fn replace(&mut self, from: usize, to: usize, text: &str) {
        let from = self.text.floor_char_boundary(from);
        let to = self.text.floor_char_boundary(to.max(from));
        self.text.replace_range(from..to, "");
        self.cursor = from;
        self.insert(text);
    }

    /// Does what the key means in a line of text; false when it means nothing there.
    pub(crate) fn key(&mut self, event: KeyEvent) -> bool {
        let ctrl = event.modifiers.contains(KeyModifiers::CONTROL);
        let (text, at) = (&self.text, self.cursor);
        match event.code {
            KeyCode::Char('a') if ctrl => self.cursor = 0,
            KeyCode::Char('e') if ctrl => self.cursor = text.len(),
            KeyCode::Char('u') if ctrl => self.replace(0, at, ""),
            KeyCode::Char('k') if ctrl => self.text.truncate(at),
            KeyCode::Char('w') if ctrl => {
                let word = text[..at].trim_end().rfind(' ').map_or(0, |blank| blank + 1);
                self.replace(word, at, "");
            }
            KeyCode::Char(c) if !ctrl && !event.modifiers.contains(KeyModifiers::ALT) => {
                self.insert(c.encode_utf8(&mut [0; 4]));
            }
            KeyCode::Backspace => {
                let from = before(text, at);
                self.replace(from, at, "");
            }
            KeyCode::Delete => {
                let next = after(text, at);
                self.replace(at, next, "");
            }
            KeyCode::Left => self.cursor = before(text, at),
            KeyCode::Right => self.cursor = after(text, at),
            KeyCode::Home => self.cursor = 0,
            KeyCode::End => self.cursor = text.len(),
            _ => return false,
        }
        true
    }
}

fn before(text: &str, at: usize) -> usize {
    text[..at].chars().next_back().map_or(0, |c| at - c.len_utf8())
}

fn after(text: &str, at: usize) -> usize {
    text[at..].chars().next().map_or(at, |c| at + c.len_utf8())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn press(line: &mut LineEdit, code: KeyCode, modifiers: KeyModifiers) -> bool {
        line.key(KeyEvent::new(code, modifiers))
    }

    #[test]
    fn typing_and_taking_back() {
        let mut line = LineEdit::new("cmd = Sync");
        for code in [KeyCode::Home, KeyCode::Delete, KeyCode::Right, KeyCode::Backspace] {
            assert!(press(&mut line, code, KeyModifiers::NONE));
        }
        assert_eq!((line.text(), line.cursor()), ("d = Sync", 0));
        press(&mut line, KeyCode::End, KeyModifiers::NONE);
        press(&mut line, KeyCode::Char('w'), KeyModifiers::CONTROL);
        assert_eq!(line.text(), "d = ");
        press(&mut line, KeyCode::Char('u'), KeyModifiers::CONTROL);
        assert_eq!((line.text(), line.cursor()), ("", 0));
        assert!(!press(&mut line, KeyCode::F(1), KeyModifiers::NONE));
    }

    #[test]
    fn characters_of_several_bytes_stay_whole() {
        let mut line = LineEdit::new("端末é");
        press(&mut line, KeyCode::Left, KeyModifiers::NONE);
        press(&mut line, KeyCode::Backspace, KeyModifiers::NONE);
        assert_eq!((line.text(), line.cursor()), ("端é", 3));
        press(&mut line, KeyCode::Delete, KeyModifiers::NONE);
        press(&mut line, KeyCode::Delete, KeyModifiers::NONE);
        assert_eq!(line.text(), "端");
        line.replace(1, 99, "x");
        assert_eq!(line.text(), "x");
    }

    #[test]
    fn what_is_pasted_is_one_line_of_bounded_length() {
        let mut line = LineEdit::new("a\nb\x1b[31mc\0");
        assert_eq!(line.text(), "a b[31mc");
        line.insert(&"x".repeat(10_000));
        assert_eq!(line.text().len(), LONGEST);
    }
}
