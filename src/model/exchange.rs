//! The exchange: facts about one request and its answer, or about a connection that got no further.
//!
//! Facts only. What bodies mean is decoded on demand, so an old capture improves with the decoder.
//! Body bytes are not here but beside it (in the store), so that a list of exchanges stays small.

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use super::clock::{MonoTime, WallTime};
use super::ids::{ConnId, ExchangeId};
use super::peer::{Scheme, Tls};

/// What kind of thing an exchange records.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// An HTTP request and its answer.
    Http,
    /// Bytes relayed without being read: CONNECT to something that is not TLS, or an upgrade.
    Tunnel,
    /// A connection that ended before any request could be read (a rejected certificate, …).
    Connection,
}

/// How far an exchange got.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// Not over: the answer, or a body, is still to come.
    InFlight,
    /// Over, as HTTP means it.
    Complete,
    /// Over, and not as it should be.
    Failed(Failure),
    /// It was in flight when synctap itself was stopped; found so when the capture was reopened.
    CutOff,
}

/// Which peer caused a failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Side {
    /// The device.
    Client,
    /// synctap itself (a refused loop, a limit).
    Proxy,
    /// The server.
    Server,
}

impl Side {
    /// As a person says it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Client => "client",
            Self::Proxy => "proxy",
            Self::Server => "server",
        }
    }
}

/// Why an exchange failed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failure {
    /// Which side.
    pub side: Side,
    /// Stable id, such as `upstream-refused` or `certificate-rejected`.
    pub code: String,
    /// One sentence without a full stop.
    pub cause: String,
    /// What a person could do about it; may be empty.
    #[serde(default)]
    pub advice: String,
}

/// One header field as received.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Header {
    /// In the sender's case.
    pub name: String,
    /// UTF-8 where the bytes are, else each byte as one character (ISO-8859-1).
    pub value: String,
}

/// Header fields in the order received, repeats kept.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Headers(pub Vec<Header>);

impl Headers {
    /// The first value of this name, compared without case.
    pub fn first(&self, name: &str) -> Option<&str> {
        let found = self.0.iter().find(|h| h.name.eq_ignore_ascii_case(name));
        found.map(|h| h.value.as_str())
    }

    /// Every value of this name, compared without case.
    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> + 'a {
        self.0.iter().filter(move |h| h.name.eq_ignore_ascii_case(name)).map(|h| h.value.as_str())
    }

    /// The media type without parameters, in lower case; empty when absent.
    pub fn media_type(&self) -> String {
        let value = self.first("content-type").unwrap_or_default();
        value.split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
    }
}

/// What is known of a body without its bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct BodyFacts {
    /// Bytes forwarded (after transfer decoding, before content decoding).
    pub seen: u64,
    /// Bytes kept in the capture: always the first ones. Less than `seen` = truncated.
    pub kept: u64,
    /// True when its end was reached as the framing promised.
    pub ended: bool,
}

impl BodyFacts {
    /// True when the capture holds less than was forwarded.
    pub fn truncated(&self) -> bool {
        self.kept < self.seen
    }
}

/// The request.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Request {
    /// Method as sent.
    pub method: String,
    /// Request target as received (origin, absolute or authority form).
    pub target: String,
    /// `HTTP/1.1`, …
    pub version: String,
    /// Header fields.
    pub headers: Headers,
    /// The head's bytes as received, when there are such (HTTP/1). Stored beside the facts.
    #[serde(skip)]
    pub raw: Bytes,
    /// The body.
    pub body: BodyFacts,
    /// Trailer fields.
    #[serde(default)]
    pub trailers: Headers,
}

impl Request {
    /// Path and query of the target, in origin form (`/path?query`).
    pub fn path_and_query(&self) -> &str {
        match self.target.split_once("://") {
            Some((_, rest)) => rest.find(['/', '?']).map_or("/", |at| &rest[at..]),
            None => &self.target,
        }
    }

    /// The path without its query.
    pub fn path(&self) -> &str {
        self.path_and_query().split('?').next().unwrap_or_default()
    }

    /// The raw query; empty when there is none.
    pub fn query(&self) -> &str {
        self.path_and_query().split_once('?').map_or("", |(_, query)| query)
    }
}

/// The answer.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Response {
    /// Status code.
    pub status: u16,
    /// Reason phrase as sent.
    #[serde(default)]
    pub reason: String,
    /// `HTTP/1.1`, …
    pub version: String,
    /// Header fields.
    pub headers: Headers,
    /// The head's bytes as received, when there are such (HTTP/1). Stored beside the facts.
    #[serde(skip)]
    pub raw: Bytes,
    /// The body.
    pub body: BodyFacts,
    /// Trailer fields.
    #[serde(default)]
    pub trailers: Headers,
    /// Status codes of the interim answers (1xx) before it, in order.
    #[serde(default)]
    pub interim: Vec<u16>,
    /// True when synctap wrote this answer itself because it had none to pass on.
    #[serde(default)]
    pub ours: bool,
}

/// When things happened, since [`Exchange::started`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Times {
    /// Device's TLS handshake done (first exchange of a connection only).
    pub client_tls: Option<MonoTime>,
    /// Request head read.
    pub request_head: Option<MonoTime>,
    /// Request body forwarded to its end.
    pub request_end: Option<MonoTime>,
    /// TCP connection to the server made (absent when one was reused).
    pub connected: Option<MonoTime>,
    /// TLS with the server done (absent when a connection was reused).
    pub server_tls: Option<MonoTime>,
    /// Answer's head read.
    pub response_head: Option<MonoTime>,
    /// Answer's body forwarded to its end.
    pub response_end: Option<MonoTime>,
    /// Nothing more will happen.
    pub closed: Option<MonoTime>,
}

/// Bytes relayed by a tunnel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Relayed {
    /// Device to server.
    pub up: u64,
    /// Server to device.
    pub down: u64,
}

/// One exchange.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Exchange {
    /// Its number in the capture.
    pub id: ExchangeId,
    /// The device's connection it came on.
    pub conn: ConnId,
    /// What it records.
    pub kind: Kind,
    /// The way in, as typed (`regular`, `reverse:https://mail.example`); the file name for imports.
    pub mode: String,
    /// The other ways in that were open when it began, as typed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub other_modes: Vec<String>,
    /// When it began.
    pub started: WallTime,
    /// The device's address and port.
    pub client: String,
    /// The server's address and port, once known.
    #[serde(default)]
    pub server: Option<String>,
    /// How the server is spoken to.
    pub scheme: Scheme,
    /// Host the device wants (name or address, no port, no brackets).
    pub host: String,
    /// Port on that host.
    pub port: u16,
    /// TLS with the device.
    #[serde(default)]
    pub client_tls: Option<Tls>,
    /// TLS with the server.
    #[serde(default)]
    pub server_tls: Option<Tls>,
    /// The request, once its head was read.
    #[serde(default)]
    pub request: Option<Request>,
    /// The answer, once its head was read.
    #[serde(default)]
    pub response: Option<Response>,
    /// Bytes relayed, for tunnels and after an upgrade.
    #[serde(default)]
    pub relayed: Option<Relayed>,
    /// Why TLS was passed on unread instead of being opened; `None` when it was not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub passthrough: Option<String>,
    /// Timings.
    #[serde(default)]
    pub times: Times,
    /// How far it got.
    pub state: State,
}

impl Exchange {
    /// A new exchange in flight, with nothing known of either leg.
    pub fn begin(id: ExchangeId, conn: ConnId, kind: Kind, started: WallTime) -> Self {
        Self {
            id,
            conn,
            kind,
            mode: String::new(),
            other_modes: Vec::new(),
            started,
            client: String::new(),
            server: None,
            scheme: Scheme::Https,
            host: String::new(),
            port: 443,
            client_tls: None,
            server_tls: None,
            request: None,
            response: None,
            relayed: None,
            passthrough: None,
            times: Times::default(),
            state: State::InFlight,
        }
    }

    /// Host and port as in a URL: the port only when it is not the scheme's, addresses in brackets.
    pub fn authority(&self) -> String {
        let host =
            if self.host.contains(':') { format!("[{}]", self.host) } else { self.host.clone() };
        if self.scheme.default_port() == Some(self.port) {
            host
        } else {
            format!("{host}:{}", self.port)
        }
    }

    /// The whole URL of the request; the authority alone without one, and for targets that have no
    /// path (`CONNECT host:port`, `OPTIONS *`: RFC 9112 3.2.3, 3.2.4).
    pub fn url(&self) -> String {
        let path = self.request.as_ref().map_or("", Request::path_and_query);
        let path = if path.starts_with(['/', '?']) { path } else { "" };
        format!("{}://{}{path}", self.scheme.name(), self.authority())
    }

    /// True while more may come.
    pub fn in_flight(&self) -> bool {
        self.state == State::InFlight
    }

    /// True when the capture holds less of a body than was forwarded.
    pub fn truncated(&self) -> bool {
        self.request.as_ref().is_some_and(|r| r.body.truncated())
            || self.response.as_ref().is_some_and(|r| r.body.truncated())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_path_of_every_target_form() {
        let path = |target: &str| {
            let request = Request { target: target.into(), ..Request::default() };
            (request.path().to_owned(), request.query().to_owned())
        };
        assert_eq!(path("/a/b?c=d"), ("/a/b".into(), "c=d".into()));
        assert_eq!(path("http://h:1/a?c"), ("/a".into(), "c".into()));
        assert_eq!(path("http://h"), ("/".into(), String::new()));
        assert_eq!(path("http://h?x"), (String::new(), "x".into()));
    }

    #[test]
    fn the_port_shows_only_when_unusual() {
        let mut e = Exchange::begin(ExchangeId(1), ConnId(1), Kind::Http, WallTime(0));
        e.host = "::1".into();
        assert_eq!(e.url(), "https://[::1]");
        e.port = 8443;
        assert_eq!(e.url(), "https://[::1]:8443");
        for target in ["[::1]:8443", "*"] {
            e.request = Some(Request { target: target.into(), ..Request::default() });
            assert_eq!(e.url(), "https://[::1]:8443");
        }
    }
}
