//! Undoing content codings (RFC 9110 §8.4): gzip, deflate (zlib or raw), br, stacked.

use std::io::Read;

use flate2::read::{DeflateDecoder, MultiGzDecoder, ZlibDecoder};

use super::limits;

/// A content coding.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Coding {
    /// `gzip`, `x-gzip`.
    Gzip,
    /// `deflate`: zlib, or raw as some servers send it.
    Deflate,
    /// `br`.
    Brotli,
    /// A name this product cannot undo.
    Unknown,
}

impl Coding {
    /// The codings of a `Content-Encoding` value in the order they were applied.
    pub(crate) fn list(header: &str) -> Vec<Self> {
        let names = header.split(',').map(|name| name.trim().to_ascii_lowercase());
        names
            .filter(|name| !name.is_empty() && name != "identity")
            .map(|name| match name.as_str() {
                "gzip" | "x-gzip" => Self::Gzip,
                "deflate" => Self::Deflate,
                "br" => Self::Brotli,
                _ => Self::Unknown,
            })
            .collect()
    }

    /// Recognises a body by its first bytes; only gzip can be.
    pub(crate) fn sniff(bytes: &[u8]) -> Option<Self> {
        // Magic, deflate, and no reserved flag (RFC 1952 §2.3).
        matches!(bytes, [0x1F, 0x8B, 0x08, flags, ..] if flags & 0xE0 == 0).then_some(Self::Gzip)
    }

    /// As written in the header.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Gzip => "gzip",
            Self::Deflate => "deflate",
            Self::Brotli => "br",
            Self::Unknown => "unknown coding",
        }
    }

    /// Id of the problem when undoing it fails.
    pub(crate) fn code(self) -> &'static str {
        match self {
            Self::Gzip => "content-gzip",
            Self::Deflate => "content-deflate",
            Self::Brotli => "content-br",
            Self::Unknown => "content-unknown",
        }
    }

    /// Undoes it. What came out before damage or the ceiling is kept.
    pub(crate) fn undo(self, bytes: &[u8]) -> Undone {
        match self {
            Self::Gzip => undo(MultiGzDecoder::new(bytes), bytes.len()),
            Self::Deflate => {
                let zlib = undo(ZlibDecoder::new(bytes), bytes.len());
                if zlib.trouble.is_some() && zlib.bytes.is_empty() {
                    let raw = undo(DeflateDecoder::new(bytes), bytes.len());
                    return if raw.bytes.is_empty() { zlib } else { raw };
                }
                zlib
            }
            Self::Brotli => {
                undo(brotli_decompressor::Decompressor::new(bytes, BUFFER), bytes.len())
            }
            Self::Unknown => Undone { bytes: Vec::new(), trouble: Some("no decoder".to_owned()) },
        }
    }
}

/// What undoing a coding gave.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Undone {
    /// The bytes that came out.
    pub(crate) bytes: Vec<u8>,
    /// Why it ended early, if it did.
    pub(crate) trouble: Option<String>,
}

const BUFFER: usize = 16 << 10;

fn undo(mut decoder: impl Read, input: usize) -> Undone {
    let by_ratio = input.saturating_mul(limits::INFLATED_RATIO).max(limits::INFLATED_FREE_BYTES);
    let ceiling = by_ratio.min(limits::INFLATED_BYTES);
    let mut bytes = Vec::new();
    let mut buffer = [0; BUFFER];
    loop {
        let trouble = match decoder.read(&mut buffer) {
            Ok(0) => None,
            Ok(count) => {
                let room = ceiling.saturating_sub(bytes.len());
                bytes.extend(buffer.iter().take(count.min(room)));
                if count <= room {
                    continue;
                }
                Some(format!("it yields more than {ceiling} bytes"))
            }
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => continue,
            Err(error) => Some(error.to_string()),
        };
        return Undone { bytes, trouble };
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use flate2::Compression;
    use flate2::write::{DeflateEncoder, GzEncoder, ZlibEncoder};

    use super::*;

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    #[test]
    fn header_values() {
        assert_eq!(Coding::list("identity"), []);
        assert_eq!(Coding::list("X-GZip, br"), [Coding::Gzip, Coding::Brotli]);
        assert_eq!(Coding::list("zstd"), [Coding::Unknown]);
    }

    #[test]
    fn both_deflates() {
        let mut zlib = ZlibEncoder::new(Vec::new(), Compression::default());
        zlib.write_all(b"hello hello").unwrap();
        let mut raw = DeflateEncoder::new(Vec::new(), Compression::default());
        raw.write_all(b"hello hello").unwrap();
        for bytes in [zlib.finish().unwrap(), raw.finish().unwrap()] {
            let undone = Coding::Deflate.undo(&bytes);
            assert_eq!(undone, Undone { bytes: b"hello hello".into(), trouble: None });
        }
    }

    #[test]
    fn damage_keeps_what_came_out() {
        let text: Vec<u8> = (0..50_000_u32).flat_map(u32::to_be_bytes).collect();
        let whole = gzip(&text);
        let undone = Coding::Gzip.undo(&whole[..whole.len() / 2]);
        assert!(undone.trouble.is_some());
        assert!(!undone.bytes.is_empty() && text.starts_with(&undone.bytes));
    }

    #[test]
    fn a_bomb_is_stopped() {
        let mut bomb = gzip(&vec![0; 4 << 20]);
        bomb = gzip(&bomb);
        let once = Coding::Gzip.undo(&bomb);
        assert_eq!(once.trouble, None);
        let small = gzip(&vec![0; 100 << 20]);
        let undone = Coding::Gzip.undo(&small);
        assert_eq!(undone.bytes.len(), limits::INFLATED_BYTES);
        assert!(undone.trouble.is_some());
    }

    #[test]
    fn gzip_is_recognised() {
        assert_eq!(Coding::sniff(&gzip(b"x")), Some(Coding::Gzip));
        assert_eq!(Coding::sniff(b"\x1F\x8B\x08\xFF"), None);
    }
}
