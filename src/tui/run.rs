//! The loop between the terminal, the screen's state and the capture. The only async code here.

use std::future::pending;
use std::io;
use std::time::Duration;

use crossterm::event::{Event, EventStream};
use futures_util::StreamExt;
use time::OffsetDateTime;
use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, sleep_until};
use tokio_util::sync::CancellationToken;

use crate::engine::Viewer;
use crate::model::{Level, WallTime};

use super::app::App;
use super::asking::ask;
use super::message::{Effect, Message, Wanted};
use super::pace::{FRAME, KEY_FRAME, Pace};
use super::settings::TuiSettings;
use super::signals::{Signal, Signals, stop_ourselves};
use super::terminal::{Screen, restore, running};
use super::view::view;
use super::work::Worker;
use super::{files, memory, program};

/// How often ages are drawn anew, while there are any.
const TICK: Duration = Duration::from_secs(1);

/// How long to wait for the shell to stop us when we asked for it.
const STOP_WAIT: Duration = Duration::from_millis(300);

/// Answers that may wait for the screen: about one of each kind, as queries of one kind do not
/// overlap.
const ANSWERS: usize = 8;

/// Longest text for the terminal's clipboard, in bytes: terminals refuse more, some silently.
const CLIPBOARD_LIMIT: usize = 100_000;

/// Shows a capture until the user leaves, `shutdown` is cancelled, or a signal asks to end. The
/// terminal is given back in every case, a panic included.
///
/// # Errors
/// When the terminal cannot be taken, or is lost.
pub async fn run(
    viewer: Viewer,
    settings: TuiSettings,
    shutdown: CancellationToken,
) -> io::Result<()> {
    let mut screen = Screen::enter(settings.mouse)?;
    let size = screen.size()?;
    let (answer, answers) = mpsc::channel(ANSWERS);
    let (memory, filter) = (settings.memory.clone(), settings.filter.clone());
    let mut looping = Loop {
        app: App::new(settings, now()),
        revision: viewer.revision(),
        worker: Worker::new(viewer, answer),
        list_changes: None,
        answers,
        events: Some(EventStream::new()),
        signals: Signals::new()?,
        pace: Pace::new(Instant::now()),
        quiet_until: Instant::now(),
        engine_lives: true,
        leaving: false,
    };
    if let Some(path) = &memory {
        looping.app.recall(&memory::read(path));
    }
    if !filter.is_blank() {
        let list = looping.app.use_filter(filter);
        looping.carry_out(&mut screen, list).await?;
    }
    looping.take(&mut screen, Message::Resize(size.width, size.height)).await?;
    looping.take(&mut screen, Message::Changed).await?;
    let mut result = Ok(());
    while result.is_ok() && !looping.leaving {
        result = looping.turn(&mut screen, &shutdown).await;
    }
    if let Some(path) = &memory
        && let Err(error) = memory::write(path, &looping.app.memory())
    {
        tracing::warn!(%error, "filters and columns are not remembered");
    }
    result
}

struct Loop {
    app: App,
    worker: Worker,
    /// Tells that more was found for the list; `None` while there is nothing to find.
    list_changes: Option<watch::Receiver<u64>>,
    revision: watch::Receiver<u64>,
    answers: mpsc::Receiver<Message>,
    /// The terminal's input; `None` while another program reads it.
    events: Option<EventStream>,
    signals: Signals,
    pace: Pace,
    /// No look at the capture before: a busy one is looked at once a frame.
    quiet_until: Instant,
    engine_lives: bool,
    leaving: bool,
}

impl Loop {
    /// Waits for one thing to happen and deals with it.
    async fn turn(&mut self, screen: &mut Screen, shutdown: &CancellationToken) -> io::Result<()> {
        let ages = self.app.ages();
        let message = tokio::select! {
            biased;
            () = shutdown.cancelled() => {
                self.leaving = true;
                return Ok(());
            }
            signal = self.signals.next() => return self.signalled(signal, screen),
            event = next_event(&mut self.events) => {
                self.leaving = event.is_none();
                event.transpose()?.and_then(from_terminal)
            }
            () = wait_until(self.pace.due()) => return self.draw(screen),
            Some(message) = self.answers.recv() => Some(message),
            changed = changed(&mut self.revision, self.quiet_until), if self.engine_lives => {
                self.engine_lives = changed;
                self.quiet_until = Instant::now() + FRAME;
                Some(Message::Changed)
            }
            more = found(&mut self.list_changes, self.quiet_until) => {
                if !more {
                    self.list_changes = None;
                }
                self.quiet_until = Instant::now() + FRAME;
                Some(Message::Changed)
            }
            () = tokio::time::sleep(TICK), if ages => Some(Message::Tick(now())),
        };
        match message {
            Some(message) => self.take(screen, message).await,
            None => Ok(()),
        }
    }

    async fn take(&mut self, screen: &mut Screen, message: Message) -> io::Result<()> {
        self.pace.wish(match &message {
            Message::Key(_) | Message::Mouse(_) | Message::Resize(..) => KEY_FRAME,
            _ => FRAME,
        });
        self.app.now = now();
        for effect in running(|| self.app.update(message)) {
            self.carry_out(screen, effect).await?;
        }
        if let Some(retired) = self.app.detail.take_retired() {
            drop(tokio::task::spawn_blocking(move || drop(retired)));
        }
        Ok(())
    }

    async fn carry_out(&mut self, screen: &mut Screen, effect: Effect) -> io::Result<()> {
        match effect {
            Effect::Exit => self.leaving = true,
            Effect::Redraw => screen.forget()?,
            Effect::Suspend => self.suspend(screen).await?,
            Effect::Mouse(on) => screen.set_mouse(on)?,
            Effect::Copy(text, stem) if text.len() > CLIPBOARD_LIMIT => {
                self.worker.write("too long for the clipboard: ", move |folder| {
                    files::write(folder, &stem, "txt", text.as_bytes())
                });
            }
            Effect::Copy(text, _) => {
                Screen::copy(&text)?;
                self.tell(
                    Level::Info,
                    format!("copied {}", crate::render::count(text.len() as u64, "byte")),
                );
            }
            Effect::Write(named) => self.worker.write("", move |folder| {
                files::write(folder, &named.stem, named.extension, &named.bytes)
            }),
            Effect::View(program, named) => {
                // Nobody but the program may read the terminal's input.
                self.events = None;
                restore();
                let shown = program::show(program, &named).await;
                // What the program was told (ctrl-c) was not for us.
                self.signals = Signals::new()?;
                // The stream that was let go left a wake-up behind. Looked at together with a key,
                // it would hide the key until the next one.
                let _ = crossterm::event::poll(Duration::ZERO);
                self.events = Some(EventStream::new());
                screen.resume()?;
                self.pace = Pace::new(Instant::now());
                if let Err(why) = shown {
                    self.tell(Level::Warning, why);
                }
            }
            Effect::List(filter, order, mode) => {
                self.worker.list(filter, order, mode);
                self.list_changes = Some(self.worker.changes());
            }
            Effect::Search(quest, way) => {
                if let Some(shown) = self.app.detail.shared() {
                    self.worker.query(Wanted::Hit, move |_| {
                        let half = shown.half(quest.leg);
                        Message::Hits(quest.run(half), way)
                    });
                }
            }
            query => ask(&self.worker, query),
        }
        Ok(())
    }

    /// Shows what was done.
    fn tell(&mut self, level: Level, text: String) {
        // Words for the last line ask for nothing.
        let _ = self.app.update(Message::Said(level, text));
        self.pace.wish(KEY_FRAME);
    }

    fn draw(&mut self, screen: &mut Screen) -> io::Result<()> {
        screen.draw(|frame| view(&self.app, frame))?;
        self.pace.drawn(Instant::now());
        Ok(())
    }

    fn signalled(&mut self, signal: Signal, screen: &mut Screen) -> io::Result<()> {
        match signal {
            Signal::End => self.leaving = true,
            Signal::Continued => {
                screen.resume()?;
                self.pace = Pace::new(Instant::now());
            }
        }
        Ok(())
    }

    /// Gives the terminal to the shell until it continues us. Where nobody can stop us (a session
    /// of our own), the screen comes back at once.
    async fn suspend(&mut self, screen: &mut Screen) -> io::Result<()> {
        restore();
        stop_ourselves();
        let _ = tokio::time::timeout(STOP_WAIT, self.signals.continued()).await;
        screen.resume()?;
        self.pace = Pace::new(Instant::now());
        Ok(())
    }
}

fn from_terminal(event: Event) -> Option<Message> {
    match event {
        Event::Key(key) => Some(Message::Key(key)),
        Event::Mouse(mouse) => Some(Message::Mouse(mouse)),
        Event::Resize(width, height) => Some(Message::Resize(width, height)),
        Event::Paste(text) => Some(Message::Paste(text)),
        Event::FocusGained | Event::FocusLost => None,
    }
}

/// The time on the wall.
pub(super) fn now() -> WallTime {
    let now = OffsetDateTime::now_utc();
    WallTime::from_unix(now.unix_timestamp(), now.microsecond())
}

/// Waits until more of the list was found, but not before `quiet_until`; false when nothing more will be.
async fn found(changes: &mut Option<watch::Receiver<u64>>, quiet_until: Instant) -> bool {
    match changes {
        Some(changes) => changed(changes, quiet_until).await,
        None => pending().await,
    }
}

async fn next_event(events: &mut Option<EventStream>) -> Option<io::Result<Event>> {
    match events {
        Some(events) => events.next().await,
        None => pending().await,
    }
}

async fn wait_until(due: Option<Instant>) {
    match due {
        Some(due) => sleep_until(due).await,
        None => pending().await,
    }
}

/// Waits for a change, but not before `quiet_until`; false when there will be none any more.
async fn changed(revision: &mut watch::Receiver<u64>, quiet_until: Instant) -> bool {
    sleep_until(quiet_until).await;
    revision.changed().await.is_ok()
}
