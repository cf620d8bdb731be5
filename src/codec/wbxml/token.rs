//! The global tokens (WBXML 1.3 §7.1), and the bits of the others.

/// True for a token that a table gives meaning to; the low six bits of a global one are below 5.
pub(super) fn is_application(token: u8) -> bool {
    token & TOKEN_BITS > 4
}

/// True for a tag whose name stands in the string table.
pub(super) fn is_literal(token: u8) -> bool {
    matches!(token, LITERAL | LITERAL_A | LITERAL_C | LITERAL_AC)
}

pub(super) const SWITCH_PAGE: u8 = 0x00;
pub(super) const END: u8 = 0x01;
pub(super) const ENTITY: u8 = 0x02;
pub(super) const STR_I: u8 = 0x03;
pub(super) const LITERAL: u8 = 0x04;
pub(super) const EXT_I_0: u8 = 0x40;
pub(super) const EXT_I_2: u8 = 0x42;
pub(super) const PI: u8 = 0x43;
pub(super) const LITERAL_C: u8 = 0x44;
pub(super) const EXT_T_0: u8 = 0x80;
pub(super) const EXT_T_2: u8 = 0x82;
pub(super) const STR_T: u8 = 0x83;
pub(super) const LITERAL_A: u8 = 0x84;
pub(super) const EXT_0: u8 = 0xC0;
pub(super) const EXT_2: u8 = 0xC2;
pub(super) const OPAQUE: u8 = 0xC3;
pub(super) const LITERAL_AC: u8 = 0xC4;
/// Flag of a tag token: attributes follow.
pub(super) const HAS_ATTRIBUTES: u8 = 0x80;
/// Flag of a tag token: content follows.
pub(super) const HAS_CONTENT: u8 = 0x40;
/// The bits of a tag token that name the tag.
pub(super) const TOKEN_BITS: u8 = 0x3F;
