//! What only trees of XML need: characters that stand for bytes, marks of this product, documents
//! inside documents.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::codec::mime;
use crate::model::{Attribute, Element, Name, Node, NodeId, NodeKind, Tree, Written};

use super::encode::{EncodeError, Encoder};
use super::note;
use super::packing;
use super::preamble::{Declared, Empty, Preamble, push_mb_u32};
use super::token::{END, EXT_T_0};

/// The namespace of this product's own attributes in XML.
const OWN: &str = "urn:synctap:xml";

/// The namespace of `xmlns` declarations.
const XMLNS: &str = "http://www.w3.org/2000/xmlns/";

impl Encoder<'_> {
    /// Writes characters of XML: what the document type packs, else a string.
    pub(super) fn plain(&mut self, id: NodeId, text: &str) {
        if id < self.joined {
            return;
        }
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

    /// Writes a CDATA section, with the characters behind it, as opaque data.
    pub(super) fn cdata(&mut self, id: NodeId) {
        if id < self.joined {
            return;
        }
        let (tree, parent) = (self.tree, self.tree.parent(id));
        let mut bytes = Vec::new();
        let mut at = id;
        while let Some(node) = tree.get(at).filter(|node| node.parent == parent)
            && let NodeKind::Text(text, _) = node.kind
        {
            bytes.extend_from_slice(Tree::resolve(&text, self.layer).as_bytes());
            at = node.end;
        }
        self.joined = at;
        self.opaque(&bytes);
    }

    /// True for a name that a note says was written as a literal.
    pub(super) fn is_literal(&self, element: &Element<'_>, name: &str) -> bool {
        element.namespace.as_str().is_empty()
            && self.preamble.literals.iter().any(|literal| literal == name)
    }

    /// False for what only XML needs: our own marks, and declarations, but for document types that
    /// have tokens for theirs.
    pub(super) fn is_written(&self, node: &Node<'_>, attribute: &Attribute<'_>) -> bool {
        match (attribute.namespace.as_str(), attribute.name) {
            (OWN, _) => false,
            (XMLNS, Name::Literal(name)) => {
                let wanted = match self.preamble.declared {
                    Declared::All => true,
                    Declared::Root => node.parent.is_none(),
                    Declared::None => false,
                };
                wanted && self.preamble.book.attributes().any(|(_, _, start)| start.name == name)
            }
            _ => true,
        }
    }

    /// How an element without content was written.
    pub(super) fn written_empty(&self, node: &Node<'_>, element: &Element<'_>) -> Empty {
        match self.preamble.empty {
            // `<a></a>` stands for a string of no characters, `<a/>` for nothing.
            Empty::String if node.span.end <= element.tag.end => Empty::Bare,
            other => other,
        }
    }

    /// What stands between the tag of an element without content and the next.
    pub(super) fn end_empty(&mut self, empty: Empty) {
        if empty == Empty::String {
            self.terminated(b"");
        }
        if empty != Empty::Bare {
            self.out.push(END);
        }
    }

    /// True when the element's characters stand for bytes (in a tree that was not WBXML).
    pub(super) fn holds_bytes(&self, element: &Element<'_>) -> bool {
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
    pub(super) fn holds_cdata(&self, id: NodeId) -> bool {
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

    pub(super) fn bytes_inside(
        &self,
        id: NodeId,
        element: &Element<'_>,
    ) -> Result<Vec<u8>, EncodeError> {
        let text = self.tree.text(id, self.layer);
        if says_base64(element) {
            return from_base64(&text).ok_or(EncodeError::Base64(id));
        }
        let given = from_base64(&text).filter(|bytes| is_likely_base64(&text, bytes));
        let given = given.filter(|_| !self.holds_cdata(id));
        Ok(given.unwrap_or_else(|| text.into_owned().into_bytes()))
    }

    /// How to write an element that is a document of its own: one that a note says it of, or that
    /// no token or page of this document type can hold.
    pub(super) fn preamble_inside(&mut self, element: &Element<'_>) -> Option<Preamble> {
        let said = self.note.take().and_then(|id| match self.tree.get(id)?.kind {
            NodeKind::Instruction(text) => Some(Tree::resolve(&text, self.layer)),
            _ => None,
        });
        if self.preamble.is_same_layer() || element.token.is_some() {
            return None;
        }
        let book = said.and_then(note::inner_book);
        let book = book.or_else(|| match element.name {
            // Whatever namespace it was left in.
            Name::Literal(root) => self.preamble.book.inner(root),
            _ => None,
        })?;
        let mut preamble = Preamble::canonical(book);
        if let Some(said) = said {
            preamble.apply(said);
        }
        Some(preamble)
    }

    pub(super) fn document_inside(
        &self,
        id: NodeId,
        preamble: &Preamble,
    ) -> Result<Vec<u8>, EncodeError> {
        let mut inner = Encoder::new(self.tree, self.layer, preamble);
        inner.subtree(id)?;
        Ok(inner.finish(0))
    }
}

fn says_base64(element: &Element<'_>) -> bool {
    element.attributes.iter().any(|attribute| {
        attribute.namespace.as_str() == OWN && attribute.name == Name::Literal("opaque")
    })
}

pub(super) fn from_base64(text: &str) -> Option<Vec<u8>> {
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
