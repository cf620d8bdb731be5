//! Documents inside documents: DevInf and TNDS in SyncML Data, policy XML in ActiveSync Data.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;

use crate::model::{NodeId, NodeKind, Span, Text, Tree, Written};

use super::limits;
use super::sniff;
use super::wbxml;
use super::xml;

/// A document found in a node of another.
#[derive(Debug)]
pub(crate) struct Child {
    /// The text or opaque node it stands in.
    pub(crate) node: NodeId,
    /// The bytes it was made from.
    pub(crate) span: Span,
    /// Its own bytes.
    pub(crate) bytes: Bytes,
    /// Its media type, lower case; may be empty.
    pub(crate) media_type: String,
    /// The name of the element around it.
    pub(crate) label: String,
}

/// The documents inside `tree`, in document order.
pub(crate) fn find(tree: &Tree, layer: &Bytes) -> Vec<Child> {
    let mut found = Vec::new();
    for (index, node) in (0..).zip(tree.nodes()) {
        let Some(parent) = node.parent.filter(|id| carries_documents(tree, *id)) else { continue };
        let id = NodeId(index);
        let child = match &node.kind {
            NodeKind::Opaque(span) => opaque(tree, layer, parent, *span),
            NodeKind::Text(text, written) => {
                embedded_text(tree, layer, parent, text, *written, node.span)
            }
            _ => None,
        };
        let Some((span, bytes, media_type)) = child else { continue };
        let label = DATA.to_owned();
        found.push(Child { node: id, span, bytes, media_type, label });
        if found.len() >= limits::LAYERS {
            break;
        }
    }
    found
}

/// The element that carries documents, in SyncML and in ActiveSync's Provision.
const DATA: &str = "Data";

/// True for the `Data` of SyncML and Provision; that of other ActiveSync pages is mail and files.
fn carries_documents(tree: &Tree, id: NodeId) -> bool {
    tree.element(id).is_some_and(|element| {
        let space = element.namespace.as_str();
        tree.name(id) == Some(DATA)
            && (space.is_empty() || space == "Provision" || is_syncml(space))
    })
}

fn is_syncml(namespace: &str) -> bool {
    namespace.get(..7).is_some_and(|start| start.eq_ignore_ascii_case("SYNCML:"))
}

type Found = (Span, Bytes, String);

fn opaque(tree: &Tree, layer: &Bytes, data: NodeId, span: Span) -> Option<Found> {
    let bytes = span.of(layer);
    let media_type = meta(tree, layer, data, "Type").unwrap_or_default();
    is_document(bytes, &media_type).then(|| (span, layer.slice(span.range()), media_type))
}

fn embedded_text(
    tree: &Tree,
    layer: &Bytes,
    data: NodeId,
    text: &Text,
    written: Written,
    node: Span,
) -> Option<Found> {
    let characters = Tree::resolve(text, layer);
    if characters.len() > limits::EMBEDDED_BYTES {
        return None;
    }
    let media_type = || meta(tree, layer, data, "Type").unwrap_or_default();
    let span = match text {
        Text::Slice(span) => *span,
        Text::Owned(_) => node,
    };
    if sniff::looks_like_xml(characters.as_bytes()) {
        let bytes = match (text, written) {
            (Text::Slice(span), _) => layer.slice(span.range()),
            (Text::Owned(text), _) => Bytes::from(String::from(&**text)),
        };
        let media_type = media_type();
        return is_document(&bytes, &media_type).then_some((span, bytes, media_type));
    }
    if meta(tree, layer, data, "Format").is_some_and(|format| format == "b64") {
        let compact: Vec<u8> =
            characters.bytes().filter(|byte| !byte.is_ascii_whitespace()).collect();
        let bytes = Bytes::from(STANDARD.decode(compact).ok()?);
        let media_type = media_type();
        return is_document(&bytes, &media_type).then_some((span, bytes, media_type));
    }
    None
}

/// True when `bytes` are a document that can be read without damage.
fn is_document(bytes: &[u8], media_type: &str) -> bool {
    if sniff::looks_like_xml(bytes) {
        return xml::is_document(bytes);
    }
    // Encoders write `+xml` over WBXML: the bytes decide.
    wbxml::is_likely(bytes)
        || sniff::is_wbxml_type(media_type) && wbxml::is_sound(bytes, media_type)
}

/// The `Meta/Type` or `Meta/Format` that holds for a `Data` element: of its item, else of the
/// command around it.
fn meta(tree: &Tree, layer: &[u8], data: NodeId, name: &str) -> Option<String> {
    let mut at = tree.get(data)?.parent;
    for _ in 0..2 {
        let around = at?;
        let mut first = tree.children(around).take(limits::META_SIBLINGS);
        let found = first.find(|id| tree.name(*id) == Some("Meta")).and_then(|meta| {
            // Some encoders wrap the MetInf elements, most do not.
            tree.child(meta, name).or_else(|| tree.descend(meta, &["MetInf", name]))
        });
        if let Some(found) = found {
            return Some(tree.text(found, layer).trim().to_ascii_lowercase());
        }
        at = tree.get(around)?.parent;
    }
    None
}
