//! Characters and bytes as character data that every XML parser takes.

use base64::Engine as _;
use base64::display::Base64Display;
use base64::engine::general_purpose::STANDARD;

use crate::model::{BLOCK, Piece};

/// Appends `text` as content.
pub(super) fn text(out: &mut String, text: &str) {
    escape::<false>(out, text);
}

/// The same, for what is nearly always short and free of what needs an escape.
#[inline]
pub(super) fn piece(out: &mut String, piece: Piece<'_>) {
    if piece.block().is_some_and(|block| is_plain(block, piece.len())) {
        piece.push_to(out);
    } else {
        text(out, piece.as_str());
    }
}

/// True when nothing among the first `len` bytes is special. Looks at all of them, because a block
/// takes the same few vector instructions whatever is in it.
#[inline]
fn is_plain(block: &[u8; BLOCK], len: usize) -> bool {
    let mask = BLOCK.checked_sub(len).and_then(|start| MASKS.get(start..)?.first_chunk::<BLOCK>());
    let Some(mask) = mask else { return false };
    let special =
        block.iter().zip(mask).map(|(byte, mask)| u8::from(is_special::<false>(*byte)) & mask);
    special.fold(0, |found, special| found | special) == 0
}

/// As many ones as a block can be long, then as many zeros.
static MASKS: [u8; 2 * BLOCK] = {
    let mut masks = [0; 2 * BLOCK];
    let mut at = 0;
    while at < BLOCK {
        masks[at] = 1;
        at += 1;
    }
    masks
};

/// Appends `text` as an attribute value between double quotes.
pub(super) fn attribute(out: &mut String, text: &str) {
    escape::<true>(out, text);
}

/// Appends `text` as a CDATA section if that can be, else as content.
pub(super) fn cdata(out: &mut String, text: &str) {
    if text.contains("]]>") || text.contains('\r') || !is_text(text.as_bytes()) {
        return escape::<false>(out, text);
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
            escape::<false>(out, characters.as_str());
        }
        None => escape::<false>(out, text),
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

fn escape<const IN_ATTRIBUTE: bool>(out: &mut String, text: &str) {
    let mut rest = text;
    while let Some(at) = first_special::<IN_ATTRIBUTE>(rest.as_bytes()) {
        let (plain, tail) = rest.split_at(at);
        out.push_str(plain);
        let mut characters = tail.chars();
        match characters.next() {
            Some('&') => out.push_str("&amp;"),
            Some('<') => out.push_str("&lt;"),
            Some('>') => out.push_str("&gt;"),
            Some('"') if IN_ATTRIBUTE => out.push_str("&quot;"),
            Some('\t') if IN_ATTRIBUTE => out.push_str("&#9;"),
            Some('\n') if IN_ATTRIBUTE => out.push_str("&#10;"),
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
fn first_special<const IN_ATTRIBUTE: bool>(bytes: &[u8]) -> Option<usize> {
    let place = |bytes: &[u8]| bytes.iter().position(|byte| is_special::<IN_ATTRIBUTE>(*byte));
    let (chunks, rest) = bytes.as_chunks::<CHUNK>();
    if let Some(at) = chunks.iter().position(holds_special::<IN_ATTRIBUTE>) {
        let at = at * CHUNK;
        return bytes.get(at..).and_then(place).map(|found| at + found);
    }
    // What is left, together with some of what was seen.
    if bytes.last_chunk().is_some_and(|chunk| !holds_special::<IN_ATTRIBUTE>(chunk)) {
        return None;
    }
    place(rest).map(|found| chunks.len() * CHUNK + found)
}

#[inline]
fn holds_special<const IN_ATTRIBUTE: bool>(chunk: &[u8; CHUNK]) -> bool {
    let special = |byte: &u8| u8::from(is_special::<IN_ATTRIBUTE>(*byte));
    chunk.iter().map(special).fold(0, |found, special| found | special) != 0
}

/// True for bytes that may need an escape; 0xEF begins U+FFFE and U+FFFF (and much that is fine).
/// Without short cuts, which would be branches; `<` and `>` differ in one bit.
#[inline]
#[expect(clippy::needless_bitwise_bool, reason = "the loops around it are to be of vectors")]
fn is_special<const IN_ATTRIBUTE: bool>(byte: u8) -> bool {
    let kept = !IN_ATTRIBUTE & ((byte == b'\t') | (byte == b'\n'));
    ((byte < 0x20) & !kept)
        | (byte == b'&')
        | (byte | 0x02 == b'>')
        | (byte == 0xEF)
        | (IN_ATTRIBUTE & (byte == b'"'))
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
