//! Whether the sender of a certificate request has the key (RFC 2986 §4.2), and whether a certificate
//! was made by the one that names itself its issuer (RFC 5280 §4.1.1.3).

use crate::codec::x509::{Certificate, CertificateRequest, PublicKey};

use super::algorithm::{Scheme, scheme_of};
use super::check::is_signed_by;

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
        let request = CertificateRequest::of(der)?;
        let scheme = request.signature_algorithm(|algorithm| scheme_of(algorithm, None));
        Some(Self::of(&request.key, scheme, request.signed(), request.signature()))
    }

    /// Checks the signature of one certificate with the key of another. Names are not compared.
    pub fn of_certificate(own: &Certificate, issuer: &Certificate) -> Self {
        let scheme = own.signature_algorithm(|algorithm| scheme_of(algorithm, None));
        Self::of(&issuer.key, scheme, own.signed(), own.signature())
    }

    fn of(
        key: &PublicKey,
        scheme: Option<Result<Scheme, String>>,
        content: &[u8],
        signature: &[u8],
    ) -> Self {
        let Some(Ok(scheme)) = scheme else { return Self::Unchecked };
        match is_signed_by(key, &scheme, content, signature) {
            Ok(true) => Self::Right,
            Ok(false) => Self::Wrong,
            Err(_) => Self::Unchecked,
        }
    }
}
