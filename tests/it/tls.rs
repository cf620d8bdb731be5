//! TLS on both legs: which certificate, which facts, and who refuses whom.

use std::sync::Arc;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{
    CertificateError, ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme,
};
use synctap::model::{Exchange, Failure, Kind, Side, State, Verdict};
use synctap::pki::{KeyKind, LeafMint, crypto_provider};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::support::{self, Lab, Origin, Peer};

async fn get(peer: &mut Peer) -> u16 {
    peer.send("GET / HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\n\r\n").await;
    peer.message().await.status()
}

async fn failure(lab: &Lab, code: &str) -> Failure {
    let exchange = lab.events.failed(code).await;
    match exchange.state {
        State::Failed(failure) => failure,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn the_certificate_is_for_the_name_asked_for() {
    let origin = Origin::echo(true).await;
    let lab = Lab::regular().await;
    let tunnel = || async { lab.client().await.tunnel("localhost", origin.port()).await };
    let mut by_name = tunnel().await.tls("localhost").await;
    assert_eq!(get(&mut by_name).await, 200);
    let tls = lab.events.closed(1).await.client_tls.unwrap();
    assert_eq!(tls.sni.as_deref(), Some("localhost"));
    assert_eq!(tls.chain[0].names, ["localhost"]);
    assert_eq!((&*tls.version, tls.alpn.as_deref()), ("TLSv1.3", Some("http/1.1")));
    assert!(tls.suite.starts_with("TLS_"), "{}", tls.suite);
    assert_eq!(tls.chain[1].sha256, support::authority().facts().facts.sha256);
    // Another name than the tunnel's is certified too; the server then must hold for that name.
    let mut other = tunnel().await.tls("other.example").await;
    assert_eq!(get(&mut other).await, 502);
    let untrusted = failure(&lab, "upstream-wrong-name").await;
    assert!(
        untrusted.cause.contains("not for other.example but for localhost"),
        "{}",
        untrusted.cause
    );
    assert!(!untrusted.advice.contains("--upstream-ca"), "that would not help");
    // Without a name (an address sends none) the tunnel's host is certified.
    let tunnel = lab.client().await.tunnel("127.0.0.1", origin.port()).await;
    let mut by_address = tunnel.tls("127.0.0.1").await;
    assert_eq!(get(&mut by_address).await, 502);
    let exchange = lab.events.closed(3).await;
    assert_eq!(exchange.client_tls.unwrap().chain[0].names, ["127.0.0.1"]);
    assert_eq!(exchange.server_tls.unwrap().sni, None);
}

#[tokio::test]
async fn a_reverse_proxy_shows_the_servers_name_when_none_is_asked_for() {
    let origin = Origin::echo(true).await;
    let lab = Lab::reverse(&origin).await;
    let mut config = support::client_config();
    config.enable_sni = false;
    let mut peer = lab.client().await.tls_with("localhost", config).await.unwrap();
    assert_eq!(get(&mut peer).await, 200);
    let tls = lab.events.closed(1).await.client_tls.unwrap();
    assert_eq!((tls.sni, &*tls.chain[0].names), (None, &["localhost".to_owned()][..]));
}

#[tokio::test]
async fn a_client_may_offer_http_1_0_alone() {
    let origin = Origin::echo(true).await;
    let lab = Lab::regular().await;
    for (offered, agreed) in
        [(vec!["http/1.0"], "http/1.0"), (vec!["http/1.0", "http/1.1"], "http/1.1")]
    {
        let mut config = support::client_config();
        config.alpn_protocols = offered.iter().map(|name| name.as_bytes().to_vec()).collect();
        let tunnel = lab.client().await.tunnel("localhost", origin.port()).await;
        let mut peer = tunnel.tls_with("localhost", config).await.unwrap();
        assert_eq!(get(&mut peer).await, 200);
        let told = |e: &Exchange| e.client_tls.as_ref().is_some_and(|t| t.alpn_offered == offered);
        let exchange = lab.events.wait(told).await;
        assert_eq!(exchange.client_tls.unwrap().alpn.as_deref(), Some(agreed));
    }
}

#[tokio::test]
async fn old_clients_get_an_rsa_key() {
    let origin = Origin::echo(true).await;
    let lab = Lab::regular().await;
    let mut provider = (*crypto_provider()).clone();
    provider.cipher_suites.retain(|suite| !format!("{:?}", suite.suite()).contains("ECDSA"));
    let mut roots = RootCertStore::empty();
    roots.add(support::authority().export_der().to_vec().into()).unwrap();
    let config = ClientConfig::builder_with_provider(Arc::new(provider))
        .with_protocol_versions(&[&rustls::version::TLS12])
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let tunnel = lab.client().await.tunnel("localhost", origin.port()).await;
    let mut peer = tunnel.tls_with("localhost", config).await.unwrap();
    assert_eq!(get(&mut peer).await, 200);
    let tls = lab.events.closed(1).await.client_tls.unwrap();
    assert_eq!(tls.version, "TLSv1.2");
    assert!(tls.suite.starts_with("TLS_ECDHE_RSA_"), "{}", tls.suite);
}

#[tokio::test]
async fn the_servers_certificate_is_judged_and_insecure_is_remembered() {
    let origin = Origin::echo(true).await;
    for insecure in [false, true] {
        let lab = Lab::with("regular@127.0.0.1:0", |settings| {
            settings.upstream_ca.clear();
            settings.insecure_upstream = insecure;
        })
        .await;
        let mut peer = lab.tunnelled(&origin).await;
        assert_eq!(get(&mut peer).await, if insecure { 200 } else { 502 });
        let exchange = lab.events.closed(1).await;
        let tls = exchange.server_tls.unwrap();
        let why = "no trusted authority signed it".to_owned();
        assert_eq!(tls.verdict, Verdict::Unverified(why));
        assert_eq!(tls.chain[0].names, ["localhost"]);
        let State::Failed(failure) = exchange.state else {
            assert!(insecure);
            continue;
        };
        assert_eq!((failure.side, &*failure.code), (Side::Server, "upstream-untrusted"));
        assert!(failure.cause.contains("no trusted authority signed it"), "{}", failure.cause);
        assert!(failure.advice.contains("--upstream-ca"));
    }
}

#[tokio::test]
async fn a_client_that_rejects_our_certificate_is_told_by_its_alert() {
    let origin = Origin::echo(true).await;
    let lab = Lab::regular().await;
    let tunnel = lab.client().await.tunnel("localhost", origin.port()).await;
    let config = support::config_with(RootCertStore::empty());
    assert!(tunnel.tls_with("localhost", config).await.is_err());
    let exchange = lab.events.failed("certificate-rejected").await;
    assert_eq!(exchange.kind, Kind::Connection);
    assert_eq!((&*exchange.host, exchange.port), ("localhost", origin.port()));
    let State::Failed(failure) = exchange.state else { panic!() };
    assert_eq!(failure.side, Side::Client);
    assert!(failure.cause.contains("TLS alert unknown_ca"), "{}", failure.cause);
    assert!(failure.advice.contains("synctap ca"));
    assert_eq!(exchange.client_tls.unwrap().sni.as_deref(), Some("localhost"));
}

/// Accepts anything, as apps do that check the certificate themselves, later.
#[derive(Debug)]
struct AcceptAll;

impl ServerCertVerifier for AcceptAll {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }
    fn verify_tls12_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        Err(CertificateError::BadSignature.into())
    }
    fn verify_tls13_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        Ok(HandshakeSignatureValid::assertion())
    }
    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        crypto_provider().signature_verification_algorithms.supported_schemes()
    }
}

#[tokio::test]
async fn a_client_that_closes_before_any_request_is_a_row() {
    let origin = Origin::echo(true).await;
    for polite in [true, false] {
        let lab = Lab::regular().await;
        let tunnel = lab.client().await.tunnel("localhost", origin.port()).await;
        let mut config = support::client_config();
        config.dangerous().set_certificate_verifier(Arc::new(AcceptAll));
        let mut peer = tunnel.tls_with("localhost", config).await.unwrap();
        if polite {
            peer.shutdown().await;
        }
        drop(peer);
        let exchange = lab.events.failed("closed-before-request").await;
        assert_eq!((exchange.kind, &*exchange.host), (Kind::Connection, "localhost"));
        let State::Failed(failure) = exchange.state else { panic!() };
        assert_eq!(failure.side, Side::Client);
        assert!(failure.cause.contains("closed before any request"), "{}", failure.cause);
    }
}

#[tokio::test]
async fn a_tls_1_0_client_is_named_so() {
    let origin = Origin::echo(true).await;
    let lab = Lab::reverse(&origin).await;
    let mut body = vec![3, 1];
    body.extend([7; 32]);
    body.extend([0, 0, 2, 0, 0x2f, 1, 0]);
    let length = u8::try_from(body.len()).unwrap();
    let hello = [&[0x16, 3, 1, 0, length + 4, 1, 0, 0, length], &body[..]].concat();
    let mut stream = TcpStream::connect(lab.address).await.unwrap();
    stream.write_all(&hello).await.unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.unwrap();
    assert_eq!((answer[0], answer.len(), answer[5]), (0x15, 7, 2), "a fatal alert: {answer:?}");
    let failure = failure(&lab, "tls-too-old").await;
    assert_eq!(failure.side, Side::Client);
    assert!(failure.cause.contains("offers TLS 1.0 at most"), "{}", failure.cause);
}

/// A `ClientHello` of TLS 1.2 that asks for `name`, as no library would send it.
fn hello_for(name: &[u8]) -> Vec<u8> {
    let sized = |bytes: &[u8]| [&u16::try_from(bytes.len()).unwrap().to_be_bytes(), bytes].concat();
    let names = sized(&[&[0], &sized(name)[..]].concat());
    let extensions = [
        &[0, 0][..],
        &sized(&names),
        // Groups: x25519. Signatures: ecdsa_secp256r1_sha256.
        &[0, 10, 0, 4, 0, 2, 0, 29],
        &[0, 13, 0, 4, 0, 2, 4, 3],
    ]
    .concat();
    // Version, random, no session, TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, no compression.
    let hello = [&[3, 3][..], &[7; 32], &[0, 0, 2, 0xc0, 0x2b, 1, 0], &sized(&extensions)].concat();
    let message = [&[1, 0][..], &sized(&hello)].concat();
    [&[0x16, 3, 1][..], &sized(&message)].concat()
}

#[tokio::test]
async fn a_server_name_that_is_none_is_quoted() {
    let origin = Origin::echo(true).await;
    let lab = Lab::regular().await;
    let names =
        [(&b"*.example"[..], "*.example"), (b"a..b", "a..b"), (b"m\xc3\xbcn", "m\\xc3\\xbcn")];
    for (name, quoted) in names {
        let mut peer = lab.client().await.tunnel("localhost", origin.port()).await;
        peer.send(hello_for(name)).await;
        peer.rest().await;
        let cause =
            format!("the client asked for the server name `{quoted}` (SNI), which is no host name");
        let told = |e: &Exchange| matches!(&e.state, State::Failed(f) if f.cause == cause);
        let exchange = lab.events.wait(told).await;
        let State::Failed(failure) = exchange.state else { panic!() };
        assert_eq!((failure.side, &*failure.code), (Side::Client, "bad-server-name"));
    }
    // The same greeting with a name that is one gets an answer, and so do the two that are not quite.
    for name in [&b"mail.example"[..], b"my_mail.example", b"127.0.0.1"] {
        let mut peer = lab.client().await.tunnel("localhost", origin.port()).await;
        peer.send(hello_for(name)).await;
        assert_eq!(peer.exact(1).await, [0x16], "{}", name.escape_ascii());
    }
}

#[tokio::test]
async fn an_alert_instead_of_a_greeting_is_tls() {
    let origin = Origin::echo(true).await;
    let lab = Lab::reverse(&origin).await;
    let mut peer = lab.client().await;
    peer.send(b"\x15\x03\x01\x00\x02\x02\x30").await;
    let answer = peer.rest().await;
    assert!(!answer.starts_with(b"HTTP"), "{}", answer.escape_ascii());
    let exchange = lab.events.wait(|e| !e.in_flight()).await;
    let State::Failed(failure) = exchange.state else { panic!() };
    assert_eq!(failure.side, Side::Client);
    assert!(failure.cause.contains("TLS"), "{}", failure.cause);
}

#[tokio::test]
async fn nothing_in_common_is_named() {
    let origin = Origin::echo(true).await;
    let lab = Lab::reverse(&origin).await;
    let mut config = support::client_config();
    config.alpn_protocols = vec![b"h2".to_vec()];
    assert!(lab.client().await.tls_with("localhost", config).await.is_err());
    let no_protocol = failure(&lab, "no-shared-protocol").await;
    assert_eq!(no_protocol.side, Side::Client);
    assert!(no_protocol.cause.contains("speaks h2 only"), "{}", no_protocol.cause);
    // TLS 1.2 with a suite that nobody has any more (RSA key exchange), and signature algorithms.
    let mut body = vec![3, 3];
    body.extend([7; 32]);
    body.extend([0, 0, 2, 0, 0x2f, 1, 0, 0, 24]);
    body.extend([0, 13, 0, 4, 0, 2, 4, 1]);
    body.extend([0, 10, 0, 4, 0, 2, 0, 23]);
    body.extend([0, 23, 0, 0, 0, 11, 0, 2, 1, 0]);
    let extensions = body.len() - 43;
    body[41..43].copy_from_slice(&u16::try_from(extensions).unwrap().to_be_bytes());
    let length = u8::try_from(body.len()).unwrap();
    let hello = [&[0x16, 3, 1, 0, length + 4, 1, 0, 0, length], &body[..]].concat();
    let mut stream = TcpStream::connect(lab.address).await.unwrap();
    stream.write_all(&hello).await.unwrap();
    let no_cipher = failure(&lab, "no-shared-cipher").await;
    assert!(no_cipher.cause.contains("no cipher suite in common"), "{}", no_cipher.cause);
}

#[tokio::test]
async fn a_server_that_wants_a_client_certificate_is_named() {
    let mut roots = RootCertStore::empty();
    roots.add(support::origin_authority().export_der().to_vec().into()).unwrap();
    let verifier = rustls::server::WebPkiClientVerifier::builder_with_provider(
        Arc::new(roots),
        crypto_provider(),
    )
    .build()
    .unwrap();
    let leaf = LeafMint::new(support::origin_authority()).leaf("localhost", KeyKind::P256).unwrap();
    for version in [&rustls::version::TLS12, &rustls::version::TLS13] {
        let resolver = rustls::sign::SingleCertAndKey::from(Arc::clone(&leaf.key));
        let config = rustls::ServerConfig::builder_with_provider(crypto_provider())
            .with_protocol_versions(&[version])
            .unwrap()
            .with_client_cert_verifier(verifier.clone())
            .with_cert_resolver(Arc::new(resolver));
        let origin = Origin::tls_with(config, |_| async {}).await;
        let lab = Lab::regular().await;
        let mut peer = lab.tunnelled(&origin).await;
        assert_eq!(get(&mut peer).await, 502);
        let failure = failure(&lab, "client-certificate-wanted").await;
        assert_eq!(failure.side, Side::Server);
        assert!(failure.cause.contains("asked for a client certificate"), "{}", failure.cause);
        assert!(failure.advice.contains("--passthrough"), "{}", failure.advice);
    }
}

#[tokio::test]
async fn secrets_of_both_legs_are_logged() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("keys.log");
    let origin = Origin::echo(true).await;
    let lab = Lab::with("regular@127.0.0.1:0", |s| s.keylog = Some(path.clone())).await;
    let mut peer = lab.tunnelled(&origin).await;
    assert_eq!(get(&mut peer).await, 200);
    let text = std::fs::read_to_string(&path).unwrap();
    let randoms: std::collections::BTreeSet<_> = text
        .lines()
        .filter(|line| line.starts_with("CLIENT_TRAFFIC_SECRET_0 "))
        .map(|line| line.split(' ').nth(1).unwrap())
        .collect();
    assert_eq!(randoms.len(), 2, "one connection on each side: {text}");
}
