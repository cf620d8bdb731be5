//! Decrypting content (RFC 3565, RFC 5084, RFC 3370 5).

use aws_lc_rs::aead;
use aws_lc_rs::cipher::{
    AES_128, AES_192, AES_256, Algorithm as Block, DecryptingKey, DecryptionContext,
    UnboundCipherKey,
};
use aws_lc_rs::iv::FixedLength;

use crate::codec::asn1::Ber;
use crate::codec::cms::Algorithm;

/// What a tag is over beside the content, and the tag.
pub(super) type Tag<'a> = (&'a [u8], &'a [u8]);

/// Why content stays closed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum CipherError {
    /// We do not have it; what it is.
    Unknown(String),
    /// The key has another length than the cipher's.
    KeyLength,
    /// The padding or tag is wrong: another key, or damage.
    Wrong,
}

/// Bytes of the keys of a content cipher; `None` for one that is not known.
pub(super) fn key_length(oid: &str) -> Option<usize> {
    Some(match oid {
        "2.16.840.1.101.3.4.1.2" | "2.16.840.1.101.3.4.1.6" => 16,
        "2.16.840.1.101.3.4.1.22" | "2.16.840.1.101.3.4.1.26" | "1.2.840.113549.3.7" => 24,
        "2.16.840.1.101.3.4.1.42" | "2.16.840.1.101.3.4.1.46" => 32,
        _ => return None,
    })
}

/// Decrypts `content`; a tag is needed where the cipher has one.
pub(super) fn open(
    cipher: &Algorithm<'_>,
    key: &[u8],
    content: &[u8],
    tag: Option<Tag<'_>>,
) -> Result<Vec<u8>, CipherError> {
    let length = key_length(&cipher.oid);
    let length = length.ok_or_else(|| CipherError::Unknown(cipher.name().to_owned()))?;
    if key.len() != length {
        return Err(CipherError::KeyLength);
    }
    let ber = Ber::read(cipher.parameters);
    let root = ber.root().ok_or(CipherError::Wrong)?;
    match cipher.oid.as_str() {
        "1.2.840.113549.3.7" => cbc(triple_des(), key, root.content(), content),
        "2.16.840.1.101.3.4.1.2" => cbc(&AES_128, key, root.content(), content),
        "2.16.840.1.101.3.4.1.22" => cbc(&AES_192, key, root.content(), content),
        "2.16.840.1.101.3.4.1.42" => cbc(&AES_256, key, root.content(), content),
        _ => {
            let nonce = root.child(0).ok_or(CipherError::Wrong)?;
            gcm(key, nonce.content(), content, tag)
        }
    }
}

/// Triple DES, for what old devices and files are encrypted with.
#[expect(deprecated, reason = "old messages are read, none is written with it")]
pub(super) fn triple_des() -> &'static Block {
    &aws_lc_rs::cipher::DES_EDE3_FOR_LEGACY_USE_ONLY
}

/// Cipher block chaining, the padding taken off (RFC 5652 6.3).
pub(super) fn cbc(
    block: &'static Block,
    key: &[u8],
    iv: &[u8],
    content: &[u8],
) -> Result<Vec<u8>, CipherError> {
    let mut out = cbc_raw(block, key, iv, content).ok_or(CipherError::Wrong)?;
    let padding = usize::from(out.last().copied().unwrap_or_default());
    let kept =
        out.len().checked_sub(padding).filter(|_| (1..=block.block_len()).contains(&padding));
    let kept = kept.ok_or(CipherError::Wrong)?;
    let (_, tail) = out.split_at_checked(kept).ok_or(CipherError::Wrong)?;
    if !tail.iter().all(|byte| usize::from(*byte) == padding) {
        return Err(CipherError::Wrong);
    }
    out.truncate(kept);
    Ok(out)
}

/// Cipher block chaining as it is.
pub(super) fn cbc_raw(
    block: &'static Block,
    key: &[u8],
    iv: &[u8],
    content: &[u8],
) -> Option<Vec<u8>> {
    let context = if let Ok(iv) = <&[u8; 16]>::try_from(iv) {
        DecryptionContext::Iv128(FixedLength::from(iv))
    } else {
        DecryptionContext::Iv64(FixedLength::from(<&[u8; 8]>::try_from(iv).ok()?))
    };
    let key = DecryptingKey::cbc(UnboundCipherKey::new(block, key).ok()?).ok()?;
    let mut out = content.to_vec();
    key.decrypt(&mut out, context).ok()?;
    Some(out)
}

fn gcm(
    key: &[u8],
    nonce: &[u8],
    content: &[u8],
    tag: Option<Tag<'_>>,
) -> Result<Vec<u8>, CipherError> {
    let unknown = |what: &str| CipherError::Unknown(what.to_owned());
    let (over, tag) = tag.ok_or_else(|| unknown("AES-GCM without a tag"))?;
    if tag.len() != aead::MAX_TAG_LEN {
        return Err(unknown("AES-GCM with a shortened tag"));
    }
    let nonce = aead::Nonce::try_assume_unique_for_key(nonce);
    let nonce = nonce.map_err(|_| unknown("AES-GCM with a nonce of other than 12 bytes"))?;
    let algorithm = match key.len() {
        16 => &aead::AES_128_GCM,
        24 => &aead::AES_192_GCM,
        _ => &aead::AES_256_GCM,
    };
    let key = aead::UnboundKey::new(algorithm, key).map_err(|_| CipherError::KeyLength)?;
    let mut out = vec![0; content.len()];
    let opened = aead::LessSafeKey::new(key).open_separate_gather(
        nonce,
        aead::Aad::from(over),
        content,
        tag,
        &mut out,
    );
    opened.map(|()| out).map_err(|_| CipherError::Wrong)
}
