//! What stands before an encoded body.

use crate::codec::charset::Charset;
use crate::model::{NodeId, NodeKind, Text, Tree, Written};

use super::book::Book;
use super::error::WbxmlError;
use super::header::{Header, PublicId};
use super::source::Source;

/// Version, document type, charset and string table of a document to be written.
#[derive(Debug, Clone)]
pub struct Preamble {
    /// The token tables.
    pub book: &'static Book,
    /// The version byte.
    pub version: u8,
    /// The document type as written.
    pub public_id: PublicId,
    /// IANA `MIBenum` as written; `None` writes no field (version 1.0).
    pub charset: Option<u32>,
    /// The string table to begin with; names without a token are added behind it.
    pub table: Vec<u8>,
    /// The table's strings are written by their offset where they occur.
    pub(super) reuse: bool,
    /// Characters that are written as entities.
    pub(super) entities: Vec<char>,
    /// Names of elements that are written as literals though a token has them.
    pub(super) literals: Vec<String>,
    /// How elements without content are written, in a tree of XML.
    pub(super) empty: Empty,
    /// Which declarations of namespaces are written, where the document type has tokens for them.
    pub(super) declared: Declared,
    /// The tree was read from a document with this header: spans of its nodes are bytes that may
    /// be written again.
    same_layer: bool,
}

impl Preamble {
    /// The header of the document in `layer`, for writing the tree that was read from it by `book`.
    ///
    /// # Errors
    /// As [`Header::read`].
    pub fn of(layer: &[u8], book: &'static Book) -> Result<Self, WbxmlError> {
        let header = Header::read(layer)?;
        Ok(Self {
            book,
            version: header.version,
            public_id: header.public_id,
            charset: header.charset,
            table: header.table.of(layer).to_vec(),
            reuse: false,
            entities: Vec::new(),
            literals: Vec::new(),
            empty: Empty::Bare,
            declared: Declared::All,
            same_layer: true,
        })
    }

    /// As the document type's own encoders write it: UTF-8; version 1.3, or 1.2 for SyncML; the
    /// registered number, else the formal public identifier in the string table, else 1.
    pub fn canonical(book: &'static Book) -> Self {
        let syncml = ["syncml", "devinf", "metinf", "dmddf"];
        let version = if syncml.iter().any(|family| book.key.starts_with(family)) { 2 } else { 3 };
        let mut table = Vec::new();
        let public_id = match book.public_id {
            Some(number) => PublicId::Number(number),
            None if version == 2 => {
                table.extend_from_slice(book.fpi.as_bytes());
                table.push(0);
                PublicId::Table(0)
            }
            None => PublicId::Number(1),
        };
        Self {
            book,
            version,
            public_id,
            charset: Some(106),
            table,
            reuse: false,
            entities: Vec::new(),
            literals: Vec::new(),
            empty: Empty::Bare,
            declared: Declared::All,
            same_layer: false,
        }
    }

    /// The table's strings that are written by their offset, but for the public id.
    pub(super) fn strings(&self) -> Vec<(u32, String)> {
        if !self.reuse {
            return Vec::new();
        }
        let mut offset = 0_u32;
        let mut strings = Vec::new();
        for bytes in self.table.split(|byte| *byte == 0).take(STRINGS) {
            let (text, _) = self.charset().decode(bytes);
            if !text.is_empty() && self.public_id != PublicId::Table(offset) {
                strings.push((offset, text.into_owned()));
            }
            let length = u32::try_from(bytes.len()).unwrap_or(u32::MAX);
            offset = offset.saturating_add(length).saturating_add(1);
        }
        strings
    }

    /// Spans of the tree's nodes are WBXML of this header.
    pub(super) fn is_same_layer(&self) -> bool {
        self.same_layer
    }

    /// The charset that strings are written in.
    pub(super) fn charset(&self) -> &'static Charset {
        self.charset.and_then(Charset::by_mib).unwrap_or_else(Charset::utf8)
    }

    /// True when this is still the header of the document that was read.
    pub(super) fn is_as_read(&self, source: &Source<'_>, layer: &[u8]) -> bool {
        let Header { version, public_id, charset, table, .. } = source.header;
        (version, public_id, charset) == (self.version, self.public_id, self.charset)
            && table.of(layer) == self.table
    }

    /// The header with `table`.
    pub(super) fn header(&self, table: &[u8]) -> Vec<u8> {
        let mut out = vec![self.version];
        match self.public_id {
            PublicId::Number(number) => push_mb_u32(&mut out, number),
            PublicId::Table(offset) => {
                out.push(0);
                push_mb_u32(&mut out, offset);
            }
        }
        if let Some(charset) = self.charset {
            push_mb_u32(&mut out, charset);
        }
        push_mb_u32(&mut out, u32::try_from(table.len()).unwrap_or(u32::MAX));
        out.extend_from_slice(table);
        out
    }
}

/// Strings of a table that are looked for in every text.
const STRINGS: usize = 512;

/// How elements without content are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Empty {
    /// As a tag without content.
    Bare,
    /// Those with two tags in XML hold a string of no characters.
    String,
    /// As a tag with content, and END.
    Content,
}

impl Empty {
    /// How most of them are written in a tree of WBXML.
    pub(super) fn of(tree: &Tree) -> Self {
        let (mut bare, mut open) = (0_u32, 0_u32);
        for (index, node) in tree.nodes().enumerate() {
            let after = index.saturating_add(1);
            match &node.kind {
                NodeKind::Element(element) if node.end.index() == after => {
                    let is_open = node.span.end > element.tag.end;
                    *(if is_open { &mut open } else { &mut bare }) |= 1;
                }
                // Alone in its element.
                NodeKind::Text(Text::Slice(span), Written::InlineString) if span.is_empty() => {
                    let around = node.parent.filter(|id| id.index().saturating_add(1) == index);
                    let end = around.and_then(|id| tree.end(id)).map(NodeId::index);
                    if end == Some(after) {
                        return Self::String;
                    }
                }
                _ => {}
            }
        }
        if (bare, open) == (0, 1) { Self::Content } else { Self::Bare }
    }
}

/// Which declarations of namespaces are attributes of the document.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Declared {
    /// Wherever XML needs one.
    All,
    /// That of the root.
    Root,
    /// None.
    None,
}

impl Declared {
    /// As they stand in a tree of WBXML.
    pub(super) fn of(tree: &Tree) -> Self {
        let (mut root, mut others) = (false, false);
        for node in tree.nodes() {
            let NodeKind::Element(element) = &node.kind else { continue };
            let declares = element.attributes.iter().any(|attribute| {
                attribute.name.as_str().is_some_and(|name| name.starts_with("xmlns"))
            });
            *(if node.parent.is_none() { &mut root } else { &mut others }) |= declares;
        }
        match (root, others) {
            (_, true) => Self::All,
            (true, false) => Self::Root,
            (false, false) => Self::None,
        }
    }
}

/// Appends `mb_u_int32` (WBXML 1.3 §5.1) in as few bytes as it takes.
pub(super) fn push_mb_u32(out: &mut Vec<u8>, value: u32) {
    let septets = [28_u32, 21, 14, 7].map(|shift| value.wrapping_shr(shift));
    for more in septets.into_iter().filter(|more| *more != 0) {
        // The low seven bits, and "more follow".
        out.push(more.to_le_bytes().first().copied().unwrap_or(0) | 0x80);
    }
    out.push(value.to_le_bytes().first().copied().unwrap_or(0) & 0x7F);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codec::reader::Reader;
    use crate::codec::wbxml::header::mb_u32;

    #[test]
    fn integers_read_back() {
        for value in [0, 1, 0x7F, 0x80, 0x1201, 0x3FFF, 0x4000, u32::MAX / 2, u32::MAX] {
            let mut out = Vec::new();
            push_mb_u32(&mut out, value);
            assert_eq!(mb_u32(&mut Reader::new(&out), "x"), Ok(value), "{out:02X?}");
        }
        let mut out = Vec::new();
        push_mb_u32(&mut out, 0x1201);
        assert_eq!(out, b"\xA4\x01");
    }

    #[test]
    fn canonical_headers() {
        let header = |key: &str| Preamble::canonical(Book::by_key(key).unwrap()).header(b"");
        assert_eq!(header("eas"), b"\x03\x01\x6A\x00");
        assert_eq!(header("syncml12"), b"\x02\xA4\x01\x6A\x00");
        assert_eq!(header("prov10"), b"\x03\x0B\x6A\x00");
        let ddf = Preamble::canonical(Book::by_key("dmddf12").unwrap());
        assert_eq!(ddf.public_id, PublicId::Table(0));
        assert_eq!(ddf.table, b"-//OMA//DTD-DM-DDF 1.2//EN\0");
    }
}
