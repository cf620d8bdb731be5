//! The bytes that the nodes of a tree were written with, as long as they still say the same.
//!
//! An encoder has choices: page switches nobody needs, integers longer than they have to be, equal
//! strings at several offsets. The spans of a tree remember which ones were taken. Bytes are used
//! again only when they still read as the node, so that a changed tree is written as it is now.

use crate::codec::charset::Charset;
use crate::codec::limits;
use crate::model::{Element, Name, Node, NodeKind, Span, Text, Written};

use super::event::{Data, EventKind, Follows, TagName};
use super::events::Events;
use super::header::Header;

/// A document that was read.
#[derive(Debug)]
pub(super) struct Source<'a> {
    layer: &'a [u8],
    /// Its header.
    pub(super) header: Header,
    charset: &'static Charset,
}

/// Bytes to be written again.
#[derive(Debug, Clone, Copy)]
pub(super) struct Piece<'a> {
    /// As they stood.
    pub(super) bytes: &'a [u8],
    /// The tag code page after them.
    pub(super) page: u8,
}

impl<'a> Source<'a> {
    /// The document in `layer`; `None` when its header cannot be read.
    pub(super) fn new(layer: &'a [u8], charset: &'static Charset) -> Option<Self> {
        Some(Self { layer, header: Header::read(layer).ok()?, charset })
    }

    /// The bytes of the header.
    pub(super) fn header_bytes(&self) -> &'a [u8] {
        Span::new(0, self.header.body).of(self.layer)
    }

    /// What follows the last node of the document.
    pub(super) fn trailing(&self, end: usize) -> &'a [u8] {
        Span::new(end, self.layer.len()).of(self.layer)
    }

    /// The start tag with its attributes, page switches before it included.
    pub(super) fn tag(&self, element: &Element<'_>, content: bool, page: u8) -> Option<Piece<'a>> {
        let mut tokens = self.tokens(element.tag, page);
        let mut kind = tokens.next()?;
        while let EventKind::SwitchPage(_) = kind {
            kind = tokens.next()?;
        }
        let EventKind::Tag(name, follows) = kind else { return None };
        let same_attributes = follows.attributes || element.attributes.is_empty();
        if follows.content != content || !same_attributes || !self.is_name(name, element) {
            return None;
        }
        let mut last = None;
        for kind in tokens.by_ref() {
            last = Some(kind);
        }
        let ended = match follows {
            Follows { attributes: true, .. } => last == Some(EventKind::AttributesEnd),
            Follows { attributes: false, .. } => last.is_none(),
        };
        ended.then_some(())?;
        tokens.piece(self.layer)
    }

    /// Characters, opaque data or a processing instruction.
    pub(super) fn content(&self, node: &Node<'_>, page: u8) -> Option<Piece<'a>> {
        let mut tokens = self.tokens(node.span, page);
        let mut last = None;
        let mut first = None;
        for kind in tokens.by_ref().filter(|kind| !matches!(kind, EventKind::SwitchPage(_))) {
            first.get_or_insert(kind);
            last = Some(kind);
        }
        let same = match (&node.kind, first?) {
            (NodeKind::Instruction(_), EventKind::Instruction) => {
                last == Some(EventKind::AttributesEnd)
            }
            (_, EventKind::Data(data)) => first == last && is_same(&node.kind, data),
            _ => false,
        };
        same.then_some(())?;
        tokens.piece(self.layer)
    }

    /// The END of an element, page switches before it included: all between `start` and `end`.
    pub(super) fn end(&self, start: u32, end: u32, page: u8) -> Option<Piece<'a>> {
        let mut tokens = self.tokens(Span { start, end: end.max(start) }, page);
        let mut last = None;
        for kind in tokens.by_ref() {
            matches!(kind, EventKind::SwitchPage(_) | EventKind::ElementEnd).then_some(())?;
            (last != Some(EventKind::ElementEnd)).then_some(())?;
            last = Some(kind);
        }
        (last == Some(EventKind::ElementEnd)).then_some(())?;
        tokens.piece(self.layer)
    }

    fn tokens(&self, span: Span, page: u8) -> Tokens<'a> {
        let range = span.range();
        let events = Events::inside(
            Span::new(0, range.end).of(self.layer),
            range.start,
            self.charset.terminator,
            page,
        );
        Tokens { events, span, page, failed: false }
    }

    fn is_name(&self, name: TagName, element: &Element<'_>) -> bool {
        match (name, element.token, element.name) {
            (TagName::Token { page, token }, Some(known), _) => (page, token) == known,
            (TagName::Literal(offset), None, Name::Literal(name)) => {
                let found = self.header.table_string(self.layer, offset, self.charset.terminator);
                let bytes = found.map(|span| span.of(self.layer)).unwrap_or_default();
                let (text, _) = self.charset.decode(bytes);
                let cut = text.floor_char_boundary(limits::NAME_BYTES);
                text.get(..cut) == Some(name)
            }
            _ => false,
        }
    }
}

/// True when a token holds what the node holds.
fn is_same(kind: &NodeKind<'_>, data: Data) -> bool {
    match (kind, data) {
        (NodeKind::Opaque(known), Data::Opaque(span)) => *known == span,
        (NodeKind::Text(text, written), data) => match (data, written) {
            (Data::InlineString(span), Written::InlineString)
            | (Data::Opaque(span), Written::Opaque) => match text {
                Text::Slice(known) => *known == span,
                // Another charset: the characters cannot be compared with the bytes.
                Text::Owned(_) => true,
            },
            (Data::TableString(offset), Written::TableString(known)) => offset == *known,
            (Data::Entity(code), Written::Entity(known)) => code == *known,
            (Data::ExtensionString(token, _) | Data::Extension(token), written) => {
                *written == Written::Extension(token, 0)
            }
            (Data::ExtensionTable(token, operand), written) => {
                *written == Written::Extension(token, operand)
            }
            _ => false,
        },
        _ => false,
    }
}

/// The tokens of one piece.
struct Tokens<'a> {
    events: Events<'a>,
    span: Span,
    page: u8,
    failed: bool,
}

impl Tokens<'_> {
    /// The whole piece, if every byte of it was read.
    fn piece<'a>(&self, layer: &'a [u8]) -> Option<Piece<'a>> {
        let whole = !self.failed && self.events.at() == self.span.range().end;
        whole.then(|| Piece { bytes: self.span.of(layer), page: self.page })
    }
}

impl Iterator for Tokens<'_> {
    type Item = EventKind;

    fn next(&mut self) -> Option<EventKind> {
        if self.failed || self.events.at() >= self.span.range().end {
            return None;
        }
        let in_tag = self.events.is_between_tags();
        let Some(Ok(event)) = self.events.next() else {
            self.failed = true;
            return None;
        };
        if let (EventKind::SwitchPage(page), true) = (event.kind, in_tag) {
            self.page = page;
        }
        Some(event.kind)
    }
}
