//! XML with line breaks and indentation, each line with the node it belongs to.

use std::ops::Range;

use crate::model::{Decoded, LayerId, NodeId};
use crate::render::hidden::Hidden;
use crate::render::secrets::Secrets;

use super::walk::{Stand, Walk, Written};

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
    let mut lines = Vec::new();
    each_xml_line(decoded, &Hidden::of(decoded, secrets), id, &mut |line| {
        lines.push(line.clone());
        true
    });
    lines
}

/// Calls `each` with every line of a layer as indented XML until it returns false.
pub fn each_xml_line(
    decoded: &Decoded,
    hidden: &Hidden,
    id: LayerId,
    each: &mut dyn FnMut(&XmlLine) -> bool,
) {
    if decoded.layer(id).is_none_or(|layer| layer.tree.is_none()) {
        return;
    }
    let mut walk = Walk::new(decoded, hidden, id);
    let mut line = XmlLine { text: String::new(), layer: id, node: None };
    while let Some(written) = walk.step() {
        line.layer = written.stand.map_or(id, |stand| stand.layer);
        line.node = written.stand.map(|stand| stand.node);
        for (at, text) in walk.text.split('\n').enumerate() {
            line.text.clear();
            indent(&mut line.text, written, at);
            line.text.push_str(text);
            if !each(&line) {
                return;
            }
        }
    }
}

/// Levels beyond which indentation grows no more.
const INDENTED: usize = 40;

/// Indents the first line of a piece; others are part of a value.
fn indent(line: &mut String, written: Written, at: usize) {
    let level = if at == 0 { written.level.min(INDENTED) } else { 0 };
    line.extend(std::iter::repeat_n(' ', level * 2));
}

/// Lines, or bytes, between two places from which lines can be written.
const STRIDE_LINES: usize = 32;
const STRIDE_BYTES: usize = 16 << 10;

/// Most bytes of one line in a window; what is cut off is counted.
const LINE_BYTES: usize = 16 << 10;

/// A layer as indented XML of which any window can be written without the rest: only places here and
/// there are kept. It belongs to the body and secrets it was made of.
#[derive(Debug, Default)]
pub struct IndexedXml {
    top: LayerId,
    len: usize,
    /// In document order, with the number of the first line written from there.
    stands: Vec<(u32, Stand)>,
    /// The layers its lines belong to, in order.
    layers: Vec<LayerId>,
}

impl IndexedXml {
    /// Writes all of it once and forgets it again.
    pub fn new(decoded: &Decoded, hidden: &Hidden, top: LayerId) -> Self {
        let mut index = Self { top, ..Self::default() };
        if decoded.layer(top).is_none_or(|layer| layer.tree.is_none()) {
            return index;
        }
        let mut walk = Walk::new(decoded, hidden, top);
        let (mut lines, mut bytes) = (STRIDE_LINES, 0);
        while let Some(written) = walk.step() {
            if let Some(stand) = written.stand {
                if index.layers.last() != Some(&stand.layer) {
                    index.layers.push(stand.layer);
                }
                if lines >= STRIDE_LINES || bytes >= STRIDE_BYTES {
                    index.stands.push((u32::try_from(index.len).unwrap_or(u32::MAX), stand));
                    (lines, bytes) = (0, 0);
                }
            }
            let written = 1 + memchr::memchr_iter(b'\n', walk.text.as_bytes()).count();
            (lines, bytes) = (lines + written, bytes + walk.text.len());
            index.len += written;
        }
        index.layers.sort_unstable();
        index.layers.dedup();
        index
    }

    /// How many lines.
    pub fn len(&self) -> usize {
        self.len
    }

    /// True when there is none.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The layer it is made of.
    pub fn top(&self) -> LayerId {
        self.top
    }

    /// True when a line belongs to this layer.
    pub fn has(&self, layer: LayerId) -> bool {
        self.layers.binary_search(&layer).is_ok()
    }

    /// These lines, as far as there are any; of long ones the first 16 KiB. Takes time for them, for the
    /// elements around them, and for the values they are part of.
    pub fn lines(&self, decoded: &Decoded, hidden: &Hidden, range: Range<usize>) -> Vec<XmlLine> {
        let mut lines = Vec::new();
        let end = range.end.min(self.len);
        let Some((mut number, mut walk)) = self.walk(decoded, hidden, range.start) else {
            return lines;
        };
        while number < end {
            let Some(written) = walk.step() else { break };
            let stand = written.stand;
            for (at, text) in walk.text.split('\n').enumerate() {
                if (range.start..end).contains(&number) {
                    let mut line = String::new();
                    indent(&mut line, written, at);
                    push_cut(&mut line, text);
                    let layer = stand.map_or(self.top, |stand| stand.layer);
                    lines.push(XmlLine { text: line, layer, node: stand.map(|stand| stand.node) });
                }
                number += 1;
            }
        }
        lines
    }

    /// The first line of a node, or of what it is written in; `None` when its layer is not written here.
    pub fn position(
        &self,
        decoded: &Decoded,
        hidden: &Hidden,
        layer: LayerId,
        node: NodeId,
    ) -> Option<usize> {
        if !self.has(layer) {
            return None;
        }
        let wanted = Stand { layer, node, end: false };
        let after = self.stands.partition_point(|(_, stand)| is_before(decoded, *stand, wanted));
        let (line, stand) = *self.stands.get(after.checked_sub(1)?)?;
        let mut number = line as usize;
        let mut walk = Walk::at(decoded, hidden, self.top, stand)?;
        let mut found = None;
        while let Some(written) = walk.step() {
            let Some(stand) = written.stand else { break };
            if !is_before(decoded, stand, wanted) {
                break;
            }
            if !stand.end {
                found = Some(number);
            }
            number += 1 + memchr::memchr_iter(b'\n', walk.text.as_bytes()).count();
        }
        found
    }

    /// A walk that stands at or before a line, with the number of the line it writes next.
    fn walk<'a>(
        &self,
        decoded: &'a Decoded,
        hidden: &'a Hidden,
        line: usize,
    ) -> Option<(usize, Walk<'a>)> {
        if self.is_empty() {
            return None;
        }
        let after = self.stands.partition_point(|(at, _)| *at as usize <= line);
        let place = after.checked_sub(1).and_then(|at| self.stands.get(at));
        match place {
            Some((at, stand)) => Some((*at as usize, Walk::at(decoded, hidden, self.top, *stand)?)),
            None => Some((0, Walk::new(decoded, hidden, self.top))),
        }
    }
}

fn push_cut(line: &mut String, text: &str) {
    let shown = text.get(..text.floor_char_boundary(LINE_BYTES)).unwrap_or_default();
    line.push_str(shown);
    if shown.len() < text.len() {
        line.push_str("… (+");
        line.push_str(&crate::render::count((text.len() - shown.len()) as u64, "byte"));
        line.push(')');
    }
}

/// True when what is written at `stand` comes before what follows the start of `wanted`, a place before
/// a node.
fn is_before(decoded: &Decoded, stand: Stand, wanted: Stand) -> bool {
    let (stand_chain, wanted_chain) = (chain(decoded, stand), chain(decoded, wanted));
    let mut levels = stand_chain.iter().rev().zip(wanted_chain.iter().rev()).peekable();
    while let Some((one, other)) = levels.next() {
        let end = |place: &Stand| {
            let tree = decoded.layer(place.layer).and_then(|layer| layer.tree.as_ref());
            tree.and_then(|tree| tree.get(place.node)).map_or(place.node, |node| node.end)
        };
        if levels.peek().is_some() && one.node != other.node {
            return one.node < other.node;
        }
        if levels.peek().is_none() {
            // One may stand deeper: in a document that is made of this node.
            return match stand_chain.len() > wanted_chain.len() {
                true => one.node < other.node,
                false if one.end => end(one) <= other.node,
                false => one.node <= other.node,
            };
        }
    }
    false
}

/// A place, then the nodes that the layers around it were made of.
fn chain(decoded: &Decoded, stand: Stand) -> Vec<Stand> {
    let mut chain = vec![stand];
    let mut at = stand.layer;
    while let Some(origin) = decoded.layer(at).and_then(|layer| layer.origin)
        && origin.layer < at
        && let Some(node) = origin.node
    {
        chain.push(Stand { layer: origin.layer, node, end: false });
        at = origin.layer;
    }
    chain
}
