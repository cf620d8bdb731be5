//! What is known of a connection's two ends.

use serde::{Deserialize, Serialize};

use super::clock::WallTime;

/// How a server is spoken to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Scheme {
    /// HTTP over plain TCP.
    Http,
    /// HTTP over TLS.
    Https,
    /// Bytes that were not read.
    Tcp,
}

impl Scheme {
    /// As in a URL.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Http => "http",
            Self::Https => "https",
            Self::Tcp => "tcp",
        }
    }

    /// The port that goes without saying.
    pub const fn default_port(self) -> Option<u16> {
        match self {
            Self::Http => Some(80),
            Self::Https => Some(443),
            Self::Tcp => None,
        }
    }
}

/// One certificate, as far as people look at it.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct CertificateFacts {
    /// Subject, RFC 4514 style.
    pub subject: String,
    /// Issuer, RFC 4514 style.
    pub issuer: String,
    /// DNS names and addresses of the subject alternative name.
    pub names: Vec<String>,
    /// Valid from.
    pub not_before: WallTime,
    /// Valid until.
    pub not_after: WallTime,
    /// SHA-256 of the DER bytes, lower-case hex.
    pub sha256: String,
}

/// Whether the server's certificate held.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Nothing to verify (our own leaf), or not reached.
    #[default]
    None,
    /// Chain, name and time hold.
    Verified,
    /// They do not; the reason. The connection went on only because the user said so.
    Unverified(String),
}

/// One TLS connection.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Tls {
    /// `TLSv1.3`, `TLSv1.2`; empty when the handshake did not get that far.
    pub version: String,
    /// Cipher suite by its standard name.
    pub suite: String,
    /// Server name asked for.
    pub sni: Option<String>,
    /// Protocols offered in the `ClientHello`.
    pub alpn_offered: Vec<String>,
    /// Protocol agreed on.
    pub alpn: Option<String>,
    /// The certificates shown by the server of this connection (ours towards the device), leaf first.
    pub chain: Vec<CertificateFacts>,
    /// Whether that chain held.
    pub verdict: Verdict,
    /// The server asked for a certificate of the client (none is sent).
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub client_certificate_asked: bool,
    /// The certificate that the device showed on this connection, having proved that it has the key;
    /// `None` when it showed none, or was not asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_certificate: Option<ClientCertificate>,
}

/// The certificate of a client.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct ClientCertificate {
    /// What people look for.
    pub facts: CertificateFacts,
    /// The DER bytes in base64.
    pub der: String,
}
