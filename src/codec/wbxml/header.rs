//! What stands before the body: version, public id, charset, string table (WBXML 1.3 §5).

use std::borrow::Cow;

use crate::model::Span;

use super::error::{WbxmlError, WbxmlErrorKind};
use super::token::{LITERAL, PI, SWITCH_PAGE, TOKEN_BITS};
use crate::codec::charset::Charset;
use crate::codec::reader::{Reader, terminator};

/// The document type as the header gives it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PublicId {
    /// A registered number; 1 is "unknown or missing".
    Number(u32),
    /// The offset of a formal public identifier in the string table.
    Table(u32),
}

/// The header of a document.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Header {
    /// The version byte: major version minus one, then minor.
    pub version: u8,
    /// The document type.
    pub public_id: PublicId,
    /// IANA `MIBenum`; 0 is unknown, `None` in version 1.0, which has no such field.
    pub charset: Option<u32>,
    /// The string table, in the layer.
    pub table: Span,
    /// Offset of the first byte of the body.
    pub body: usize,
}

impl Header {
    /// Reads the header. One of version 1.0 that has a charset all the same is known by what its
    /// string table ends with: libwbxml writes such.
    ///
    /// # Errors
    /// `Truncated`, `IntTooLong` or `Length` at the item that could not be read.
    pub fn read(layer: &[u8]) -> Result<Self, WbxmlError> {
        let by_the_book = Self::read_with(layer, layer.first().is_some_and(|version| *version > 0));
        if layer.first() != Some(&0) {
            return by_the_book;
        }
        if by_the_book.as_ref().is_ok_and(|header| header.is_plausible(layer)) {
            return by_the_book;
        }
        let with_charset = Self::read_with(layer, true).ok().filter(|header| {
            let charset = header.charset.and_then(Charset::by_mib);
            charset.is_some() && header.is_plausible(layer)
        });
        with_charset.map_or(by_the_book, Ok)
    }

    /// True when the string table ends where a string does and holds the public id, if that is text,
    /// and a tag or instruction follows.
    fn is_plausible(&self, layer: &[u8]) -> bool {
        let table = self.table.of(layer);
        let begins = layer.get(self.body).is_none_or(|token| {
            *token == SWITCH_PAGE || *token == PI || *token & TOKEN_BITS >= LITERAL
        });
        let names_type = match self.public_id {
            PublicId::Number(_) => true,
            PublicId::Table(offset) => self.table_string(layer, offset, 1).is_some_and(|text| {
                text.of(layer).iter().all(|byte| byte.is_ascii_graphic() || *byte == b' ')
            }),
        };
        begins && names_type && (table.is_empty() || table.ends_with(b"\0"))
    }

    fn read_with(layer: &[u8], charset: bool) -> Result<Self, WbxmlError> {
        let mut reader = Reader::new(layer);
        let version = reader.byte().ok_or(truncated(0, "the version"))?;
        let public_id = match mb_u32(&mut reader, "the public id")? {
            0 => PublicId::Table(mb_u32(&mut reader, "the public id's string table offset")?),
            number => PublicId::Number(number),
        };
        let charset = if charset { Some(mb_u32(&mut reader, "the charset")?) } else { None };
        let at = reader.at();
        let length = mb_u32(&mut reader, "the string table's length")?;
        let table = sized(&mut reader, length, at, "the string table")?;
        Ok(Self { version, public_id, charset, table, body: reader.at() })
    }

    /// The version as written in specifications: `1.3`.
    pub fn version_text(&self) -> Cow<'static, str> {
        match self.version {
            1 => "1.1".into(),
            2 => "1.2".into(),
            3 => "1.3".into(),
            other => format!("{}.{}", (other >> 4).saturating_add(1), other & 0x0F).into(),
        }
    }

    /// The string at `offset` of the string table, up to its terminator of `width` zero bytes or
    /// the table's end (some phones leave the last one out); `None` past the end.
    pub fn table_string(&self, layer: &[u8], offset: u32, width: usize) -> Option<Span> {
        let offset = usize::try_from(offset).ok()?;
        let bytes = self.table.of(layer).get(offset..).filter(|bytes| !bytes.is_empty())?;
        let length = terminator(bytes, width).unwrap_or(bytes.len());
        let start = self.table.range().start.checked_add(offset)?;
        Some(Span::new(start, start.checked_add(length)?))
    }
}

/// Reads `mb_u_int32` (WBXML 1.3 §5.1): 7 value bits a byte, high bit set = more follow.
///
/// # Errors
/// `Truncated(item)` if the body ends first, `IntTooLong` past 5 bytes or 32 bits; both at the
/// integer's first byte.
pub(crate) fn mb_u32(reader: &mut Reader<'_>, item: &'static str) -> Result<u32, WbxmlError> {
    let at = reader.at();
    if let Some(byte) = reader.peek().filter(|byte| byte & 0x80 == 0) {
        reader.byte();
        return Ok(u32::from(byte));
    }
    let mut value = 0_u64;
    for _ in 0..5 {
        let byte = reader.byte().ok_or(truncated(at, item))?;
        value = value.wrapping_shl(7) | u64::from(byte & 0x7F);
        if byte & 0x80 == 0 {
            let kind = WbxmlErrorKind::IntTooLong(item);
            return u32::try_from(value).map_err(|_| WbxmlError { at, kind });
        }
    }
    Err(WbxmlError { at, kind: WbxmlErrorKind::IntTooLong(item) })
}

/// Takes `length` bytes.
///
/// # Errors
/// `Length` at `at`, where the length stands, when fewer are left.
pub(crate) fn sized(
    reader: &mut Reader<'_>,
    length: u32,
    at: usize,
    item: &'static str,
) -> Result<Span, WbxmlError> {
    let left = reader.rest().len();
    usize::try_from(length)
        .ok()
        .and_then(|length| reader.take(length))
        .ok_or(WbxmlError { at, kind: WbxmlErrorKind::Length { item, length, left } })
}

/// The body ended inside `item`, which began at `at`.
pub(crate) fn truncated(at: usize, item: &'static str) -> WbxmlError {
    WbxmlError { at, kind: WbxmlErrorKind::Truncated(item) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn activesync() {
        let header = Header::read(b"\x03\x01\x6A\x00\x45").unwrap();
        assert_eq!(header.public_id, PublicId::Number(1));
        assert_eq!(header.charset, Some(106));
        assert_eq!((header.table, header.body), (Span::at(4), 4));
        assert_eq!(header.version_text(), "1.3");
    }

    #[test]
    fn text_public_id_and_table() {
        let layer = b"\x02\x00\x00\x6A\x05ab\0cd\x6D";
        let header = Header::read(layer).unwrap();
        assert_eq!(header.public_id, PublicId::Table(0));
        assert_eq!(header.table_string(layer, 0, 1), Some(Span::new(5, 7)));
        assert_eq!(header.table_string(layer, 1, 1), Some(Span::new(6, 7)));
        assert_eq!(header.table_string(layer, 3, 1), Some(Span::new(8, 10)));
        assert_eq!(header.table_string(layer, 5, 1), None);
    }

    #[test]
    fn version_1_0_has_no_charset() {
        let header = Header::read(b"\x00\x02\x00\x45").unwrap();
        assert_eq!((header.charset, header.body), (None, 3));
    }

    #[test]
    fn version_1_0_with_a_charset_all_the_same() {
        let header = Header::read(b"\x00\x05\x6A\x03ab\0\x45").unwrap();
        assert_eq!((header.charset, header.table), (Some(106), Span::new(4, 7)));
        // A table of 106 bytes that ends as one does is what the specification says it is.
        let mut by_the_book = b"\x00\x05\x6A".to_vec();
        by_the_book.resize(3 + 105, b'a');
        by_the_book.extend(b"\0\x45");
        let header = Header::read(&by_the_book).unwrap();
        assert_eq!((header.charset, header.body), (None, 109));
        assert!(Header::read(b"\x00\x05\x6A\x45").is_err());
    }

    #[test]
    fn integers() {
        let read = |bytes: &[u8]| mb_u32(&mut Reader::new(bytes), "x").map_err(|e| e.kind);
        assert_eq!(read(b"\xA4\x01"), Ok(0x1201));
        assert_eq!(read(b"\x80\x80\x80\x80\x05"), Ok(5));
        assert_eq!(read(b"\x8F\xFF\xFF\xFF\x7F"), Ok(u32::MAX));
        assert_eq!(read(b"\x90\x80\x80\x80\x00"), Err(WbxmlErrorKind::IntTooLong("x")));
        assert_eq!(read(b"\x80\x80\x80\x80\x80\x00"), Err(WbxmlErrorKind::IntTooLong("x")));
        assert_eq!(read(b"\x80"), Err(WbxmlErrorKind::Truncated("x")));
    }
}
