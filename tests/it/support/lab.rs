//! A proxy between a client and an origin.

use std::net::SocketAddr;
use std::sync::{Arc, LazyLock};

use synctap::pki::Authority;
use synctap::proxy::{Limits, Mode, Monitor, Proxy, Settings};
use tempfile::TempDir;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use super::{Events, Origin, PATIENCE, Peer};

/// A running proxy, stopped when dropped.
pub(crate) struct Lab {
    pub(crate) address: SocketAddr,
    pub(crate) events: Events,
    pub(crate) monitor: Monitor,
    pub(crate) shutdown: CancellationToken,
    run: JoinHandle<()>,
}

struct TestAuthority {
    authority: Arc<Authority>,
    _folder: TempDir,
}

static PROXY: LazyLock<TestAuthority> = LazyLock::new(make);
static ORIGIN: LazyLock<TestAuthority> = LazyLock::new(make);

fn make() -> TestAuthority {
    let folder = tempfile::tempdir().unwrap();
    TestAuthority { authority: Arc::new(Authority::open(folder.path()).unwrap()), _folder: folder }
}

/// The authority that devices of the tests trust.
pub(crate) fn authority() -> Arc<Authority> {
    Arc::clone(&PROXY.authority)
}

/// The authority that origin servers of the tests are certified by.
pub(crate) fn origin_authority() -> Arc<Authority> {
    Arc::clone(&ORIGIN.authority)
}

impl Lab {
    /// An explicit proxy that trusts our origins.
    pub(crate) async fn regular() -> Self {
        Self::with("regular@127.0.0.1:0", |_| ()).await
    }

    /// A reverse proxy for `origin`.
    pub(crate) async fn reverse(origin: &Origin) -> Self {
        Self::with(&reverse_mode(origin), |_| ()).await
    }

    pub(crate) async fn with(mode: &str, change: impl FnOnce(&mut Settings)) -> Self {
        let mode: Mode = mode.parse().unwrap();
        let mut settings = Settings {
            modes: vec![mode],
            upstream_ca: vec![origin_authority().facts().certificate],
            ..Settings::default()
        };
        change(&mut settings);
        let (sender, events) = mpsc::channel(64);
        let proxy = Proxy::bind(settings, authority(), sender).await.unwrap();
        let address = proxy.listeners()[0].1;
        let shutdown = CancellationToken::new();
        Self {
            address,
            events: Events::collect(events),
            monitor: proxy.monitor(),
            run: tokio::spawn(proxy.run(shutdown.clone())),
            shutdown,
        }
    }

    /// A client of the proxy.
    pub(crate) async fn client(&self) -> Peer {
        Peer::tcp(self.address).await
    }

    /// A client with TLS to the origin, through a tunnel.
    pub(crate) async fn tunnelled(&self, origin: &Origin) -> Peer {
        self.client().await.tunnel("localhost", origin.port()).await.tls("localhost").await
    }

    /// Stops the proxy and waits until it has.
    pub(crate) async fn stop(&mut self) {
        self.shutdown.cancel();
        timeout(PATIENCE, &mut self.run).await.unwrap().unwrap();
        self.events.end().await;
    }
}

impl Drop for Lab {
    fn drop(&mut self) {
        self.run.abort();
    }
}

pub(crate) fn reverse_mode(origin: &Origin) -> String {
    format!("reverse:{}@127.0.0.1:0", origin.url())
}

/// Every patience far below what the tests wait, and every one different.
pub(crate) fn impatient() -> Limits {
    use std::time::Duration;
    Limits {
        connect: Duration::from_millis(500),
        handshake: Duration::from_millis(510),
        first_head: Duration::from_millis(520),
        sniff: Duration::from_millis(100),
        drain: Duration::from_millis(300),
        farewell: Duration::from_secs(2),
        tick: Duration::from_millis(50),
        patience: Duration::from_millis(200),
        half_closed: Duration::from_millis(530),
        linger: Duration::from_millis(540),
        ..Limits::default()
    }
}
