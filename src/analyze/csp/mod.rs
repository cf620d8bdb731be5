//! Configuration service providers: the nodes a Windows device can be managed through.
//!
//! `index` unpacks the table on first use and finds the node of a path; `node` says what a node is
//! and what a value means for it.

mod index;
mod node;
mod pattern;
mod sensitive;

pub(super) use index::{Found, find};
pub(super) use node::CspNode;
pub(super) use pattern::{Pattern, below_root};
pub(super) use sensitive::is_sensitive;
