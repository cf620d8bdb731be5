//! Trees to WBXML: the bytes that were read, for a document that was read; else inline strings.

use std::collections::HashMap;

use crate::model::{Attribute, Element, Name, Node, NodeId, NodeKind, Text, Tree, Written};

use super::attribute_encode::{self, AttributeCode};
use super::from_xml::from_base64;
use super::naming;
use super::note;
use super::preamble::{Empty, Preamble, push_mb_u32};
use super::source::{Piece, Source};
use super::token::{
    END, ENTITY, HAS_ATTRIBUTES, HAS_CONTENT, LITERAL, LITERAL_A, LITERAL_AC, LITERAL_C, OPAQUE,
    PI, STR_I, STR_T, SWITCH_PAGE,
};

/// Why a tree has no WBXML.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EncodeError {
    /// No element to begin with.
    #[error("there is no root element")]
    NoRoot,
    /// The characters of an element that says it holds base64 are not base64.
    #[error("node {} is not base64", .0.0)]
    Base64(NodeId),
}

/// Writes `tree`, which was read from `layer`, as a WBXML document.
///
/// With [`Preamble::of`] every document without damage comes out byte for byte, page switches that
/// nobody needs, long integers and bytes behind the root included. What was changed in the tree,
/// and what damage left open, is written as short as the grammar allows.
/// Elements of an XML tree get tokens by namespace and name (`unknown_p14_t3F` gets its token),
/// the rest literal names; their text is written inline, or as opaque data where the table or the
/// attribute `opaque="base64"` of `urn:synctap:xml` says so; a document inside an element of
/// another type becomes opaque data.
///
/// # Errors
/// `NoRoot` for a tree without an element, `Base64` for text that should be and is not.
pub fn encode(tree: &Tree, layer: &[u8], preamble: &Preamble) -> Result<Vec<u8>, EncodeError> {
    let root = tree.root().ok_or(EncodeError::NoRoot)?;
    let mut encoder = Encoder::new(tree, layer, preamble);
    let mut end = 0;
    for id in tree.roots() {
        let Some(node) = tree.get(id) else { continue };
        if id == root || matches!(node.kind, NodeKind::Instruction(_)) {
            encoder.subtree(id)?;
            end = node.span.range().end;
        }
    }
    Ok(encoder.finish(end))
}

/// Writes one document.
pub(super) struct Encoder<'a> {
    pub(super) tree: &'a Tree,
    pub(super) layer: &'a [u8],
    pub(super) preamble: &'a Preamble,
    pub(super) out: Vec<u8>,
    table: Vec<u8>,
    /// Names that have been looked up, and where they stand in the table.
    literals: HashMap<String, u32>,
    tag_page: u8,
    attribute_page: u8,
    /// Strings of the table that are written by their offset.
    strings: Vec<(u32, String)>,
    /// One past the last node that was written together with one before it.
    pub(super) joined: NodeId,
    /// The note before the document inside that comes next.
    pub(super) note: Option<NodeId>,
    /// What the tree was read from, when its spans are bytes of it.
    source: Option<Source<'a>>,
    /// Every byte so far is as it was read.
    faithful: bool,
}

impl<'a> Encoder<'a> {
    pub(super) fn new(tree: &'a Tree, layer: &'a [u8], preamble: &'a Preamble) -> Self {
        let table = preamble.table.clone();
        let source = preamble.is_same_layer().then(|| Source::new(layer, preamble.charset()));
        let source = source.flatten();
        Self {
            faithful: source.is_some(),
            source,
            tree,
            layer,
            preamble,
            out: Vec::new(),
            table,
            literals: HashMap::new(),
            tag_page: 0,
            attribute_page: 0,
            strings: preamble.strings(),
            joined: NodeId(0),
            note: None,
        }
    }

    /// The document; `end` is where its last node ended in the layer.
    pub(super) fn finish(self, end: usize) -> Vec<u8> {
        let header = self.source.as_ref().filter(|source| {
            self.table == self.preamble.table && self.preamble.is_as_read(source, self.layer)
        });
        let mut out = match header {
            Some(source) => source.header_bytes().to_vec(),
            None => self.preamble.header(&self.table),
        };
        out.extend_from_slice(&self.out);
        if let Some(source) = self.source.filter(|_| self.faithful) {
            out.extend_from_slice(source.trailing(end));
        }
        out
    }

    /// Writes a piece as it was read; false when it has to be made.
    fn again(&mut self, piece: impl FnOnce(&Source<'a>, u8) -> Option<Piece<'a>>) -> bool {
        let Some(source) = &self.source else { return false };
        let Some(Piece { bytes, page }) = piece(source, self.tag_page) else {
            self.faithful = false;
            return false;
        };
        self.out.extend_from_slice(bytes);
        self.tag_page = page;
        true
    }

    /// Writes the END of an element whose last byte so far is `reached` in the layer.
    fn end(&mut self, id: NodeId, reached: u32) {
        let end = self.tree.get(id).map_or(reached, |node| node.span.end);
        if !self.again(|source, page| source.end(reached, end, page)) {
            self.out.push(END);
        }
    }

    /// Writes a node and what is inside it.
    pub(super) fn subtree(&mut self, top: NodeId) -> Result<(), EncodeError> {
        let tree = self.tree;
        let Some(node) = tree.get(top) else { return Ok(()) };
        let mut open: Vec<NodeId> = Vec::new();
        let mut index = top;
        // Where what was written last ended in the layer.
        let mut reached = node.span.start;
        while index < node.end {
            while let Some(id) = open.pop_if(|id| tree.get(*id).is_some_and(|n| n.end <= index)) {
                self.end(id, reached);
                reached = tree.get(id).map_or(reached, |node| node.span.end);
            }
            let Some(node) = tree.get(index) else { break };
            let next = NodeId(index.0.saturating_add(1));
            let at = index;
            index = next;
            let NodeKind::Element(element) = &node.kind else {
                self.content(at, &node)?;
                reached = node.span.end;
                continue;
            };
            reached = node.span.end;
            match self.element(at, &node, element)? {
                After::Content => {
                    open.push(at);
                    reached = element.tag.end;
                }
                After::Nothing => {}
                After::Done => index = node.end.max(next),
            }
        }
        while let Some(id) = open.pop() {
            self.end(id, reached);
            reached = tree.get(id).map_or(reached, |node| node.span.end);
        }
        Ok(())
    }

    fn element(
        &mut self,
        id: NodeId,
        node: &Node<'_>,
        element: &Element<'_>,
    ) -> Result<After, EncodeError> {
        if let Some(preamble) = self.preamble_inside(element) {
            let bytes = self.document_inside(id, &preamble)?;
            self.opaque(&bytes);
            return Ok(After::Done);
        }
        let has_children = node.end.index() > id.index().saturating_add(1);
        // An empty element may have been written with content and END, or without both.
        let written_open =
            self.preamble.is_same_layer() && node.span.end > element.tag.end && !has_children;
        let empty = if has_children { Empty::Bare } else { self.written_empty(node, element) };
        let content = has_children || written_open || empty != Empty::Bare;
        if self.again(|source, page| source.tag(element, content, page)) {
            if written_open {
                self.end(id, element.tag.end);
            }
            return Ok(if has_children { After::Content } else { After::Nothing });
        }
        let own_attributes: Vec<_> = element
            .attributes
            .iter()
            .filter(|attribute| self.is_written(node, attribute))
            .collect();
        self.tag(element, !own_attributes.is_empty(), content);
        if !own_attributes.is_empty() {
            for attribute in &own_attributes {
                self.attribute(attribute);
            }
            self.out.push(END);
        }
        if has_children && (self.holds_bytes(element) || self.holds_cdata(id)) {
            let bytes = self.bytes_inside(id, element)?;
            self.opaque(&bytes);
            self.out.push(END);
            return Ok(After::Done);
        }
        if written_open {
            self.end(id, element.tag.end);
        }
        self.end_empty(empty);
        Ok(if has_children { After::Content } else { After::Nothing })
    }

    fn tag(&mut self, element: &Element<'_>, attributes: bool, content: bool) {
        let flags =
            if attributes { HAS_ATTRIBUTES } else { 0 } | if content { HAS_CONTENT } else { 0 };
        if let Some((page, token)) = self.token(element) {
            if page != self.tag_page {
                self.out.extend([SWITCH_PAGE, page]);
                self.tag_page = page;
            }
            self.out.push(token | flags);
            return;
        }
        let name = element.name.as_str().unwrap_or_default();
        self.out.push(match (attributes, content) {
            (false, false) => LITERAL,
            (false, true) => LITERAL_C,
            (true, false) => LITERAL_A,
            (true, true) => LITERAL_AC,
        });
        let offset = self.table_offset(name);
        push_mb_u32(&mut self.out, offset);
    }

    pub(super) fn token(&self, element: &Element<'_>) -> Option<(u8, u8)> {
        if element.token.is_some() {
            return element.token;
        }
        let Name::Literal(name) = element.name else { return None };
        if self.preamble.is_same_layer() {
            // It was written as a literal.
            return None;
        }
        if self.is_literal(element, name) {
            return None;
        }
        naming::token(self.preamble.book, element.namespace.as_str(), name, self.tag_page)
    }

    fn attribute(&mut self, attribute: &Attribute<'_>) {
        // One that the end of the body cut short has no END behind it.
        if self.preamble.is_same_layer() && attribute.span.range().end < self.layer.len() {
            // Its tokens are its bytes; the register moves as they say.
            let raw = attribute.span.of(self.layer);
            self.out.extend_from_slice(raw);
            return;
        }
        let name = attribute.name.as_str().unwrap_or_default();
        let value = Tree::resolve(&attribute.value, self.layer);
        for code in attribute_encode::codes(self.preamble.book, name, value) {
            match code {
                AttributeCode::Token(page, token) => {
                    if page != self.attribute_page {
                        self.out.extend([SWITCH_PAGE, page]);
                        self.attribute_page = page;
                    }
                    self.out.push(token);
                }
                AttributeCode::LiteralName(name) => {
                    self.out.push(LITERAL);
                    let offset = self.table_offset(name);
                    push_mb_u32(&mut self.out, offset);
                }
                AttributeCode::Characters(text) => self.string(text),
                AttributeCode::Bytes(bytes) => self.opaque(&bytes),
            }
        }
    }

    fn content(&mut self, id: NodeId, node: &Node<'_>) -> Result<(), EncodeError> {
        if self.again(|source, page| source.content(node, page)) {
            return Ok(());
        }
        match &node.kind {
            NodeKind::Element(_) | NodeKind::Comment(_) => {}
            NodeKind::Opaque(span) => self.opaque(span.of(self.layer)),
            NodeKind::Text(text, written) => self.text(id, text, *written),
            NodeKind::Instruction(text) => self.instruction(id, text)?,
        }
        Ok(())
    }

    fn text(&mut self, id: NodeId, text: &Text<'_>, written: Written) {
        let characters = Tree::resolve(text, self.layer);
        match (written, text) {
            (Written::Entity(code), _) => {
                self.out.push(ENTITY);
                push_mb_u32(&mut self.out, code);
            }
            (Written::TableString(offset), _) if self.preamble.is_same_layer() => {
                self.out.push(STR_T);
                push_mb_u32(&mut self.out, offset);
            }
            (Written::Opaque, _) => self.opaque(characters.as_bytes()),
            (Written::CData, _) => self.cdata(id),
            (Written::Plain, _) => self.plain(id, characters),
            _ => self.string(characters),
        }
    }

    /// Writes a string: what the table has and a note says was written from there by its offset,
    /// the rest inline.
    pub(super) fn string(&mut self, text: &str) {
        if self.strings.is_empty() {
            return self.inline(text);
        }
        let strings = std::mem::take(&mut self.strings);
        for piece in pieces(text, &strings) {
            match piece {
                Ok(offset) => {
                    self.out.push(STR_T);
                    push_mb_u32(&mut self.out, offset);
                }
                Err(text) => self.inline(text),
            }
        }
        self.strings = strings;
    }

    /// Writes inline strings, and the characters between them that a note says are entities.
    fn inline(&mut self, text: &str) {
        let preamble = self.preamble;
        if preamble.entities.is_empty() {
            return self.characters(text);
        }
        for piece in text.split_inclusive(|c: char| preamble.entities.contains(&c)) {
            let last = piece.chars().next_back().filter(|c| preamble.entities.contains(c));
            let before = last.and_then(|c| piece.strip_suffix(c)).unwrap_or(piece);
            if !before.is_empty() {
                self.characters(before);
            }
            if let Some(c) = last {
                self.out.push(ENTITY);
                push_mb_u32(&mut self.out, u32::from(c));
            }
        }
    }

    /// Writes an inline string; characters that the charset lacks, and NUL, as entities.
    fn characters(&mut self, text: &str) {
        let charset = self.preamble.charset();
        let whole = charset.encode(text).filter(|_| !text.contains('\0'));
        if let Some(bytes) = whole {
            return self.terminated(&bytes);
        }
        for c in text.chars() {
            let mut buffer = [0; 4];
            let bytes = charset.encode(c.encode_utf8(&mut buffer)).filter(|_| c != '\0');
            if let Some(bytes) = bytes {
                self.terminated(&bytes);
            } else {
                self.out.push(ENTITY);
                push_mb_u32(&mut self.out, u32::from(c));
            }
        }
    }

    pub(super) fn terminated(&mut self, bytes: &[u8]) {
        self.out.push(STR_I);
        self.out.extend_from_slice(bytes);
        self.out.extend(std::iter::repeat_n(0, self.preamble.charset().terminator));
    }

    pub(super) fn opaque(&mut self, bytes: &[u8]) {
        self.out.push(OPAQUE);
        push_mb_u32(&mut self.out, u32::try_from(bytes.len()).unwrap_or(u32::MAX));
        self.out.extend_from_slice(bytes);
    }

    fn instruction(&mut self, id: NodeId, text: &Text<'_>) -> Result<(), EncodeError> {
        let text = Tree::resolve(text, self.layer);
        if !self.preamble.is_same_layer() && note::is_note(text) {
            self.note = Some(id);
            return Ok(());
        }
        if let Some(data) = text.strip_prefix("opaque base64 ") {
            let bytes = from_base64(data).ok_or(EncodeError::Base64(id))?;
            self.opaque(&bytes);
            return Ok(());
        }
        let (target, data) = text.split_once(' ').unwrap_or((text, ""));
        self.out.extend([PI, LITERAL]);
        let offset = self.table_offset(target);
        push_mb_u32(&mut self.out, offset);
        if !data.is_empty() {
            self.string(data);
        }
        self.out.push(END);
        Ok(())
    }

    /// Where `name` stands in the string table; added if it does not.
    fn table_offset(&mut self, name: &str) -> u32 {
        if let Some(offset) = self.literals.get(name) {
            return *offset;
        }
        let charset = self.preamble.charset();
        let mut bytes = charset.encode(name).unwrap_or_else(|| name.as_bytes().to_vec());
        bytes.extend(std::iter::repeat_n(0, charset.terminator));
        let given = &self.preamble.table;
        let known = given.windows(bytes.len()).position(|window| window == bytes);
        let offset = known.unwrap_or_else(|| {
            // A last string without terminator would run into the new one.
            if self.table.last().is_some_and(|last| *last != 0) {
                self.table.extend(std::iter::repeat_n(0, charset.terminator));
            }
            let offset = self.table.len();
            self.table.extend_from_slice(&bytes);
            offset
        });
        let offset = u32::try_from(offset).unwrap_or(u32::MAX);
        self.literals.insert(name.to_owned(), offset);
        offset
    }
}

/// Text as offsets of strings in the table and what is between them.
fn pieces<'t>(text: &'t str, strings: &[(u32, String)]) -> Vec<Result<u32, &'t str>> {
    let mut pieces = vec![Err(text)];
    for (offset, string) in strings {
        let mut split = Vec::with_capacity(pieces.len());
        for piece in pieces {
            let Err(mut rest) = piece else {
                split.push(piece);
                continue;
            };
            while let Some((before, after)) = rest.split_once(string.as_str()) {
                split.extend((!before.is_empty()).then_some(Err(before)));
                split.push(Ok(*offset));
                rest = after;
            }
            split.extend((!rest.is_empty()).then_some(Err(rest)));
        }
        pieces = split;
    }
    pieces
}

/// What follows the tag just written.
enum After {
    /// Content, then END.
    Content,
    /// The next sibling.
    Nothing,
    /// The next sibling: the content is written too.
    Done,
}
