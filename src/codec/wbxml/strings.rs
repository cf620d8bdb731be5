//! What characters the tokens of one document stand for.

use std::borrow::Cow;

use crate::codec::charset::Charset;
use crate::codec::faults::Faults;
use crate::codec::limits;
use crate::model::{Span, Text, Tree, Utf8Runs, Written};

use super::book::Book;
use super::error::{WbxmlError, WbxmlErrorKind};
use super::event::Data;
use super::header::Header;
use super::value::is_xml_char;

/// Characters that a token stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Characters {
    /// These bytes of the layer, which are valid UTF-8 and mean themselves.
    Slice(Span),
    /// Others.
    Own(Cow<'static, str>),
}

impl Characters {
    /// None.
    pub(super) const EMPTY: Self = Self::Slice(Span { start: 0, end: 0 });

    /// As trees have them.
    #[inline]
    pub(super) fn text(&self) -> Text<'_> {
        match self {
            Self::Slice(span) => Text::Slice(*span),
            Self::Own(text) => Text::Owned(text),
        }
    }

    /// The characters themselves.
    pub(super) fn resolve<'a>(&'a self, layer: &'a [u8]) -> &'a str {
        Tree::resolve(&self.text(), layer)
    }
}

/// Reads strings by charset, string table and book.
#[derive(Debug)]
pub(super) struct Strings<'a> {
    /// The document.
    pub(super) layer: &'a [u8],
    /// Its header.
    pub(super) header: &'a Header,
    /// Its token tables.
    pub(super) book: &'static Book,
    /// The charset of its strings.
    pub(super) charset: &'static Charset,
    /// Bytes of text that tokens have yielded without holding them.
    spent: usize,
    utf8: Utf8<'a>,
}

/// What is known of the bytes behind the header.
#[derive(Debug)]
enum Utf8<'a> {
    /// All are UTF-8, and each a character.
    All,
    /// Some may be no UTF-8.
    Runs(Utf8Runs<'a>),
    /// Nothing: the charset is another.
    Unknown,
}

impl<'a> Strings<'a> {
    /// The strings of the document in `layer`.
    pub(super) fn new(
        layer: &'a [u8],
        header: &'a Header,
        book: &'static Book,
        charset: &'static Charset,
    ) -> Self {
        let body = layer.get(header.body..).unwrap_or_default();
        let utf8 = match charset.is_utf8() {
            false => Utf8::Unknown,
            true if body.is_ascii() => Utf8::All,
            true => Utf8::Runs(Utf8Runs::new(layer, header.body)),
        };
        Self { layer, header, book, charset, spent: 0, utf8 }
    }

    /// The characters that `data` stands for.
    pub(super) fn read(
        &mut self,
        data: Data,
        span: Span,
        faults: &mut Faults,
    ) -> Result<(Characters, Written), WbxmlError> {
        Ok(match data {
            Data::InlineString(text) => (self.characters(text, faults), Written::InlineString),
            Data::TableString(offset) => {
                let text = self.table_string(offset, span, faults)?;
                (
                    text.map_or(Characters::EMPTY, |text| self.characters(text, faults)),
                    Written::TableString(offset),
                )
            }
            Data::Entity(code) => (entity(code, span, faults), Written::Entity(code)),
            Data::Opaque(payload) => (self.characters(payload, faults), Written::Opaque),
            Data::ExtensionString(token, text) => {
                let text = self.characters(text, faults);
                (self.extension(token, text, span, faults), Written::Extension(token, 0))
            }
            Data::ExtensionTable(token, operand) => {
                let text = match self.book.extension(operand) {
                    Some(text) => Characters::Own(text.into()),
                    None => self.extension_from_table(token, operand, span, faults)?,
                };
                (text, Written::Extension(token, operand))
            }
            Data::Extension(token) => {
                self.odd_extension(token, span, faults);
                (Characters::EMPTY, Written::Extension(token, 0))
            }
        })
    }

    fn extension_from_table(
        &mut self,
        token: u8,
        operand: u32,
        span: Span,
        faults: &mut Faults,
    ) -> Result<Characters, WbxmlError> {
        if !self.book.has_variables() {
            self.odd_extension(token, span, faults);
            return Ok(Characters::EMPTY);
        }
        let text = self
            .table_string(operand, span, faults)?
            .map_or(Characters::EMPTY, |text| self.characters(text, faults));
        Ok(self.extension(token, text, span, faults))
    }

    /// A WML variable reference; for other document types the text as it stands.
    fn extension(
        &self,
        token: u8,
        text: Characters,
        span: Span,
        faults: &mut Faults,
    ) -> Characters {
        if !self.book.has_variables() {
            self.odd_extension(token, span, faults);
            return text;
        }
        let conversion = match token & 0x03 {
            0 => "escape",
            1 => "unesc",
            _ => "noesc",
        };
        Characters::Own(format!("$({}:{conversion})", text.resolve(self.layer)).into())
    }

    fn odd_extension(&self, token: u8, span: Span, faults: &mut Faults) {
        faults.odd_once(("extension", 0, token), span, "wbxml-extension", || {
            format!("extension token 0x{token:02X} has no meaning in {}", self.book.name)
        });
    }

    /// True when the bytes behind the header at `span` are UTF-8, and mean themselves.
    #[inline]
    pub(super) fn is_plain(&mut self, span: Span) -> bool {
        match &mut self.utf8 {
            Utf8::All => true,
            Utf8::Runs(runs) => runs.get(span).is_some(),
            Utf8::Unknown => false,
        }
    }

    /// Bytes in the document's charset as text; kept as a slice when they are UTF-8 already.
    #[inline]
    pub(super) fn characters(&mut self, span: Span, faults: &mut Faults) -> Characters {
        // The header's integers are no characters.
        let behind = span.range().start >= self.header.body;
        if behind && self.is_plain(span) {
            Characters::Slice(span)
        } else {
            self.characters_of(span, faults)
        }
    }

    fn characters_of(&self, span: Span, faults: &mut Faults) -> Characters {
        let bytes = span.of(self.layer);
        if (self.charset.is_utf8() || bytes.is_ascii() && self.charset.terminator == 1)
            && std::str::from_utf8(bytes).is_ok()
        {
            return Characters::Slice(span);
        }
        let (text, replaced) = self.charset.decode(bytes);
        if replaced {
            let text = format!("text is not valid {}", self.charset.name);
            faults.odd(span, "wbxml-charset", text);
        }
        Characters::Own(text.into_owned().into())
    }

    /// Where the table string at `offset` stands; `None`, reported, outside the table.
    pub(super) fn table_string(
        &mut self,
        offset: u32,
        span: Span,
        faults: &mut Faults,
    ) -> Result<Option<Span>, WbxmlError> {
        let found = self.header.table_string(self.layer, offset, self.charset.terminator);
        let Some(text) = found else {
            let text = format!(
                "string table offset {offset} is outside the table of {} bytes",
                self.header.table.len()
            );
            faults.broken(span, "wbxml-string-offset", text);
            return Ok(None);
        };
        self.spend(text.len(), span)?;
        Ok(Some(text))
    }

    /// Counts text that a token yields without holding it.
    ///
    /// # Errors
    /// `Amplification` when the document has yielded more than its share.
    pub(super) fn spend(&mut self, bytes: usize, span: Span) -> Result<(), WbxmlError> {
        let limit = self.layer.len().saturating_mul(limits::TABLE_RATIO).max(limits::TABLE_BYTES);
        self.spent = self.spent.saturating_add(bytes);
        if self.spent > limit {
            let kind = WbxmlErrorKind::Amplification(limit);
            return Err(WbxmlError { at: span.range().start, kind });
        }
        Ok(())
    }
}

fn entity(code: u32, span: Span, faults: &mut Faults) -> Characters {
    let read = char::from_u32(code);
    if !read.is_some_and(is_xml_char) {
        let text = format!("entity {code} is not a character that XML allows");
        faults.odd(span, "wbxml-entity", text);
    }
    Characters::Own(read.unwrap_or(char::REPLACEMENT_CHARACTER).to_string().into())
}
