//! The body as tokens with their bytes: an iterator that copies nothing.
//!
//! The spans of the events follow each other without a gap, so every byte belongs to exactly one.
//! Grammar: WBXML 1.3 §5.3, with `SWITCH_PAGE` taken anywhere, as real encoders write it.

use crate::codec::limits;
use crate::codec::reader::Reader;
use crate::model::Span;

use super::error::{WbxmlError, WbxmlErrorKind};
use super::event::{Data, Event, EventKind, Follows, Frequent, Leaf, TagName};
use super::header::{mb_u32, sized, truncated};
use super::token::{
    END, ENTITY, EXT_0, EXT_2, EXT_I_0, EXT_I_2, EXT_T_0, EXT_T_2, HAS_ATTRIBUTES, HAS_CONTENT,
    LITERAL, LITERAL_A, LITERAL_AC, LITERAL_C, OPAQUE, PI, STR_I, STR_T, SWITCH_PAGE, TOKEN_BITS,
    is_application, is_literal,
};

/// The events of one body. Ends after the root element (and instructions behind it), or with the
/// first error.
#[derive(Debug)]
pub struct Events<'a> {
    reader: Reader<'a>,
    state: State,
    /// Elements with content that are open.
    depth: usize,
    root_seen: bool,
    tag_page: u8,
    attribute_page: u8,
    /// Zero bytes that end a string.
    terminator: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// Between tags.
    Content,
    /// In an attribute list or processing instruction; an attribute's name has been seen or not.
    Attributes {
        named: bool,
    },
    Ended,
}

type Step = Result<Option<EventKind>, WbxmlError>;

impl<'a> Events<'a> {
    /// The events of `layer` from `body`, where the header ended; strings end with `terminator`
    /// zero bytes.
    pub fn new(layer: &'a [u8], body: usize, terminator: usize) -> Self {
        Self {
            reader: Reader::from(layer, body),
            state: State::Content,
            depth: 0,
            root_seen: false,
            tag_page: 0,
            attribute_page: 0,
            terminator,
        }
    }

    /// The events of a piece of an element's content from `at`, with `page` as tag code page.
    pub(super) fn inside(layer: &'a [u8], at: usize, terminator: usize, page: u8) -> Self {
        Self { depth: 1, root_seen: true, tag_page: page, ..Self::new(layer, at, terminator) }
    }

    /// True when the next token is no part of an attribute list.
    pub(super) fn is_between_tags(&self) -> bool {
        self.state == State::Content
    }

    /// Offset of the first byte that no event covers yet.
    pub fn at(&self) -> usize {
        self.reader.at()
    }

    /// The next event when it is one of the three that most are made of: END, a tag without
    /// attributes, an inline string. Never wrong, only incomplete: [`Self::step`] knows the rest.
    #[inline]
    fn frequent(&mut self) -> Option<Event> {
        if self.state != State::Content || self.depth == 0 || self.depth >= limits::DEPTH {
            return None;
        }
        let start = self.reader.at();
        let token = self.reader.peek()?;
        let kind = match token {
            END => {
                self.depth = self.depth.saturating_sub(1);
                self.reader.byte();
                EventKind::ElementEnd
            }
            STR_I if self.terminator == 1 => {
                let text = self.reader.string()?;
                EventKind::Data(Data::InlineString(text))
            }
            _ if is_application(token) && token & HAS_ATTRIBUTES == 0 => {
                let content = token & HAS_CONTENT != 0;
                self.depth = self.depth.saturating_add(usize::from(content));
                self.reader.byte();
                let name = TagName::Token { page: self.tag_page, token: token & TOKEN_BITS };
                EventKind::Tag(name, Follows { attributes: false, content })
            }
            _ => return None,
        };
        Some(Event { span: Span::new(start, self.reader.at()), kind })
    }

    /// The next tokens when they are what most are; does not move when something else comes next.
    /// Never wrong, only incomplete: [`Self::step`] knows the rest.
    #[inline]
    pub(super) fn take_frequent(&mut self) -> Option<Frequent> {
        if self.state != State::Content || !(1..limits::DEPTH).contains(&self.depth) {
            return None;
        }
        let at = self.reader.at();
        let rest = self.reader.rest();
        let (first, behind) = rest.split_first()?;
        match *first {
            END => {
                self.reader.byte();
                self.depth = self.depth.saturating_sub(1);
                Some(Frequent::End(self.reader.at()))
            }
            SWITCH_PAGE => {
                self.tag_page = *behind.first()?;
                self.reader.take(2)?;
                Some(Frequent::SwitchPage(at))
            }
            tag if is_application(tag) && tag & HAS_ATTRIBUTES == 0 => {
                let (page, token) = (self.tag_page, tag & TOKEN_BITS);
                let content = tag & HAS_CONTENT != 0;
                self.reader.byte();
                let holds_string =
                    content && self.terminator == 1 && behind.first() == Some(&STR_I);
                if let Some(text) = holds_string.then(|| self.reader.string()).flatten() {
                    if self.reader.peek() == Some(END) {
                        self.reader.byte();
                        return Some(Frequent::Leaf(Leaf { page, token, text }));
                    }
                    self.reader.rewind(at.saturating_add(1));
                }
                self.depth = self.depth.saturating_add(usize::from(content));
                Some(Frequent::Tag { at, page, token, content })
            }
            _ => None,
        }
    }

    #[inline]
    fn step(&mut self) -> Step {
        match self.state {
            State::Ended => Ok(None),
            State::Content => self.content(),
            State::Attributes { named } => self.attribute(named),
        }
    }

    #[inline]
    fn content(&mut self) -> Step {
        let at = self.reader.at();
        let Some(token) = self.reader.peek() else {
            return match (self.depth, self.root_seen) {
                (0, true) => Ok(None),
                (0, false) => Err(truncated(at, "the prolog: there is no root element")),
                _ => Err(truncated(at, "an element: its END is missing")),
            };
        };
        if self.depth == 0 {
            // What follows the root is not ours, except processing instructions.
            if self.root_seen && token != PI {
                return Ok(None);
            }
            let begins = matches!(token, SWITCH_PAGE | PI) || is_literal(token);
            if !begins && !is_application(token) {
                return Err(WbxmlError { at, kind: WbxmlErrorKind::NoRoot(token) });
            }
        }
        self.reader.byte();
        match token {
            SWITCH_PAGE => {
                self.tag_page = self.page()?;
                Ok(Some(EventKind::SwitchPage(self.tag_page)))
            }
            END => {
                self.depth = self.depth.saturating_sub(1);
                Ok(Some(EventKind::ElementEnd))
            }
            PI => {
                self.state = State::Attributes { named: false };
                Ok(Some(EventKind::Instruction))
            }
            LITERAL | LITERAL_A | LITERAL_C | LITERAL_AC => {
                let offset = mb_u32(&mut self.reader, "a literal tag's string table offset")?;
                self.open(TagName::Literal(offset), token, at)
            }
            _ if is_application(token) => {
                let name = TagName::Token { page: self.tag_page, token: token & TOKEN_BITS };
                self.open(name, token, at)
            }
            _ => self.data(token, at).map(|data| Some(EventKind::Data(data))),
        }
    }

    #[inline]
    fn open(&mut self, name: TagName, token: u8, at: usize) -> Step {
        let follows =
            Follows { attributes: token & HAS_ATTRIBUTES != 0, content: token & HAS_CONTENT != 0 };
        self.root_seen = true;
        if follows.content {
            if self.depth >= limits::DEPTH {
                return Err(WbxmlError { at, kind: WbxmlErrorKind::Depth(limits::DEPTH) });
            }
            self.depth = self.depth.saturating_add(1);
        }
        if follows.attributes {
            self.state = State::Attributes { named: false };
        }
        Ok(Some(EventKind::Tag(name, follows)))
    }

    fn attribute(&mut self, named: bool) -> Step {
        let at = self.reader.at();
        let token = self.reader.byte().ok_or(truncated(at, "an attribute list"))?;
        match token {
            SWITCH_PAGE => {
                self.attribute_page = self.page()?;
                Ok(Some(EventKind::SwitchPage(self.attribute_page)))
            }
            END => {
                self.state = State::Content;
                Ok(Some(EventKind::AttributesEnd))
            }
            LITERAL => {
                let offset = mb_u32(&mut self.reader, "a literal attribute's string table offset")?;
                self.state = State::Attributes { named: true };
                Ok(Some(EventKind::LiteralAttribute(offset)))
            }
            _ if is_application(token) && token & HAS_ATTRIBUTES == 0 => {
                self.state = State::Attributes { named: true };
                Ok(Some(EventKind::Attribute { page: self.attribute_page, token }))
            }
            _ if !named => Err(WbxmlError { at, kind: WbxmlErrorKind::AttributeValue(token) }),
            _ if is_application(token) => {
                Ok(Some(EventKind::AttributeValue { page: self.attribute_page, token }))
            }
            _ => self.data(token, at).map(|data| Some(EventKind::Data(data))),
        }
    }

    /// The operand of a global token that carries characters or bytes.
    #[inline]
    fn data(&mut self, token: u8, at: usize) -> Result<Data, WbxmlError> {
        match token {
            ENTITY => mb_u32(&mut self.reader, "an entity").map(Data::Entity),
            STR_I => self.string(at, "an inline string").map(Data::InlineString),
            STR_T => mb_u32(&mut self.reader, "a string table offset").map(Data::TableString),
            EXT_I_0..=EXT_I_2 => self
                .string(at, "an extension string")
                .map(|text| Data::ExtensionString(token, text)),
            EXT_T_0..=EXT_T_2 => mb_u32(&mut self.reader, "an extension's operand")
                .map(|operand| Data::ExtensionTable(token, operand)),
            EXT_0..=EXT_2 => Ok(Data::Extension(token)),
            OPAQUE => {
                let at = self.reader.at();
                let length = mb_u32(&mut self.reader, "opaque data's length")?;
                sized(&mut self.reader, length, at, "opaque data").map(Data::Opaque)
            }
            // LITERAL_A, LITERAL_C, LITERAL_AC and PI among the values of an attribute.
            _ => Err(WbxmlError { at, kind: WbxmlErrorKind::AttributeValue(token) }),
        }
    }

    fn string(&mut self, at: usize, item: &'static str) -> Result<Span, WbxmlError> {
        self.reader.terminated(self.terminator).ok_or(truncated(at, item))
    }

    fn page(&mut self) -> Result<u8, WbxmlError> {
        let at = self.reader.at();
        self.reader.byte().ok_or(truncated(at, "SWITCH_PAGE"))
    }
}

impl Iterator for Events<'_> {
    type Item = Result<Event, WbxmlError>;

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        if let Some(event) = self.frequent() {
            return Some(Ok(event));
        }
        let start = self.reader.at();
        let step = self.step();
        match step {
            Ok(Some(kind)) => Some(Ok(Event { span: Span::new(start, self.reader.at()), kind })),
            Ok(None) => {
                self.state = State::Ended;
                None
            }
            Err(error) => {
                self.state = State::Ended;
                // Uncovered bytes begin with the token that could not be read.
                self.reader.rewind(start);
                Some(Err(error))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An element of each sort, every global token, page switches in odd places.
    const BODY: &[u8] = b"\x43\x05\x03pi\0\x01\xC5\x06\x85\x03v\0\x00\x01\x07\x04\x02\x83\x03\x01\
        \x00\x02\x46\x03text\0\x83\x01\x02\x81\x20\xC3\x02\x00\xFF\x40x\0\x80\x05\xC0\x00\x05\x01\
        \x04\x02\xC4\x03\x08\x01\x01\x07\x01trailing";

    #[test]
    fn events_cover_every_byte_once() {
        let mut events = Events::new(BODY, 0, 1);
        let mut at = 0;
        while let Some(event) = events.next().transpose().unwrap() {
            assert_eq!(event.span.range().start, at);
            assert!(!event.span.is_empty());
            at = event.span.range().end;
        }
        assert_eq!(at, events.at());
        assert_eq!(&BODY[at..], b"trailing");
    }

    #[test]
    fn pages_are_kept_apart() {
        let kinds: Vec<_> = Events::new(BODY, 0, 1).map(|e| e.unwrap().kind).collect();
        assert!(kinds.contains(&EventKind::Attribute { page: 1, token: 7 }));
        let tag = TagName::Token { page: 2, token: 6 };
        assert!(kinds.contains(&EventKind::Tag(tag, Follows { attributes: false, content: true })));
    }

    #[test]
    fn every_prefix_ends_in_one_error_where_bytes_are_left() {
        for length in 0..BODY.len() - 8 {
            let mut events = Events::new(&BODY[..length], 0, 1);
            let last = events.by_ref().last();
            assert!(last.is_none_or(|e| e.is_err()), "{length}");
            assert!(events.at() <= length);
            assert!(events.next().is_none());
        }
    }

    #[test]
    fn depth_has_a_ceiling() {
        let body = [0x45; limits::DEPTH + 1];
        let error = Events::new(&body, 0, 1).last().unwrap().unwrap_err();
        let kind = WbxmlErrorKind::Depth(limits::DEPTH);
        assert_eq!(error, WbxmlError { at: limits::DEPTH, kind });
    }

    #[test]
    fn a_value_needs_a_name() {
        let error = Events::new(b"\xFF\xFF\xFF", 0, 1).last().unwrap().unwrap_err();
        assert_eq!(error, WbxmlError { at: 1, kind: WbxmlErrorKind::AttributeValue(0xFF) });
    }
}
