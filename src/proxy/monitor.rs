//! A hand on a proxy that runs.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Weak};

use super::error::ProxyError;
use super::listen::accept;
use super::mode::{Mode, Origin, Way, bracketed};
use super::pages::lan_addresses;
use super::shared::Shared;
use super::shutdown::Scope;

/// Looks at a proxy that runs, and changes what may be changed while it does. Cheap to clone; it does
/// not keep the proxy alive.
#[derive(Debug, Clone)]
pub struct Monitor {
    shared: Weak<Shared>,
    scope: Scope,
    open: Arc<AtomicU64>,
}

/// How what devices say to a server comes to pass by here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Covered {
    /// The server.
    pub server: Origin,
    /// Where its listener listens.
    pub at: SocketAddr,
    /// An address of this machine that devices can type, where `at` is all of them.
    pub address: IpAddr,
    /// Where the explicit proxy listens, if there is one: a device that uses it needs nothing else.
    pub proxy: Option<SocketAddr>,
    /// Why the listener is not on the server's own port, if so.
    pub odd_port: Option<String>,
}

impl Monitor {
    pub(super) fn new(shared: &Arc<Shared>) -> Self {
        let (scope, open) = (shared.scope.clone(), Arc::clone(&shared.open));
        Self { shared: Arc::downgrade(shared), scope, open }
    }

    /// Devices' connections open now, those inside tunnels included in theirs.
    pub fn connections(&self) -> u64 {
        self.open.load(Ordering::Relaxed)
    }

    /// Tasks of the data path running now.
    pub fn tasks(&self) -> usize {
        self.scope.tasks()
    }

    /// Each way in that is open, with the address it really listens on.
    pub fn listeners(&self) -> Vec<(Mode, SocketAddr)> {
        self.shared.upgrade().map(|shared| shared.listeners.all()).unwrap_or_default()
    }

    /// From now on TLS to `host` is passed on unread (`true`), or opened again (`false`), whatever
    /// the settings say; connections that are open stay as they are.
    pub fn set_passthrough(&self, host: &str, passthrough: bool) {
        if let Some(shared) = self.shared.upgrade() {
            shared.choice.set(host, passthrough);
        }
    }

    /// Why TLS to `host` would be passed on unread now; `None` when it would be opened.
    pub fn passthrough(&self, host: &str) -> Option<String> {
        self.shared.upgrade()?.choice.passes(host, None, &[]).map(|why| why.to_string())
    }

    /// Opens a further way in, under the rules and ceilings of the start. Returns where it listens.
    ///
    /// # Errors
    /// `NeedsAllow` for an address beyond this machine without `allow`; `Listen` when the address
    /// cannot be had; `TooManyModes`; `Stopped`.
    pub fn add_mode(&self, mode: &Mode) -> Result<SocketAddr, ProxyError> {
        let shared = self.shared.upgrade().ok_or(ProxyError::Stopped)?;
        if shared.scope.drain.is_cancelled() {
            return Err(ProxyError::Stopped);
        }
        mode.permitted(&shared.settings.allow)?;
        let (listener, address) = shared.listeners.open(mode, &shared.runtime)?;
        let _inside = shared.runtime.enter();
        shared.scope.spawn(accept(Arc::clone(&shared), mode.way.clone(), listener));
        Ok(address)
    }

    /// Sees to it that what devices say to `server` can pass by: by the reverse listener that is there
    /// for it, or by a new one beside the others, on the server's own port if that can be had.
    ///
    /// # Errors
    /// As [`Monitor::add_mode`].
    pub fn cover(&self, server: &Origin) -> Result<Covered, ProxyError> {
        let open = self.listeners();
        let way = Way::Reverse(server.clone());
        let find = |wanted: &Way| open.iter().find(|(mode, _)| mode.way == *wanted);
        let proxy = find(&Way::Regular).map(|(_, address)| *address);
        let (at, odd_port) = match find(&way) {
            Some((_, at)) => (*at, None),
            None => self.listen_beside(&open, way, server.port)?,
        };
        let address = match at.ip() {
            ip if !ip.is_unspecified() => ip,
            _ => lan_addresses().first().copied().unwrap_or(Ipv4Addr::LOCALHOST.into()),
        };
        Ok(Covered { server: server.clone(), at, address, proxy, odd_port })
    }

    /// A listener on the address that the others have, reverse ones first.
    fn listen_beside(
        &self,
        open: &[(Mode, SocketAddr)],
        way: Way,
        port: u16,
    ) -> Result<(SocketAddr, Option<String>), ProxyError> {
        let reverse = open.iter().find(|(mode, _)| matches!(mode.way, Way::Reverse(_)));
        let ip = reverse.or(open.first()).map_or(Ipv4Addr::LOCALHOST.into(), |(_, at)| at.ip());
        let mut mode = Mode { way, listen: SocketAddr::new(ip, port) };
        match self.add_mode(&mode) {
            Ok(at) => Ok((at, None)),
            Err(ProxyError::Listen { source, .. }) => {
                mode.listen.set_port(0);
                let why = format!("port {port} cannot be had ({source})");
                Ok((self.add_mode(&mode)?, Some(why)))
            }
            Err(error) => Err(error),
        }
    }
}

impl std::fmt::Display for Covered {
    /// What was done, and what is left to do on the device's side.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { server, at, address, proxy, odd_port } = self;
        let host = &server.host;
        match odd_port {
            None => write!(
                f,
                "listening on {at}: let {host} point to {address} for the device, by its name \
                 server or the line `{address} {host}` in its hosts file"
            )?,
            Some(why) => write!(
                f,
                "listening on {at}: the device must be told {}://{}:{}, as {why}",
                server.scheme.name(),
                bracketed(&address.to_string()),
                at.port()
            )?,
        }
        match proxy {
            Some(proxy) => write!(f, "; a device that uses the proxy {proxy} needs nothing"),
            None => Ok(()),
        }
    }
}
