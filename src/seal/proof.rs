//! Whether the sender of a certificate request has the key (RFC 2986 §4.2), and whether a certificate
//! was made by the one that names itself its issuer (RFC 5280 §4.1.1.3).

use aws_lc_rs::signature::{self, UnparsedPublicKey, VerificationAlgorithm};
use x509_parser::certification_request::X509CertificationRequest;
use x509_parser::prelude::{
    AlgorithmIdentifier, FromDer as _, SubjectPublicKeyInfo, X509Certificate,
};

use crate::codec::x509::{Certificate, CertificateRequest};

/// What a signature says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Proof {
    /// Made with the key that is to be certified, or with that of the issuer.
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
        let info = &request.certification_request_info;
        let seal = (&request.signature_algorithm, &*request.signature_value.data);
        Some(Self::of(info.raw, seal, &info.subject_pki, bits))
    }

    /// Checks the signature of one certificate with the key of another, both in DER; `None` when either is
    /// none. Names are not compared.
    pub fn of_certificate(der: &[u8], issuer: &[u8]) -> Option<Self> {
        let bits = Certificate::read(issuer)?.key.bits;
        let (_, issuer) = X509Certificate::from_der(issuer).ok()?;
        let (_, own) = X509Certificate::from_der(der).ok()?;
        let seal = (&own.signature_algorithm, &*own.signature_value.data);
        Some(Self::of(own.tbs_certificate.as_ref(), seal, issuer.public_key(), bits))
    }

    /// `seal`: algorithm and signature over `content`.
    fn of(
        content: &[u8],
        seal: (&AlgorithmIdentifier<'_>, &[u8]),
        key: &SubjectPublicKeyInfo<'_>,
        bits: usize,
    ) -> Self {
        let curve = key.algorithm.parameters.as_ref().and_then(|any| any.as_oid().ok());
        let curve = curve.map(|oid| oid.to_id_string()).unwrap_or_default();
        let name = seal.0.algorithm.to_id_string();
        let Some(algorithm) = algorithm(&name, &curve) else { return Self::Unchecked };
        let least = if name.ends_with(".1.1.12") { 2_048 } else { 1_024 };
        if curve.is_empty() && bits < least {
            return Self::Unchecked;
        }
        let key = UnparsedPublicKey::new(algorithm, &*key.subject_public_key.data);
        match key.verify(content, seal.1) {
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
