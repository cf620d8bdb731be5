//! What to do on the device at hand: the general words while nothing is known of it, the steps of its
//! system once it said what it is.

use std::sync::Arc;

use rustls::RootCertStore;
use synctap::model::{Exchange, Failure, State};
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;

use crate::support::{self, Lab, Origin, Peer};

/// Systems, as mail apps, browsers and management clients name them, with the first words of their
/// advice.
const AGENTS: [(&str, &str); 5] = [
    ("Apple-iPhone15C2/2104.52", "on iPhone or iPad: "),
    ("Android-Mail/2023.04.02", "on Android: "),
    ("MSFT OMA DM Client/1.2.0.1", "on Windows"),
    ("Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7)", "on macOS: "),
    ("Mozilla/5.0 (X11; Linux x86_64)", "on Linux: "),
];

/// Does something wrong as a device of which `agent` is known, if it is given, and returns the row.
async fn after<F: Future<Output = ()>>(
    agent: Option<&str>,
    code: &str,
    mishap: impl FnOnce(Arc<Lab>) -> F,
) -> Failure {
    let lab = Arc::new(Lab::regular().await);
    if let Some(agent) = agent {
        let mut peer = lab.client().await;
        let ask = format!("GET / HTTP/1.1\r\nHost: h\r\nUser-Agent: {agent}\r\n\r\n");
        peer.send(ask).await;
        assert_eq!(peer.message().await.status(), 200);
    }
    mishap(Arc::clone(&lab)).await;
    failure(lab.events.failed(code).await)
}

fn failure(exchange: Exchange) -> Failure {
    let State::Failed(failure) = exchange.state else { panic!("{exchange:?}") };
    failure
}

async fn rejects(lab: Arc<Lab>) {
    let tunnel = lab.client().await.tunnel("localhost", 9).await;
    let config = support::config_with(RootCertStore::empty());
    assert!(tunnel.tls_with("localhost", config).await.is_err());
}

/// Hangs up behind its greeting, as apps do that pin their server.
async fn hangs_up(lab: Arc<Lab>) {
    let mut peer = lab.client().await.tunnel("localhost", 9).await;
    peer.send(greeting(3)).await;
    peer.exact(1).await;
    drop(peer);
}

async fn greets_in_old_words(lab: Arc<Lab>) {
    let mut peer = lab.client().await.tunnel("localhost", 9).await;
    peer.send(greeting(1)).await;
    peer.rest().await;
}

/// A `ClientHello` of TLS 1.`minor - 1` with what a server of TLS 1.2 needs.
fn greeting(minor: u8) -> Vec<u8> {
    let mut body = vec![3, minor];
    body.extend([7; 32]);
    // No session, TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, no compression; x25519, P-256 with SHA-256.
    body.extend([0, 0, 2, 0xc0, 0x2b, 1, 0, 0, 16]);
    body.extend([0, 10, 0, 4, 0, 2, 0, 29, 0, 13, 0, 4, 0, 2, 4, 3]);
    let length = u8::try_from(body.len()).unwrap();
    [&[0x16, 3, 1, 0, length + 4, 1, 0, 0, length], &body[..]].concat()
}

async fn speaks_tls_to_the_proxy(lab: Arc<Lab>) {
    let mut stream = TcpStream::connect(lab.address).await.unwrap();
    stream.write_all(&greeting(3)).await.unwrap();
    lab.events.failed("tls-to-proxy-port").await;
}

#[tokio::test]
async fn a_rejected_certificate_is_mended_on_the_system_that_is_known() {
    let unknown = after(None, "certificate-rejected", rejects).await;
    assert!(unknown.advice.starts_with("install the synctap CA on the device"));
    assert!(unknown.advice.contains("http://synctap.internal/"), "{}", unknown.advice);
    for (agent, words) in AGENTS {
        let known = after(Some(agent), "certificate-rejected", rejects).await;
        assert_eq!(known.cause, unknown.cause);
        assert!(known.advice.starts_with(words), "{agent}: {}", known.advice);
    }
}

#[tokio::test]
async fn a_device_that_hangs_up_gets_the_same_advice() {
    let (ios, words) = AGENTS[0];
    let unknown = after(None, "closed-in-handshake", hangs_up).await;
    assert!(unknown.cause.contains("probably does not trust"), "{}", unknown.cause);
    assert!(unknown.advice.starts_with("install the synctap CA"), "{}", unknown.advice);
    let known = after(Some(ios), "closed-in-handshake", hangs_up).await;
    assert!(known.advice.starts_with(words), "{}", known.advice);
}

#[tokio::test]
async fn old_tls_is_mended_by_system_too() {
    let unknown = after(None, "tls-too-old", greets_in_old_words).await;
    assert!(unknown.cause.contains("offers TLS 1.0 at most"), "{}", unknown.cause);
    assert!(unknown.advice.starts_with("update the client"), "{}", unknown.advice);
    for (agent, words) in AGENTS {
        let known = after(Some(agent), "tls-too-old", greets_in_old_words).await;
        assert!(known.advice.starts_with(words), "{agent}: {}", known.advice);
        assert_eq!(known.cause, unknown.cause);
    }
}

#[tokio::test]
async fn a_proxy_taken_for_a_server_is_put_right_by_system() {
    let (agent, words) = AGENTS[1];
    let known = after(Some(agent), "tls-to-proxy-port", speaks_tls_to_the_proxy).await;
    assert!(known.advice.starts_with(words) && known.advice.contains("Proxy: Manual"));
    let lab = Lab::regular().await;
    let mut peer = lab.client().await;
    peer.send(format!("GET /mail HTTP/1.1\r\nHost: h\r\nUser-Agent: {agent}\r\n\r\n")).await;
    let told = String::from_utf8(peer.message().await.body).unwrap();
    assert!(told.contains(words), "the answer says it too: {told}");
}

#[tokio::test]
async fn plain_http_is_mended_by_system() {
    let origin = Origin::echo(true).await;
    let lab = Lab::reverse(&origin).await;
    let words = "GET / HTTP/1.1\r\nHost: h\r\nUser-Agent: MSFT-WP/8.10\r\n\r\n";
    for expected in ["turn on SSL/TLS", "on Windows: in the account's settings"] {
        let mut peer: Peer = lab.client().await;
        peer.send(words).await;
        peer.message().await;
        let told =
            |e: &Exchange| matches!(&e.state, State::Failed(f) if f.advice.starts_with(expected));
        assert_eq!(failure(lab.events.wait(told).await).code, "plain-http-to-tls");
    }
}
