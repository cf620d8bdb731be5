//! What the end-to-end tests stand on: throw-away authorities, an origin server, a raw client, and
//! a proxy whose events are collected.

mod events;
mod lab;
mod origin;
mod peer;

pub(crate) use events::Events;
pub(crate) use lab::{Lab, authority, impatient, origin_authority, reverse_mode};
pub(crate) use origin::Origin;
pub(crate) use peer::{Message, Peer, client_config, config_with};

use std::time::Duration;

/// Longer than anything here takes on a busy machine; only a hang reaches it.
pub(crate) const PATIENCE: Duration = Duration::from_secs(15);
