//! Large documents of one shape each, to see that cost grows with size and nothing else.

use super::SEED;
use super::eas;
use super::random::Random;

const HEADER: &[u8] = b"\x03\x01\x6A\x00";

/// A document of about this many bytes.
type Shape = fn(usize) -> Vec<u8>;

/// Shapes, by what they are made of.
pub(crate) const SHAPES: [(&str, Shape); 5] = [
    ("mail", |length| eas::sync(&mut Random::new(SEED + 5), length)),
    ("wide", wide),
    ("deep", deep),
    ("long strings", strings),
    ("string table", table),
];

/// One element with short texts in it, side by side.
fn wide(length: usize) -> Vec<u8> {
    repeated(HEADER, b"\x4D\x03eighteen letters..\0\x01", length)
}

/// Nests of 200, one after the other.
fn deep(length: usize) -> Vec<u8> {
    let nest = [&b"\x4D".repeat(200)[..], b"\x03x\0", &b"\x01".repeat(200)].concat();
    repeated(HEADER, &[&b"\x4D\x03"[..], &[b'y'; 6000], b"\0\x01", &nest].concat(), length)
}

/// Texts of 100 KB.
fn strings(length: usize) -> Vec<u8> {
    repeated(HEADER, &[&b"\x4D\x03"[..], &b"z".repeat(100_000), b"\0\x01"].concat(), length)
}

/// Texts that stand in the string table, and some that do not.
fn table(length: usize) -> Vec<u8> {
    let header = b"\x03\x01\x6A\x08one\0two\0";
    repeated(
        header,
        b"\x4D\x83\x00\x01\x4D\x83\x04\x01\x4D\x03twenty-four letters long\0\x01",
        length,
    )
}

fn repeated(header: &[u8], piece: &[u8], length: usize) -> Vec<u8> {
    let mut bytes = [header, b"\x45"].concat();
    while bytes.len() < length {
        bytes.extend_from_slice(piece);
    }
    bytes.push(0x01);
    bytes
}
