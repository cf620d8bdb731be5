//! What is encrypted with a password: PBES2 (RFC 8018 6.2) and the one old way of PKCS#12 whose
//! cipher we have (RFC 7292 C).

use std::num::NonZeroU32;

use aws_lc_rs::cipher::{AES_128, AES_192, AES_256};
use aws_lc_rs::digest;
use aws_lc_rs::pbkdf2;
use zeroize::Zeroizing;

use crate::codec::asn1::{Ber, Value};
use crate::codec::cms::Algorithm;

use super::cipher::{cbc, triple_des};
use super::key_file::KeyError;

/// Rounds of a derivation that are done: a file could ask for hours.
const ROUNDS: u64 = 10_000_000;

/// Decrypts `content`; `convert` is told when the cipher is too old.
pub(super) fn open(
    algorithm: Value<'_>,
    content: &[u8],
    password: Option<&str>,
    convert: &'static str,
) -> Result<Zeroizing<Vec<u8>>, KeyError> {
    let algorithm = Algorithm::of(algorithm).ok_or(KeyError::Damaged)?;
    let ber = Ber::read(algorithm.parameters);
    let parameters = ber.root().ok_or(KeyError::Damaged)?;
    match algorithm.oid.as_str() {
        "1.2.840.113549.1.5.13" => pbes2(parameters, content, password, convert),
        "1.2.840.113549.1.12.1.3" => {
            let password = password.ok_or(KeyError::NeedsPassword)?;
            let (salt, rounds) = salted(parameters)?;
            let hash = &digest::SHA1_FOR_LEGACY_USE_ONLY;
            let key = derive(hash, 1, password, &salt, rounds, 24);
            let iv = derive(hash, 2, password, &salt, rounds, 8);
            let plain = cbc(triple_des(), &key, &iv, content);
            plain.map(Zeroizing::new).map_err(|_| KeyError::WrongPassword)
        }
        oid if oid.starts_with("1.2.840.113549.1.12.1.")
            || oid.starts_with("1.2.840.113549.1.5.") =>
        {
            Err(KeyError::OldCipher { cipher: algorithm.name().to_owned(), convert })
        }
        _ => Err(KeyError::UnknownCipher(algorithm.name().to_owned())),
    }
}

/// Salt and rounds (RFC 7292 C).
fn salted(parameters: Value<'_>) -> Result<(Vec<u8>, u64), KeyError> {
    let salt = parameters.child(0).filter(|salt| salt.is(4)).ok_or(KeyError::Damaged)?;
    let rounds = parameters.child(1).and_then(Value::number);
    let rounds = rounds.filter(|rounds| (1..=ROUNDS).contains(rounds));
    Ok((salt.octets().into_owned(), rounds.ok_or(KeyError::Damaged)?))
}

fn pbes2(
    parameters: Value<'_>,
    content: &[u8],
    password: Option<&str>,
    convert: &'static str,
) -> Result<Zeroizing<Vec<u8>>, KeyError> {
    let part = |at| parameters.child(at).and_then(Algorithm::of).ok_or(KeyError::Damaged);
    let (derivation, cipher) = (part(0)?, part(1)?);
    let (block, length) = match cipher.oid.as_str() {
        "2.16.840.1.101.3.4.1.2" => (&AES_128, 16),
        "2.16.840.1.101.3.4.1.22" => (&AES_192, 24),
        "2.16.840.1.101.3.4.1.42" => (&AES_256, 32),
        "1.2.840.113549.3.7" => (triple_des(), 24),
        // DES and RC2.
        "1.2.840.113549.3.2" | "1.3.14.3.2.7" => {
            return Err(KeyError::OldCipher { cipher: cipher.name().to_owned(), convert });
        }
        _ => return Err(KeyError::UnknownCipher(cipher.name().to_owned())),
    };
    let password = password.ok_or(KeyError::NeedsPassword)?;
    let key = pbkdf2(&derivation, password, length)?;
    let iv = Ber::read(cipher.parameters);
    let iv = iv.root().map(Value::content).ok_or(KeyError::Damaged)?;
    cbc(block, &key, iv, content).map(Zeroizing::new).map_err(|_| KeyError::WrongPassword)
}

/// PBKDF2 (RFC 8018 5.2, A.2).
pub(super) fn pbkdf2(
    derivation: &Algorithm<'_>,
    password: &str,
    length: usize,
) -> Result<Zeroizing<Vec<u8>>, KeyError> {
    if derivation.oid != "1.2.840.113549.1.5.12" {
        return Err(KeyError::UnknownCipher(derivation.name().to_owned()));
    }
    let ber = Ber::read(derivation.parameters);
    let parameters = ber.root().ok_or(KeyError::Damaged)?;
    let (salt, rounds) = salted(parameters)?;
    let function = parameters.children().skip(2).find_map(Algorithm::of);
    let function = match function.as_ref().map_or("1.2.840.113549.2.7", |f| f.oid.as_str()) {
        "1.2.840.113549.2.7" => pbkdf2::PBKDF2_HMAC_SHA1,
        "1.2.840.113549.2.9" => pbkdf2::PBKDF2_HMAC_SHA256,
        "1.2.840.113549.2.10" => pbkdf2::PBKDF2_HMAC_SHA384,
        "1.2.840.113549.2.11" => pbkdf2::PBKDF2_HMAC_SHA512,
        other => return Err(KeyError::UnknownCipher(other.to_owned())),
    };
    let rounds = u32::try_from(rounds).ok().and_then(NonZeroU32::new).ok_or(KeyError::Damaged)?;
    let mut key = Zeroizing::new(vec![0; length]);
    pbkdf2::derive(function, rounds, &salt, password.as_bytes(), &mut key);
    Ok(key)
}

/// The derivation of PKCS#12 (RFC 7292 B.2): `purpose` is 1 for keys, 2 for initialisation vectors,
/// 3 for tags.
pub(super) fn derive(
    hash: &'static digest::Algorithm,
    purpose: u8,
    password: &str,
    salt: &[u8],
    rounds: u64,
    length: usize,
) -> Zeroizing<Vec<u8>> {
    let block = hash.block_len();
    let fill = |bytes: &[u8]| -> Vec<u8> {
        let blocks = bytes.len().div_ceil(block).saturating_mul(block);
        bytes.iter().copied().cycle().take(blocks).collect()
    };
    let text: Zeroizing<Vec<u8>> =
        Zeroizing::new(password.encode_utf16().chain([0]).flat_map(u16::to_be_bytes).collect());
    let diversifier = vec![purpose; block];
    let mut input = Zeroizing::new([fill(salt), fill(&text)].concat());
    let mut out = Zeroizing::new(Vec::new());
    while out.len() < length {
        let mut round = digest::Context::new(hash);
        round.update(&diversifier);
        round.update(&input);
        let mut value = round.finish();
        for _ in 1..rounds {
            value = digest::digest(hash, value.as_ref());
        }
        out.extend_from_slice(value.as_ref());
        let added: Vec<u8> = value.as_ref().iter().copied().cycle().take(block).collect();
        for piece in input.chunks_mut(block) {
            add_one_more(piece, &added);
        }
    }
    out.truncate(length);
    out
}

/// `piece = piece + added + 1`, both numbers in network order, what overflows cut off.
fn add_one_more(piece: &mut [u8], added: &[u8]) {
    let mut carry = 1_u16;
    for (byte, add) in piece.iter_mut().zip(added).rev() {
        let sum = u16::from(*byte).saturating_add(u16::from(*add)).saturating_add(carry);
        let [high, low] = sum.to_be_bytes();
        *byte = low;
        carry = u16::from(high);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sum_wraps_like_the_number_it_is() {
        let mut piece = [0xFF, 0xFF];
        add_one_more(&mut piece, &[0x00, 0x01]);
        assert_eq!(piece, [0x00, 0x01]);
    }

    /// Known from the tests of `OpenSSL` and `BouncyCastle`: "smeg", one round.
    #[test]
    fn the_derivation_of_pkcs12() {
        let salt = [0x0A, 0x58, 0xCF, 0x64, 0x53, 0x0D, 0x82, 0x3F];
        let hash = &digest::SHA1_FOR_LEGACY_USE_ONLY;
        let key = derive(hash, 1, "smeg", &salt, 1, 24);
        let expected = [
            0x8A, 0xAA, 0xE6, 0x29, 0x7B, 0x6C, 0xB0, 0x46, 0x42, 0xAB, 0x5B, 0x07, 0x78, 0x51,
            0x28, 0x4E, 0xB7, 0x12, 0x8F, 0x1A, 0x2A, 0x7F, 0xBC, 0xA3,
        ];
        assert_eq!(**key, expected);
    }
}
