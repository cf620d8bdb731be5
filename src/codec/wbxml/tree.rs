//! Events to a tree: names from a book, text from the string table, damage noted.

use std::borrow::Cow;
use std::collections::BTreeSet;

use crate::codec::charset::Charset;
use crate::codec::faults::Faults;
use crate::codec::limits;
use crate::model::{
    Attribute, Element, Name, Namespace, NodeId, NodeKind, Span, Text, Tree, Written,
};

use super::book::Book;
use super::error::{WbxmlError, WbxmlErrorKind};
use super::events::{Data, Event, EventKind, Events, Follows, OPAQUE, STR_I, TagName};
use super::header::{Header, mb_u32};
use crate::codec::reader::Reader;

/// Builds the tree of the body of `layer`; on damage it holds what was understood.
pub(crate) fn build(
    layer: &[u8],
    header: &Header,
    book: &'static Book,
    charset: &'static Charset,
    early_end_expected: bool,
    faults: &mut Faults,
) -> Tree {
    let mut builder = Builder {
        layer,
        header,
        book,
        charset,
        faults,
        tree: Tree::new(),
        open: Vec::new(),
        content_follows: true,
        switched_at: None,
        attribute: None,
        target: None,
        attributes: 0,
        table_bytes: layer.len().saturating_mul(limits::TABLE_RATIO).max(limits::TABLE_BYTES),
        reported: BTreeSet::new(),
    };
    let mut events = Events::new(layer, header.body, charset.terminator);
    let mut damage = None;
    for event in events.by_ref() {
        if let Err(error) = event.and_then(|event| builder.take(event)) {
            damage = Some(error);
            break;
        }
    }
    builder.finish(events.at(), damage, early_end_expected)
}

struct Builder<'a, 'f> {
    layer: &'a [u8],
    header: &'a Header,
    book: &'static Book,
    charset: &'static Charset,
    faults: &'f mut Faults,
    tree: Tree,
    /// Elements whose END has not come, outermost first; also one without content while its
    /// attributes are read.
    open: Vec<NodeId>,
    /// The element whose attributes are being read has content.
    content_follows: bool,
    /// Where the page switches before the next tag began.
    switched_at: Option<usize>,
    /// The attribute being read.
    attribute: Option<Attribute>,
    /// The processing instruction being read: where it began.
    target: Option<usize>,
    /// Attributes so far.
    attributes: usize,
    /// String-table bytes that may still be read.
    table_bytes: usize,
    /// Unknown tokens already reported: kind, page, token.
    reported: BTreeSet<(&'static str, u8, u8)>,
}

impl Builder<'_, '_> {
    fn take(&mut self, event: Event) -> Result<(), WbxmlError> {
        let at = event.span.range().start;
        match event.kind {
            EventKind::SwitchPage(_) => {
                self.switched_at.get_or_insert(at);
            }
            EventKind::Tag(name, follows) => self.tag(name, follows, event.span)?,
            EventKind::AttributesEnd => self.attributes_end(event.span),
            EventKind::ElementEnd => {
                self.switched_at = None;
                if let Some(id) = self.open.pop() {
                    self.tree.close(id, event.span.range().end);
                }
            }
            EventKind::Instruction => self.target = Some(at),
            EventKind::Attribute { page, token } => self.attribute(page, token, event.span)?,
            EventKind::LiteralAttribute(offset) => {
                let name = self.literal(offset, event.span)?;
                self.begin_attribute(name, "", event.span)?;
            }
            EventKind::AttributeValue { page, token } => self.value_token(page, token, event.span),
            EventKind::Data(data) => self.data(data, event.span)?,
        }
        Ok(())
    }

    fn tag(&mut self, name: TagName, follows: Follows, span: Span) -> Result<(), WbxmlError> {
        let (name, namespace, token) = match name {
            TagName::Literal(offset) => (self.literal(offset, span)?, Namespace::NONE, None),
            TagName::Token { page, token } => {
                let (name, namespace) = match self.book.tag(page, token) {
                    Some(tag) => (Name::Known(tag.name), Namespace::Known(tag.namespace)),
                    None => self.unknown_tag(page, token, span),
                };
                (name, namespace, Some((page, token)))
            }
        };
        let start = self.switched_at.take().unwrap_or(span.range().start);
        let span = Span::new(start, span.range().end);
        let element = Element { name, namespace, token, attributes: Vec::new(), tag: span };
        let id = self.push(NodeKind::Element(element), span)?;
        if follows.content || follows.attributes {
            self.open.push(id);
        }
        self.content_follows = follows.content;
        Ok(())
    }

    fn unknown_tag(&mut self, page: u8, token: u8, span: Span) -> (Name, Namespace) {
        if self.reported.insert(("tag", page, token)) {
            let text = format!(
                "token 0x{token:02X} on code page {page} is not in the {} table",
                self.book.name
            );
            self.faults.odd(span, "wbxml-unknown-token", text);
        }
        let namespace = self.book.page_namespace(page).unwrap_or_default();
        (Name::Unknown { page, token }, Namespace::Known(namespace))
    }

    fn attribute(&mut self, page: u8, token: u8, span: Span) -> Result<(), WbxmlError> {
        if let Some(start) = self.book.attribute(page, token) {
            return self.begin_attribute(Name::Known(start.name), start.prefix, span);
        }
        if self.reported.insert(("attribute", page, token)) {
            let text = format!(
                "attribute token 0x{token:02X} on code page {page} is not in the {} table",
                self.book.name
            );
            self.faults.odd(span, "wbxml-unknown-attribute", text);
        }
        self.begin_attribute(Name::Unknown { page, token }, "", span)
    }

    fn begin_attribute(
        &mut self,
        name: Name,
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
        let value = Text::Owned(prefix.into());
        let attribute = Attribute { name, namespace: Namespace::NONE, value, span };
        self.attribute = Some(attribute);
        Ok(())
    }

    fn value_token(&mut self, page: u8, token: u8, span: Span) {
        if let Some(text) = self.book.value(page, token) {
            return self.extend_attribute(Text::Owned(text.into()), span);
        }
        if self.reported.insert(("value", page, token)) {
            let text = format!(
                "attribute value token 0x{token:02X} on code page {page} is not in the {} table",
                self.book.name
            );
            self.faults.odd(span, "wbxml-unknown-value", text);
        }
        let text = format!("unknown_p{page:02X}_v{token:02X}");
        self.extend_attribute(Text::Owned(text.into()), span);
    }

    fn extend_attribute(&mut self, piece: Text, span: Span) {
        let layer = self.layer;
        let Some(attribute) = &mut self.attribute else { return };
        attribute.span = attribute.span.join(span);
        if Tree::resolve(&attribute.value, layer).is_empty() {
            attribute.value = piece;
            return;
        }
        let piece = Tree::resolve(&piece, layer);
        let known = std::mem::replace(&mut attribute.value, Text::Slice(Span::default()));
        let mut joined = match known {
            Text::Owned(text) => String::from(text),
            Text::Slice(_) => Tree::resolve(&known, layer).to_owned(),
        };
        joined.push_str(piece);
        attribute.value = Text::Owned(joined.into());
    }

    fn end_attribute(&mut self) {
        let Some(attribute) = self.attribute.take() else { return };
        if let Some(start) = self.target.take() {
            self.instruction(start, &attribute);
            return;
        }
        let Some(id) = self.open.last() else { return };
        if let Some(node) = self.tree.get_mut(*id)
            && let NodeKind::Element(element) = &mut node.kind
        {
            element.tag = element.tag.join(attribute.span);
            element.attributes.push(attribute);
        }
    }

    fn instruction(&mut self, start: usize, attribute: &Attribute) {
        let name = match &attribute.name {
            Name::Known(name) => Cow::Borrowed(*name),
            Name::Literal(name) => Cow::Borrowed(&**name),
            Name::Unknown { page, token } => format!("unknown_p{page:02X}_a{token:02X}").into(),
        };
        let value = Tree::resolve(&attribute.value, self.layer);
        let text = if value.is_empty() { name.into_owned() } else { format!("{name} {value}") };
        let kind = NodeKind::Instruction(Text::Owned(text.into()));
        let span = Span::new(start, attribute.span.range().end);
        self.tree.push(kind, span, self.open.last().copied());
    }

    fn attributes_end(&mut self, span: Span) {
        self.switched_at = None;
        let end = span.range().end;
        if self.target.is_some() {
            self.end_attribute();
            self.target = None;
            let last = self.tree.len().checked_sub(1).and_then(|last| u32::try_from(last).ok());
            if let Some(node) = last.and_then(|last| self.tree.get_mut(NodeId(last)))
                && let NodeKind::Instruction(_) = node.kind
            {
                node.span = node.span.join(span);
            }
            return;
        }
        self.end_attribute();
        let Some(id) = self.open.last().copied() else { return };
        if let Some(node) = self.tree.get_mut(id)
            && let NodeKind::Element(element) = &mut node.kind
        {
            element.tag = element.tag.join(span);
            node.span = node.span.join(span);
        }
        if !self.content_follows {
            self.open.pop();
            self.tree.close(id, end);
        }
    }

    fn data(&mut self, data: Data, span: Span) -> Result<(), WbxmlError> {
        if let Data::Opaque(payload) = data
            && self.attribute.is_none()
        {
            return self.content(NodeKind::Opaque(payload), span);
        }
        if let (Data::Opaque(payload), Some(attribute)) = (data, &self.attribute) {
            let text = opaque_value(self.book, &attribute.name, payload, self.layer);
            self.extend_attribute(text, span);
            return Ok(());
        }
        let (text, written) = self.read(data, span)?;
        if self.attribute.is_some() {
            self.extend_attribute(text, span);
            return Ok(());
        }
        self.content(NodeKind::Text(text, written), span)
    }

    fn content(&mut self, kind: NodeKind, span: Span) -> Result<(), WbxmlError> {
        let start = self.switched_at.take().unwrap_or(span.range().start);
        self.push(kind, Span::new(start, span.range().end)).map(drop)
    }

    /// The characters that `data` stands for.
    fn read(&mut self, data: Data, span: Span) -> Result<(Text, Written), WbxmlError> {
        Ok(match data {
            Data::InlineString(text) => (self.characters(text), Written::InlineString),
            Data::TableString(offset) => {
                let text = self.table_string(offset, span)?;
                (text.map_or(EMPTY, |text| self.characters(text)), Written::TableString(offset))
            }
            Data::Entity(code) => (self.entity(code, span), Written::Entity(code)),
            Data::Opaque(payload) => (self.characters(payload), Written::Opaque),
            Data::ExtensionString(token, text) => {
                let text = self.characters(text);
                (self.extension(token, text, span), Written::Extension(token, 0))
            }
            Data::ExtensionTable(token, operand) => {
                let text = match self.book.extension(operand) {
                    Some(text) => Text::Owned(text.into()),
                    None => self.extension_from_table(token, operand, span)?,
                };
                (text, Written::Extension(token, operand))
            }
            Data::Extension(token) => {
                self.odd_extension(token, span);
                (EMPTY, Written::Extension(token, 0))
            }
        })
    }

    fn entity(&mut self, code: u32, span: Span) -> Text {
        let read = char::from_u32(code);
        if !read.is_some_and(is_xml_char) {
            let text = format!("entity {code} is not a character that XML allows");
            self.faults.odd(span, "wbxml-entity", text);
        }
        Text::Owned(read.unwrap_or(char::REPLACEMENT_CHARACTER).to_string().into())
    }

    fn extension_from_table(
        &mut self,
        token: u8,
        operand: u32,
        span: Span,
    ) -> Result<Text, WbxmlError> {
        if !self.book.has_variables() {
            self.odd_extension(token, span);
            return Ok(EMPTY);
        }
        let text = self.table_string(operand, span)?.map_or(EMPTY, |text| self.characters(text));
        Ok(self.extension(token, text, span))
    }

    /// A WML variable reference (WML 1.3 §14.3); for other document types the text as it stands.
    fn extension(&mut self, token: u8, text: Text, span: Span) -> Text {
        if !self.book.has_variables() {
            self.odd_extension(token, span);
            return text;
        }
        let conversion = match token & 0x03 {
            0 => "escape",
            1 => "unesc",
            _ => "noesc",
        };
        Text::Owned(format!("$({}:{conversion})", Tree::resolve(&text, self.layer)).into())
    }

    fn odd_extension(&mut self, token: u8, span: Span) {
        if self.reported.insert(("extension", 0, token)) {
            let text =
                format!("extension token 0x{token:02X} has no meaning in {}", self.book.name);
            self.faults.odd(span, "wbxml-extension", text);
        }
    }

    /// Bytes in the document's charset as text; kept as a slice when they are UTF-8 already.
    fn characters(&mut self, span: Span) -> Text {
        let bytes = span.of(self.layer);
        if (self.charset.is_utf8() || bytes.is_ascii() && self.charset.terminator == 1)
            && std::str::from_utf8(bytes).is_ok()
        {
            return Text::Slice(span);
        }
        let (text, replaced) = self.charset.decode(bytes);
        if replaced {
            let text = format!("text is not valid {}", self.charset.name);
            self.faults.odd(span, "wbxml-charset", text);
        }
        Text::Owned(text.into())
    }

    /// Where the table string at `offset` stands; `None`, reported, outside the table.
    fn table_string(&mut self, offset: u32, span: Span) -> Result<Option<Span>, WbxmlError> {
        let found = self.header.table_string(self.layer, offset, self.charset.terminator);
        let Some(text) = found else {
            let text = format!(
                "string table offset {offset} is outside the table of {} bytes",
                self.header.table.len()
            );
            self.faults.broken(span, "wbxml-string-offset", text);
            return Ok(None);
        };
        let Some(left) = self.table_bytes.checked_sub(text.len()) else {
            let limit =
                self.layer.len().saturating_mul(limits::TABLE_RATIO).max(limits::TABLE_BYTES);
            let kind = WbxmlErrorKind::TableAmplification(limit);
            return Err(WbxmlError { at: span.range().start, kind });
        };
        self.table_bytes = left;
        Ok(Some(text))
    }

    fn literal(&mut self, offset: u32, span: Span) -> Result<Name, WbxmlError> {
        let text = self.table_string(offset, span)?;
        let text = text.map_or(EMPTY, |text| self.characters(text));
        let name = Tree::resolve(&text, self.layer);
        let cut = name.floor_char_boundary(limits::NAME_BYTES);
        Ok(Name::Literal(name.get(..cut).unwrap_or_default().into()))
    }

    fn push(&mut self, kind: NodeKind, span: Span) -> Result<NodeId, WbxmlError> {
        if self.tree.len() >= limits::NODES {
            let kind = WbxmlErrorKind::Nodes(limits::NODES);
            return Err(WbxmlError { at: span.range().start, kind });
        }
        Ok(self.tree.push(kind, span, self.open.last().copied()))
    }

    /// Reports the damage, keeps what was read of the broken item, closes what is open.
    fn finish(mut self, at: usize, damage: Option<WbxmlError>, early_end_expected: bool) -> Tree {
        let end = self.layer.len();
        if let Some(error) = damage {
            self.keep_partial(at);
            let span = Span::new(error.at, end);
            if early_end_expected && error.kind.is_early_end() {
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
        while let Some(id) = self.open.pop() {
            let reached = self.tree.nodes().last().map_or(at, |node| node.span.range().end);
            self.tree.close(id, reached.max(at));
        }
        self.tree
    }

    /// A string or opaque that the end of the body cut short is kept as far as it goes.
    fn keep_partial(&mut self, at: usize) {
        let mut reader = Reader::from(self.layer, at);
        let token = reader.byte();
        if token == Some(OPAQUE) && mb_u32(&mut reader, "").is_err() {
            return;
        }
        let rest = reader.take_rest();
        let span = Span::new(at, self.layer.len());
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

/// The value that opaque bytes stand for: a time (SI 1.0 §8.2.2, EMN 1.0 §7), characters, or hex.
fn opaque_value(book: &Book, name: &Name, payload: Span, layer: &[u8]) -> Text {
    let bytes = payload.of(layer);
    let is_time = matches!(name, Name::Known("created" | "si-expires" | "timestamp"))
        && matches!(book.key, "si10" | "emn10");
    if let Some(time) = packed_time(bytes).filter(|_| is_time) {
        return Text::Owned(time.into());
    }
    match std::str::from_utf8(bytes) {
        Ok(text) if text.chars().all(is_xml_char) => Text::Slice(payload),
        _ => Text::Owned(hex(bytes).into()),
    }
}

fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02X}");
        text
    })
}

/// `19 99 06 25 15 23 15`, trailing zero bytes left out, as `1999-06-25T15:23:15Z`.
fn packed_time(bytes: &[u8]) -> Option<String> {
    let is_decimal = |byte: &u8| byte & 0x0F <= 9 && byte >> 4 <= 9;
    if !(4..=7).contains(&bytes.len()) || !bytes.iter().all(is_decimal) {
        return None;
    }
    let mut all = [0; 7];
    for (slot, byte) in all.iter_mut().zip(bytes) {
        *slot = *byte;
    }
    let [century, year, month, day, hour, minute, second] = all;
    Some(format!(
        "{century:02X}{year:02X}-{month:02X}-{day:02X}T{hour:02X}:{minute:02X}:{second:02X}Z"
    ))
}

/// Characters that XML 1.0 §2.2 allows.
fn is_xml_char(c: char) -> bool {
    matches!(c, '\t' | '\n' | '\r' | '\u{20}'..='\u{D7FF}' | '\u{E000}'..='\u{FFFD}' | '\u{10000}'..)
}

const EMPTY: Text = Text::Slice(Span { start: 0, end: 0 });
