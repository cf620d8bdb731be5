//! What every connection holds: one [`Shared`] per proxy, one [`Device`] per accepted connection.

use std::net::{IpAddr, SocketAddr, UdpSocket};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use rustls::KeyLog;
use tokio::runtime::Handle;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::advice::Systems;
use super::asking::Asking;
use super::body_copy::Keeper;
use super::choose::Choice;
use super::listeners::Listeners;
use super::mode::Way;
use super::pages::Site;
use super::recorder::{Moment, Recorder};
use super::settings::Settings;
use super::shutdown::Scope;
use crate::model::ConnId;
use crate::model::Exchange;
use crate::model::ExchangeId;
use crate::model::Failure;
use crate::model::Kind;
use crate::model::State;
use crate::pki::{LeafMint, UpstreamTrust};

/// What the whole data path has in common.
pub(super) struct Shared {
    pub(super) settings: Settings,
    pub(super) mint: Arc<LeafMint>,
    pub(super) trust: UpstreamTrust,
    pub(super) keylog: Option<Arc<dyn KeyLog>>,
    pub(super) keeper: Arc<Keeper>,
    pub(super) scope: Scope,
    pub(super) listeners: Listeners,
    /// As many as there may be connections.
    pub(super) places: Arc<Semaphore>,
    /// Where further listeners run.
    pub(super) runtime: Handle,
    pub(super) site: Site,
    pub(super) choice: Arc<Choice>,
    pub(super) systems: Systems,
    pub(super) asking: Asking,
    pub(super) next_exchange: AtomicU64,
    pub(super) next_conn: AtomicU64,
    pub(super) open: Arc<AtomicU64>,
}

/// One accepted connection of a device. Its place among the connections is taken for as long as
/// anything that came out of it lives, tunnels included.
pub(super) struct Device {
    pub(super) conn: ConnId,
    pub(super) address: SocketAddr,
    /// Our end of the connection: the address the device knows us by.
    pub(super) local: SocketAddr,
    pub(super) way: Way,
    pub(super) _place: Place,
}

/// A device's place among the connections; given back when dropped.
pub(super) struct Place {
    open: Arc<AtomicU64>,
    _permit: OwnedSemaphorePermit,
}

impl Place {
    /// Takes a place that was free, counting it in `open`.
    pub(super) fn take(open: Arc<AtomicU64>, permit: OwnedSemaphorePermit) -> Self {
        open.fetch_add(1, Ordering::Relaxed);
        Self { open, _permit: permit }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.open.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Shared {
    /// True when connecting to `address` would end up at one of our own listeners.
    pub(super) fn is_us(&self, address: SocketAddr) -> bool {
        let open = self.listeners.all();
        open.iter().any(|(_, own)| own.port() == address.port()) && is_local(address.ip())
    }

    /// The ways in beside `own`, as typed, each once.
    fn other_ways(&self, own: &Way) -> Vec<String> {
        let mut ways = Vec::new();
        for (mode, _) in self.listeners.all() {
            let text = mode.way.to_string();
            if mode.way != *own && !ways.contains(&text) {
                ways.push(text);
            }
        }
        ways
    }

    /// A recorder for a new exchange on `device`'s connection, begun at `begun`.
    pub(super) fn record(&self, device: &Device, kind: Kind, begun: Moment) -> Recorder {
        let id = ExchangeId(self.next_exchange.fetch_add(1, Ordering::Relaxed));
        let mut exchange = Exchange::begin(id, device.conn, kind, begun.wall);
        exchange.mode = device.way.to_string();
        exchange.other_modes = self.other_ways(&device.way);
        exchange.client = device.address.to_string();
        Recorder::new(exchange, begun.mono, &self.keeper)
    }

    /// A row for a connection that got no further, in one snapshot.
    pub(super) async fn connection_failed(
        &self,
        device: &Device,
        begun: Moment,
        failure: Failure,
        describe: impl FnOnce(&mut Exchange),
    ) {
        let recorder = self.record(device, Kind::Connection, begun);
        recorder.note(describe).await;
        recorder.close(State::Failed(self.advised(device, failure))).await;
    }

    /// `failure` with the steps for the system of `device`, if that is known.
    pub(super) fn advised(&self, device: &Device, failure: Failure) -> Failure {
        self.systems.advised(device.address.ip(), failure)
    }
}

impl Device {
    /// The next number.
    pub(super) fn number(shared: &Shared) -> ConnId {
        ConnId(shared.next_conn.fetch_add(1, Ordering::Relaxed))
    }
}

/// The device's TLS handshake, told with the first request that follows it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Handshake {
    pub(super) begun: Moment,
    pub(super) done: Instant,
}

/// True for an address of this machine: one that a socket can be bound to. Nothing is sent.
fn is_local(address: IpAddr) -> bool {
    let address = address.to_canonical();
    address.is_loopback() || address.is_unspecified() || UdpSocket::bind((address, 0)).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn own_addresses_are_known() {
        for own in ["127.0.0.1", "127.9.9.9", "::1", "0.0.0.0", "::ffff:127.0.0.1"] {
            assert!(is_local(own.parse().unwrap()), "{own}");
        }
        for other in ["192.0.2.1", "2001:db8::1"] {
            assert!(!is_local(other.parse().unwrap()), "{other}");
        }
    }
}
