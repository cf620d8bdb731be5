//! The elements of a message, each looked up once in the vocabulary.

use std::sync::LazyLock;

use crate::analyze::document::Document;
use crate::analyze::table::rows;
use crate::model::NodeId;

/// An element of the vocabulary.
#[derive(Debug)]
pub(super) struct Known {
    pub(super) name: &'static str,
    /// It is meta information.
    pub(super) metinf: bool,
    /// For what stands once in what it stands in a bit of its own, else 0.
    once: u16,
    /// Names of its children in their order (OMA DTD); empty when the order is free or told elsewhere.
    pub(super) order: Vec<&'static str>,
}

/// The namespace of meta information.
pub(super) const METINF: &str = "syncml:metinf";

/// Elements that stand once in what they stand in.
const ONCE: [&str; 12] = [
    "CmdID",
    "MsgRef",
    "CmdRef",
    "Cmd",
    "Data",
    "Meta",
    "VerDTD",
    "VerProto",
    "SessionID",
    "MsgID",
    "Target",
    "Source",
];

/// By the length of their names: few have the same.
static ELEMENTS: LazyLock<Vec<Vec<Known>>> = LazyLock::new(|| {
    let mut elements: Vec<Vec<Known>> = Vec::new();
    for [name, namespace, _, _, _, content, ..] in
        rows::<10>(include_str!("../../tables/syncml_elements.tsv"))
    {
        let order = order(name, content);
        let once = ONCE.iter().position(|once| *once == name).map_or(0, |at| 1 << at);
        let metinf = namespace == METINF;
        if elements.len() <= name.len() {
            elements.resize_with(name.len() + 1, Vec::new);
        }
        elements[name.len()].push(Known { name, metinf, once, order });
    }
    elements
});

/// What the vocabulary says of an element.
fn known(name: &str) -> Option<&'static Known> {
    ELEMENTS.get(name.len())?.iter().find(|known| known.name == name)
}

/// What the vocabulary says of the names met last: a tree has each of them in one place.
struct Met([(usize, usize, Option<&'static Known>); PLACES]);

/// Names remembered in [`Met`].
const PLACES: usize = 64;

impl Met {
    fn known(&mut self, name: &str) -> Option<&'static Known> {
        let (address, length) = (name.as_ptr().addr(), name.len());
        let place = &mut self.0[(address ^ length) % PLACES];
        if (place.0, place.1) != (address, length) {
            *place = (address, length, known(name));
        }
        place.2
    }
}

/// `(CmdID, NoResp?, Meta?, Item+)` as names. Groups may come in any order; Status has two published
/// orders, the header and Item have rules of their own.
fn order(name: &str, content: &'static str) -> Vec<&'static str> {
    let elsewhere = ["SyncML", "SyncHdr", "SyncBody", "Item", "Status", "Results"];
    if elsewhere.contains(&name) || content.contains('|') || !content.contains(',') {
        return Vec::new();
    }
    let inner = content.trim_matches(['(', ')']);
    inner.split(',').map(|part| part.trim().trim_end_matches(['?', '+', '*'])).collect()
}

/// One element of a message itself.
#[derive(Debug, Clone, Copy)]
pub(super) struct Own {
    pub(super) node: NodeId,
    /// The element around it; itself at the root.
    pub(super) around: NodeId,
    /// What the vocabulary says of it.
    pub(super) known: Option<&'static Known>,
    /// It stands in Meta or in `MetInf`.
    pub(super) in_meta: bool,
    pub(super) has_attributes: bool,
    /// It stands once in what it stands in, and there was one before it.
    pub(super) again: bool,
}

impl Own {
    /// True for the element of this name.
    pub(super) fn is(&self, name: &str) -> bool {
        self.known.is_some_and(|known| known.name == name)
    }
}

/// Elements that room is made for beforehand.
const RESERVED: usize = 4096;

/// An element around the next node.
struct Open {
    node: NodeId,
    end: NodeId,
    is_meta: bool,
    /// The bits of what stands in it once and was met.
    met: u16,
}

impl Open {
    /// Notes what stands in it; true when that was there before.
    fn met(&mut self, once: u16) -> bool {
        let again = self.met & once != 0;
        self.met |= once;
        again
    }
}

/// The elements of a message in document order, without what stands in Data.
pub(super) fn own_elements(document: &Document<'_>) -> Vec<Own> {
    let tree = document.tree;
    let mut own: Vec<Own> = Vec::with_capacity((tree.len() / 2).min(RESERVED));
    let mut met = Met([(0, 0, None); PLACES]);
    let mut open: Vec<Open> = Vec::new();
    let mut next = NodeId(0);
    while let Some(end) = tree.end(next) {
        let (id, mut after) = (next, NodeId(next.0.saturating_add(1)));
        while open.pop_if(|open| open.end <= id).is_some() {}
        if tree.is_element(id) {
            let name = document.name(id);
            let known = met.known(name);
            let around = open.last_mut();
            let once = known.map_or(0, |known| known.once);
            own.push(Own {
                node: id,
                around: around.as_ref().map_or(id, |open| open.node),
                known,
                in_meta: around.as_ref().is_some_and(|open| open.is_meta),
                has_attributes: tree.has_attributes(id),
                again: around.is_some_and(|open| open.met(once)),
            });
            if name == "Data" {
                after = end.max(after);
            } else if end > after {
                let is_meta = matches!(name, "Meta" | "MetInf");
                open.push(Open { node: id, end, is_meta, met: 0 });
            }
        }
        next = after;
    }
    own
}
