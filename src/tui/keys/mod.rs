//! Which key means what: one table, read by the event loop, the footer, the help, the command line
//! and `docs/reference/keys.md`.
//!
//! Keys follow mitmproxy where it has one, vim for movement. Never bound: what terminals cannot
//! tell from another key (`ctrl-m`, `ctrl-j`, `ctrl-i`, `ctrl-h`, `ctrl-[`, `ctrl-1`…) and what
//! they keep for themselves (`ctrl-s`, `ctrl-q`). A user's own keys replace those of the table, one
//! action at a time.

mod key;
mod keymap;
mod page;
mod rows;
mod table;

pub(crate) use key::Key;
pub(crate) use keymap::Bound;
pub use keymap::{KeyError, Keymap};
pub use page::keys_page;
#[cfg(test)]
pub(crate) use table::rows;
pub(crate) use table::{Context, STACKS};
