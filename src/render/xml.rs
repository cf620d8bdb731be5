//! A tree as XML text.

use crate::model::{Decoded, LayerId, NodeId};

/// One line of pretty-printed XML.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct XmlLine {
    /// Clean text, indented.
    pub text: String,
    /// The node it belongs to.
    pub node: Option<NodeId>,
}

/// The document of `layer` as indented lines; empty when it is none.
pub fn xml(decoded: &Decoded, layer: LayerId) -> Vec<XmlLine> {
    let _ = (decoded, layer);
    Vec::new()
}

/// The document of `layer` as XML text without added white space.
pub fn xml_text(decoded: &Decoded, layer: LayerId) -> String {
    let _ = (decoded, layer);
    String::new()
}
