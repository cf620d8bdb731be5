//! Leaves: a certificate for each host a device asks for, made on the spot.

use std::collections::HashMap;
use std::fmt;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rcgen::{
    CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, KeyPair,
    KeyUsagePurpose, SanType,
};
use rustls::pki_types::{DnsName, PrivateKeyDer};
use rustls::sign::CertifiedKey;
use time::{Duration, OffsetDateTime};

use super::authority::{self, Authority, BACKDATED};
use super::error::{PkiError, mint};
use super::facts::certificate_facts;
use super::trust::crypto_provider;
use crate::model::CertificateFacts;

/// File name of the RSA key that all RSA leaves share.
const RSA_KEY_FILE: &str = "leaf-rsa.key";
/// From a leaf's begin to its end. Some platforms refuse 200 days and more.
const VALIDITY: Duration = Duration::days(198);
/// Most leaves kept; the least recently used goes first.
const CACHE_LIMIT: usize = 1024;
/// Longest common name, in characters (RFC 5280 appendix A, `ub-common-name`).
const COMMON_NAME_LIMIT: usize = 64;
/// The name certified when a device asks for something that is neither a DNS name nor an address.
/// The device will refuse it, but the handshake goes far enough to say so.
const FALLBACK_NAME: &str = "unnamed.invalid";

/// Which key a leaf has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum KeyKind {
    /// ECDSA on P-256, a key for each leaf.
    P256,
    /// RSA-2048, one key for all leaves: making one takes 65 ms.
    Rsa2048,
}

/// A certificate with its key, ready to be shown to a device.
pub struct Leaf {
    /// What the TLS library needs: chain (leaf, authority) and signing key.
    pub key: Arc<CertifiedKey>,
    /// Facts of that chain, leaf first.
    pub chain: Vec<CertificateFacts>,
    expires: OffsetDateTime,
}

impl fmt::Debug for Leaf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Leaf").field("chain", &self.chain).finish_non_exhaustive()
    }
}

/// Makes leaves under an authority and remembers the last 1,024.
#[derive(Debug)]
pub struct LeafMint {
    authority: Arc<Authority>,
    cache: Mutex<Cache>,
    rsa_key: Mutex<Option<Arc<KeyPair>>>,
}

impl LeafMint {
    /// A mint with an empty memory.
    pub fn new(authority: Arc<Authority>) -> Self {
        Self { authority, cache: Mutex::default(), rsa_key: Mutex::default() }
    }

    /// The leaf for `host` (a DNS name, or an address without brackets) if it is at hand.
    pub fn cached(&self, host: &str, kind: KeyKind) -> Option<Arc<Leaf>> {
        let now = OffsetDateTime::now_utc();
        lock(&self.cache).find(&(normal(host), kind), now)
    }

    /// The leaf for `host`, made if need be. Takes under 1 ms, but the first RSA leaf of an
    /// authority makes its key: up to a second, so call it where blocking is allowed.
    ///
    /// # Errors
    /// `Mint` when the certificate cannot be made; `Read`, `Write` or `Key` for the file of the
    /// shared RSA key; `Tls` when the TLS library refuses the key.
    pub fn leaf(&self, host: &str, kind: KeyKind) -> Result<Arc<Leaf>, PkiError> {
        if let Some(leaf) = self.cached(host, kind) {
            return Ok(leaf);
        }
        let host = normal(host);
        let key = match kind {
            KeyKind::P256 => Arc::new(KeyPair::generate().map_err(|source| mint(&host, source))?),
            KeyKind::Rsa2048 => self.shared_rsa_key()?,
        };
        let leaf = Arc::new(self.make(&host, kind, &key)?);
        lock(&self.cache).insert((host, kind), Arc::clone(&leaf));
        Ok(leaf)
    }

    /// A leaf for `host` with a key of its own that holds from `from` to `until`, for a server that
    /// is to be refused. It is not remembered.
    ///
    /// # Errors
    /// As [`LeafMint::leaf`].
    pub fn leaf_between(
        &self,
        host: &str,
        from: OffsetDateTime,
        until: OffsetDateTime,
    ) -> Result<Leaf, PkiError> {
        let host = normal(host);
        let key = KeyPair::generate().map_err(|source| mint(&host, source))?;
        self.make_between(&host, KeyKind::P256, &key, (from, until))
    }

    fn make(&self, host: &str, kind: KeyKind, key: &KeyPair) -> Result<Leaf, PkiError> {
        let now = OffsetDateTime::now_utc();
        let authority_ends = self.authority.certificate_facts().not_after.utc();
        let expires = (now - BACKDATED + VALIDITY).min(authority_ends);
        self.make_between(host, kind, key, (now - BACKDATED, expires))
    }

    fn make_between(
        &self,
        host: &str,
        kind: KeyKind,
        key: &KeyPair,
        (from, expires): (OffsetDateTime, OffsetDateTime),
    ) -> Result<Leaf, PkiError> {
        let params = parameters(host, kind, from, expires)?;
        let made =
            params.signed_by(key, self.authority.issuer()).map_err(|source| mint(host, source))?;
        let private = PrivateKeyDer::try_from(key.serialize_der())
            .map_err(|reason| rustls::Error::General(reason.into()))?;
        let signing = crypto_provider().key_provider.load_private_key(private)?;
        let facts = certificate_facts(made.der()).unwrap_or_default();
        let chain = vec![made.der().clone(), self.authority.certificate().clone()];
        Ok(Leaf {
            key: Arc::new(CertifiedKey::new(chain, signing)),
            chain: vec![facts, self.authority.certificate_facts().clone()],
            expires,
        })
    }

    fn shared_rsa_key(&self) -> Result<Arc<KeyPair>, PkiError> {
        let mut slot = lock(&self.rsa_key);
        if let Some(key) = slot.as_ref() {
            return Ok(Arc::clone(key));
        }
        let path = self.authority.folder().join(RSA_KEY_FILE);
        let key = if path.exists() {
            authority::read_key(&path)?
        } else {
            authority::make_rsa_key(&path)?
        };
        Ok(Arc::clone(slot.insert(Arc::new(key))))
    }
}

fn parameters(
    host: &str,
    kind: KeyKind,
    not_before: OffsetDateTime,
    not_after: OffsetDateTime,
) -> Result<CertificateParams, PkiError> {
    let (name, alternative) = subject(host).map_err(|source| mint(host, source))?;
    let mut params = CertificateParams::default();
    params.not_before = not_before;
    params.not_after = not_after;
    params.serial_number = authority::serial();
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::OrganizationName, "synctap");
    if name.len() <= COMMON_NAME_LIMIT {
        params.distinguished_name.push(DnType::CommonName, name);
    }
    params.subject_alt_names = vec![alternative];
    params.use_authority_key_identifier_extension = true;
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    if kind == KeyKind::Rsa2048 {
        params.key_usages.push(KeyUsagePurpose::KeyEncipherment);
    }
    Ok(params)
}

/// The name to certify: the host itself when it is an address or a DNS name.
fn subject(host: &str) -> Result<(&str, SanType), rcgen::Error> {
    if let Ok(address) = host.parse::<IpAddr>() {
        return Ok((host, SanType::IpAddress(address)));
    }
    let name = if DnsName::try_from(host).is_ok() { host } else { FALLBACK_NAME };
    Ok((name, SanType::DnsName(name.try_into()?)))
}

/// DNS names compare without case, and a final dot does not belong into a certificate.
fn normal(host: &str) -> String {
    host.strip_suffix('.').unwrap_or(host).to_ascii_lowercase()
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // Every change under these locks is one assignment, so what a panic left behind is whole.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

type Key = (String, KeyKind);

/// The least recently used goes first; looking for it walks at most [`CACHE_LIMIT`] entries.
#[derive(Debug, Default)]
struct Cache {
    entries: HashMap<Key, (u64, Arc<Leaf>)>,
    clock: u64,
}

impl Cache {
    fn find(&mut self, key: &Key, now: OffsetDateTime) -> Option<Arc<Leaf>> {
        self.clock += 1;
        let (used, leaf) = self.entries.get_mut(key)?;
        if leaf.expires <= now + BACKDATED {
            self.entries.remove(key);
            return None;
        }
        *used = self.clock;
        Some(Arc::clone(leaf))
    }

    fn insert(&mut self, key: Key, leaf: Arc<Leaf>) {
        self.clock += 1;
        while self.entries.len() >= CACHE_LIMIT {
            let oldest = self.entries.iter().min_by_key(|(_, (used, _))| *used);
            let Some(oldest) = oldest.map(|(key, _)| key.clone()) else { break };
            self.entries.remove(&oldest);
        }
        self.entries.insert(key, (self.clock, leaf));
    }
}

#[cfg(test)]
mod tests {
    use rustls::RootCertStore;
    use rustls::client::WebPkiServerVerifier;
    use rustls::client::danger::ServerCertVerifier;
    use rustls::pki_types::{ServerName, UnixTime};

    use super::*;

    fn mint_in(dir: &std::path::Path) -> LeafMint {
        LeafMint::new(Arc::new(Authority::open(dir).unwrap()))
    }

    fn verify(mint: &LeafMint, leaf: &Leaf, name: &str) -> Result<(), rustls::Error> {
        let mut roots = RootCertStore::empty();
        roots.add(mint.authority.certificate().clone()).unwrap();
        let verifier =
            WebPkiServerVerifier::builder_with_provider(Arc::new(roots), crypto_provider())
                .build()
                .unwrap();
        let name = ServerName::try_from(name.to_owned()).unwrap();
        verifier
            .verify_server_cert(&leaf.key.cert[0], &leaf.key.cert[1..], &name, &[], UnixTime::now())
            .map(drop)
    }

    #[test]
    fn leaves_hold_for_names_and_addresses_with_both_keys() {
        let dir = tempfile::tempdir().unwrap();
        let mint = mint_in(dir.path());
        let long = format!("{}.{}.example", "a".repeat(50), "b".repeat(50));
        for host in ["mail.example", "192.0.2.1", "2001:db8::1", &long] {
            for kind in [KeyKind::P256, KeyKind::Rsa2048] {
                let leaf = mint.leaf(host, kind).unwrap();
                verify(&mint, &leaf, host).unwrap();
                let facts = &leaf.chain[0];
                assert_eq!(facts.names, [host]);
                assert_eq!(facts.subject.contains("CN="), host.len() <= COMMON_NAME_LIMIT);
                let days = (facts.not_after.0 - facts.not_before.0) / 86_400_000_000;
                assert!(days < 200, "{days}");
            }
        }
        assert!(
            verify(&mint, &mint.leaf("a.example", KeyKind::P256).unwrap(), "b.example").is_err()
        );
    }

    #[test]
    fn the_rsa_key_is_shared_and_kept_but_serials_differ() {
        let dir = tempfile::tempdir().unwrap();
        let spki = |leaf: &Leaf| super::super::facts::public_key(&leaf.key.cert[0]).unwrap();
        let mint = mint_in(dir.path());
        let (a, b) = (
            mint.leaf("a.example", KeyKind::Rsa2048).unwrap(),
            mint.leaf("b.example", KeyKind::Rsa2048).unwrap(),
        );
        let later = mint_in(dir.path()).leaf("a.example", KeyKind::Rsa2048).unwrap();
        assert_eq!(spki(&a), spki(&b));
        assert_eq!(spki(&a), spki(&later));
        let serial = |leaf: &Leaf| {
            let (_, c) = x509_parser::parse_x509_certificate(&leaf.key.cert[0]).unwrap();
            c.tbs_certificate.raw_serial().to_vec()
        };
        assert_ne!(serial(&a), serial(&b));
        assert_ne!(serial(&a), serial(&later));
    }

    #[test]
    fn odd_names_get_a_certificate_for_nobody() {
        let dir = tempfile::tempdir().unwrap();
        let mint = mint_in(dir.path());
        let very_long = "x".repeat(70_000);
        for host in ["", "*", "a b", "m\u{fc}nchen.example", "a..b", "[::1]", &very_long] {
            let leaf = mint.leaf(host, KeyKind::P256).unwrap();
            assert_eq!(leaf.chain[0].names, [FALLBACK_NAME], "{host}");
        }
    }

    #[test]
    fn the_cache_is_bounded_and_ignores_case_and_the_final_dot() {
        let dir = tempfile::tempdir().unwrap();
        let mint = mint_in(dir.path());
        let first = mint.leaf("Mail.Example.", KeyKind::P256).unwrap();
        assert!(Arc::ptr_eq(&first, &mint.leaf("mail.example", KeyKind::P256).unwrap()));
        let mut cache = Cache::default();
        for n in 0..CACHE_LIMIT + 10 {
            cache.insert((n.to_string(), KeyKind::P256), Arc::clone(&first));
            assert!(cache.find(&("0".into(), KeyKind::P256), OffsetDateTime::now_utc()).is_some());
        }
        assert_eq!(cache.entries.len(), CACHE_LIMIT);
        assert!(!cache.entries.contains_key(&("1".into(), KeyKind::P256)));
        let later = first.expires;
        assert!(cache.find(&("0".into(), KeyKind::P256), later).is_none(), "expired leaves go");
    }
}
