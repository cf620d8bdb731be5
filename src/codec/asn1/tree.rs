//! Values as the tree a person looks at: element names as in the XML encoding rules (X.693), text
//! as people read it, values inside strings opened.

use crate::model::{
    Attributes, Element, Name, Namespace, NodeId, NodeKind, Span, Text, Tree, Written,
};

use super::fields;
use super::fields::Named;
use super::oid::oid_name;
use super::reader::{Ber, Class};
use super::text;
use super::value::{Value, universal};

/// Bytes of a primitive value that are shown as hex or characters; more is left as bytes.
const SHOWN_BYTES: usize = 4096;

/// Strings inside strings that are opened.
const STRINGS: usize = 4;

/// The tree of one value of the type `of` (`Certificate`, `ContentInfo`; empty when it is not known) and
/// everything inside it; at most `nodes` nodes.
pub(crate) fn tree(ber: &Ber<'_>, of: &'static str, nodes: usize) -> Tree {
    let mut builder = Builder { tree: Tree::new(), nodes };
    if let Some(root) = ber.root() {
        let name = Some(of).filter(|of| !of.is_empty());
        builder.add(root, (name, of), None, Place::default());
    }
    builder.tree
}

/// Where the bytes of a value begin in the layer, and in how many strings it stands.
#[derive(Debug, Clone, Copy, Default)]
struct Place {
    base: usize,
    strings: usize,
}

struct Builder {
    tree: Tree,
    nodes: usize,
}

impl Builder {
    /// Adds a value. Depth is bounded by the reader.
    fn add(&mut self, value: Value<'_>, (name, of): Named, parent: Option<NodeId>, place: Place) {
        // Two nodes at most a value.
        if self.tree.len().saturating_add(2) > self.nodes {
            return;
        }
        let whole = moved(value.span(), place.base);
        let content = moved(value.content_span(), place.base);
        let tag = Span::new(whole.range().start, content.range().start);
        let field = field_name(value);
        let name = name.or_else(|| match value.tag() {
            (Class::Universal, number) => universal_name(number),
            _ => None,
        });
        let name = name.map_or(Name::Literal(&field), Name::Known);
        let (namespace, attributes) = (Namespace::NONE, Attributes::NONE);
        let element = Element { name, namespace, token: None, attributes, tag };
        let id = self.tree.push(NodeKind::Element(element), whole, parent);
        if value.is_constructed() {
            for (child, named) in fields::inside(of, value) {
                self.add(child, named, Some(id), place);
            }
        } else if !self.inside(value, id, place) {
            self.primitive(value, id, content);
        }
        self.tree.close(id, whole.range().end);
    }

    /// Opens a string that holds one whole constructed value: extensions, keys, PKCS#12 contents.
    fn inside(&mut self, value: Value<'_>, id: NodeId, place: Place) -> bool {
        let skipped = match value.tag() {
            (Class::Universal, universal::OCTET_STRING) => 0,
            (Class::Universal, universal::BIT_STRING) => 1,
            _ => return false,
        };
        let Some(bytes) = value.content().get(skipped..) else { return false };
        let likely = matches!(bytes, [0x30 | 0x31 | 4 | 0x0C, ..] | [3, _, 0..8, ..]);
        if !likely || place.strings >= STRINGS || (skipped == 1 && value.bits().is_none()) {
            return false;
        }
        let ber = Ber::read(bytes);
        let Some(root) = ber.root().filter(|_| ber.is_whole()) else { return false };
        let start = value.content_span().range().start.saturating_add(skipped);
        let base = place.base.saturating_add(start);
        let place = Place { base, strings: place.strings.saturating_add(1) };
        self.add(root, (None, ""), Some(id), place);
        true
    }

    fn primitive(&mut self, value: Value<'_>, id: NodeId, content: Span) {
        let bytes = value.content();
        if bytes.is_empty() {
            return;
        }
        let text = if bytes.len() > SHOWN_BYTES { None } else { words(value) };
        let kind = match &text {
            Some(text) => NodeKind::Text(Text::Owned(text), Written::Plain),
            None => NodeKind::Opaque(content),
        };
        self.tree.push(kind, content, Some(id));
    }
}

fn moved(span: Span, base: usize) -> Span {
    let range = span.range();
    Span::new(base.saturating_add(range.start), base.saturating_add(range.end))
}

/// The name of an element in a tag that no type names: `field-0`.
fn field_name(value: Value<'_>) -> String {
    let (class, number) = value.tag();
    let class = match class {
        Class::Universal => "universal",
        Class::Application => "application",
        Class::Context => "field",
        Class::Private => "private",
    };
    format!("{class}-{number}")
}

/// Names of the universal types (X.680 8.4) as X.693 writes them.
fn universal_name(number: u32) -> Option<&'static str> {
    Some(match number {
        universal::BOOLEAN => "BOOLEAN",
        universal::INTEGER => "INTEGER",
        universal::BIT_STRING => "BIT_STRING",
        universal::OCTET_STRING => "OCTET_STRING",
        5 => "NULL",
        universal::OBJECT_IDENTIFIER => "OBJECT_IDENTIFIER",
        9 => "REAL",
        universal::ENUMERATED => "ENUMERATED",
        12 => "UTF8String",
        13 => "RELATIVE_OID",
        universal::SEQUENCE => "SEQUENCE",
        universal::SET => "SET",
        18 => "NumericString",
        19 => "PrintableString",
        20 => "TeletexString",
        22 => "IA5String",
        universal::UTC_TIME => "UTCTime",
        universal::GENERALIZED_TIME => "GeneralizedTime",
        26 => "VisibleString",
        27 => "GeneralString",
        28 => "UniversalString",
        30 => "BMPString",
        _ => return None,
    })
}

/// A primitive value as people read it; `None` when it is bytes and nothing else.
fn words(value: Value<'_>) -> Option<String> {
    let bytes = value.content();
    let (class, number) = value.tag();
    if class != Class::Universal {
        // An implicit tag hides the type: characters when they are nothing else.
        let text = std::str::from_utf8(bytes).ok()?;
        return text.bytes().all(|b| (0x20..0x7F).contains(&b)).then(|| text.to_owned());
    }
    match number {
        universal::BOOLEAN => Some(if bytes == [0] { "false" } else { "true" }.to_owned()),
        universal::INTEGER | universal::ENUMERATED => Some(text::integer(bytes)),
        universal::OBJECT_IDENTIFIER => {
            let oid = text::oid(bytes)?;
            Some(match oid_name(&oid) {
                Some(name) => format!("{name} ({oid})"),
                None => oid,
            })
        }
        universal::UTC_TIME | universal::GENERALIZED_TIME => {
            let time = value.time().map(crate::model::WallTime::rfc3339);
            time.or_else(|| Some(String::from_utf8_lossy(bytes).into_owned()))
        }
        30 => Some(text::utf16(bytes)),
        12 | 18..=22 | 26 | 27 => Some(String::from_utf8_lossy(bytes).into_owned()),
        universal::BIT_STRING if bytes.len() <= 8 => {
            Some(text::hex(bytes.get(1..).unwrap_or_default()))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codec::limits;

    fn outline(bytes: &[u8]) -> Vec<String> {
        let ber = Ber::read(bytes);
        let tree = tree(&ber, "", limits::NODES);
        let line = |id: NodeId| {
            let (name, text) = (tree.name(id)?, tree.text(id, bytes));
            let span = tree.get(id)?.span.range();
            Some(format!(
                "{}{name} {text} {}..{}",
                " ".repeat(tree.depth(id)),
                span.start,
                span.end
            ))
        };
        (0..).map(NodeId).take(tree.len()).filter_map(line).collect()
    }

    #[test]
    fn values_are_named_and_placed() {
        let bytes = b"\x30\x15\x06\x03\x55\x04\x03\x0C\x02hi\x04\x05\x30\x03\x02\x01\x2A\xA0\x03\x01\x01\xFF";
        assert_eq!(
            outline(bytes),
            [
                "SEQUENCE  0..23",
                " OBJECT_IDENTIFIER commonName (2.5.4.3) 2..7",
                " UTF8String hi 7..11",
                " OCTET_STRING  11..18",
                "  SEQUENCE  13..18",
                "   INTEGER 42 15..18",
                " field-0  18..23",
                "  BOOLEAN true 20..23",
            ]
        );
    }

    #[test]
    fn the_number_of_nodes_is_bounded() {
        let mut bytes = b"\x30\x80".to_vec();
        bytes.extend([2, 1, 7].repeat(100));
        let ber = Ber::read(&bytes);
        assert!(tree(&ber, "", 50).len() <= 50);
    }
}
