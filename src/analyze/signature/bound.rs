//! Certificates and the devices they belong to.

use std::collections::HashMap;

use crate::codec::Certificate;
use crate::model::{
    CertificateUse, Device, DeviceCertificate, DeviceKey, ExchangeId, SignerCertificate,
};
use crate::seal::{sha1_hex, sha256_hex};

/// Devices whose certificates are remembered.
const DEVICES: usize = 1_024;

/// Certificates remembered of one device.
const CERTIFICATES: usize = 16;

/// How a device proved that it has the key of a certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ShownBy {
    /// By the TLS handshake of its connection.
    Tls,
    /// To a gateway before synctap, as that says.
    Gateway,
    /// By a signature over its message.
    Signature,
}

/// A certificate whose key the sender of a request proved to have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shown {
    /// The certificate.
    pub certificate: DeviceCertificate,
    /// How it was proved.
    pub by: ShownBy,
}

/// What devices were seen to do with certificates. Memory is bounded: 1,024 devices, 16 certificates
/// of each.
#[derive(Debug, Clone, Default)]
pub(super) struct Bound {
    devices: HashMap<DeviceKey, Vec<DeviceCertificate>>,
    /// The exchange in which a device was ordered to sign.
    signing: HashMap<DeviceKey, ExchangeId>,
}

impl Bound {
    /// Adds what `device` showed in an exchange.
    pub(super) fn bind(&mut self, device: &DeviceKey, exchange: ExchangeId, shown: &[Shown]) {
        if shown.is_empty() {
            return;
        }
        if self.devices.len() >= DEVICES && !self.devices.contains_key(device) {
            self.devices.clear();
        }
        let own = self.devices.entry(device.clone()).or_default();
        for Shown { certificate, by } in shown {
            let at = own.iter().position(|known| known.sha256 == certificate.sha256);
            let at = at.unwrap_or_else(|| {
                if own.len() >= CERTIFICATES {
                    own.remove(0);
                }
                own.push(certificate.clone());
                own.len() - 1
            });
            let Some(known) = own.get_mut(at) else { continue };
            let uses = match by {
                ShownBy::Tls | ShownBy::Gateway => &mut known.tls,
                ShownBy::Signature => &mut known.signed,
            };
            match uses {
                Some(uses) => uses.add(exchange),
                None => *uses = Some(CertificateUse::once(exchange)),
            }
        }
    }

    /// `device` was told to sign its messages, or to do so no longer.
    pub(super) fn order(&mut self, device: &DeviceKey, exchange: ExchangeId, sign: bool) {
        if !sign {
            self.signing.remove(device);
        } else if self.signing.len() < DEVICES || self.signing.contains_key(device) {
            self.signing.entry(device.clone()).or_insert(exchange);
        }
    }

    /// Adds to what is known of a device the certificates that it used, and to those it was issued how.
    pub(super) fn complete(&self, device: &mut Device) {
        device.signing = self.signing.get(&device.key).copied();
        for used in self.devices.get(&device.key).into_iter().flatten() {
            let known = device.certificates.iter_mut().find(|known| known.sha256 == used.sha256);
            if let Some(known) = known {
                (known.tls, known.signed) = (used.tls, used.signed);
                continue;
            }
            let asked = device.requests.iter().find(|asked| asked.key_sha256 == used.key_sha256);
            let mut found = used.clone();
            if let Some(asked) = asked {
                found.requested = Some(asked.exchange);
                found.key_requested = Some(true);
            }
            found.renewed_by = renewal_of(device, &found);
            device.certificates.push(found);
        }
        device.certificates.sort_by_key(|known| (known.not_before, known.issued));
    }

    /// The device that used the certificate with this SHA-256, in lower-case hex.
    pub(super) fn user_of(&self, sha256: &str) -> Option<&DeviceKey> {
        let used = |own: &[DeviceCertificate]| own.iter().any(|known| known.sha256 == sha256);
        self.devices.iter().filter(|(_, own)| used(own)).map(|(key, _)| key).min()
    }

    /// Every device that used one.
    pub(super) fn devices(&self) -> impl Iterator<Item = &DeviceKey> {
        self.devices.keys()
    }
}

/// The serial number of the certificate that was issued in the place of one that was issued before the
/// capture began.
fn renewal_of(device: &Device, used: &DeviceCertificate) -> Option<String> {
    let uses = [used.tls, used.signed].into_iter().flatten();
    let first = uses.map(|uses| uses.first).min()?;
    let renewed =
        |at: ExchangeId| device.requests.iter().any(|asked| asked.exchange == at && asked.renewal);
    let later = device.certificates.iter().find(|known| {
        known.issued.is_some_and(|at| at >= first && renewed(at)) && known.subject == used.subject
    });
    later.map(|known| known.serial.clone())
}

/// What is told of a certificate, without what it was seen to do.
pub(in crate::analyze) fn device_certificate(certificate: &Certificate) -> DeviceCertificate {
    DeviceCertificate {
        subject: certificate.subject.clone(),
        issuer: certificate.issuer.clone(),
        serial: certificate.serial_hex(),
        key: certificate.key.to_string(),
        key_sha256: sha256_hex(&certificate.key.der),
        not_before: certificate.not_before,
        not_after: certificate.not_after,
        sha1: sha1_hex(certificate.der()).to_uppercase(),
        sha256: sha256_hex(certificate.der()),
        ..DeviceCertificate::default()
    }
}

/// The same of a signer's.
pub(super) fn of_signer(signer: &SignerCertificate) -> DeviceCertificate {
    DeviceCertificate {
        subject: signer.subject.clone(),
        issuer: signer.issuer.clone(),
        serial: signer.serial.clone(),
        key: signer.key.clone(),
        key_sha256: signer.key_sha256.clone(),
        not_before: signer.not_before,
        not_after: signer.not_after,
        sha1: signer.sha1.clone(),
        sha256: signer.sha256.clone(),
        ..DeviceCertificate::default()
    }
}
