//! What happens to the screen, and what it asks for.

use std::sync::Arc;

use crossterm::event::{KeyEvent, MouseEvent};

use crate::engine::{Order, Status, ValuePlace};
use crate::model::filter::Filter;
use crate::model::{ExchangeId, Level, Marking, Row, WallTime};
use crate::render::Secrets;

use super::action::{Export, Program};
use super::copy::NamedBytes;
use super::hits::{Hits, Quest};
use super::overlays::{Choice, DeviceGroup};
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
    Detail(ExchangeId, Option<Arc<Prepared>>),
    /// What is known of an exchange before its bodies are decoded.
    Undecoded(Arc<Prepared>),
    /// So many bytes of a body are decoded, of so many.
    Decoding(ExchangeId, u64, u64),
    /// An exchange with the value that was asked for open; `None` when nothing is in it.
    Opened(ExchangeId, Option<Arc<Prepared>>),
    /// Where in the exchange in sight what was searched for stands, and which way to go.
    Hits(Hits, Way),
    /// The exchanges of the list by device; the newest 20,000.
    Devices(Vec<DeviceGroup>),
    /// Where in the list what was searched for stands; `None` when nowhere.
    Found(Option<usize>),
    /// What may stand in this filter.
    Completed(String, Vec<Choice>),
    /// What the user said of exchanges is in the capture.
    Marked,
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
    /// How many exchanges the list has.
    pub(crate) total: usize,
    /// How many exchanges the capture has.
    pub(crate) all: usize,
    /// How many of them were looked at for the list, while that is not all.
    pub(crate) looked_at: Option<u64>,
    /// Why the search for the list ended early.
    pub(crate) trouble: Option<String>,
    /// The place of the exchange that was asked for.
    pub(crate) at: Option<usize>,
}

/// Which rows to read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Span {
    /// Position of the first row.
    pub(crate) offset: usize,
    /// Most rows.
    pub(crate) limit: usize,
}

/// Which exchanges to export.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Selection {
    /// This one.
    One(ExchangeId),
    /// The marked ones of the list.
    Marked,
    /// All of the list.
    All,
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
    /// What was searched for in the list, or may be meant by a line.
    Hit,
    /// The devices.
    Devices,
    /// Something for a file.
    Export,
}

/// What the loop should do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Effect {
    /// Read the state of the whole and answer with [`Message::Status`].
    LoadStatus,
    /// Read rows, find the place of this exchange, and answer with [`Message::Window`].
    LoadWindow(Span, Option<ExchangeId>),
    /// Show another list from now on.
    List(Filter, Order),
    /// Find what may stand at this byte of a filter and answer with [`Message::Completed`].
    Complete(String, usize),
    /// Keep what the user says of an exchange.
    Mark(ExchangeId, Marking),
    /// Take all marks away.
    UnmarkAll,
    /// Delete everything from view.
    HideAll,
    /// Take back everything that was deleted from view.
    ShowAll,
    /// Read and decode an exchange and answer with [`Message::Detail`].
    LoadDetail(ExchangeId, Secrets),
    /// Read the rows of the list by device and answer with [`Message::Devices`].
    LoadDevices,
    /// Open a value of this exchange, after these, and answer with [`Message::Opened`].
    OpenValue(ExchangeId, Secrets, Vec<ValuePlace>),
    /// Search the list from a position on and answer with [`Message::Found`].
    Find(Needle, usize, Way),
    /// Search the exchange in sight and answer with [`Message::Hits`].
    Search(Quest, Way),
    /// Put text on the clipboard, or into a file of this name when it is too long.
    Copy(String, String),
    /// Listen for this server too, and say what is left to do.
    Cover(String),
    /// Open this way in, and say where.
    AddMode(String),
    /// Write a file.
    Write(NamedBytes),
    /// Write exchanges into files.
    Export(Selection, Export, Secrets),
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
