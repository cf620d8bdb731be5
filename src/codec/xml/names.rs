//! Names of elements that a tree has already.

use std::collections::HashMap;

use crate::model::{Name, NameId, NamespaceId, Tree};

/// Names met last, each in the place that its spelling gives it: documents use few, again and again.
const PLACES: usize = 64;

/// One name as the tree has it.
#[derive(Debug, Clone, Copy)]
struct Met<'a> {
    name: &'a str,
    namespace: NamespaceId,
    id: NameId,
}

/// The names of a document; a tree gets each once.
#[derive(Debug)]
pub(super) struct Names<'a> {
    last: [Option<Met<'a>>; PLACES],
    all: HashMap<(&'a str, NamespaceId), NameId>,
}

impl<'a> Names<'a> {
    /// None met yet.
    pub(super) fn new() -> Self {
        Self { last: [None; PLACES], all: HashMap::with_capacity(PLACES) }
    }

    /// The name as `tree` has it from now on.
    pub(super) fn of(&mut self, name: &'a str, namespace: NamespaceId, tree: &mut Tree) -> NameId {
        let known = self.last.get(place(name)).copied().flatten();
        if let Some(met) = known
            && met.name == name
            && met.namespace == namespace
        {
            return met.id;
        }
        let id = *self
            .all
            .entry((name, namespace))
            .or_insert_with(|| tree.name_id(Name::Literal(name), namespace));
        if let Some(last) = self.last.get_mut(place(name)) {
            *last = Some(Met { name, namespace, id });
        }
        id
    }
}

/// A place for a name, by its length, its first and its last byte.
fn place(name: &str) -> usize {
    let bytes = name.as_bytes();
    let ends = [bytes.first(), bytes.last()].map(|byte| usize::from(byte.copied().unwrap_or(0)));
    let [first, last] = ends;
    // Neither can wrap for names that fit in memory, and a wrong place costs a look-up.
    name.len().wrapping_mul(7).wrapping_add(first.wrapping_mul(3)).wrapping_add(last) % PLACES
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Span;

    #[test]
    fn names_in_one_place_are_told_apart() {
        let (mut names, mut tree) = (Names::new(), Tree::new());
        let spaces = [NamespaceId::NONE, NamespaceId::known("urn:a")];
        // Same length, same ends.
        let all = ["abc", "axc", "a", ""].map(|name| spaces.map(|space| (name, space)));
        let first = all.as_flattened().iter().map(|(n, s)| names.of(n, *s, &mut tree));
        let first: Vec<NameId> = first.collect();
        let again = all.as_flattened().iter().map(|(n, s)| names.of(n, *s, &mut tree));
        assert_eq!(first, again.collect::<Vec<_>>());
        for (at, id) in first.iter().enumerate() {
            assert!(!first[..at].contains(id));
            let node = tree.push_named(*id, Span::default(), None);
            tree.close(node, 0);
            assert_eq!(tree.name(node), Some(all.as_flattened()[at].0));
        }
    }
}
