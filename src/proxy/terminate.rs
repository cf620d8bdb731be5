//! TLS with the device: a leaf for the name it asks for.

use std::io;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rustls::server::{Acceptor, ClientHello, NoServerSessionStorage};
use rustls::sign::SingleCertAndKey;
use rustls::{CommonState, ServerConfig, SignatureScheme};
use tokio::time::timeout;
use tokio_rustls::LazyConfigAcceptor;

use super::client_hello::{HelloFacts, TLS12};
use super::failure;
use super::shared::Shared;
use super::wire::Wire;
use crate::model::ClientCertificate;
use crate::model::Failure;
use crate::model::Tls;
use crate::model::Verdict;
use crate::pki::{AnyClient, KeyKind, Leaf, certificate_facts, crypto_provider};

/// The protocol agreed on with both sides.
pub(super) const HTTP11: &[u8] = b"http/1.1";
/// What a device may insist on; it is served alike.
const HTTP10: &[u8] = b"http/1.0";

/// A handshake with the device that failed, and what it showed until then.
pub(super) struct Refused {
    pub(super) failure: Failure,
    pub(super) tls: Tls,
}

/// Shakes hands with the device as the server it asks for (SNI), else as `host`.
///
/// # Errors
/// `Refused` with the failure of whichever side; the device got an alert where one can be sent.
pub(super) async fn terminate(
    shared: &Shared,
    wire: Wire,
    hello: Option<HelloFacts>,
    host: &str,
) -> Result<(Wire, Tls), Refused> {
    let mut tls = Tls::default();
    if let Some(hello) = &hello {
        tls.sni.clone_from(&hello.sni);
        tls.alpn_offered.clone_from(&hello.alpn);
    }
    let patience = shared.settings.limits.handshake;
    let shaken = timeout(patience, handshake(shared, wire, hello.as_ref(), host, &mut tls)).await;
    match shaken {
        Ok(Ok(wire)) => Ok((wire, tls)),
        Ok(Err(failure)) => Err(Refused { failure, tls }),
        Err(_) => Err(Refused { failure: failure::client_handshake_timeout(), tls }),
    }
}

/// Version, suite and protocol of an established connection.
pub(super) fn note_session(tls: &mut Tls, state: &CommonState) {
    use rustls::ProtocolVersion::{TLSv1_2, TLSv1_3};
    tls.version = match state.protocol_version() {
        Some(TLSv1_2) => "TLSv1.2".into(),
        Some(TLSv1_3) => "TLSv1.3".into(),
        other => format!("{other:?}"),
    };
    let suite = state.negotiated_cipher_suite().map(|suite| suite.suite());
    let name = suite.and_then(|suite| suite.as_str()).unwrap_or_default();
    // The library marks TLS 1.3 suites; the standard's names do not (RFC 8446 §B.4).
    tls.suite = name.replacen("TLS13_", "TLS_", 1);
    tls.alpn = state.alpn_protocol().map(|name| String::from_utf8_lossy(name).into_owned());
}

async fn handshake(
    shared: &Shared,
    wire: Wire,
    hello: Option<&HelloFacts>,
    host: &str,
    tls: &mut Tls,
) -> Result<Wire, Failure> {
    let refused = |error: io::Error| failure::client_handshake(&error, hello);
    let start = LazyConfigAcceptor::new(Acceptor::default(), wire).await.map_err(refused)?;
    let (name, kind) = wanted(&start.client_hello(), hello, host);
    let leaf = leaf(shared, &name, kind).await?;
    tls.chain.clone_from(&leaf.chain);
    tls.verdict = Verdict::None;
    let ask = shared.asking.is_known(&name) || shared.asking.is_known(host);
    let config = config(shared, &leaf, ask).map_err(|error| not_made(&name, &error))?;
    let stream = start.into_stream(config).await.map_err(refused)?;
    let session = stream.get_ref().1;
    note_session(tls, session);
    if let Some(certificate) = session.peer_certificates().and_then(<[_]>::first) {
        let facts = certificate_facts(certificate).unwrap_or_default();
        tls.client_certificate =
            Some(ClientCertificate { facts, der: STANDARD.encode(certificate) });
    }
    Ok(Wire::new(stream))
}

/// The name to certify and the key to do it with.
fn wanted(offer: &ClientHello<'_>, hello: Option<&HelloFacts>, host: &str) -> (String, KeyKind) {
    let name = offer.server_name().unwrap_or(host).to_owned();
    let signs = offer.signature_schemes().contains(&SignatureScheme::ECDSA_NISTP256_SHA256);
    // TLS 1.2 binds the key's kind to the suite, TLS 1.3 does not. The suites alone do not tell
    // the version: some clients list those of TLS 1.3 without offering it.
    let free = hello.is_none_or(|hello| hello.version > TLS12);
    let suites = offer.cipher_suites();
    let ecdsa = |name: &str| name.contains("_ECDSA_");
    let agrees = free || suites.iter().any(|suite| suite.as_str().is_some_and(ecdsa));
    (name, if signs && agrees { KeyKind::P256 } else { KeyKind::Rsa2048 })
}

async fn leaf(shared: &Shared, name: &str, kind: KeyKind) -> Result<Arc<Leaf>, Failure> {
    if let Some(leaf) = shared.mint.cached(name, kind) {
        return Ok(leaf);
    }
    let mint = Arc::clone(&shared.mint);
    let owned = name.to_owned();
    let made = tokio::task::spawn_blocking(move || mint.leaf(&owned, kind)).await;
    match made {
        Ok(Ok(leaf)) => Ok(leaf),
        Ok(Err(error)) => Err(not_made(name, &error)),
        Err(error) => Err(not_made(name, &error)),
    }
}

/// `ask`: the device is asked for a certificate, and may show none.
fn config(shared: &Shared, leaf: &Leaf, ask: bool) -> Result<Arc<ServerConfig>, rustls::Error> {
    let builder = ServerConfig::builder_with_provider(crypto_provider())
        .with_safe_default_protocol_versions()?;
    let builder = if ask {
        builder.with_client_cert_verifier(Arc::new(AnyClient::new()))
    } else {
        builder.with_no_client_auth()
    };
    let mut config =
        builder.with_cert_resolver(Arc::new(SingleCertAndKey::from(Arc::clone(&leaf.key))));
    config.alpn_protocols = vec![HTTP11.to_vec(), HTTP10.to_vec()];
    // Every connection shakes hands in full, so that its facts are its own.
    config.session_storage = Arc::new(NoServerSessionStorage {});
    config.send_tls13_tickets = 0;
    if let Some(keylog) = &shared.keylog {
        config.key_log = Arc::clone(keylog);
    }
    Ok(Arc::new(config))
}

fn not_made(name: &str, error: &dyn std::fmt::Display) -> Failure {
    let cause = format!("no certificate could be made for `{name}`: {error}");
    failure::proxy("certificate-not-made", cause, "check the folder of the synctap CA")
}
