//! How messages name algorithms and certificates.

use std::borrow::Cow;

use crate::codec::asn1::{Value, oid_name};

/// An `AlgorithmIdentifier` (RFC 5280 4.1.1.2).
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Algorithm<'b> {
    /// Object identifier in numbers with dots.
    pub oid: String,
    /// The parameters as sent, tag and length included; empty when absent.
    pub parameters: &'b [u8],
}

impl<'b> Algorithm<'b> {
    /// Reads one; `None` when it is none.
    pub fn of(value: Value<'b>) -> Option<Self> {
        let oid = value.child(0)?.oid()?;
        let parameters = value.child(1).map(Value::raw).unwrap_or_default();
        Some(Self { oid, parameters })
    }

    /// Its name; the numbers when it has none that we know.
    pub fn name(&self) -> &str {
        oid_name(&self.oid).unwrap_or(&self.oid)
    }
}

/// How a signer or recipient names its certificate (RFC 5652 5.3, 6.2.1).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CertificateId<'b> {
    /// By issuer and serial number.
    IssuerSerial {
        /// The issuer's `Name`, as DER.
        issuer: &'b [u8],
        /// The serial number's bytes.
        serial: &'b [u8],
    },
    /// By subject key identifier.
    KeyId(Cow<'b, [u8]>),
}

impl<'b> CertificateId<'b> {
    /// Reads an `IssuerAndSerialNumber`, or a key identifier under the context tag 0.
    pub(super) fn of(value: Value<'b>) -> Option<Self> {
        if value.is_field(0) {
            return Some(Self::KeyId(value.octets()));
        }
        let (issuer, serial) = (value.child(0)?, value.child(1)?);
        serial.is(2).then(|| Self::IssuerSerial { issuer: issuer.raw(), serial: serial.content() })
    }
}
