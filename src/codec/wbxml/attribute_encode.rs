//! One attribute as tokens: the longest name token, then value tokens and strings.

use super::book::Book;
use super::naming;
use super::packing;

/// A piece of an encoded attribute.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum AttributeCode<'a> {
    /// `ATTRSTART` or `ATTRVALUE` on an attribute code page.
    Token(u8, u8),
    /// A name that has no token.
    LiteralName(&'a str),
    /// Characters that have no token.
    Characters(&'a str),
    /// A time, packed.
    Bytes(Vec<u8>),
}

/// The pieces that stand for `name="value"`.
pub(super) fn codes<'a>(book: &Book, name: &'a str, value: &'a str) -> Vec<AttributeCode<'a>> {
    let start = book
        .attributes()
        .filter(|(_, _, start)| start.name == name && value.starts_with(start.prefix))
        .max_by_key(|(page, _, start)| (start.prefix.len(), std::cmp::Reverse(*page)));
    let mut codes = Vec::new();
    let mut rest = value;
    if let Some((page, token, start)) = start {
        codes.push(AttributeCode::Token(page, token));
        rest = value.strip_prefix(start.prefix).unwrap_or_default();
    } else if let Some((page, token)) = naming::unknown_attribute(name) {
        codes.push(AttributeCode::Token(page, token));
    } else {
        codes.push(AttributeCode::LiteralName(name));
    }
    if let Some(bytes) = packing::attribute(book, name, rest) {
        codes.push(AttributeCode::Bytes(bytes));
        return codes;
    }
    while let Some((before, page, token, after)) = next_value(book, rest) {
        if !before.is_empty() {
            codes.push(AttributeCode::Characters(before));
        }
        codes.push(AttributeCode::Token(page, token));
        rest = after;
    }
    if !rest.is_empty() {
        codes.push(AttributeCode::Characters(rest));
    }
    codes
}

/// The first value token in `text`, the longest where several begin: what is before it, page,
/// token, what is behind.
fn next_value<'a>(book: &Book, text: &'a str) -> Option<(&'a str, u8, u8, &'a str)> {
    let found = book
        .values()
        .filter(|(_, _, value)| !value.is_empty())
        .filter_map(|(page, token, value)| Some((text.find(value)?, page, token, value)))
        .min_by_key(|(at, page, _, value)| (*at, std::cmp::Reverse(value.len()), *page));
    let unknown = naming::unknown_value(text);
    let Some((at, page, token, value)) = found else { return unknown };
    if let Some(unknown) = unknown.filter(|(before, ..)| before.len() < at) {
        return Some(unknown);
    }
    let (before, tail) = text.split_at_checked(at)?;
    Some((before, page, token, tail.strip_prefix(value)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_values_by_table() {
        let si = Book::by_key("si10").unwrap();
        assert_eq!(
            codes(si, "href", "http://www.example.com/a"),
            [
                AttributeCode::Token(0, 0x0D),
                AttributeCode::Characters("example"),
                AttributeCode::Token(0, 0x85),
                AttributeCode::Characters("a"),
            ]
        );
        assert_eq!(codes(si, "x", ""), [AttributeCode::LiteralName("x")]);
    }
}
