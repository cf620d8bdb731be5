//! Which line speaks of what.

use std::collections::HashMap;

use crate::model::{Decoded, Format, Layer, LayerId, NodeId, NodeKind, Note, Tree};
use crate::render::HEX_ROW;
use crate::render::hidden::Hidden;
use crate::render::secrets::Secrets;

/// How an outline is cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OutlineOptions {
    /// Longest value printed, in characters; what is cut off is counted.
    pub value_limit: usize,
    /// Most lines of a text or binary layer.
    pub layer_lines: usize,
    /// Whether secret values are shown.
    pub secrets: Secrets,
    /// Of signed and encrypted messages and the certificates in them only the way to what is inside is
    /// shown, not every ASN.1 value.
    pub only_inside: bool,
}

impl Default for OutlineOptions {
    fn default() -> Self {
        Self { value_limit: 400, layer_lines: 40, secrets: Secrets::Masked, only_inside: true }
    }
}

/// Deepest line: layers inside layers and elements inside elements are bounded by the codec; this
/// only guards the walk.
const MAX_DEPTH: u16 = 4096;

/// The lines of a decoded body, without their text. It belongs to the body and notes it was made of:
/// read it through an [`super::Outlined`].
#[derive(Debug, Default)]
pub struct Outline {
    pub(super) entries: Vec<Entry>,
    /// The headline of each layer; `u32::MAX` for one that has no lines.
    headlines: Vec<u32>,
    /// Places in the list of notes, by layer and node.
    notes: Vec<u32>,
    pub(super) hidden: Hidden,
    pub(super) options: OutlineOptions,
}

/// One line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) layer: LayerId,
    /// Node, byte offset, number of lines, or place in the list of problems.
    pub(super) what: u32,
    /// One past the last line that is deeper.
    pub(super) end: u32,
    pub(super) depth: u16,
    pub(super) kind: Kind,
}

/// What a line speaks of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// A layer.
    Headline,
    /// A node: `what` is its index.
    Node,
    /// A line of text: `what` is the offset of its first byte.
    Text,
    /// A row of bytes: `what` is the offset of the first.
    Bytes,
    /// A layer that is not shown.
    Masked,
    /// `what` more lines that are not shown.
    More,
    /// `what` more ASN.1 values that are not shown.
    Asn1,
    /// A problem: `what` is its place in the list.
    Problem,
}

impl Outline {
    /// Finds the lines of `decoded` with `notes` on its nodes.
    pub fn new(decoded: &Decoded, notes: &[Note], options: OutlineOptions) -> Self {
        Self::bare(decoded, options).noted(notes)
    }

    /// The same as far as no notes are needed: they may be made at the same time.
    pub fn bare(decoded: &Decoded, options: OutlineOptions) -> Self {
        let index = Self {
            entries: Vec::new(),
            headlines: vec![u32::MAX; decoded.layers.len()],
            notes: Vec::new(),
            hidden: Hidden::of(decoded, options.secrets),
            options,
        };
        let mut builder = Builder { decoded, inside: inside(decoded), index };
        builder.layer(LayerId::BODY, 0);
        builder.index.entries.shrink_to_fit();
        builder.index
    }

    /// With `notes` on the nodes.
    pub fn noted(mut self, notes: &[Note]) -> Self {
        self.notes = (0..).take(notes.len()).collect();
        // Stable: notes on one node stay in their order.
        self.notes.sort_by_key(|at| notes.get(*at as usize).map(|note| (note.layer, note.node)));
        self
    }

    /// How many lines.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// True when there is none.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// What is not shown of the body.
    pub fn hidden(&self) -> &Hidden {
        &self.hidden
    }

    /// The line that speaks of a layer as a whole.
    pub(super) fn headline(&self, layer: LayerId) -> Option<usize> {
        let line = *self.headlines.get(layer.index())?;
        (line != u32::MAX).then_some(line as usize)
    }

    /// The notes on one node, in their order.
    pub(super) fn notes<'a>(
        &'a self,
        all: &'a [Note],
        layer: LayerId,
        node: NodeId,
    ) -> impl Iterator<Item = &'a Note> {
        let key = |at: &u32| all.get(*at as usize).map(|note| (note.layer, note.node));
        let wanted = Some((layer, node));
        let first = self.notes.partition_point(|at| key(at) < wanted);
        let rest = self.notes.get(first..).unwrap_or_default();
        rest.iter().take_while(move |at| key(at) == wanted).filter_map(|at| all.get(*at as usize))
    }
}

/// True for a message, and for a certificate or request that came in something: their facts are on the
/// line of the layer.
fn is_wrapping(layer: &Layer) -> bool {
    let Format::Binary(name) = layer.format else { return false };
    let is_message = name.starts_with("CMS ") || name.starts_with("PKCS#7 ");
    is_message
        || (layer.origin.is_some() && matches!(name, "X.509 certificate" | "PKCS#10 request"))
}

/// The layers made of each node (or of a whole layer), in order.
fn inside(decoded: &Decoded) -> HashMap<(LayerId, Option<NodeId>), Vec<LayerId>> {
    let mut inside: HashMap<_, Vec<LayerId>> = HashMap::new();
    for (id, layer) in decoded.ids() {
        if let Some(origin) = layer.origin.filter(|origin| origin.layer < id) {
            inside.entry((origin.layer, origin.node)).or_default().push(id);
        }
    }
    inside
}

struct Builder<'a> {
    decoded: &'a Decoded,
    inside: HashMap<(LayerId, Option<NodeId>), Vec<LayerId>>,
    index: Outline,
}

impl Builder<'_> {
    /// Appends the lines of a layer. Recursion is as deep as layers nest, which the codec limits and a
    /// user who opens values has to work for.
    fn layer(&mut self, id: LayerId, depth: u16) {
        let Some(layer) = self.decoded.layer(id) else { return };
        if depth > MAX_DEPTH {
            return;
        }
        let headline = self.push(id, Kind::Headline, 0, depth);
        if let Some(line) = self.index.headlines.get_mut(id.index()) {
            *line = u32::try_from(headline).unwrap_or(u32::MAX);
        }
        match &layer.tree {
            Some(tree) if self.index.options.only_inside && is_wrapping(layer) => {
                self.way_inside(id, tree, depth + 1);
            }
            Some(tree) => self.tree(id, tree, depth + 1),
            None => self.plain(id, depth + 1),
        }
        self.layers_in(id, None, depth + 1);
        for (at, problem) in (0..).zip(&self.decoded.problems) {
            if problem.layer == id {
                self.push(id, Kind::Problem, at, depth + 1);
            }
        }
        self.close(headline);
    }

    fn layers_in(&mut self, of: LayerId, node: Option<NodeId>, depth: u16) {
        for child in self.inside.remove(&(of, node)).unwrap_or_default() {
            self.layer(child, depth);
        }
    }

    fn tree(&mut self, id: LayerId, tree: &Tree, depth: u16) {
        // Depth by the open ends, not by climbing parents: linear in the size of the tree.
        let mut open: Vec<(usize, usize)> = Vec::new();
        let mut value = None;
        for (number, node) in (0_u32..).zip(tree.nodes()) {
            while let Some((_, line)) = open.pop_if(|(end, _)| *end <= number as usize) {
                self.close(line);
            }
            let here = depth.saturating_add(u16::try_from(open.len()).unwrap_or(MAX_DEPTH));
            let node_id = NodeId(number);
            let mut line = open.last().map(|(_, line)| *line);
            if value != Some(node_id) {
                value = only_value(tree, node_id);
                line = Some(self.push(id, Kind::Node, number, here));
            }
            if let (NodeKind::Element(_), Some(line)) = (&node.kind, line) {
                open.push((node.end.index(), line));
            }
            self.layers_in(id, Some(node_id), here.saturating_add(1));
            if let (Some(line), false) = (line, matches!(node.kind, NodeKind::Element(_))) {
                self.close(line);
            }
        }
        while let Some((_, line)) = open.pop() {
            self.close(line);
        }
    }

    /// The elements around what is inside, and how many more lines there would be.
    fn way_inside(&mut self, id: LayerId, tree: &Tree, depth: u16) {
        let own = self.inside.keys().filter(|(layer, _)| *layer == id);
        let mut way: Vec<NodeId> = own.filter_map(|(_, node)| *node).collect();
        let mut at = 0;
        while let Some(node) = way.get(at) {
            let parent = tree.parent(*node).filter(|parent| !way.contains(parent));
            way.extend(parent);
            at += 1;
        }
        way.sort_unstable();
        let mut open: Vec<(NodeId, usize)> = Vec::new();
        for node in &way {
            let is_over = |(around, _): &mut (NodeId, usize)| {
                tree.get(*around).is_none_or(|around| around.end <= *node)
            };
            while let Some((_, line)) = open.pop_if(is_over) {
                self.close(line);
            }
            let here = depth.saturating_add(u16::try_from(open.len()).unwrap_or(MAX_DEPTH));
            let line = self.push(id, Kind::Node, node.0, here);
            open.push((*node, line));
            self.layers_in(id, Some(*node), here.saturating_add(1));
        }
        while let Some((_, line)) = open.pop() {
            self.close(line);
        }
        let lines = tree.nodes().filter(|node| matches!(node.kind, NodeKind::Element(_))).count();
        let more = u32::try_from(lines.saturating_sub(way.len())).unwrap_or(u32::MAX);
        if more > 0 {
            self.push(id, Kind::Asn1, more, depth);
        }
    }

    fn plain(&mut self, id: LayerId, depth: u16) {
        let Some(layer) = self.decoded.layer(id) else { return };
        let limit = self.index.options.layer_lines;
        if self.index.hidden.layer(id).content() && !layer.bytes.is_empty() {
            self.push(id, Kind::Masked, 0, depth);
            return;
        }
        let (kind, all) = match layer.format {
            Format::Text(_) => {
                let lines = layer.bytes.split_inclusive(|byte| *byte == b'\n');
                let mut offset = 0;
                let mut all = 0_usize;
                for line in lines {
                    if all < limit {
                        self.push(id, Kind::Text, u32::try_from(offset).unwrap_or(u32::MAX), depth);
                    }
                    all += 1;
                    offset += line.len();
                }
                (Kind::Text, all)
            }
            Format::Binary(_) | Format::Xml(_) | Format::Wbxml(_) => {
                (Kind::Bytes, layer.bytes.len().div_ceil(HEX_ROW))
            }
            Format::Empty | Format::Wrapper(_) => return,
        };
        if kind == Kind::Bytes {
            for row in 0..all.min(limit) {
                let offset = u32::try_from(row * HEX_ROW).unwrap_or(u32::MAX);
                self.push(id, Kind::Bytes, offset, depth);
            }
        }
        if all > limit {
            self.push(id, Kind::More, u32::try_from(all - limit).unwrap_or(u32::MAX), depth);
        }
    }

    fn push(&mut self, layer: LayerId, kind: Kind, what: u32, depth: u16) -> usize {
        let at = self.index.entries.len();
        let end = u32::try_from(at + 1).unwrap_or(u32::MAX);
        self.index.entries.push(Entry { layer, what, end, depth, kind });
        at
    }

    /// What was pushed since `line` is inside it.
    fn close(&mut self, line: usize) {
        let end = u32::try_from(self.index.entries.len()).unwrap_or(u32::MAX);
        if let Some(entry) = self.index.entries.get_mut(line) {
            entry.end = end;
        }
    }
}

/// The one text or opaque child of an element that has nothing else inside.
pub(super) fn only_value(tree: &Tree, id: NodeId) -> Option<NodeId> {
    tree.element(id)?;
    let mut children = tree.children(id);
    let only = children.next()?;
    let leaf = matches!(tree.get(only)?.kind, NodeKind::Text(..) | NodeKind::Opaque(_));
    (leaf && children.next().is_none()).then_some(only)
}
