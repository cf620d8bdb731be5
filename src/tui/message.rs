//! What happens to the screen, and what it asks for.

use crossterm::event::{KeyEvent, MouseEvent};

use crate::engine::Status;
use crate::model::{ExchangeId, Leg, Row, WallTime};

use super::prepared::Prepared;

/// Something that happened.
#[derive(Debug)]
pub(crate) enum Message {
    /// A key went down.
    Key(KeyEvent),
    /// The mouse did something.
    Mouse(MouseEvent),
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
}

/// What the loop should do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Effect {
    /// Read the state of the whole and answer with [`Message::Status`].
    LoadStatus,
    /// Read rows and answer with [`Message::Window`].
    LoadWindow(Span),
    /// Read and decode an exchange and answer with [`Message::Detail`].
    LoadDetail(ExchangeId),
    /// Draw every cell anew.
    Redraw,
    /// Give the terminal back to the shell until it continues us.
    Suspend,
    /// Leave.
    Exit,
}

/// What a user can do. Keys, clicks and later a command line all end here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Action {
    /// Move in the pane or overlay that has the focus.
    Move(Step),
    /// Open what is selected.
    Open,
    /// One level up.
    Back,
    /// One level up; leave at the top.
    BackOrQuit,
    /// Give the focus to the next pane.
    NextPane,
    /// Give the focus to the previous pane.
    PreviousPane,
    /// Select the next exchange without leaving the pane.
    NextExchange,
    /// Select the previous exchange without leaving the pane.
    PreviousExchange,
    /// Show this tab of the detail.
    Show(Tab),
    /// Show the next tab, the first after the last.
    NextTab,
    /// Show the previous tab.
    PreviousTab,
    /// Show a body this way.
    ShowAs(Face),
    /// Show a body the next way.
    NextFace,
    /// Hide what is inside the selected line, or go to the line around it.
    Fold,
    /// Show what is inside the selected line, or go into it.
    Unfold,
    /// Hide or show what is inside the selected line.
    ToggleFold,
    /// Two panes, or one.
    CycleLayout,
    /// Keep the newest exchange selected, or stop doing so.
    ToggleFollow,
    /// Open or close the help.
    ToggleHelp,
    /// Draw every cell anew.
    Redraw,
    /// Give the terminal back to the shell.
    Suspend,
    /// Leave at once.
    Quit,
}

/// A movement in a list of lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Step {
    /// One line up.
    Up,
    /// One line down.
    Down,
    /// One page up.
    PageUp,
    /// One page down.
    PageDown,
    /// Half a page up.
    HalfUp,
    /// Half a page down.
    HalfDown,
    /// To the first line.
    First,
    /// To the last line.
    Last,
}

/// A tab of the detail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tab {
    /// Everything known beside the bodies.
    Overview,
    /// One half of the exchange.
    Leg(Leg),
}

impl Tab {
    /// In display order.
    pub(crate) const ALL: [Self; 3] =
        [Self::Overview, Self::Leg(Leg::Request), Self::Leg(Leg::Response)];

    /// Its title.
    pub(crate) const fn title(self) -> &'static str {
        match self {
            Self::Overview => "Overview",
            Self::Leg(Leg::Request) => "Request",
            Self::Leg(Leg::Response) => "Response",
        }
    }

    /// Its title where there is little room.
    pub(crate) const fn short(self) -> &'static str {
        match self {
            Self::Overview => "Over",
            Self::Leg(Leg::Request) => "Req",
            Self::Leg(Leg::Response) => "Resp",
        }
    }
}

/// A way to show one half of an exchange.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Face {
    /// The annotated tree.
    Tree,
    /// The document as XML.
    Xml,
    /// The header fields.
    Headers,
    /// The bytes.
    Hex,
}

impl Face {
    /// In display order.
    pub(crate) const ALL: [Self; 4] = [Self::Tree, Self::Xml, Self::Headers, Self::Hex];

    /// Its title.
    pub(crate) const fn title(self) -> &'static str {
        match self {
            Self::Tree => "tree",
            Self::Xml => "XML",
            Self::Headers => "headers",
            Self::Hex => "hex",
        }
    }

    /// Its title where there is little room.
    pub(crate) const fn short(self) -> &'static str {
        match self {
            Self::Headers => "head",
            other => other.title(),
        }
    }
}
