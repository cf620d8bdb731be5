//! Signed and encrypted messages (RFC 5652), written in DER as the two ends of the demonstration send
//! them. Reading them is the codec's ([`crate::codec::cms`] knows every layout, this only these two).

use aws_lc_rs::cipher::{AES_256, PaddedBlockEncryptingKey, UnboundCipherKey};
use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::error::Unspecified;
use aws_lc_rs::rsa::{Pkcs1PublicEncryptingKey, PublicEncryptingKey};
use time::OffsetDateTime;
use time::macros::format_description;
use x509_parser::prelude::{FromDer as _, X509Certificate};

/// Object identifiers, whole with tag and length (RFC 5652 §4 to §6 and §11, RFC 3565, RFC 8017).
const DATA: &[u8] = b"\x06\x09\x2A\x86\x48\x86\xF7\x0D\x01\x07\x01";
const SIGNED_DATA: &[u8] = b"\x06\x09\x2A\x86\x48\x86\xF7\x0D\x01\x07\x02";
const ENVELOPED_DATA: &[u8] = b"\x06\x09\x2A\x86\x48\x86\xF7\x0D\x01\x07\x03";
const CONTENT_TYPE: &[u8] = b"\x06\x09\x2A\x86\x48\x86\xF7\x0D\x01\x09\x03";
const MESSAGE_DIGEST: &[u8] = b"\x06\x09\x2A\x86\x48\x86\xF7\x0D\x01\x09\x04";
const SIGNING_TIME: &[u8] = b"\x06\x09\x2A\x86\x48\x86\xF7\x0D\x01\x09\x05";
const RSA: &[u8] = b"\x06\x09\x2A\x86\x48\x86\xF7\x0D\x01\x01\x01";
const SHA_256: &[u8] = b"\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x01";
const AES_256_CBC: &[u8] = b"\x06\x09\x60\x86\x48\x01\x65\x03\x04\x01\x2A";
const NULL: &[u8] = b"\x05\x00";

const INTEGER: u8 = 0x02;
const OCTETS: u8 = 0x04;
const UTC_TIME: u8 = 0x17;
const SEQUENCE: u8 = 0x30;
const SET: u8 = 0x31;
/// Context tag 0, constructed.
const ZERO: u8 = 0xA0;
/// Context tag 0, primitive.
const ZERO_PLAIN: u8 = 0x80;

/// Bytes of an AES-256 key.
const KEY: usize = 32;

/// A detached signature over `content` with its time and the signer's certificate inside (RFC 5652 §5).
/// `sign` makes the RSA signature with SHA-256 (PKCS#1 v1.5); `None` when the certificate cannot be read
/// or nothing is signed.
pub(super) fn signed(
    content: &[u8],
    certificate: &[u8],
    at: OffsetDateTime,
    sign: impl FnOnce(&[u8]) -> Option<Vec<u8>>,
) -> Option<Vec<u8>> {
    let attributes = attributes(content, at)?;
    // What is signed is the set itself, not the field with its context tag (§5.4).
    let signature = sign(&tlv(SET, &[&attributes]))?;
    let algorithm = tlv(SEQUENCE, &[SHA_256]);
    let signer = tlv(
        SEQUENCE,
        &[
            &tlv(INTEGER, &[&[1]]),
            &issuer_and_serial(certificate)?,
            &algorithm,
            &tlv(ZERO, &[&attributes]),
            &tlv(SEQUENCE, &[RSA, NULL]),
            &tlv(OCTETS, &[&signature]),
        ],
    );
    let signed = tlv(
        SEQUENCE,
        &[
            &tlv(INTEGER, &[&[1]]),
            &tlv(SET, &[&algorithm]),
            &tlv(SEQUENCE, &[DATA]),
            &tlv(ZERO, &[certificate]),
            &tlv(SET, &[&signer]),
        ],
    );
    Some(tlv(SEQUENCE, &[SIGNED_DATA, &tlv(ZERO, &[&signed])]))
}

/// `content`, encrypted with AES-256-CBC for the RSA key of `certificate` (RFC 5652 §6).
///
/// # Errors
/// When the certificate is not one of an RSA key.
pub(super) fn sealed(content: &[u8], certificate: &[u8]) -> Result<Vec<u8>, Unspecified> {
    let mut key = [0; KEY];
    aws_lc_rs::rand::fill(&mut key)?;
    let cipher = PaddedBlockEncryptingKey::cbc_pkcs7(UnboundCipherKey::new(&AES_256, &key)?)?;
    let mut inside = content.to_vec();
    let context = cipher.encrypt(&mut inside)?;
    let vector = <&[u8]>::try_from(&context)?;
    let (_, owner) = X509Certificate::from_der(certificate).map_err(|_| Unspecified)?;
    let owner = PublicEncryptingKey::from_der(owner.public_key().raw).map_err(|_| Unspecified)?;
    let owner = Pkcs1PublicEncryptingKey::new(owner)?;
    let mut room = vec![0; owner.ciphertext_size()];
    let wrapped: &[u8] = owner.encrypt(&key, &mut room)?;
    let recipient = tlv(
        SEQUENCE,
        &[
            &tlv(INTEGER, &[&[0]]),
            &issuer_and_serial(certificate).ok_or(Unspecified)?,
            &tlv(SEQUENCE, &[RSA, NULL]),
            &tlv(OCTETS, &[wrapped]),
        ],
    );
    let algorithm = tlv(SEQUENCE, &[AES_256_CBC, &tlv(OCTETS, &[vector])]);
    let inside = tlv(SEQUENCE, &[DATA, &algorithm, &tlv(ZERO_PLAIN, &[&inside])]);
    let enveloped = tlv(SEQUENCE, &[&tlv(INTEGER, &[&[0]]), &tlv(SET, &[&recipient]), &inside]);
    Ok(tlv(SEQUENCE, &[ENVELOPED_DATA, &tlv(ZERO, &[&enveloped])]))
}

/// What is said of the content, and signed (RFC 5652 §11), in the order of DER.
fn attributes(content: &[u8], at: OffsetDateTime) -> Option<Vec<u8>> {
    let format = format_description!("[year repr:last_two][month][day][hour][minute][second]Z");
    let time = at.format(format).ok()?;
    let digest = digest(&SHA256, content);
    let attribute = |name, value: Vec<u8>| tlv(SEQUENCE, &[name, &tlv(SET, &[&value])]);
    let kind = attribute(CONTENT_TYPE, DATA.to_vec());
    let time = attribute(SIGNING_TIME, tlv(UTC_TIME, &[time.as_bytes()]));
    let digest = attribute(MESSAGE_DIGEST, tlv(OCTETS, &[digest.as_ref()]));
    Some([kind, time, digest].concat())
}

/// How a certificate is named: by who issued it and its serial number.
fn issuer_and_serial(certificate: &[u8]) -> Option<Vec<u8>> {
    let (_, read) = X509Certificate::from_der(certificate).ok()?;
    Some(tlv(SEQUENCE, &[read.issuer().as_raw(), &tlv(INTEGER, &[read.raw_serial()])]))
}

/// One value: tag, length and content in DER.
fn tlv(tag: u8, parts: &[&[u8]]) -> Vec<u8> {
    let length: usize = parts.iter().map(|part| part.len()).sum();
    let mut value = vec![tag];
    if let Ok(short @ 0..=0x7f) = u8::try_from(length) {
        value.push(short);
    } else {
        let bytes = length.to_be_bytes();
        let zeros = bytes.iter().take_while(|byte| **byte == 0).count();
        let bytes = &bytes[zeros..];
        value.push(0x80 | u8::try_from(bytes.len()).unwrap_or_default());
        value.extend_from_slice(bytes);
    }
    value.extend(parts.iter().copied().flatten());
    value
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_are_as_short_as_they_can_be() {
        assert_eq!(tlv(OCTETS, &[b"ab", b"c"]), b"\x04\x03abc");
        assert_eq!(tlv(OCTETS, &[&[0; 127]])[..2], [4, 127]);
        assert_eq!(tlv(OCTETS, &[&[0; 128]])[..3], [4, 0x81, 128]);
        assert_eq!(tlv(OCTETS, &[&[0; 300]])[..4], [4, 0x82, 1, 44]);
    }

    #[test]
    fn rubbish_is_no_certificate() {
        let now = OffsetDateTime::UNIX_EPOCH;
        assert_eq!(signed(b"x", b"rubbish", now, |bytes| Some(bytes.to_vec())), None);
        assert!(sealed(b"x", b"rubbish").is_err());
    }
}
