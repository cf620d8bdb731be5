//! What every codec yields, node by node: values that point into the tree they were taken from.

use super::span::Span;
use super::tree::{Place, StoredAttribute};

/// Index of a node in its [`Tree`](super::Tree); the root is the first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NodeId(pub u32);

impl NodeId {
    /// As a position in document order.
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

/// The name of an element or attribute.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Name<'a> {
    /// From a token table of the product.
    Known(&'static str),
    /// From the body: an XML name, or a WBXML literal. May be hostile: validate before use as markup.
    Literal(&'a str),
    /// A WBXML token that no table lists.
    Unknown {
        /// Code page.
        page: u8,
        /// Token without its attribute and content bits.
        token: u8,
    },
}

impl<'a> Name<'a> {
    /// The characters of a table or literal name.
    #[expect(clippy::match_same_arms, reason = "one lives longer than the other")]
    pub fn as_str(self) -> Option<&'a str> {
        match self {
            Self::Known(name) => Some(name),
            Self::Literal(name) => Some(name),
            Self::Unknown { .. } => None,
        }
    }
}

/// The namespace of an element or attribute; empty when it has none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Namespace<'a> {
    /// From a table of the product (for ActiveSync the bare code page name, such as `AirSync`).
    Known(&'static str),
    /// From the body.
    Literal(&'a str),
}

impl<'a> Namespace<'a> {
    /// No namespace.
    pub const NONE: Self = Self::Known("");

    /// The namespace name.
    #[expect(clippy::match_same_arms, reason = "one lives longer than the other")]
    pub fn as_str(self) -> &'a str {
        match self {
            Self::Known(name) => name,
            Self::Literal(name) => name,
        }
    }
}

/// Characters of a text node or attribute value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Text<'a> {
    /// These bytes of the layer, which are valid UTF-8 and mean themselves.
    Slice(Span),
    /// Characters that are not the layer's bytes: transcoded, unescaped, or from a table.
    Owned(&'a str),
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
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Attribute<'a> {
    /// Its name.
    pub name: Name<'a>,
    /// Its namespace; empty for an unprefixed name.
    pub namespace: Namespace<'a>,
    /// Its value, joined from all pieces.
    pub value: Text<'a>,
    /// Name and value.
    pub span: Span,
}

/// The attributes of one element, in document order.
#[derive(Debug, Clone, Copy, Default)]
pub struct Attributes<'a> {
    pub(super) list: &'a [StoredAttribute],
    pub(super) characters: &'a str,
}

impl<'a> Attributes<'a> {
    /// No attributes.
    pub const NONE: Self = Self { list: &[], characters: "" };

    /// How many.
    pub fn len(self) -> usize {
        self.list.len()
    }

    /// True when there are none.
    pub fn is_empty(self) -> bool {
        self.list.is_empty()
    }

    /// The attribute at this place of the list.
    pub fn get(self, at: usize) -> Option<Attribute<'a>> {
        self.list.get(at).map(|stored| stored.view(self.characters))
    }

    /// All of them.
    pub fn iter(self) -> impl ExactSizeIterator<Item = Attribute<'a>> + Clone {
        self.list.iter().map(move |stored| stored.view(self.characters))
    }
}

impl PartialEq for Attributes<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.iter().eq(other.iter())
    }
}

impl Eq for Attributes<'_> {}

/// An element's own data; its children follow it in the tree.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Element<'a> {
    /// Local name.
    pub name: Name<'a>,
    /// Namespace.
    pub namespace: Namespace<'a>,
    /// WBXML code page and token (without the attribute and content bits); `None` in XML and for
    /// literal names.
    pub token: Option<(u8, u8)>,
    /// Attributes in document order.
    pub attributes: Attributes<'a>,
    /// The start tag alone: the tag token and attribute list, or `<name …>`. Begins where the node
    /// begins.
    pub tag: Span,
}

/// What a node is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NodeKind<'a> {
    /// An element.
    Element(Element<'a>),
    /// Characters.
    Text(Text<'a>, Written),
    /// Bytes that are not characters; the span covers the payload without its length prefix.
    Opaque(Span),
    /// A comment.
    Comment(Span),
    /// A processing instruction.
    Instruction(Text<'a>),
}

/// One node.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Node<'a> {
    /// What it is.
    pub kind: NodeKind<'a>,
    /// All bytes of the node, tags and children included.
    pub span: Span,
    /// The element around it; `None` for the root.
    pub parent: Option<NodeId>,
    /// One past its last descendant: where its next sibling would stand.
    pub end: NodeId,
}

impl Text<'_> {
    /// Where the characters stand when they are kept in `characters`, which grows if need be.
    #[inline]
    pub(super) fn store(self, characters: &mut String) -> Place {
        match self {
            Self::Slice(span) => Place { span, own: false },
            Self::Owned(text) => Place { span: Place::append(characters, text), own: true },
        }
    }
}
