//! The screen in front of one exchange, without a terminal: what benchmarks drive.

use std::sync::Arc;

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use ratatui::Terminal;
use ratatui::backend::TestBackend;

use crate::model::{Detail, Row, WallTime};
use crate::render::Secrets;

use super::app::App;
use super::message::{Effect, Message, Window};
use super::prepared::Prepared;
use super::settings::TuiSettings;
use super::view::view;

/// A screen that shows a list of one exchange and its detail. Keys do what they do in a terminal, but
/// nothing is written, started or read.
pub struct Rehearsal {
    app: App,
    terminal: Terminal<TestBackend>,
}

impl Rehearsal {
    /// Opens `detail` on a screen of this many columns and rows, and draws it: what the screen does
    /// beside its thread once an exchange is decoded, and then on it.
    pub fn new(detail: Detail, (width, height): (u16, u16)) -> Self {
        let id = detail.exchange.id;
        let row = Row::new(&detail.exchange, detail.annotated.summary.clone());
        let Ok(terminal) = Terminal::new(TestBackend::new(width, height));
        let app = App::new(TuiSettings::default(), WallTime(0));
        let mut rehearsal = Self { app, terminal };
        rehearsal.send(Message::Resize(width, height));
        let lines = Window::lines_of([row]);
        let window = Window { lines, total: 1, all: 1, ..Window::default() };
        rehearsal.send(Message::Window(window));
        let prepared = Arc::new(Prepared::new(detail, Secrets::Masked));
        rehearsal.send(Message::Detail(id, Some(prepared)));
        rehearsal
    }

    /// Presses a key and draws what it changes.
    pub fn press(&mut self, key: char) {
        self.key(KeyCode::Char(key), KeyModifiers::NONE);
    }

    /// Presses a key with Ctrl and draws what it changes.
    pub fn press_ctrl(&mut self, key: char) {
        self.key(KeyCode::Char(key), KeyModifiers::CONTROL);
    }

    /// Types a line and ends it, and draws what it changes: after `/` it is searched for.
    pub fn line(&mut self, text: &str) {
        text.chars().for_each(|key| self.press(key));
        self.key(KeyCode::Enter, KeyModifiers::NONE);
    }

    /// What is drawn, a line a row.
    pub fn picture(&self) -> String {
        self.terminal.backend().to_string()
    }

    fn key(&mut self, code: KeyCode, modifiers: KeyModifiers) {
        self.send(Message::Key(KeyEvent::new(code, modifiers)));
    }

    fn send(&mut self, message: Message) {
        for effect in self.app.update(message) {
            // The only question that a detail answers by itself.
            if let (Effect::Search(quest, way), Some(shown)) = (effect, self.app.detail.shared()) {
                let half = shown.half(quest.leg);
                let hits = quest.run(half);
                self.app.update(Message::Hits(hits, way));
            }
        }
        let app = &self.app;
        let Ok(_) = self.terminal.draw(|frame| view(app, frame));
    }
}

impl std::fmt::Debug for Rehearsal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Rehearsal").finish_non_exhaustive()
    }
}
