//! Which connections are opened and which are passed on unread.
//!
//! What lives here: patterns of hosts, the list of hosts whose vendor says that inspection is not
//! supported, and the decision for one connection, changed at run time by a person or by a device
//! that keeps rejecting us. What does not: passing bytes on.

mod choice;
mod pattern;
mod unsupported;

pub use choice::Choosing;
pub(super) use choice::{Choice, Why};
pub use pattern::{Pattern, PatternError};
