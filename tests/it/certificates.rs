//! Servers whose certificate does not hold: each kind is a row of its own, with the chain.

use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair};
use rustls::pki_types::PrivateKeyDer;
use synctap::model::{Failure, Side, State, Verdict};
use synctap::pki::crypto_provider;
use tempfile::TempDir;
use time::{Duration, OffsetDateTime};

use crate::support::{Lab, Origin, Peer};

/// An authority that signs whatever it is asked to.
struct Careless {
    issuer: Issuer<'static, KeyPair>,
    pem: String,
    folder: TempDir,
}

impl Careless {
    fn new() -> Self {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new([]).unwrap();
        params.distinguished_name.push(DnType::CommonName, "Careless CA");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let pem = params.self_signed(&key).unwrap().pem();
        Self { issuer: Issuer::new(params, key), pem, folder: tempfile::tempdir().unwrap() }
    }

    /// A server for `name`, certified from `from` to `until` (days from now).
    async fn server(&self, name: &str, from: i64, until: i64) -> Origin {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new([name.to_owned()]).unwrap();
        params.distinguished_name = rcgen::DistinguishedName::new();
        params.distinguished_name.push(DnType::CommonName, name);
        let now = OffsetDateTime::now_utc();
        params.not_before = now + Duration::days(from);
        params.not_after = now + Duration::days(until);
        let leaf = params.signed_by(&key, &self.issuer).unwrap();
        let config = rustls::ServerConfig::builder_with_provider(crypto_provider())
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(
                vec![leaf.der().clone()],
                PrivateKeyDer::try_from(key.serialize_der()).unwrap(),
            )
            .unwrap();
        Origin::tls_with(config, |mut peer: Peer| async move {
            peer.message().await;
            peer.send("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n").await;
            peer.rest().await;
        })
        .await
    }

    /// A proxy that trusts it, or does not.
    async fn lab(&self, trusted: bool) -> Lab {
        let file = self.folder.path().join("ca.pem");
        std::fs::write(&file, &self.pem).unwrap();
        Lab::with("regular@127.0.0.1:0", |settings| {
            settings.upstream_ca = if trusted { vec![file] } else { Vec::new() };
        })
        .await
    }
}

/// What becomes of a request to `origin`; the row has the chain and the verdict too.
async fn refused(lab: &Lab, origin: &Origin) -> Failure {
    let mut peer = lab.tunnelled(origin).await;
    peer.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n").await;
    let answer = peer.message().await;
    assert_eq!(answer.status(), 502);
    let exchange = lab.events.closed(1).await;
    let State::Failed(failure) = exchange.state else { panic!("{exchange:?}") };
    let told = String::from_utf8(answer.body).unwrap();
    assert!(told.contains(&failure.cause) && told.contains(&failure.advice), "{told}");
    let tls = exchange.server_tls.unwrap();
    assert_eq!(tls.chain[0].issuer, "CN=Careless CA");
    assert!(matches!(tls.verdict, Verdict::Unverified(_)), "{:?}", tls.verdict);
    assert_eq!(failure.side, Side::Server);
    failure
}

#[tokio::test]
async fn each_way_not_to_hold_has_its_own_cause_and_the_chain() {
    let careless = Careless::new();
    let days = |count: i64| (OffsetDateTime::now_utc() + Duration::days(count)).date();
    let shown = |name: &str| format!(" (it showed CN={name}, signed by CN=Careless CA)");
    let prefix = "the server's certificate does not hold: ";
    for (trusted, name, from, until, code, why) in [
        (false, "localhost", -1, 1, "upstream-untrusted", "no trusted authority signed it".into()),
        (true, "localhost", -9, -5, "upstream-expired", format!("it expired on {}", days(-5))),
        (
            true,
            "localhost",
            5,
            9,
            "upstream-not-yet-valid",
            format!("it is not valid before {}", days(5)),
        ),
        (
            true,
            "other.example",
            -1,
            1,
            "upstream-wrong-name",
            "it is not for localhost but for other.example".into(),
        ),
    ] {
        let origin = careless.server(name, from, until).await;
        let failure = refused(&careless.lab(trusted).await, &origin).await;
        assert_eq!(failure.code, code);
        assert_eq!(failure.cause, format!("{prefix}{why}{}", shown(name)));
        assert_eq!(failure.advice.contains("--upstream-ca"), code == "upstream-untrusted");
    }
}

#[tokio::test]
async fn one_that_holds_is_believed() {
    let careless = Careless::new();
    let (origin, lab) = (careless.server("localhost", -1, 1).await, careless.lab(true).await);
    let mut peer = lab.tunnelled(&origin).await;
    peer.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n").await;
    assert_eq!(peer.message().await.status(), 200);
    let tls = lab.events.closed(1).await.server_tls.unwrap();
    assert_eq!(tls.verdict, Verdict::Verified);
}
