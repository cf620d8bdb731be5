//! Configuration service providers: the nodes a Windows device can be managed through.
//!
//! `index` unpacks the table on first use and finds the node of a path; `node` says what a node is
//! and what a value means for it.

mod index;
mod node;

pub(super) use index::{Found, find};
