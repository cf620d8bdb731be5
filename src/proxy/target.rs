//! Where a request goes.

use crate::model::Scheme;
use crate::proxy::mode::{Origin, bracketed};

/// A server, and how to speak to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Target {
    /// HTTP or HTTPS, or bytes that are not read.
    pub(super) scheme: Scheme,
    /// Name or address, without brackets, in lower case.
    pub(super) host: String,
    /// TCP port.
    pub(super) port: u16,
    /// The name its certificate must hold for.
    pub(super) name: String,
    /// Whether that name is sent (SNI): a device that sent none gets the same treatment.
    pub(super) send_name: bool,
}

impl Target {
    /// The server of a URL.
    pub(super) fn of(origin: &Origin) -> Self {
        Self {
            scheme: origin.scheme,
            host: origin.host.clone(),
            port: origin.port,
            name: origin.host.clone(),
            send_name: true,
        }
    }

    /// The server behind a CONNECT whose TLS asked for `sni`.
    pub(super) fn tunnelled(host: &str, port: u16, sni: Option<&str>) -> Self {
        Self {
            scheme: Scheme::Https,
            host: host.to_owned(),
            port,
            name: sni.unwrap_or(host).to_owned(),
            send_name: sni.is_some(),
        }
    }

    /// The same server without TLS, or unread.
    pub(super) fn plain(host: &str, port: u16, scheme: Scheme) -> Self {
        Self { scheme, host: host.to_owned(), port, name: host.to_owned(), send_name: false }
    }

    /// For sentences: host and port.
    pub(super) fn label(&self) -> String {
        format!("{}:{}", bracketed(&self.host), self.port)
    }

    /// The name people know it by: what TLS asked for when the address alone is known.
    pub(super) fn display_host(&self) -> &str {
        if self.host.parse::<std::net::IpAddr>().is_ok() { &self.name } else { &self.host }
    }
}
