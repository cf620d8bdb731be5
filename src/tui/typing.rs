//! Lines being typed, and menus: what may be meant, and what taking it does.

use crate::model::filter::{Filter, Validity};
use crate::model::{Level, Marking};

use super::action::{Action, Choices, Line};
use super::app::App;
use super::command;
use super::message::Effect;
use super::overlays::{Choice, Overlay, Prompt, menu};

impl App {
    /// Opens a menu.
    pub(super) fn offer(&mut self, choices: Choices) {
        let menu = menu(choices, &self.list, self.order);
        self.overlays.push(Overlay::Menu(menu));
    }

    /// Asks for a line.
    pub(super) fn ask_for(&mut self, line: Line) -> Option<Effect> {
        let comment = self.list.selected().map(|row| row.comment.clone());
        let text = match line {
            Line::Command | Line::Search | Line::Mode => String::new(),
            Line::Filter => self.filter.text.clone(),
            Line::Cover => self.sent_to().unwrap_or_default(),
            Line::Comment => self.or_say(comment, "there is nothing to comment")?,
        };
        self.overlays.push(Overlay::Prompt(Prompt::new(line, &text)));
        self.typed()
    }

    /// The line has changed: finds out what may be meant, and whether it can be used.
    pub(super) fn typed(&mut self) -> Option<Effect> {
        let stack = self.pane_stack();
        let Some(Overlay::Prompt(prompt)) = self.overlays.last_mut() else { return None };
        let text = prompt.edit().text();
        match prompt.line() {
            Line::Command => {
                let choices = command::choices(&self.keymap, stack, text);
                prompt.offer(choices);
                None
            }
            Line::Filter => {
                let (text, cursor) = (text.to_owned(), prompt.edit().cursor());
                prompt.judge(judgement(&text));
                Some(Effect::Complete(text, cursor))
            }
            Line::Search | Line::Comment | Line::Cover | Line::Mode => None,
        }
    }

    /// What may stand in a filter was found; what is typed may be another by now.
    pub(super) fn take_completed(&mut self, text: &str, choices: Vec<Choice>) {
        if let Some(Overlay::Prompt(prompt)) = self.overlays.last_mut()
            && prompt.line() == Line::Filter
            && prompt.edit().text() == text
        {
            prompt.offer(choices);
        }
    }

    /// Keys of a line that are no characters.
    pub(super) fn in_prompt(&mut self, action: Action) -> Option<Effect> {
        let Some(Overlay::Prompt(prompt)) = self.overlays.last_mut() else { return None };
        let history = match prompt.line() {
            Line::Filter => &self.filters,
            Line::Command | Line::Search | Line::Comment | Line::Cover | Line::Mode => {
                &self.searches
            }
        };
        match action {
            Action::Complete => prompt.complete(),
            Action::Older => prompt.older(history),
            Action::Newer => prompt.newer(history),
            Action::PreviousChoice => return prompt.choose(false),
            _ => return prompt.choose(true),
        }
        // Going through choices must not find them anew.
        if prompt.line() == Line::Command && action != Action::Complete {
            return None;
        }
        self.typed()
    }

    /// Takes the line, or the marked choice of a menu.
    pub(super) fn accept(&mut self) -> Option<Effect> {
        match self.overlays.pop()? {
            Overlay::Help(_) | Overlay::Sheet(_) => None,
            Overlay::Menu(menu) => self.act(menu.chosen()?),
            Overlay::Prompt(prompt) => self.accept_line(prompt),
        }
    }

    /// Where the exchange in sight sends the device.
    fn sent_to(&self) -> Option<String> {
        let overview = &self.detail.shown()?.detail.annotated.overview;
        let (_, text) = overview.iter().find(|(label, _)| *label == "sent to")?;
        text.split_whitespace().next().map(str::to_owned)
    }

    fn accept_line(&mut self, prompt: Prompt) -> Option<Effect> {
        let text = prompt.edit().text().to_owned();
        match prompt.line() {
            Line::Command => {
                let name = prompt.chosen().map_or(text.as_str(), |c| c.text.as_str());
                let (word, rest) = name.split_once(' ').unwrap_or((name, ""));
                let action = command::action(&self.keymap, word);
                match (self.or_say(action, "there is no such command")?, rest.trim()) {
                    (Action::Ask(Line::Cover), server) if !server.is_empty() => {
                        Some(Effect::Cover(server.to_owned()))
                    }
                    (Action::Ask(Line::Mode), spec) if !spec.is_empty() => {
                        Some(Effect::AddMode(spec.to_owned()))
                    }
                    (action, _) => self.act(action),
                }
            }
            Line::Search => self.search_for(&text),
            Line::Comment => {
                let id = self.list.selected()?.id;
                let marking = Marking { comment: Some(text), ..Marking::default() };
                Some(Effect::Mark(id, marking))
            }
            Line::Cover => Some(Effect::Cover(text)),
            Line::Mode => Some(Effect::AddMode(text)),
            Line::Filter => {
                let Ok(filter) = Filter::parse(&text) else {
                    // What cannot be used is not used, and stays there to be put right.
                    self.overlays.push(Overlay::Prompt(prompt));
                    return None;
                };
                self.filters.add(&text);
                Some(self.use_filter(filter))
            }
        }
    }
}

/// What to say beside a filter.
fn judgement(text: &str) -> (Level, String) {
    match Filter::check(text) {
        Validity::Blank => (Level::Info, "an empty filter shows everything".to_owned()),
        Validity::Valid(_) => (Level::Info, "this can be used".to_owned()),
        Validity::Unfinished(error) => (Level::Notable, error.message),
        Validity::Wrong(error) => (Level::Alarm, error.message),
    }
}
