//! What lies over the panes until it is closed.

mod devices;
mod help;
mod menu;
mod prompt;

pub(crate) use devices::{DeviceGroup, DeviceLine, Devices};
pub(crate) use help::{Help, HelpLine};
pub(crate) use menu::{Menu, menu};
pub(crate) use prompt::{Choice, History, Prompt};

/// An open overlay; the last one opened has the keys.
#[derive(Debug, Clone)]
pub(crate) enum Overlay {
    /// Exchanges by device and session.
    Devices(Devices),
    /// The keys.
    Help(Help),
    /// Choices.
    Menu(Menu),
    /// A line being typed.
    Prompt(Prompt),
}
