//! Exchange ActiveSync: the query of the request line and the command table.
//!
//! The 26 token pages are `pages.tsv` here and read by [`crate::codec::wbxml`].

mod command;
mod query;

pub use command::Command;
pub use query::{Form, Query, QueryFault};
