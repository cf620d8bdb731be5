//! `&…;`: the five predefined entities and character references (XML 1.0 §4.1, §4.6).

use std::borrow::Cow;

/// What a reference stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reference {
    /// A character that XML allows.
    Character(char),
    /// A character that XML forbids, or no character at all (then U+FFFD).
    Forbidden(char),
    /// An entity that is not predefined.
    Entity,
}

/// Resolves what stands between `&` and `;`.
pub(super) fn resolve(name: &str) -> Reference {
    let code = match name.strip_prefix('#') {
        None => return predefined(name).map_or(Reference::Entity, Reference::Character),
        Some(digits) => match digits.strip_prefix('x') {
            Some(digits) => parse(digits, 16),
            None => parse(digits, 10),
        },
    };
    match code.and_then(char::from_u32) {
        Some(c) if is_char(c) => Reference::Character(c),
        Some(c) => Reference::Forbidden(c),
        None => Reference::Forbidden(char::REPLACEMENT_CHARACTER),
    }
}

/// Characters that XML 1.0 §2.2 allows.
pub(super) fn is_char(c: char) -> bool {
    matches!(c, '\t' | '\n' | '\r' | '\u{20}'..='\u{D7FF}' | '\u{E000}'..='\u{FFFD}' | '\u{10000}'..)
}

/// Normalises an attribute's value (XML 1.0 §3.3.3): references resolved, white space to spaces.
/// Borrowed when there is nothing to do. References that are not resolved stay as written and are
/// handed to `odd`.
pub(super) fn attribute_value(raw: &str, mut odd: impl FnMut(&str)) -> Cow<'_, str> {
    if !raw.contains(['&', '\t', '\n', '\r']) {
        return raw.into();
    }
    let mut value = String::with_capacity(raw.len());
    let mut rest = raw;
    while let Some((before, after)) = rest.split_once('&') {
        push_normalised(&mut value, before);
        let (name, tail) = match after.split_once(';') {
            Some((name, tail)) if !name.contains('&') => (name, tail),
            _ => {
                odd("&");
                value.push('&');
                rest = after;
                continue;
            }
        };
        match resolve(name) {
            Reference::Character(c) => value.push(c),
            Reference::Forbidden(c) => {
                odd(name);
                value.push(c);
            }
            Reference::Entity => {
                odd(name);
                value.extend(["&", name, ";"]);
            }
        }
        rest = tail;
    }
    push_normalised(&mut value, rest);
    value.into()
}

fn push_normalised(value: &mut String, text: &str) {
    let text = text.replace("\r\n", " ");
    value.extend(text.chars().map(|c| if matches!(c, '\t' | '\n' | '\r') { ' ' } else { c }));
}

fn predefined(name: &str) -> Option<char> {
    Some(match name {
        "amp" => '&',
        "lt" => '<',
        "gt" => '>',
        "quot" => '"',
        "apos" => '\'',
        _ => return None,
    })
}

fn parse(digits: &str, radix: u32) -> Option<u32> {
    let plain = digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    u32::from_str_radix(digits, radix).ok().filter(|_| plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references() {
        assert_eq!(resolve("lt"), Reference::Character('<'));
        assert_eq!(resolve("#x1F600"), Reference::Character('😀'));
        assert_eq!(resolve("#9"), Reference::Character('\t'));
        assert_eq!(resolve("#0"), Reference::Forbidden('\0'));
        assert_eq!(resolve("#xD800"), Reference::Forbidden('\u{FFFD}'));
        assert_eq!(resolve("#+5"), Reference::Forbidden('\u{FFFD}'));
        assert_eq!(resolve("nbsp"), Reference::Entity);
    }

    #[test]
    fn values() {
        let mut odd = Vec::new();
        let value = attribute_value("a&lt;&x;\r\n&b&#1;", |what| odd.push(what.to_owned()));
        assert_eq!(value, "a<&x; &b\u{1}");
        assert_eq!(odd, ["x", "&", "#1"]);
        assert!(matches!(attribute_value("plain", |_| ()), Cow::Borrowed(_)));
    }
}
