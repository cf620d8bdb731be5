//! A document as XML, a few lines at a time, from any of its nodes on.

use crate::model::{Decoded, LayerId, NodeId, NodeKind, Tree};
use crate::render::hidden::Hidden;

use super::document::{DECLARATION, Inside, WRAPPER, is_single};
use super::writer::{Holds, Writer};

/// Where in a document a walk stands: before what it writes of a node.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Stand {
    pub(super) layer: LayerId,
    pub(super) node: NodeId,
    /// Before its end tag; else before all of it.
    pub(super) end: bool,
}

/// What was written in one go: one line, or several when characters have line ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Written {
    /// Where the walk stood; `None` for what belongs to no node.
    pub(super) stand: Option<Stand>,
    /// Levels the first line is indented by.
    pub(super) level: usize,
}

/// Writes a document from a place on. Namespaces are known as if all before had been written.
pub(super) struct Walk<'a> {
    decoded: &'a Decoded,
    hidden: &'a Hidden,
    top: LayerId,
    phase: Phase,
    /// The documents inside each other that are being written, outermost first.
    frames: Vec<Frame<'a>>,
    /// All is written: what is checked once for a whole layer pays.
    all: bool,
    /// What was written last.
    pub(super) text: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    Declaration,
    Wrapper,
    Document,
    WrapperEnd,
    Over,
}

struct Frame<'a> {
    id: LayerId,
    tree: &'a Tree,
    writer: Writer<'a>,
    inside: Inside,
    /// Elements whose children stand on lines of their own.
    open: Vec<NodeId>,
    /// The next node.
    index: usize,
    indent: usize,
    /// The element in which the document of the next frame stands.
    around: Option<NodeId>,
}

impl<'a> Walk<'a> {
    /// From the start of layer `top`, which must have a tree.
    pub(super) fn new(decoded: &'a Decoded, hidden: &'a Hidden, top: LayerId) -> Self {
        let mut walk = Self {
            decoded,
            hidden,
            top,
            phase: Phase::Declaration,
            frames: Vec::new(),
            all: true,
            text: String::new(),
        };
        walk.frames.extend(walk.frame(top, 0, ""));
        if let Some(frame) = walk.frames.first_mut().filter(|frame| !is_single(frame.tree)) {
            frame.indent = 1;
            frame.writer.inherit_from(WRAPPER);
        }
        walk
    }

    /// From a place that a walk from the start stood at.
    pub(super) fn at(
        decoded: &'a Decoded,
        hidden: &'a Hidden,
        top: LayerId,
        stand: Stand,
    ) -> Option<Self> {
        let mut walk = Self::new(decoded, hidden, LayerId(u32::MAX));
        (walk.top, walk.phase, walk.all) = (top, Phase::Document, false);
        // The layers around, innermost first, each with the node the next one stands in.
        let mut chain = vec![stand];
        let mut at = stand.layer;
        while at != top {
            let origin = decoded.layer(at)?.origin.filter(|origin| origin.layer < at)?;
            let tree = decoded.layer(origin.layer)?.tree.as_ref()?;
            let node = tree.get(origin.node?)?.parent?;
            chain.push(Stand { layer: origin.layer, node, end: true });
            at = origin.layer;
        }
        let (mut indent, mut default) = (0, "");
        while let Some(stand) = chain.pop() {
            let mut frame = walk.frame(stand.layer, indent, default)?;
            if stand.layer == top && !is_single(frame.tree) {
                frame.indent = 1;
                frame.writer.inherit_from(WRAPPER);
            }
            frame.go_to(stand);
            indent = frame.indent + frame.open.len() + 1;
            default = frame.writer.default_namespace();
            walk.frames.push(frame);
        }
        Some(walk)
    }

    /// Writes the next piece into `text`; `None` at the end.
    pub(super) fn step(&mut self) -> Option<Written> {
        self.text.clear();
        let wrapped = !self.decoded.layer(self.top)?.tree.as_ref().is_some_and(is_single);
        let aside = Some(Written { stand: None, level: 0 });
        match self.phase {
            Phase::Declaration => {
                self.phase = if wrapped { Phase::Wrapper } else { Phase::Document };
                self.text.push_str(DECLARATION.trim_end());
                aside
            }
            Phase::Wrapper => {
                self.phase = Phase::Document;
                self.text.extend(["<document xmlns=\"", WRAPPER, "\">"]);
                aside
            }
            Phase::Document => {
                let written = self.document();
                if written.is_none() {
                    self.phase = if wrapped { Phase::WrapperEnd } else { Phase::Over };
                    return self.step();
                }
                written
            }
            Phase::WrapperEnd => {
                self.phase = Phase::Over;
                self.text.push_str("</document>");
                aside
            }
            Phase::Over => None,
        }
    }

    fn document(&mut self) -> Option<Written> {
        loop {
            let frame = self.frames.last_mut()?;
            std::mem::swap(&mut frame.writer.out, &mut self.text);
            let done = frame.step();
            std::mem::swap(&mut frame.writer.out, &mut self.text);
            match done {
                Done::Wrote(written, None) => return Some(written),
                Done::Wrote(written, Some(inner)) => {
                    let default = frame.writer.default_namespace();
                    let inner = self.frame(inner, written.level + 1, default);
                    self.frames.extend(inner);
                    return Some(written);
                }
                Done::Over => {
                    self.frames.pop();
                }
            }
        }
    }

    fn frame(&self, id: LayerId, indent: usize, default: &'a str) -> Option<Frame<'a>> {
        let layer = self.decoded.layer(id)?;
        let tree = layer.tree.as_ref()?;
        let hidden = self.hidden.layer(id);
        let writer = if self.all {
            Writer::new(tree, &layer.bytes, hidden, default)
        } else {
            Writer::piecewise(tree, &layer.bytes, hidden, default)
        };
        let inside = Inside::of(self.decoded, id, |_| true);
        let (open, index, around) = (Vec::new(), 0, None);
        Some(Frame { id, tree, writer, inside, open, index, indent, around })
    }
}

/// What a step did.
enum Done {
    /// It wrote; then comes the document of this layer.
    Wrote(Written, Option<LayerId>),
    /// Nothing is left.
    Over,
}

impl Frame<'_> {
    /// Writes the next piece.
    fn step(&mut self) -> Done {
        if let Some(node) = self.around.take() {
            self.writer.end();
            return self.wrote(node, true, self.open.len());
        }
        let past = if self.index < self.tree.len() { self.index } else { usize::MAX };
        if self.writer.is_past_open(past)
            && let Some(node) = self.open.pop()
        {
            self.writer.end();
            return self.wrote(node, true, self.open.len());
        }
        let Ok(number) = u32::try_from(self.index) else { return Done::Over };
        let node = NodeId(number);
        let Some(found) = self.tree.get(node) else { return Done::Over };
        let end = found.end.index().max(self.index + 1);
        let level = self.open.len();
        if let Some(inner) = only_document(&self.inside, self.tree, node) {
            self.writer.start(node, Holds::Document);
            self.around = Some(node);
            self.index = end;
            let Done::Wrote(written, _) = self.wrote(node, false, level) else { return Done::Over };
            return Done::Wrote(written, Some(inner));
        }
        if is_block(self.tree, node) {
            self.writer.start(node, Holds::Content);
            self.open.push(node);
            self.index += 1;
        } else {
            inline(&mut self.writer, self.tree, self.index, end);
            self.index = end;
        }
        self.wrote(node, false, level)
    }

    fn wrote(&self, node: NodeId, end: bool, level: usize) -> Done {
        let stand = Some(Stand { layer: self.id, node, end });
        Done::Wrote(Written { stand, level: self.indent + level }, None)
    }

    /// Stands where all before was written, of which only open elements matter.
    fn go_to(&mut self, stand: Stand) {
        let parent = |id: &NodeId| self.tree.get(*id)?.parent;
        let mut around: Vec<NodeId> = std::iter::successors(Some(stand.node), parent).collect();
        let holder = stand.end && only_document(&self.inside, self.tree, stand.node).is_some();
        if !stand.end || holder {
            around.remove(0);
        }
        for node in around.into_iter().rev() {
            self.writer.start(node, Holds::Content);
            self.open.push(node);
        }
        if holder {
            self.writer.start(stand.node, Holds::Document);
            self.around = Some(stand.node);
        }
        self.writer.out.clear();
        let end = self.tree.get(stand.node).map_or(0, |node| node.end.index());
        self.index = if stand.end { end } else { stand.node.index() };
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
