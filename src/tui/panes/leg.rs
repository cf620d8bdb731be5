//! One half of an exchange: the same selection as tree, XML, header fields and bytes.

use crate::model::{LayerId, Span};
use crate::tui::action::{Face, Step};
use crate::tui::prepared::Half;

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
    pub(crate) fn reset(&mut self, half: Half<'_>) {
        self.tree.reset(half.tree());
        self.xml.go(0, 0);
        self.headers.go(0, 0);
        self.hex.step(Step::First, Dump { len: 0, row: 1 });
    }

    /// The selected bytes and the layer they are in.
    pub(crate) fn selection(&self, half: Half<'_>) -> (LayerId, Span) {
        let tree = half.tree();
        let line = self.tree.selected().and_then(|at| Some((tree.place(at)?.0, tree.span(at))));
        line.unwrap_or((LayerId::BODY, Span::default()))
    }

    /// Adapts every part to the room there is.
    pub(crate) fn resize(&mut self, room: LegRoom, half: Half<'_>) {
        self.tree.resize(room.tree);
        let (layer, _) = self.selection(half);
        self.xml.resize(room.height, half.xml_len(layer));
        self.headers.resize(room.height, room.header_lines);
        // One row tells which layer and bytes.
        self.hex.resize(room.height.saturating_sub(1));
    }

    /// Moves in the part that `face` shows.
    pub(crate) fn step(&mut self, face: Face, step: Step, room: LegRoom, half: Half<'_>) {
        match face {
            Face::Tree => {
                self.tree.step(step);
                self.follow(room, half);
            }
            Face::Xml => {
                let (layer, _) = self.selection(half);
                self.xml.step(step, half.xml_len(layer));
                self.lead(room, half);
            }
            Face::Headers => page(&mut self.headers, step, room.header_lines),
            Face::Hex => {
                self.hex.step(step, self.dump(room, half));
                self.lead_from_hex(room, half);
            }
        }
    }

    /// Moves the page of the part that `face` shows.
    pub(crate) fn wheel(&mut self, face: Face, by: isize, room: LegRoom, half: Half<'_>) {
        match face {
            Face::Tree => self.tree.wheel(by),
            Face::Xml => {
                let (layer, _) = self.selection(half);
                self.xml.wheel(by, half.xml_len(layer));
            }
            Face::Headers => self.headers.wheel(by, room.header_lines),
            Face::Hex => self.hex.wheel(by, self.dump(room, half)),
        }
    }

    /// Selects a line of the tree; XML and bytes follow.
    pub(crate) fn go_to_line(&mut self, line: usize, room: LegRoom, half: Half<'_>) {
        self.tree.select(line, half.tree());
        self.follow(room, half);
    }

    /// Selects a line of the XML; tree and bytes follow.
    pub(crate) fn go_to_xml(&mut self, line: usize, room: LegRoom, half: Half<'_>) {
        let (layer, _) = self.selection(half);
        self.xml.go(line, half.xml_len(layer));
        self.lead(room, half);
    }

    /// Puts the cursor on a byte; tree and XML follow.
    pub(crate) fn go_to_byte(&mut self, at: usize, room: LegRoom, half: Half<'_>) {
        self.hex.go(at, self.dump(room, half));
        self.lead_from_hex(room, half);
    }

    /// Brings XML and bytes to the tree's selection.
    pub(crate) fn follow(&mut self, room: LegRoom, half: Half<'_>) {
        let (_, span) = self.selection(half);
        self.hex.reveal(span, self.dump(room, half));
        self.xml_follows(half);
    }

    fn xml_follows(&mut self, half: Half<'_>) {
        let (layer, _) = self.selection(half);
        let node = self.tree.selected().and_then(|at| half.tree().place(at)?.1);
        let line = node.and_then(|node| half.xml_position(layer, node));
        self.xml.go(line.unwrap_or(0), half.xml_len(layer));
    }

    /// Brings tree and bytes to the XML line that is selected.
    fn lead(&mut self, room: LegRoom, half: Half<'_>) {
        let (layer, _) = self.selection(half);
        let line = half.xml_line(layer, self.xml.cursor());
        let place = line.and_then(|line| Some((line.layer, line.node?)));
        let Some(at) = place.and_then(|(layer, node)| half.tree().position(layer, node)) else {
            return;
        };
        self.tree.select(at, half.tree());
        let (_, span) = self.selection(half);
        self.hex.reveal(span, self.dump(room, half));
    }

    /// Moves the byte cursor, and the tree with it.
    pub(crate) fn shift(&mut self, by: isize, room: LegRoom, half: Half<'_>) {
        self.hex.shift(by, self.dump(room, half));
        self.lead_from_hex(room, half);
    }

    /// Brings tree and XML to the byte under the cursor: the innermost line that covers it.
    pub(crate) fn lead_from_hex(&mut self, room: LegRoom, half: Half<'_>) {
        let (layer, _) = self.selection(half);
        let Some(at) = half.tree().at_offset(layer, self.hex.cursor()) else { return };
        if self.tree.selected() != Some(at) {
            self.tree.select(at, half.tree());
            self.xml_follows(half);
        }
        self.tree.resize(room.tree);
    }

    fn dump(&self, room: LegRoom, half: Half<'_>) -> Dump {
        let (layer, _) = self.selection(half);
        Dump { len: half.bytes(layer).len(), row: room.row_bytes }
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
