//! Whether the sender of a certificate request has the key (RFC 2986 §4.2).

use crate::codec::x509::CertificateRequest;

use super::algorithm::scheme_of;
use super::check::is_signed_by;

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
        CertificateRequest::of(der).map(|request| Self::of(&request))
    }

    /// Checks a request.
    pub fn of(request: &CertificateRequest) -> Self {
        let scheme = request.signature_algorithm(|algorithm| scheme_of(algorithm, None));
        let Some(Ok(scheme)) = scheme else { return Self::Unchecked };
        match is_signed_by(&request.key, &scheme, request.signed(), request.signature()) {
            Ok(true) => Self::Right,
            Ok(false) => Self::Wrong,
            Err(_) => Self::Unchecked,
        }
    }
}
