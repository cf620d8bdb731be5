//! Trees to WBXML: the bytes that were read, for a document that was read; else inline strings.

use std::collections::HashMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::codec::mime;
use crate::model::{Attribute, Element, Name, Node, NodeId, NodeKind, Text, Tree, Written};

use super::attribute_encode::{self, AttributeCode};
use super::book::Book;
use super::events::{
    END, ENTITY, EXT_T_0, HAS_ATTRIBUTES, HAS_CONTENT, LITERAL, LITERAL_A, LITERAL_AC, LITERAL_C,
    OPAQUE, PI, STR_I, STR_T, SWITCH_PAGE,
};
use super::naming;
use super::packing;
use super::preamble::{Preamble, push_mb_u32};
use super::source::{Piece, Source};

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

/// The namespace of this product's own attributes in XML.
const OWN: &str = "urn:synctap:xml";

/// The namespace of `xmlns` declarations.
const XMLNS: &str = "http://www.w3.org/2000/xmlns/";

/// Writes one document.
pub(super) struct Encoder<'a> {
    tree: &'a Tree,
    layer: &'a [u8],
    preamble: &'a Preamble,
    pub(super) out: Vec<u8>,
    table: Vec<u8>,
    /// Names that have been looked up, and where they stand in the table.
    literals: HashMap<String, u32>,
    tag_page: u8,
    attribute_page: u8,
    /// What the tree was read from, when its spans are bytes of it.
    source: Option<Source<'a>>,
    /// Every byte so far is as it was read.
    faithful: bool,
}

impl<'a> Encoder<'a> {
    fn new(tree: &'a Tree, layer: &'a [u8], preamble: &'a Preamble) -> Self {
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
        }
    }

    /// The document; `end` is where its last node ended in the layer.
    fn finish(self, end: usize) -> Vec<u8> {
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
    fn subtree(&mut self, top: NodeId) -> Result<(), EncodeError> {
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
        let foreign = self.foreign_book(element);
        if let Some(book) = foreign {
            let bytes = self.document_inside(id, book)?;
            self.opaque(&bytes);
            return Ok(After::Done);
        }
        let has_children = node.end.index() > id.index().saturating_add(1);
        // An empty element may have been written with content and END, or without both.
        let written_open =
            self.preamble.is_same_layer() && node.span.end > element.tag.end && !has_children;
        let content = has_children || written_open;
        if self.again(|source, page| source.tag(element, content, page)) {
            if written_open {
                self.end(id, element.tag.end);
            }
            return Ok(if has_children { After::Content } else { After::Nothing });
        }
        let own_attributes: Vec<_> =
            element.attributes.iter().filter(|attribute| self.is_written(attribute)).collect();
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

    fn token(&self, element: &Element<'_>) -> Option<(u8, u8)> {
        if element.token.is_some() {
            return element.token;
        }
        let Name::Literal(name) = element.name else { return None };
        if self.preamble.is_same_layer() {
            // It was written as a literal.
            return None;
        }
        naming::token(self.preamble.book, element.namespace.as_str(), name, self.tag_page)
    }

    /// False for what only XML needs: our own marks, and declarations, but for document types that
    /// have tokens for theirs.
    fn is_written(&self, attribute: &Attribute<'_>) -> bool {
        match (attribute.namespace.as_str(), attribute.name) {
            (OWN, _) => false,
            (XMLNS, Name::Literal(name)) => {
                self.preamble.book.attributes().any(|(_, _, start)| start.name == name)
            }
            _ => true,
        }
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
            (Written::Opaque | Written::CData, _) => self.opaque(characters.as_bytes()),
            (Written::Plain, _) => self.plain(id, characters),
            _ => self.string(characters),
        }
    }

    /// Writes characters of XML: what the document type packs, else a string.
    fn plain(&mut self, id: NodeId, text: &str) {
        let book = self.preamble.book;
        if let Some(operand) = book.extension_of(text) {
            self.out.push(EXT_T_0);
            return push_mb_u32(&mut self.out, operand);
        }
        let parent = self.tree.parent(id).filter(|_| book.has_packed_values());
        let name = parent.and_then(|parent| self.tree.name(parent));
        match name.and_then(|name| packing::content(name, text)) {
            Some(bytes) => self.opaque(&bytes),
            None => self.string(text),
        }
    }

    /// Writes an inline string; characters that the charset lacks, and NUL, as entities.
    fn string(&mut self, text: &str) {
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

    fn terminated(&mut self, bytes: &[u8]) {
        self.out.push(STR_I);
        self.out.extend_from_slice(bytes);
        self.out.extend(std::iter::repeat_n(0, self.preamble.charset().terminator));
    }

    fn opaque(&mut self, bytes: &[u8]) {
        self.out.push(OPAQUE);
        push_mb_u32(&mut self.out, u32::try_from(bytes.len()).unwrap_or(u32::MAX));
        self.out.extend_from_slice(bytes);
    }

    fn instruction(&mut self, id: NodeId, text: &Text<'_>) -> Result<(), EncodeError> {
        let text = Tree::resolve(text, self.layer);
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

    /// True when the element's characters stand for bytes (in a tree that was not WBXML).
    fn holds_bytes(&self, element: &Element<'_>) -> bool {
        if self.preamble.is_same_layer() || element.token.is_some() {
            return false;
        }
        let token = self.token(element);
        let by_table = token
            .and_then(|(page, token)| self.preamble.book.tag(page, token))
            .is_some_and(|tag| tag.opaque);
        by_table || says_base64(element)
    }

    /// True for characters alone, some of them a CDATA section: libwbxml and this product write
    /// opaque data as one, and what it cannot hold (carriage returns) beside it.
    fn holds_cdata(&self, id: NodeId) -> bool {
        if self.preamble.is_same_layer() {
            return false;
        }
        let mut some = false;
        for child in self.tree.children(id) {
            match self.tree.get(child).map(|node| node.kind) {
                Some(NodeKind::Text(_, written)) => some |= written == Written::CData,
                _ => return false,
            }
        }
        some
    }

    fn bytes_inside(&self, id: NodeId, element: &Element<'_>) -> Result<Vec<u8>, EncodeError> {
        let text = self.tree.text(id, self.layer);
        if says_base64(element) {
            return from_base64(&text).ok_or(EncodeError::Base64(id));
        }
        let given = from_base64(&text).filter(|bytes| is_likely_base64(&text, bytes));
        let given = given.filter(|_| !self.holds_cdata(id));
        Ok(given.unwrap_or_else(|| text.into_owned().into_bytes()))
    }

    /// The book of an element that no token or page of this document type can hold.
    fn foreign_book(&self, element: &Element<'_>) -> Option<&'static Book> {
        if self.preamble.is_same_layer() || element.token.is_some() {
            return None;
        }
        let version = self.preamble.book.key.strip_prefix("syncml")?;
        // No table of SyncML has this name, whatever namespace it was left in.
        let is_devinf = matches!(element.name, Name::Literal("DevInf"));
        is_devinf.then(|| Book::by_key(&format!("devinf{version}"))).flatten()
    }

    fn document_inside(&self, id: NodeId, book: &'static Book) -> Result<Vec<u8>, EncodeError> {
        let preamble = Preamble::canonical(book);
        let mut inner = Encoder::new(self.tree, self.layer, &preamble);
        inner.subtree(id)?;
        Ok(inner.finish(0))
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

/// What follows the tag just written.
enum After {
    /// Content, then END.
    Content,
    /// The next sibling.
    Nothing,
    /// The next sibling: the content is written too.
    Done,
}

fn says_base64(element: &Element<'_>) -> bool {
    element.attributes.iter().any(|attribute| {
        attribute.namespace.as_str() == OWN && attribute.name == Name::Literal("opaque")
    })
}

fn from_base64(text: &str) -> Option<Vec<u8>> {
    let compact: Vec<u8> = text.bytes().filter(|byte| !byte.is_ascii_whitespace()).collect();
    STANDARD.decode(compact).ok()
}

/// True when text in an element of bytes is more likely their base64, which libwbxml writes without
/// saying so: a message, or no text at all.
fn is_likely_base64(text: &str, bytes: &[u8]) -> bool {
    let is_padded = text.trim_ascii_end().ends_with('=');
    let is_hex = text.bytes().all(|byte| byte.is_ascii_hexdigit());
    mime::is_likely(bytes) || is_padded || !is_hex && std::str::from_utf8(bytes).is_err()
}
