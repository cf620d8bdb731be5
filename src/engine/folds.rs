//! What a run or a capture remembers from one exchange to the next.

use std::sync::Arc;

use crate::analyze::Sessions;
use crate::analyze::signature::Signatures;
use crate::model::{Device, DeviceKey};
use crate::seal::Keyring;

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
        Self {
            sessions: Sessions::new(),
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

    fn complete(&self, mut device: Device, settled: bool) -> Device {
        self.sessions.complete(&mut device, settled);
        self.signatures.complete(&mut device);
        device
    }
}
