//! What the data path must be told.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::path::PathBuf;

use super::choose::Choosing;
use super::cidr::Cidr;
use super::limits::Limits;
use super::mode::Mode;

/// Settings of one run, resolved: nothing here is looked up elsewhere.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The ways in; one listener each.
    pub modes: Vec<Mode>,
    /// PEM files whose certificates servers may be signed by, beside system and Mozilla roots.
    pub upstream_ca: Vec<PathBuf>,
    /// Go on with servers whose certificate does not hold. The verdict is recorded.
    pub insecure_upstream: bool,
    /// Reverse mode: forward the device's `Host` instead of the server's own.
    pub keep_host: bool,
    /// Devices that may connect, beside this machine. Needed to listen beyond loopback.
    pub allow: Vec<Cidr>,
    /// Which hosts' TLS is opened.
    pub choosing: Choosing,
    /// Bytes of a body that are copied; what comes after is forwarded and counted.
    pub body_limit: u64,
    /// Ceilings and patiences.
    pub limits: Limits,
    /// File that TLS secrets of both legs are appended to (`SSLKEYLOGFILE`), for Wireshark.
    pub keylog: Option<PathBuf>,
    /// Servers by names (lower case) that nobody else need know, and where they are, whatever port is
    /// asked for. Everybody else is found as usual.
    pub hosts: HashMap<String, SocketAddr>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            modes: vec![Mode::regular()],
            upstream_ca: Vec::new(),
            insecure_upstream: false,
            keep_host: false,
            allow: Vec::new(),
            choosing: Choosing::default(),
            body_limit: 64 * 1024 * 1024,
            limits: Limits::default(),
            keylog: None,
            hosts: HashMap::new(),
        }
    }
}
