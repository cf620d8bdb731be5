//! What lies over the panes until it is closed.

mod help;
mod menu;
mod prompt;
mod sheet;

pub(crate) use help::{Help, HelpLine};
pub(crate) use menu::{Menu, menu};
pub(crate) use prompt::{Choice, History, Prompt};
pub(crate) use sheet::{Pages, Sheet, SheetLine, Topic, Way};

/// An open overlay; the last one opened has the keys.
#[derive(Debug, Clone)]
pub(crate) enum Overlay {
    /// The keys.
    Help(Help),
    /// Choices.
    Menu(Menu),
    /// A line being typed.
    Prompt(Prompt),
    /// Pages about a device, or about how to set one up.
    Sheet(Sheet),
}
