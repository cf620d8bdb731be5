//! What every codec yields: a tree of nodes over the bytes of one layer.
//!
//! A tree borrows nothing and copies little: text that stands in the layer as UTF-8 is kept as a
//! [`Span`] and read back with [`Tree::text`]. Nodes stand in document order in one vector, so a
//! deep tree is dropped and walked without recursion.

use super::span::Span;

/// Index of a node in its [`Tree`]; the root is the first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NodeId(pub u32);

impl NodeId {
    /// As an index into [`Tree::nodes`].
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

/// The name of an element or attribute.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Name {
    /// From a token table of the product.
    Known(&'static str),
    /// From the body: an XML name, or a WBXML literal. May be hostile: validate before use as markup.
    Literal(Box<str>),
    /// A WBXML token that no table lists.
    Unknown {
        /// Code page.
        page: u8,
        /// Token without its attribute and content bits.
        token: u8,
    },
}

/// The namespace of an element or attribute; empty when it has none.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Namespace {
    /// From a table of the product (for ActiveSync the bare code page name, such as `AirSync`).
    Known(&'static str),
    /// From the body.
    Literal(Box<str>),
}

impl Namespace {
    /// No namespace.
    pub const NONE: Self = Self::Known("");

    /// The namespace name.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Known(name) => name,
            Self::Literal(name) => name,
        }
    }
}

/// Characters of a text node or attribute value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Text {
    /// These bytes of the layer, which are valid UTF-8 and mean themselves.
    Slice(Span),
    /// Characters that are not the layer's bytes: transcoded, unescaped, or from a table.
    Owned(Box<str>),
}

/// How the sender wrote a text or opaque node, so that it can be written again the same way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Written {
    /// As the format's only way (XML character data).
    #[default]
    Plain,
    /// XML `CDATA` section.
    CData,
    /// WBXML `STR_I`.
    InlineString,
    /// WBXML `STR_T` with this offset into the string table.
    TableString(u32),
    /// WBXML `ENTITY` with this code point.
    Entity(u32),
    /// WBXML `EXT_I_x`, `EXT_T_x` or `EXT_x`: the global token, and its operand for `EXT_T_x`.
    Extension(u8, u32),
    /// WBXML `OPAQUE`.
    Opaque,
}

/// One attribute.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attribute {
    /// Its name.
    pub name: Name,
    /// Its namespace; empty for an unprefixed name.
    pub namespace: Namespace,
    /// Its value, joined from all pieces.
    pub value: Text,
    /// Name and value.
    pub span: Span,
}

/// An element's own data; its children follow it in the tree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Element {
    /// Local name.
    pub name: Name,
    /// Namespace.
    pub namespace: Namespace,
    /// WBXML code page and token (without the attribute and content bits); `None` in XML and for
    /// literal names.
    pub token: Option<(u8, u8)>,
    /// Attributes in document order.
    pub attributes: Vec<Attribute>,
    /// The start tag alone: the tag token and attribute list, or `<name …>`.
    pub tag: Span,
}

/// What a node is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NodeKind {
    /// An element.
    Element(Element),
    /// Characters.
    Text(Text, Written),
    /// Bytes that are not characters; the span covers the payload without its length prefix.
    Opaque(Span),
    /// A comment.
    Comment(Span),
    /// A processing instruction.
    Instruction(Text),
}

/// One node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Node {
    /// What it is.
    pub kind: NodeKind,
    /// All bytes of the node, tags and children included.
    pub span: Span,
    /// The element around it; `None` for the root.
    pub parent: Option<NodeId>,
    /// One past its last descendant: where its next sibling would stand.
    pub end: NodeId,
}

/// A document: nodes in document order.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Tree {
    nodes: Vec<Node>,
}

impl Tree {
    /// An empty tree.
    pub fn new() -> Self {
        Self::default()
    }

    /// An empty tree with room for `nodes`.
    pub fn with_capacity(nodes: usize) -> Self {
        Self { nodes: Vec::with_capacity(nodes) }
    }

    /// All nodes in document order.
    pub fn nodes(&self) -> &[Node] {
        &self.nodes
    }

    /// The node with this id, if the tree has it.
    pub fn get(&self, id: NodeId) -> Option<&Node> {
        self.nodes.get(id.index())
    }

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
        self.roots().find(|id| self.element(*id).is_some())
    }

    /// Every node without a parent, in order (a prolog comment, the root, what follows it).
    pub fn roots(&self) -> Siblings<'_> {
        Siblings { tree: self, next: 0, end: self.len() }
    }

    /// The children of `id`, in order.
    pub fn children(&self, id: NodeId) -> Siblings<'_> {
        match self.get(id) {
            Some(node) => Siblings { tree: self, next: id.index() + 1, end: node.end.index() },
            None => Siblings { tree: self, next: 0, end: 0 },
        }
    }

    /// The element data of `id`, if it is an element.
    pub fn element(&self, id: NodeId) -> Option<&Element> {
        match &self.get(id)?.kind {
            NodeKind::Element(element) => Some(element),
            _ => None,
        }
    }

    /// The table or literal name of the element `id`; `None` for an unknown token or another kind.
    pub fn name(&self, id: NodeId) -> Option<&str> {
        match &self.element(id)?.name {
            Name::Known(name) => Some(name),
            Name::Literal(name) => Some(name),
            Name::Unknown { .. } => None,
        }
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
    pub fn resolve<'a>(text: &'a Text, layer: &'a [u8]) -> &'a str {
        match text {
            Text::Slice(span) => std::str::from_utf8(span.of(layer)).unwrap_or_default(),
            Text::Owned(text) => text,
        }
    }

    /// All characters directly inside `id` (or of `id` itself if it is a text node), joined;
    /// borrowed when there is one piece.
    pub fn text<'a>(&'a self, id: NodeId, layer: &'a [u8]) -> std::borrow::Cow<'a, str> {
        let piece = |id: NodeId| match self.get(id).map(|node| &node.kind) {
            Some(NodeKind::Text(text, _)) => Some(Self::resolve(text, layer)),
            _ => None,
        };
        if let Some(own) = piece(id) {
            return own.into();
        }
        let mut pieces = self.children(id).filter_map(piece);
        let first = pieces.next().unwrap_or_default();
        let Some(second) = pieces.next() else { return first.into() };
        let mut joined = String::from(first);
        joined.push_str(second);
        joined.extend(pieces);
        joined.into()
    }

    /// The names of the elements around and including `id`, outermost first, for display.
    pub fn path(&self, id: NodeId) -> Vec<&str> {
        let mut path = Vec::new();
        let mut at = Some(id);
        while let Some(id) = at {
            path.extend(self.name(id));
            at = self.get(id).and_then(|node| node.parent);
        }
        path.reverse();
        path
    }

    /// How many elements stand around `id`.
    pub fn depth(&self, id: NodeId) -> usize {
        std::iter::successors(self.get(id).and_then(|n| n.parent), |id| self.get(*id)?.parent)
            .count()
    }

    /// The innermost node whose span contains `offset`.
    pub fn at_offset(&self, offset: usize) -> Option<NodeId> {
        let mut found = None;
        let mut siblings = self.roots();
        while let Some(id) = siblings.find(|id| self.nodes[id.index()].span.contains(offset)) {
            found = Some(id);
            siblings = self.children(id);
        }
        found
    }

    /// Adds a node as the last child of `parent`; close elements with [`Tree::close`] in order.
    #[inline]
    pub fn push(&mut self, kind: NodeKind, span: Span, parent: Option<NodeId>) -> NodeId {
        let index = u32::try_from(self.nodes.len()).unwrap_or(u32::MAX);
        let end = NodeId(index.saturating_add(1));
        self.add(|| Node { kind, span, parent, end });
        NodeId(index)
    }

    /// Adds an element and the characters that are all it holds, as [`Tree::push`] and
    /// [`Tree::close`] would: `text` is inside `span`.
    #[inline]
    pub fn push_leaf(
        &mut self,
        element: Element,
        span: Span,
        characters: (Text, Written),
        text: Span,
        parent: Option<NodeId>,
    ) {
        let id = u32::try_from(self.nodes.len()).unwrap_or(u32::MAX);
        let end = NodeId(id.saturating_add(2));
        let around = Some(NodeId(id));
        self.add(|| Node { kind: NodeKind::Element(element), span, parent, end });
        self.add(|| {
            let kind = NodeKind::Text(characters.0, characters.1);
            Node { kind, span: text, parent: around, end }
        });
    }

    /// Makes the node where it will stand: it is large, and building it elsewhere to move it
    /// there takes half as long again.
    #[inline]
    fn add(&mut self, node: impl FnOnce() -> Node) {
        self.nodes.extend(std::iter::once_with(node));
    }

    /// Ends `id`: what was pushed since is inside it, and its bytes reach to `end`.
    #[inline]
    pub fn close(&mut self, id: NodeId, end: usize) {
        let next = NodeId(u32::try_from(self.nodes.len()).unwrap_or(u32::MAX));
        if let Some(node) = self.nodes.get_mut(id.index()) {
            node.end = next;
            node.span = Span::new(node.span.start as usize, end);
        }
    }

    /// The node to change while it is being built.
    pub fn get_mut(&mut self, id: NodeId) -> Option<&mut Node> {
        self.nodes.get_mut(id.index())
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

    fn next(&mut self) -> Option<NodeId> {
        if self.next >= self.end {
            return None;
        }
        let id = NodeId(u32::try_from(self.next).ok()?);
        // Always past this node, so that a half-built tree cannot hold the walk.
        self.next = self.tree.get(id)?.end.index().max(self.next + 1);
        Some(id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn element(name: &'static str) -> NodeKind {
        NodeKind::Element(Element {
            name: Name::Known(name),
            namespace: Namespace::NONE,
            token: None,
            attributes: Vec::new(),
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
}
