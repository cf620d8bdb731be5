//! XML 1.0 with namespaces: UTF-8 text to trees with offsets.
//!
//! No entity is expanded but the five predefined and character references; external ones are
//! never fetched.

mod attributes;
mod document;
mod names;
mod references;
mod scope;
mod tree;

pub(crate) use document::{is_document, read};
