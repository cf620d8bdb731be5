//! The attributes of one start tag, with offsets.

use std::borrow::Cow;

use quick_xml::events::BytesStart;

use crate::codec::faults::Faults;
use crate::codec::limits;
use crate::model::{Name, NamespaceId, NodeId, Span, Text, Tree};

use super::references;
use super::scope::{Scope, XMLNS, known};

/// A start tag and where it stands.
pub(super) struct StartTag<'a> {
    /// The text given to the parser.
    pub(super) text: &'a str,
    /// Offset of that text in the layer.
    pub(super) base: usize,
    /// The tag in the layer.
    pub(super) span: Span,
    /// Elements around it, itself included.
    pub(super) depth: usize,
}

/// The attributes of a start tag; the namespaces among them are declared.
pub(super) struct Found<'a> {
    list: Vec<Raw<'a>>,
}

/// One attribute before its prefix is resolved.
struct Raw<'a> {
    key: &'a str,
    value: Value,
    span: Span,
}

/// As [`Text`], before it has a tree to stand in.
enum Value {
    Slice(Span),
    Own(String),
}

/// Reads the attributes and declares the namespaces among them.
pub(super) fn read<'a>(
    tag: &StartTag<'_>,
    start: &'a BytesStart<'_>,
    scope: &mut Scope,
    tree: &mut Tree,
    faults: &mut Faults,
) -> Found<'a> {
    let mut list = Vec::new();
    if start.attributes_raw().is_empty() {
        return Found { list };
    }
    for attribute in start.attributes().with_checks(false) {
        let attribute = match attribute {
            Ok(attribute) => attribute,
            Err(error) => {
                faults.broken(tag.span, "xml-attribute", format!("attribute: {error}"));
                break;
            }
        };
        if list.len() >= limits::NAMESPACES.saturating_mul(16) {
            faults.broken(tag.span, "xml-attribute", "too many attributes in one tag");
            break;
        }
        let (key, raw_value) = (attribute.key.0, &*attribute.value);
        let span = tag.span_of(key).join(tag.span_of(raw_value));
        let value = references::attribute_value(raw_value, |what| {
            faults.odd(span, "xml-entity", format!("`{what}` in an attribute is not resolved"));
        });
        if let Some(prefix) = declared_prefix(key) {
            let namespace = tree.namespace(known(&value));
            if !scope.declare(tag.depth, prefix, namespace) {
                let text = format!("more than {} namespace declarations", limits::NAMESPACES);
                faults.broken(span, "xml-namespaces", text);
            }
        }
        let value = match value {
            Cow::Borrowed(text) => Value::Slice(tag.span_of(text)),
            Cow::Owned(text) => Value::Own(text),
        };
        list.push(Raw { key, value, span });
    }
    report_duplicates(&list, faults);
    Found { list }
}

impl Found<'_> {
    /// Gives them to the element `id`: prefixes are resolved when all declarations of the tag are
    /// known.
    pub(super) fn add(self, tree: &mut Tree, id: NodeId, scope: &Scope, faults: &mut Faults) {
        for Raw { key, value, span } in self.list {
            let (name, namespace) = resolve(key, span, scope, faults);
            let value = match &value {
                Value::Slice(span) => Text::Slice(*span),
                Value::Own(text) => Text::Owned(text),
            };
            tree.add_named_attribute(id, (Name::Literal(name), namespace), value, span);
        }
    }
}

impl StartTag<'_> {
    /// The span of a part of the text; the whole tag for text that is not part of it.
    pub(super) fn span_of(&self, part: &str) -> Span {
        let offset = part.as_ptr().addr().checked_sub(self.text.as_ptr().addr());
        let Some(offset) = offset.filter(|offset| *offset <= self.text.len()) else {
            return self.span;
        };
        let start = self.base.saturating_add(offset);
        Span::new(start, start.saturating_add(part.len()))
    }
}

fn declared_prefix(key: &str) -> Option<&str> {
    if key == "xmlns" { Some("") } else { key.strip_prefix("xmlns:") }
}

fn resolve<'a>(
    key: &'a str,
    span: Span,
    scope: &Scope,
    faults: &mut Faults,
) -> (&'a str, NamespaceId) {
    if declared_prefix(key).is_some() {
        return (key, NamespaceId::known(XMLNS));
    }
    // An attribute without prefix has no namespace, whatever the default is.
    let Some((prefix, local)) = key.split_once(':') else { return (key, NamespaceId::NONE) };
    if let Some(namespace) = scope.resolve(prefix) {
        return (local, namespace);
    }
    let text = format!("namespace prefix `{prefix}` is not declared");
    faults.odd(span, "xml-undeclared-prefix", text);
    (key, NamespaceId::NONE)
}

fn report_duplicates(found: &[Raw<'_>], faults: &mut Faults) {
    if found.len() < 2 {
        return;
    }
    let mut keys: Vec<_> = found.iter().map(|attribute| (attribute.key, attribute.span)).collect();
    keys.sort_unstable();
    for pair in keys.windows(2) {
        if let [(one, _), (two, span)] = pair
            && one == two
        {
            faults.odd(*span, "xml-duplicate-attribute", format!("attribute `{one}` stands twice"));
        }
    }
}
