//! Object identifiers to what aws-lc-rs offers.

use aws_lc_rs::digest;

use crate::codec::asn1::{Ber, Value, hex};
use crate::codec::cms::Algorithm;

/// The digest that an object identifier names (RFC 5754 2, RFC 3370 2).
pub(super) fn digest_of(oid: &str) -> Option<&'static digest::Algorithm> {
    Some(match oid {
        "1.3.14.3.2.26" => &digest::SHA1_FOR_LEGACY_USE_ONLY,
        "2.16.840.1.101.3.4.2.4" => &digest::SHA224,
        "2.16.840.1.101.3.4.2.1" => &digest::SHA256,
        "2.16.840.1.101.3.4.2.2" => &digest::SHA384,
        "2.16.840.1.101.3.4.2.3" => &digest::SHA512,
        _ => return None,
    })
}

/// True for digests that no longer protect.
pub(super) fn is_weak(oid: &str) -> bool {
    matches!(oid, "1.3.14.3.2.26" | "1.2.840.113549.2.5" | "1.2.840.113549.2.2")
}

/// SHA-256 in lower-case hex.
pub fn sha256_hex(bytes: &[u8]) -> String {
    hex(digest::digest(&digest::SHA256, bytes).as_ref())
}

/// SHA-1 in lower-case hex: the thumbprint that Windows shows and certificate stores are named by.
pub fn sha1_hex(bytes: &[u8]) -> String {
    hex(digest::digest(&digest::SHA1_FOR_LEGACY_USE_ONLY, bytes).as_ref())
}

/// How a signature was made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Scheme {
    pub(super) kind: SchemeKind,
    pub(super) digest: &'static digest::Algorithm,
    /// The digest is no longer safe.
    pub(super) weak: bool,
}

/// The kind of a signature, by the key it needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum SchemeKind {
    /// RSASSA-PKCS1-v1_5.
    Pkcs1,
    /// RSASSA-PSS with this many bytes of salt.
    Pss(u16),
    /// ECDSA.
    Ecdsa,
    /// `EdDSA` on curve 25519 (RFC 8419).
    Ed25519,
}

/// The scheme of a signature algorithm; `digest` is used where the algorithm names none.
///
/// # Errors
/// What is unknown about it, for a person.
pub(super) fn scheme_of(
    algorithm: &Algorithm<'_>,
    digest: Option<&Algorithm<'_>>,
) -> Result<Scheme, String> {
    let (kind, digest_oid) = match algorithm.oid.as_str() {
        "1.2.840.113549.1.1.1" => (SchemeKind::Pkcs1, digest.map(|digest| digest.oid.as_str())),
        "1.2.840.113549.1.1.5" | "1.3.14.3.2.29" => (SchemeKind::Pkcs1, Some("1.3.14.3.2.26")),
        "1.2.840.113549.1.1.14" => (SchemeKind::Pkcs1, Some("2.16.840.1.101.3.4.2.4")),
        "1.2.840.113549.1.1.11" => (SchemeKind::Pkcs1, Some("2.16.840.1.101.3.4.2.1")),
        "1.2.840.113549.1.1.12" => (SchemeKind::Pkcs1, Some("2.16.840.1.101.3.4.2.2")),
        "1.2.840.113549.1.1.13" => (SchemeKind::Pkcs1, Some("2.16.840.1.101.3.4.2.3")),
        "1.2.840.113549.1.1.10" => return pss(algorithm),
        // The digest is of the content alone: what is signed is not hashed before (RFC 8419 2.3).
        "1.3.101.112" => (SchemeKind::Ed25519, Some("2.16.840.1.101.3.4.2.3")),
        "1.2.840.10045.2.1" => (SchemeKind::Ecdsa, digest.map(|digest| digest.oid.as_str())),
        "1.2.840.10045.4.1" => (SchemeKind::Ecdsa, Some("1.3.14.3.2.26")),
        "1.2.840.10045.4.3.1" => (SchemeKind::Ecdsa, Some("2.16.840.1.101.3.4.2.4")),
        "1.2.840.10045.4.3.2" => (SchemeKind::Ecdsa, Some("2.16.840.1.101.3.4.2.1")),
        "1.2.840.10045.4.3.3" => (SchemeKind::Ecdsa, Some("2.16.840.1.101.3.4.2.2")),
        "1.2.840.10045.4.3.4" => (SchemeKind::Ecdsa, Some("2.16.840.1.101.3.4.2.3")),
        _ => return Err(format!("the signature algorithm {} is not known", algorithm.name())),
    };
    let oid = digest_oid.unwrap_or_default();
    let known = digest_of(oid).ok_or_else(|| unknown_digest(name(oid)))?;
    Ok(Scheme { kind, digest: known, weak: is_weak(oid) })
}

/// Why a digest is not computed.
pub(super) fn unknown_digest(name: &str) -> String {
    match name {
        "md5" | "md4" | "md2" => {
            format!("the digest {} is broken and not checked here", name.to_uppercase())
        }
        _ => format!("the digest {name} is not known"),
    }
}

fn name(oid: &str) -> &str {
    crate::codec::asn1::oid_name(oid).unwrap_or(oid)
}

/// The parameters of RSASSA-PSS (RFC 4055 3.1). Absent ones mean SHA-1 and a salt of 20 bytes.
fn pss(algorithm: &Algorithm<'_>) -> Result<Scheme, String> {
    const SHA1: &str = "1.3.14.3.2.26";
    let ber = Ber::read(algorithm.parameters);
    let field = |number| ber.root().and_then(|root| root.field(number)?.child(0));
    let hash = field(0).and_then(Algorithm::of).map_or(SHA1.to_owned(), |hash| hash.oid);
    // The mask generation function has its digest as parameter.
    let mask = field(1).and_then(Algorithm::of);
    let mask_hash = mask.map_or(Some(SHA1.to_owned()), |mask| {
        let ber = Ber::read(mask.parameters);
        Algorithm::of(ber.root()?).map(|hash| hash.oid)
    });
    let salt = field(2).map_or(Some(20), Value::number);
    let trailer = field(3).map_or(Some(1), Value::number);
    if mask_hash.as_ref() != Some(&hash) {
        return Err("the digest and the mask of RSA-PSS differ, which cannot be checked".to_owned());
    }
    let salt = salt.and_then(|salt| u16::try_from(salt).ok()).filter(|_| trailer == Some(1));
    let salt = salt.ok_or("the parameters of RSA-PSS cannot be used")?;
    let digest = digest_of(&hash).filter(|_| hash != SHA1).ok_or_else(|| {
        let words =
            digest_of(&hash).map_or_else(|| name(&hash).to_owned(), |d| digest_words(d).into());
        format!("RSA-PSS with {words} cannot be checked")
    })?;
    Ok(Scheme { kind: SchemeKind::Pss(salt), digest, weak: is_weak(&hash) })
}

impl Scheme {
    /// `RSA PKCS#1 v1.5 with SHA-256`.
    pub(super) fn words(&self) -> String {
        let digest = digest_words(self.digest);
        match self.kind {
            SchemeKind::Pkcs1 => format!("RSA PKCS#1 v1.5 with {digest}"),
            SchemeKind::Pss(salt) => format!("RSA-PSS with {digest} and a salt of {salt} bytes"),
            SchemeKind::Ecdsa => format!("ECDSA with {digest}"),
            SchemeKind::Ed25519 => "Ed25519".to_owned(),
        }
    }
}

/// The name of a digest as people write it.
pub(super) fn digest_words(algorithm: &'static digest::Algorithm) -> &'static str {
    match algorithm.output_len() {
        20 => "SHA-1",
        28 => "SHA-224",
        32 => "SHA-256",
        48 => "SHA-384",
        _ => "SHA-512",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn algorithm<'b>(oid: &str, parameters: &'b [u8]) -> Algorithm<'b> {
        Algorithm { oid: oid.to_owned(), parameters }
    }

    #[test]
    fn the_digest_of_bare_rsa_is_the_signer_s() {
        let digest = algorithm("2.16.840.1.101.3.4.2.3", b"");
        let scheme = scheme_of(&algorithm("1.2.840.113549.1.1.1", b"\x05\x00"), Some(&digest));
        assert_eq!(scheme.unwrap().words(), "RSA PKCS#1 v1.5 with SHA-512");
        let none = scheme_of(&algorithm("1.2.840.113549.1.1.1", b""), None);
        assert!(none.is_err());
    }

    #[test]
    fn what_is_unknown_is_said() {
        let error = scheme_of(&algorithm("1.2.3.4", b""), None).unwrap_err();
        assert_eq!(error, "the signature algorithm 1.2.3.4 is not known");
        let error = scheme_of(&algorithm("1.2.840.113549.1.1.10", b""), None).unwrap_err();
        assert_eq!(error, "RSA-PSS with SHA-1 cannot be checked");
    }

    #[test]
    fn the_salt_of_pss_is_read() {
        // sha256, mgf1 with sha256, salt 222.
        let hash = b"\x30\x0D\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x01\x05\x00";
        let mgf =
            [b"\x30\x1A\x06\x09\x2A\x86\x48\x86\xF7\x0D\x01\x01\x08".as_slice(), hash].concat();
        let parts = [
            crate::codec::asn1::write(0xA0, hash),
            crate::codec::asn1::write(0xA1, &mgf),
            b"\xA2\x04\x02\x02\x00\xDE".to_vec(),
        ];
        let parameters = crate::codec::asn1::write(0x30, &parts.concat());
        let scheme = scheme_of(&algorithm("1.2.840.113549.1.1.10", &parameters), None).unwrap();
        assert_eq!(scheme.kind, SchemeKind::Pss(222));
    }
}
