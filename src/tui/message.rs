//! What happens to the screen, and what it asks for.

use crossterm::event::{KeyEvent, MouseEvent};

use crate::engine::Status;
use crate::model::{ExchangeId, Level, Row, WallTime};
use crate::render::Secrets;

use super::action::{Export, Program};
use super::copy::NamedBytes;
use super::prepared::Prepared;
use super::search::{Needle, Way};

/// Something that happened.
#[derive(Debug)]
pub(crate) enum Message {
    /// A key went down.
    Key(KeyEvent),
    /// The mouse did something.
    Mouse(MouseEvent),
    /// Text was pasted.
    Paste(String),
    /// The terminal has this many columns and rows.
    Resize(u16, u16),
    /// It is this late.
    Tick(WallTime),
    /// Rows, details or the status may have changed.
    Changed,
    /// The state of the whole.
    Status(Status),
    /// Rows of the list.
    Window(Window),
    /// An exchange in full; `None` when the capture no longer has it.
    Detail(ExchangeId, Option<Box<Prepared>>),
    /// Where in the list what was searched for stands; `None` when nowhere.
    Found(Option<usize>),
    /// Something was done, or could not be.
    Said(Level, String),
    /// The capture could not be read.
    Unreadable(Wanted, String),
}

/// Rows from one position of the list.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Window {
    /// Position of the first row; 0 is the oldest exchange.
    pub(crate) offset: usize,
    /// The rows.
    pub(crate) rows: Vec<Row>,
    /// How many exchanges there are in all.
    pub(crate) total: usize,
}

/// Which rows to read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Span {
    /// Position of the first row.
    pub(crate) offset: usize,
    /// Most rows.
    pub(crate) limit: usize,
}

/// What was being read when reading failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wanted {
    /// The state of the whole.
    Status,
    /// Rows of the list.
    Window,
    /// An exchange in full.
    Detail,
    /// What was searched for in the list.
    Hit,
    /// Something for a file.
    Export,
}

/// What the loop should do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Effect {
    /// Read the state of the whole and answer with [`Message::Status`].
    LoadStatus,
    /// Read rows and answer with [`Message::Window`].
    LoadWindow(Span),
    /// Read and decode an exchange and answer with [`Message::Detail`].
    LoadDetail(ExchangeId, Secrets),
    /// Search the list from a position on and answer with [`Message::Found`].
    Find(Needle, usize, Way),
    /// Put text on the clipboard, or into a file of this name when it is too long.
    Copy(String, String),
    /// Write a file.
    Write(NamedBytes),
    /// Write one exchange, or all of the list, into files.
    Export(Option<ExchangeId>, Export, Secrets),
    /// Show text in a program of the user's.
    View(Program, NamedBytes),
    /// Take the mouse, or leave it to the terminal.
    Mouse(bool),
    /// Draw every cell anew.
    Redraw,
    /// Give the terminal back to the shell until it continues us.
    Suspend,
    /// Leave.
    Exit,
}
