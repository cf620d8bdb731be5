//! Searching what is in sight.

use crate::model::{LayerId, Leg};
use crate::tui::action::{Face, Tab};
use crate::tui::hits::{Hits, Quest};
use crate::tui::search::{Needle, Way, next_line};

use super::detail::DetailPane;
use super::pairs::Pairs;
use super::scroll::Scroll;

/// What a search came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Sought {
    /// It stands here now; which of how many: `3/17`.
    At(String),
    /// It is nowhere.
    Nowhere,
    /// This has to be asked first.
    Ask(Quest),
}

impl DetailPane {
    /// Goes to the next place of what is in sight that holds what is searched for, when all places are
    /// known; they are marked from now on.
    pub(crate) fn find(&mut self, needle: &Needle, way: Way) -> Sought {
        self.marked = Some(needle.clone());
        match (self.tab, self.face) {
            (Tab::Overview, _) => self.find_in_pairs(None, needle, way),
            (Tab::Leg(leg), Face::Headers) => self.find_in_pairs(Some(leg), needle, way),
            (Tab::Leg(leg), face) => self.find_in_body(leg, face, needle, way),
        }
    }

    /// Takes what was found; false when it is not of what is in sight any more.
    pub(crate) fn take_hits(&mut self, hits: Hits) -> bool {
        let Hits { quest, .. } = &hits;
        let current = self.quest(&quest.needle).as_ref() == Some(quest);
        if current {
            self.hits = Some(hits);
        }
        current
    }

    /// What is marked wherever it is in sight.
    pub(crate) fn marked(&self) -> Option<&Needle> {
        self.marked.as_ref()
    }

    /// The line of the overview or of header fields that was found last.
    pub(crate) fn pair_hit(&self) -> Option<usize> {
        self.pair_hit
    }

    /// Marks nothing any more.
    pub(crate) fn unmark(&mut self) {
        (self.marked, self.pair_hit) = (None, None);
    }

    fn find_in_pairs(&mut self, leg: Option<Leg>, needle: &Needle, way: Way) -> Sought {
        let Some(shown) = self.shown.as_deref() else { return Sought::Nowhere };
        let pairs = leg.map_or(&*shown.overview, |leg| shown.half(leg).headers());
        let lines = Pairs::new(pairs, self.room.width);
        let holds = |at: &usize| {
            let (name, value) = &lines.lines()[*at];
            needle.is_in(name) || needle.is_in(value)
        };
        let scroll: &mut Scroll = match leg {
            None => &mut self.overview,
            Some(Leg::Request) => &mut self.request.headers,
            Some(Leg::Response) => &mut self.response.headers,
        };
        // These lines have no cursor: where the last hit was, or what is in sight begins.
        let from = self.pair_hit.unwrap_or(scroll.top());
        let from_hit = self.pair_hit.is_some() || way == Way::Backward;
        let found = if !from_hit && lines.len() > 0 && holds(&from.min(lines.len() - 1)) {
            Some(from)
        } else {
            next_line(lines.len(), from, way, holds)
        };
        let Some(at) = found else { return Sought::Nowhere };
        scroll.go(at, lines.len());
        let before = (0..at).filter(|at| holds(at)).count();
        let all = before + (at..lines.len()).filter(|at| holds(at)).count();
        self.pair_hit = Some(at);
        Sought::At(format!("{}/{all}", before + 1))
    }

    fn find_in_body(&mut self, leg: Leg, face: Face, needle: &Needle, way: Way) -> Sought {
        let Some(quest) = self.quest(needle) else { return Sought::Nowhere };
        let Some(hits) = self.hits.take_if(|hits| hits.quest == quest) else {
            return Sought::Ask(quest);
        };
        let pane = self.leg(leg);
        let from = match face {
            _ if quest.is_for_bytes() => pane.hex.cursor(),
            Face::Xml => pane.xml.cursor(),
            _ => pane.tree.selected().unwrap_or(0),
        };
        let next = hits.next(from, way);
        if let Some((at, _)) = &next {
            self.in_half(|pane, room, half| match face {
                _ if quest.is_for_bytes() => pane.go_to_byte(*at, room, half),
                Face::Xml => pane.go_to_xml(*at, room, half),
                _ => pane.go_to_line(*at, room, half),
            });
        }
        self.hits = Some(hits);
        next.map_or(Sought::Nowhere, |(_, number)| Sought::At(number))
    }

    /// The search for this in what is in sight.
    fn quest(&self, needle: &Needle) -> Option<Quest> {
        let (shown, Tab::Leg(leg)) = (self.shown()?, self.tab) else { return None };
        let face = self.face;
        let half = shown.half(leg);
        let (selected, _) = self.leg(leg).selection(half);
        let layer = match (face, needle) {
            // A tree is searched whole, whichever layer is selected, and so is a document.
            (Face::Tree, Needle::Text(_)) => LayerId::BODY,
            (Face::Xml, _) => half.xml_top(selected).unwrap_or(selected),
            _ => selected,
        };
        Some(Quest { needle: needle.clone(), version: self.version, leg, face, layer })
    }
}
