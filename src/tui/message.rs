//! What happens to the screen, and what it asks for.

use std::sync::Arc;

use crossterm::event::{KeyEvent, MouseEvent};

use crate::engine::{DeviceBrief, GroupLine, GroupName, Learned, Order, Status, ValuePlace};
use crate::model::filter::Filter;
use crate::model::{ExchangeId, Level, Marking, Row, WallTime};
use crate::render::Secrets;

use super::action::{Export, Program};
use super::copy::NamedBytes;
use super::hits::{Hits, Quest};
use super::overlays::{Choice, Pages, Topic};
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
    /// Groups were folded or unfolded.
    Folded,
    /// What is known of the devices.
    Devices(Learned<Vec<DeviceBrief>>),
    /// The pages of a sheet.
    Sheet(Topic, Pages),
    /// The exchange that holds what was searched for in the list; `None` when none does.
    Found(Option<ExchangeId>),
    /// What may stand in this filter.
    Completed(String, Vec<Choice>),
    /// What the user said of exchanges is in the capture.
    Marked,
    /// Something was done, or could not be.
    Said(Level, String),
    /// The capture could not be read.
    Unreadable(Wanted, String),
}

/// Lines from one place of the list.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Window {
    /// Place of the first line; 0 is the first of all.
    pub(crate) offset: usize,
    /// The lines.
    pub(crate) lines: Vec<GroupLine>,
    /// How many lines the list has.
    pub(crate) total: usize,
    /// How many exchanges the capture has.
    pub(crate) all: usize,
    /// By device: how many devices and exchanges there are, folded or not.
    pub(crate) sums: Option<(u64, u64)>,
    /// How many of them were looked at for the list, while that is not all.
    pub(crate) looked_at: Option<u64>,
    /// Why the search for the list ended early.
    pub(crate) trouble: Option<String>,
    /// What was to be found in it.
    pub(crate) sought: Option<Seek>,
    /// Where that stands.
    pub(crate) at: Option<usize>,
}

/// How the list shows exchanges.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Mode {
    /// One a line.
    #[default]
    Exchanges,
    /// By device and session.
    Devices,
}

/// A line whose place is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Seek {
    /// One that is in sight: lines before it may have come or gone.
    Stay(GroupName),
    /// One to be selected; groups around it are unfolded.
    Go(GroupName),
    /// That of the newest exchange, to be selected.
    Newest,
}

impl Window {
    /// Lines of exchanges.
    pub(crate) fn lines_of(rows: impl IntoIterator<Item = Row>) -> Vec<GroupLine> {
        rows.into_iter().map(|row| GroupLine::Exchange(Box::new(row))).collect()
    }
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
    /// The pages of a sheet.
    Sheet,
    /// Something for a file.
    Export,
}

/// What the loop should do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Effect {
    /// Read the state of the whole and answer with [`Message::Status`].
    LoadStatus,
    /// Read lines, find the place of one, and answer with [`Message::Window`].
    LoadWindow(Span, Option<Seek>),
    /// Show another list from now on.
    List(Filter, Order, Mode),
    /// Unfold a group, or fold it, and answer with [`Message::Folded`].
    Fold(GroupName, bool),
    /// Unfold every group, or fold it, and answer with [`Message::Folded`].
    FoldAll(bool),
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
    /// Learn more of the devices and answer with [`Message::Devices`].
    LoadDevices,
    /// Read what a sheet shows and answer with [`Message::Sheet`].
    LoadSheet(Topic),
    /// Pass TLS to this host on unread from now on, or open it again.
    TogglePassthrough(String),
    /// Open a value of this exchange, after these, and answer with [`Message::Opened`].
    OpenValue(ExchangeId, Secrets, Vec<ValuePlace>),
    /// Search the list from an exchange on and answer with [`Message::Found`].
    Find(Needle, Option<ExchangeId>, Way),
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
