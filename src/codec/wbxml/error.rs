//! Why a WBXML document could not be read further.

/// Damage, and the byte at which it was noticed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{kind}")]
pub struct WbxmlError {
    /// Offset in the layer: the first byte of the item that could not be read.
    pub at: usize,
    /// What was wrong with it.
    pub kind: WbxmlErrorKind,
}

/// What was wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum WbxmlErrorKind {
    /// Tokens and string table references that yield more text than the ceiling, in bytes.
    #[error("tokens and string table references yield more than {0} bytes of text")]
    Amplification(usize),
    /// An attribute value token where an attribute name has to come first.
    #[error("expected an attribute name, found the attribute value token 0x{0:02X}")]
    AttributeValue(u8),
    /// More attributes than the ceiling.
    #[error("more than {0} attributes")]
    Attributes(usize),
    /// More elements open at once than the ceiling.
    #[error("elements are nested more than {0} deep")]
    Depth(usize),
    /// A multi-byte integer of more than 5 bytes or 32 bits.
    #[error("{0} is longer than 5 bytes or does not fit 32 bits")]
    IntTooLong(&'static str),
    /// A length beyond the end of the body.
    #[error("{item} has length {length}, but {left} bytes are left")]
    Length {
        /// What the length is of.
        item: &'static str,
        /// The length, in bytes.
        length: u32,
        /// What is left of the body, in bytes.
        left: usize,
    },
    /// No element where the root has to stand.
    #[error("expected the root element, found token 0x{0:02X}")]
    NoRoot(u8),
    /// More nodes than the ceiling.
    #[error("more than {0} nodes")]
    Nodes(usize),
    /// The body ends too early.
    #[error("the body ended inside {0}")]
    Truncated(&'static str),
}

impl WbxmlErrorKind {
    /// The stable id of the problem.
    pub fn code(self) -> &'static str {
        match self {
            Self::Amplification(_) => "wbxml-amplification",
            Self::AttributeValue(_) => "wbxml-attribute-value",
            Self::Attributes(_) => "wbxml-attributes",
            Self::Depth(_) => "wbxml-depth",
            Self::IntTooLong(_) => "wbxml-integer",
            Self::Length { .. } => "wbxml-length",
            Self::NoRoot(_) => "wbxml-no-root",
            Self::Nodes(_) => "wbxml-nodes",
            Self::Truncated(_) => "wbxml-truncated",
        }
    }

    /// True when more bytes might have helped.
    pub fn is_early_end(self) -> bool {
        matches!(self, Self::Length { .. } | Self::Truncated(_))
    }
}
