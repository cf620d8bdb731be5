//! What lies over the panes until it is closed.

mod help;

pub(crate) use help::{Help, HelpLine};

/// An open overlay; the last one opened has the keys.
#[derive(Debug, Clone)]
pub(crate) enum Overlay {
    /// The keys.
    Help(Help),
}
