//! Finding nodes and characters.

use std::borrow::Cow;

use crate::model::node::{NodeId, NodeKind, Text};
use crate::model::vocabulary::{TokenName, Vocabulary};

use super::stored::{How, NONE, Place, StoredKind, Tree};

impl Tree {
    /// Number of nodes.
    pub fn len(&self) -> usize {
        self.nodes.len()
    }

    /// True when nothing was understood.
    pub fn is_empty(&self) -> bool {
        self.nodes.is_empty()
    }

    /// The first element without a parent: the document's root.
    pub fn root(&self) -> Option<NodeId> {
        self.roots().find(|id| self.is_element(*id))
    }

    /// Every node without a parent, in order (a prolog comment, the root, what follows it).
    pub fn roots(&self) -> Siblings<'_> {
        Siblings { tree: self, next: 0, end: self.len() }
    }

    /// The children of `id`, in order.
    #[inline]
    pub fn children(&self, id: NodeId) -> Siblings<'_> {
        match self.nodes.get(id.index()) {
            Some(node) => Siblings { tree: self, next: id.index() + 1, end: node.end as usize },
            None => Siblings { tree: self, next: 0, end: 0 },
        }
    }

    /// The element around `id`.
    #[inline]
    pub fn parent(&self, id: NodeId) -> Option<NodeId> {
        let parent = self.nodes.get(id.index())?.parent;
        (parent != NONE).then_some(NodeId(parent))
    }

    /// The table or literal name of the element `id`; `None` for an unknown token or another kind.
    #[inline]
    pub fn name(&self, id: NodeId) -> Option<&str> {
        match self.nodes.get(id.index())?.kind {
            StoredKind::Element { token, page, name, .. } => {
                if name == NONE {
                    return self.vocabulary.tag(page, token).map(|tag| tag.name);
                }
                self.names.get(name as usize)?.local(&self.characters)
            }
            _ => None,
        }
    }

    /// True when `id` is an element with attributes.
    #[inline]
    pub fn has_attributes(&self, id: NodeId) -> bool {
        let kind = self.nodes.get(id.index()).map(|node| node.kind);
        matches!(kind, Some(StoredKind::Element { list, .. }) if list != NONE)
    }

    /// One past the last descendant of `id`: where its next sibling would stand.
    #[inline]
    pub fn end(&self, id: NodeId) -> Option<NodeId> {
        self.nodes.get(id.index()).map(|node| NodeId(node.end))
    }

    /// True when `id` is bytes that are not characters.
    #[inline]
    pub fn is_opaque(&self, id: NodeId) -> bool {
        self.nodes.get(id.index()).is_some_and(|n| matches!(n.kind, StoredKind::Opaque(_)))
    }

    /// The name of an element that a table names and that has no attributes.
    #[inline]
    pub fn bare(&self, id: NodeId) -> Option<&'static TokenName> {
        match self.nodes.get(id.index())?.kind {
            StoredKind::Element { token, page, name: NONE, list: NONE, .. } => {
                self.vocabulary.tag(page, token)
            }
            _ => None,
        }
    }

    /// The name and the characters of an element that a table names, that has no attributes and
    /// holds characters alone.
    #[inline]
    pub fn leaf(&self, id: NodeId) -> Option<(&'static TokenName, Text<'_>)> {
        let [element, child, ..] = self.nodes.get(id.index()..)? else { return None };
        match (element.kind, child.kind) {
            (
                StoredKind::Element { token, page, name: NONE, list: NONE, .. },
                StoredKind::Text { how, own, place, .. },
            ) if element.end == id.0.saturating_add(2) && !matches!(how, How::CData) => {
                let tag = self.vocabulary.tag(page, token)?;
                Some((tag, Place { span: place, own }.view(&self.characters)))
            }
            _ => None,
        }
    }

    /// The names that tokens stand for.
    pub fn vocabulary(&self) -> &'static Vocabulary {
        self.vocabulary
    }

    /// The first child element of `id` with this local name.
    pub fn child(&self, id: NodeId, name: &str) -> Option<NodeId> {
        self.children(id).find(|child| self.name(*child) == Some(name))
    }

    /// All child elements of `id` with this local name.
    pub fn children_named<'a>(
        &'a self,
        id: NodeId,
        name: &'a str,
    ) -> impl Iterator<Item = NodeId> + 'a {
        self.children(id).filter(move |child| self.name(*child) == Some(name))
    }

    /// Follows child element names from `id`: `["Policies", "Policy", "PolicyKey"]`.
    pub fn descend(&self, id: NodeId, path: &[&str]) -> Option<NodeId> {
        path.iter().try_fold(id, |at, name| self.child(at, name))
    }

    /// The characters of one text value, read from `layer` where they stand there.
    pub fn resolve<'a>(text: &Text<'a>, layer: &'a [u8]) -> &'a str {
        match *text {
            Text::Slice(span) => std::str::from_utf8(span.of(layer)).unwrap_or_default(),
            Text::Owned(text) => text,
        }
    }

    /// All characters directly inside `id` (or of `id` itself if it is a text node), joined;
    /// borrowed when there is one piece.
    pub fn text<'a>(&'a self, id: NodeId, layer: &'a [u8]) -> Cow<'a, str> {
        if let Some(text) = self.one_text(id) {
            return Self::resolve(&text, layer).into();
        }
        let piece = |id: NodeId| match self.get(id).map(|node| node.kind) {
            Some(NodeKind::Text(text, _)) => Some(Self::resolve(&text, layer)),
            _ => None,
        };
        let mut pieces = self.children(id).filter_map(piece);
        let first = pieces.next().unwrap_or_default();
        let Some(second) = pieces.next() else { return first.into() };
        let mut joined = String::from(first);
        joined.push_str(second);
        joined.extend(pieces);
        joined.into()
    }

    /// The characters of a text node, or of an element that holds nothing else.
    #[inline]
    pub fn one_text(&self, id: NodeId) -> Option<Text<'_>> {
        let [node, behind @ ..] = self.nodes.get(id.index()..)? else { return None };
        let text = match node.kind {
            StoredKind::Element { .. } if node.end == id.0.saturating_add(2) => behind.first()?,
            _ => node,
        };
        match text.kind {
            StoredKind::Text { own, place, .. } => {
                Some(Place { span: place, own }.view(&self.characters))
            }
            _ => None,
        }
    }

    /// The names of the elements around and including `id`, outermost first, for display.
    pub fn path(&self, id: NodeId) -> Vec<&str> {
        let mut path = Vec::new();
        let mut at = Some(id);
        while let Some(id) = at {
            path.extend(self.name(id));
            at = self.parent(id);
        }
        path.reverse();
        path
    }

    /// How many elements stand around `id`.
    pub fn depth(&self, id: NodeId) -> usize {
        std::iter::successors(self.parent(id), |id| self.parent(*id)).count()
    }

    /// The innermost node whose span contains `offset`. Logarithmic: nodes stand in the order in which
    /// their bytes begin.
    pub fn at_offset(&self, offset: usize) -> Option<NodeId> {
        let after = self.nodes.partition_point(|node| node.span.start as usize <= offset);
        let last = NodeId(u32::try_from(after.checked_sub(1)?).ok()?);
        std::iter::successors(Some(last), |id| self.parent(*id))
            .find(|id| self.nodes.get(id.index()).is_some_and(|node| node.span.contains(offset)))
    }
}

/// Iterator over nodes that share a parent.
#[derive(Debug, Clone)]
pub struct Siblings<'a> {
    tree: &'a Tree,
    next: usize,
    end: usize,
}

impl Iterator for Siblings<'_> {
    type Item = NodeId;

    #[inline]
    fn next(&mut self) -> Option<NodeId> {
        if self.next >= self.end {
            return None;
        }
        let id = NodeId(u32::try_from(self.next).ok()?);
        // Always past this node, so that a half-built tree cannot hold the walk.
        self.next = (self.tree.nodes.get(self.next)?.end as usize).max(self.next + 1);
        Some(id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::node::{Attribute, Attributes, Element, Name, Namespace, Written};
    use crate::model::span::Span;

    fn element(name: &'static str) -> NodeKind<'static> {
        NodeKind::Element(Element {
            name: Name::Known(name),
            namespace: Namespace::NONE,
            token: None,
            attributes: Attributes::NONE,
            tag: Span::default(),
        })
    }

    fn sample() -> (Tree, &'static [u8]) {
        let layer = b"(a one(b two)(c))";
        let mut tree = Tree::new();
        let a = tree.push(element("a"), Span::new(0, 17), None);
        tree.push(
            NodeKind::Text(Text::Slice(Span::new(3, 6)), Written::Plain),
            Span::new(3, 6),
            Some(a),
        );
        let b = tree.push(element("b"), Span::new(6, 13), Some(a));
        tree.push(
            NodeKind::Text(Text::Slice(Span::new(9, 12)), Written::Plain),
            Span::new(9, 12),
            Some(b),
        );
        tree.close(b, 13);
        let c = tree.push(element("c"), Span::new(13, 16), Some(a));
        tree.close(c, 16);
        tree.close(a, 17);
        (tree, layer)
    }

    #[test]
    fn children_skip_grandchildren() {
        let (tree, _) = sample();
        let root = tree.root().unwrap();
        let names: Vec<_> = tree.children(root).map(|id| tree.name(id)).collect();
        assert_eq!(names, [None, Some("b"), Some("c")]);
    }

    #[test]
    fn text_reads_the_layer() {
        let (tree, layer) = sample();
        let b = tree.descend(tree.root().unwrap(), &["b"]).unwrap();
        assert_eq!(tree.text(b, layer), "two");
        assert_eq!(tree.path(b), ["a", "b"]);
    }

    #[test]
    fn an_offset_finds_the_innermost_node() {
        let (tree, _) = sample();
        assert_eq!(tree.at_offset(10), Some(NodeId(3)));
        assert_eq!(tree.at_offset(7), Some(NodeId(2)));
        assert_eq!(tree.at_offset(14), Some(NodeId(4)));
        assert_eq!(tree.at_offset(99), None);
    }

    #[test]
    fn attributes_belong_to_their_element() {
        let (mut tree, _) = sample();
        let attribute = |name, value| Attribute {
            name: Name::Literal(name),
            namespace: Namespace::Known("urn:x"),
            value: Text::Owned(value),
            span: Span::at(1),
        };
        tree.add_attribute(NodeId(0), attribute("d", "1"));
        tree.add_attribute(NodeId(0), attribute("e", "2"));
        tree.add_attribute(NodeId(2), attribute("f", "3"));
        let of = |id| tree.element(NodeId(id)).unwrap().attributes;
        assert!(of(0).iter().eq([attribute("d", "1"), attribute("e", "2")]));
        assert_eq!(of(2).get(0), Some(attribute("f", "3")));
        assert!(of(4).is_empty());
        assert_ne!(tree, sample().0);
    }

    #[test]
    fn what_was_changed_reads_as_it_is_now() {
        let (mut tree, layer) = sample();
        tree.set_text(NodeId(3), "three", Written::Plain);
        tree.rename(NodeId(2), Name::Literal("B"), Namespace::Literal("urn:b"), None);
        assert_eq!(tree.text(NodeId(2), layer), "three");
        assert_eq!(tree.path(NodeId(2)), ["a", "B"]);
        assert_eq!(tree.element(NodeId(2)).unwrap().namespace.as_str(), "urn:b");
    }
}
