//! Judging servers: roots, and a verifier that remembers what it saw.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{ResolvesClientCert, Resumption};
use rustls::client::{WebPkiServerVerifier, verify_server_name};
use rustls::crypto::{CryptoProvider, aws_lc_rs};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::sign::CertifiedKey;
use rustls::{
    CertificateError, ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme,
};

use super::error::PkiError;
use super::facts::certificate_facts;
use super::files;
use crate::model::CertificateFacts;
use crate::model::Verdict;
use crate::model::WallTime;

/// Most certificates of a server's chain that are kept.
const CHAIN_LIMIT: usize = 10;

/// The one crypto provider of the house. Always passed explicitly, never taken from the process:
/// a second provider pulled in by some dependency must not change how we speak.
pub fn crypto_provider() -> Arc<CryptoProvider> {
    static PROVIDER: std::sync::LazyLock<Arc<CryptoProvider>> =
        std::sync::LazyLock::new(|| Arc::new(aws_lc_rs::default_provider()));
    Arc::clone(&PROVIDER)
}

/// What servers are judged by.
#[derive(Debug)]
pub struct UpstreamTrust {
    verifier: Arc<WebPkiServerVerifier>,
    known: Arc<[CertificateDer<'static>]>,
    insecure: bool,
}

impl UpstreamTrust {
    /// The system's roots, Mozilla's, and those of `extra` (PEM files, one or more certificates
    /// each). A server may also show one of `extra` itself, as self-signed test servers do; name and
    /// time are checked then as well. With `insecure` a failed verification is recorded and the connection goes on.
    /// Blocks: reads files.
    ///
    /// # Errors
    /// `Read` or `Root` for a file of `extra`; `Roots` when no verifier can be built. System
    /// roots that cannot be read are left out: many systems carry a few odd ones.
    pub fn load(extra: &[PathBuf], insecure: bool) -> Result<Self, PkiError> {
        let mut roots = RootCertStore::empty();
        roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
        roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        let mut known = Vec::new();
        for path in extra {
            for certificate in read_roots(path)? {
                known.push(certificate.clone());
                roots
                    .add(certificate)
                    .map_err(|e| PkiError::Root { path: path.clone(), reason: e.to_string() })?;
            }
        }
        let verifier =
            WebPkiServerVerifier::builder_with_provider(Arc::new(roots), crypto_provider())
                .build()
                .map_err(|e| PkiError::Roots { reason: e.to_string() })?;
        Ok(Self { verifier, known: known.into(), insecure })
    }

    /// A configuration for one connection, and the witness of its handshake. Sessions are never
    /// resumed, so that every connection shows its certificate.
    ///
    /// # Errors
    /// `Tls` when the provider supports none of our protocol versions (a build fault).
    pub fn client_config(&self) -> Result<(ClientConfig, Arc<Witness>), PkiError> {
        let witness = Arc::new(Witness {
            verifier: Arc::clone(&self.verifier),
            known: Arc::clone(&self.known),
            insecure: self.insecure,
            seen: Mutex::default(),
        });
        let mut config = ClientConfig::builder_with_provider(crypto_provider())
            .with_safe_default_protocol_versions()?
            .dangerous()
            .with_custom_certificate_verifier(Arc::<Witness>::clone(&witness))
            .with_client_cert_resolver(Arc::<Witness>::clone(&witness));
        config.resumption = Resumption::disabled();
        Ok((config, witness))
    }
}

/// Sees one handshake with a server: verifies, and remembers the verdict.
#[derive(Debug)]
pub struct Witness {
    verifier: Arc<WebPkiServerVerifier>,
    known: Arc<[CertificateDer<'static>]>,
    insecure: bool,
    seen: Mutex<Witnessed>,
}

/// What a handshake with a server showed.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Witnessed {
    /// The certificates it sent, leaf first, at most 10.
    pub chain: Vec<CertificateFacts>,
    /// Whether they held, even where the connection was let pass.
    pub verdict: Verdict,
    /// True when the server asked for a client certificate (none is sent).
    pub client_certificate_asked: bool,
}

impl Witness {
    /// What was seen so far.
    pub fn seen(&self) -> Witnessed {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn note(&self, change: impl FnOnce(&mut Witnessed)) {
        change(&mut self.seen.lock().unwrap_or_else(PoisonError::into_inner));
    }
}

impl ServerCertVerifier for Witness {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        let chain = std::iter::once(end_entity).chain(intermediates).take(CHAIN_LIMIT);
        let chain: Vec<_> = chain.map(|der| certificate_facts(der).unwrap_or_default()).collect();
        let leaf = chain.first().cloned().unwrap_or_default();
        let judged = if self.known.contains(end_entity) {
            verify_known(end_entity, server_name, now)
        } else {
            self.verifier.verify_server_cert(
                end_entity,
                intermediates,
                server_name,
                ocsp_response,
                now,
            )
        };
        let verdict = match &judged {
            Ok(_) => Verdict::Verified,
            Err(error) => Verdict::Unverified(reason(error, &leaf)),
        };
        self.note(|seen| (seen.chain, seen.verdict) = (chain, verdict));
        if self.insecure { Ok(ServerCertVerified::assertion()) } else { judged }
    }

    // Possession of the key is always proved: without it the connection could not be read anyway.
    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.verifier.verify_tls12_signature(message, cert, dss)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.verifier.verify_tls13_signature(message, cert, dss)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.verifier.supported_verify_schemes()
    }
}

impl ResolvesClientCert for Witness {
    fn resolve(&self, _: &[&[u8]], _: &[SignatureScheme]) -> Option<Arc<CertifiedKey>> {
        self.note(|seen| seen.client_certificate_asked = true);
        None
    }

    fn has_certs(&self) -> bool {
        false
    }
}

/// A certificate the user named holds for its own names and time, whoever signed it.
fn verify_known(
    leaf: &CertificateDer<'_>,
    name: &ServerName<'_>,
    now: UnixTime,
) -> Result<ServerCertVerified, rustls::Error> {
    verify_server_name(&ParsedCertificate::try_from(leaf)?, name)?;
    let facts = certificate_facts(leaf).ok_or(CertificateError::BadEncoding)?;
    let now = wall(now);
    if now > facts.not_after {
        return Err(CertificateError::Expired.into());
    }
    if now < facts.not_before {
        return Err(CertificateError::NotValidYet.into());
    }
    Ok(ServerCertVerified::assertion())
}

fn read_roots(path: &Path) -> Result<Vec<CertificateDer<'static>>, PkiError> {
    let bad = |reason: String| PkiError::Root { path: path.into(), reason };
    let text = files::read_text(path)?;
    let found: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(text.as_bytes()).collect();
    let found = found.map_err(|e| bad(e.to_string()))?;
    if found.is_empty() {
        return Err(bad("there is none in PEM form".into()));
    }
    Ok(found)
}

/// Why `leaf`, or one above it, did not hold, without a full stop.
fn reason(error: &rustls::Error, leaf: &CertificateFacts) -> String {
    let rustls::Error::InvalidCertificate(error) = error else { return error.to_string() };
    let names = match leaf.names.join(", ") {
        none if none.is_empty() => "no host at all".to_owned(),
        names => names,
    };
    match error {
        CertificateError::UnknownIssuer => "no trusted authority signed it".into(),
        CertificateError::Expired => expired(leaf.not_after),
        CertificateError::ExpiredContext { not_after, .. } => expired(wall(*not_after)),
        CertificateError::NotValidYet => too_early(leaf.not_before),
        CertificateError::NotValidYetContext { not_before, .. } => too_early(wall(*not_before)),
        CertificateError::NotValidForName => format!("it is for {names}"),
        CertificateError::NotValidForNameContext { expected, .. } => {
            format!("it is not for {} but for {names}", expected.to_str())
        }
        // The verifier has words for programmers only.
        CertificateError::Other(other) if other.to_string().contains("CaUsedAsEndEntity") => {
            "it is self-signed, or an authority's own".into()
        }
        other => other.to_string(),
    }
}

fn expired(when: WallTime) -> String {
    format!("it expired on {}", when.utc().date())
}

fn too_early(until: WallTime) -> String {
    format!("it is not valid before {}", until.utc().date())
}

fn wall(time: UnixTime) -> WallTime {
    WallTime::from_unix(i64::try_from(time.as_secs()).unwrap_or(i64::MAX), 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_without_certificates_is_named() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("roots.pem");
        std::fs::write(&path, "no certificate here").unwrap();
        let error = UpstreamTrust::load(std::slice::from_ref(&path), false).unwrap_err();
        assert!(!error.hint().contains("delete"), "it is the user's file: {}", error.hint());
        assert!(matches!(error, PkiError::Root { path: p, .. } if p == path));
        let missing = dir.path().join("missing.pem");
        let error = UpstreamTrust::load(&[missing], false).unwrap_err();
        assert!(matches!(error, PkiError::Read { .. }));
    }

    /// As `openssl req -x509` makes them.
    fn self_signed() -> rcgen::Certificate {
        let names = vec!["mail.example".to_owned()];
        let mut params = rcgen::CertificateParams::new(names).unwrap();
        params.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
        params.not_after = time::OffsetDateTime::now_utc() + time::Duration::days(1);
        params.self_signed(&rcgen::KeyPair::generate().unwrap()).unwrap()
    }

    #[test]
    fn a_self_signed_server_holds_when_it_is_named_itself() {
        let made = self_signed();
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("server.pem");
        std::fs::write(&path, made.pem()).unwrap();
        let judge = |extra: &[PathBuf], name: &str, at: UnixTime| {
            let (_, witness) = UpstreamTrust::load(extra, false).unwrap().client_config().unwrap();
            let name = ServerName::try_from(name.to_owned()).unwrap();
            let _ = witness.verify_server_cert(made.der(), &[], &name, &[], at);
            witness.seen().verdict
        };
        let (now, known) = (UnixTime::now(), [path]);
        let not = |why: &str| Verdict::Unverified(why.into());
        let two_days = std::time::Duration::from_hours(48);
        let later =
            UnixTime::since_unix_epoch(std::time::Duration::from_secs(now.as_secs()) + two_days);
        assert_eq!(judge(&known, "mail.example", now), Verdict::Verified);
        let tomorrow = time::OffsetDateTime::now_utc() + time::Duration::days(1);
        let expired = format!("it expired on {}", tomorrow.date());
        assert_eq!(judge(&known, "mail.example", later), not(&expired));
        let other = judge(&known, "other.example", now);
        assert_eq!(other, not("it is not for other.example but for mail.example"));
        let unknown = judge(&[], "mail.example", now);
        assert_eq!(unknown, not("it is self-signed, or an authority's own"));
    }

    #[test]
    fn the_verdict_is_kept_and_only_insecure_lets_it_pass() {
        let made = rcgen::generate_simple_self_signed(["mail.example".to_owned()]).unwrap();
        let name = ServerName::try_from("mail.example").unwrap();
        for insecure in [false, true] {
            let trust = UpstreamTrust::load(&[], insecure).unwrap();
            let (_, witness) = trust.client_config().unwrap();
            let judged =
                witness.verify_server_cert(made.cert.der(), &[], &name, &[], UnixTime::now());
            assert_eq!(judged.is_ok(), insecure);
            let seen = witness.seen();
            let why = "no trusted authority signed it".to_owned();
            assert_eq!(seen.verdict, Verdict::Unverified(why));
            assert_eq!(seen.chain[0].names, ["mail.example"]);
        }
    }
}
