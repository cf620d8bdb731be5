//! render

mod xml;

pub use xml::{XmlLine, xml, xml_lines, xml_of_tree};
