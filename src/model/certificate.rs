//! Certificates of one device: what for, since when, and what came after.

use serde::Serialize;

use super::clock::WallTime;
use super::ids::ExchangeId;

/// Exchanges in which a certificate was used in one way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct CertificateUse {
    /// The first.
    pub first: ExchangeId,
    /// The last.
    pub last: ExchangeId,
    /// How many.
    pub times: u64,
}

/// A certificate that belongs to a device: it was issued to it, or the device proved that it has its
/// key, by TLS or by a signature.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct DeviceCertificate {
    /// Subject, RFC 4514 style.
    pub subject: String,
    /// Issuer, RFC 4514 style.
    pub issuer: String,
    /// Serial number in lower-case hex without leading zeros.
    pub serial: String,
    /// Kind and length of its key: `RSA 2048`, `EC P-256`.
    pub key: String,
    /// SHA-256 of its `SubjectPublicKeyInfo`, lower-case hex: the same for every certificate of a key.
    pub key_sha256: String,
    /// Valid from.
    #[serde(serialize_with = "super::clock::as_text")]
    pub not_before: WallTime,
    /// Valid until.
    #[serde(serialize_with = "super::clock::as_text")]
    pub not_after: WallTime,
    /// Thumbprint: SHA-1 of its DER bytes in upper-case hex.
    pub sha1: String,
    /// SHA-256 of its DER bytes, lower-case hex.
    pub sha256: String,
    /// The exchange that requested it, when that was seen.
    pub requested: Option<ExchangeId>,
    /// Whether its key is that of the request; `None` when no request was seen.
    pub key_requested: Option<bool>,
    /// The exchange that handed it out, when that was seen.
    pub issued: Option<ExchangeId>,
    /// From when on the device is to renew it, as it was told at enrolment (`RenewPeriod`, MS-MDE2).
    #[serde(serialize_with = "super::clock::as_text_if_any")]
    pub renewal: Option<WallTime>,
    /// Exchanges on connections on which the device showed it.
    pub tls: Option<CertificateUse>,
    /// Messages that it signed.
    pub signed: Option<CertificateUse>,
    /// Serial number of the certificate that was issued in its place.
    pub renewed_by: Option<String>,
}

/// A certificate that a device asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CertificateRequested {
    /// The exchange.
    pub exchange: ExchangeId,
    /// Subject asked for, RFC 4514 style.
    pub subject: String,
    /// Kind and length of its key.
    pub key: String,
    /// SHA-256 of its `SubjectPublicKeyInfo`, lower-case hex.
    pub key_sha256: String,
    /// It is to take the place of another.
    pub renewal: bool,
    /// A certificate came of it.
    pub answered: bool,
}

impl CertificateUse {
    /// Used once.
    pub fn once(exchange: ExchangeId) -> Self {
        Self { first: exchange, last: exchange, times: 1 }
    }

    /// Takes in a use at `exchange`.
    pub fn add(&mut self, exchange: ExchangeId) {
        self.last = exchange;
        self.times = self.times.saturating_add(1);
    }
}

impl DeviceCertificate {
    /// How it stands at a moment: valid, due for renewal, ….
    pub fn standing(&self, now: WallTime) -> CertificateStanding {
        if self.renewed_by.is_some() {
            CertificateStanding::Renewed
        } else if now < self.not_before {
            CertificateStanding::NotYetValid
        } else if now > self.not_after {
            CertificateStanding::Expired
        } else if self.renewal.is_some_and(|from| now >= from) {
            CertificateStanding::RenewalDue
        } else {
            CertificateStanding::Valid
        }
    }
}

/// How a certificate stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum CertificateStanding {
    /// In date.
    Valid,
    /// In date, and time to renew it.
    RenewalDue,
    /// Another was issued in its place.
    Renewed,
    /// Its time has not come.
    NotYetValid,
    /// Its time is over.
    Expired,
}

impl CertificateStanding {
    /// As a person says it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Valid => "valid",
            Self::RenewalDue => "due for renewal",
            Self::Renewed => "renewed since",
            Self::NotYetValid => "NOT YET VALID",
            Self::Expired => "EXPIRED",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_certificate_stands_by_its_dates() {
        use CertificateStanding::{Expired, NotYetValid, RenewalDue, Valid};
        let mut certificate = DeviceCertificate {
            not_before: WallTime(100),
            renewal: Some(WallTime(150)),
            not_after: WallTime(200),
            ..DeviceCertificate::default()
        };
        let standings =
            |c: &DeviceCertificate| [99, 100, 150, 201].map(|at| c.standing(WallTime(at)));
        assert_eq!(standings(&certificate), [NotYetValid, Valid, RenewalDue, Expired]);
        certificate.renewed_by = Some("02".into());
        assert_eq!(standings(&certificate), [CertificateStanding::Renewed; 4]);
    }
}
