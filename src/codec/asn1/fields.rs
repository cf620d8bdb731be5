//! Fields of certificates, requests and messages by name.
//!
//! A type is named as in `fields.tsv`; what stands inside is named by the order and the tags of its
//! fields. `T*` is a row of values of the type `T`, `T/` a row of values of one of the kinds of `T`,
//! `[T]` a value of that type in a tag of its own.

use std::collections::HashMap;
use std::sync::LazyLock;

use super::reader::Class;
use super::value::Value;

const TABLE: &str = include_str!("fields.tsv");

/// One row of the table.
#[derive(Debug, Clone, Copy)]
struct Field {
    /// `None` for any.
    tag: Option<(Class, u32)>,
    name: &'static str,
    of: &'static str,
}

static TYPES: LazyLock<HashMap<&str, Vec<Field>>> = LazyLock::new(|| {
    let mut types: HashMap<&str, Vec<Field>> = HashMap::new();
    for row in TABLE.lines().skip(1) {
        let mut fields = row.split('\t');
        let mut next = || fields.next().unwrap_or_default();
        let (of_type, tag, name, of) = (next(), next(), next(), next());
        let context = tag.strip_prefix('[').and_then(|tag| tag.strip_suffix(']'));
        let tag = match context {
            Some(number) => number.parse().ok().map(|number| (Class::Context, number)),
            None => tag.parse().ok().map(|number| (Class::Universal, number)),
        };
        types.entry(of_type).or_default().push(Field { tag, name, of });
    }
    types
});

/// What a value is called, and the type of what is inside; empty when that is not known.
pub(super) type Named = (Option<&'static str>, &'static str);

/// Names what stands directly inside a value of the type `of`, in order.
pub(super) fn inside<'b>(of: &'static str, value: Value<'b>) -> Vec<(Value<'b>, Named)> {
    let children = value.children();
    if of.is_empty() || of == "-" {
        return children.map(|child| (child, (None, ""))).collect();
    }
    if let Some(each) = of.strip_suffix('*') {
        return children.map(|child| (child, (Some(each), each))).collect();
    }
    if let Some(kinds) = of.strip_suffix('/') {
        let kinds = fields(kinds);
        let named = |child: Value<'b>| {
            let kind = kinds.iter().find(|kind| kind.fits(child));
            (child, kind.map_or((None, ""), |kind| (Some(kind.name), kind.of)))
        };
        return children.map(named).collect();
    }
    if let Some(inner) = of.strip_prefix('[').and_then(|inner| inner.strip_suffix(']')) {
        let name = inner.trim_end_matches(['*', '/']);
        return children.map(|child| (child, (Some(name), inner))).collect();
    }
    in_order(of, value)
}

/// Fields may be missing, and never change places.
fn in_order<'b>(of: &'static str, value: Value<'b>) -> Vec<(Value<'b>, Named)> {
    let mut rest = fields(of).iter();
    let named = |child: Value<'b>| {
        let mut ahead = rest.clone();
        let Some(field) = ahead.find(|field| field.fits(child)) else {
            return (child, (None, ""));
        };
        rest = ahead;
        let of = if field.of == "?" { content_of(value) } else { field.of };
        (child, (Some(field.name), of))
    };
    value.children().map(named).collect()
}

/// The type of a message by its identifier (RFC 5652 3, RFC 5083 1, RFC 2315 14).
fn content_of(message: Value<'_>) -> &'static str {
    let oid = message.child(0).and_then(Value::oid);
    match oid.as_deref() {
        Some("1.2.840.113549.1.7.2") => "[SignedData]",
        Some("1.2.840.113549.1.7.3") => "[EnvelopedData]",
        Some("1.2.840.113549.1.7.4") => "[SignedAndEnvelopedData]",
        Some("1.2.840.113549.1.9.16.1.23") => "[AuthEnvelopedData]",
        _ => "",
    }
}

fn fields(of: &str) -> &'static [Field] {
    TYPES.get(of).map(Vec::as_slice).unwrap_or_default()
}

impl Field {
    fn fits(&self, value: Value<'_>) -> bool {
        self.tag.is_none_or(|tag| tag == value.tag())
    }
}

#[cfg(test)]
mod tests {
    use super::super::reader::Ber;
    use super::*;

    #[test]
    fn the_table_parses() {
        let mut lines = TABLE.lines();
        assert_eq!(lines.next(), Some("type\ttag\tfield\tof\tsource"));
        for line in lines {
            let fields: Vec<&str> = line.split('\t').collect();
            assert_eq!(fields.len(), 5, "{line}");
            assert!(fields[4].starts_with("RFC "), "{line}");
            let named = fields[3].trim_matches(['*', '/', '[', ']', '?', '-']);
            assert!(named.is_empty() || TYPES.contains_key(named), "{line}");
        }
    }

    #[test]
    fn fields_that_are_missing_are_passed_over() {
        // SignerInfo by key identifier: INTEGER, [0], SEQUENCE, [0], SEQUENCE, OCTET STRING.
        let by_key = b"\x30\x0F\x02\x01\x03\x80\x00\x30\x00\xA0\x00\x30\x00\x04\x02\x01\x02";
        let ber = Ber::read(by_key);
        let names = |of| -> Vec<&str> {
            let named = inside(of, ber.root().unwrap());
            named.into_iter().map(|(_, (name, _))| name.unwrap_or("?")).collect()
        };
        let expected = [
            "version",
            "subjectKeyIdentifier",
            "digestAlgorithm",
            "signedAttrs",
            "signatureAlgorithm",
            "signature",
        ];
        assert_eq!(names("SignerInfo"), expected);
        assert_eq!(names("Validity"), ["notBefore", "notAfter", "?", "?", "?", "?"]);
        assert_eq!(names(""), ["?"; 6]);
    }
}
