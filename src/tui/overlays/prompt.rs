//! A line being typed, with what may be meant below it.

use crossterm::event::KeyEvent;

use crate::model::Level;
use crate::tui::action::Line;
use crate::tui::edit::LineEdit;

/// Most choices in sight.
const IN_SIGHT: usize = 8;

/// Lines a history keeps.
const REMEMBERED: usize = 100;

/// Something that may be meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Choice {
    /// What is put into the line.
    pub(crate) text: String,
    /// The bytes of the line in whose place it is put.
    pub(crate) from: usize,
    /// One past the last of them.
    pub(crate) to: usize,
    /// What it is.
    pub(crate) what: String,
}

/// An open line.
#[derive(Debug, Clone)]
pub(crate) struct Prompt {
    line: Line,
    edit: LineEdit,
    choices: Vec<Choice>,
    marked: usize,
    /// How many lines back in the history; 0 is the line itself.
    back: usize,
    /// What was typed before going back.
    draft: String,
    /// What is to be said of the line.
    judgement: Option<(Level, String)>,
}

/// Lines that were taken, the newest last.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct History(Vec<String>);

impl History {
    /// Of lines read from a file.
    pub(crate) fn new(lines: Vec<String>) -> Self {
        let mut history = Self::default();
        for line in lines {
            history.add(&line);
        }
        history
    }

    /// Remembers a line, once.
    pub(crate) fn add(&mut self, line: &str) {
        if line.trim().is_empty() {
            return;
        }
        self.0.retain(|known| known != line);
        self.0.push(line.to_owned());
        let extra = self.0.len().saturating_sub(REMEMBERED);
        self.0.drain(..extra);
    }

    /// The newest line.
    pub(crate) fn last(&self) -> Option<&str> {
        self.0.last().map(String::as_str)
    }

    /// All lines, the newest last.
    pub(crate) fn lines(&self) -> &[String] {
        &self.0
    }

    fn back(&self, by: usize) -> Option<&str> {
        let at = self.0.len().checked_sub(by)?;
        self.0.get(at).map(String::as_str)
    }
}

impl Prompt {
    /// Asks for a line, `text` standing there already.
    pub(crate) fn new(line: Line, text: &str) -> Self {
        let (choices, draft) = (Vec::new(), String::new());
        Self {
            line,
            edit: LineEdit::new(text),
            choices,
            marked: 0,
            back: 0,
            draft,
            judgement: None,
        }
    }

    /// What is asked for.
    pub(crate) fn line(&self) -> Line {
        self.line
    }

    /// What is typed.
    pub(crate) fn edit(&self) -> &LineEdit {
        &self.edit
    }

    /// What may be meant.
    pub(crate) fn choices(&self) -> &[Choice] {
        &self.choices
    }

    /// The choices in sight: some around the marked one.
    pub(crate) fn visible(&self) -> std::ops::Range<usize> {
        let last = self.choices.len().saturating_sub(IN_SIGHT);
        let top = self.marked.saturating_sub(IN_SIGHT / 2).min(last);
        top..self.choices.len().min(top + IN_SIGHT)
    }

    /// Lines above the one that is typed: choices, and what is to be said of it.
    pub(crate) fn lines(&self) -> usize {
        self.visible().len() + usize::from(self.judgement.is_some())
    }

    /// Index of the marked choice.
    pub(crate) fn marked(&self) -> usize {
        self.marked
    }

    /// Takes what may be meant by the line as it is.
    pub(crate) fn offer(&mut self, choices: Vec<Choice>) {
        if self.choices != choices {
            self.marked = 0;
        }
        self.choices = choices;
    }

    /// Takes what is to be said of the line.
    pub(crate) fn judge(&mut self, judgement: (Level, String)) {
        self.judgement = Some(judgement);
    }

    /// What is to be said of the line.
    pub(crate) fn judgement(&self) -> Option<(Level, &str)> {
        self.judgement.as_ref().map(|(level, text)| (*level, text.as_str()))
    }

    /// Marks the next choice or the one before; asks for nothing.
    pub(crate) fn choose<T>(&mut self, next: bool) -> Option<T> {
        let last = self.choices.len().saturating_sub(1);
        let marked = if next { self.marked + 1 } else { self.marked.saturating_sub(1) };
        self.marked = marked.min(last);
        None
    }

    /// Marks choices further down, or up.
    pub(crate) fn wheel(&mut self, down: bool) {
        for _ in 0..IN_SIGHT / 2 {
            self.choose::<()>(down);
        }
    }

    /// Marks a choice; false when there is none.
    pub(crate) fn mark(&mut self, at: usize) -> bool {
        let there = at < self.choices.len();
        if there {
            self.marked = at;
        }
        there
    }

    /// The marked choice.
    pub(crate) fn chosen(&self) -> Option<&Choice> {
        self.choices.get(self.marked)
    }

    /// Types.
    pub(crate) fn key(&mut self, event: KeyEvent) -> bool {
        self.edit.key(event)
    }

    /// Puts text at the cursor.
    pub(crate) fn paste(&mut self, text: &str) {
        self.edit.insert(text);
    }

    /// Puts the marked choice into the line.
    pub(crate) fn complete(&mut self) {
        let Some(choice) = self.chosen().cloned() else { return };
        self.edit.replace(choice.from, choice.to, &choice.text);
    }

    /// The choice above, or an older line.
    pub(crate) fn older(&mut self, history: &History) {
        if self.line == Line::Command {
            self.choose::<()>(false);
        } else if let Some(line) = history.back(self.back + 1) {
            if self.back == 0 {
                self.draft = self.edit.text().to_owned();
            }
            self.back += 1;
            self.edit = LineEdit::new(line);
        }
    }

    /// The choice below, or a newer line.
    pub(crate) fn newer(&mut self, history: &History) {
        if self.line == Line::Command {
            self.choose::<()>(true);
        } else if let Some(back) = self.back.checked_sub(1) {
            self.back = back;
            let line = history.back(back).filter(|_| back > 0).unwrap_or(&self.draft);
            self.edit = LineEdit::new(line);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn older_lines_come_back_and_the_draft_too() {
        let history = History::new(vec!["one".into(), "two".into(), "one".into(), "  ".into()]);
        assert_eq!(history.lines(), ["two", "one"], "each once, the newest last");
        let mut prompt = Prompt::new(Line::Search, "dra");
        prompt.older(&history);
        assert_eq!(prompt.edit().text(), "one");
        prompt.older(&history);
        prompt.older(&history);
        assert_eq!(prompt.edit().text(), "two");
        prompt.newer(&history);
        prompt.newer(&history);
        prompt.newer(&history);
        assert_eq!(prompt.edit().text(), "dra");
    }

    #[test]
    fn a_history_is_bounded() {
        let history = History::new((0..500).map(|n| n.to_string()).collect());
        assert_eq!((history.lines().len(), history.last()), (REMEMBERED, Some("499")));
    }

    #[test]
    fn the_marked_choice_is_put_in_its_place() {
        let mut prompt = Prompt::new(Line::Command, "fo");
        let choice = |text: &str| Choice { text: text.into(), from: 0, to: 2, what: String::new() };
        prompt.offer(vec![choice("follow"), choice("fold")]);
        prompt.newer(&History::default());
        prompt.newer(&History::default());
        prompt.complete();
        assert_eq!(prompt.edit().text(), "fold");
        assert!(!prompt.mark(2));
    }
}
