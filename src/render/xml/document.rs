//! Compact XML, for machines and for writing back.

use crate::model::{Decoded, Format, Layer, LayerId, NodeId, NodeKind, Tree};
use crate::render::hidden::{Hidden, HiddenIn};
use crate::render::secrets::Secrets;

use super::escape;
use super::writer::{Holds, Manner, Writer};

/// A layer as an XML document, nothing added between tags; empty when it has no tree.
///
/// WBXML documents inside its elements stand there as elements. A layer that has not exactly one
/// root is wrapped in `document` of the namespace `urn:synctap:xml`. With masked secrets it is no
/// longer what the bytes say.
pub fn xml(decoded: &Decoded, id: LayerId, secrets: Secrets) -> String {
    whole(decoded, id, secrets, None)
}

/// The same, so that the bytes can be made of it again: opaque characters stand in CDATA sections
/// (behind an empty one when they cannot stand in it), and what `note` says of a WBXML document
/// before its root, as a processing instruction.
pub fn xml_exact(decoded: &Decoded, id: LayerId, secrets: Secrets, note: LayerNote<'_>) -> String {
    whole(decoded, id, secrets, Some(note))
}

/// The text of a processing instruction for a layer.
pub type LayerNote<'a> = &'a dyn Fn(LayerId) -> Option<String>;

fn whole(decoded: &Decoded, id: LayerId, secrets: Secrets, note: Option<LayerNote<'_>>) -> String {
    let Some(layer) = decoded.layer(id) else { return String::new() };
    let Some(tree) = &layer.tree else { return String::new() };
    let hidden = Hidden::of(decoded, secrets);
    let mut out = room(tree, &layer.bytes);
    out.push_str(DECLARATION);
    let around = Some(Around { decoded, hidden: &hidden, id, note });
    if is_single(tree) {
        if note_before(&mut out, note, id) {
            out.push('\n');
        }
        write(&mut out, around, tree, &layer.bytes, "");
    } else {
        out.push_str("<document xmlns=\"");
        out.push_str(WRAPPER);
        out.push_str("\">");
        write(&mut out, around, tree, &layer.bytes, WRAPPER);
        out.push_str("</document>");
    }
    out.push('\n');
    out
}

/// One tree over the bytes of its layer, without declaration or documents inside; well formed as
/// element content if it has not exactly one root. Secrets are not masked.
pub fn xml_of_tree(tree: &Tree, layer: &[u8]) -> String {
    let mut out = room(tree, layer);
    write(&mut out, None, tree, layer, "");
    out
}

/// Where a tree stands.
#[derive(Clone, Copy)]
struct Around<'a> {
    decoded: &'a Decoded,
    hidden: &'a Hidden,
    id: LayerId,
    /// What is said of documents, when they are to be made again.
    note: Option<LayerNote<'a>>,
}

/// Writes what is said of a document; false when that is nothing.
fn note_before(out: &mut String, note: Option<LayerNote<'_>>, id: LayerId) -> bool {
    let Some(text) = note.and_then(|note| note(id)) else { return false };
    out.push_str("<?");
    escape::instruction(out, &text);
    out.push_str("?>");
    true
}

/// Text as long as most documents are.
fn room(tree: &Tree, layer: &[u8]) -> String {
    String::with_capacity(layer.len().saturating_add(tree.len().saturating_mul(28)))
}

/// What an XML document begins with.
pub(super) const DECLARATION: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n";

/// Namespace of the element around what is no document by itself.
pub(super) const WRAPPER: &str = "urn:synctap:xml";

/// True when the tree is a document: one root element and no characters beside it.
pub(super) fn is_single(tree: &Tree) -> bool {
    let mut elements = 0;
    for id in tree.roots() {
        if tree.is_element(id) {
            elements += 1;
            continue;
        }
        let kind = tree.get(id).map(|node| node.kind);
        if matches!(kind, Some(NodeKind::Text(..) | NodeKind::Opaque(_))) {
            return false;
        }
    }
    elements == 1
}

/// The documents that stand in nodes of one layer and can be written in their place.
#[derive(Debug)]
pub(super) struct Inside {
    /// By node.
    documents: Vec<(NodeId, LayerId)>,
}

impl Inside {
    /// Those of layer `id` that are `fit` to be written.
    pub(super) fn of(decoded: &Decoded, id: LayerId, fit: impl Fn(&Layer) -> bool) -> Self {
        let mut documents: Vec<_> = decoded
            .ids()
            .filter_map(|(inner, layer)| {
                let node = layer.origin.filter(|origin| origin.layer == id)?.node?;
                let is_fit = fit(layer) && layer.tree.as_ref().is_some_and(is_single);
                is_fit.then_some((node, inner))
            })
            .collect();
        documents.sort_unstable();
        Self { documents }
    }

    /// The document that stands in `node`.
    pub(super) fn at(&self, node: NodeId) -> Option<LayerId> {
        let found = self.documents.binary_search_by_key(&node, |(at, _)| *at).ok()?;
        self.documents.get(found).map(|(_, layer)| *layer)
    }
}

/// Appends the nodes of `tree`; documents of `decoded` that stand in them are written in their
/// place. Recursion is as deep as documents nest, which the codec limits.
fn write(out: &mut String, around: Option<Around<'_>>, tree: &Tree, layer: &[u8], default: &str) {
    let is_wbxml = |layer: &Layer| matches!(layer.format, Format::Wbxml(_));
    let inside = around.map(|around| Inside::of(around.decoded, around.id, is_wbxml));
    let inner = |node: NodeId| {
        let around = around?;
        let id = inside.as_ref()?.at(node)?;
        let layer = around.decoded.layer(id)?;
        Some((Around { id, ..around }, layer.tree.as_ref()?, &layer.bytes))
    };
    let inside_any = inside.as_ref().is_some_and(|inside| !inside.documents.is_empty());
    let inner = |node| if inside_any { inner(node) } else { None };
    let hidden = around.map_or(HiddenIn::nothing(), |around| around.hidden.layer(around.id));
    let mut writer = Writer::new(tree, layer, hidden, default);
    if around.is_some_and(|around| around.note.is_some()) {
        writer.set_manner(Manner::Exact);
    }
    std::mem::swap(&mut writer.out, out);
    let mut next = NodeId(0);
    while let Some(end) = tree.end(next) {
        let id = next;
        next = NodeId(id.0.saturating_add(1));
        while writer.is_past_open(id.index()) {
            writer.end();
        }
        if !inside_any && writer.leaf(id) {
            next = end;
        } else if tree.is_element(id) {
            let holds = match inner(next) {
                _ if end == next => Holds::Nothing,
                Some(_) => Holds::Document,
                None => Holds::Content,
            };
            writer.start(id, holds);
        } else if let Some((around, tree, bytes)) = inner(id) {
            let default = writer.default_namespace();
            note_before(&mut writer.out, around.note, around.id);
            write(&mut writer.out, Some(around), tree, bytes, default);
        } else {
            writer.content(id);
        }
    }
    while writer.is_inside() {
        writer.end();
    }
    std::mem::swap(&mut writer.out, out);
}
