//! What the data path tells the engine.

use std::ops::Deref;

use bytes::Bytes;
use tokio::sync::OwnedSemaphorePermit;

use crate::model::Exchange;
use crate::model::ExchangeId;
use crate::model::Leg;

/// One thing that happened.
///
/// For one exchange, events come in the order of what they tell: a recorder holds the exchange
/// while it sends, so no older snapshot follows a newer one, and the kept bytes of a body come
/// before the snapshot that says the body ended. Between exchanges there is no order.
#[derive(Debug)]
pub enum ProxyEvent {
    /// Facts changed; this is all of them. Sent when the exchange began (a head was read, or a
    /// connection failed), when the request ended, when the answer's head came, when a tunnel moved
    /// bytes (every few seconds), and once more when it closed.
    Exchange(Box<Exchange>),
    /// The next kept bytes of a body, in order, without gaps from its first byte.
    Body {
        /// Whose.
        id: ExchangeId,
        /// Which body.
        leg: Leg,
        /// The bytes.
        bytes: KeptBytes,
    },
}

/// Bytes of a body together with their share of the memory set aside for copies. The share is
/// given back when this is dropped: hold it until the bytes are written.
#[derive(Debug)]
pub struct KeptBytes {
    bytes: Bytes,
    _share: Option<OwnedSemaphorePermit>,
}

impl KeptBytes {
    pub(super) fn new(bytes: Bytes, share: OwnedSemaphorePermit) -> Self {
        Self { bytes, _share: Some(share) }
    }

    /// The bytes, to keep beyond the share of memory they were counted under.
    pub fn bytes(&self) -> &Bytes {
        &self.bytes
    }
}

impl From<Bytes> for KeptBytes {
    /// Bytes that count under no budget, for whatever is fed to the engine beside live traffic.
    fn from(bytes: Bytes) -> Self {
        Self { bytes, _share: None }
    }
}

impl Deref for KeptBytes {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.bytes
    }
}
