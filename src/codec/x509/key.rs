//! Public keys: kind, size, and a number to compare them by.

use std::fmt;

use x509_parser::oid_registry::{Oid, asn1_rs::oid};
use x509_parser::public_key::PublicKey as Parsed;
use x509_parser::x509::{AlgorithmIdentifier, SubjectPublicKeyInfo};

use crate::codec::asn1::{Ber, Value, oid_name};
use crate::codec::cms::Algorithm;
use crate::model::Span;

/// A public key (RFC 5280 §4.1.2.7). Two are equal when they are the same key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicKey {
    /// `RSA`, `EC P-256`, or the algorithm's object identifier.
    pub kind: String,
    /// Length in bits: of the RSA modulus, or of the curve; 0 when unknown.
    pub bits: usize,
    /// The `SubjectPublicKeyInfo` in DER.
    pub der: Box<[u8]>,
    algorithm: Span,
    value: Span,
}

impl PublicKey {
    /// The bits of the key: an `RSAPublicKey`, or a point.
    pub fn value(&self) -> &[u8] {
        self.value.of(&self.der)
    }

    /// Gives its algorithm to `read`; `None` when there is none.
    pub fn algorithm<T>(&self, read: impl FnOnce(&Algorithm<'_>) -> T) -> Option<T> {
        with_algorithm(self.algorithm.of(&self.der), read)
    }

    pub(super) fn of(info: &SubjectPublicKeyInfo<'_>) -> Option<Self> {
        let kind = match curve(&info.algorithm) {
            Some(name) => format!("EC {name}"),
            None => algorithm(&info.algorithm.algorithm),
        };
        let bits = match info.parsed() {
            // A leading zero octet of the modulus is no bit of it.
            Ok(Parsed::RSA(key)) => significant(key.modulus),
            Ok(Parsed::EC(point)) => point.key_size(),
            _ => 0,
        };
        let ber = Ber::read(info.raw);
        let root = ber.root()?;
        let (algorithm, value) = (root.child(0)?.span(), bit_span(root.child(1)?)?);
        Some(Self { kind, bits, der: info.raw.into(), algorithm, value })
    }
}

pub(super) fn with_algorithm<T>(bytes: &[u8], read: impl FnOnce(&Algorithm<'_>) -> T) -> Option<T> {
    let ber = Ber::read(bytes);
    let algorithm = Algorithm::of(ber.root()?)?;
    Some(read(&algorithm))
}

/// Where the bits of a BIT STRING stand that fill whole bytes.
pub(super) fn bit_span(value: Value<'_>) -> Option<Span> {
    value.bits()?;
    let range = value.content_span().range();
    Some(Span::new(range.start.saturating_add(1), range.end))
}

impl fmt::Display for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.kind.as_str() {
            "RSA" => write!(f, "RSA {}", self.bits),
            kind => f.write_str(kind),
        }
    }
}

fn significant(modulus: &[u8]) -> usize {
    let start = modulus.iter().position(|byte| *byte != 0).unwrap_or(modulus.len());
    let rest = modulus.get(start..).unwrap_or_default();
    let unused = rest.first().map_or(0, |byte| byte.leading_zeros());
    rest.len().saturating_mul(8).saturating_sub(usize::try_from(unused).unwrap_or_default())
}

/// The named curve of an EC key (RFC 5480 §2.1.1.1).
fn curve(algorithm: &AlgorithmIdentifier<'_>) -> Option<&'static str> {
    if algorithm.algorithm != oid!(1.2.840.10045.2.1) {
        return None;
    }
    let curve = algorithm.parameters.as_ref().and_then(|any| any.as_oid().ok());
    Some(match curve {
        Some(curve) if curve == oid!(1.2.840.10045.3.1.7) => "P-256",
        Some(curve) if curve == oid!(1.3.132.0.34) => "P-384",
        Some(curve) if curve == oid!(1.3.132.0.35) => "P-521",
        Some(curve) => oid_name(&curve.to_id_string()).unwrap_or("on an unknown curve"),
        None => "on an unnamed curve",
    })
}

/// Key and signature algorithms by object identifier (RFC 8017, RFC 5758, RFC 8410).
const ALGORITHMS: [(&str, &str); 16] = [
    ("1.2.840.113549.1.1.1", "RSA"),
    ("1.2.840.113549.1.1.4", "MD5 with RSA"),
    ("1.2.840.113549.1.1.5", "SHA-1 with RSA"),
    ("1.3.14.3.2.29", "SHA-1 with RSA"),
    ("1.2.840.113549.1.1.10", "RSA-PSS"),
    ("1.2.840.113549.1.1.11", "SHA-256 with RSA"),
    ("1.2.840.113549.1.1.12", "SHA-384 with RSA"),
    ("1.2.840.113549.1.1.13", "SHA-512 with RSA"),
    ("1.2.840.10045.2.1", "EC"),
    ("1.2.840.10045.4.1", "SHA-1 with ECDSA"),
    ("1.2.840.10045.4.3.2", "SHA-256 with ECDSA"),
    ("1.2.840.10045.4.3.3", "SHA-384 with ECDSA"),
    ("1.2.840.10045.4.3.4", "SHA-512 with ECDSA"),
    ("1.3.101.110", "X25519"),
    ("1.3.101.112", "Ed25519"),
    ("1.3.101.113", "Ed448"),
];

/// An algorithm in words; its object identifier when it is not known.
pub(super) fn algorithm(oid: &Oid<'_>) -> String {
    let text = oid.to_id_string();
    match ALGORITHMS.iter().find(|(known, _)| *known == text) {
        Some((_, words)) => (*words).to_owned(),
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_leading_zero_is_no_bit() {
        assert_eq!(significant(&[0, 0x80, 0]), 16);
        assert_eq!(significant(&[0x01]), 1);
        assert_eq!(significant(&[0, 0]), 0);
    }

    #[test]
    fn an_unknown_algorithm_is_its_number() {
        assert_eq!(algorithm(&oid!(1.2.840.113549.1.1.11)), "SHA-256 with RSA");
        assert_eq!(algorithm(&oid!(1.2.3)), "1.2.3");
    }
}
