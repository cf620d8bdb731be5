//! Trees as XML text: always well formed with namespaces, whatever the bytes were.
//!
//! Namespaces are declared where they change (ActiveSync's are the bare code page names). Tokens
//! that no table lists are `unknown_p14_t3F`. Bytes that are not text are base64, and an attribute
//! or instruction says so. Characters that XML forbids are shown as their pictures (U+2400 and
//! on). WBXML documents inside an element stand as elements inside it.

mod document;
mod escape;
mod lines;
mod name;
mod scope;
mod walk;
mod writer;

pub use document::{LayerNote, xml, xml_exact, xml_of_tree};
pub use lines::{IndexedXml, XmlLine, each_xml_line, xml_lines};
