//! A certificate, taken apart for those who check signatures (RFC 5280 4.1).

use x509_parser::extensions::ParsedExtension;
use x509_parser::prelude::{FromDer as _, X509Certificate, X509Name};

use crate::codec::asn1;
use crate::codec::asn1::{Ber, Value};
use crate::codec::cms::{Algorithm, CertificateId};
use crate::model::{Span, WallTime};

/// A certificate, taken apart as far as signatures need it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Certificate {
    der: Vec<u8>,
    /// Subject, RFC 4514 style.
    pub subject: String,
    /// Issuer, RFC 4514 style.
    pub issuer: String,
    /// Valid from.
    pub not_before: WallTime,
    /// Valid until.
    pub not_after: WallTime,
    /// It may sign certificates; `None` when it does not say.
    pub is_ca: Option<bool>,
    /// Key usages allow it to sign certificates; true when it does not say.
    pub may_certify: bool,
    /// Key usages allow it to sign messages; true when it does not say.
    pub may_sign: bool,
    key_id: Vec<u8>,
    serial: Span,
    issuer_name: Span,
    subject_name: Span,
    signed: Span,
    key_algorithm: Span,
    key: Span,
    signature_algorithm: Span,
    signature: Span,
}

impl Certificate {
    /// Reads one; `None` when the bytes are not exactly one (RFC 5280 4.1).
    pub fn of(der: &[u8]) -> Option<Self> {
        let (rest, parsed) = X509Certificate::from_der(der).ok()?;
        rest.is_empty().then_some(())?;
        let ber = Ber::read(der);
        let root = ber.root().filter(|_| ber.is_whole())?;
        let signed = root.child(0)?;
        let skipped = usize::from(signed.field(0).is_some());
        let field = |position: usize| signed.child(position.saturating_add(skipped));
        let key = field(5)?;
        // Both say how it is signed, and only one is signed (RFC 5280 4.1.1.2).
        let inner = field(1)?.raw();
        let usage = parsed.key_usage().ok().flatten();
        let constraints = parsed.basic_constraints().ok().flatten();
        let key_id = parsed.extensions().iter().find_map(|e| match e.parsed_extension() {
            ParsedExtension::SubjectKeyIdentifier(id) => Some(id.0.to_vec()),
            _ => None,
        });
        Some(Self {
            subject: parsed.subject().to_string(),
            issuer: parsed.issuer().to_string(),
            not_before: WallTime::from_unix(parsed.validity().not_before.timestamp(), 0),
            not_after: WallTime::from_unix(parsed.validity().not_after.timestamp(), 0),
            is_ca: constraints.map(|constraints| constraints.value.ca),
            may_certify: usage.as_ref().is_none_or(|usage| usage.value.key_cert_sign()),
            may_sign: usage.as_ref().is_none_or(|usage| {
                usage.value.digital_signature() || usage.value.non_repudiation()
            }),
            key_id: key_id.unwrap_or_default(),
            serial: field(0)?.content_span(),
            issuer_name: field(2)?.span(),
            subject_name: field(4)?.span(),
            signed: signed.span(),
            key_algorithm: key.child(0)?.span(),
            key: bits(key.child(1)?)?,
            signature_algorithm: root.child(1).filter(|outer| outer.raw() == inner)?.span(),
            signature: bits(root.child(2)?)?,
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
        asn1::hex(without_zeros(self.serial()))
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

    /// The bits of its public key: an `RSAPublicKey`, or a point.
    pub fn key(&self) -> &[u8] {
        self.key.of(&self.der)
    }

    /// Gives the algorithm of its public key to `read`; `None` when there is none.
    pub fn key_algorithm<T>(&self, read: impl FnOnce(&Algorithm<'_>) -> T) -> Option<T> {
        with_algorithm(self.key_algorithm.of(&self.der), read)
    }

    /// Gives the algorithm its issuer signed with to `read`; `None` when there is none.
    pub fn signature_algorithm<T>(&self, read: impl FnOnce(&Algorithm<'_>) -> T) -> Option<T> {
        with_algorithm(self.signature_algorithm.of(&self.der), read)
    }

    /// True when `id` means this certificate.
    pub fn is(&self, id: &CertificateId<'_>) -> bool {
        match id {
            CertificateId::IssuerSerial { issuer, serial } => {
                *issuer == self.issuer_name()
                    && without_zeros(serial) == without_zeros(self.serial())
            }
            CertificateId::KeyId(key_id) => !key_id.is_empty() && **key_id == self.key_id,
        }
    }
}

/// Where the bits of a BIT STRING stand that fill whole bytes.
fn bits(value: Value<'_>) -> Option<Span> {
    value.bits()?;
    let range = value.content_span().range();
    Some(Span::new(range.start.saturating_add(1), range.end))
}

fn with_algorithm<T>(bytes: &[u8], read: impl FnOnce(&Algorithm<'_>) -> T) -> Option<T> {
    let ber = Ber::read(bytes);
    let algorithm = Algorithm::of(ber.root()?)?;
    Some(read(&algorithm))
}

fn without_zeros(bytes: &[u8]) -> &[u8] {
    let zeros = bytes.iter().take_while(|byte| **byte == 0).count();
    bytes.get(zeros..).unwrap_or_default()
}

/// How a message names a certificate, for people.
pub fn id_words(id: &CertificateId<'_>) -> String {
    match id {
        CertificateId::IssuerSerial { issuer, serial } => {
            let name = X509Name::from_der(issuer).map(|(_, name)| name.to_string());
            let name = name.unwrap_or_else(|_| asn1::hex(issuer));
            format!("serial {} of {name}", asn1::hex(without_zeros(serial)))
        }
        CertificateId::KeyId(key_id) => format!("key identifier {}", asn1::hex(key_id)),
    }
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
        assert_eq!(certificate.key().len(), 65);
        let name = |algorithm: &Algorithm<'_>| algorithm.name().to_owned();
        assert_eq!(certificate.key_algorithm(name).as_deref(), Some("id-ecPublicKey"));
        assert_eq!(certificate.signature_algorithm(name).as_deref(), Some("ecdsa-with-SHA256"));
    }

    #[test]
    fn not_every_der_is_one() {
        for bytes in [&b"\x30\x82\x00\x00"[..], b"", b"\x30\x00"] {
            assert_eq!(Certificate::of(bytes), None);
        }
    }
}
