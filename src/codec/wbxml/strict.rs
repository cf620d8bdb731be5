//! Deviations from the grammar that cost nothing to read, for who wants to know (WBXML 1.3 §5).

use crate::codec::charset::Charset;
use crate::codec::faults::Faults;
use crate::model::Span;

use super::book::Book;
use super::event::{Data, Event, EventKind, TagName};
use super::events::Events;
use super::header::{Header, PublicId};
use super::preamble::push_mb_u32;

/// Reports the deviations of the document in `layer`; each kind of token once a code page.
pub(super) fn check(
    layer: &[u8],
    header: &Header,
    book: &'static Book,
    charset: &'static Charset,
    faults: &mut Faults,
) {
    let mut check = Check {
        layer,
        header,
        book,
        charset,
        faults,
        page: 0,
        switch: None,
        tag: None,
        root: true,
    };
    check.header();
    // Damage is reported by who builds the tree.
    for event in Events::new(layer, header.body, charset.terminator).map_while(Result::ok) {
        check.event(event);
    }
}

struct Check<'a, 'f> {
    layer: &'a [u8],
    header: &'a Header,
    book: &'static Book,
    charset: &'static Charset,
    faults: &'f mut Faults,
    /// The tag code page.
    page: u8,
    /// The page switch just read.
    switch: Option<Span>,
    /// The tag just read, if an attribute list follows.
    tag: Option<Span>,
    /// The root has not been seen.
    root: bool,
}

impl Check<'_, '_> {
    fn header(&mut self) {
        let Header { public_id, charset, table, body, .. } = *self.header;
        let ids = match public_id {
            PublicId::Number(number) => [Some(number), None],
            PublicId::Table(offset) => [Some(0), Some(offset)],
        };
        let length = u32::try_from(table.len()).unwrap_or(u32::MAX);
        let numbers = ids.into_iter().flatten().chain(charset).chain([length]);
        let shortest: usize = numbers.map(bytes_of).sum();
        let written = body.saturating_sub(table.len()).saturating_sub(1);
        if written > shortest {
            let text = format!("the header's integers take {written} bytes, {shortest} are enough");
            self.faults.odd(Span::new(1, body), "strict-integer", text);
        }
        let bytes = table.of(self.layer);
        let width = self.charset.terminator;
        let ending = bytes.get(bytes.len().saturating_sub(width)..).unwrap_or_default();
        if !bytes.is_empty() && (ending.len() < width || ending.iter().any(|byte| *byte != 0)) {
            let text = "the last string of the string table has no terminator";
            self.faults.odd(table, "strict-string-table", text);
        }
    }

    fn event(&mut self, Event { span, kind }: Event) {
        let switch = self.switch.take();
        let tag = self.tag.take();
        match kind {
            EventKind::SwitchPage(page) => self.switch_page(page, span, switch),
            EventKind::Tag(name, follows) => {
                self.tag = follows.attributes.then_some(span);
                self.tag_name(name, span);
            }
            EventKind::AttributesEnd | EventKind::ElementEnd => {
                if let Some(span) = switch {
                    let text = "SWITCH_PAGE stands before END, expected a token of its page";
                    self.faults.odd(span, "strict-switch-page", text);
                }
                if kind == EventKind::AttributesEnd && tag.is_some() {
                    let text = "the attribute list is empty, expected one attribute or more";
                    self.faults.odd(span, "strict-attributes", text);
                }
            }
            EventKind::LiteralAttribute(offset) => self.table_reference(offset, 1, span),
            EventKind::Data(data) => self.data(data, span),
            EventKind::Instruction
            | EventKind::Attribute { .. }
            | EventKind::AttributeValue { .. } => {}
        }
    }

    fn switch_page(&mut self, page: u8, span: Span, before: Option<Span>) {
        if self.header.version < 2 {
            self.faults.odd_once(("strict-switch", 0, 0), span, "strict-version", || {
                format!("SWITCH_PAGE is of version 1.2, this is {}", self.header.version_text())
            });
        }
        let text = match before {
            Some(_) => Some(format!("SWITCH_PAGE {page} directly follows another")),
            None if page == self.page && self.tag.is_none() => {
                Some(format!("SWITCH_PAGE {page}, the page it is on"))
            }
            None => None,
        };
        if let Some(text) = text {
            self.faults.odd(span, "strict-switch-page", text);
        }
        self.switch = Some(span);
        self.page = page;
    }

    fn tag_name(&mut self, name: TagName, span: Span) {
        let is_root = match name {
            TagName::Token { page, token } => {
                // Attribute lists switch pages of their own register.
                self.page = page;
                self.book.is_root(page, token)
            }
            TagName::Literal(offset) => {
                self.table_reference(offset, 1, span);
                true
            }
        };
        if std::mem::take(&mut self.root) && !is_root {
            let text = format!("the root is not one of {}", self.book.name);
            self.faults.odd(span, "strict-root", text);
        }
    }

    fn data(&mut self, data: Data, span: Span) {
        match data {
            Data::TableString(offset) => self.table_reference(offset, 1, span),
            Data::Entity(code) => self.integer(code, span.len().saturating_sub(1), span),
            Data::ExtensionTable(_, operand) => {
                self.integer(operand, span.len().saturating_sub(1), span);
            }
            Data::Opaque(payload) => {
                if self.header.version < 1 {
                    self.faults.odd_once(("strict-opaque", 0, 0), span, "strict-version", || {
                        "OPAQUE is of version 1.1, this is 1.0".to_owned()
                    });
                }
                let length = u32::try_from(payload.len()).unwrap_or(u32::MAX);
                let written = span.len().saturating_sub(payload.len()).saturating_sub(1);
                self.integer(length, written, span);
            }
            Data::InlineString(_) | Data::ExtensionString(..) | Data::Extension(_) => {}
        }
    }

    fn table_reference(&mut self, offset: u32, token: usize, span: Span) {
        self.integer(offset, span.len().saturating_sub(token), span);
        let table = self.header.table.of(self.layer);
        let at = usize::try_from(offset).unwrap_or(usize::MAX);
        let width = self.charset.terminator;
        let before = at.checked_sub(width).and_then(|start| table.get(start..at));
        if at < table.len() && at > 0 && before.is_none_or(|bytes| bytes.iter().any(|b| *b != 0)) {
            let text = format!("string table offset {offset} points into a string");
            self.faults.odd(span, "strict-string-offset", text);
        }
    }

    fn integer(&mut self, value: u32, written: usize, span: Span) {
        let shortest = bytes_of(value);
        if written > shortest {
            let text = format!("the integer {value} takes {written} bytes, {shortest} are enough");
            self.faults.odd(span, "strict-integer", text);
        }
    }
}

/// Bytes that `mb_u_int32` needs for `value`.
fn bytes_of(value: u32) -> usize {
    let mut out = Vec::new();
    push_mb_u32(&mut out, value);
    out.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn codes(layer: &[u8]) -> Vec<(&'static str, u32)> {
        let header = Header::read(layer).unwrap();
        let mut faults = Faults::default();
        check(layer, &header, Book::activesync(), Charset::utf8(), &mut faults);
        faults.into_list().into_iter().map(|fault| (fault.code, fault.span.start)).collect()
    }

    #[test]
    fn a_canonical_document_has_none() {
        assert_eq!(codes(b"\x03\x01\x6A\x00\x45\x5C\x4F\x4B\x030\0\x01\x01\x01\x01"), []);
    }

    #[test]
    fn each_deviation_at_its_byte() {
        assert_eq!(codes(b"\x03\x01\x6A\x80\x00\x05"), [("strict-integer", 1)]);
        assert_eq!(codes(b"\x03\x01\x6A\x01a\x05"), [("strict-string-table", 4)]);
        assert_eq!(codes(b"\x03\x01\x6A\x00\x00\x00\x05"), [("strict-switch-page", 4)]);
        assert_eq!(
            codes(b"\x03\x01\x6A\x00\x45\x00\x06\x01"),
            [("strict-switch-page", 5)],
            "before END"
        );
        assert_eq!(codes(b"\x03\x01\x6A\x00\x85\x01"), [("strict-attributes", 5)]);
        assert_eq!(codes(b"\x03\x01\x6A\x00\x07"), [("strict-root", 4)]);
        assert_eq!(
            codes(b"\x00\x01\x00\x45\xC3\x80\x00\x01"),
            [("strict-version", 4), ("strict-integer", 4)]
        );
        assert_eq!(
            codes(b"\x03\x01\x6A\x03ab\0\x45\x83\x01\x83\x00\x01"),
            [("strict-string-offset", 8)]
        );
    }
}
