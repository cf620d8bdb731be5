//! Certificates and the devices they belong to.

use serde::Serialize;

use crate::codec::Certificate;
use crate::model::{ExchangeId, WallTime};
use crate::seal::{KnownCertificate, sha256_hex};

/// Certificates of devices that are remembered.
const BOUND: usize = 1_024;

/// A certificate of one device, and what it was seen to do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DeviceCertificate {
    /// The device: host and the name it gives itself.
    pub device: String,
    /// Subject, RFC 4514 style.
    pub subject: String,
    /// Issuer, RFC 4514 style.
    pub issuer: String,
    /// Serial number, lower-case hex.
    pub serial: String,
    /// Valid from.
    pub not_before: WallTime,
    /// Valid until.
    pub not_after: WallTime,
    /// SHA-256 of its DER bytes, lower-case hex.
    pub sha256: String,
    /// Where it was handed out, when that was seen: `exchange #4`.
    pub issued: Option<String>,
    /// The first message it signed.
    pub first: ExchangeId,
    /// The last message it signed.
    pub last: ExchangeId,
    /// Messages it signed.
    pub signed: u64,
    /// The certificate that the device signs with since, when it was renewed.
    pub renewed_by: Option<String>,
}

/// Adds that `device` signed an exchange with `certificate`.
pub(super) fn bind(
    bound: &mut Vec<DeviceCertificate>,
    device: &str,
    certificate: &crate::model::SignerCertificate,
    exchange: ExchangeId,
) {
    let same = |other: &&mut DeviceCertificate| {
        other.device == device && other.sha256 == certificate.sha256
    };
    if let Some(there) = bound.iter_mut().find(same) {
        there.signed = there.signed.saturating_add(1);
        there.last = exchange;
        return;
    }
    if bound.len() >= BOUND {
        return;
    }
    let before = bound.iter_mut().filter(|other| other.device == device);
    for older in before.filter(|other| other.renewed_by.is_none()) {
        older.renewed_by = Some(certificate.sha256.clone());
    }
    bound.push(DeviceCertificate {
        device: device.to_owned(),
        subject: certificate.subject.clone(),
        issuer: certificate.issuer.clone(),
        serial: certificate.serial.clone(),
        not_before: certificate.not_before,
        not_after: certificate.not_after,
        sha256: certificate.sha256.clone(),
        issued: None,
        first: exchange,
        last: exchange,
        signed: 1,
        renewed_by: None,
    });
}

/// The certificates with where each was handed out.
pub(super) fn with_origin(
    bound: &[DeviceCertificate],
    known: &[KnownCertificate],
) -> Vec<DeviceCertificate> {
    let digest = |certificate: &Certificate| sha256_hex(certificate.der());
    let handed: Vec<(String, &str)> = known
        .iter()
        .filter(|known| known.handed_out)
        .map(|known| (digest(&known.certificate), known.source.as_str()))
        .collect();
    let origin = |certificate: &DeviceCertificate| {
        let found = handed.iter().find(|(sha256, _)| *sha256 == certificate.sha256);
        found.map(|(_, source)| (*source).to_owned())
    };
    bound.iter().map(|own| DeviceCertificate { issued: origin(own), ..own.clone() }).collect()
}
