//! The selected exchange: tabs, and where each of them stands.

use crate::engine::ValuePlace;
use crate::model::{ExchangeId, Leg};
use crate::tui::action::{Action, Face, Step, Tab};
use crate::tui::fit;
use crate::tui::layout::{DetailRoom, LABEL_WIDTH};
use crate::tui::prepared::Prepared;
use crate::tui::search::{Needle, Way, next_line};

use super::leg::{LegPane, LegRoom, page};
use super::scroll::Scroll;
use super::tree::TreePane;

/// Most lines one value of the overview or of a header field is folded into.
const VALUE_LINES: usize = 32;

/// The exchange that is shown. Tab and way of showing stay from one exchange to the next.
#[derive(Debug)]
pub(crate) struct DetailPane {
    shown: Option<Box<Prepared>>,
    /// What was shown before, to be taken apart elsewhere: a large tree is many small pieces.
    retired: Option<Box<Prepared>>,
    tab: Tab,
    /// The half shown last, for keys that choose a way of showing it.
    leg: Leg,
    face: Face,
    overview: Scroll,
    request: LegPane,
    response: LegPane,
    room: DetailRoom,
}

impl Default for DetailPane {
    fn default() -> Self {
        Self {
            shown: None,
            retired: None,
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
    pub(crate) fn show(&mut self, prepared: Box<Prepared>) {
        let old = self.shown.replace(prepared);
        let Some(new) = self.shown.as_deref() else { return };
        let same = old.as_deref().filter(|old| old.id() == new.id());
        if same.is_none() {
            self.overview.go(0, 0);
        }
        for (pane, leg) in [(&mut self.request, Leg::Request), (&mut self.response, Leg::Response)]
        {
            match same.filter(|old| !old.leg(leg).tree.is_empty()) {
                Some(old) => pane.tree.refresh(&old.leg(leg).tree, &new.leg(leg).tree),
                None => pane.reset(new.leg(leg)),
            }
        }
        self.retired = old;
        self.resize(self.room);
        self.follow();
    }

    /// Shows nothing.
    pub(crate) fn clear(&mut self) {
        self.retired = self.shown.take();
    }

    /// What is not shown any more, for the loop to drop where it delays nothing.
    pub(crate) fn take_retired(&mut self) -> Option<Box<Prepared>> {
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
        let rooms = [Leg::Request, Leg::Response].map(|leg| leg_room(room, shown, leg));
        self.request.resize(rooms[0], shown.leg(Leg::Request));
        self.response.resize(rooms[1], shown.leg(Leg::Response));
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
        let line = shown.leg(leg).tree.get(self.leg(leg).tree.selected()?)?;
        Some(ValuePlace { leg, layer: line.layer, node: line.node? })
    }

    /// Goes to the next place of what is in sight that holds what is searched for; false when there
    /// is none.
    pub(crate) fn find(&mut self, needle: &Needle, way: Way) -> bool {
        let Some(shown) = self.shown.as_deref() else { return false };
        let in_pairs = |pairs: &[(String, String)], scroll: &mut Scroll| {
            let lines = Pairs::new(pairs, self.room.width);
            let hit = |at: &usize| {
                let (name, value) = &lines.lines()[*at];
                needle.is_in(name) || needle.is_in(value)
            };
            let found = next_line(lines.len(), scroll.cursor(), way, hit);
            if let Some(at) = found {
                scroll.go(at, lines.len());
            }
            found.is_some()
        };
        match (self.tab, self.face) {
            (Tab::Overview, _) => in_pairs(&shown.overview, &mut self.overview),
            (Tab::Leg(leg), Face::Headers) => {
                let pane = pick(&mut self.request, &mut self.response, leg);
                in_pairs(&shown.leg(leg).headers, &mut pane.headers)
            }
            (Tab::Leg(leg), face) => {
                let room = leg_room(self.room, shown, leg);
                let pane = pick(&mut self.request, &mut self.response, leg);
                pane.find(face, (needle, way), room, (shown, leg))
            }
        }
    }

    /// Moves the page.
    pub(crate) fn wheel(&mut self, lines: isize) {
        let Some(shown) = self.shown.as_deref() else { return };
        match self.tab {
            Tab::Overview => {
                let len = Pairs::new(&shown.overview, self.room.width).len();
                self.overview.wheel(lines, len);
            }
            Tab::Leg(leg) => {
                let room = leg_room(self.room, shown, leg);
                let pane = pick(&mut self.request, &mut self.response, leg);
                pane.wheel(self.face, lines, room, (shown, leg));
            }
        }
    }

    /// Selects the line of the tree that stands `y` lines below the bar; one that is selected
    /// already folds or unfolds.
    pub(crate) fn point(&mut self, y: usize) {
        let (Some(shown), Tab::Leg(leg), true) = (self.shown.as_deref(), self.tab, self.in_tree())
        else {
            return;
        };
        let pane = pick(&mut self.request, &mut self.response, leg);
        let page = pane.tree.page(&shown.leg(leg).tree, self.room.width);
        if y >= pane.tree.scroll().height() {
            return;
        }
        let before = pane.tree.selected();
        pane.tree.point(page.row_at(y));
        let again = before == pane.tree.selected() && page.row_at(y) == page.cursor;
        self.follow();
        if again {
            self.act(Action::ToggleFold);
        }
    }

    fn step(&mut self, step: Step) {
        let Some(shown) = self.shown.as_deref() else { return };
        match self.tab {
            Tab::Overview => {
                let len = Pairs::new(&shown.overview, self.room.width).len();
                page(&mut self.overview, step, len);
            }
            Tab::Leg(leg) => {
                let room = leg_room(self.room, shown, leg);
                let pane = pick(&mut self.request, &mut self.response, leg);
                pane.step(self.face, step, room, (shown, leg));
            }
        }
    }

    fn turn_to(&mut self, tab: Tab) {
        self.tab = tab;
        if let Tab::Leg(leg) = tab {
            self.leg = leg;
        }
    }

    fn turn_by(&mut self, tabs: usize) {
        let at = Tab::ALL.iter().position(|tab| *tab == self.tab).unwrap_or(0);
        self.turn_to(Tab::ALL[(at + tabs) % Tab::ALL.len()]);
    }

    fn in_tree_do(&mut self, change: fn(&mut TreePane, &[crate::render::OutlineLine])) {
        let (Some(shown), Tab::Leg(leg)) = (self.shown.as_deref(), self.tab) else { return };
        let pane = pick(&mut self.request, &mut self.response, leg);
        change(&mut pane.tree, &shown.leg(leg).tree);
        self.follow();
    }

    fn shift(&mut self, by: isize) {
        let (Some(shown), Tab::Leg(leg)) = (self.shown.as_deref(), self.tab) else { return };
        let room = leg_room(self.room, shown, leg);
        pick(&mut self.request, &mut self.response, leg).shift(by, room, (shown, leg));
    }

    fn follow(&mut self) {
        let Some(shown) = self.shown.as_deref() else { return };
        for leg in [Leg::Request, Leg::Response] {
            let room = leg_room(self.room, shown, leg);
            pick(&mut self.request, &mut self.response, leg).follow(room, (shown, leg));
        }
    }
}

fn pick<'a>(request: &'a mut LegPane, response: &'a mut LegPane, leg: Leg) -> &'a mut LegPane {
    match leg {
        Leg::Request => request,
        Leg::Response => response,
    }
}

fn leg_room(room: DetailRoom, shown: &Prepared, leg: Leg) -> LegRoom {
    // The bytes below a tree take no more than the largest layer needs, and a line to say what.
    let rows = shown.largest_layer(leg).div_ceil(room.row_bytes.max(1)).saturating_add(1);
    LegRoom {
        height: room.height,
        tree: room.tree.max(room.height.saturating_sub(rows)),
        row_bytes: room.row_bytes,
        header_lines: Pairs::new(&shown.leg(leg).headers, room.width).len(),
    }
}

/// Names with values, folded to a width.
pub(crate) struct Pairs<'a> {
    lines: Vec<(&'a str, std::borrow::Cow<'a, str>)>,
    /// Cells of the names.
    pub(crate) label: usize,
}

impl<'a> Pairs<'a> {
    /// Folds every value to what `width` cells leave beside the names.
    pub(crate) fn new(pairs: &'a [(String, String)], width: usize) -> Self {
        let longest = pairs.iter().map(|(label, _)| fit::width(label)).max().unwrap_or(0);
        let label = longest.min(LABEL_WIDTH).min(width / 3);
        let room = width.saturating_sub(label + 2);
        let mut lines = Vec::new();
        for (name, value) in pairs {
            for (at, line) in fit::fold(value, room, VALUE_LINES).into_iter().enumerate() {
                lines.push((if at == 0 { name.as_str() } else { "" }, line));
            }
        }
        Self { lines, label }
    }

    /// How many lines.
    pub(crate) fn len(&self) -> usize {
        self.lines.len()
    }

    /// The lines: a name (empty where a value goes on) and a piece of a value.
    pub(crate) fn lines(&self) -> &[(&'a str, std::borrow::Cow<'a, str>)] {
        &self.lines
    }
}
