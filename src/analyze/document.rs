//! A decoded body as the analysis reads it: the main tree with its bytes, by local names.

use std::borrow::Cow;

use crate::model::{Decoded, Exchange, LayerId, Leg, NodeId, NodeKind, Text, Tree, Utf8Prefix};

/// One exchange and the main documents of its two bodies, as far as they are there.
#[derive(Debug, Clone, Copy)]
pub(super) struct Subject<'a> {
    pub(super) exchange: &'a Exchange,
    pub(super) request: Option<Document<'a>>,
    pub(super) response: Option<Document<'a>>,
    /// Both bodies, request first.
    bodies: [Option<&'a Decoded>; 2],
}

impl<'a> Subject<'a> {
    /// The exchange with the main documents of its bodies.
    pub(super) fn new(
        exchange: &'a Exchange,
        request: Option<&'a Decoded>,
        response: Option<&'a Decoded>,
    ) -> Self {
        let (question, answer) = (request.and_then(Document::of), response.and_then(Document::of));
        Self { exchange, request: question, response: answer, bodies: [request, response] }
    }

    /// All layers of one body.
    pub(super) fn body(&self, leg: Leg) -> Option<&'a Decoded> {
        match leg {
            Leg::Request => self.bodies[0],
            Leg::Response => self.bodies[1],
        }
    }

    /// The documents there are, request first.
    pub(super) fn documents(&self) -> impl Iterator<Item = (Leg, Document<'a>)> + use<'a> {
        let request = self.request.map(|document| (Leg::Request, document));
        let response = self.response.map(|document| (Leg::Response, document));
        request.into_iter().chain(response)
    }

    /// The first document of one body with this root element, however deep inside others.
    pub(super) fn inside(&self, leg: Leg, root: &str) -> Option<Document<'a>> {
        Document::all(self.body(leg)?).find(|document| document.root_name() == root)
    }

    /// True for a request whose body ended without a byte.
    pub(super) fn request_is_empty(&self) -> bool {
        let body = self.exchange.request.as_ref().map(|request| request.body);
        body.is_some_and(|body| body.ended && body.seen == 0)
    }

    /// True for an answer whose body ended without a byte.
    pub(super) fn response_is_empty(&self) -> bool {
        let body = self.exchange.response.as_ref().map(|response| response.body);
        body.is_some_and(|body| body.ended && body.seen == 0)
    }

    /// The HTTP status of the answer, once there is one.
    pub(super) fn http_status(&self) -> Option<u16> {
        self.exchange.response.as_ref().map(|response| response.status)
    }
}

/// The main document of one body.
#[derive(Debug, Clone, Copy)]
pub(super) struct Document<'a> {
    pub(super) layer: LayerId,
    pub(super) tree: &'a Tree,
    bytes: &'a [u8],
    /// Its characters, looked at once.
    characters: Utf8Prefix<'a>,
}

impl<'a> Document<'a> {
    /// The main document of `decoded`; `None` when it has no tree with an element in it.
    pub(super) fn of(decoded: &'a Decoded) -> Option<Self> {
        let (layer, tree, bytes) = decoded.document()?;
        Self::new(layer, tree, bytes)
    }

    fn new(layer: LayerId, tree: &'a Tree, bytes: &'a [u8]) -> Option<Self> {
        let root = tree.get(tree.root()?)?;
        let characters = Utf8Prefix::new(bytes, root.span.range().start);
        Some(Self { layer, tree, bytes, characters })
    }

    /// Every document of `decoded`, those inside others included, outermost first.
    pub(super) fn all(decoded: &'a Decoded) -> impl Iterator<Item = Self> {
        decoded
            .ids()
            .filter_map(|(layer, found)| Self::new(layer, found.tree.as_ref()?, &found.bytes))
    }

    /// The root element; the first node when there is none.
    pub(super) fn root(&self) -> NodeId {
        self.tree.root().unwrap_or(NodeId(0))
    }

    /// The root element's local name.
    pub(super) fn root_name(&self) -> &'a str {
        self.name(self.root())
    }

    /// Local name of an element; empty for an unknown token and for anything else.
    pub(super) fn name(&self, id: NodeId) -> &'a str {
        self.tree.name(id).unwrap_or_default()
    }

    /// The element around `id`.
    pub(super) fn parent(&self, id: NodeId) -> Option<NodeId> {
        self.tree.get(id)?.parent
    }

    /// Local name of the element around `id`; empty at the root.
    pub(super) fn parent_name(&self, id: NodeId) -> &'a str {
        self.parent(id).map(|id| self.name(id)).unwrap_or_default()
    }

    /// Every element in document order.
    pub(super) fn elements(&self) -> impl Iterator<Item = NodeId> + use<'a> {
        let tree = self.tree;
        (0..).map(NodeId).take(tree.len()).filter(move |id| tree.is_element(*id))
    }

    /// Child elements in order.
    pub(super) fn children(&self, id: NodeId) -> impl Iterator<Item = NodeId> + use<'a> {
        let tree = self.tree;
        tree.children(id).filter(move |id| tree.is_element(*id))
    }

    /// Child elements with this local name, in order.
    pub(super) fn named(
        &self,
        id: NodeId,
        name: &'static str,
    ) -> impl Iterator<Item = NodeId> + use<'a> {
        let tree = self.tree;
        tree.children(id).filter(move |id| tree.name(*id) == Some(name))
    }

    /// How many child elements have this local name.
    pub(super) fn count(&self, id: NodeId, name: &'static str) -> usize {
        self.named(id, name).count()
    }

    /// The first child element with this local name.
    pub(super) fn child(&self, id: NodeId, name: &str) -> Option<NodeId> {
        self.tree.child(id, name)
    }

    /// Follows child names from `id`.
    pub(super) fn descend(&self, id: NodeId, path: &[&str]) -> Option<NodeId> {
        self.tree.descend(id, path)
    }

    /// The characters directly inside `id` without the blanks around them. Opaque bytes count
    /// when they are UTF-8: some senders write text so.
    pub(super) fn text(&self, id: NodeId) -> Cow<'a, str> {
        if let Some(text) = self.tree.one_text(id) {
            let text = match text {
                Text::Slice(span) => self.characters.get(span).unwrap_or_default(),
                Text::Owned(text) => text,
            };
            return text.trim().into();
        }
        let text = match self.tree.text(id, self.bytes) {
            Cow::Borrowed(text) => Cow::Borrowed(text.trim()),
            Cow::Owned(text) => Cow::Owned(text.trim().to_owned()),
        };
        if !text.is_empty() {
            return text;
        }
        self.opaque(id)
            .and_then(|bytes| std::str::from_utf8(bytes).ok())
            .unwrap_or_default()
            .trim()
            .into()
    }

    /// The characters directly inside `id`, blanks around them included.
    pub(super) fn raw_text(&self, id: NodeId) -> Cow<'a, str> {
        self.tree.text(id, self.bytes)
    }

    /// The bytes of the layer before the root element: the prolog.
    pub(super) fn prolog(&self) -> &'a [u8] {
        let start = self.tree.get(self.root()).map_or(0, |node| node.span.start as usize);
        self.bytes.get(..start).unwrap_or_default()
    }

    /// How many bytes the characters or opaque bytes directly inside `id` have, blanks included and
    /// escapes resolved.
    pub(super) fn size(&self, id: NodeId) -> u64 {
        let (tree, bytes) = (self.tree, self.bytes);
        let sizes = tree.children(id).filter_map(|child| match &tree.get(child)?.kind {
            NodeKind::Text(text, _) => Some(Tree::resolve(text, bytes).len()),
            NodeKind::Opaque(span) => Some(span.len()),
            _ => None,
        });
        sizes.map(|size| size as u64).sum()
    }

    /// How many line ends stand in the characters directly inside `id`.
    pub(super) fn line_ends(&self, id: NodeId) -> u64 {
        let (tree, bytes) = (self.tree, self.bytes);
        let ends = tree.children(id).filter_map(|child| match &tree.get(child)?.kind {
            NodeKind::Text(text, _) => {
                Some(Tree::resolve(text, bytes).bytes().filter(|byte| *byte == b'\n').count())
            }
            _ => None,
        });
        ends.map(|ends| ends as u64).sum()
    }

    /// The bytes of the first opaque child of `id`.
    pub(super) fn opaque(&self, id: NodeId) -> Option<&'a [u8]> {
        let (tree, bytes) = (self.tree, self.bytes);
        tree.children(id).find_map(|child| match tree.get(child)?.kind {
            NodeKind::Opaque(span) => Some(span.of(bytes)),
            _ => None,
        })
    }

    /// The text of the first child element with this name, when it has any.
    pub(super) fn child_text(&self, id: NodeId, name: &str) -> Option<Cow<'a, str>> {
        self.child(id, name).map(|child| self.text(child)).filter(|text| !text.is_empty())
    }

    /// The text at the end of a path of child names, when there is any.
    pub(super) fn text_at(&self, id: NodeId, path: &[&str]) -> Option<Cow<'a, str>> {
        self.descend(id, path).map(|child| self.text(child)).filter(|text| !text.is_empty())
    }

    /// The value of the attribute of `id` with this local name, compared without case.
    pub(super) fn attribute(&self, id: NodeId, name: &str) -> Option<&'a str> {
        let found = self.tree.element(id)?.attributes.iter().find(|attribute| {
            attribute.name.as_str().is_some_and(|own| own.eq_ignore_ascii_case(name))
        })?;
        Some(Tree::resolve(&found.value, self.bytes))
    }

    /// Names from the root to `id`, joined with `/`.
    pub(super) fn path(&self, id: NodeId) -> String {
        self.tree.path(id).join("/")
    }
}

/// Builds documents for tests from XML-like text: `<a><b>text</b><c/></a>`.
#[cfg(test)]
pub(super) mod sketch {
    use bytes::Bytes;

    use super::*;
    use crate::model::{
        Attribute, Attributes, Element, Format, Layer, Name, Namespace, Span, Text, Written,
    };

    /// A decoded body whose only layer is the sketched tree. No entities, no comments; attributes
    /// as `name="value"`.
    pub(crate) fn decoded(text: &str) -> Decoded {
        let layer = Layer {
            label: "body".into(),
            origin: None,
            bytes: Bytes::copy_from_slice(text.as_bytes()),
            format: Format::Xml("XML"),
            tree: Some(tree(text)),
            facts: Vec::new(),
        };
        Decoded { layers: vec![layer], problems: Vec::new() }
    }

    fn tree(text: &str) -> Tree {
        let mut tree = Tree::new();
        let mut open: Vec<NodeId> = Vec::new();
        let mut at = 0;
        while at < text.len() {
            let rest = &text[at..];
            if let Some(end) = rest.strip_prefix("</").and_then(|r| r.find('>')) {
                at += end + 3;
                tree.close(open.pop().unwrap(), at);
            } else if let Some(inner) = rest.strip_prefix('<') {
                let end = inner.find('>').unwrap();
                let tag = &inner[..end];
                let span = Span::new(at, at + end + 2);
                let id = push(&mut tree, tag.trim_end_matches('/'), span, open.last().copied());
                at += end + 2;
                if tag.ends_with('/') {
                    tree.close(id, at);
                } else {
                    open.push(id);
                }
            } else {
                let end = rest.find('<').unwrap_or(rest.len());
                let span = Span::new(at, at + end);
                tree.push(
                    NodeKind::Text(Text::Slice(span), Written::Plain),
                    span,
                    open.last().copied(),
                );
                at += end;
            }
        }
        assert!(open.is_empty(), "unclosed element in {text}");
        tree
    }

    fn push(tree: &mut Tree, tag: &str, span: Span, parent: Option<NodeId>) -> NodeId {
        let mut words = tag.split_whitespace();
        let element = Element {
            name: Name::Literal(words.next().unwrap()),
            namespace: Namespace::NONE,
            token: None,
            attributes: Attributes::NONE,
            tag: span,
        };
        let id = tree.push(NodeKind::Element(element), span, parent);
        for word in words {
            let (name, value) = word.split_once('=').unwrap();
            let name = Name::Literal(name);
            let value = Text::Owned(value.trim_matches('"'));
            tree.add_attribute(id, Attribute { name, namespace: Namespace::NONE, value, span });
        }
        id
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_trimmed_and_found_by_path() {
        let decoded = sketch::decoded("<a><b k=\"v\"> one </b><b>two</b><c/></a>");
        let document = Document::of(&decoded).unwrap();
        let root = document.root();
        assert_eq!(document.text_at(root, &["b"]).as_deref(), Some("one"));
        assert_eq!(document.child_text(root, "c"), None);
        assert_eq!(document.count(root, "b"), 2);
        let first = document.child(root, "b").unwrap();
        assert_eq!(document.attribute(first, "K"), Some("v"));
        assert_eq!((document.path(first), document.parent_name(first)), ("a/b".into(), "a"));
    }

    #[test]
    fn no_tree_is_no_document() {
        assert!(Document::of(&Decoded::default()).is_none());
    }
}
