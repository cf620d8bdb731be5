//! One half of an exchange: the same selection as tree, XML, header fields and bytes.

use crate::model::{LayerId, Leg, Span};
use crate::render::{OutlineLine, XmlLine};
use crate::tui::message::{Face, Step};
use crate::tui::prepared::{LegLines, Prepared};

use super::hex::HexPane;
use super::scroll::Scroll;
use super::tree::TreePane;

/// Where each way of showing one half stands. The tree's selection leads; XML and bytes follow.
#[derive(Debug, Clone, Default)]
pub(crate) struct LegPane {
    /// The annotated tree.
    pub(crate) tree: TreePane,
    /// The document as XML.
    pub(crate) xml: Scroll,
    /// The first header line in sight.
    pub(crate) headers: Scroll,
    /// The bytes.
    pub(crate) hex: HexPane,
}

/// How much room the ways of showing one half have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct LegRoom {
    /// Rows of the pane.
    pub(crate) height: usize,
    /// Rows of the tree, which may leave some to the bytes below it.
    pub(crate) tree: usize,
    /// Bytes in one row of a dump.
    pub(crate) row_bytes: usize,
    /// Lines of the header fields as folded to the pane's width.
    pub(crate) header_lines: usize,
}

impl LegPane {
    /// Shows another exchange.
    pub(crate) fn reset(&mut self, lines: &LegLines) {
        self.tree.reset(&lines.tree);
        self.xml.go(0, 0);
        self.headers.go(0, 0);
        self.hex.step(Step::First, 0);
    }

    /// The selected bytes and the layer they are in.
    pub(crate) fn selection(&self, lines: &LegLines) -> (LayerId, Span) {
        let line = self.tree.selected().and_then(|at| lines.tree.get(at));
        line.map_or((LayerId::BODY, Span::default()), |line| (line.layer, line.span))
    }

    /// Adapts every part to the room there is.
    pub(crate) fn resize(&mut self, room: LegRoom, lines: &LegLines) {
        self.tree.resize(room.tree);
        let (layer, _) = self.selection(lines);
        self.xml.resize(room.height, lines.xml(layer).len());
        self.headers.resize(room.height, room.header_lines);
        // One row tells which layer and bytes.
        self.hex.resize(room.height.saturating_sub(1));
    }

    /// Moves in the part that `face` shows.
    pub(crate) fn step(&mut self, face: Face, step: Step, room: LegRoom, of: (&Prepared, Leg)) {
        let lines = of.0.leg(of.1);
        match face {
            Face::Tree => {
                self.tree.step(step);
                self.follow(room, of);
            }
            Face::Xml => {
                let (layer, _) = self.selection(lines);
                self.xml.step(step, lines.xml(layer).len());
                self.lead(room, of);
            }
            Face::Headers => page(&mut self.headers, step, room.header_lines),
            Face::Hex => {
                let rows = self.rows(room, of);
                self.hex.step(step, rows);
            }
        }
    }

    /// Moves the page of the part that `face` shows.
    pub(crate) fn wheel(&mut self, face: Face, by: isize, room: LegRoom, of: (&Prepared, Leg)) {
        let lines = of.0.leg(of.1);
        match face {
            Face::Tree => self.tree.wheel(by),
            Face::Xml => {
                let (layer, _) = self.selection(lines);
                self.xml.wheel(by, lines.xml(layer).len());
            }
            Face::Headers => self.headers.wheel(by, room.header_lines),
            Face::Hex => {
                let rows = self.rows(room, of);
                self.hex.wheel(by, rows);
            }
        }
    }

    /// Brings XML and bytes to the tree's selection.
    pub(crate) fn follow(&mut self, room: LegRoom, of: (&Prepared, Leg)) {
        let lines = of.0.leg(of.1);
        let (layer, span) = self.selection(lines);
        let rows = self.rows(room, of);
        self.hex.reveal(span, room.row_bytes, rows);
        let node = self.tree.selected().and_then(|at| lines.tree.get(at)).and_then(|l| l.node);
        let xml = lines.xml(layer);
        let same = |line: &XmlLine| line.layer == layer && line.node.is_some() && line.node == node;
        self.xml.go(xml.iter().position(same).unwrap_or(0), xml.len());
    }

    /// Brings tree and bytes to the XML line that is selected.
    fn lead(&mut self, room: LegRoom, of: (&Prepared, Leg)) {
        let lines = of.0.leg(of.1);
        let (layer, _) = self.selection(lines);
        let Some(line) = lines.xml(layer).get(self.xml.cursor()) else { return };
        let same = |node: &OutlineLine| node.layer == line.layer && node.node == line.node;
        let Some(index) = lines.tree.iter().position(same).filter(|_| line.node.is_some()) else {
            return;
        };
        self.tree.select(index, &lines.tree);
        let (_, span) = self.selection(lines);
        let rows = self.rows(room, of);
        self.hex.reveal(span, room.row_bytes, rows);
    }

    fn rows(&self, room: LegRoom, (prepared, leg): (&Prepared, Leg)) -> usize {
        let (layer, _) = self.selection(prepared.leg(leg));
        prepared.bytes(leg, layer).len().div_ceil(room.row_bytes.max(1))
    }
}

/// Lines without a selection: every step moves the page.
pub(crate) fn page(scroll: &mut Scroll, step: Step, len: usize) {
    let height = isize::try_from(scroll.height().max(1)).unwrap_or(isize::MAX);
    let by = match step {
        Step::Up => -1,
        Step::Down => 1,
        Step::PageUp => -height,
        Step::PageDown => height,
        Step::HalfUp => -(height / 2).max(1),
        Step::HalfDown => (height / 2).max(1),
        Step::First => isize::MIN,
        Step::Last => isize::MAX,
    };
    scroll.wheel(by, len);
}
