//! WBXML (WAP-192, WBXML 1.3): bytes to events to trees, and back.
//!
//! ```text
//! header ─▶ events (zero-copy tokens with spans) ─▶ tree (names from a book of token tables)
//! ```

mod attribute_encode;
mod book;
mod document;
mod encode;
mod error;
mod event;
mod events;
mod from_xml;
mod header;
mod naming;
mod note;
mod packing;
mod pages;
mod preamble;
mod source;
mod strict;
mod strings;
mod tables;
mod token;
mod tree;
mod value;

pub use book::{AttributeStart, Book, Tag};
pub(crate) use document::{Outside, is_likely, is_sound, read};
pub use encode::{EncodeError, encode};
pub use error::{WbxmlError, WbxmlErrorKind};
pub use event::{Data, Event, EventKind, Follows, TagName};
pub use events::Events;
pub use header::{Header, PublicId};
pub use note::note;
pub use preamble::Preamble;
