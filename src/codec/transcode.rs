//! Text in other charsets to UTF-8, as a layer of its own.

use encoding_rs::{DecoderResult, Encoding, UTF_8, UTF_16BE, UTF_16LE, WINDOWS_1252};

use super::sniff::UTF8_BOM;

/// Text that was not UTF-8.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Transcoded {
    /// Its charset, lower case, as labels have it.
    pub(crate) name: &'static str,
    /// The characters, without byte order mark.
    pub(crate) text: String,
    /// Where it is not valid in that charset: the first such byte if known, else 0.
    pub(crate) bad: Option<usize>,
}

/// Reads `bytes` as text; `None` when they are UTF-8 and stay as they are.
///
/// The charset is that of a byte order mark, then of the UTF-16 pattern, then `outside` (of the
/// transport; empty if none), then the declared one (XML), then UTF-8: the order of RFC 7303
/// section 3. A UTF-16 that is plainly not is ignored, and so is a UTF-8 from outside over bytes
/// that are not when another charset is declared: senders copy the words of the text they
/// converted. `truncated` says that the last character may be incomplete.
pub(crate) fn to_utf8(
    bytes: &[u8],
    outside: &str,
    is_xml: bool,
    truncated: bool,
) -> Option<Transcoded> {
    let valid = std::str::from_utf8(bytes);
    let encoding = match bytes {
        _ if bytes.starts_with(UTF8_BOM) => UTF_8,
        [0xFE, 0xFF, ..] => UTF_16BE,
        [0xFF, 0xFE, ..] => UTF_16LE,
        [0, b'<', 0, _, ..] if is_xml => UTF_16BE,
        [b'<', 0, _, 0, ..] if is_xml => UTF_16LE,
        _ => {
            let declared = if is_xml { declared(bytes) } else { None };
            let fits = |encoding: &&'static Encoding| *encoding != UTF_8 || valid.is_ok();
            Encoding::for_label(outside.as_bytes())
                .filter(|outside| declared.is_none() || fits(outside))
                .or(declared)
                .filter(|encoding| *encoding != UTF_16BE && *encoding != UTF_16LE)
                .unwrap_or(UTF_8)
        }
    };
    if encoding == UTF_8 {
        // The last character of a recording that was cut may be too.
        let error = valid.err().filter(|error| !truncated || error.error_len().is_some())?;
        // Not UTF-8, whatever was said. XML is repaired and the place named; other text is most
        // often Windows Latin-1.
        let (encoding, bad) =
            if is_xml { (UTF_8, Some(error.valid_up_to())) } else { (WINDOWS_1252, None) };
        return Some(Transcoded { name: label(encoding), text: text(encoding, bytes), bad });
    }
    if bytes.is_ascii() && encoding.is_ascii_compatible() {
        return None;
    }
    let bad = first_malformed(encoding, bytes, truncated);
    Some(Transcoded { name: label(encoding), text: text(encoding, bytes), bad })
}

fn text(encoding: &'static Encoding, bytes: &[u8]) -> String {
    encoding.decode_with_bom_removal(bytes).0.into_owned()
}

/// Where the first sequence begins that is no character of `encoding`.
fn first_malformed(encoding: &'static Encoding, bytes: &[u8], truncated: bool) -> Option<usize> {
    let mut decoder = encoding.new_decoder_with_bom_removal();
    let mut piece = String::with_capacity(PIECE);
    let mut at = 0_usize;
    loop {
        piece.clear();
        let rest = bytes.get(at..).unwrap_or_default();
        let (result, read) =
            decoder.decode_to_string_without_replacement(rest, &mut piece, !truncated);
        at = at.saturating_add(read);
        match result {
            DecoderResult::InputEmpty => return None,
            DecoderResult::OutputFull if read == 0 => return None,
            DecoderResult::OutputFull => {}
            DecoderResult::Malformed(length, behind) => {
                let consumed = usize::from(length).saturating_add(usize::from(behind));
                return Some(at.saturating_sub(consumed));
            }
        }
    }
}

/// Bytes decoded at a time when looking for a malformed sequence.
const PIECE: usize = 8192;

fn label(encoding: &'static Encoding) -> &'static str {
    match encoding.name() {
        "UTF-8" => "utf-8",
        "UTF-16LE" => "utf-16le",
        "UTF-16BE" => "utf-16be",
        "windows-1252" => "windows-1252",
        other => other,
    }
}

/// The encoding of the XML declaration, if there is one that is known.
fn declared(bytes: &[u8]) -> Option<&'static Encoding> {
    let head = bytes.get(..200).unwrap_or(bytes);
    let end = head.windows(2).position(|pair| pair == b"?>")?;
    let head = std::str::from_utf8(head.get(..end)?).ok()?;
    let (_, value) = head.strip_prefix("<?xml")?.split_once("encoding")?;
    let value = value.trim_start().strip_prefix('=')?.trim_start();
    let quote = value.chars().next().filter(|c| matches!(c, '"' | '\''))?;
    let name = value.get(1..)?.split(quote).next()?;
    Encoding::for_label(name.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(bytes: &[u8], outside: &str) -> Option<&'static str> {
        to_utf8(bytes, outside, true, false).map(|transcoded| transcoded.name)
    }

    #[test]
    fn utf8_stays() {
        assert_eq!(name("<a>höhe</a>".as_bytes(), ""), None);
        assert_eq!(name(b"<?xml version='1.0' encoding='UTF-16'?><a/>", ""), None);
        assert_eq!(name(b"<a/>", "iso-8859-1"), None);
    }

    #[test]
    fn utf16_with_and_without_mark() {
        let wide = |mark: &str| {
            let text = format!("{mark}<a>ö</a>");
            text.encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<_>>()
        };
        for mark in ["", "\u{FEFF}"] {
            let transcoded = to_utf8(&wide(mark), "", true, false).unwrap();
            assert_eq!((transcoded.name, transcoded.text.as_str()), ("utf-16le", "<a>ö</a>"));
        }
    }

    #[test]
    fn declared_and_outside() {
        let latin = b"<?xml version='1.0' encoding='ISO-8859-1'?><a>\xF6</a>";
        assert!(to_utf8(latin, "", true, false).unwrap().text.ends_with("<a>ö</a>"));
        assert_eq!(to_utf8(b"\xF6", "koi8-r", false, false).unwrap().name, "KOI8-R");
        assert_eq!(to_utf8(b"\xF6", "", false, false).unwrap().text, "ö");
    }

    #[test]
    fn the_transport_outranks_the_declaration_unless_it_cannot_be() {
        let latin = b"<?xml version='1.0' encoding='ISO-8859-1'?><a>\xF6</a>";
        assert_eq!(name(latin, "utf-8"), Some("windows-1252"));
        let utf8 = "<?xml version='1.0' encoding='ISO-8859-1'?><a>ö</a>";
        assert_eq!(name(utf8.as_bytes(), "utf-8"), None);
    }

    #[test]
    fn broken_utf16_is_placed() {
        let mut lone: Vec<u8> = "<abc>".encode_utf16().flat_map(u16::to_le_bytes).collect();
        lone.extend([0x00, 0xD8, b'x', 0]);
        assert_eq!(to_utf8(&lone, "", true, false).unwrap().bad, Some(10));
        assert_eq!(to_utf8(&lone[..9], "", true, false).unwrap().bad, Some(8));
        assert_eq!(to_utf8(&lone[..9], "", true, true).unwrap().bad, None);
    }

    #[test]
    fn broken_utf8_is_placed() {
        let transcoded = to_utf8(b"<a>\xF6</a>", "", true, false).unwrap();
        assert_eq!((transcoded.bad, transcoded.text.as_str()), (Some(3), "<a>\u{FFFD}</a>"));
    }
}
