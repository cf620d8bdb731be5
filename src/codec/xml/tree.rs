//! Parser events to a tree, with the checks that the parser leaves to its user.

use std::borrow::Cow;

use quick_xml::Reader;
use quick_xml::errors::Error;
use quick_xml::events::{BytesStart, Event};

use crate::codec::faults::Faults;
use crate::codec::limits;
use crate::codec::progress::Meter;
use crate::codec::sniff::UTF8_BOM;
use crate::model::{NameId, NamespaceId, NodeId, NodeKind, Span, Text, Tree, Vocabulary, Written};

use super::attributes::{self, StartTag};
use super::names::Names;
use super::references::{self, Reference};
use super::scope::Scope;

type Facts = Vec<(&'static str, Cow<'static, str>)>;

/// Builds the tree of `layer`; on damage it holds what was understood.
pub(super) fn build(
    layer: &[u8],
    truncated: bool,
    nodes: usize,
    meter: Meter<'_>,
    faults: &mut Faults,
) -> (Tree, Facts) {
    let base = if layer.starts_with(UTF8_BOM) { UTF8_BOM.len() } else { 0 };
    let bytes = layer.get(base..).unwrap_or_default();
    let text = match std::str::from_utf8(bytes) {
        Ok(text) => text,
        Err(error) => {
            let good = bytes.get(..error.valid_up_to()).unwrap_or_default();
            std::str::from_utf8(good).unwrap_or_default()
        }
    };
    let builder = Builder {
        text,
        base,
        nodes,
        faults,
        tree: Tree::with_capacity(
            Vocabulary::EMPTY,
            limits::RESERVED_NODES.min(text.len() / NODE_BYTES),
        ),
        facts: Vec::new(),
        open: Vec::new(),
        scope: Scope::default(),
        names: Names::new(),
        run: None,
        root_seen: false,
        control_seen: false,
    };
    builder.read(truncated, meter)
}

/// An element whose end tag has not come.
struct Open<'a> {
    id: NodeId,
    name: &'a str,
    /// It holds characters other than white space.
    has_text: bool,
}

/// Character data being joined from its pieces.
struct Run {
    span: Span,
    /// `None` while it is one plain piece of the layer.
    joined: Option<String>,
}

struct Builder<'a, 'f> {
    text: &'a str,
    base: usize,
    /// Nodes the tree may have.
    nodes: usize,
    faults: &'f mut Faults,
    tree: Tree,
    facts: Facts,
    open: Vec<Open<'a>>,
    scope: Scope,
    names: Names<'a>,
    run: Option<Run>,
    root_seen: bool,
    control_seen: bool,
}

impl<'a> Builder<'a, '_> {
    fn read(mut self, truncated: bool, mut meter: Meter<'_>) -> (Tree, Facts) {
        let mut reader = Reader::from_str(self.text);
        let config = reader.config_mut();
        // Names are compared here, so that the tree goes on after a mismatch.
        config.check_end_names = false;
        config.allow_unmatched_ends = true;
        config.allow_dangling_amp = true;
        let mut at = 0;
        loop {
            let event = reader.read_event();
            let end = usize::try_from(reader.buffer_position()).unwrap_or(usize::MAX);
            let span = self.span(at, end);
            let go_on = match event {
                Ok(Event::Eof) => false,
                Ok(event) => self.take(event, span),
                Err(error) => {
                    let at = usize::try_from(reader.error_position()).unwrap_or(at);
                    self.syntax_error(&error, at, truncated);
                    false
                }
            };
            // Every event moves on; one that did not would never end.
            if !go_on || end <= at && end >= self.text.len() {
                break;
            }
            at = end;
            meter.at(at);
        }
        self.finish(truncated)
    }

    /// Takes one event; false when reading has to stop.
    fn take(&mut self, event: Event<'a>, span: Span) -> bool {
        if self.tree.len() >= self.nodes {
            self.faults.broken(span, "xml-nodes", format!("more than {} nodes", self.nodes));
            return false;
        }
        match event {
            Event::Text(_) => self.characters(self.slice(span), span),
            Event::GeneralRef(_) => self.reference(span),
            Event::CData(_) => self.cdata(span),
            Event::Start(start) => return self.start(&start, span, true),
            Event::Empty(start) => return self.start(&start, span, false),
            Event::End(_) => self.end(span),
            Event::Comment(_) => {
                self.flush(false);
                self.push(NodeKind::Comment(inner(span, 4, 3)), span);
            }
            Event::PI(_) => {
                self.flush(false);
                self.push(NodeKind::Instruction(Text::Slice(inner(span, 2, 2))), span);
            }
            Event::Decl(declaration) => {
                if let Ok(version) = declaration.version() {
                    self.facts.push(("XML version", version.into_owned().into()));
                }
                if let Some(Ok(encoding)) = declaration.encoding() {
                    self.facts.push(("declared encoding", encoding.into_owned().into()));
                }
            }
            Event::DocType(_) => self.document_type(span),
            Event::Eof => return false,
        }
        true
    }

    fn document_type(&mut self, span: Span) {
        let text = self.slice(span);
        let name = text.get(9..).unwrap_or_default().trim_matches(['>', ' ', '\n', '\r', '\t']);
        let short = name.floor_char_boundary(limits::NAME_BYTES);
        let name = name.get(..short).unwrap_or_default().to_owned();
        self.facts.push(("document type", name.into()));
        if text.contains("<!ENTITY") {
            let text = "the document declares entities; they are not expanded";
            self.faults.odd(span, "xml-entity-declaration", text);
        }
    }

    fn start(&mut self, start: &BytesStart<'a>, span: Span, content: bool) -> bool {
        self.flush(true);
        if self.open.is_empty() && self.root_seen {
            self.faults.odd(span, "xml-second-root", "a second element stands after the root");
        }
        self.root_seen = true;
        if self.open.len() >= limits::XML_DEPTH {
            let text = format!("elements are nested more than {} deep", limits::XML_DEPTH);
            self.faults.broken(span, "xml-depth", text);
            return false;
        }
        let depth = self.open.len().saturating_add(1);
        let tag = StartTag { text: self.text, base: self.base, span, depth };
        let found = attributes::read(&tag, start, &mut self.scope, &mut self.tree, self.faults);
        let raw = self.tag_name(span);
        let name = self.element_name(raw, span);
        let id = self.tree.push_named(name, span, self.open.last().map(|open| open.id));
        found.add(&mut self.tree, id, &self.scope, self.faults);
        if content {
            self.open.push(Open { id, name: raw, has_text: false });
        } else {
            self.scope.leave(self.open.len());
        }
        true
    }

    fn element_name(&mut self, raw: &'a str, span: Span) -> NameId {
        let (prefix, local) = raw.split_once(':').unwrap_or(("", raw));
        let resolved = self.scope.resolve(prefix);
        if resolved.is_none() {
            let text = format!("namespace prefix `{prefix}` is not declared");
            self.faults.odd(span, "xml-undeclared-prefix", text);
        }
        let (name, namespace) =
            resolved.map_or((raw, NamespaceId::NONE), |namespace| (local, namespace));
        self.names.of(name, namespace, &mut self.tree)
    }

    fn end(&mut self, span: Span) {
        self.flush(false);
        let name = self.tag_name(span);
        let Some(open) = self.open.last() else {
            let text = format!("end tag `{name}` closes nothing");
            self.faults.broken(span, "xml-end-tag", text);
            return;
        };
        if open.name != name {
            let text = format!("expected the end tag of `{}`, found that of `{name}`", open.name);
            self.faults.broken(span, "xml-end-tag", text);
            if !self.open.iter().any(|open| open.name == name) {
                return;
            }
        }
        while let Some(open) = self.open.pop() {
            let matched = open.name == name;
            let end = if matched { span.range().end } else { span.range().start };
            self.tree.close(open.id, end);
            if matched {
                break;
            }
        }
        self.scope.leave(self.open.len());
    }

    fn characters(&mut self, text: &'a str, span: Span) {
        if text.is_empty() {
            return;
        }
        if self.open.is_empty() {
            if !text.trim().is_empty() {
                let text = "text stands outside the root element";
                self.faults.odd(span, "xml-outside-root", text);
            }
            return;
        }
        // One look at most texts: they have nothing of this.
        if self.run.is_none() && !text.bytes().fold(false, |odd, byte| odd | is_odd(byte)) {
            self.run = Some(Run { span, joined: None });
            return;
        }
        self.check_characters(text, span);
        if text.contains('&') {
            self.faults.odd(span, "xml-ampersand", "`&` begins no reference");
        }
        match normal_line_ends(text) {
            Cow::Borrowed(_) if self.run.is_none() => self.run = Some(Run { span, joined: None }),
            text => self.add_owned(&text, span),
        }
    }

    fn check_characters(&mut self, text: &str, span: Span) {
        if !text.bytes().fold(false, |odd, byte| odd | is_odd(byte)) {
            return;
        }
        let bad = text.char_indices().find(|(_, c)| !references::is_char(*c));
        if let Some((offset, c)) = bad
            && !std::mem::replace(&mut self.control_seen, true)
        {
            let at = span.range().start.saturating_add(offset);
            let text = format!("U+{:04X} is not a character that XML allows", u32::from(c));
            self.faults.odd(Span::new(at, at.saturating_add(c.len_utf8())), "xml-character", text);
        }
    }

    fn reference(&mut self, span: Span) {
        if self.open.is_empty() {
            let text = "text stands outside the root element";
            self.faults.odd(span, "xml-outside-root", text);
            return;
        }
        let raw = self.slice(span);
        let name = raw.trim_start_matches('&').trim_end_matches(';');
        match references::resolve(name) {
            Reference::Character(c) => self.add_owned(c.encode_utf8(&mut [0; 4]), span),
            Reference::Forbidden(c) => {
                let text = format!("`{raw}` is not a character that XML allows");
                self.faults.odd(span, "xml-character", text);
                self.add_owned(c.encode_utf8(&mut [0; 4]), span);
            }
            Reference::Entity => {
                let text = format!("entity `{raw}` is not one of the five predefined");
                self.faults.odd(span, "xml-entity", text);
                self.add_owned(raw, span);
            }
        }
    }

    fn cdata(&mut self, span: Span) {
        self.flush(false);
        let content = inner(span, 9, 3);
        let text = self.slice(content);
        if self.open.is_empty() {
            self.faults.odd(span, "xml-outside-root", "text stands outside the root element");
            return;
        }
        self.check_characters(text, content);
        if let Some(open) = self.open.last_mut() {
            open.has_text = true;
        }
        let normal = normal_line_ends(text);
        let text = match &normal {
            Cow::Borrowed(_) => Text::Slice(content),
            Cow::Owned(text) => Text::Owned(text),
        };
        self.push(NodeKind::Text(text, Written::CData), span);
    }

    fn add_owned(&mut self, text: &str, span: Span) {
        let known = self.run.take();
        let mut joined = match &known {
            Some(Run { joined: None, span }) => self.slice(*span).to_owned(),
            _ => String::new(),
        };
        let whole = known.as_ref().map_or(span, |run| run.span.join(span));
        if let Some(Run { joined: Some(text), .. }) = known {
            joined = text;
        }
        joined.push_str(text);
        self.run = Some(Run { span: whole, joined: Some(joined) });
    }

    /// Ends the character data before markup. White space between elements is not kept.
    fn flush(&mut self, before_element: bool) {
        let Some(run) = self.run.take() else { return };
        let blank = run.joined.is_none() && self.slice(run.span).trim_ascii().is_empty();
        let Some(open) = self.open.last_mut() else { return };
        if blank && !open.has_text {
            let has_children = self
                .tree
                .get(open.id)
                .is_some_and(|_| self.tree.len() > open.id.index().saturating_add(1));
            if before_element || has_children {
                return;
            }
        }
        open.has_text |= !blank;
        let text = run.joined.as_deref().map_or(Text::Slice(run.span), Text::Owned);
        self.push(NodeKind::Text(text, Written::Plain), run.span);
    }

    fn push(&mut self, kind: NodeKind<'_>, span: Span) -> NodeId {
        self.tree.push(kind, span, self.open.last().map(|open| open.id))
    }

    fn syntax_error(&mut self, error: &Error, at: usize, truncated: bool) {
        let span = self.span(at, self.text.len());
        if truncated {
            self.faults.odd(
                span,
                "xml-syntax",
                format!("{error}: only the beginning was recorded"),
            );
        } else {
            self.faults.broken(span, "xml-syntax", error.to_string());
        }
    }

    fn finish(mut self, truncated: bool) -> (Tree, Facts) {
        self.flush(false);
        let end = self.base.saturating_add(self.text.len());
        let damaged = self.faults.is_broken();
        if let Some(open) = self.open.last()
            && !damaged
        {
            let text = format!("the document ended inside `{}`", open.name);
            if truncated {
                self.faults.odd(Span::at(end), "xml-unclosed", text);
            } else {
                self.faults.broken(Span::at(end), "xml-unclosed", text);
            }
        }
        while let Some(open) = self.open.pop() {
            self.tree.close(open.id, end);
        }
        if !self.root_seen && !damaged {
            self.faults.broken(Span::at(end), "xml-no-root", "there is no root element");
        }
        (self.tree, self.facts)
    }

    /// Offsets of the parser's text as a span of the layer.
    fn span(&self, start: usize, end: usize) -> Span {
        let end = end.min(self.text.len());
        Span::new(self.base.saturating_add(start.min(end)), self.base.saturating_add(end))
    }

    /// The text of a span of the layer.
    fn slice(&self, span: Span) -> &'a str {
        let range = span.range();
        let start = range.start.saturating_sub(self.base);
        self.text.get(start..range.end.saturating_sub(self.base)).unwrap_or_default()
    }

    /// The qualified name in a start or end tag.
    fn tag_name(&self, span: Span) -> &'a str {
        let tag = self.slice(span);
        let start = tag.bytes().position(|byte| !matches!(byte, b'<' | b'/')).unwrap_or(tag.len());
        let tag = tag.get(start..).unwrap_or_default();
        let ends = |byte: u8| byte.is_ascii_whitespace() || matches!(byte, b'>' | b'/');
        let end = tag.bytes().position(ends).unwrap_or(tag.len());
        tag.get(..end).unwrap_or_default()
    }
}

/// Bytes of text for which room for a node is made beforehand.
const NODE_BYTES: usize = 12;

/// True for a byte of what is no character of XML (control characters, U+FFFE and U+FFFF), of a line end
/// to be normalised, or of a reference.
const fn is_odd(byte: u8) -> bool {
    matches!(byte, 0..=8 | 0x0B..=0x1F | b'&' | 0xEF)
}

/// A span without its first and last bytes.
fn inner(span: Span, first: usize, last: usize) -> Span {
    let range = span.range();
    let end = range.end.saturating_sub(last);
    Span::new(range.start.saturating_add(first).min(end), end)
}

/// Line ends as XML 1.0 §2.11 wants them.
fn normal_line_ends(text: &str) -> Cow<'_, str> {
    if text.contains('\r') {
        text.replace("\r\n", "\n").replace('\r', "\n").into()
    } else {
        text.into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> (Tree, Vec<(&'static str, u32)>) {
        let mut faults = Faults::default();
        let meter = crate::codec::progress::Progress::default().of(0);
        let (tree, _) = build(text.as_bytes(), false, limits::NODES, meter, &mut faults);
        let faults = faults.into_list();
        (tree, faults.into_iter().map(|fault| (fault.code, fault.span.start)).collect())
    }

    fn codes(text: &str) -> Vec<(&'static str, u32)> {
        read(text).1
    }

    #[test]
    fn text_is_joined_and_placed() {
        let source = "<?xml version='1.0'?>\n<a>\n <b>x &amp; y</b><c d='1&lt;2' e='z'/>\n</a>\n";
        let (tree, faults) = read(source);
        assert_eq!(faults, []);
        let root = tree.root().unwrap();
        let b = tree.child(root, "b").unwrap();
        assert_eq!(tree.text(b, source.as_bytes()), "x & y");
        assert_eq!(tree.get(b).unwrap().span.of(source.as_bytes()), b"<b>x &amp; y</b>");
        let c = tree.element(tree.child(root, "c").unwrap()).unwrap();
        let [d, e] = [0, 1].map(|at| c.attributes.get(at).unwrap());
        assert_eq!(d.value, Text::Owned("1<2"));
        assert_eq!(Tree::resolve(&e.value, source.as_bytes()), "z");
        assert_eq!(e.span.of(source.as_bytes()), b"e='z");
        assert_eq!(tree.children(root).count(), 2);
    }

    #[test]
    fn namespaces() {
        let (tree, faults) =
            read("<a xmlns='urn:a' xmlns:p='urn:p'><p:b p:c=''/><d xmlns=''/></a>");
        assert_eq!(faults, []);
        let root = tree.root().unwrap();
        assert_eq!(tree.element(root).unwrap().namespace.as_str(), "urn:a");
        let b = tree.element(tree.child(root, "b").unwrap()).unwrap();
        assert_eq!(b.namespace.as_str(), "urn:p");
        assert_eq!(b.attributes.get(0).unwrap().namespace.as_str(), "urn:p");
        assert_eq!(tree.element(tree.child(root, "d").unwrap()).unwrap().namespace.as_str(), "");
        assert_eq!(codes("<q:a/>"), [("xml-undeclared-prefix", 0)]);
    }

    #[test]
    fn what_the_parser_does_not_report() {
        assert_eq!(codes("<a><b></b>"), [("xml-unclosed", 10)]);
        assert_eq!(codes("<a/><b/>"), [("xml-second-root", 4)]);
        assert_eq!(codes("<a/>x"), [("xml-outside-root", 4)]);
        assert_eq!(codes("<a>\u{1}</a>"), [("xml-character", 3)]);
        assert_eq!(codes("<a>&#1;</a>"), [("xml-character", 3)]);
        assert_eq!(codes("<a>&nbsp;</a>"), [("xml-entity", 3)]);
        assert_eq!(codes("<a b='1' b='2'/>"), [("xml-duplicate-attribute", 9)]);
        assert_eq!(codes("<a><b></a>"), [("xml-end-tag", 6)]);
        assert_eq!(codes("<a></a></a>"), [("xml-end-tag", 7)]);
        assert_eq!(codes("just text"), [("xml-outside-root", 0), ("xml-no-root", 9)]);
        assert_eq!(codes("<a b=1/>")[0].0, "xml-attribute");
        assert_eq!(codes("<a>x & y</a>"), [("xml-ampersand", 5)]);
        assert_eq!(codes("<a><![CDATA[x</a>")[0].0, "xml-syntax");
    }

    #[test]
    fn entities_are_never_expanded() {
        let source = "<!DOCTYPE a [<!ENTITY b 'bb'>]><a>&b;</a>";
        let (tree, faults) = read(source);
        assert_eq!(faults, [("xml-entity-declaration", 0), ("xml-entity", 34)]);
        assert_eq!(tree.text(tree.root().unwrap(), source.as_bytes()), "&b;");
    }

    #[test]
    fn depth_has_a_ceiling() {
        let deep = "<a>".repeat(limits::XML_DEPTH + 5);
        assert_eq!(codes(&deep), [("xml-depth", 3 * 1800)]);
    }
}
