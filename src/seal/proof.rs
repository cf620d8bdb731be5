//! Whether the sender of a certificate request has the key (RFC 2986 §4.2).

use aws_lc_rs::signature::{self, UnparsedPublicKey, VerificationAlgorithm};
use x509_parser::certification_request::X509CertificationRequest;
use x509_parser::prelude::FromDer as _;

use crate::codec::x509::CertificateRequest;

/// What the request's own signature says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Proof {
    /// Made with the key that is to be certified.
    Right,
    /// Made with another, or over other bytes.
    Wrong,
    /// By an algorithm that is not checked here.
    Unchecked,
}

impl Proof {
    /// Checks a request in DER; `None` when the bytes are not exactly one. aws-lc does not take RSA keys
    /// below 1,024 bits, and with SHA-384 none below 2,048.
    pub fn of_request(der: &[u8]) -> Option<Self> {
        let bits = CertificateRequest::read(der)?.key.bits;
        let (_, request) = X509CertificationRequest::from_der(der).ok()?;
        Some(Self::of(&request, bits))
    }

    fn of(request: &X509CertificationRequest<'_>, bits: usize) -> Self {
        let info = &request.certification_request_info;
        let curve =
            info.subject_pki.algorithm.parameters.as_ref().and_then(|any| any.as_oid().ok());
        let curve = curve.map(|oid| oid.to_id_string()).unwrap_or_default();
        let name = request.signature_algorithm.algorithm.to_id_string();
        let Some(algorithm) = algorithm(&name, &curve) else { return Self::Unchecked };
        let least = if name.ends_with(".1.1.12") { 2_048 } else { 1_024 };
        if curve.is_empty() && bits < least {
            return Self::Unchecked;
        }
        let key = UnparsedPublicKey::new(algorithm, &*info.subject_pki.subject_public_key.data);
        match key.verify(info.raw, &request.signature_value.data) {
            Ok(()) => Self::Right,
            Err(_) => Self::Wrong,
        }
    }
}

/// RSA with PKCS#1 v1.5 padding (RFC 8017 §8.2) and ECDSA (RFC 5758 §3.2); small and old ones too,
/// as old devices still send them.
fn algorithm(signature: &str, curve: &str) -> Option<&'static dyn VerificationAlgorithm> {
    Some(match (signature, curve) {
        ("1.2.840.113549.1.1.5" | "1.3.14.3.2.29", _) => {
            &signature::RSA_PKCS1_1024_8192_SHA1_FOR_LEGACY_USE_ONLY
        }
        ("1.2.840.113549.1.1.11", _) => &signature::RSA_PKCS1_1024_8192_SHA256_FOR_LEGACY_USE_ONLY,
        ("1.2.840.113549.1.1.12", _) => &signature::RSA_PKCS1_2048_8192_SHA384,
        ("1.2.840.113549.1.1.13", _) => &signature::RSA_PKCS1_1024_8192_SHA512_FOR_LEGACY_USE_ONLY,
        ("1.2.840.10045.4.3.2", "1.2.840.10045.3.1.7") => &signature::ECDSA_P256_SHA256_ASN1,
        ("1.2.840.10045.4.3.3", "1.3.132.0.34") => &signature::ECDSA_P384_SHA384_ASN1,
        ("1.2.840.10045.4.3.4", "1.3.132.0.35") => &signature::ECDSA_P521_SHA512_ASN1,
        _ => return None,
    })
}
