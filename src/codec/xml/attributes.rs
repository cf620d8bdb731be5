//! The attributes of one start tag, with offsets.

use quick_xml::events::BytesStart;

use crate::codec::faults::Faults;
use crate::codec::limits;
use crate::model::{Attribute, Name, Namespace, Span, Text};

use super::references;
use super::scope::{Scope, XMLNS};

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

/// Reads the attributes and declares the namespaces among them.
pub(super) fn read(
    tag: &StartTag<'_>,
    start: &BytesStart<'_>,
    scope: &mut Scope,
    faults: &mut Faults,
) -> Vec<Attribute> {
    let mut raw = Vec::new();
    for attribute in start.attributes().with_checks(false) {
        match attribute {
            Ok(attribute) => raw.push(attribute),
            Err(error) => {
                faults.broken(tag.span, "xml-attribute", format!("attribute: {error}"));
                break;
            }
        }
        if raw.len() > limits::NAMESPACES.saturating_mul(16) {
            faults.broken(tag.span, "xml-attribute", "too many attributes in one tag");
            break;
        }
    }
    let mut found: Vec<(String, Attribute)> = Vec::with_capacity(raw.len());
    for attribute in &raw {
        let (key, raw_value) = (attribute.key.0, &*attribute.value);
        let span = tag.span_of(key).join(tag.span_of(raw_value));
        let value = references::attribute_value(raw_value, |what| {
            faults.odd(span, "xml-entity", format!("`{what}` in an attribute is not resolved"));
        });
        if let Some(prefix) = declared_prefix(key)
            && !scope.declare(tag.depth, prefix, &value)
        {
            let text = format!("more than {} namespace declarations", limits::NAMESPACES);
            faults.broken(span, "xml-namespaces", text);
        }
        let value = match value {
            std::borrow::Cow::Borrowed(text) => Text::Slice(tag.span_of(text)),
            std::borrow::Cow::Owned(text) => Text::Owned(text.into()),
        };
        let (name, namespace) = (Name::Literal(key.into()), Namespace::NONE);
        found.push((key.to_owned(), Attribute { name, namespace, value, span }));
    }
    // Prefixes are resolved when all declarations of the tag are known.
    for (key, attribute) in &mut found {
        resolve(key, attribute, scope, faults);
    }
    report_duplicates(&found, faults);
    found.into_iter().map(|(_, attribute)| attribute).collect()
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

fn resolve(key: &str, attribute: &mut Attribute, scope: &Scope, faults: &mut Faults) {
    if declared_prefix(key).is_some() {
        attribute.namespace = Namespace::Known(XMLNS);
        return;
    }
    // An attribute without prefix has no namespace, whatever the default is.
    let Some((prefix, local)) = key.split_once(':') else { return };
    if let Some(namespace) = scope.resolve(prefix) {
        attribute.namespace = namespace;
        attribute.name = Name::Literal(local.into());
    } else {
        let text = format!("namespace prefix `{prefix}` is not declared");
        faults.odd(attribute.span, "xml-undeclared-prefix", text);
    }
}

fn report_duplicates(found: &[(String, Attribute)], faults: &mut Faults) {
    let mut keys: Vec<_> = found.iter().map(|(key, attribute)| (key, attribute.span)).collect();
    keys.sort_unstable();
    for pair in keys.windows(2) {
        if let [(one, _), (two, span)] = pair
            && one == two
        {
            faults.odd(*span, "xml-duplicate-attribute", format!("attribute `{one}` stands twice"));
        }
    }
}
