//! How a tree is kept: small records, and what does not fit them beside.

use crate::model::node::{
    Attribute, Attributes, Element, Name, Namespace, Node, NodeId, NodeKind, Text, Written,
};
use crate::model::span::Span;
use crate::model::vocabulary::Vocabulary;

/// A document: nodes in document order.
#[derive(Debug, Clone)]
pub struct Tree {
    pub(super) vocabulary: &'static Vocabulary,
    pub(super) nodes: Vec<Stored>,
    /// Names that the vocabulary does not have.
    pub(super) names: Vec<StoredName>,
    pub(super) attributes: Vec<StoredAttribute>,
    /// The attributes of each element that has some: first, and one past the last.
    pub(super) lists: Vec<(u32, u32)>,
    /// Characters that are not bytes of the layer.
    pub(super) characters: String,
}

/// A name that was stored in a tree, to be used for many elements.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct NameId(pub(super) u32);

/// A namespace that was stored in a tree, to be used for many names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct NamespaceId(pub(super) StoredNamespace);

impl NamespaceId {
    /// No namespace.
    pub const NONE: Self = Self::known("");

    /// A namespace of the product's tables, which needs no room in a tree.
    pub const fn known(name: &'static str) -> Self {
        Self(StoredNamespace::Known(name))
    }
}

/// No entry.
pub(super) const NONE: u32 = u32::MAX;

/// Characters: of the layer, or of the tree.
#[derive(Debug, Clone, Copy)]
pub(in crate::model) struct Place {
    pub(in crate::model) span: Span,
    /// In the tree's own characters.
    pub(in crate::model) own: bool,
}

/// One node.
#[derive(Debug, Clone, Copy)]
pub(super) struct Stored {
    pub(super) span: Span,
    /// `NONE` for a root.
    pub(super) parent: u32,
    pub(super) end: u32,
    pub(super) kind: StoredKind,
}

/// What a node is. Flat, so that no field pads another.
#[derive(Debug, Clone, Copy)]
pub(super) enum StoredKind {
    Element {
        /// Zero for none: tokens begin at 5.
        token: u8,
        page: u8,
        tag_end: u32,
        /// Entry of `names`; `NONE` for what the vocabulary says.
        name: u32,
        /// Entry of `lists`; `NONE` without attributes.
        list: u32,
    },
    Text {
        how: How,
        own: bool,
        token: u8,
        operand: u32,
        place: Span,
    },
    Opaque(Span),
    Comment(Span),
    Instruction {
        own: bool,
        place: Span,
    },
}

/// [`Written`] without its operands.
#[derive(Debug, Clone, Copy)]
pub(super) enum How {
    Plain,
    CData,
    InlineString,
    TableString,
    Entity,
    Extension,
    Opaque,
}

#[derive(Debug, Clone, Copy, Eq, Hash)]
#[expect(clippy::derived_hash_with_manual_eq, reason = "what is equal is equal field by field")]
pub(super) enum StoredNamespace {
    Known(&'static str),
    Own(Span),
}

#[derive(Debug, Clone, Copy)]
pub(super) struct StoredName {
    pub(super) name: StoredLocal,
    pub(super) namespace: StoredNamespace,
}

#[derive(Debug, Clone, Copy)]
pub(super) enum StoredLocal {
    Known(&'static str),
    Own(Span),
    Unknown { page: u8, token: u8 },
}

/// One attribute.
#[derive(Debug, Clone, Copy)]
pub(in crate::model) struct StoredAttribute {
    pub(super) name: StoredName,
    pub(super) value: Place,
    pub(super) span: Span,
}

impl Place {
    /// Adds `text` to the tree's characters.
    pub(in crate::model) fn append(characters: &mut String, text: &str) -> Span {
        let start = characters.len();
        characters.push_str(text);
        Span::new(start, characters.len())
    }

    #[inline]
    pub(super) fn view(self, characters: &str) -> Text<'_> {
        if self.own { Text::Owned(part(characters, self.span)) } else { Text::Slice(self.span) }
    }
}

impl StoredAttribute {
    /// As a value, with the characters of its tree.
    pub(in crate::model) fn view(self, characters: &str) -> Attribute<'_> {
        let (name, namespace) = self.name.view(characters);
        Attribute { name, namespace, value: self.value.view(characters), span: self.span }
    }
}

impl StoredName {
    /// The local name; `None` for an unknown token.
    #[inline]
    pub(super) fn local<'a>(&self, characters: &'a str) -> Option<&'a str> {
        match self.name {
            StoredLocal::Known(name) => Some(name),
            StoredLocal::Own(place) => Some(part(characters, place)),
            StoredLocal::Unknown { .. } => None,
        }
    }

    fn view(self, characters: &str) -> (Name<'_>, Namespace<'_>) {
        let name = match self.name {
            StoredLocal::Known(name) => Name::Known(name),
            StoredLocal::Own(place) => Name::Literal(part(characters, place)),
            StoredLocal::Unknown { page, token } => Name::Unknown { page, token },
        };
        (name, self.namespace.view(characters))
    }
}

impl PartialEq for StoredNamespace {
    #[inline]
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            // Most are one and the same text, or none.
            (Self::Known(a), Self::Known(b)) => std::ptr::eq(*a, *b) || a == b,
            (Self::Own(a), Self::Own(b)) => a == b,
            _ => false,
        }
    }
}

impl StoredNamespace {
    fn view(self, characters: &str) -> Namespace<'_> {
        match self {
            Self::Known(name) => Namespace::Known(name),
            Self::Own(place) => Namespace::Literal(part(characters, place)),
        }
    }
}

impl Tree {
    /// The node with this id, if the tree has it.
    #[inline]
    pub fn get(&self, id: NodeId) -> Option<Node<'_>> {
        self.nodes.get(id.index()).map(|stored| self.view(stored))
    }

    /// All nodes in document order.
    #[inline]
    pub fn nodes(&self) -> impl DoubleEndedIterator<Item = Node<'_>> + ExactSizeIterator + Clone {
        self.nodes.iter().map(|stored| self.view(stored))
    }

    /// The element data of `id`, if it is an element.
    #[inline]
    pub fn element(&self, id: NodeId) -> Option<Element<'_>> {
        match self.get(id)?.kind {
            NodeKind::Element(element) => Some(element),
            _ => None,
        }
    }

    /// True when `id` is an element.
    #[inline]
    pub fn is_element(&self, id: NodeId) -> bool {
        self.nodes.get(id.index()).is_some_and(|n| matches!(n.kind, StoredKind::Element { .. }))
    }

    /// Bytes of memory that the tree holds beside its own few words.
    pub fn memory(&self) -> usize {
        self.nodes.capacity() * size_of::<Stored>()
            + self.names.capacity() * size_of::<StoredName>()
            + self.attributes.capacity() * size_of::<StoredAttribute>()
            + self.lists.capacity() * size_of::<(u32, u32)>()
            + self.characters.capacity()
    }

    #[inline]
    pub(super) fn view(&self, stored: &Stored) -> Node<'_> {
        let Stored { span, parent, end, kind } = *stored;
        let parent = (parent != NONE).then_some(NodeId(parent));
        let characters = self.characters.as_str();
        let kind = match kind {
            StoredKind::Element { token, page, tag_end, name, list } => {
                let (name, namespace) = self.element_name(token, page, name);
                let token = (token != 0).then_some((page, token));
                let tag = Span { start: span.start, end: tag_end.max(span.start) };
                let attributes = self.attributes_of(list);
                NodeKind::Element(Element { name, namespace, token, attributes, tag })
            }
            StoredKind::Text { how, own, token, operand, place } => {
                let text = Place { span: place, own }.view(characters);
                NodeKind::Text(text, how.written(token, operand))
            }
            StoredKind::Opaque(span) => NodeKind::Opaque(span),
            StoredKind::Comment(span) => NodeKind::Comment(span),
            StoredKind::Instruction { own, place } => {
                NodeKind::Instruction(Place { span: place, own }.view(characters))
            }
        };
        Node { kind, span, parent, end: NodeId(end) }
    }

    /// The name of an element by its stored fields.
    #[inline]
    pub(super) fn element_name(&self, token: u8, page: u8, name: u32) -> (Name<'_>, Namespace<'_>) {
        if let Some(stored) = self.names.get(name as usize) {
            return stored.view(&self.characters);
        }
        if let Some(tag) = self.vocabulary.tag(page, token) {
            return (Name::Known(tag.name), Namespace::Known(tag.namespace));
        }
        let namespace = self.vocabulary.page_namespace(page).unwrap_or_default();
        (Name::Unknown { page, token }, Namespace::Known(namespace))
    }

    fn attributes_of(&self, list: u32) -> Attributes<'_> {
        if list == NONE {
            return Attributes::NONE;
        }
        let (first, end) = self.lists.get(list as usize).copied().unwrap_or_default();
        let list = self.attributes.get(first as usize..end as usize).unwrap_or_default();
        Attributes { list, characters: &self.characters }
    }
}

impl PartialEq for Tree {
    /// The same nodes with the same names and characters, however they are kept.
    fn eq(&self, other: &Self) -> bool {
        self.nodes().eq(other.nodes())
    }
}

impl Eq for Tree {}

impl How {
    #[inline]
    fn written(self, token: u8, operand: u32) -> Written {
        match self {
            Self::Plain => Written::Plain,
            Self::CData => Written::CData,
            Self::InlineString => Written::InlineString,
            Self::TableString => Written::TableString(operand),
            Self::Entity => Written::Entity(operand),
            Self::Extension => Written::Extension(token, operand),
            Self::Opaque => Written::Opaque,
        }
    }

    /// With the token and operand that go beside it.
    #[inline]
    pub(super) fn of(written: Written) -> (Self, u8, u32) {
        match written {
            Written::Plain => (Self::Plain, 0, 0),
            Written::CData => (Self::CData, 0, 0),
            Written::InlineString => (Self::InlineString, 0, 0),
            Written::TableString(offset) => (Self::TableString, 0, offset),
            Written::Entity(code) => (Self::Entity, 0, code),
            Written::Extension(token, operand) => (Self::Extension, token, operand),
            Written::Opaque => (Self::Opaque, 0, 0),
        }
    }
}

/// A part of the tree's characters.
#[inline]
fn part(characters: &str, place: Span) -> &str {
    characters.get(place.range()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_node_takes_32_bytes() {
        assert_eq!(size_of::<Stored>(), 32);
    }
}
