//! Characters and bytes as character data that every XML parser takes.

use base64::Engine as _;
use base64::display::Base64Display;
use base64::engine::general_purpose::STANDARD;

/// Appends `text` as content.
pub(super) fn text(out: &mut String, text: &str) {
    escape(out, text, false);
}

/// Appends `text` as an attribute value between double quotes.
pub(super) fn attribute(out: &mut String, text: &str) {
    escape(out, text, true);
}

/// Appends `text` as a CDATA section if that can be, else as content.
pub(super) fn cdata(out: &mut String, text: &str) {
    if text.contains("]]>") || text.contains('\r') || !is_text(text.as_bytes()) {
        return escape(out, text, false);
    }
    out.push_str("<![CDATA[");
    out.push_str(text);
    out.push_str("]]>");
}

/// Appends `text` as content that a reader keeps though it is blank.
pub(super) fn exactly(out: &mut String, text: &str) {
    let mut characters = text.chars();
    match characters.next().filter(|_| text.trim_ascii().is_empty()) {
        // White space between elements is taken for layout, a reference is not.
        Some(blank) => {
            out.push_str(match blank {
                '\t' => "&#9;",
                '\n' => "&#10;",
                '\r' => "&#13;",
                _ => "&#32;",
            });
            escape(out, characters.as_str(), false);
        }
        None => escape(out, text, false),
    }
}

/// Appends `text` as a CDATA section, or behind an empty one.
pub(super) fn opaque(out: &mut String, text: &str) {
    if text.contains("]]>") || text.contains('\r') {
        out.push_str("<![CDATA[]]>");
    }
    cdata(out, text);
}

/// Appends a comment; what would end it early is spread.
pub(super) fn comment(out: &mut String, text: &str) {
    out.push_str("<!--");
    let mut last = ' ';
    for c in text.chars().map(visible) {
        if c == '-' && last == '-' {
            out.push(' ');
        }
        out.push(c);
        last = c;
    }
    out.push_str(if last == '-' { " -->" } else { "-->" });
}

/// Appends characters that can stand in a processing instruction.
pub(super) fn instruction(out: &mut String, text: &str) {
    let mut last = ' ';
    for c in text.chars().map(visible) {
        if c == '>' && last == '?' {
            out.push(' ');
        }
        out.push(c);
        last = c;
    }
}

/// Appends `bytes` as base64.
pub(super) fn base64(out: &mut String, bytes: &[u8]) {
    if bytes.len() < 64 {
        use std::fmt::Write as _;
        let _ = write!(out, "{}", Base64Display::new(bytes, &STANDARD));
    } else {
        STANDARD.encode_string(bytes, out);
    }
}

/// True when `bytes` are characters that XML allows, and there are some.
pub(super) fn is_text(bytes: &[u8]) -> bool {
    !bytes.is_empty()
        && !bytes.iter().any(|byte| *byte < 0x20 && !matches!(byte, b'\t' | b'\n' | b'\r'))
        && std::str::from_utf8(bytes).is_ok_and(|text| !text.contains(['\u{FFFE}', '\u{FFFF}']))
}

fn escape(out: &mut String, text: &str, in_attribute: bool) {
    let special = if in_attribute { &IN_ATTRIBUTE } else { &IN_TEXT };
    let mut rest = text;
    while let Some(at) = first_special(rest.as_bytes(), special) {
        let (plain, tail) = rest.split_at(at);
        out.push_str(plain);
        let mut characters = tail.chars();
        match characters.next() {
            Some('&') => out.push_str("&amp;"),
            Some('<') => out.push_str("&lt;"),
            Some('>') => out.push_str("&gt;"),
            Some('"') if in_attribute => out.push_str("&quot;"),
            Some('\t') if in_attribute => out.push_str("&#9;"),
            Some('\n') if in_attribute => out.push_str("&#10;"),
            // A parser would turn it into a line feed.
            Some('\r') => out.push_str("&#13;"),
            Some(c) => out.push(visible(c)),
            None => {}
        }
        rest = characters.as_str();
    }
    out.push_str(rest);
}

/// Bytes looked at together; the compiler makes vector instructions of it.
const CHUNK: usize = 16;

/// Offset of the first byte that is special.
#[inline]
fn first_special(bytes: &[u8], special: &[bool; 256]) -> Option<usize> {
    let mut at = 0;
    let (chunks, rest) = bytes.as_chunks::<CHUNK>();
    for chunk in chunks {
        let maybe =
            chunk.iter().fold(0, |found, byte| found | u8::from(may_be_special(*byte))) != 0;
        if maybe && let Some(found) = chunk.iter().position(|byte| special[usize::from(*byte)]) {
            return Some(at + found);
        }
        at += CHUNK;
    }
    rest.iter().position(|byte| special[usize::from(*byte)]).map(|found| at + found)
}

/// True for all special bytes and a few more. Without short cuts, which would be branches; `<` and
/// `>` differ in one bit.
#[expect(clippy::needless_bitwise_bool, reason = "the loop around it is to be one of vectors")]
fn may_be_special(byte: u8) -> bool {
    (byte < 0x20) | (byte == b'"') | (byte == b'&') | (byte | 0x02 == b'>') | (byte == 0xEF)
}

static IN_TEXT: [bool; 256] = specials(false);
static IN_ATTRIBUTE: [bool; 256] = specials(true);

/// Bytes that may need an escape; 0xEF begins U+FFFE and U+FFFF (and much that is fine).
const fn specials(in_attribute: bool) -> [bool; 256] {
    let mut table = [false; 256];
    let mut byte = 0;
    while byte < 0x20 {
        table[byte] = in_attribute || (byte != 0x09 && byte != 0x0A);
        byte += 1;
    }
    table[0x22] = in_attribute;
    table[0x26] = true;
    table[0x3C] = true;
    table[0x3E] = true;
    table[0xEF] = true;
    table
}

/// The character itself, or a picture of one that XML 1.0 §2.2 forbids.
fn visible(c: char) -> char {
    match c {
        '\0'..='\u{8}' | '\u{B}' | '\u{C}' | '\u{E}'..='\u{1F}' => {
            char::from_u32(0x2400 + u32::from(c)).unwrap_or(char::REPLACEMENT_CHARACTER)
        }
        '\u{FFFE}' | '\u{FFFF}' => char::REPLACEMENT_CHARACTER,
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(write: impl Fn(&mut String)) -> String {
        let mut out = String::new();
        write(&mut out);
        out
    }

    #[test]
    fn nothing_forbidden_gets_out() {
        assert_eq!(
            with(|o| text(o, "a<&>\"\u{0}\u{1F}\r\n\u{FFFF}ﬁ")),
            "a&lt;&amp;&gt;\"␀␟&#13;\n\u{FFFD}ﬁ"
        );
        assert_eq!(with(|o| attribute(o, "\"\t\n'")), "&quot;&#9;&#10;'");
        assert_eq!(with(|o| cdata(o, "<a>")), "<![CDATA[<a>]]>");
        assert_eq!(with(|o| cdata(o, "]]>")), "]]&gt;");
        assert_eq!(with(|o| comment(o, "a--b-")), "<!--a- -b- -->");
        assert_eq!(with(|o| instruction(o, "a?>\u{1}")), "a? >␁");
    }

    #[test]
    fn what_is_text() {
        assert!(is_text("höhe\r\n".as_bytes()));
        assert!(!is_text(b""));
        assert!(!is_text(b"a\0"));
        assert!(!is_text(b"\xFF"));
        assert!(!is_text("\u{FFFF}".as_bytes()));
    }

    #[test]
    fn short_and_long_base64_agree() {
        for length in [0, 1, 2, 3, 63, 64, 65] {
            let bytes = vec![0xA5; length];
            assert_eq!(with(|o| base64(o, &bytes)), STANDARD.encode(&bytes));
        }
    }
}
