//! Making and changing trees.

use crate::model::node::{Attribute, Element, Name, Namespace, NodeId, NodeKind, Text, Written};
use crate::model::span::Span;
use crate::model::vocabulary::Vocabulary;

use super::stored::{
    How, NONE, NameId, NamespaceId, Place, Stored, StoredAttribute, StoredKind, StoredLocal,
    StoredName, StoredNamespace, Tree,
};

impl Default for Tree {
    fn default() -> Self {
        Self::with_capacity(Vocabulary::EMPTY, 0)
    }
}

impl Tree {
    /// An empty tree.
    pub fn new() -> Self {
        Self::default()
    }

    /// An empty tree with room for `nodes`, whose tokens stand for the names of `vocabulary`.
    pub fn with_capacity(vocabulary: &'static Vocabulary, nodes: usize) -> Self {
        Self {
            vocabulary,
            nodes: Vec::with_capacity(nodes),
            names: Vec::new(),
            attributes: Vec::new(),
            lists: Vec::new(),
            characters: String::new(),
        }
    }

    /// Adds a node as the last child of `parent`; close elements with [`Tree::close`] in order.
    pub fn push(&mut self, kind: NodeKind<'_>, span: Span, parent: Option<NodeId>) -> NodeId {
        match kind {
            NodeKind::Element(element) => self.push_element(element, span, parent),
            NodeKind::Text(text, written) => {
                let kind = self.text_kind(text, written);
                self.add(kind, span, parent)
            }
            NodeKind::Opaque(bytes) => self.add(StoredKind::Opaque(bytes), span, parent),
            NodeKind::Comment(text) => self.add(StoredKind::Comment(text), span, parent),
            NodeKind::Instruction(text) => {
                let Place { span: place, own } = text.store(&mut self.characters);
                self.add(StoredKind::Instruction { own, place }, span, parent)
            }
        }
    }

    fn push_element(&mut self, element: Element<'_>, span: Span, parent: Option<NodeId>) -> NodeId {
        let (page, token) = element.token.unwrap_or_default();
        let by_token = self.element_name(token, page, NONE) == (element.name, element.namespace);
        let name = if token != 0 && by_token {
            NONE
        } else {
            let namespace = self.namespace(element.namespace);
            self.name_id(element.name, namespace).0
        };
        let kind = StoredKind::Element { token, page, tag_end: element.tag.end, name, list: NONE };
        let id = self.add(kind, span, parent);
        for attribute in element.attributes.iter() {
            self.add_attribute(id, attribute);
        }
        id
    }

    /// Adds an element that the vocabulary names, or that no table lists; its span is its tag until
    /// it is closed.
    #[inline]
    pub fn push_token(&mut self, token: (u8, u8), tag: Span, parent: Option<NodeId>) -> NodeId {
        let (page, token) = token;
        let kind = StoredKind::Element { token, page, tag_end: tag.end, name: NONE, list: NONE };
        self.add(kind, tag, parent)
    }

    /// Adds an element with a name that was stored; its span is its tag until it is closed.
    pub fn push_named(&mut self, name: NameId, tag: Span, parent: Option<NodeId>) -> NodeId {
        let kind =
            StoredKind::Element { token: 0, page: 0, tag_end: tag.end, name: name.0, list: NONE };
        self.add(kind, tag, parent)
    }

    /// Adds an element and the inline string that is all it holds, as [`Tree::push_token`],
    /// [`Tree::push`] and [`Tree::close`] would: `text` is inside `span`.
    #[inline]
    pub fn push_leaf(
        &mut self,
        token: (u8, u8),
        span: Span,
        characters: Text<'_>,
        text: Span,
        parent: Option<NodeId>,
    ) {
        let (page, token) = token;
        let kind = StoredKind::Element { token, page, tag_end: text.start, name: NONE, list: NONE };
        let parent = parent.map_or(NONE, |parent| parent.0);
        let id = self.next();
        let end = id.saturating_add(2);
        self.nodes.push(Stored { span, parent, end, kind });
        let kind = self.text_kind(characters, Written::InlineString);
        self.nodes.push(Stored { span: text, parent: id, end, kind });
    }

    /// Adds an attribute to `id`, the last element that was given any or one after it.
    pub fn add_attribute(&mut self, id: NodeId, attribute: Attribute<'_>) {
        let namespace = self.namespace(attribute.namespace);
        let Attribute { name, value, span, .. } = attribute;
        self.add_named_attribute(id, (name, namespace), value, span);
    }

    /// The same with a namespace that was stored.
    pub fn add_named_attribute(
        &mut self,
        id: NodeId,
        (name, namespace): (Name<'_>, NamespaceId),
        value: Text<'_>,
        span: Span,
    ) {
        let name = StoredName { name: self.local(name), namespace: namespace.0 };
        let value = value.store(&mut self.characters);
        let at = u32::try_from(self.attributes.len()).unwrap_or(NONE);
        let next_list = u32::try_from(self.lists.len()).unwrap_or(NONE);
        let Some(node) = self.nodes.get_mut(id.index()) else { return };
        let StoredKind::Element { list, .. } = &mut node.kind else { return };
        if *list == NONE {
            *list = next_list;
            self.lists.push((at, at));
        }
        if let Some((_, end)) = self.lists.get_mut(*list as usize)
            && *end == at
        {
            *end = at.saturating_add(1);
            self.attributes.push(StoredAttribute { name, value, span });
        }
    }

    /// Lets the start tag of `id`, which has attributes, reach to `end`.
    pub fn extend_tag(&mut self, id: NodeId, end: usize) {
        let Some(node) = self.nodes.get_mut(id.index()) else { return };
        let end = u32::try_from(end).unwrap_or(u32::MAX);
        if let StoredKind::Element { tag_end, .. } = &mut node.kind {
            *tag_end = end.max(*tag_end);
            node.span.end = end.max(node.span.end);
        }
    }

    /// Ends `id`: what was pushed since is inside it, and its bytes reach to `end`.
    #[inline]
    pub fn close(&mut self, id: NodeId, end: usize) {
        let next = self.next();
        if let Some(node) = self.nodes.get_mut(id.index()) {
            node.end = next;
            node.span = Span::new(node.span.start as usize, end);
        }
    }

    /// Keeps a namespace for [`Tree::name_id`].
    pub fn namespace(&mut self, namespace: Namespace<'_>) -> NamespaceId {
        NamespaceId(match namespace {
            Namespace::Known(name) => StoredNamespace::Known(name),
            Namespace::Literal(name) => {
                StoredNamespace::Own(Place::append(&mut self.characters, name))
            }
        })
    }

    /// Keeps a name for [`Tree::push_named`].
    pub fn name_id(&mut self, name: Name<'_>, namespace: NamespaceId) -> NameId {
        let id = NameId(u32::try_from(self.names.len()).unwrap_or(NONE));
        let name = self.local(name);
        self.names.push(StoredName { name, namespace: namespace.0 });
        id
    }

    /// Puts other characters in the place of a text node's own.
    pub fn set_text(&mut self, id: NodeId, text: &str, written: Written) {
        let kind = self.text_kind(Text::Owned(text), written);
        if let Some(node) = self.nodes.get_mut(id.index())
            && let StoredKind::Text { .. } = node.kind
        {
            node.kind = kind;
        }
    }

    /// Gives an element another name; `token` is its code page and token, if it has them.
    pub fn rename(
        &mut self,
        id: NodeId,
        name: Name<'_>,
        namespace: Namespace<'_>,
        token: Option<(u8, u8)>,
    ) {
        let namespace = self.namespace(namespace);
        let NameId(stored) = self.name_id(name, namespace);
        if let Some(node) = self.nodes.get_mut(id.index())
            && let StoredKind::Element { name, page, token: own, .. } = &mut node.kind
        {
            *name = stored;
            (*page, *own) = token.unwrap_or_default();
        }
    }

    fn local(&mut self, name: Name<'_>) -> StoredLocal {
        match name {
            Name::Known(name) => StoredLocal::Known(name),
            Name::Literal(name) => StoredLocal::Own(Place::append(&mut self.characters, name)),
            Name::Unknown { page, token } => StoredLocal::Unknown { page, token },
        }
    }

    #[inline]
    fn text_kind(&mut self, text: Text<'_>, written: Written) -> StoredKind {
        let Place { span: place, own } = text.store(&mut self.characters);
        let (how, token, operand) = How::of(written);
        StoredKind::Text { how, own, token, operand, place }
    }

    #[inline]
    fn add(&mut self, kind: StoredKind, span: Span, parent: Option<NodeId>) -> NodeId {
        let id = self.next();
        let parent = parent.map_or(NONE, |parent| parent.0);
        self.nodes.push(Stored { span, parent, end: id.saturating_add(1), kind });
        NodeId(id)
    }

    /// The id of the node that is pushed next.
    #[inline]
    pub fn next_id(&self) -> NodeId {
        NodeId(self.next())
    }

    #[inline]
    fn next(&self) -> u32 {
        u32::try_from(self.nodes.len()).unwrap_or(NONE)
    }
}
