//! Tags and content of one tree, appended to a string.

use std::borrow::Cow;
use std::collections::HashSet;

use crate::model::{
    Attribute, Element, Name, NodeId, NodeKind, Span, Text, TokenName, Tree, Utf8Runs, Written,
};
use crate::render::hidden::HiddenIn;
use crate::render::secrets::MASK;

use super::escape;
use super::name;
use super::scope::{Mark, Scope};

/// The namespace of `xmlns` declarations, which trees of XML documents keep as attributes.
const XMLNS: &str = "http://www.w3.org/2000/xmlns/";

/// An element whose start tag was written.
#[derive(Debug, Clone)]
struct Open<'a> {
    /// One past its last descendant.
    end: usize,
    mark: Mark,
    /// The default namespace around it.
    outer: &'a str,
    end_tag: EndTag<'a>,
    /// The start tag says that the content is base64.
    bytes_only: bool,
}

/// How an end tag is written.
#[derive(Debug, Clone)]
enum EndTag<'a> {
    /// As it stands.
    Known(&'static TokenName),
    /// With a prefix in scope (perhaps none) and the local name.
    Made(&'a str, Cow<'a, str>),
}

/// What stands in an element being written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Holds {
    /// Nothing: `<name/>`, without an end tag.
    Nothing,
    /// Its own nodes.
    Content,
    /// A document in place of its bytes.
    Document,
}

/// What is said beside names and characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Manner {
    /// Nothing.
    Plain,
    /// How the bytes were, where XML has several ways of writing the same.
    Exact,
}

/// Writes the nodes of one tree.
#[derive(Debug)]
pub(super) struct Writer<'a> {
    tree: &'a Tree,
    layer: &'a [u8],
    hidden: &'a HiddenIn,
    /// Something is hidden.
    hides: bool,
    /// Where the texts stand.
    texts: Utf8Runs<'a>,
    /// What was written and not taken yet.
    pub(super) out: String,
    /// What follows the name in the start tag being written.
    head: String,
    /// Namespace and local name of the attributes written in it.
    seen: HashSet<(&'a str, Cow<'a, str>)>,
    scope: Scope<'a>,
    /// The default namespace here.
    default: &'a str,
    open: Vec<Open<'a>>,
    /// Bytes of long namespaces that may still be written: one that no prefix can stand for is
    /// written on every element.
    namespace_bytes: usize,
    /// A WBXML document declares namespaces by its own attributes: those without one in the
    /// tables inherit.
    inherit: bool,
    /// Some names of the tables have prefixes.
    prefixes: bool,
    manner: Manner,
}

impl<'a> Writer<'a> {
    /// Nothing written; `default` is the default namespace where the text will stand.
    pub(super) fn new(
        tree: &'a Tree,
        layer: &'a [u8],
        hidden: &'a HiddenIn,
        default: &'a str,
    ) -> Self {
        let begin = tree.get(NodeId(0)).map_or(0, |node| node.span.start as usize);
        let texts = Utf8Runs::new(layer, begin);
        Self { texts, ..Self::piecewise(tree, layer, hidden, default) }
    }

    /// The same for a few nodes: nothing is looked at that is not written.
    pub(super) fn piecewise(
        tree: &'a Tree,
        layer: &'a [u8],
        hidden: &'a HiddenIn,
        default: &'a str,
    ) -> Self {
        Self {
            tree,
            layer,
            texts: Utf8Runs::new(layer, layer.len()),
            hidden,
            hides: hidden.has_any(),
            out: String::new(),
            head: String::new(),
            seen: HashSet::new(),
            scope: Scope::default(),
            default,
            open: Vec::with_capacity(8),
            namespace_bytes: layer.len().saturating_mul(4).saturating_add(NAMESPACE_BYTES),
            inherit: false,
            prefixes: tree.vocabulary().has_prefixes(),
            manner: Manner::Plain,
        }
    }

    /// Sets what is said beside names and characters.
    pub(super) fn set_manner(&mut self, manner: Manner) {
        self.manner = manner;
    }

    /// Sets the default namespace where the text will stand.
    pub(super) fn inherit_from(&mut self, default: &'a str) {
        self.default = default;
    }

    /// The default namespace here.
    pub(super) fn default_namespace(&self) -> &'a str {
        self.default
    }

    /// Writes the start tag of an element. Other nodes are content.
    pub(super) fn start(&mut self, id: NodeId, holds: Holds) {
        let bytes_only = holds == Holds::Content && self.has_only_bytes(id);
        let (mark, outer) = (self.scope.mark(), self.default);
        let plain = self.tree.bare(id).filter(|tag| !bytes_only && self.is_plain(tag));
        let end_tag = if let Some(tag) = plain {
            tag.start(!is_same(tag.namespace, self.default)).push_to(&mut self.out);
            self.default = tag.namespace;
            EndTag::Known(tag)
        } else {
            let Some(element) = self.tree.element(id) else { return };
            let (_, local) = name::qualified(element.name);
            let prefix = self.full_start(id, &element, &local, mark, bytes_only);
            EndTag::Made(prefix, local)
        };
        if holds == Holds::Nothing {
            self.out.pop();
            self.out.push_str("/>");
            self.leave(mark, outer);
        } else {
            let end = self.tree.end(id).map_or(0, NodeId::index);
            self.open.push(Open { end, mark, outer, end_tag, bytes_only });
        }
    }

    /// Writes an element that holds characters alone, its end tag too; false, with nothing
    /// written, when it needs more care.
    #[inline]
    pub(super) fn leaf(&mut self, id: NodeId) -> bool {
        let Some((tag, text)) = self.tree.leaf(id) else { return false };
        let value = NodeId(id.0.saturating_add(1));
        if !self.is_plain(tag) || self.hides && self.hidden.value(value) {
            return false;
        }
        let declares = !is_same(tag.namespace, self.default);
        tag.start(declares).push_to(&mut self.out);
        self.characters(&text);
        tag.end().push_to(&mut self.out);
        true
    }

    /// True when the element needs no prefix and declares at most the default namespace.
    #[inline]
    fn is_plain(&self, tag: &TokenName) -> bool {
        !self.prefixes
            && (is_same(tag.namespace, self.default)
                || self.scope.is_empty() && !tag.namespace.is_empty() && tag.namespace != XMLNS)
    }

    /// The start tag with everything that may stand in it; returns its prefix.
    fn full_start(
        &mut self,
        id: NodeId,
        element: &Element<'a>,
        local: &str,
        mark: Mark,
        bytes_only: bool,
    ) -> &'a str {
        self.head.clear();
        self.declarations(element, mark);
        let prefix = self.element_prefix(element, mark);
        self.attributes(id, element, mark);
        if bytes_only {
            self.head.push_str(NOTE);
        }
        self.out.push('<');
        self.qualified_name(prefix, local);
        self.out.push_str(&self.head);
        self.out.push('>');
        prefix
    }

    /// Writes the end tag of the innermost open element.
    pub(super) fn end(&mut self) {
        let Some(Open { mark, outer, end_tag, .. }) = self.open.pop() else { return };
        match end_tag {
            EndTag::Known(tag) => tag.end().push_to(&mut self.out),
            EndTag::Made(prefix, local) => {
                self.out.push_str("</");
                self.qualified_name(prefix, &local);
                self.out.push('>');
            }
        }
        self.leave(mark, outer);
    }

    /// Writes a node that is no element.
    pub(super) fn content(&mut self, id: NodeId) {
        let (tree, layer) = (self.tree, self.layer);
        let Some(node) = tree.get(id) else { return };
        let secret = self.hidden.value(id);
        match &node.kind {
            NodeKind::Element(_) => {}
            NodeKind::Comment(_) if secret => escape::comment(&mut self.out, MASK),
            _ if secret => self.out.push_str(MASK),
            NodeKind::Text(text, Written::CData) => {
                escape::cdata(&mut self.out, Tree::resolve(text, layer));
            }
            NodeKind::Text(text, _) if self.manner == Manner::Exact => {
                escape::exactly(&mut self.out, Tree::resolve(text, layer));
            }
            NodeKind::Text(text, _) => self.characters(text),
            NodeKind::Opaque(span) => self.opaque(id, *span),
            NodeKind::Comment(span) => {
                escape::comment(&mut self.out, &String::from_utf8_lossy(span.of(layer)));
            }
            NodeKind::Instruction(text) => self.instruction(text),
        }
    }

    #[inline]
    fn characters(&mut self, text: &Text<'a>) {
        match *text {
            Text::Slice(span) => {
                if let Some(piece) = self.texts.get(span) {
                    escape::piece(&mut self.out, piece);
                }
            }
            Text::Owned(text) => escape::text(&mut self.out, text),
        }
    }

    /// The innermost open element, if `id` is past its last descendant.
    pub(super) fn is_past_open(&self, id: usize) -> bool {
        self.open.last().is_some_and(|open| open.end <= id)
    }

    /// True while an element is open.
    pub(super) fn is_inside(&self) -> bool {
        !self.open.is_empty()
    }

    fn leave(&mut self, mark: Mark, outer: &'a str) {
        self.scope.back_to(mark);
        self.default = outer;
    }

    fn qualified_name(&mut self, prefix: &str, local: &str) {
        if !prefix.is_empty() {
            self.out.push_str(prefix);
            self.out.push(':');
        }
        self.out.push_str(local);
    }

    /// Writes the declarations that the document itself makes on this element.
    fn declarations(&mut self, element: &Element<'a>, mark: Mark) {
        let mut default_seen = false;
        for attribute in element.attributes.iter() {
            let Some(prefix) = declared_prefix(&attribute) else { continue };
            let value = Tree::resolve(&attribute.value, self.layer);
            let from_wbxml = attribute.namespace.as_str().is_empty();
            if prefix.is_empty() {
                let own = element.namespace.as_str();
                // In XML the tree has resolved it; `element_prefix` writes what is needed.
                if from_wbxml && own.is_empty() && !std::mem::replace(&mut default_seen, true) {
                    self.inherit = true;
                    self.declare_default(value);
                }
            } else if can_declare(prefix, value)
                && !self.scope.is_full()
                && !self.scope.is_declared_since(mark, prefix)
            {
                self.declare(prefix, value);
            }
        }
    }

    /// Chooses the prefix of the element, declaring its namespace if need be.
    fn element_prefix(&mut self, element: &Element<'a>, mark: Mark) -> &'a str {
        let namespace = element.namespace.as_str();
        let (own, _) = name::qualified(element.name);
        if !own.is_empty() {
            return self.literal_prefix(&own, mark);
        }
        if namespace == self.default || namespace.is_empty() && self.inherit {
            return "";
        }
        if let Some(prefix) = self.scope.prefix(namespace).filter(|_| !namespace.is_empty()) {
            return prefix;
        }
        self.declare_default(if namespace == XMLNS { UNDECLARED } else { namespace });
        ""
    }

    /// The prefix that is part of a name: declared by the document, or here by us.
    fn literal_prefix(&mut self, prefix: &Cow<'a, str>, mark: Mark) -> &'a str {
        let Cow::Borrowed(prefix) = *prefix else { return "" };
        if is_reserved(prefix) {
            return "";
        }
        let declared = self.scope.namespace(prefix).is_some();
        if !declared && self.scope.is_full() {
            return "";
        }
        if !declared && !self.scope.is_declared_since(mark, prefix) {
            self.declare(prefix, UNDECLARED);
        }
        prefix
    }

    fn attributes(&mut self, id: NodeId, element: &Element<'a>, mark: Mark) {
        self.seen.clear();
        for (at, attribute) in element.attributes.iter().enumerate() {
            if declared_prefix(&attribute).is_some() {
                continue;
            }
            let (own, local) = attribute_name(&attribute);
            let prefix: &'a str = match attribute.namespace.as_str() {
                "" if own == "xml" => "xml",
                "" if own.is_empty() => "",
                "" => self.literal_prefix(&own, mark),
                namespace => self.attribute_prefix(namespace, mark),
            };
            let namespace =
                if prefix.is_empty() { "" } else { self.scope.namespace(prefix).unwrap_or("") };
            // The same name twice is not well formed.
            if element.attributes.len() > 1 && !self.seen.insert((namespace, local.clone())) {
                continue;
            }
            self.head.push(' ');
            if !prefix.is_empty() {
                self.head.push_str(prefix);
                self.head.push(':');
            }
            self.head.push_str(&local);
            self.head.push_str("=\"");
            let value = if self.hidden.attribute(id, at) {
                MASK
            } else {
                Tree::resolve(&attribute.value, self.layer)
            };
            escape::attribute(&mut self.head, value);
            self.head.push('"');
        }
    }

    fn attribute_prefix(&mut self, namespace: &'a str, mark: Mark) -> &'a str {
        if let Some(prefix) = self.scope.prefix(namespace) {
            return prefix;
        }
        let free = PREFIXES.iter().find(|prefix| {
            self.scope.namespace(prefix).is_none() && !self.scope.is_declared_since(mark, prefix)
        });
        let Some(prefix) = free.filter(|_| !self.scope.is_full()) else { return "" };
        self.declare(prefix, if namespace == XMLNS { UNDECLARED } else { namespace });
        prefix
    }

    /// The namespace, or a short one in its place when too many long ones were written.
    fn affordable(&mut self, namespace: &'a str) -> &'a str {
        if namespace.len() <= SHORT_NAMESPACE {
            return namespace;
        }
        let left = self.namespace_bytes.checked_sub(namespace.len());
        self.namespace_bytes = left.unwrap_or(self.namespace_bytes);
        if left.is_some() { namespace } else { TOO_LONG }
    }

    fn declare_default(&mut self, namespace: &'a str) {
        let namespace = self.affordable(namespace);
        self.head.push_str(" xmlns=\"");
        escape::attribute(&mut self.head, namespace);
        self.head.push('"');
        self.default = namespace;
    }

    fn declare(&mut self, prefix: &'a str, namespace: &'a str) {
        let namespace = self.affordable(namespace);
        self.head.push_str(" xmlns:");
        self.head.push_str(prefix);
        self.head.push_str("=\"");
        escape::attribute(&mut self.head, namespace);
        self.head.push('"');
        self.scope.declare(prefix, namespace);
    }

    /// True when the whole content is bytes that are not text.
    fn has_only_bytes(&self, id: NodeId) -> bool {
        if !self.tree.is_opaque(NodeId(id.0.saturating_add(1))) {
            return false;
        }
        self.only_opaque(id)
            .is_some_and(|span| !span.is_empty() && !escape::is_text(span.of(self.layer)))
    }

    /// The bytes of an element whose whole content is one opaque.
    fn only_opaque(&self, id: NodeId) -> Option<Span> {
        let mut children = self.tree.children(id);
        let only = children.next().filter(|_| children.next().is_none())?;
        if self.hidden.value(only) {
            return None;
        }
        match self.tree.get(only)?.kind {
            NodeKind::Opaque(span) => Some(span),
            _ => None,
        }
    }

    fn opaque(&mut self, id: NodeId, span: Span) {
        let bytes = span.of(self.layer);
        if self.open.last().is_some_and(|open| open.bytes_only) {
            return escape::base64(&mut self.out, bytes);
        }
        let parent = self.tree.parent(id).filter(|_| bytes.is_empty());
        if parent.is_some_and(|parent| self.only_opaque(parent).is_some()) {
            return;
        }
        if escape::is_text(bytes) && self.manner == Manner::Exact {
            return escape::opaque(&mut self.out, std::str::from_utf8(bytes).unwrap_or_default());
        }
        if escape::is_text(bytes) {
            return escape::text(&mut self.out, std::str::from_utf8(bytes).unwrap_or_default());
        }
        // Beside other content there is no attribute that could say it.
        self.out.push_str("<?opaque base64 ");
        escape::base64(&mut self.out, bytes);
        self.out.push_str("?>");
    }

    fn instruction(&mut self, text: &Text<'_>) {
        let text = Tree::resolve(text, self.layer);
        let (target, data) =
            text.split_once(|c: char| c.is_ascii_whitespace()).unwrap_or((text, ""));
        let target = name::safe(target);
        self.out.push_str("<?");
        if target.eq_ignore_ascii_case("xml") {
            self.out.push('_');
        }
        self.out.push_str(&target);
        if !data.is_empty() {
            self.out.push(' ');
            escape::instruction(&mut self.out, data);
        }
        self.out.push_str("?>");
    }
}

/// Says that the only content is base64.
const NOTE: &str = " xmlns:synctap=\"urn:synctap:xml\" synctap:opaque=\"base64\"";

/// Bytes of long namespaces in one document, beside four times its own size.
const NAMESPACE_BYTES: usize = 64 << 10;

/// Bytes of a namespace that may be written on every element.
const SHORT_NAMESPACE: usize = 64;

/// Stands in place of long namespaces when there were too many.
const TOO_LONG: &str = "urn:synctap:too-long";

/// Namespace of a prefix that the document does not declare.
const UNDECLARED: &str = "urn:synctap:undeclared";

/// Prefixes for attributes whose namespace has none in scope.
const PREFIXES: [&str; 8] = ["a", "b", "c", "d", "e", "f", "g", "h"];

/// The prefix that an attribute declares (empty for the default namespace), if it is a
/// declaration.
fn declared_prefix<'a>(attribute: &Attribute<'a>) -> Option<&'a str> {
    let name = attribute.name.as_str()?;
    match attribute.namespace.as_str() {
        "" | XMLNS if name == "xmlns" => Some(""),
        "" | XMLNS => name.strip_prefix("xmlns:"),
        _ => None,
    }
}

/// Names of the tables are compared by their place first.
fn is_same(one: &str, two: &str) -> bool {
    std::ptr::eq(one, two) || one == two
}

/// True for a declaration that is allowed (Namespaces in XML 1.0 §3, §5).
fn can_declare(prefix: &str, namespace: &str) -> bool {
    let reserved = |name: &str| name == XMLNS || name == "http://www.w3.org/XML/1998/namespace";
    !namespace.is_empty()
        && !is_reserved(prefix)
        && !reserved(namespace)
        && matches!(name::safe(prefix), Cow::Borrowed(_))
}

/// Prefixes that no document may declare here.
fn is_reserved(prefix: &str) -> bool {
    matches!(prefix, "xml" | "xmlns" | "synctap")
}

fn attribute_name<'a>(attribute: &Attribute<'a>) -> (Cow<'a, str>, Cow<'a, str>) {
    if let Name::Unknown { page, token } = attribute.name {
        return ("".into(), format!("unknown_p{page:02X}_a{token:02X}").into());
    }
    name::qualified(attribute.name)
}
