//! What a run or a capture remembers from one exchange to the next.

use std::sync::Arc;

use crate::analyze::Sessions;
use crate::analyze::signature::Signatures;
use crate::codec::cms::CertificateId;
use crate::model::{Device, DeviceKey, Exchange};
use crate::seal::{Keyring, sha256_hex};

/// The folds over the exchanges of a capture, with the keys of this run.
#[derive(Debug, Clone, Default)]
pub(super) struct Folds {
    pub(super) sessions: Sessions,
    pub(super) signatures: Signatures,
    pub(super) keyring: Arc<Keyring>,
}

impl Folds {
    /// Nothing seen yet.
    pub(super) fn new(keyring: &Arc<Keyring>) -> Self {
        let mut sessions = Sessions::new();
        for (user, password) in keyring.passwords() {
            sessions.know_password(user, password);
        }
        Self {
            sessions,
            signatures: Signatures::with(Arc::clone(keyring)),
            keyring: Arc::clone(keyring),
        }
    }

    /// One device with everything known of it; `settled`: nothing more will come.
    pub(super) fn device(&self, key: &DeviceKey, settled: bool) -> Option<Device> {
        self.sessions.device(key).map(|device| self.complete(device, settled))
    }

    /// Every device, the first seen first; `settled` as above.
    pub(super) fn devices(&self, settled: bool) -> Vec<Device> {
        let devices = self.sessions.devices().into_iter();
        devices.map(|device| self.complete(device, settled)).collect()
    }

    /// Whose certificate this is, and of which device, as far as the exchanges so far and this one tell.
    pub(super) fn whose(&self, id: &CertificateId<'_>, exchange: &Exchange) -> Option<String> {
        let certificate = self.signatures.named(id, exchange)?;
        let subject = &certificate.subject;
        if let Some(device) = self.sessions.owner(&[sha256_hex(&certificate.key.der)]) {
            return Some(format!("{subject}, issued to device {}", device.device));
        }
        Some(match self.signatures.user_of(&certificate) {
            Some(device) => format!("{subject}, used by device {}", device.device),
            None => subject.clone(),
        })
    }

    fn complete(&self, mut device: Device, settled: bool) -> Device {
        self.sessions.complete(&mut device, settled);
        self.signatures.complete(&mut device);
        device
    }
}
