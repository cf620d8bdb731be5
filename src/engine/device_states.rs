//! What is known of the devices of a capture: a fold that goes on where it stopped.

use crate::analyze::{Observation, Sessions};
use crate::model::{Device, Exchange, ExchangeId, Leg};
use crate::store::{Reader, StoreError};

use super::meaning::{ROW_LIMIT, decode_leg, tell};

/// Exchanges read at a time.
const BATCH: usize = 256;

/// Exchanges of an earlier run that a new run takes up: some days of a few devices, read in less than
/// a second.
const RESUMED: u64 = 2_048;

/// Exchanges in flight that are looked at.
const IN_FLIGHT: usize = 1_024;

/// The fold and how far it came.
#[derive(Debug)]
pub(super) struct Story {
    reader: Reader,
    sessions: Sessions,
    /// Close number of the last exchange taken in.
    closed: u64,
}

impl Story {
    /// Nothing taken in yet.
    pub(super) fn new(reader: Reader) -> Self {
        Self { reader, sessions: Sessions::new(), closed: 0 }
    }

    /// The fold over the last exchanges of a capture that a new run adds to, and the reader back. What
    /// cannot be read is not known, as if the capture began behind it.
    pub(super) fn resumed(reader: Reader) -> (Sessions, Reader) {
        let closed = reader.last_closed().unwrap_or_default().saturating_sub(RESUMED);
        let mut story = Self { reader, sessions: Sessions::new(), closed };
        if let Err(error) = story.catch_up(&mut |_| ()) {
            tracing::warn!(%error, "what was recorded before is not known of devices");
        }
        (story.sessions, story.reader)
    }

    /// Takes in what ended since. An exchange that cannot be read is passed over.
    pub(super) fn catch_up(&mut self, told: &mut dyn FnMut(Observation)) -> Result<(), StoreError> {
        loop {
            let batch = self.reader.closed_after(self.closed, BATCH)?;
            let Some((last, _)) = batch.last() else { return Ok(()) };
            self.closed = *last;
            for (_, id) in batch {
                match take(&self.reader, id, &mut self.sessions) {
                    Ok(Some(observed)) => told(observed),
                    Ok(None) => {}
                    Err(StoreError::Damaged { .. }) => {
                        tracing::warn!(%id, "an exchange cannot be read");
                    }
                    Err(error) => return Err(error),
                }
            }
        }
    }

    /// The devices, with what they wait for at this moment.
    pub(super) fn devices(&self) -> Result<Vec<Device>, StoreError> {
        let open = self.reader.in_flight(IN_FLIGHT)?;
        if open.is_empty() {
            return Ok(self.sessions.devices());
        }
        // What is in flight is looked at anew each time: it may have ended until the next.
        let mut sessions = self.sessions.clone();
        for id in open.into_iter().rev() {
            take(&self.reader, id, &mut sessions)?;
        }
        Ok(sessions.devices())
    }
}

fn take(
    reader: &Reader,
    id: ExchangeId,
    sessions: &mut Sessions,
) -> Result<Option<Observation>, StoreError> {
    let Some(exchange) = reader.exchange(id)? else { return Ok(None) };
    let request = body(reader, &exchange, Leg::Request, exchange.request.is_some())?;
    let answered = exchange.response.is_some() && !exchange.in_flight();
    let response = body(reader, &exchange, Leg::Response, answered)?;
    let (_, seen) = tell(&exchange, request.as_ref(), response.as_ref(), sessions);
    Ok(seen)
}

fn body(
    reader: &Reader,
    exchange: &Exchange,
    leg: Leg,
    present: bool,
) -> Result<Option<crate::model::Decoded>, StoreError> {
    if !present {
        return Ok(None);
    }
    let bytes = reader.body(exchange.id, leg, ROW_LIMIT)?;
    Ok(Some(decode_leg(exchange, leg, bytes)))
}
