//! Character sets by IANA `MIBenum` or name, and bytes to text.

use std::borrow::Cow;
use std::sync::LazyLock;

use encoding_rs::Encoding;

/// One row of `charsets.tsv`.
#[derive(Debug)]
pub(crate) struct Charset {
    /// IANA `MIBenum`.
    pub(crate) mib: u32,
    /// IANA preferred name.
    pub(crate) name: &'static str,
    /// Zero bytes that end a string.
    pub(crate) terminator: usize,
    decoder: Decoder,
}

/// How bytes become characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Decoder {
    /// The bytes are UTF-8 (or its subset ASCII).
    Utf8,
    /// Four bytes a character, big-endian.
    Ucs4,
    /// By table.
    Table(&'static Encoding),
    /// No decoder: ASCII is read, the rest is replaced.
    None,
}

static CHARSETS: LazyLock<Vec<Charset>> = LazyLock::new(|| {
    include_str!("charsets.tsv")
        .lines()
        .filter(|line| !line.starts_with('#'))
        .filter_map(row)
        .collect()
});

fn row(line: &'static str) -> Option<Charset> {
    let mut cells = line.split('\t');
    let mib = cells.next()?.parse().ok()?;
    let name = cells.next()?;
    let terminator = cells.next()?.parse().ok()?;
    let decoder = match name {
        "UTF-8" | "US-ASCII" => Decoder::Utf8,
        "ISO-10646-UCS-4" => Decoder::Ucs4,
        // Network order is the rule for WBXML; a byte order mark overrules it.
        "ISO-10646-UCS-2" | "UTF-16" => Decoder::Table(encoding_rs::UTF_16BE),
        _ => Encoding::for_label(name.as_bytes())
            .filter(|encoding| *encoding != encoding_rs::REPLACEMENT)
            .map_or(Decoder::None, Decoder::Table),
    };
    Some(Charset { mib, name, terminator, decoder })
}

impl Charset {
    /// The charset with this `MIBenum`.
    pub(crate) fn by_mib(mib: u32) -> Option<&'static Self> {
        CHARSETS.iter().find(|charset| charset.mib == mib)
    }

    /// The charset with this IANA name, in any case.
    pub(crate) fn by_name(name: &str) -> Option<&'static Self> {
        CHARSETS.iter().find(|charset| charset.name.eq_ignore_ascii_case(name))
    }

    /// UTF-8.
    pub(crate) fn utf8() -> &'static Self {
        static UTF_8: Charset =
            Charset { mib: 106, name: "UTF-8", terminator: 1, decoder: Decoder::Utf8 };
        &UTF_8
    }

    /// True when valid bytes are their own UTF-8.
    pub(crate) fn is_utf8(&self) -> bool {
        self.decoder == Decoder::Utf8
    }

    /// True when this product can read it.
    pub(crate) fn is_readable(&self) -> bool {
        self.decoder != Decoder::None
    }

    /// The characters of `bytes`, and whether some had to be replaced by U+FFFD.
    pub(crate) fn decode<'a>(&self, bytes: &'a [u8]) -> (Cow<'a, str>, bool) {
        match self.decoder {
            Decoder::Utf8 | Decoder::None => {
                let text = String::from_utf8_lossy(bytes);
                let replaced = std::str::from_utf8(bytes).is_err();
                (text, replaced)
            }
            Decoder::Table(encoding) => {
                let (text, _, replaced) = encoding.decode(bytes);
                (text, replaced)
            }
            Decoder::Ucs4 => decode_ucs4(bytes),
        }
    }

    /// The bytes of `text`; `None` when it has characters this charset lacks.
    pub(crate) fn encode(&self, text: &str) -> Option<Vec<u8>> {
        match self.decoder {
            Decoder::Utf8 => (self.mib != 3 || text.is_ascii()).then(|| text.as_bytes().to_vec()),
            Decoder::None => text.is_ascii().then(|| text.as_bytes().to_vec()),
            Decoder::Ucs4 => Some(text.chars().flat_map(|c| u32::from(c).to_be_bytes()).collect()),
            Decoder::Table(encoding) if encoding == encoding_rs::UTF_16BE => {
                Some(text.encode_utf16().flat_map(u16::to_be_bytes).collect())
            }
            Decoder::Table(encoding) if encoding == encoding_rs::UTF_16LE => {
                Some(text.encode_utf16().flat_map(u16::to_le_bytes).collect())
            }
            Decoder::Table(encoding) => {
                let (bytes, _, lost) = encoding.encode(text);
                (!lost).then(|| bytes.into_owned())
            }
        }
    }
}

fn decode_ucs4(bytes: &[u8]) -> (Cow<'_, str>, bool) {
    let mut replaced = false;
    let mut text = String::new();
    for unit in bytes.chunks(4) {
        let code = unit.iter().fold(0_u32, |code, byte| code.wrapping_shl(8) | u32::from(*byte));
        let read = char::from_u32(code).filter(|_| unit.len() == 4);
        replaced |= read.is_none();
        text.push(read.unwrap_or(char::REPLACEMENT_CHARACTER));
    }
    (text.into(), replaced)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_parses_and_is_unique() {
        let rows = include_str!("charsets.tsv").lines().filter(|l| !l.starts_with('#')).count();
        assert_eq!(CHARSETS.len(), rows);
        for charset in CHARSETS.iter() {
            assert!(std::ptr::eq(Charset::by_mib(charset.mib).unwrap(), charset), "{charset:?}");
            assert!(matches!(charset.terminator, 1 | 2 | 4), "{charset:?}");
        }
    }

    #[test]
    fn only_these_cannot_be_read() {
        let unread: Vec<_> = CHARSETS.iter().filter(|c| !c.is_readable()).map(|c| c.name).collect();
        assert_eq!(unread, ["ISO-2022-KR", "UTF-7"]);
    }

    #[test]
    fn text_survives_each_charset() {
        for (mib, text) in [
            (106, "höhe"),
            (4, "höhe"),
            (17, "こんにちは"),
            (2026, "中文"),
            (1001, "a😀"),
            (1014, "a😀"),
            (1015, "a😀"),
        ] {
            let charset = Charset::by_mib(mib).unwrap();
            let bytes = charset.encode(text).unwrap();
            assert_eq!(charset.decode(&bytes), (text.into(), false), "{mib}");
        }
        assert_eq!(Charset::by_mib(4).unwrap().encode("中"), None);
        assert!(Charset::by_mib(1001).unwrap().decode(b"\0\0\0a\0").1);
    }
}
