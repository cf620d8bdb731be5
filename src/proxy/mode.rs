//! The ways in, as a person types them: `SPEC[@ADDR]`.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::str::FromStr;

use super::cidr::Cidr;
use super::error::ProxyError;
use crate::model::Scheme;

/// Where a mode listens when nothing is said.
pub const DEFAULT_LISTEN: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 8080);

/// A way in and the address it listens on: `regular`, `reverse:https://mail.example@[::1]:8443`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Mode {
    /// How the device tells where it wants to go.
    pub way: Way,
    /// The address to listen on.
    pub listen: SocketAddr,
}

/// How a device tells where it wants to go.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Way {
    /// It knows of the proxy: CONNECT, or absolute request targets (RFC 9112 §3.2.2, §3.2.3).
    Regular,
    /// It takes us for the server; everything goes to this one.
    Reverse(Origin),
    /// It goes nowhere: the listener serves synctap's own pages only.
    Admin,
}

/// A server as in the front of a URL.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Origin {
    /// `http` or `https`.
    pub scheme: Scheme,
    /// Name or address, without brackets.
    pub host: String,
    /// TCP port.
    pub port: u16,
}

/// Why a text is no mode.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ModeError {
    /// No mode is called so.
    #[error("unknown mode: `{0}` (there are `regular` and `reverse:https://HOST[:PORT]`)")]
    Unknown(String),
    /// What follows `@` is no address to listen on.
    #[error("not an address to listen on: `{0}` (try `127.0.0.1:8080` or `[::1]:8080`)")]
    Listen(String),
    /// What follows `reverse:` is no server.
    #[error("not a server: `{0}` (try `https://mail.example` or `http://[::1]:8080`)")]
    Origin(String),
}

impl Mode {
    /// The explicit proxy on the default address.
    pub const fn regular() -> Self {
        Self { way: Way::Regular, listen: DEFAULT_LISTEN }
    }
}

impl Mode {
    /// Whether it may be opened, given the networks that may connect.
    ///
    /// # Errors
    /// `NeedsAllow` beyond this machine when nobody is named who may connect.
    pub(super) fn permitted(&self, allow: &[Cidr]) -> Result<(), ProxyError> {
        if allow.is_empty() && !self.listen.ip().to_canonical().is_loopback() {
            return Err(ProxyError::NeedsAllow { address: self.listen });
        }
        Ok(())
    }
}

impl Origin {
    /// Host and port as in a URL: the port only when it is not the scheme's.
    pub fn authority(&self) -> String {
        let host = bracketed(&self.host);
        if self.scheme.default_port() == Some(self.port) {
            host
        } else {
            format!("{host}:{}", self.port)
        }
    }
}

impl FromStr for Mode {
    type Err = ModeError;

    fn from_str(text: &str) -> Result<Self, ModeError> {
        let (spec, listen) = match text.rsplit_once('@') {
            Some((spec, listen)) => (spec, parse_listen(listen)?),
            None => (text, DEFAULT_LISTEN),
        };
        let way = match spec.split_once(':') {
            None if spec == "regular" => Way::Regular,
            None if spec == "admin" => Way::Admin,
            Some(("reverse", origin)) => Way::Reverse(origin.parse()?),
            _ => return Err(ModeError::Unknown(spec.into())),
        };
        Ok(Self { way, listen })
    }
}

impl FromStr for Origin {
    type Err = ModeError;

    fn from_str(text: &str) -> Result<Self, ModeError> {
        let bad = || ModeError::Origin(text.into());
        let (scheme, rest) = text.split_once("://").ok_or_else(bad)?;
        let scheme = match scheme.to_ascii_lowercase().as_str() {
            "http" => Scheme::Http,
            "https" => Scheme::Https,
            _ => return Err(bad()),
        };
        // One slash is what a browser's address bar leaves behind; a path would be ignored silently.
        let authority = rest.strip_suffix('/').unwrap_or(rest);
        let (host, port) = split_authority(authority).ok_or_else(bad)?;
        let port = port.or(scheme.default_port()).ok_or_else(bad)?;
        Ok(Self { scheme, host, port })
    }
}

impl fmt::Display for Mode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}@{}", self.way, self.listen)
    }
}

impl fmt::Display for Way {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Regular => f.write_str("regular"),
            Self::Reverse(origin) => write!(f, "reverse:{origin}"),
            Self::Admin => f.write_str("admin"),
        }
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}", self.scheme.name(), self.authority())
    }
}

/// Splits `host[:port]` or `[v6][:port]` (RFC 3986 §3.2, without user information): the host without
/// brackets, in lower case. `None` when it is neither, or the port is 0 or too large.
pub(super) fn split_authority(text: &str) -> Option<(String, Option<u16>)> {
    let (host, port) = if let Some(rest) = text.strip_prefix('[') {
        let (address, port) = rest.split_once(']')?;
        address.parse::<Ipv6Addr>().ok()?;
        (address, port.strip_prefix(':').map_or_else(|| port.is_empty().then_some(""), Some)?)
    } else {
        text.split_once(':').unwrap_or((text, ""))
    };
    let port = match port {
        "" => None,
        digits if digits.bytes().all(|b| b.is_ascii_digit()) => {
            Some(digits.parse().ok().filter(|port| *port != 0)?)
        }
        _ => return None,
    };
    let odd = |c: char| c.is_whitespace() || c.is_control() || "/?#@\\[]<>\"".contains(c);
    let fits = !host.is_empty() && !host.contains(odd);
    fits.then(|| (host.to_ascii_lowercase(), port))
}

/// A host as in a URL: IPv6 addresses in brackets.
pub(super) fn bracketed(host: &str) -> String {
    if host.contains(':') { format!("[{host}]") } else { host.to_owned() }
}

fn parse_listen(text: &str) -> Result<SocketAddr, ModeError> {
    let local = |port: &str| port.parse().map(|port| SocketAddr::new(DEFAULT_LISTEN.ip(), port));
    let whole = text.parse::<SocketAddr>().ok();
    let found = whole.or_else(|| local(text.strip_prefix(':').unwrap_or(text)).ok());
    found.ok_or_else(|| ModeError::Listen(text.into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn modes_are_read_and_written() {
        for (text, written) in [
            ("regular", "regular@127.0.0.1:8080"),
            ("regular@0.0.0.0:3128", "regular@0.0.0.0:3128"),
            ("regular@:9", "regular@127.0.0.1:9"),
            ("regular@9", "regular@127.0.0.1:9"),
            ("reverse:https://Mail.Example", "reverse:https://mail.example@127.0.0.1:8080"),
            ("reverse:https://mail.example/", "reverse:https://mail.example@127.0.0.1:8080"),
            (
                "reverse:http://[2001:db8::1]:81@[::1]:82",
                "reverse:http://[2001:db8::1]:81@[::1]:82",
            ),
            ("reverse:http://h:80", "reverse:http://h@127.0.0.1:8080"),
        ] {
            let mode: Mode = text.parse().unwrap();
            assert_eq!(mode.to_string(), written);
            assert_eq!(written.parse(), Ok(mode), "what is written can be read");
        }
    }

    #[test]
    fn wrong_modes_say_what_is_wrong() {
        let error = |text: &str| text.parse::<Mode>().unwrap_err();
        assert_eq!(error("socks"), ModeError::Unknown("socks".into()));
        assert_eq!(error(""), ModeError::Unknown(String::new()));
        assert_eq!(error("regular@home"), ModeError::Listen("home".into()));
        assert_eq!(error("regular@1.2.3.4"), ModeError::Listen("1.2.3.4".into()));
        for server in [
            "mail.example",
            "ftp://h",
            "https://",
            "https://h/p",
            "https://h:0",
            "https://h:65536",
            "https://h:x",
            "https://[::1",
            "https://[::1]x",
            "https://::1",
        ] {
            assert_eq!(error(&format!("reverse:{server}")), ModeError::Origin(server.into()));
        }
    }

    #[test]
    fn authorities_are_split() {
        assert_eq!(split_authority("Host"), Some(("host".into(), None)));
        assert_eq!(split_authority("host:1"), Some(("host".into(), Some(1))));
        assert_eq!(split_authority("[::1]:2"), Some(("::1".into(), Some(2))));
        assert_eq!(split_authority("[::1]"), Some(("::1".into(), None)));
        for text in ["", ":1", "a b:1", "a:+1", "[host]:1", "[]:1", "u@h:1", "a/b"] {
            assert_eq!(split_authority(text), None, "{text}");
        }
    }
}
