//! Signatures of a capture, checked one after the other.

use crate::analyze::signature::Signature;
use crate::model::{Decoded, Device, Exchange, Leg};
use crate::store::{Reader, StoreError};

use super::folds::Folds;
use super::meaning::{decode_leg, observe};
use super::viewer::{EngineError, Viewer};

/// Exchanges read at a time.
const BATCH: usize = 256;

/// Most bytes of one body: a signature is over all of it.
const BODY_LIMIT: usize = 64 * 1024 * 1024;

impl Viewer {
    /// Checks every signature of the capture in the order in which the exchanges ended, and tells each.
    /// Returns the devices that have certificates, the first seen first.
    ///
    /// # Errors
    /// When the capture cannot be read.
    pub fn signatures(
        &self,
        tell: &mut dyn FnMut(&Exchange, &Signature),
    ) -> Result<Vec<Device>, EngineError> {
        let reader = self.store().reader()?;
        let mut folds = Folds::new(self.keyring());
        let mut last = 0;
        loop {
            let batch = reader.closed_after(last, BATCH)?;
            let Some((newest, _)) = batch.last() else { break };
            last = *newest;
            for (_, id) in batch {
                let exchange = match reader.exchange(id) {
                    Ok(Some(exchange)) => exchange,
                    Ok(None) | Err(StoreError::Damaged { .. }) => continue,
                    Err(error) => return Err(error.into()),
                };
                let request = self.body_of(&reader, &exchange, Leg::Request)?;
                let response = self.body_of(&reader, &exchange, Leg::Response)?;
                let (_, _, signatures) =
                    observe(&exchange, request.as_ref(), response.as_ref(), &mut folds);
                for signature in &signatures {
                    tell(&exchange, signature);
                }
            }
        }
        let mut devices = folds.devices(true);
        devices.retain(|device| !device.certificates.is_empty() || !device.requests.is_empty());
        Ok(devices)
    }

    fn body_of(
        &self,
        reader: &Reader,
        exchange: &Exchange,
        leg: Leg,
    ) -> Result<Option<Decoded>, StoreError> {
        let present = match leg {
            Leg::Request => exchange.request.is_some(),
            Leg::Response => exchange.response.is_some(),
        };
        let bytes = present.then(|| reader.body(exchange.id, leg, BODY_LIMIT)).transpose()?;
        Ok(bytes.map(|bytes| decode_leg(exchange, leg, bytes, Some(self.keyring()))))
    }
}
