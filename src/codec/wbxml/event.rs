//! What a body is made of: tokens with their operands and their bytes.

use crate::model::Span;

/// One token with its operand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Event {
    /// All its bytes.
    pub span: Span,
    /// What it is.
    pub kind: EventKind,
}

/// What a token is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EventKind {
    /// `SWITCH_PAGE` of the tag register, or inside an attribute list of the attribute register.
    SwitchPage(u8),
    /// A tag.
    Tag(TagName, Follows),
    /// The end of an attribute list or processing instruction.
    AttributesEnd,
    /// The end of an element that has content.
    ElementEnd,
    /// `PI`: an attribute (the target) and its value follow, then [`EventKind::AttributesEnd`].
    Instruction,
    /// `ATTRSTART`: a name, perhaps with the beginning of the value.
    Attribute {
        /// Attribute code page.
        page: u8,
        /// Token.
        token: u8,
    },
    /// An attribute whose name stands in the string table at this offset.
    LiteralAttribute(u32),
    /// `ATTRVALUE`: a piece of an attribute's value.
    AttributeValue {
        /// Attribute code page.
        page: u8,
        /// Token.
        token: u8,
    },
    /// Characters or bytes, in content or in an attribute's value.
    Data(Data),
}

/// How a tag is named.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TagName {
    /// By token (without its two flag bits) on a code page.
    Token {
        /// Tag code page.
        page: u8,
        /// 0x05 to 0x3F.
        token: u8,
    },
    /// By the string at this offset of the string table.
    Literal(u32),
}

/// What follows a tag.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Follows {
    /// An attribute list.
    pub attributes: bool,
    /// Content, and an END.
    pub content: bool,
}

/// Characters or bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Data {
    /// `STR_I`: these bytes, in the document's charset.
    InlineString(Span),
    /// `STR_T`: the string at this offset of the string table.
    TableString(u32),
    /// `ENTITY`: this UCS-4 code point; any number.
    Entity(u32),
    /// `OPAQUE`: these bytes.
    Opaque(Span),
    /// `EXT_I_x`: these bytes, in the document's charset.
    ExtensionString(u8, Span),
    /// `EXT_T_x` with its operand.
    ExtensionTable(u8, u32),
    /// `EXT_x`.
    Extension(u8),
}

/// What most tokens of a document are, in as few words as that takes.
#[derive(Debug, Clone, Copy)]
pub(super) enum Frequent {
    /// A tag without attributes.
    Tag {
        /// Where it stands.
        at: usize,
        /// Tag code page.
        page: u8,
        /// Tag without its flags.
        token: u8,
        /// Content follows, and an END.
        content: bool,
    },
    /// An element of three tokens.
    Leaf(Leaf),
    /// END of an element, and where it ends.
    End(usize),
    /// `SWITCH_PAGE`, and where it stands.
    SwitchPage(usize),
}

/// An element of three tokens: tag, inline string, END.
#[derive(Debug, Clone, Copy)]
pub(super) struct Leaf {
    /// Tag code page.
    pub(super) page: u8,
    /// Tag without its flags.
    pub(super) token: u8,
    /// The characters; tag and `STR_I` stand before them, their terminator and END follow.
    pub(super) text: Span,
}
