//! One signature by one key.

use aws_lc_rs::digest;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA1_ASN1, ECDSA_P256_SHA256_ASN1, ECDSA_P256_SHA384_ASN1, ECDSA_P256_SHA512_ASN1,
    ECDSA_P256K1_SHA256_ASN1, ECDSA_P384_SHA256_ASN1, ECDSA_P384_SHA384_ASN1,
    ECDSA_P384_SHA512_ASN1, ECDSA_P521_SHA1_ASN1, ECDSA_P521_SHA224_ASN1, ECDSA_P521_SHA256_ASN1,
    ECDSA_P521_SHA384_ASN1, ECDSA_P521_SHA512_ASN1, ED25519, EcdsaVerificationAlgorithm,
    RSA_PKCS1_1024_8192_SHA1_FOR_LEGACY_USE_ONLY, RSA_PKCS1_1024_8192_SHA256_FOR_LEGACY_USE_ONLY,
    RSA_PKCS1_1024_8192_SHA512_FOR_LEGACY_USE_ONLY, RSA_PKCS1_2048_8192_SHA384,
    RSA_PSS_2048_8192_SHA256, RSA_PSS_2048_8192_SHA384, RSA_PSS_2048_8192_SHA512, RsaParameters,
    RsaPssSaltLength, VerificationAlgorithm,
};

use crate::codec::asn1::{Ber, Value, oid_name};
use crate::codec::cms::Algorithm;
use crate::codec::x509::PublicKey;

use super::algorithm::{Scheme, SchemeKind};

/// The kind of a public key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum KeyKind {
    /// RSA.
    Rsa,
    /// A point on this curve, by its object identifier.
    Ec(String),
    /// Edwards curve 25519 (RFC 8410).
    Ed25519,
    /// Anything else.
    Other(String),
}

/// What kind of key it is.
pub(super) fn key_kind(key: &PublicKey) -> KeyKind {
    let kind = key.algorithm(|algorithm| match algorithm.oid.as_str() {
        "1.2.840.113549.1.1.1" | "1.2.840.113549.1.1.10" => KeyKind::Rsa,
        "1.2.840.10045.2.1" => KeyKind::Ec(curve(algorithm)),
        "1.3.101.112" => KeyKind::Ed25519,
        _ => KeyKind::Other(algorithm.name().to_owned()),
    });
    kind.unwrap_or_else(|| KeyKind::Other(String::new()))
}

/// The curve that the parameters of a key name.
pub(super) fn curve(algorithm: &Algorithm<'_>) -> String {
    let ber = Ber::read(algorithm.parameters);
    ber.root().and_then(Value::oid).unwrap_or_default()
}

/// Whether `signature` was made over `message` by `key`.
///
/// # Errors
/// Why that cannot be said.
pub(super) fn is_signed_by(
    key: &PublicKey,
    scheme: &Scheme,
    message: &[u8],
    signature: &[u8],
) -> Result<bool, String> {
    let kind = key_kind(key);
    let key = key.value();
    let algorithm: Box<dyn VerificationAlgorithm> = match (&kind, scheme.kind) {
        (KeyKind::Rsa, SchemeKind::Pkcs1 | SchemeKind::Pss(_)) => Box::new(rsa(scheme, key)?),
        (KeyKind::Ec(curve), SchemeKind::Ecdsa) => Box::new(ecdsa(curve, scheme)?),
        (KeyKind::Ed25519, SchemeKind::Ed25519) => Box::new(ED25519),
        (KeyKind::Other(name), _) => return Err(format!("a key of kind {name} is not known")),
        // A key of another kind cannot have made it.
        _ => return Ok(false),
    };
    Ok(algorithm.verify_sig(key, message, signature).is_ok())
}

fn rsa(scheme: &Scheme, key: &[u8]) -> Result<RsaParameters, String> {
    let parameters = match (scheme.kind, scheme.digest.output_len()) {
        (SchemeKind::Pss(salt), length) => {
            let salt = RsaPssSaltLength::Custom(salt);
            match length {
                32 => RSA_PSS_2048_8192_SHA256.with_pss_salt_length(salt),
                48 => RSA_PSS_2048_8192_SHA384.with_pss_salt_length(salt),
                64 => RSA_PSS_2048_8192_SHA512.with_pss_salt_length(salt),
                _ => return Err(unsupported(scheme)),
            }
        }
        (_, 20) => RSA_PKCS1_1024_8192_SHA1_FOR_LEGACY_USE_ONLY,
        (_, 32) => RSA_PKCS1_1024_8192_SHA256_FOR_LEGACY_USE_ONLY,
        (_, 48) => RSA_PKCS1_2048_8192_SHA384,
        (_, 64) => RSA_PKCS1_1024_8192_SHA512_FOR_LEGACY_USE_ONLY,
        _ => return Err(unsupported(scheme)),
    };
    let bits = RsaParameters::public_modulus_len(key).map_err(|_| "the RSA key is damaged")?;
    if (parameters.min_modulus_len()..=parameters.max_modulus_len()).contains(&bits) {
        Ok(parameters)
    } else {
        Err(format!("an RSA key of {bits} bits cannot be used with {}", scheme.words()))
    }
}

fn ecdsa(curve: &str, scheme: &Scheme) -> Result<EcdsaVerificationAlgorithm, String> {
    let digest = scheme.digest.output_len();
    Ok(match (curve, digest) {
        ("1.2.840.10045.3.1.7", 20) => ECDSA_P256_SHA1_ASN1,
        ("1.2.840.10045.3.1.7", 32) => ECDSA_P256_SHA256_ASN1,
        ("1.2.840.10045.3.1.7", 48) => ECDSA_P256_SHA384_ASN1,
        ("1.2.840.10045.3.1.7", 64) => ECDSA_P256_SHA512_ASN1,
        ("1.3.132.0.10", 32) => ECDSA_P256K1_SHA256_ASN1,
        ("1.3.132.0.34", 32) => ECDSA_P384_SHA256_ASN1,
        ("1.3.132.0.34", 48) => ECDSA_P384_SHA384_ASN1,
        ("1.3.132.0.34", 64) => ECDSA_P384_SHA512_ASN1,
        ("1.3.132.0.35", 20) => ECDSA_P521_SHA1_ASN1,
        ("1.3.132.0.35", 28) => ECDSA_P521_SHA224_ASN1,
        ("1.3.132.0.35", 32) => ECDSA_P521_SHA256_ASN1,
        ("1.3.132.0.35", 48) => ECDSA_P521_SHA384_ASN1,
        ("1.3.132.0.35", 64) => ECDSA_P521_SHA512_ASN1,
        _ => {
            let curve = oid_name(curve).unwrap_or(curve);
            return Err(format!("{} on {curve} cannot be checked", scheme.words()));
        }
    })
}

fn unsupported(scheme: &Scheme) -> String {
    format!("{} cannot be checked", scheme.words())
}

/// The digest of some bytes.
pub(super) fn digest(algorithm: &'static digest::Algorithm, bytes: &[u8]) -> Vec<u8> {
    digest::digest(algorithm, bytes).as_ref().to_vec()
}
