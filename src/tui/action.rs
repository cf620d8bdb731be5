//! What a user can do, whichever way: by key, command, menu or click.

use crate::model::Leg;

use super::panes::Column;

/// Something a user can do. Keys, clicks, menus and the command line all end here.
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
    /// Open the selected value as what it may be.
    OpenValue,
    /// Two panes, or one.
    CycleLayout,
    /// Give the pane that has the focus this many twentieths of the screen more.
    Grow(i8),
    /// Keep the newest exchange selected, or stop doing so.
    ToggleFollow,
    /// Take no notice of new traffic, or take notice again.
    TogglePause,
    /// Show exchanges by device and session, or one a line again.
    ToggleDevices,
    /// Hide what is inside every group, or show it.
    FoldAll(bool),
    /// Show a page about the device of the selected line.
    Inspect(SheetPage),
    /// Turn the pages of a sheet.
    TurnSheet(bool),
    /// Tell how devices come to use this proxy, and what is recorded.
    SetUp,
    /// Show the commands of the SyncML session of the selected exchange.
    Ledger,
    /// Pass TLS to the host of the selected exchange on unread, or open it again.
    TogglePassthrough,
    /// Open or close the help.
    ToggleHelp,
    /// Show secrets, or mask them again.
    ToggleSecrets,
    /// Leave the mouse to the terminal, or take it back.
    ToggleMouse,
    /// Ask for a line of text.
    Ask(Line),
    /// Offer choices.
    Offer(Choices),
    /// Go to the next line that holds what was searched for.
    NextHit,
    /// Go to the previous line that holds what was searched for.
    PreviousHit,
    /// Put something on the clipboard.
    Copy(Piece),
    /// Write a body into a file.
    Save(Coding),
    /// Write exchanges into files.
    Export(Scope, Export),
    /// Show the document in the program that the environment names.
    View(Program),
    /// Draw every cell anew.
    Redraw,
    /// Give the terminal back to the shell.
    Suspend,
    /// Leave at once.
    Quit,
    /// Take the line as it is typed, or the choice that is marked.
    Accept,
    /// Put the next thing that may stand at the cursor there.
    Complete,
    /// An older line.
    Older,
    /// A newer line.
    Newer,
    /// The choice above.
    PreviousChoice,
    /// The choice below.
    NextChoice,
    /// Mark the selected exchange, or take its mark away.
    ToggleMark,
    /// Take all marks away.
    UnmarkAll,
    /// Show only what is marked, or everything again.
    OnlyMarked,
    /// Delete the selected exchange from view.
    Hide,
    /// Delete everything from view.
    HideAll,
    /// Take back everything that was deleted from view.
    ShowAll,
    /// Sort by this column; by the same one again: the other way round.
    Sort(Column),
    /// Turn the order round.
    Reverse,
    /// Show this column, or leave it out.
    ToggleColumn(Column),
}

/// A page about a device.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum SheetPage {
    /// Everything known of it.
    State,
    /// The policy in force, and what changed in it.
    Policy,
    /// What it and its server said, one after the other.
    Sequence,
}

impl SheetPage {
    /// In display order.
    pub(crate) const ALL: [Self; 3] = [Self::State, Self::Policy, Self::Sequence];
}

/// A line of text that can be asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Line {
    /// A command.
    Command,
    /// What to search for.
    Search,
    /// Which exchanges to show.
    Filter,
    /// Words about the selected exchange.
    Comment,
    /// A server to listen for from now on.
    Cover,
    /// A further way in.
    Mode,
}

/// Choices that can be offered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Choices {
    /// What to copy.
    Copy,
    /// How to save a body.
    Save,
    /// What to export.
    Export,
    /// What to sort by.
    Sort,
    /// Which columns to show.
    Columns,
    /// Whether everything is to be deleted from view.
    HideAll,
}

/// What can be put on the clipboard.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Piece {
    /// The selected lines as they are shown, with what is inside.
    Node,
    /// The selected value alone.
    Value,
    /// The names of the elements around the selected node.
    Path,
    /// The document.
    Xml,
    /// The request as a command.
    Curl,
    /// The URL.
    Url,
}

/// How a body is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Coding {
    /// As received.
    Raw,
    /// The document as XML, or the innermost bytes where there is none.
    Decoded,
}

/// Which exchanges.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Scope {
    /// The selected one.
    Selected,
    /// The marked ones of the list.
    Marked,
    /// All that are in the list.
    Listed,
}

/// How exchanges are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Export {
    /// A JSON object a line.
    Json,
    /// Bodies as received, a file each.
    Bodies,
}

/// A program that the environment names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Program {
    /// `PAGER`.
    Pager,
    /// `VISUAL` or `EDITOR`.
    Editor,
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
