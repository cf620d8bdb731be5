//! One half of an exchange: the same selection as tree, XML, header fields and bytes.

use crate::model::{LayerId, Leg, Span};
use crate::render::{OutlineLine, XmlLine};
use crate::tui::action::{Face, Step};
use crate::tui::prepared::{LegLines, Prepared};
use crate::tui::search::{Needle, Way, next_line};

use super::hex::{Dump, HexPane};
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
        self.hex.step(Step::First, Dump { len: 0, row: 1 });
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
                self.hex.step(step, self.dump(room, of));
                self.lead_from_hex(room, of);
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
                self.hex.wheel(by, self.dump(room, of));
            }
        }
    }

    /// Brings XML and bytes to the tree's selection.
    pub(crate) fn follow(&mut self, room: LegRoom, of: (&Prepared, Leg)) {
        let lines = of.0.leg(of.1);
        let (_, span) = self.selection(lines);
        self.hex.reveal(span, self.dump(room, of));
        self.xml_follows(lines);
    }

    fn xml_follows(&mut self, lines: &LegLines) {
        let (layer, _) = self.selection(lines);
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
        self.hex.reveal(span, self.dump(room, of));
    }

    /// Moves the byte cursor, and the tree with it.
    pub(crate) fn shift(&mut self, by: isize, room: LegRoom, of: (&Prepared, Leg)) {
        self.hex.shift(by, self.dump(room, of));
        self.lead_from_hex(room, of);
    }

    /// Brings tree and XML to the byte under the cursor: the innermost line that covers it.
    fn lead_from_hex(&mut self, room: LegRoom, of: (&Prepared, Leg)) {
        let lines = of.0.leg(of.1);
        let (layer, _) = self.selection(lines);
        let at = self.hex.cursor();
        let covers =
            |line: &&(usize, &OutlineLine)| line.1.layer == layer && line.1.span.contains(at);
        let found = lines.tree.iter().enumerate();
        let found = found.filter(|line| covers(&line)).min_by_key(|(_, line)| line.span.len());
        let Some((index, _)) = found else { return };
        if self.tree.selected() != Some(index) {
            self.tree.select(index, &lines.tree);
            self.xml_follows(lines);
        }
        self.tree.resize(room.tree);
    }

    /// Goes to the next line or byte that holds what is searched for; false when there is none.
    pub(crate) fn find(
        &mut self,
        face: Face,
        (needle, way): (&Needle, Way),
        room: LegRoom,
        of: (&Prepared, Leg),
    ) -> bool {
        let lines = of.0.leg(of.1);
        let (layer, _) = self.selection(lines);
        match face {
            Face::Tree if matches!(needle, Needle::Text(_)) => {
                let hit = |at: &usize| needle.is_in(&lines.tree[*at].text());
                let from = self.tree.selected().unwrap_or(0);
                let found = next_line(lines.tree.len(), from, way, hit);
                if let Some(at) = found {
                    self.tree.select(at, &lines.tree);
                    self.follow(room, of);
                }
                found.is_some()
            }
            Face::Xml => {
                let xml = lines.xml(layer);
                let hit = |at: &usize| needle.is_in(&xml[*at].text);
                let found = next_line(xml.len(), self.xml.cursor(), way, hit);
                if let Some(at) = found {
                    self.xml.go(at, xml.len());
                    self.lead(room, of);
                }
                found.is_some()
            }
            Face::Headers => false,
            // Bytes in a tree are found where they stand, and the tree follows.
            Face::Tree | Face::Hex => {
                let found = needle.in_bytes(of.0.bytes(of.1, layer), self.hex.cursor(), way);
                if let Some(at) = found {
                    self.hex.go(at, self.dump(room, of));
                    self.lead_from_hex(room, of);
                }
                found.is_some()
            }
        }
    }

    fn dump(&self, room: LegRoom, (prepared, leg): (&Prepared, Leg)) -> Dump {
        let (layer, _) = self.selection(prepared.leg(leg));
        Dump { len: prepared.bytes(leg, layer).len(), row: room.row_bytes }
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
