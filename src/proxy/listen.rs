//! Listeners: from a socket to the mode that serves it.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use rustls::KeyLog;
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Handle;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use super::advice::Systems;
use super::asking::Asking;
use super::body_copy::Keeper;
use super::choose::Choice;
use super::cidr::admits;
use super::dial;
use super::error::ProxyError;
use super::event::ProxyEvent;
use super::failure;
use super::intent;
use super::keylog::KeyLogFile;
use super::limits::{ACCEPT_PAUSE_MAX, ACCEPT_PAUSE_MIN};
use super::listeners::Listeners;
use super::mode::{Mode, Way};
use super::monitor::Monitor;
use super::pages::{Site, lan_addresses, page_urls};
use super::recorder::Moment;
use super::settings::Settings;
use super::shared::{Device, Place, Shared};
use super::shutdown::Scope;
use super::wire::Wire;
use crate::model::ExchangeId;
use crate::pki::{Authority, LeafMint, PkiError, UpstreamTrust};

/// The data path: listening, not yet accepting.
pub struct Proxy {
    shared: Arc<Shared>,
    listeners: Vec<(Mode, TcpListener)>,
}

impl Proxy {
    /// Opens every listener. What happens on them is told to `events`, in the order explained at
    /// [`ProxyEvent`]; a receiver that is dropped or slow costs what is shown, never what is
    /// forwarded (heads wait for it, copies of bodies wait a short while).
    ///
    /// # Errors
    /// `NoMode`; `NeedsAllow` for an address beyond this machine without `allow`; `Listen` when an
    /// address cannot be had; `KeyLog` and `Pki` for files.
    pub async fn bind(
        settings: Settings,
        authority: Arc<Authority>,
        events: mpsc::Sender<ProxyEvent>,
    ) -> Result<Self, ProxyError> {
        if settings.modes.is_empty() {
            return Err(ProxyError::NoMode);
        }
        for mode in &settings.modes {
            mode.permitted(&settings.allow)?;
        }
        let keylog = open_keylog(&settings)?;
        let trust = load_trust(&settings).await?;
        let (open, runtime) = (Listeners::default(), Handle::current());
        let mut listeners = Vec::new();
        for mode in &settings.modes {
            listeners.push((mode.clone(), open.open(mode, &runtime)?.0));
        }
        let site = Site::new(&authority);
        let most = settings.limits.connections.clamp(1, Semaphore::MAX_PERMITS);
        let shared = Shared {
            mint: Arc::new(LeafMint::new(authority)),
            trust,
            keylog,
            keeper: Arc::new(Keeper::new(events, &settings.limits, settings.body_limit)),
            scope: Scope::default(),
            listeners: open,
            places: Arc::new(Semaphore::new(most)),
            runtime,
            site,
            choice: Arc::new(Choice::new(settings.choosing.clone())),
            systems: Systems::default(),
            asking: Asking::default(),
            next_exchange: AtomicU64::new(1),
            next_conn: AtomicU64::new(1),
            open: Arc::default(),
            settings,
        };
        Ok(Self { shared: Arc::new(shared), listeners })
    }

    /// Each mode with the address it really listens on (a port of 0 is replaced by the system's
    /// choice).
    pub fn listeners(&self) -> Vec<(Mode, SocketAddr)> {
        self.shared.listeners.all()
    }

    /// URLs of synctap's own pages, those that other devices can reach first; empty when every
    /// listener is a reverse one.
    pub fn pages(&self) -> Vec<String> {
        page_urls(&self.shared.listeners.all(), &lan_addresses())
    }

    /// Numbers exchanges from `first` on instead of from 1. To be said before [`Proxy::run`].
    pub fn number_from(&self, first: ExchangeId) {
        self.shared.next_exchange.store(first.0, Ordering::Relaxed);
    }

    /// Devices' connections open now.
    pub fn connections(&self) -> u64 {
        self.monitor().connections()
    }

    /// A view that lives on while the proxy runs.
    pub fn monitor(&self) -> Monitor {
        Monitor::new(&self.shared)
    }

    /// Accepts connections until `shutdown`, then stops accepting, drains up to `limits.drain`,
    /// cuts, and returns when every exchange has sent its last snapshot (or `limits.farewell` after
    /// the cut, if the receiver does not take them).
    pub async fn run(self, shutdown: CancellationToken) {
        let Self { shared, listeners } = self;
        for (mode, listener) in listeners {
            shared.scope.spawn(accept(Arc::clone(&shared), mode.way, listener));
        }
        shutdown.cancelled().await;
        let limits = &shared.settings.limits;
        let left = shared.scope.stop(limits.drain, limits.farewell).await;
        if left > 0 {
            tracing::warn!(left, "tasks did not end");
        }
    }
}

fn open_keylog(settings: &Settings) -> Result<Option<Arc<dyn KeyLog>>, ProxyError> {
    let Some(path) = &settings.keylog else { return Ok(None) };
    let opened = KeyLogFile::open(path);
    let file = opened.map_err(|source| ProxyError::KeyLog { path: path.clone(), source })?;
    Ok(Some(Arc::new(file)))
}

async fn load_trust(settings: &Settings) -> Result<UpstreamTrust, PkiError> {
    let (extra, insecure) = (settings.upstream_ca.clone(), settings.insecure_upstream);
    let loaded = tokio::task::spawn_blocking(move || UpstreamTrust::load(&extra, insecure)).await;
    loaded.unwrap_or_else(|error| Err(PkiError::Roots { reason: error.to_string() }))
}

/// Serves who connects, until the drain begins.
pub(super) async fn accept(shared: Arc<Shared>, way: Way, listener: TcpListener) {
    let mut pause = ACCEPT_PAUSE_MIN;
    loop {
        let accepted = tokio::select! {
            () = shared.scope.drain.cancelled() => return,
            accepted = next(&listener, &shared.places) => accepted,
        };
        match accepted {
            Ok((stream, address, permit)) => {
                pause = ACCEPT_PAUSE_MIN;
                let conn = Device::number(&shared);
                let place = Place::take(Arc::clone(&shared.open), permit);
                // An address we cannot be told is one nobody else can use either.
                let local = stream.local_addr().unwrap_or(address);
                let device = Device { conn, address, local, way: way.clone(), _place: place };
                shared.scope.spawn(connection(Arc::clone(&shared), device, stream));
            }
            Err(error) => {
                // Out of file descriptors, most likely: let some connections end first.
                tracing::warn!(%error, "a connection could not be accepted");
                tokio::select! {
                    () = shared.scope.drain.cancelled() => return,
                    () = sleep(pause) => pause = (pause * 2).min(ACCEPT_PAUSE_MAX),
                }
            }
        }
    }
}

/// The next connection, once there is a place for it.
async fn next(
    listener: &TcpListener,
    places: &Arc<Semaphore>,
) -> io::Result<(TcpStream, SocketAddr, OwnedSemaphorePermit)> {
    let place = Arc::clone(places).acquire_owned().await.map_err(io::Error::other)?;
    let (stream, address) = listener.accept().await?;
    Ok((stream, address, place))
}

async fn connection(shared: Arc<Shared>, device: Device, stream: TcpStream) {
    if !admits(&shared.settings.allow, device.address.ip()) {
        drop(stream);
        let cause = format!("{} is not among the addresses that may connect", device.address.ip());
        let failure = failure::proxy("not-allowed", cause, "add its network with `--allow CIDR`");
        return shared.connection_failed(&device, Moment::now(), failure, |_| ()).await;
    }
    dial::tune(&stream, shared.settings.limits.keep_alive);
    let wire = Wire::new(stream);
    let way = device.way.clone();
    let device = Arc::new(device);
    match way {
        Way::Regular => intent::regular(shared, device, wire).await,
        Way::Reverse(origin) => intent::reverse(shared, device, &origin, wire).await,
        Way::Admin => intent::admin(shared, device, wire).await,
    }
}
