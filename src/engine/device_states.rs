//! What is known of the devices of a capture: a fold that goes on where it stopped.

use std::borrow::Cow;
use std::sync::Arc;

use crate::analyze::Observation;
use crate::codec::cms::CertificateId;
use crate::model::{
    Device, DeviceKey, Exchange, ExchangeId, Leg, SyncmlSession, Waiting, WallTime, Wipe,
};
use crate::seal::{Keyring, KnownCertificate};
use crate::store::{Reader, StoreError};

use super::folds::Folds;
use super::meaning::{ROW_LIMIT, decode_knowing, tell};

/// Exchanges read at a time.
const BATCH: usize = 256;

/// Exchanges of an earlier run that a new run takes up: some days of a few devices, read in less than
/// a second.
const RESUMED: u64 = 2_048;

/// Exchanges in flight that are looked at.
const IN_FLIGHT: usize = 1_024;

/// A device in few words, for a line of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeviceBrief {
    /// Who it is.
    pub key: DeviceKey,
    /// Where it stands, in words.
    pub standing: String,
    /// The last wipe, if any was demanded.
    pub wipe: Option<Wipe>,
    /// A Ping in flight.
    pub waiting: Option<Waiting>,
    /// Findings so far.
    pub findings: u64,
    /// When its last exchange began.
    pub last_seen: WallTime,
}

/// What is known of devices, and how much of the capture that rests on.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Learned<T> {
    /// What was asked for.
    pub known: T,
    /// Exchanges that were taken in.
    pub read: u64,
    /// Exchanges that ended; more may be by now.
    pub of: u64,
}

/// The fold and how far it came.
#[derive(Debug)]
pub(super) struct Story {
    reader: Reader,
    folds: Folds,
    /// Close number of the last exchange taken in.
    closed: u64,
    /// Nothing more will come: what waits for an answer counts as never answered.
    settled: bool,
}

impl Story {
    /// Nothing taken in yet.
    pub(super) fn new(reader: Reader, keyring: &Arc<Keyring>, settled: bool) -> Self {
        Self { reader, folds: Folds::new(keyring), closed: 0, settled }
    }

    /// The fold over the last exchanges of a capture that a new run adds to, and the reader back. What
    /// cannot be read is not known, as if the capture began behind it.
    pub(super) fn resumed(reader: Reader, keyring: &Arc<Keyring>) -> (Folds, Reader) {
        let closed = reader.last_closed().unwrap_or_default().saturating_sub(RESUMED);
        let mut story = Self { closed, ..Self::new(reader, keyring, false) };
        if let Err(error) = story.catch_up(&mut |_| ()) {
            tracing::warn!(%error, "what was recorded before is not known of devices");
        }
        (story.folds, story.reader)
    }

    /// Takes in what ended since. An exchange that cannot be read is passed over.
    pub(super) fn catch_up(&mut self, told: &mut dyn FnMut(Observation)) -> Result<(), StoreError> {
        self.go_on(usize::MAX, told)
    }

    /// The same, of at most about so many exchanges.
    pub(super) fn go_on(
        &mut self,
        most: usize,
        told: &mut dyn FnMut(Observation),
    ) -> Result<(), StoreError> {
        let mut taken = 0_usize;
        while taken < most {
            let batch = self.reader.closed_after(self.closed, BATCH)?;
            let Some((last, _)) = batch.last() else { break };
            self.closed = *last;
            taken += batch.len();
            for (_, id) in batch {
                match take(&self.reader, id, &mut self.folds) {
                    Ok(Some(observed)) => told(observed),
                    Ok(None) => {}
                    Err(StoreError::Damaged { .. }) => {
                        tracing::warn!(%id, "an exchange cannot be read");
                    }
                    Err(error) => return Err(error),
                }
            }
        }
        Ok(())
    }

    /// How much was taken in, and how much there is.
    pub(super) fn progress(&self) -> Result<[u64; 2], StoreError> {
        Ok([self.closed, self.reader.last_closed()?.max(self.closed)])
    }

    /// The devices, with what they wait for at this moment.
    pub(super) fn devices(&self) -> Result<Vec<Device>, StoreError> {
        Ok(self.now()?.devices(self.settled))
    }

    /// In few words each, in no order.
    pub(super) fn briefs(&self) -> Result<Vec<DeviceBrief>, StoreError> {
        let now = self.now()?;
        // One after the other: each is large.
        let keys = now.sessions.keys();
        Ok(keys.filter_map(|key| now.device(key, self.settled)).map(DeviceBrief::of).collect())
    }

    /// Those with this id, in any case.
    pub(super) fn called(&self, id: &str) -> Result<Vec<Device>, StoreError> {
        let now = self.now()?;
        let keys = now.sessions.called(id).into_iter();
        let found = keys.filter_map(|key| now.device(key, self.settled));
        let mut devices: Vec<Device> = found.collect();
        devices.sort_by(|a, b| (a.first_seen, &a.key).cmp(&(b.first_seen, &b.key)));
        Ok(devices)
    }

    /// The SyncML session of an exchange.
    pub(super) fn syncml_session(&self, id: ExchangeId) -> Option<SyncmlSession> {
        self.folds.sessions.syncml_session(id, self.settled)
    }

    /// Certificates seen in exchanges before this one, as far as the capture was taken in.
    pub(super) fn certificates_before(&self, id: ExchangeId) -> Vec<KnownCertificate> {
        let known = self.folds.signatures.known().iter();
        known.filter(|known| known.seen < id).cloned().collect()
    }

    /// Whose certificate this is, and of which device, as far as the capture was taken in.
    pub(super) fn whose(&self, id: &CertificateId<'_>, exchange: &Exchange) -> Option<String> {
        self.folds.whose(id, exchange)
    }

    /// The SyncML sessions so far.
    pub(super) fn syncml_sessions(&self) -> Vec<SyncmlSession> {
        self.folds.sessions.syncml_sessions(self.settled)
    }

    fn now(&self) -> Result<Cow<'_, Folds>, StoreError> {
        let open = self.reader.in_flight(IN_FLIGHT)?;
        if open.is_empty() {
            return Ok(Cow::Borrowed(&self.folds));
        }
        // What is in flight is looked at anew each time: it may have ended until the next.
        let mut folds = self.folds.clone();
        for id in open.into_iter().rev() {
            take(&self.reader, id, &mut folds)?;
        }
        Ok(Cow::Owned(folds))
    }
}

impl DeviceBrief {
    /// Of what is known of a device.
    pub(crate) fn of(device: Device) -> Self {
        Self {
            standing: device.standing(),
            wipe: device.wipe,
            waiting: device.waiting,
            findings: device.findings,
            last_seen: device.last_seen,
            key: device.key,
        }
    }
}

fn take(
    reader: &Reader,
    id: ExchangeId,
    folds: &mut Folds,
) -> Result<Option<Observation>, StoreError> {
    let Some(exchange) = reader.exchange(id)? else { return Ok(None) };
    let request = body(reader, folds, &exchange, Leg::Request, exchange.request.is_some())?;
    let answered = exchange.response.is_some() && !exchange.in_flight();
    let response = body(reader, folds, &exchange, Leg::Response, answered)?;
    let (_, seen) = tell(&exchange, request.as_ref(), response.as_ref(), folds);
    Ok(seen)
}

fn body(
    reader: &Reader,
    folds: &Folds,
    exchange: &Exchange,
    leg: Leg,
    present: bool,
) -> Result<Option<crate::model::Decoded>, StoreError> {
    if !present {
        return Ok(None);
    }
    let bytes = reader.body(exchange.id, leg, ROW_LIMIT)?;
    Ok(Some(decode_knowing(exchange, leg, bytes, folds)))
}
