//! The loop between the terminal, the screen's state and the capture. The only async code here.

use std::future::pending;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use crossterm::event::{Event, EventStream};
use futures_util::StreamExt;
use time::OffsetDateTime;
use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, sleep_until};
use tokio_util::sync::CancellationToken;

use crate::engine::{EngineError, Viewer};
use crate::model::{ExchangeId, WallTime};

use super::app::{App, TuiSettings};
use super::message::{Effect, Message, Span, Wanted, Window};
use super::pace::{FRAME, KEY_FRAME, Pace};
use super::prepared::Prepared;
use super::terminal::{Screen, restore, running};
use super::view::view;

/// How often ages are drawn anew, while there are any.
const TICK: Duration = Duration::from_secs(1);

/// How long to wait for the shell to stop us when we asked for it.
const STOP_WAIT: Duration = Duration::from_millis(300);

/// Answers that may wait for the screen: one of each kind, as queries of one kind do not overlap.
const ANSWERS: usize = 4;

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
    let mut looping = Loop {
        app: App::new(settings, now()),
        revision: viewer.revision(),
        viewer,
        answer,
        answers,
        events: EventStream::new(),
        signals: Signals::new()?,
        pace: Pace::new(Instant::now()),
        quiet_until: Instant::now(),
        engine_lives: true,
        leaving: false,
    };
    looping.take(&mut screen, Message::Resize(size.width, size.height)).await?;
    looping.take(&mut screen, Message::Changed).await?;
    while !looping.leaving {
        looping.turn(&mut screen, &shutdown).await?;
    }
    Ok(())
}

struct Loop {
    app: App,
    viewer: Viewer,
    revision: watch::Receiver<u64>,
    answer: mpsc::Sender<Message>,
    answers: mpsc::Receiver<Message>,
    events: EventStream,
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
            event = self.events.next() => {
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
            Effect::LoadStatus => {
                self.query(Wanted::Status, |viewer| Message::Status(viewer.status()));
            }
            Effect::LoadWindow(span) => {
                self.query(Wanted::Window, move |viewer| window(viewer, span));
            }
            Effect::LoadDetail(id) => self.query(Wanted::Detail, move |viewer| detail(viewer, id)),
        }
        Ok(())
    }

    /// Runs a query off this thread; its answer comes back as a message, in any case.
    fn query(&self, what: Wanted, query: impl FnOnce(&Viewer) -> Message + Send + 'static) {
        let (viewer, answer) = (self.viewer.clone(), self.answer.clone());
        // Not awaited: the loop goes on, and an answer that nobody waits for any more is dropped.
        drop(tokio::task::spawn_blocking(move || {
            let message = catch_unwind(AssertUnwindSafe(|| query(&viewer))).unwrap_or_else(|_| {
                Message::Unreadable(what, "reading the capture panicked; see the log".to_owned())
            });
            let _ = answer.blocking_send(message);
        }));
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

#[expect(clippy::needless_pass_by_value, reason = "events are passed on, not looked at")]
fn from_terminal(event: Event) -> Option<Message> {
    match event {
        Event::Key(key) => Some(Message::Key(key)),
        Event::Mouse(mouse) => Some(Message::Mouse(mouse)),
        Event::Resize(width, height) => Some(Message::Resize(width, height)),
        Event::FocusGained | Event::FocusLost | Event::Paste(_) => None,
    }
}

fn window(viewer: &Viewer, span: Span) -> Message {
    let read = || -> Result<Window, EngineError> {
        let total = usize::try_from(viewer.count()?).unwrap_or(usize::MAX);
        let rows = viewer.window(span.offset as u64, span.limit)?;
        Ok(Window { offset: span.offset, rows, total })
    };
    match read() {
        Ok(window) => Message::Window(window),
        Err(error) => Message::Unreadable(Wanted::Window, error.to_string()),
    }
}

fn detail(viewer: &Viewer, id: ExchangeId) -> Message {
    match viewer.detail(id) {
        Ok(found) => Message::Detail(id, found.map(|detail| Box::new(Prepared::new(detail)))),
        Err(error) => Message::Unreadable(Wanted::Detail, error.to_string()),
    }
}

fn now() -> WallTime {
    let now = OffsetDateTime::now_utc();
    WallTime::from_unix(now.unix_timestamp(), now.microsecond())
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

/// What another process asks of us.
#[derive(Clone, Copy)]
enum Signal {
    /// End.
    End,
    /// We were stopped, and continued.
    Continued,
}

#[cfg(unix)]
struct Signals {
    hangup: tokio::signal::unix::Signal,
    interrupt: tokio::signal::unix::Signal,
    terminate: tokio::signal::unix::Signal,
    continued: tokio::signal::unix::Signal,
}

#[cfg(unix)]
impl Signals {
    fn new() -> io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        Ok(Self {
            hangup: signal(SignalKind::hangup())?,
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
            continued: signal(SignalKind::from_raw(rustix::process::Signal::CONT.as_raw()))?,
        })
    }

    async fn next(&mut self) -> Signal {
        tokio::select! {
            _ = self.hangup.recv() => Signal::End,
            _ = self.interrupt.recv() => Signal::End,
            _ = self.terminate.recv() => Signal::End,
            _ = self.continued.recv() => Signal::Continued,
        }
    }

    async fn continued(&mut self) {
        self.continued.recv().await;
    }
}

/// Asks the kernel to stop our process group, as the terminal does for ctrl-z in other programs.
#[cfg(unix)]
fn stop_ourselves() {
    let _ = rustix::process::kill_current_process_group(rustix::process::Signal::TSTP);
}

#[cfg(not(unix))]
struct Signals;

#[cfg(not(unix))]
impl Signals {
    #[expect(clippy::unnecessary_wraps, reason = "the same signature as on Unix")]
    fn new() -> io::Result<Self> {
        Ok(Self)
    }

    async fn next(&mut self) -> Signal {
        pending().await
    }

    async fn continued(&mut self) {}
}

#[cfg(not(unix))]
fn stop_ourselves() {}
