//! What may reach a terminal.

use std::borrow::Cow;

/// Replaces every character that could act on a terminal or mislead a reader: C0 controls and DEL by
/// their pictures (U+2400 block), C1 controls, direction overrides and zero-width characters by
/// U+FFFD. The rest is untouched.
pub fn clean(text: &str) -> Cow<'_, str> {
    if text.bytes().all(|b| (0x20..0x7F).contains(&b)) || text.chars().all(is_plain) {
        return Cow::Borrowed(text);
    }
    Cow::Owned(text.chars().map(picture).collect())
}

/// True when `bytes` read as text that loses nothing by [`clean`] except line ends and tabs.
pub fn printable(bytes: &[u8]) -> bool {
    std::str::from_utf8(bytes)
        .is_ok_and(|text| text.chars().all(|c| is_plain(c) || matches!(c, '\t' | '\n' | '\r')))
}

fn is_plain(c: char) -> bool {
    picture(c) == c
}

fn picture(c: char) -> char {
    match c {
        '\0'..='\x1F' => char::from_u32(0x2400 + u32::from(c)).unwrap_or('\u{FFFD}'),
        '\x7F' => '\u{2421}',
        // C1; soft hyphen; Arabic letter mark; zero width and marks; line and paragraph separators
        // and embeddings; word joiner and isolates; byte order mark; annotations; tags.
        '\u{80}'..='\u{9F}'
        | '\u{AD}'
        | '\u{61C}'
        | '\u{180E}'
        | '\u{200B}'..='\u{200F}'
        | '\u{2028}'..='\u{202E}'
        | '\u{2060}'..='\u{206F}'
        | '\u{FEFF}'
        | '\u{FFF9}'..='\u{FFFB}'
        | '\u{E0000}'..='\u{E007F}' => '\u{FFFD}',
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_acts_on_the_terminal() {
        assert_eq!(clean("\x1b]0;x\x07\r\n\0"), "␛]0;x␇␍␊␀");
        assert_eq!(clean("a\u{202E}b\u{9b}c"), "a\u{FFFD}b\u{FFFD}c");
    }

    #[test]
    fn ordinary_text_is_borrowed() {
        assert!(matches!(clean("Ünïcode ok 日本"), Cow::Borrowed(_)));
    }
}
