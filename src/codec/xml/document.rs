//! A whole XML document: tree, name of its type, facts.

use std::borrow::Cow;

use crate::codec::faults::{Fault, Faults};
use crate::codec::limits;
use crate::codec::progress::{Meter, Progress};
use crate::model::{NodeId, Tree};

use super::tree;

/// A document as far as it could be read.
#[derive(Debug)]
pub(crate) struct Document {
    /// What was understood; may be empty.
    pub(crate) tree: Tree,
    /// What it is, by its root: `SyncML 1.2`, `SOAP`, else `XML`.
    pub(crate) name: &'static str,
    /// Declared version and encoding, document type.
    pub(crate) facts: Vec<(&'static str, Cow<'static, str>)>,
    /// What was wrong.
    pub(crate) faults: Vec<Fault>,
}

/// Reads a document. `layer` is UTF-8 (bytes after the first bad one are not read); `truncated`
/// says that the end may be missing; the tree has at most `nodes`.
pub(crate) fn read(layer: &[u8], truncated: bool, nodes: usize, meter: Meter<'_>) -> Document {
    let mut faults = Faults::default();
    let (tree, facts) = tree::build(layer, truncated, nodes, meter, &mut faults);
    let name = tree.root().map_or("XML", |root| name(&tree, root, layer));
    Document { tree, name, facts, faults: faults.into_list() }
}

/// True when `bytes` are a document without any fault, and not a page of HTML. Pieces of markup,
/// such as the values of some policies, are none.
pub(crate) fn is_document(bytes: &[u8]) -> bool {
    if bytes.len() > limits::EMBEDDED_BYTES || std::str::from_utf8(bytes).is_err() {
        return false;
    }
    let document = read(bytes, false, limits::NODES, Progress::default().of(0));
    let root = document.tree.root().and_then(|root| document.tree.name(root));
    document.faults.is_empty() && root.is_some_and(|name| !name.eq_ignore_ascii_case("html"))
}

/// The document type of a root element.
fn name(tree: &Tree, root: NodeId, layer: &[u8]) -> &'static str {
    match tree.name(root).unwrap_or_default() {
        "SyncML" => {
            let space = tree.element(root).map_or("", |element| element.namespace.as_str());
            let version = tree.descend(root, &["SyncHdr", "VerDTD"]);
            let version = version.map(|id| tree.text(id, layer)).unwrap_or_default();
            match (space.to_ascii_uppercase().as_str(), version.trim()) {
                ("SYNCML:SYNCML1.0", _) | (_, "1.0") => "SyncML 1.0",
                ("SYNCML:SYNCML1.1", _) | (_, "1.1") => "SyncML 1.1",
                ("SYNCML:SYNCML1.2", _) | (_, "1.2") => "SyncML 1.2",
                _ => "SyncML",
            }
        }
        "DevInf" => "DevInf",
        "MgmtTree" => "DM DDF",
        name if name.eq_ignore_ascii_case("Envelope") => "SOAP",
        "Autodiscover" => "Autodiscover",
        "wap-provisioningdoc" => "wap-provisioningdoc",
        _ => "XML",
    }
}
