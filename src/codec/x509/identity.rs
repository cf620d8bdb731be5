//! Certificates and certificate requests, read into values.

use x509_parser::certification_request::X509CertificationRequest;
use x509_parser::oid_registry::{Oid, asn1_rs::oid};
use x509_parser::prelude::{FromDer as _, ParsedExtension, X509Certificate};
use x509_parser::x509::X509Name;

use super::extensions::Purposes;
use super::key::{PublicKey, algorithm};

/// Characters kept of one name: a subject may be as long as its sender likes.
const NAME_CHARS: usize = 300;

/// The extension in which Windows puts the hardware id (MS-MDE2 3.4).
const HARDWARE_ID: Oid<'static> = oid!(1.3.6.1.4.1.311.66.1.0);

/// A certificate (RFC 5280 §4.1).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Certificate {
    /// Whose it is, as `CN=…, O=…`.
    pub subject: String,
    /// Who issued it.
    pub issuer: String,
    /// Serial number as hex pairs split at `:`.
    pub serial: String,
    /// Valid from, in seconds of Unix time.
    pub not_before: i64,
    /// Valid until, in seconds of Unix time.
    pub not_after: i64,
    /// Its key.
    pub key: PublicKey,
    /// Algorithm of the issuer's signature.
    pub signature: String,
    /// What it is for.
    pub purposes: Purposes,
}

impl Certificate {
    /// Reads DER; `None` when the bytes are not exactly one certificate.
    pub fn read(der: &[u8]) -> Option<Self> {
        let (rest, found) = X509Certificate::from_der(der).ok()?;
        rest.is_empty().then_some(())?;
        let mut purposes = Purposes::default();
        for extension in found.extensions() {
            if extension.oid == HARDWARE_ID {
                purposes.add_hardware_id(extension.value);
            }
            purposes.add(extension.parsed_extension());
        }
        let validity = found.validity();
        Some(Self {
            subject: name(found.subject()),
            issuer: name(found.issuer()),
            serial: clip(&found.raw_serial_as_string()),
            not_before: validity.not_before.timestamp(),
            not_after: validity.not_after.timestamp(),
            key: PublicKey::of(found.public_key()),
            signature: algorithm(&found.signature_algorithm.algorithm),
            purposes,
        })
    }

    /// True when subject and issuer are one name.
    pub fn is_self_issued(&self) -> bool {
        self.subject == self.issuer
    }

    /// Length of the validity in whole days.
    pub fn days(&self) -> i64 {
        self.not_after.saturating_sub(self.not_before).div_euclid(86_400)
    }
}

/// A certificate request (PKCS#10, RFC 2986 §4).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CertificateRequest {
    /// Whom the certificate is to be for.
    pub subject: String,
    /// The key to be certified.
    pub key: PublicKey,
    /// Algorithm of the request's own signature, which proves possession of the key.
    pub signature: String,
    /// What the certificate is to be for.
    pub purposes: Purposes,
}

impl CertificateRequest {
    /// Reads DER; `None` when the bytes are not exactly one request.
    pub fn read(der: &[u8]) -> Option<Self> {
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
        let key = PublicKey::of(&info.subject_pki);
        Some(Self {
            subject: name(&info.subject),
            signature: algorithm(&found.signature_algorithm.algorithm),
            key,
            purposes,
        })
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

/// A distinguished name (RFC 5280 §4.1.2.4) for people. The parser prints CN first or last as it
/// stands; nothing is sorted.
fn name(name: &X509Name<'_>) -> String {
    clip(&name.to_string())
}

pub(super) fn clip(text: &str) -> String {
    match text.char_indices().nth(NAME_CHARS) {
        Some((at, _)) => format!("{}…", text.get(..at).unwrap_or_default()),
        None => text.to_owned(),
    }
}
