//! Names that every XML parser takes.

use std::borrow::Cow;
use std::fmt::Write as _;

use crate::model::Name;

/// A name as an XML `QName`: prefix (empty for none) and local part.
///
/// Table names and good names from the body are borrowed; characters that a name may not have are
/// written as `_x0020_`.
pub(super) fn qualified(name: Name<'_>) -> (Cow<'_, str>, Cow<'_, str>) {
    let text: &str = match name {
        // The tables hold good names only.
        Name::Known(name) if !name.as_bytes().contains(&b':') => {
            return (Cow::Borrowed(""), Cow::Borrowed(name));
        }
        Name::Known(name) | Name::Literal(name) => name,
        Name::Unknown { page, token } => {
            return ("".into(), format!("unknown_p{page:02X}_t{token:02X}").into());
        }
    };
    match text.split_once(':') {
        Some((prefix, local)) if !prefix.is_empty() && !local.is_empty() => {
            (safe(prefix), safe(local))
        }
        _ => ("".into(), safe(text)),
    }
}

/// The text as an `NCName` (Namespaces in XML 1.0 §3).
pub(super) fn safe(text: &str) -> Cow<'_, str> {
    let good = text.chars().enumerate().all(|(at, c)| is_name_char(c, at == 0));
    if good && !text.is_empty() {
        return text.into();
    }
    let mut name = String::with_capacity(text.len() + 8);
    for (at, c) in text.chars().enumerate() {
        if is_name_char(c, at == 0) {
            name.push(c);
        } else {
            let _ = write!(name, "_x{:04X}_", u32::from(c));
        }
    }
    if name.is_empty() { "_".into() } else { name.into() }
}

/// XML 1.0 §2.3 without the colon.
fn is_name_char(c: char, first: bool) -> bool {
    let start = matches!(c,
        'A'..='Z' | '_' | 'a'..='z' | '\u{C0}'..='\u{D6}' | '\u{D8}'..='\u{F6}' | '\u{F8}'..='\u{2FF}'
        | '\u{370}'..='\u{37D}' | '\u{37F}'..='\u{1FFF}' | '\u{200C}'..='\u{200D}'
        | '\u{2070}'..='\u{218F}' | '\u{2C00}'..='\u{2FEF}' | '\u{3001}'..='\u{D7FF}'
        | '\u{F900}'..='\u{FDCF}' | '\u{FDF0}'..='\u{FFFD}' | '\u{10000}'..='\u{EFFFF}');
    start
        || !first
            && matches!(c, '-' | '.' | '0'..='9' | '\u{B7}' | '\u{300}'..='\u{36F}' | '\u{203F}'..='\u{2040}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn good_names_are_borrowed() {
        assert!(matches!(safe("SyncKey"), Cow::Borrowed(_)));
        let name = Name::Known("o-ex:rights");
        assert_eq!(qualified(name), ("o-ex".into(), "rights".into()));
    }

    #[test]
    fn hostile_names_become_names() {
        assert_eq!(safe("a b/>"), "a_x0020_b_x002F__x003E_");
        assert_eq!(safe("1"), "_x0031_");
        assert_eq!(safe(""), "_");
        assert_eq!(qualified(Name::Literal(":x")).1, "_x003A_x");
        let unknown = Name::Unknown { page: 0x0E, token: 0x3F };
        assert_eq!(qualified(unknown).1, "unknown_p0E_t3F");
    }
}
