//! The selected exchange: tabs, and where each of them stands.

use std::sync::Arc;

use crate::engine::ValuePlace;
use crate::model::{ExchangeId, Leg};
use crate::render::Outlined;
use crate::tui::action::{Action, Face, Step, Tab};
use crate::tui::hits::Hits;
use crate::tui::layout::DetailRoom;
use crate::tui::prepared::{Half, Prepared};
use crate::tui::search::Needle;

use super::leg::{LegPane, LegRoom, page};
use super::pairs::Pairs;
use super::scroll::Scroll;
use super::tree::TreePane;

/// The exchange that is shown. Tab and way of showing stay from one exchange to the next.
#[derive(Debug)]
pub(crate) struct DetailPane {
    pub(super) shown: Option<Arc<Prepared>>,
    /// What was shown before, to be taken apart elsewhere: a large tree is many small pieces.
    retired: Option<Arc<Prepared>>,
    /// Counts what was shown: what was found in one version is not to be looked for in another.
    pub(super) version: u64,
    /// What was found in it.
    pub(super) hits: Option<Hits>,
    /// What is marked wherever it is in sight.
    pub(super) marked: Option<Needle>,
    /// The line of the overview or of header fields that was found last.
    pub(super) pair_hit: Option<usize>,
    pub(super) tab: Tab,
    /// The half shown last, for keys that choose a way of showing it.
    leg: Leg,
    pub(super) face: Face,
    pub(super) overview: Scroll,
    pub(super) request: LegPane,
    pub(super) response: LegPane,
    pub(super) room: DetailRoom,
}

impl Default for DetailPane {
    fn default() -> Self {
        Self {
            shown: None,
            retired: None,
            version: 0,
            hits: None,
            marked: None,
            pair_hit: None,
            tab: Tab::Overview,
            leg: Leg::Request,
            face: Face::Tree,
            overview: Scroll::default(),
            request: LegPane::default(),
            response: LegPane::default(),
            room: DetailRoom::default(),
        }
    }
}

impl DetailPane {
    /// What is shown.
    pub(crate) fn shown(&self) -> Option<&Prepared> {
        self.shown.as_deref()
    }

    /// The same for another thread.
    pub(crate) fn shared(&self) -> Option<Arc<Prepared>> {
        self.shown.clone()
    }

    /// The tab that is shown.
    pub(crate) fn tab(&self) -> Tab {
        self.tab
    }

    /// The half that is shown, or was shown last.
    pub(crate) fn current_leg(&self) -> Leg {
        self.leg
    }

    /// How bodies are shown.
    pub(crate) fn face(&self) -> Face {
        self.face
    }

    /// Where the overview stands.
    pub(crate) fn overview(&self) -> Scroll {
        self.overview
    }

    /// Where one half stands.
    pub(crate) fn leg(&self, leg: Leg) -> &LegPane {
        match leg {
            Leg::Request => &self.request,
            Leg::Response => &self.response,
        }
    }

    /// The room there is.
    pub(crate) fn room(&self) -> DetailRoom {
        self.room
    }

    /// True when keys act on bytes.
    pub(crate) fn in_hex(&self) -> bool {
        matches!((self.tab, self.face), (Tab::Leg(_), Face::Hex))
    }

    /// True when keys act on a tree.
    pub(crate) fn in_tree(&self) -> bool {
        matches!((self.tab, self.face), (Tab::Leg(_), Face::Tree))
    }

    /// Shows an exchange; a newer version of the one that is shown keeps folds and selection.
    pub(crate) fn show(&mut self, prepared: Arc<Prepared>) {
        let old = self.shown.replace(prepared);
        self.version += 1;
        (self.hits, self.pair_hit) = (None, None);
        let Some(new) = self.shown.as_deref() else { return };
        let same = old.as_deref().filter(|old| old.id() == new.id());
        if same.is_none() {
            self.overview.go(0, 0);
        }
        for (pane, leg) in [(&mut self.request, Leg::Request), (&mut self.response, Leg::Response)]
        {
            let half = new.half(leg);
            match same.map(|old| old.half(leg)) {
                Some(old) if !old.tree().is_empty() => {
                    pane.tree.refresh(old.tree(), half.tree());
                    pane.follow(leg_room(self.room, half), half);
                }
                // Decoded meanwhile: who looked at a byte looks at it still.
                Some(old) if old.decoded.is_some() && self.face == Face::Hex => {
                    pane.tree.reset(half.tree());
                    pane.tree.step(Step::First);
                    pane.lead_from_hex(leg_room(self.room, half), half);
                }
                _ => {
                    pane.reset(half);
                    pane.follow(leg_room(self.room, half), half);
                }
            }
        }
        self.retired = old;
        self.resize(self.room);
    }

    /// Shows nothing.
    pub(crate) fn clear(&mut self) {
        self.retired = self.shown.take();
        self.version += 1;
        (self.hits, self.pair_hit) = (None, None);
    }

    /// What is not shown any more, for the loop to drop where it delays nothing.
    pub(crate) fn take_retired(&mut self) -> Option<Arc<Prepared>> {
        self.retired.take()
    }

    /// True when `id` is shown.
    pub(crate) fn is_shown(&self, id: ExchangeId) -> bool {
        self.shown().is_some_and(|shown| shown.id() == id)
    }

    /// Adapts every tab to the room there is.
    pub(crate) fn resize(&mut self, room: DetailRoom) {
        let wider = room.row_bytes != self.room.row_bytes;
        self.room = room;
        let Some(shown) = self.shown.as_deref() else { return };
        let lines = Pairs::new(&shown.overview, room.width).len();
        self.overview.resize(room.height, lines);
        for (pane, leg) in [(&mut self.request, Leg::Request), (&mut self.response, Leg::Response)]
        {
            let half = shown.half(leg);
            pane.resize(leg_room(room, half), half);
        }
        if wider {
            self.follow();
        }
    }

    /// Does what is for the detail to do; false when it is not.
    pub(crate) fn act(&mut self, action: Action) -> bool {
        match action {
            Action::Move(step) => self.step(step),
            Action::Show(tab) => self.turn_to(tab),
            Action::NextTab => self.turn_by(1),
            Action::PreviousTab => self.turn_by(Tab::ALL.len() - 1),
            Action::ShowAs(face) => {
                self.face = face;
                self.turn_to(Tab::Leg(self.leg));
            }
            Action::NextFace if self.tab == Tab::Overview => self.turn_to(Tab::Leg(self.leg)),
            Action::NextFace => {
                let at = Face::ALL.iter().position(|face| *face == self.face).unwrap_or(0);
                self.face = Face::ALL[(at + 1) % Face::ALL.len()];
            }
            Action::Fold if self.in_hex() => self.shift(-1),
            Action::Unfold if self.in_hex() => self.shift(1),
            Action::Fold => self.in_tree_do(TreePane::fold),
            Action::Unfold => self.in_tree_do(TreePane::unfold),
            Action::ToggleFold => self.in_tree_do(TreePane::toggle),
            _ => return false,
        }
        true
    }

    /// The node of the selected line.
    pub(crate) fn selected_value(&self) -> Option<ValuePlace> {
        let (shown, Tab::Leg(leg)) = (self.shown()?, self.tab) else { return None };
        let (layer, node) = shown.half(leg).tree().place(self.leg(leg).tree.selected()?)?;
        Some(ValuePlace { leg, layer, node: node? })
    }

    /// Moves the page.
    pub(crate) fn wheel(&mut self, lines: isize) {
        if let (Tab::Overview, Some(shown)) = (self.tab, self.shown.as_deref()) {
            let len = Pairs::new(&shown.overview, self.room.width).len();
            self.overview.wheel(lines, len);
        }
        let face = self.face;
        self.in_half(|pane, room, half| pane.wheel(face, lines, room, half));
    }

    /// Selects the line of the tree that stands `y` lines below the bar; one that is selected
    /// already folds or unfolds.
    pub(crate) fn point(&mut self, y: usize) {
        if !self.in_tree() {
            return;
        }
        let width = self.room.width;
        let again = self.in_half(|pane, room, half| {
            if y >= pane.tree.scroll().height() {
                return false;
            }
            let page = pane.tree.page(half.tree(), width);
            let before = pane.tree.selected();
            pane.tree.point(page.row_at(y));
            pane.follow(room, half);
            before == pane.tree.selected() && page.row_at(y) == page.cursor
        });
        if again == Some(true) {
            self.act(Action::ToggleFold);
        }
    }

    fn step(&mut self, step: Step) {
        self.pair_hit = None;
        if let (Tab::Overview, Some(shown)) = (self.tab, self.shown.as_deref()) {
            let len = Pairs::new(&shown.overview, self.room.width).len();
            page(&mut self.overview, step, len);
        }
        let face = self.face;
        self.in_half(|pane, room, half| pane.step(face, step, room, half));
    }

    fn turn_to(&mut self, tab: Tab) {
        (self.tab, self.pair_hit) = (tab, None);
        if let Tab::Leg(leg) = tab {
            self.leg = leg;
        }
    }

    fn turn_by(&mut self, tabs: usize) {
        let at = Tab::ALL.iter().position(|tab| *tab == self.tab).unwrap_or(0);
        self.turn_to(Tab::ALL[(at + tabs) % Tab::ALL.len()]);
    }

    fn in_tree_do(&mut self, change: fn(&mut TreePane, Outlined<'_>)) {
        self.in_half(|pane, room, half| {
            change(&mut pane.tree, half.tree());
            pane.follow(room, half);
        });
    }

    fn shift(&mut self, by: isize) {
        self.in_half(|pane, room, half| pane.shift(by, room, half));
    }

    fn follow(&mut self) {
        let Some(shown) = self.shown.as_deref() else { return };
        for (pane, leg) in [(&mut self.request, Leg::Request), (&mut self.response, Leg::Response)]
        {
            let half = shown.half(leg);
            pane.follow(leg_room(self.room, half), half);
        }
    }

    /// Does something with the half that is in sight.
    pub(super) fn in_half<T>(
        &mut self,
        act: impl FnOnce(&mut LegPane, LegRoom, Half<'_>) -> T,
    ) -> Option<T> {
        let (Some(shown), Tab::Leg(leg)) = (self.shown.as_deref(), self.tab) else { return None };
        let pane = match leg {
            Leg::Request => &mut self.request,
            Leg::Response => &mut self.response,
        };
        let half = shown.half(leg);
        Some(act(pane, leg_room(self.room, half), half))
    }
}

fn leg_room(room: DetailRoom, half: Half<'_>) -> LegRoom {
    // The bytes below a tree take no more than the largest layer needs, and a line to say what.
    let rows = half.largest_layer().div_ceil(room.row_bytes.max(1)).saturating_add(1);
    LegRoom {
        height: room.height,
        tree: room.tree.max(room.height.saturating_sub(rows)),
        row_bytes: room.row_bytes,
        header_lines: Pairs::new(half.headers(), room.width).len(),
    }
}
