//! The screen without a terminal, so that it can be measured.

use std::io;

use crossterm::event::KeyEvent;
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use tokio::sync::{mpsc, watch};

use crate::engine::Viewer;

use super::app::App;
use super::asking::ask;
use super::message::{Effect, Message};
use super::run::now;
use super::settings::TuiSettings;
use super::view::view;
use super::work::Worker;

/// Answers that may wait.
const ANSWERS: usize = 8;

/// The screen as [`super::run`] runs it, drawn into memory. It does nothing by itself: who measures
/// presses keys, takes what came and draws.
pub struct Offscreen {
    app: App,
    worker: Worker,
    answers: mpsc::Receiver<Message>,
    revision: watch::Receiver<u64>,
    list_changes: Option<watch::Receiver<u64>>,
    terminal: Terminal<TestBackend>,
}

impl Offscreen {
    /// A screen of this many columns and rows. Must be called on a tokio runtime, which answers its
    /// queries.
    ///
    /// # Errors
    /// When there is no memory to draw into; not on any known system.
    pub fn new(viewer: Viewer, settings: TuiSettings, width: u16, height: u16) -> io::Result<Self> {
        let terminal = Terminal::new(TestBackend::new(width, height)).map_err(io::Error::other)?;
        let (answer, answers) = mpsc::channel(ANSWERS);
        let mut screen = Self {
            app: App::new(settings, now()),
            revision: viewer.revision(),
            worker: Worker::new(viewer, answer),
            answers,
            list_changes: None,
            terminal,
        };
        screen.take(Message::Resize(width, height));
        screen.take(Message::Changed);
        Ok(screen)
    }

    /// A key went down. What it asks of the capture is on its way when this returns.
    pub fn press(&mut self, key: KeyEvent) {
        self.take(Message::Key(key));
    }

    /// Takes the answers that came, and whether the capture or the list changed.
    pub fn pump(&mut self) {
        let changed = self.revision.has_changed().unwrap_or(false);
        let found =
            self.list_changes.as_ref().is_some_and(|list| list.has_changed().unwrap_or(false));
        if changed || found {
            self.revision.borrow_and_update();
            if let Some(list) = &mut self.list_changes {
                list.borrow_and_update();
            }
            self.take(Message::Changed);
        }
        while let Ok(message) = self.answers.try_recv() {
            self.take(message);
        }
    }

    /// Draws. Returns how many lines in sight are placeholders: they are still being read.
    ///
    /// # Errors
    /// When memory cannot be drawn into; not on any known system.
    pub fn frame(&mut self) -> io::Result<usize> {
        self.terminal.draw(|frame| view(&self.app, frame)).map_err(io::Error::other)?;
        Ok(self.app.list.lines().filter(|(_, line)| line.is_none()).count())
    }

    /// The first `width` cells of a row of the last frame.
    pub fn row(&self, y: u16) -> String {
        let buffer = self.terminal.backend().buffer();
        (0..buffer.area.width).map(|x| buffer[(x, y)].symbol()).collect()
    }

    fn take(&mut self, message: Message) {
        self.app.now = now();
        for effect in self.app.update(message) {
            match effect {
                Effect::List(filter, order, mode) => {
                    self.worker.list(filter, order, mode);
                    self.list_changes = Some(self.worker.changes());
                }
                query => ask(&self.worker, query),
            }
        }
    }
}

impl std::fmt::Debug for Offscreen {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Offscreen").field("app", &self.app).finish_non_exhaustive()
    }
}
