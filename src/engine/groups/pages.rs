//! Something small for each position of a capture, also of a damaged one whose positions have
//! holes.

use std::collections::HashMap;

/// Positions in one page.
const PAGE: usize = 256;

/// Where an exchange belongs, and what was counted of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Slot {
    /// Its session's number and one more; 0 when it is in no group.
    pub(super) session: u32,
    /// Its level and states.
    pub(super) facts: u8,
}

/// The slots of all positions.
#[derive(Debug, Default)]
pub(super) struct Pages(HashMap<u32, Box<Page>>);

#[derive(Debug)]
struct Page {
    sessions: [u32; PAGE],
    facts: [u8; PAGE],
}

impl Pages {
    /// The slot of a position; an empty one where nothing was put.
    pub(super) fn get(&self, position: u32) -> Slot {
        let (page, at) = place(position);
        self.0.get(&page).map_or_else(Slot::default, |page| Slot {
            session: page.sessions[at],
            facts: page.facts[at],
        })
    }

    /// Puts the slot of a position.
    pub(super) fn set(&mut self, position: u32, slot: Slot) {
        let (page, at) = place(position);
        let new = || Box::new(Page { sessions: [0; PAGE], facts: [0; PAGE] });
        let page = self.0.entry(page).or_insert_with(new);
        (page.sessions[at], page.facts[at]) = (slot.session, slot.facts);
    }
}

fn place(position: u32) -> (u32, usize) {
    (position >> PAGE.ilog2(), position as usize % PAGE)
}
