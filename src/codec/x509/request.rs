//! A certificate request (PKCS#10, RFC 2986 4).

use x509_parser::certification_request::X509CertificationRequest;
use x509_parser::oid_registry::{Oid, asn1_rs::oid};
use x509_parser::prelude::{FromDer as _, ParsedExtension};

use crate::codec::asn1::Ber;
use crate::codec::cms::Algorithm;
use crate::model::Span;

use super::extensions::Purposes;
use super::key::{PublicKey, algorithm, bit_span, with_algorithm};
use super::name::name;

/// The extension in which Windows puts the hardware id (MS-MDE2 3.4).
pub(super) const HARDWARE_ID: Oid<'static> = oid!(1.3.6.1.4.1.311.66.1.0);

/// A certificate request (PKCS#10, RFC 2986 §4).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CertificateRequest {
    /// Whom the certificate is to be for.
    pub subject: String,
    /// The key to be certified.
    pub key: PublicKey,
    /// Algorithm of the request's own signature in words; it proves possession of the key.
    pub signed_with: String,
    /// What the certificate is to be for.
    pub purposes: Purposes,
    der: Vec<u8>,
    signed: Span,
    signature_algorithm: Span,
    signature: Span,
}

impl CertificateRequest {
    /// Reads DER; `None` when the bytes are not exactly one request.
    pub fn of(der: &[u8]) -> Option<Self> {
        let (rest, found) = X509CertificationRequest::from_der(der).ok()?;
        rest.is_empty().then_some(())?;
        let info = &found.certification_request_info;
        let mut purposes = Purposes::default();
        for extension in found.requested_extensions().into_iter().flatten() {
            if let ParsedExtension::UnsupportedExtension { oid } = extension
                && *oid == HARDWARE_ID
            {
                continue;
            }
            purposes.add(extension);
        }
        if let Some(value) = hardware_id(info.raw) {
            purposes.add_hardware_id(value);
        }
        let ber = Ber::read(der);
        let root = ber.root().filter(|_| ber.is_whole())?;
        Some(Self {
            subject: name(&info.subject),
            key: PublicKey::of(&info.subject_pki)?,
            signed_with: algorithm(&found.signature_algorithm.algorithm),
            purposes,
            signed: root.child(0)?.span(),
            signature_algorithm: root.child(1)?.span(),
            signature: bit_span(root.child(2)?)?,
            der: der.to_vec(),
        })
    }

    /// What its sender signed.
    pub fn signed(&self) -> &[u8] {
        self.signed.of(&self.der)
    }

    /// The sender's signature.
    pub fn signature(&self) -> &[u8] {
        self.signature.of(&self.der)
    }

    /// Gives the algorithm it is signed with to `read`; `None` when there is none.
    pub fn signature_algorithm<T>(&self, read: impl FnOnce(&Algorithm<'_>) -> T) -> Option<T> {
        with_algorithm(self.signature_algorithm.of(&self.der), read)
    }
}

/// The value of the hardware id extension. The parser drops the bytes of extensions that it does not
/// know, so they are found by the encoded identifier: an OCTET STRING follows it.
fn hardware_id(raw: &[u8]) -> Option<&[u8]> {
    const ENCODED: &[u8] = b"\x06\x0A\x2B\x06\x01\x04\x01\x82\x37\x42\x01\x00";
    let at = raw.windows(ENCODED.len()).position(|window| window == ENCODED)?;
    let rest = raw.get(at.checked_add(ENCODED.len())?..)?;
    // `critical` may stand between.
    let rest = rest.strip_prefix(b"\x01\x01\xFF").unwrap_or(rest);
    let (head, rest) = rest.split_at_checked(2)?;
    match head {
        [0x04, length @ 0..=0x7F] => rest.get(..usize::from(*length)),
        _ => None,
    }
}
