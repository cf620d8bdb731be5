//! The terminal while it is ours: entered once, always given back.

use std::cell::Cell;
use std::io::{self, Stdout, Write as _, stdout};
use std::sync::Once;
use std::sync::atomic::{AtomicBool, Ordering};

use base64::Engine as _;
use crossterm::cursor::Show;
use crossterm::event::{
    DisableBracketedPaste, DisableMouseCapture, EnableBracketedPaste, EnableMouseCapture,
};
use crossterm::execute;
use crossterm::terminal::{
    Clear, ClearType, EnterAlternateScreen, LeaveAlternateScreen, disable_raw_mode, enable_raw_mode,
};
use ratatui::backend::CrosstermBackend;
use ratatui::layout::Size;
use ratatui::{Frame, Terminal};

/// True while the terminal is ours.
static OURS: AtomicBool = AtomicBool::new(false);

static PANIC_HOOK: Once = Once::new();

thread_local! {
    /// True while this thread runs the screen: a panic now ends it.
    static DRAWING: Cell<bool> = const { Cell::new(false) };
}

/// The terminal; dropping it gives it back as it was found.
pub(crate) struct Screen {
    terminal: Terminal<CrosstermBackend<Stdout>>,
    mouse: bool,
}

impl Screen {
    /// Takes the terminal: raw mode, alternate screen, and the mouse if wanted.
    ///
    /// # Errors
    /// When standard output is no terminal that can do this; it is given back then.
    pub(crate) fn enter(mouse: bool) -> io::Result<Self> {
        hook_panics();
        take(mouse).inspect_err(|_| restore())?;
        let terminal = Terminal::new(CrosstermBackend::new(stdout())).inspect_err(|_| restore())?;
        Ok(Self { terminal, mouse })
    }

    /// Columns and rows.
    ///
    /// # Errors
    /// When the terminal does not say.
    pub(crate) fn size(&self) -> io::Result<Size> {
        self.terminal.size()
    }

    /// Draws a frame; only cells that changed are written.
    ///
    /// # Errors
    /// When the terminal is gone.
    pub(crate) fn draw(&mut self, view: impl FnOnce(&mut Frame<'_>)) -> io::Result<()> {
        running(|| self.terminal.draw(view).map(|_| ()))
    }

    /// Makes the next frame write every cell.
    ///
    /// # Errors
    /// When the terminal is gone.
    pub(crate) fn forget(&mut self) -> io::Result<()> {
        // Not `Terminal::clear`: that asks the terminal where its cursor is, and fails where nobody
        // answers in time.
        execute!(stdout(), Clear(ClearType::All))?;
        self.terminal = Terminal::new(CrosstermBackend::new(stdout()))?;
        Ok(())
    }

    /// Takes the mouse, or leaves it to the terminal.
    ///
    /// # Errors
    /// When the terminal is gone.
    pub(crate) fn set_mouse(&mut self, on: bool) -> io::Result<()> {
        self.mouse = on;
        if on {
            execute!(stdout(), EnableMouseCapture)
        } else {
            execute!(stdout(), DisableMouseCapture)
        }
    }

    /// Puts text on the clipboard of whoever looks at the terminal, over any number of hops (OSC 52).
    /// Terminals do not say whether they did.
    ///
    /// # Errors
    /// When the terminal is gone.
    pub(crate) fn copy(text: &str) -> io::Result<()> {
        let text = base64::engine::general_purpose::STANDARD.encode(text);
        let mut out = stdout().lock();
        write!(out, "\x1b]52;c;{text}\x07")?;
        out.flush()
    }

    /// Takes the terminal again after [`restore`].
    ///
    /// # Errors
    /// When the terminal is gone.
    pub(crate) fn resume(&mut self) -> io::Result<()> {
        take(self.mouse)?;
        self.forget()
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        restore();
    }
}

/// Runs a piece of the screen's own work; a panic in it gives the terminal back before it is told.
pub(crate) fn running<T>(work: impl FnOnce() -> T) -> T {
    DRAWING.set(true);
    let done = work();
    DRAWING.set(false);
    done
}

fn take(mouse: bool) -> io::Result<()> {
    OURS.store(true, Ordering::SeqCst);
    enable_raw_mode()?;
    execute!(stdout(), EnterAlternateScreen, EnableBracketedPaste)?;
    if mouse {
        execute!(stdout(), EnableMouseCapture)?;
    }
    Ok(())
}

/// Gives the terminal back, if it is ours. What fails is passed over: the terminal may be gone, and
/// the rest must still be tried.
pub(crate) fn restore() {
    if !OURS.swap(false, Ordering::SeqCst) {
        return;
    }
    let _ =
        execute!(stdout(), DisableMouseCapture, DisableBracketedPaste, LeaveAlternateScreen, Show);
    let _ = disable_raw_mode();
}

/// Makes a panic readable. One that ends the screen gives the terminal back first; one elsewhere,
/// such as in the task of a single connection, must not write over the screen and is logged.
fn hook_panics() {
    PANIC_HOOK.call_once(|| {
        let previous = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |panic| {
            let main = std::thread::current().name() == Some("main");
            if OURS.load(Ordering::SeqCst) && !main && !DRAWING.get() {
                tracing::error!(%panic, "a task panicked");
                return;
            }
            restore();
            previous(panic);
        }));
    });
}
