//! What goes wrong, made on purpose.

use std::net::SocketAddr;

use clap::ValueEnum;
use tokio::io::AsyncReadExt as _;

use super::device::{Device, expect};
use super::stage::{DemoError, HOST, Stage};
use super::windows::{CheckIn, Pc};
use super::wire::Wire;

/// A failure to show, by the code its row gets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Mishap {
    /// The device does not trust the certificate
    CertificateRejected,
    /// The server asks for a client certificate, and goes on without (no failure of its own)
    ClientCertificateNotSent,
    /// The server asks for a client certificate
    ClientCertificateWanted,
    /// The device hangs up in the middle of the handshake
    ClosedInHandshake,
    /// The device shakes hands and closes without a word
    ClosedBeforeRequest,
    /// The device sends something that is not HTTP
    MalformedRequest,
    /// The device and the proxy share no cipher
    NoSharedCipher,
    /// The device speaks plain HTTP to a listener for HTTPS
    PlainHttpToTls,
    /// The device asks the proxy for the proxy itself
    ProxyLoop,
    /// The device's body goes on after its end
    RequestBodyLong,
    /// The device's body ends early
    RequestBodyShort,
    /// The server's body goes on after its end
    ResponseBodyLong,
    /// The server's body ends early
    ResponseBodyShort,
    /// The server sends the device to another host (no failure of its own)
    SentElsewhere,
    /// A signed message is changed on its way to the proxy (no failure of its own)
    Signature,
    /// The device speaks TLS to the proxy's port
    TlsToProxyPort,
    /// The device offers TLS 1.0 at most
    TlsTooOld,
    /// The server's chunked body never ends
    UnfinishedChunks,
    /// The body has a coding nobody knows (no failure of its own)
    UnknownCoding,
    /// The server's certificate has run out
    UpstreamExpired,
    /// The server's name has no address
    UpstreamNotFound,
    /// The server speaks no TLS
    UpstreamNotTls,
    /// The server's certificate holds from tomorrow on
    UpstreamNotYetValid,
    /// Nobody listens there
    UpstreamRefused,
    /// The server resets in the middle of a body
    UpstreamReset,
    /// The server speaks TLS and is asked without
    UpstreamSpeaksTls,
    /// The server does not answer
    UpstreamTimeout,
    /// The server's certificate is by nobody we know
    UpstreamUntrusted,
    /// The server's certificate is for another name
    UpstreamWrongName,
}

/// A `ClientHello` of TLS 1.0: version, random, no session, one suite, no compression.
fn old_hello() -> Vec<u8> {
    let mut body = vec![3, 1];
    body.extend([7; 32]);
    body.extend([0, 0, 2, 0, 0x2f, 1, 0]);
    let mut hello = vec![0x16, 3, 1, 0, 45, 1, 0, 0, 41];
    hello.extend(body);
    hello
}

/// A `ClientHello` of TLS 1.2 with this suite, P-256 and its signature.
fn hello(suite: [u8; 2]) -> Vec<u8> {
    let mut body = vec![3, 3];
    body.extend([7; 32]);
    body.extend([0, 0, 2, suite[0], suite[1], 1, 0, 0, 16]);
    body.extend([0, 10, 0, 4, 0, 2, 0, 23, 0, 13, 0, 4, 0, 2, 4, 3]);
    let mut hello = vec![0x16, 3, 1, 0, 63, 1, 0, 0, 59];
    hello.extend(body);
    hello
}

/// `TLS_RSA_WITH_AES_128_CBC_SHA`: the key exchange that nobody should have any more.
const OLD_SUITE: [u8; 2] = [0, 0x2f];
/// `TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256`.
const USUAL_SUITE: [u8; 2] = [0xc0, 0x2b];

/// Where devices find the proxy.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Ways {
    /// The explicit proxy.
    pub(crate) proxy: SocketAddr,
    /// The listener for the demonstration's server alone, where something needs it.
    pub(crate) reverse: Option<SocketAddr>,
}

impl Mishap {
    /// Makes it happen. That the proxy closes on us is part of the play.
    pub(super) async fn play(self, stage: &Stage, ways: Ways) -> Result<(), DemoError> {
        let proxy = ways.proxy;
        let servers = stage.servers();
        let (device, good) = (stage.device(proxy), servers.good.port());
        match self {
            Self::CertificateRejected => {
                let tunnel = stage.distrustful(proxy).tunnel(HOST, good).await?;
                // The handshake is meant to fail.
                let _ = stage.distrustful(proxy).secure(tunnel, HOST).await;
            }
            Self::ClosedBeforeRequest => device.open(good).await?.end().await,
            Self::ClientCertificateWanted => get(&device, servers.exclusive.port(), "/").await?,
            Self::ClientCertificateNotSent => {
                get(&device, servers.curious.port(), "/demo/fine").await?;
            }
            Self::ClosedInHandshake => {
                let mut wire = device.tunnel(HOST, good).await?;
                wire.send(&hello(USUAL_SUITE)).await?;
                // Its certificate is on its way: that was enough.
                let _ = wire.read_u8().await;
            }
            Self::NoSharedCipher => {
                raw(device.tunnel(HOST, good).await?, &hello(OLD_SUITE)).await?;
            }
            Self::PlainHttpToTls => {
                let request = format!("GET /demo/fine HTTP/1.1\r\nHost: {HOST}\r\n\r\n");
                let listener = ways.reverse.ok_or(DemoError::Body("no reverse listener"))?;
                let mut wire = Device::new(listener, None).connect().await?;
                wire.send(request.as_bytes()).await?;
                expect("plain HTTP", "200", &wire.hear().await?.unwrap_or_default())?;
                wire.end().await;
            }
            Self::RequestBodyLong => {
                let text = "POST /demo/fine HTTP/1.1\r\nHost: localhost\r\nContent-Length: 4\r\n\r\n\
                    four and more\r\n\r\n";
                raw(device.open(good).await?, text.as_bytes()).await?;
            }
            Self::UpstreamExpired => get(&device, servers.expired.port(), "/").await?,
            Self::UpstreamNotYetValid => get(&device, servers.early.port(), "/").await?,
            Self::UpstreamWrongName => get(&device, servers.misnamed.port(), "/").await?,
            Self::UpstreamTimeout => get(&device, servers.deaf.port(), "/").await?,
            Self::UpstreamUntrusted => get(&device, servers.untrusted.port(), "/").await?,
            Self::UpstreamNotTls => get(&device, servers.plain.port(), "/").await?,
            Self::UpstreamRefused => get(&device, free_port().await?, "/").await?,
            Self::ResponseBodyShort => get(&device, good, "/demo/short").await?,
            Self::ResponseBodyLong => get(&device, good, "/demo/long").await?,
            Self::UnfinishedChunks => get(&device, good, "/demo/unfinished").await?,
            Self::UpstreamReset => get(&device, good, "/demo/reset").await?,
            Self::UnknownCoding => get(&device, good, "/demo/coding").await?,
            Self::SentElsewhere => get(&device, good, "/demo/elsewhere").await?,
            Self::UpstreamNotFound => absolute(&device, "no-such-host.invalid").await?,
            Self::UpstreamSpeaksTls => absolute(&device, &format!("{HOST}:{good}")).await?,
            Self::ProxyLoop => absolute(&device, &proxy.to_string()).await?,
            Self::MalformedRequest => raw(device.connect().await?, b"what?\r\n\r\n").await?,
            Self::Signature => {
                let mut pc = Pc::enrol(stage, device).await?;
                pc.check_in(CheckIn::SPOILED).await?;
            }
            Self::TlsToProxyPort => {
                // As above.
                let _ = device.secure(device.connect().await?, HOST).await;
            }
            Self::TlsTooOld => raw(device.tunnel(HOST, good).await?, &old_hello()).await?,
            Self::RequestBodyShort => {
                let head = "POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\nless";
                raw(device.open(good).await?, head.as_bytes()).await?;
            }
        }
        Ok(())
    }
}

/// Sends bytes, and ends.
async fn raw(mut wire: Wire, bytes: &[u8]) -> Result<(), DemoError> {
    wire.send(bytes).await?;
    wire.end().await;
    wire.wait_for_end().await;
    Ok(())
}

/// One request through a tunnel, whatever comes of it.
async fn get(device: &Device, port: u16, path: &str) -> Result<(), DemoError> {
    let mut wire = device.open(port).await?;
    wire.send(format!("GET {path} HTTP/1.1\r\nHost: {HOST}:{port}\r\n\r\n").as_bytes()).await?;
    // The answer may break off: the row says how.
    let _ = wire.hear().await;
    wire.end().await;
    Ok(())
}

/// One request in plain HTTP.
async fn absolute(device: &Device, authority: &str) -> Result<(), DemoError> {
    let mut wire = device.connect().await?;
    let request = format!("GET http://{authority}/ HTTP/1.1\r\nHost: {authority}\r\n\r\n");
    wire.send(request.as_bytes()).await?;
    let _ = wire.hear().await;
    wire.end().await;
    Ok(())
}

/// A port nobody listens on, as far as anybody can know.
async fn free_port() -> Result<u16, DemoError> {
    Ok(tokio::net::TcpListener::bind("127.0.0.1:0").await?.local_addr()?.port())
}
