//! A document as nodes over the bytes of one layer.
//!
//! A tree borrows nothing and copies little: a node takes 32 bytes. Text that stands in the layer
//! as UTF-8 is kept as a [`Span`](super::Span), a name that a table has as its token, and all
//! characters of their own in one string. Nodes stand in document order in one vector, so a deep
//! tree is dropped and walked without recursion.

mod build;
mod stored;
mod walk;

pub use stored::{NameId, NamespaceId, Tree};
pub(super) use stored::{Place, StoredAttribute};
pub use walk::Siblings;
