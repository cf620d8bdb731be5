//! XML with line breaks and indentation, each line with the node it belongs to.

use crate::model::{Decoded, LayerId, NodeId, NodeKind, Tree};
use crate::render::hidden::Hidden;
use crate::render::secrets::Secrets;

use super::document::{DECLARATION, Inside, WRAPPER, is_single};
use super::writer::{Holds, Writer};

/// One line of indented XML.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct XmlLine {
    /// The text, indented, without a line end.
    pub text: String,
    /// The layer of [`XmlLine::node`].
    pub layer: LayerId,
    /// The node it belongs to: for tags their element. `None` for what is added.
    pub node: Option<NodeId>,
}

/// A layer as indented XML; empty when it has no tree.
///
/// White space is added between elements only: an element with characters in it is written as it
/// is, over several lines if the characters have line ends. Documents inside elements (any format
/// with a tree) stand there as elements. All lines, joined by line feeds, are a document.
pub fn xml_lines(decoded: &Decoded, id: LayerId, secrets: Secrets) -> Vec<XmlLine> {
    let hidden = Hidden::of(decoded, secrets);
    let mut lines = Lines { decoded, hidden: &hidden, written: Vec::new() };
    let Some(tree) = decoded.layer(id).and_then(|layer| layer.tree.as_ref()) else {
        return lines.written;
    };
    lines.push(id, None, 0, DECLARATION.trim_end());
    if is_single(tree) {
        lines.document(id, 0, "");
    } else {
        lines.push(id, None, 0, &format!("<document xmlns=\"{WRAPPER}\">"));
        lines.document(id, 1, WRAPPER);
        lines.push(id, None, 0, "</document>");
    }
    lines.written
}

/// Levels beyond which indentation grows no more.
const INDENTED: usize = 40;

struct Lines<'a> {
    decoded: &'a Decoded,
    hidden: &'a Hidden,
    written: Vec<XmlLine>,
}

impl Lines<'_> {
    /// Appends the document of a layer. Recursion is as deep as documents nest, which the codec
    /// limits.
    fn document(&mut self, id: LayerId, indent: usize, default: &str) {
        let decoded = self.decoded;
        let Some(layer) = decoded.layer(id) else { return };
        let Some(tree) = &layer.tree else { return };
        let inside = Inside::of(decoded, id, |_| true);
        let hidden = self.hidden.layer(id);
        let mut writer = Writer::new(tree, &layer.bytes, hidden, default);
        let mut open: Vec<NodeId> = Vec::new();
        let mut index = 0;
        while index < tree.len() {
            let Ok(number) = u32::try_from(index) else { return };
            let node = NodeId(number);
            self.close_until(&mut writer, &mut open, index, id, indent);
            let level = indent + open.len();
            let end = tree.get(node).map_or(index + 1, |node| node.end.index()).max(index + 1);
            index = if let Some(child) = only_document(&inside, tree, node) {
                writer.start(node, Holds::Document);
                self.take(&mut writer, id, node, level);
                let default = writer.default_namespace().to_owned();
                self.document(child, level + 1, &default);
                writer.end();
                self.take(&mut writer, id, node, level);
                end
            } else if is_block(tree, node) {
                writer.start(node, Holds::Content);
                self.take(&mut writer, id, node, level);
                open.push(node);
                index + 1
            } else {
                inline(&mut writer, tree, index, end);
                self.take(&mut writer, id, node, level);
                end
            };
        }
        self.close_until(&mut writer, &mut open, usize::MAX, id, indent);
    }

    fn close_until(
        &mut self,
        writer: &mut Writer<'_>,
        open: &mut Vec<NodeId>,
        index: usize,
        id: LayerId,
        indent: usize,
    ) {
        while writer.is_past_open(index) {
            writer.end();
            let Some(node) = open.pop() else { return };
            self.take(writer, id, node, indent + open.len());
        }
    }

    /// Moves what was written into lines.
    fn take(&mut self, writer: &mut Writer<'_>, id: LayerId, node: NodeId, level: usize) {
        let text = std::mem::take(&mut writer.out);
        let mut pieces = text.split('\n');
        if let Some(first) = pieces.next() {
            self.push(id, Some(node), level, first);
        }
        for piece in pieces {
            self.push(id, Some(node), 0, piece);
        }
        // Keeps the allocation for the next line.
        writer.out = text;
        writer.out.clear();
    }

    fn push(&mut self, layer: LayerId, node: Option<NodeId>, level: usize, text: &str) {
        let indent = level.min(INDENTED) * 2;
        let mut line = String::with_capacity(indent + text.len());
        line.extend(std::iter::repeat_n(' ', indent));
        line.push_str(text);
        self.written.push(XmlLine { text: line, layer, node });
    }
}

/// The document that is all that stands in an element.
fn only_document(inside: &Inside, tree: &Tree, node: NodeId) -> Option<LayerId> {
    let mut children = tree.children(node);
    let only = children.next().filter(|_| children.next().is_none())?;
    inside.at(only)
}

/// True for an element with children none of which are characters: its children get lines.
fn is_block(tree: &Tree, id: NodeId) -> bool {
    let mut children = tree.children(id).peekable();
    tree.element(id).is_some()
        && children.peek().is_some()
        && children.all(|child| {
            !matches!(
                tree.get(child).map(|node| node.kind),
                Some(NodeKind::Text(..) | NodeKind::Opaque(_))
            )
        })
}

/// Writes the node at `index` and its descendants up to `end` without line breaks.
fn inline(writer: &mut Writer<'_>, tree: &Tree, index: usize, end: usize) {
    let mut open = 0_usize;
    for at in index..end {
        let Ok(number) = u32::try_from(at) else { return };
        while open > 0 && writer.is_past_open(at) {
            writer.end();
            open -= 1;
        }
        let id = NodeId(number);
        let Some(node) = tree.get(id) else { return };
        if let NodeKind::Element(_) = node.kind {
            let empty = node.end.index() == at + 1;
            writer.start(id, if empty { Holds::Nothing } else { Holds::Content });
            open += usize::from(!empty);
        } else {
            writer.content(id);
        }
    }
    for _ in 0..open {
        writer.end();
    }
}
