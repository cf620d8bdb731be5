//! Compact XML, for machines and for writing back.

use crate::model::{Decoded, Format, LayerId, NodeId, NodeKind, Origin, Tree};

use super::writer::{Holds, Writer};

/// A layer as an XML document, nothing added between tags; empty when it has no tree.
///
/// WBXML documents inside its elements stand there as elements. A layer that has not exactly one
/// root is wrapped in `document` of the namespace `urn:synctap:xml`.
pub fn xml(decoded: &Decoded, id: LayerId) -> String {
    let Some(layer) = decoded.layer(id) else { return String::new() };
    let Some(tree) = &layer.tree else { return String::new() };
    let mut out = String::with_capacity(layer.bytes.len().saturating_mul(2));
    out.push_str(DECLARATION);
    wrapped(&mut out, tree, |out| {
        let default = if is_single(tree) { "" } else { WRAPPER };
        write(out, Some((decoded, id)), tree, &layer.bytes, default);
    });
    out.push('\n');
    out
}

/// One tree over the bytes of its layer, without declaration or documents inside; well formed as
/// element content if it has not exactly one root.
pub fn xml_of_tree(tree: &Tree, layer: &[u8]) -> String {
    let mut out = String::with_capacity(layer.len().saturating_mul(2));
    write(&mut out, None, tree, layer, "");
    out
}

/// What an XML document begins with.
pub(super) const DECLARATION: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n";

/// Namespace of the element around what is no document by itself.
pub(super) const WRAPPER: &str = "urn:synctap:xml";

/// True when the tree is a document: one root element and no characters beside it.
pub(super) fn is_single(tree: &Tree) -> bool {
    let mut elements = 0;
    for id in tree.roots() {
        match tree.get(id).map(|node| &node.kind) {
            Some(NodeKind::Element(_)) => elements += 1,
            Some(NodeKind::Text(..) | NodeKind::Opaque(_)) => return false,
            _ => {}
        }
    }
    elements == 1
}

/// The layer that was made from `node` and is written in its place: a WBXML document with a tree.
pub(super) fn nested(decoded: &Decoded, id: LayerId, node: NodeId) -> Option<LayerId> {
    let made_here = |origin: Option<Origin>| {
        origin.is_some_and(|origin| origin.layer == id && origin.node == Some(node))
    };
    let (found, layer) = decoded.ids().find(|(_, layer)| made_here(layer.origin))?;
    let is_document = layer.tree.as_ref().is_some_and(is_single);
    (is_document && matches!(layer.format, Format::Wbxml(_))).then_some(found)
}

fn wrapped(out: &mut String, tree: &Tree, content: impl FnOnce(&mut String)) {
    if is_single(tree) {
        return content(out);
    }
    out.push_str("<document xmlns=\"");
    out.push_str(WRAPPER);
    out.push_str("\">");
    content(out);
    out.push_str("</document>");
}

/// Appends the nodes of `tree`; `inside` gives the documents that stand in its nodes. Recursion is
/// as deep as documents nest, which the codec limits.
fn write(
    out: &mut String,
    inside: Option<(&Decoded, LayerId)>,
    tree: &Tree,
    layer: &[u8],
    default: &str,
) {
    // Most bodies hold no document: do not ask for every node.
    let inside = inside.filter(|(decoded, id)| {
        decoded.layers.iter().any(|l| l.origin.is_some_and(|o| o.layer == *id && o.node.is_some()))
    });
    let mut writer = Writer::new(tree, layer, default);
    std::mem::swap(&mut writer.out, out);
    for (index, node) in (0..).zip(tree.nodes()) {
        let id = NodeId(index);
        while writer.is_past_open(id.index()) {
            writer.end();
        }
        match &node.kind {
            NodeKind::Element(_) => {
                let child = NodeId(index.saturating_add(1));
                let document = inside.and_then(|(decoded, at)| nested(decoded, at, child));
                writer.start(
                    id,
                    match document {
                        _ if node.end == child => Holds::Nothing,
                        Some(_) => Holds::Document,
                        None => Holds::Content,
                    },
                );
            }
            _ => match inside.and_then(|(decoded, at)| Some((decoded, nested(decoded, at, id)?))) {
                Some((decoded, child)) => {
                    let Some(found) = decoded.layer(child) else { continue };
                    let Some(tree) = &found.tree else { continue };
                    let default = writer.default_namespace();
                    write(&mut writer.out, Some((decoded, child)), tree, &found.bytes, default);
                }
                None => writer.content(id),
            },
        }
    }
    while writer.is_inside() {
        writer.end();
    }
    std::mem::swap(&mut writer.out, out);
}
