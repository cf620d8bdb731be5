//! Events to a tree: names from a book, text from the string table, damage noted.

use std::borrow::Cow;

use crate::codec::charset::Charset;
use crate::codec::faults::Faults;
use crate::codec::limits;
use crate::codec::progress::Meter;
use crate::codec::reader::Reader;
use crate::model::{Attribute, Name, Namespace, NodeId, NodeKind, Span, Text, Tree, Written};

use super::book::Book;
use super::error::{WbxmlError, WbxmlErrorKind};
use super::event::{Data, Event, EventKind, Follows, Frequent, Leaf, TagName};
use super::events::Events;
use super::header::{Header, mb_u32};
use super::strings::{Characters, Strings};
use super::token::{OPAQUE, STR_I};
use super::value::{self, AttributeName, PendingAttribute};

/// How far a document may be read.
#[derive(Debug, Clone, Copy)]
pub(super) struct Bounds {
    /// The end may be missing.
    pub(super) truncated: bool,
    /// Nodes it may have.
    pub(super) nodes: usize,
}

/// Builds the tree of the body of `layer`; on damage it holds what was understood. Also gives the
/// nodes that may be documents of their own.
pub(super) fn build(
    layer: &[u8],
    header: &Header,
    (book, charset): (&'static Book, &'static Charset),
    bounds: Bounds,
    mut meter: Meter<'_>,
    faults: &mut Faults,
) -> (Tree, Vec<NodeId>) {
    let mut builder = Builder {
        strings: Strings::new(layer, header, book, charset),
        faults,
        bounds,
        // A node takes four to eight bytes of a small message; growing costs more than asking.
        tree: Tree::with_capacity(
            book.vocabulary(),
            (layer.len() / 4).clamp(4, limits::RESERVED_NODES),
        ),
        open: Vec::with_capacity(16),
        content_follows: true,
        switched_at: None,
        attribute: None,
        instruction: None,
        attributes: 0,
        holders: Vec::new(),
    };
    let mut events = Events::new(layer, header.body, charset.terminator);
    let mut damage = None;
    loop {
        while builder.wants_frequent()
            && let Some(tokens) = events.take_frequent()
        {
            builder.take_frequent(tokens);
            meter.at(events.at());
        }
        let Some(event) = events.next() else { break };
        meter.at(events.at());
        if let Err(error) = event.and_then(|event| builder.take(event)) {
            damage = Some(error);
            break;
        }
    }
    builder.finish(events.at(), damage)
}

struct Builder<'a, 'f> {
    strings: Strings<'a>,
    faults: &'f mut Faults,
    bounds: Bounds,
    tree: Tree,
    /// Elements whose END has not come, outermost first; also one without content while its
    /// attributes are read.
    open: Vec<NodeId>,
    /// The element whose attributes are being read has content.
    content_follows: bool,
    /// Where the page switches before the next item began.
    switched_at: Option<usize>,
    /// The attribute being read.
    attribute: Option<PendingAttribute>,
    /// The processing instruction being read: where it began, and its text.
    instruction: Option<(usize, String)>,
    /// Attributes so far.
    attributes: usize,
    /// Content that may be a document of its own.
    holders: Vec<NodeId>,
}

impl Builder<'_, '_> {
    /// True while two more nodes may be added.
    #[inline]
    fn wants_frequent(&self) -> bool {
        self.tree.len().saturating_add(1) < self.bounds.nodes
    }

    #[inline]
    fn take_frequent(&mut self, tokens: Frequent) {
        match tokens {
            Frequent::Leaf(leaf) => self.leaf(leaf),
            Frequent::Tag { at, page, token, content } => {
                let end = at.saturating_add(1);
                if self.strings.book.vocabulary().tag(page, token).is_none() {
                    self.unknown_tag(page, token, Span::new(at, end));
                }
                let tag = Span::new(self.switched_at.take().unwrap_or(at), end);
                let id = self.tree.push_token((page, token), tag, self.open.last().copied());
                if content {
                    self.open.push(id);
                }
            }
            Frequent::End(end) => {
                self.switched_at = None;
                if let Some(id) = self.open.pop() {
                    self.tree.close(id, end);
                }
            }
            Frequent::SwitchPage(at) => {
                self.switched_at.get_or_insert(at);
            }
        }
    }

    #[inline]
    fn leaf(&mut self, Leaf { page, token, text }: Leaf) {
        // Tag and STR_I before the text, its terminator and END behind it.
        let tag_end = text.start.saturating_sub(1);
        let piece = Span { start: tag_end, end: text.end.saturating_add(1) };
        let whole = Span { start: tag_end.saturating_sub(1), end: text.end.saturating_add(2) };
        let whole = match self.switched_at.take() {
            Some(start) => Span::at(start).join(whole),
            None => whole,
        };
        let known = self.strings.book.vocabulary().tag(page, token);
        if known.is_none_or(|tag| tag.holds) {
            if known.is_none() {
                let tag = Span { start: tag_end.saturating_sub(1), end: tag_end };
                self.unknown_tag(page, token, tag);
            }
            self.holders.push(NodeId(self.tree.next_id().0.saturating_add(1)));
        }
        let parent = self.open.last().copied();
        if self.strings.is_plain(text) {
            return self.tree.push_leaf((page, token), whole, Text::Slice(text), piece, parent);
        }
        let characters = self.strings.characters(text, self.faults);
        self.tree.push_leaf((page, token), whole, characters.text(), piece, parent);
    }

    #[inline]
    fn take(&mut self, event: Event) -> Result<(), WbxmlError> {
        let at = event.span.range().start;
        match event.kind {
            EventKind::SwitchPage(_) => {
                self.switched_at.get_or_insert(at);
            }
            EventKind::Tag(name, follows) => self.tag(name, follows, event.span)?,
            EventKind::AttributesEnd => self.attributes_end(event.span)?,
            EventKind::ElementEnd => {
                self.switched_at = None;
                if let Some(id) = self.open.pop() {
                    self.tree.close(id, event.span.range().end);
                }
            }
            EventKind::Instruction => {
                let start = self.switched_at.take().unwrap_or(at);
                self.instruction = Some((start, String::new()));
            }
            EventKind::Attribute { page, token } => self.attribute(page, token, event.span)?,
            EventKind::LiteralAttribute(offset) => {
                let name = AttributeName::Literal(self.literal(offset, event.span)?);
                self.begin_attribute(name, "", event.span)?;
            }
            EventKind::AttributeValue { page, token } => {
                self.value_token(page, token, event.span)?;
            }
            EventKind::Data(data) => self.data(data, event.span)?,
        }
        Ok(())
    }

    fn tag(&mut self, name: TagName, follows: Follows, span: Span) -> Result<(), WbxmlError> {
        let start = self.switched_at.take().unwrap_or(span.range().start);
        let tag = Span::new(start, span.range().end);
        let parent = self.open.last().copied();
        let id = match name {
            TagName::Literal(offset) => {
                let literal = self.literal(offset, span)?;
                self.check_room(tag)?;
                let namespace = self.tree.namespace(Namespace::NONE);
                let name = self.tree.name_id(Name::Literal(&literal), namespace);
                self.tree.push_named(name, tag, parent)
            }
            TagName::Token { page, token } => {
                if self.strings.book.vocabulary().tag(page, token).is_none() {
                    self.unknown_tag(page, token, span);
                }
                self.check_room(tag)?;
                self.tree.push_token((page, token), tag, parent)
            }
        };
        if follows.content || follows.attributes {
            self.open.push(id);
        }
        self.content_follows = follows.content;
        Ok(())
    }

    #[cold]
    fn unknown_tag(&mut self, page: u8, token: u8, span: Span) {
        self.unknown("tag", "wbxml-unknown-token", (page, token), span);
    }

    /// Reports a token that no table lists, the first time.
    fn unknown(&mut self, what: &'static str, code: &'static str, at: (u8, u8), span: Span) {
        let (page, token) = at;
        let name = self.strings.book.name;
        self.faults.odd_once((what, page, token), span, code, || {
            format!("{what} token 0x{token:02X} on code page {page} is not in the {name} table")
        });
    }

    fn attribute(&mut self, page: u8, token: u8, span: Span) -> Result<(), WbxmlError> {
        if let Some(start) = self.strings.book.attribute(page, token) {
            return self.begin_attribute(AttributeName::Known(start.name), start.prefix, span);
        }
        self.unknown("attribute", "wbxml-unknown-attribute", (page, token), span);
        self.begin_attribute(AttributeName::Unknown(page, token), "", span)
    }

    fn begin_attribute(
        &mut self,
        name: AttributeName,
        prefix: &'static str,
        span: Span,
    ) -> Result<(), WbxmlError> {
        self.end_attribute();
        self.attributes = self.attributes.saturating_add(1);
        if self.attributes > limits::ATTRIBUTES {
            let kind = WbxmlErrorKind::Attributes(limits::ATTRIBUTES);
            return Err(WbxmlError { at: span.range().start, kind });
        }
        let start = self.switched_at.take().unwrap_or(span.range().start);
        let span = Span::new(start, span.range().end);
        self.attribute = Some(PendingAttribute::new(name, prefix, span));
        Ok(())
    }

    fn value_token(&mut self, page: u8, token: u8, span: Span) -> Result<(), WbxmlError> {
        let text = if let Some(text) = self.strings.book.value(page, token) {
            Cow::Borrowed(text)
        } else {
            self.unknown("attribute value", "wbxml-unknown-value", (page, token), span);
            format!("unknown_p{page:02X}_v{token:02X}").into()
        };
        self.strings.spend(text.len(), span)?;
        self.extend_attribute(Characters::Own(text), span);
        Ok(())
    }

    fn extend_attribute(&mut self, piece: Characters, span: Span) {
        self.switched_at = None;
        if let Some(attribute) = &mut self.attribute {
            attribute.extend(piece, span, self.strings.layer);
        }
    }

    fn end_attribute(&mut self) {
        let Some(pending) = self.attribute.take() else { return };
        let attribute = pending.attribute();
        if let Some((_, text)) = &mut self.instruction {
            extend_instruction(text, &attribute, self.strings.layer);
            return;
        }
        let Some(id) = self.open.last() else { return };
        self.tree.add_attribute(*id, attribute);
        self.tree.extend_tag(*id, attribute.span.range().end);
    }

    fn attributes_end(&mut self, span: Span) -> Result<(), WbxmlError> {
        self.switched_at = None;
        let end = span.range().end;
        self.end_attribute();
        if self.end_instruction(end)? {
            return Ok(());
        }
        let Some(id) = self.open.last().copied() else { return Ok(()) };
        self.tree.extend_tag(id, end);
        if !self.content_follows {
            self.open.pop();
            self.tree.close(id, end);
        }
        Ok(())
    }

    /// Adds the processing instruction being read; false when there is none.
    fn end_instruction(&mut self, end: usize) -> Result<bool, WbxmlError> {
        let Some((start, text)) = self.instruction.take() else { return Ok(false) };
        let kind = NodeKind::Instruction(Text::Owned(&text));
        self.push(kind, Span::new(start, end))?;
        Ok(true)
    }

    fn data(&mut self, data: Data, span: Span) -> Result<(), WbxmlError> {
        if let Data::Opaque(payload) = data
            && self.attribute.is_none()
        {
            return match self.packed(payload) {
                Some(text) => {
                    self.content(NodeKind::Text(Text::Owned(&text), Written::Opaque), span)
                }
                None => self.content(NodeKind::Opaque(payload), span),
            };
        }
        if let (Data::Opaque(payload), Some(attribute)) = (data, &self.attribute) {
            let Strings { layer, book, .. } = self.strings;
            let text = value::opaque_value(book, &attribute.name, payload, layer);
            self.extend_attribute(text, span);
            return Ok(());
        }
        let (text, written) = self.strings.read(data, span, self.faults)?;
        if self.attribute.is_some() {
            self.extend_attribute(text, span);
            return Ok(());
        }
        self.content(NodeKind::Text(text.text(), written), span)
    }

    /// Opaque content that stands for a number or a time.
    fn packed(&self, payload: Span) -> Option<String> {
        let name = self.open.last().filter(|_| self.strings.book.has_packed_values());
        let name = self.tree.name(*name?)?;
        value::packed_content(name, payload.of(self.strings.layer))
    }

    fn content(&mut self, kind: NodeKind<'_>, span: Span) -> Result<(), WbxmlError> {
        let start = self.switched_at.take().unwrap_or(span.range().start);
        let id = self.push(kind, Span::new(start, span.range().end))?;
        self.holders.push(id);
        Ok(())
    }

    fn literal(&mut self, offset: u32, span: Span) -> Result<Box<str>, WbxmlError> {
        let text = self.strings.table_string(offset, span, self.faults)?;
        let read = |text| self.strings.characters(text, self.faults);
        let text = text.map_or(Characters::EMPTY, read);
        let name = text.resolve(self.strings.layer);
        let cut = name.floor_char_boundary(limits::NAME_BYTES);
        Ok(name.get(..cut).unwrap_or_default().into())
    }

    fn push(&mut self, kind: NodeKind<'_>, span: Span) -> Result<NodeId, WbxmlError> {
        self.check_room(span)?;
        Ok(self.tree.push(kind, span, self.open.last().copied()))
    }

    #[inline]
    fn check_room(&self, span: Span) -> Result<(), WbxmlError> {
        if self.tree.len() >= self.bounds.nodes {
            let kind = WbxmlErrorKind::Nodes(self.bounds.nodes);
            return Err(WbxmlError { at: span.range().start, kind });
        }
        Ok(())
    }

    /// Reports the damage, keeps what was read of the broken item, closes what is open.
    fn finish(mut self, at: usize, damage: Option<WbxmlError>) -> (Tree, Vec<NodeId>) {
        let end = self.strings.layer.len();
        if let Some(error) = damage {
            if error.kind.is_early_end() {
                self.keep_partial(at);
            }
            let span = Span::new(error.at, end);
            if self.bounds.truncated && error.kind.is_early_end() {
                let text = format!("{}: only the beginning was recorded", error.kind);
                self.faults.odd(span, error.kind.code(), text);
            } else {
                self.faults.broken(span, error.kind.code(), error.kind.to_string());
            }
        } else if at < end {
            let text = format!("{} bytes follow the document", end.saturating_sub(at));
            self.faults.odd(Span::new(at, end), "wbxml-trailing", text);
        }
        self.end_attribute();
        // The damage is reported already; a ceiling met here adds nothing.
        let _ = self.end_instruction(at);
        while let Some(id) = self.open.pop() {
            let reached = self.tree.nodes().next_back().map_or(at, |node| node.span.range().end);
            self.tree.close(id, reached.max(at));
        }
        (self.tree, self.holders)
    }

    /// A string or opaque that the end of the body cut short is kept as far as it goes.
    fn keep_partial(&mut self, at: usize) {
        let mut reader = Reader::from(self.strings.layer, at);
        let token = reader.byte();
        if token == Some(OPAQUE) && mb_u32(&mut reader, "").is_err() {
            return;
        }
        let rest = reader.take_rest();
        let span = Span::new(at, self.strings.layer.len());
        if rest.is_empty() || self.open.is_empty() {
            return;
        }
        let data = match token {
            Some(STR_I) => Data::InlineString(rest),
            Some(OPAQUE) => Data::Opaque(rest),
            _ => return,
        };
        // The damage is reported already; a ceiling met here adds nothing.
        let _ = self.data(data, span);
    }
}

/// A target and its data; one attribute by the grammar, more are kept.
fn extend_instruction(text: &mut String, attribute: &Attribute<'_>, layer: &[u8]) {
    let name = match attribute.name {
        Name::Known(name) | Name::Literal(name) => Cow::Borrowed(name),
        Name::Unknown { page, token } => format!("unknown_p{page:02X}_a{token:02X}").into(),
    };
    for piece in [&*name, Tree::resolve(&attribute.value, layer)] {
        if !text.is_empty() && !piece.is_empty() {
            text.push(' ');
        }
        text.push_str(piece);
    }
}
