//! A certificate (RFC 5280 4.1).

use x509_parser::prelude::{FromDer as _, X509Certificate};

use crate::codec::asn1::Ber;
use crate::codec::cms::{Algorithm, CertificateId};
use crate::model::{Span, WallTime};

use super::extensions::Purposes;
use super::key::{PublicKey, algorithm, bit_span, with_algorithm};
use super::name::{name, serial_hex, without_zeros};
use super::request::HARDWARE_ID;

/// A certificate, with the parts that signatures are made over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Certificate {
    der: Vec<u8>,
    /// Whose it is, RFC 4514 style; at most 1,000 characters.
    pub subject: String,
    /// Who issued it, RFC 4514 style; at most 1,000 characters.
    pub issuer: String,
    /// Valid from.
    pub not_before: WallTime,
    /// Valid until.
    pub not_after: WallTime,
    /// Its key.
    pub key: PublicKey,
    /// Algorithm of the issuer's signature in words.
    pub signed_with: String,
    /// What it is for.
    pub purposes: Purposes,
    serial: Span,
    stated_algorithm: Span,
    issuer_name: Span,
    subject_name: Span,
    signed: Span,
    signature_algorithm: Span,
    signature: Span,
}

impl Certificate {
    /// Reads one; `None` when the bytes are not exactly one.
    pub fn of(der: &[u8]) -> Option<Self> {
        let (rest, parsed) = X509Certificate::from_der(der).ok()?;
        rest.is_empty().then_some(())?;
        let ber = Ber::read(der);
        let root = ber.root().filter(|_| ber.is_whole())?;
        let signed = root.child(0)?;
        let skipped = usize::from(signed.field(0).is_some());
        let field = |position: usize| signed.child(position.saturating_add(skipped));
        let validity = parsed.validity();
        Some(Self {
            subject: name(parsed.subject()),
            issuer: name(parsed.issuer()),
            not_before: WallTime::from_unix(validity.not_before.timestamp(), 0),
            not_after: WallTime::from_unix(validity.not_after.timestamp(), 0),
            key: PublicKey::of(parsed.public_key())?,
            signed_with: algorithm(&parsed.signature_algorithm.algorithm),
            purposes: purposes(&parsed),
            serial: field(0)?.content_span(),
            stated_algorithm: field(1)?.span(),
            issuer_name: field(2)?.span(),
            subject_name: field(4)?.span(),
            signed: signed.span(),
            signature_algorithm: root.child(1)?.span(),
            signature: bit_span(root.child(2)?)?,
            der: der.to_vec(),
        })
    }

    /// Its bytes.
    pub fn der(&self) -> &[u8] {
        &self.der
    }

    /// The serial number's bytes.
    pub fn serial(&self) -> &[u8] {
        self.serial.of(&self.der)
    }

    /// The serial number in lower-case hex without leading zeros.
    pub fn serial_hex(&self) -> String {
        serial_hex(self.serial())
    }

    /// The subject's name as DER.
    pub fn subject_name(&self) -> &[u8] {
        self.subject_name.of(&self.der)
    }

    /// The issuer's name as DER.
    pub fn issuer_name(&self) -> &[u8] {
        self.issuer_name.of(&self.der)
    }

    /// What its issuer signed.
    pub fn signed(&self) -> &[u8] {
        self.signed.of(&self.der)
    }

    /// The issuer's signature.
    pub fn signature(&self) -> &[u8] {
        self.signature.of(&self.der)
    }

    /// Gives the algorithm its issuer signed with to `read`; `None` when there is none, or when what
    /// is signed names another than the signature (RFC 5280 4.1.1.2).
    pub fn signature_algorithm<T>(&self, read: impl FnOnce(&Algorithm<'_>) -> T) -> Option<T> {
        let outer = self.signature_algorithm.of(&self.der);
        let same = self.stated_algorithm.of(&self.der) == outer;
        same.then(|| with_algorithm(outer, read)).flatten()
    }

    /// True when `id` means this certificate.
    pub fn is(&self, id: &CertificateId<'_>) -> bool {
        match id {
            CertificateId::IssuerSerial { issuer, serial } => {
                *issuer == self.issuer_name()
                    && without_zeros(serial) == without_zeros(self.serial())
            }
            CertificateId::KeyId(key_id) => !key_id.is_empty() && **key_id == self.purposes.key_id,
        }
    }

    /// True when subject and issuer are one name.
    pub fn is_self_issued(&self) -> bool {
        self.subject_name() == self.issuer_name()
    }

    /// Length of the validity in whole days.
    pub fn days(&self) -> i64 {
        self.not_after.0.saturating_sub(self.not_before.0).div_euclid(86_400_000_000)
    }
}

fn purposes(parsed: &X509Certificate<'_>) -> Purposes {
    let mut purposes = Purposes::default();
    for extension in parsed.extensions() {
        if extension.oid == HARDWARE_ID {
            purposes.add_hardware_id(extension.value);
        }
        purposes.add(extension.parsed_extension());
    }
    purposes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_certificate_is_taken_apart() {
        let key = rcgen::KeyPair::generate().unwrap();
        let params = rcgen::CertificateParams::new(vec!["mail.example".to_owned()]).unwrap();
        let made = params.self_signed(&key).unwrap();
        let certificate = Certificate::of(made.der()).unwrap();
        assert_eq!(certificate.subject_name(), certificate.issuer_name());
        assert_eq!(certificate.key.value().len(), 65);
        let name = |algorithm: &Algorithm<'_>| algorithm.name().to_owned();
        assert_eq!(certificate.key.algorithm(name).as_deref(), Some("id-ecPublicKey"));
        assert_eq!(certificate.signature_algorithm(name).as_deref(), Some("ecdsa-with-SHA256"));
        assert_eq!(certificate.signed_with, "SHA-256 with ECDSA");
        assert_eq!(certificate.purposes.names, ["DNS mail.example"]);
    }

    #[test]
    fn not_every_der_is_one() {
        for bytes in [&b"\x30\x82\x00\x00"[..], b"", b"\x30\x00"] {
            assert_eq!(Certificate::of(bytes), None);
        }
    }
}
