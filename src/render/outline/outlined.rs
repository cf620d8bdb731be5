//! An outline with the body it was made of: places found, lines made.

use std::fmt::Write;
use std::ops::Range;

use crate::model::{Decoded, LayerId, NodeId, Note, Span};

use super::index::{Entry, Kind, Outline, OutlineOptions, only_value};
use super::piece::OutlineLine;

/// A body nothing is known of.
static NOTHING: Decoded = Decoded { layers: Vec::new(), problems: Vec::new() };

/// An [`Outline`] with the body and the notes it was made of. Every call takes time for the lines it
/// returns and at most the logarithm of all lines, unless it says otherwise.
#[derive(Debug, Clone, Copy)]
pub struct Outlined<'a> {
    pub(super) index: &'a Outline,
    pub(super) decoded: &'a Decoded,
    pub(super) notes: &'a [Note],
}

impl<'a> Outlined<'a> {
    /// `index` must have been made of `decoded` and `notes`; without a body it has no lines.
    pub fn new(index: &'a Outline, decoded: Option<&'a Decoded>, notes: &'a [Note]) -> Self {
        Self { index, decoded: decoded.unwrap_or(&NOTHING), notes }
    }

    /// How many lines.
    pub fn len(self) -> usize {
        self.index.len()
    }

    /// True when there is none.
    pub fn is_empty(self) -> bool {
        self.index.is_empty()
    }

    /// The line at this place; `None` past the end.
    pub fn line(self, at: usize) -> Option<OutlineLine> {
        let entry = self.entry(at)?;
        let pieces = self.pieces(entry);
        let level = self.level(entry).unwrap_or_else(|| pieces.level());
        Some(OutlineLine {
            depth: usize::from(entry.depth),
            layer: entry.layer,
            node: node(entry),
            span: self.span(at),
            pieces: pieces.0,
            level,
            expandable: self.is_expandable(at),
        })
    }

    /// These lines, as far as there are any.
    pub fn lines(self, range: Range<usize>) -> impl Iterator<Item = OutlineLine> + use<'a> {
        range.map_while(move |at| self.line(at))
    }

    /// The layer and node a line speaks of; no node for a line about a whole layer or a problem.
    pub fn place(self, at: usize) -> Option<(LayerId, Option<NodeId>)> {
        self.entry(at).map(|entry| (entry.layer, node(entry)))
    }

    /// True when the line speaks of a layer as a whole.
    pub fn is_headline(self, at: usize) -> bool {
        self.entry(at).is_some_and(|entry| entry.kind == Kind::Headline)
    }

    /// Indentation level of a line; 0 past the end.
    pub fn depth(self, at: usize) -> usize {
        self.entry(at).map_or(0, |entry| usize::from(entry.depth))
    }

    /// One past the last line that is deeper than this one and follows it.
    pub fn end(self, at: usize) -> usize {
        self.entry(at).map_or(at + 1, |entry| entry.end as usize)
    }

    /// True when deeper lines follow.
    pub fn is_expandable(self, at: usize) -> bool {
        self.end(at) > at + 1
    }

    /// The bytes of its layer a line speaks of.
    pub fn span(self, at: usize) -> Span {
        let Some(entry) = self.entry(at) else { return Span::default() };
        let Some(layer) = self.decoded.layer(entry.layer) else { return Span::default() };
        let what = entry.what as usize;
        let all = Span::new(0, layer.bytes.len());
        match entry.kind {
            Kind::Headline | Kind::Masked => all,
            Kind::Node => {
                let node = layer.tree.as_ref().and_then(|tree| tree.get(NodeId(entry.what)));
                node.map(|node| node.span).unwrap_or_default()
            }
            Kind::Text => Span::new(what, what + text_line(&layer.bytes, what).len()),
            Kind::Bytes => Span::new(what, (what + crate::render::HEX_ROW).min(layer.bytes.len())),
            Kind::More | Kind::Asn1 => Span::default(),
            Kind::Problem => self.decoded.problems.get(what).map(|p| p.span).unwrap_or_default(),
        }
    }

    /// The line around a line: of the element around its node, or of its layer.
    pub fn parent(self, at: usize) -> Option<usize> {
        let entry = self.entry(at)?;
        let layer = self.decoded.layer(entry.layer)?;
        match (entry.kind, layer.origin) {
            (Kind::Headline, Some(origin)) => match origin.node {
                Some(node) => self.position(origin.layer, node),
                None => self.index.headline(origin.layer),
            },
            (Kind::Headline, None) => None,
            (Kind::Node, _) => {
                let tree = layer.tree.as_ref()?;
                match tree.get(NodeId(entry.what))?.parent {
                    Some(parent) => self.position(entry.layer, parent),
                    None => self.index.headline(entry.layer),
                }
            }
            _ => self.index.headline(entry.layer),
        }
        .filter(|parent| *parent < at)
    }

    /// The line of a node: its own, or that of the element whose only content it is.
    pub fn position(self, layer: LayerId, node: NodeId) -> Option<usize> {
        let tree = self.decoded.layer(layer)?.tree.as_ref()?;
        let around = tree.get(node)?.parent;
        let joined = around.filter(|around| only_value(tree, *around) == Some(node));
        let wanted = joined.unwrap_or(node);
        let first = self.index.headline(layer)?;
        let lines = self.index.entries.get(first + 1..self.end(first))?;
        let at = first + 1 + lines.partition_point(|entry| self.is_before(*entry, layer, wanted));
        (self.place(at)? == (layer, Some(wanted))).then_some(at)
    }

    /// The line that speaks of a layer as a whole.
    pub fn headline(self, layer: LayerId) -> Option<usize> {
        self.index.headline(layer)
    }

    /// The innermost line that covers a byte of a layer.
    pub fn at_offset(self, layer: LayerId, offset: usize) -> Option<usize> {
        let found = self.decoded.layer(layer)?;
        if let Some(tree) = &found.tree {
            let node = tree.at_offset(offset);
            return node
                .and_then(|node| self.position(layer, node))
                .or_else(|| self.index.headline(layer));
        }
        let first = self.index.headline(layer)?;
        let lines = self.index.entries.get(first + 1..self.end(first)).unwrap_or_default();
        let before = |entry: &Entry| {
            entry.layer == layer
                && matches!(entry.kind, Kind::Text | Kind::Bytes)
                && entry.what as usize <= offset
        };
        let at = first + lines.partition_point(before);
        Some(if self.span(at).contains(offset) { at } else { first })
    }

    /// The line to start at: the first of a document, which is what people look for.
    pub fn first_node(self) -> usize {
        // A document inside a message comes before the message around it.
        let first = self.index.headline(self.decoded.main()).unwrap_or_default() + 1;
        let is_node = |at: &usize| self.entry(*at).is_some_and(|entry| entry.kind == Kind::Node);
        Some(first).filter(is_node).unwrap_or(0)
    }

    /// True when a line stands before that of a node of `layer`. Lines of layers made of a node stand
    /// behind its own.
    fn is_before(self, entry: Entry, layer: LayerId, wanted: NodeId) -> bool {
        let (mut at, mut here) = (entry.layer, node(entry));
        while at != layer {
            let origin = self.decoded.layer(at).and_then(|layer| layer.origin);
            let Some(origin) = origin.filter(|origin| origin.layer < at) else { return false };
            (at, here) = (origin.layer, origin.node);
        }
        // What speaks of no node stands behind all of them.
        here.is_some_and(|here| here < wanted)
    }

    fn entry(self, at: usize) -> Option<Entry> {
        self.index.entries.get(at).copied()
    }
}

/// The outline of `decoded` with `notes` on its nodes: all of its lines.
pub fn outline(decoded: &Decoded, notes: &[Note], options: OutlineOptions) -> Vec<OutlineLine> {
    let index = Outline::new(decoded, notes, options);
    Outlined::new(&index, Some(decoded), notes).lines(0..usize::MAX).collect()
}

/// The outline as plain text, two blanks a level.
pub fn outline_text(lines: &[OutlineLine]) -> String {
    let mut out = String::new();
    for line in lines {
        let _ = writeln!(out, "{line}");
    }
    out
}

/// The line of text that begins at `start`, its end included.
pub(super) fn text_line(bytes: &[u8], start: usize) -> &[u8] {
    let rest = bytes.get(start..).unwrap_or_default();
    let end = memchr::memchr(b'\n', rest).map_or(rest.len(), |at| at + 1);
    rest.get(..end).unwrap_or_default()
}

fn node(entry: Entry) -> Option<NodeId> {
    (entry.kind == Kind::Node).then_some(NodeId(entry.what))
}
