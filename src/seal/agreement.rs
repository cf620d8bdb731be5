//! From a shared secret to the key of the content: derivation and unwrapping (RFC 5753 7, RFC 3394,
//! RFC 3217 3.2).

use aws_lc_rs::cipher::{AES_192, DecryptingKey, DecryptionContext, UnboundCipherKey};
use aws_lc_rs::digest;
use aws_lc_rs::key_wrap::{AES_128, AES_256, AesKek, KeyWrap as _};
use zeroize::Zeroizing;

use crate::codec::asn1::{Ber, write};
use crate::codec::cms::Algorithm;

use super::algorithm::digest_of;
use super::cipher::{cbc_raw, triple_des};

/// Keys a cipher may have, in bytes: nothing longer is unwrapped.
const KEY_BYTES: usize = 64;

/// The key wrap that a key agreement names as its parameter.
pub(super) fn wrap_of<'b>(ber: &'b Ber<'_>) -> Option<Algorithm<'b>> {
    ber.root().and_then(Algorithm::of)
}

/// Bytes of the key of a key wrap; `None` for one that is not known.
pub(super) fn wrap_length(oid: &str) -> Option<usize> {
    Some(match oid {
        "2.16.840.1.101.3.4.1.5" => 16,
        "2.16.840.1.101.3.4.1.25" | "1.2.840.113549.1.9.16.3.6" => 24,
        "2.16.840.1.101.3.4.1.45" => 32,
        _ => return None,
    })
}

/// The digest of a key derivation (RFC 5753 7.1.4); cofactor agreement is the same on these curves.
pub(super) fn kdf_digest(oid: &str) -> Option<&'static digest::Algorithm> {
    let digest = match oid {
        "1.3.133.16.840.63.0.2" | "1.3.133.16.840.63.0.3" => "1.3.14.3.2.26",
        "1.3.132.1.11.0" | "1.3.132.1.14.0" => "2.16.840.1.101.3.4.2.4",
        "1.3.132.1.11.1" | "1.3.132.1.14.1" => "2.16.840.1.101.3.4.2.1",
        "1.3.132.1.11.2" | "1.3.132.1.14.2" => "2.16.840.1.101.3.4.2.2",
        "1.3.132.1.11.3" | "1.3.132.1.14.3" => "2.16.840.1.101.3.4.2.3",
        _ => return None,
    };
    digest_of(digest)
}

/// The key that wraps the content's key: ANSI X9.63 over `ECC-CMS-SharedInfo` (RFC 5753 7.2). `wrap`
/// is the key wrap's `AlgorithmIdentifier` as sent.
pub(super) fn derive(
    digest: &'static digest::Algorithm,
    secret: &[u8],
    wrap: &[u8],
    length: usize,
    ukm: Option<&[u8]>,
) -> Option<Zeroizing<Vec<u8>>> {
    let bits = u32::try_from(length.checked_mul(8)?).ok()?.to_be_bytes();
    let mut info = wrap.to_vec();
    if let Some(ukm) = ukm {
        info.extend(write(0xA0, &write(0x04, ukm)));
    }
    info.extend(write(0xA2, &write(0x04, &bits)));
    let info = write(0x30, &info);
    let mut key = Zeroizing::new(Vec::new());
    for counter in 1_u32..=8 {
        let mut context = digest::Context::new(digest);
        context.update(secret);
        context.update(&counter.to_be_bytes());
        context.update(&info);
        key.extend_from_slice(context.finish().as_ref());
        if key.len() >= length {
            key.truncate(length);
            return Some(key);
        }
    }
    None
}

/// Unwraps a key.
pub(super) fn unwrap(oid: &str, kek: &[u8], wrapped: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    if wrapped.len() > KEY_BYTES || wrap_length(oid)? != kek.len() {
        return None;
    }
    match (oid, kek.len()) {
        ("1.2.840.113549.1.9.16.3.6", _) => des(kek, wrapped),
        (_, 24) => aes192(kek, wrapped),
        (_, length) => {
            let cipher = if length == 16 { &AES_128 } else { &AES_256 };
            let mut out = Zeroizing::new(vec![0; wrapped.len()]);
            let length = AesKek::new(cipher, kek).ok()?.unwrap(wrapped, &mut out).ok()?.len();
            out.truncate(length);
            Some(out)
        }
    }
}

/// RFC 3394 2.2.2 with AES-192, which the library unwraps no keys with: the blocks are its.
fn aes192(kek: &[u8], wrapped: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    let key = DecryptingKey::ecb(UnboundCipherKey::new(&AES_192, kek).ok()?).ok()?;
    let (first, rest) = wrapped.split_first_chunk::<8>()?;
    let mut check = *first;
    let mut blocks: Vec<[u8; 8]> =
        rest.chunks(8).map(<[u8; 8]>::try_from).collect::<Result<_, _>>().ok()?;
    if blocks.len() < 2 {
        return None;
    }
    let count = u64::try_from(blocks.len()).ok()?;
    for turn in (0..6_u64).rev() {
        for (number, block) in (1..=count).rev().zip(blocks.iter_mut().rev()) {
            let step = count.checked_mul(turn)?.checked_add(number)?;
            let mixed = (u64::from_be_bytes(check) ^ step).to_be_bytes();
            let mut both = Zeroizing::new([mixed, *block].concat());
            key.decrypt(&mut both, DecryptionContext::None).ok()?;
            let (left, right) = both.split_first_chunk::<8>()?;
            check = *left;
            *block = right.try_into().ok()?;
        }
    }
    (check == [0xA6; 8]).then(|| Zeroizing::new(blocks.concat()))
}

/// RFC 3217 3.2.
fn des(kek: &[u8], wrapped: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    const IV: [u8; 8] = [0x4A, 0xDD, 0xA2, 0x2C, 0x79, 0xE8, 0x21, 0x05];
    let block = triple_des();
    let mut outer = Zeroizing::new(cbc_raw(block, kek, &IV, wrapped)?);
    outer.reverse();
    let (iv, inner) = outer.split_first_chunk::<8>()?;
    let inner = Zeroizing::new(cbc_raw(block, kek, iv, inner)?);
    let (key, check) = inner.split_last_chunk::<8>()?;
    let digest = digest::digest(&digest::SHA1_FOR_LEGACY_USE_ONLY, key);
    digest.as_ref().starts_with(check).then(|| Zeroizing::new(key.to_vec()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bytes(hex: &str) -> Vec<u8> {
        (0..hex.len())
            .step_by(2)
            .map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap())
            .collect()
    }

    /// RFC 3394 4.2 and 4.4.
    #[test]
    fn keys_wrapped_with_aes_192() {
        let kek = bytes("000102030405060708090a0b0c0d0e0f1011121314151617");
        let oid = "2.16.840.1.101.3.4.1.25";
        let wrapped = bytes("96778b25ae6ca435f92b5b97c050aed2468ab8a17ad84e5d");
        let key = unwrap(oid, &kek, &wrapped).unwrap();
        assert_eq!(*key, bytes("00112233445566778899aabbccddeeff"));
        let wrapped = bytes("031d33264e15d33268f24ec260743edce1c6c7ddee725a936ba814915c6762d2");
        let key = unwrap(oid, &kek, &wrapped).unwrap();
        assert_eq!(*key, bytes("00112233445566778899aabbccddeeff0001020304050607"));
        let mut changed = wrapped;
        changed[3] ^= 1;
        assert!(unwrap(oid, &kek, &changed).is_none());
    }

    #[test]
    fn what_does_not_fit_is_not_unwrapped() {
        let kek = [7; 24];
        for oid in ["2.16.840.1.101.3.4.1.25", "1.2.840.113549.1.9.16.3.6", "1.2.3"] {
            for length in [0, 1, 8, 16, 24, 40, 41, 200] {
                assert!(unwrap(oid, &kek, &vec![9; length]).is_none(), "{oid} {length}");
            }
        }
        assert!(unwrap("2.16.840.1.101.3.4.1.5", &kek, &[9; 24]).is_none());
    }
}
