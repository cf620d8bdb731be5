//! The certificate authority: two PEM files in a folder of their own.

use std::fmt;
use std::path::{Path, PathBuf};

use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, IsCa, Issuer, KeyPair,
    KeyUsagePurpose, PKCS_RSA_SHA256, PublicKeyData, RsaKeySize, SerialNumber,
};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use time::{Duration, OffsetDateTime};

use super::error::PkiError;
use super::facts::{self, certificate_facts};
use super::files;
use crate::model::CertificateFacts;
use crate::model::WallTime;

/// File name of the authority's certificate.
const CERTIFICATE_FILE: &str = "synctap-ca.pem";
/// File name of the authority's private key.
const KEY_FILE: &str = "synctap-ca.key";
/// How long a new authority is valid. Devices that pin nothing accept ten years for a root.
const VALIDITY: Duration = Duration::days(3650);
/// How far before now certificates begin, for devices whose clock is behind.
pub(super) const BACKDATED: Duration = Duration::days(1);
/// An authority that ends sooner than this is worth a warning.
const ENDS_SOON: Duration = Duration::days(30);

/// The authority every certificate shown to devices is signed by.
pub struct Authority {
    folder: PathBuf,
    der: CertificateDer<'static>,
    pem: String,
    facts: CertificateFacts,
    issuer: Issuer<'static, KeyPair>,
    made: bool,
    warnings: Vec<AuthorityWarning>,
}

/// What may be shown of an authority.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuthorityFacts {
    /// File of the certificate: the one to install on devices.
    pub certificate: PathBuf,
    /// File of the private key: never shown, served or exported.
    pub key: PathBuf,
    /// The certificate: subject, validity, SHA-256 fingerprint.
    pub facts: CertificateFacts,
    /// True when it was made by this call.
    pub made: bool,
    /// What a person should know.
    pub warnings: Vec<AuthorityWarning>,
}

/// Something odd that does not keep the authority from working.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum AuthorityWarning {
    /// Somebody other than the owner can read the private key.
    KeyReadable(PathBuf),
    /// Its validity ends within 30 days.
    EndsSoon(WallTime),
}

impl fmt::Display for AuthorityWarning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::KeyReadable(path) => {
                write!(f, "others can read the authority's key: chmod 600 `{}`", path.display())
            }
            Self::EndsSoon(when) => {
                write!(f, "the certificate authority ends on {}", when.rfc3339())
            }
        }
    }
}

impl fmt::Debug for Authority {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Authority").field("folder", &self.folder).finish_non_exhaustive()
    }
}

impl Authority {
    /// Loads the authority of `folder`, or makes one there (folder 0700, key 0600, RSA-2048) when
    /// neither of its files exists. Blocks: up to a second for a new key.
    ///
    /// # Errors
    /// `Incomplete` when one of the two files is missing, `Read`/`Write` for the file system,
    /// `Certificate`/`Key` when a file holds something else, `Mismatch`, `NotAnAuthority`,
    /// `Expired` and `NotYetValid` when the two may not be used.
    pub fn open(folder: &Path) -> Result<Self, PkiError> {
        files::private_dir(folder)?;
        let _lock = files::lock(folder)?;
        let (certificate, key) = (folder.join(CERTIFICATE_FILE), folder.join(KEY_FILE));
        match (certificate.exists(), key.exists()) {
            (true, true) => Self::load(folder, false),
            (true, false) => Err(PkiError::Incomplete { missing: key, present: certificate }),
            (false, true) => Err(PkiError::Incomplete { missing: certificate, present: key }),
            (false, false) => {
                make(&certificate, &key)?;
                Self::load(folder, true)
            }
        }
    }

    /// True when `folder` holds the certificate of an authority. Changes nothing.
    pub fn exists(folder: &Path) -> bool {
        folder.join(CERTIFICATE_FILE).exists()
    }

    /// Where it is, what it says, what is odd about it.
    pub fn facts(&self) -> AuthorityFacts {
        AuthorityFacts {
            certificate: self.folder.join(CERTIFICATE_FILE),
            key: self.folder.join(KEY_FILE),
            facts: self.facts.clone(),
            made: self.made,
            warnings: self.warnings.clone(),
        }
    }

    /// The certificate alone, PEM.
    pub fn export_pem(&self) -> &str {
        &self.pem
    }

    /// The certificate alone, DER.
    pub fn export_der(&self) -> &[u8] {
        &self.der
    }

    pub(super) fn certificate(&self) -> &CertificateDer<'static> {
        &self.der
    }

    pub(super) fn certificate_facts(&self) -> &CertificateFacts {
        &self.facts
    }

    pub(super) fn issuer(&self) -> &Issuer<'static, KeyPair> {
        &self.issuer
    }

    pub(super) fn folder(&self) -> &Path {
        &self.folder
    }

    fn load(folder: &Path, made: bool) -> Result<Self, PkiError> {
        let (path, key_path) = (folder.join(CERTIFICATE_FILE), folder.join(KEY_FILE));
        let (der, facts) = read_certificate(&path)?;
        let key = read_key(&key_path)?;
        if facts::public_key(&der) != Some(key.subject_public_key_info()) {
            return Err(PkiError::Mismatch { certificate: path, key: key_path });
        }
        if !facts::is_authority(&der) {
            return Err(PkiError::NotAnAuthority { path });
        }
        let now = OffsetDateTime::now_utc();
        check_validity(&path, &facts, now)?;
        let mut warnings = Vec::new();
        if files::readable_by_others(&key_path) {
            warnings.push(AuthorityWarning::KeyReadable(key_path));
        }
        if facts.not_after.utc() - now < ENDS_SOON {
            warnings.push(AuthorityWarning::EndsSoon(facts.not_after));
        }
        let issuer = Issuer::from_ca_cert_der(&der, key)
            .map_err(|e| PkiError::Certificate { path, reason: e.to_string() })?;
        let pem = pem_of(&der);
        Ok(Self { folder: folder.into(), der, pem, facts, issuer, made, warnings })
    }
}

/// Makes a private key file, 0600; used for the authority's key and the shared leaf key.
pub(super) fn make_rsa_key(path: &Path) -> Result<KeyPair, PkiError> {
    let key = KeyPair::generate_rsa_for(&PKCS_RSA_SHA256, RsaKeySize::_2048)
        .map_err(|source| PkiError::Mint { name: path.display().to_string(), source })?;
    files::write_whole(path, key.serialize_pem().as_bytes(), 0o600)?;
    Ok(key)
}

/// Reads a private key file of any kind the TLS library signs with.
pub(super) fn read_key(path: &Path) -> Result<KeyPair, PkiError> {
    KeyPair::from_pem(&files::read_text(path)?)
        .map_err(|e| PkiError::Key { path: path.into(), reason: e.to_string() })
}

/// A random positive serial number of 16 bytes (RFC 5280 §4.1.2.2).
pub(super) fn serial() -> Option<SerialNumber> {
    let mut bytes = [0; 16];
    aws_lc_rs::rand::fill(&mut bytes).ok()?;
    bytes[0] = (bytes[0] & 0x7f) | 0x40;
    Some(SerialNumber::from_slice(&bytes))
}

fn make(certificate: &Path, key_path: &Path) -> Result<(), PkiError> {
    let key = make_rsa_key(key_path)?;
    let now = OffsetDateTime::now_utc();
    let mut params = CertificateParams::default();
    params.not_before = now - BACKDATED;
    params.not_after = now + VALIDITY;
    params.serial_number = serial();
    params.distinguished_name = name(&params);
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    let made = params
        .self_signed(&key)
        .map_err(|source| PkiError::Mint { name: "synctap CA".into(), source })?;
    files::write_whole(certificate, made.pem().as_bytes(), 0o644)
}

/// A name of its own for each authority, so that a device holding two can tell them apart.
fn name(params: &CertificateParams) -> DistinguishedName {
    let serial = params.serial_number.as_ref().map(SerialNumber::to_bytes).unwrap_or_default();
    let tag = serial.iter().take(3).fold(0, |tag, byte| tag << 8 | u32::from(*byte));
    let mut name = DistinguishedName::new();
    name.push(DnType::CommonName, format!("synctap CA {tag:06x}"));
    name.push(DnType::OrganizationName, "synctap");
    name
}

fn read_certificate(path: &Path) -> Result<(CertificateDer<'static>, CertificateFacts), PkiError> {
    let bad = |reason: String| PkiError::Certificate { path: path.into(), reason };
    let text = files::read_text(path)?;
    let der = CertificateDer::from_pem_slice(text.as_bytes()).map_err(|e| bad(e.to_string()))?;
    let facts = certificate_facts(&der).ok_or_else(|| bad("it is not X.509".into()))?;
    Ok((der, facts))
}

fn check_validity(
    path: &Path,
    facts: &CertificateFacts,
    now: OffsetDateTime,
) -> Result<(), PkiError> {
    if now > facts.not_after.utc() {
        return Err(PkiError::Expired { path: path.into(), not_after: facts.not_after });
    }
    if now < facts.not_before.utc() {
        return Err(PkiError::NotYetValid { path: path.into(), not_before: facts.not_before });
    }
    Ok(())
}

fn pem_of(der: &[u8]) -> String {
    use base64::Engine as _;
    let text = base64::engine::general_purpose::STANDARD.encode(der);
    let mut pem = String::from("-----BEGIN CERTIFICATE-----\n");
    let mut rest = text.as_str();
    while !rest.is_empty() {
        let (line, tail) = rest.split_at(rest.len().min(64));
        pem.push_str(line);
        pem.push('\n');
        rest = tail;
    }
    pem.push_str("-----END CERTIFICATE-----\n");
    pem
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).unwrap().permissions().mode() & 0o777
    }

    #[test]
    fn the_first_run_makes_it_and_the_second_finds_it() {
        let dir = tempfile::tempdir().unwrap();
        let folder = dir.path().join("ca");
        let first = Authority::open(&folder).unwrap().facts();
        assert!(first.made);
        assert_eq!((mode(&folder), mode(&first.key)), (0o700, 0o600));
        let again = Authority::open(&folder).unwrap();
        assert_eq!(again.facts(), AuthorityFacts { made: false, ..first.clone() });
        assert_eq!(first.warnings, []);
        assert!(first.facts.subject.starts_with("CN=synctap CA "), "{}", first.facts.subject);
        assert_eq!(
            again.export_pem(),
            fs::read_to_string(&first.certificate).unwrap().replace("\r\n", "\n")
        );
        assert!(!again.export_pem().contains("PRIVATE"));
        assert_eq!(certificate_facts(again.export_der()).unwrap(), first.facts);
        assert!(!format!("{again:?}").to_lowercase().contains("key"));
    }

    #[test]
    fn a_key_others_can_read_is_a_warning() {
        let dir = tempfile::tempdir().unwrap();
        let key = Authority::open(dir.path()).unwrap().facts().key;
        fs::set_permissions(&key, fs::Permissions::from_mode(0o644)).unwrap();
        let warnings = Authority::open(dir.path()).unwrap().facts().warnings;
        assert_eq!(warnings, [AuthorityWarning::KeyReadable(key)]);
    }

    #[test]
    fn half_an_authority_and_the_wrong_key_are_refused() {
        let (one, two) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let a = Authority::open(one.path()).unwrap().facts();
        let b = Authority::open(two.path()).unwrap().facts();
        fs::copy(&b.key, &a.key).unwrap();
        assert!(matches!(Authority::open(one.path()), Err(PkiError::Mismatch { .. })));
        fs::remove_file(&a.key).unwrap();
        let error = Authority::open(one.path()).unwrap_err();
        assert!(matches!(&error, PkiError::Incomplete { missing, .. } if *missing == a.key));
        assert!(error.hint().contains("delete"));
    }

    #[test]
    fn rubbish_in_either_file_is_named() {
        let dir = tempfile::tempdir().unwrap();
        let facts = Authority::open(dir.path()).unwrap().facts();
        let pem = fs::read(&facts.certificate).unwrap();
        fs::write(&facts.certificate, "nothing here").unwrap();
        let error = Authority::open(dir.path()).unwrap_err();
        assert!(matches!(error, PkiError::Certificate { path, .. } if path == facts.certificate));
        fs::write(&facts.certificate, pem).unwrap();
        fs::write(&facts.key, "nothing here").unwrap();
        let error = Authority::open(dir.path()).unwrap_err();
        assert!(matches!(error, PkiError::Key { path, .. } if path == facts.key));
    }

    fn write_authority(dir: &Path, change: impl FnOnce(&mut CertificateParams)) {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        change(&mut params);
        let made = params.self_signed(&key).unwrap();
        fs::write(dir.join(KEY_FILE), key.serialize_pem()).unwrap();
        fs::write(dir.join(CERTIFICATE_FILE), made.pem()).unwrap();
    }

    #[test]
    fn validity_and_purpose_are_checked() {
        let dir = tempfile::tempdir().unwrap();
        write_authority(dir.path(), |p| p.not_after = OffsetDateTime::now_utc() - BACKDATED);
        assert!(matches!(Authority::open(dir.path()), Err(PkiError::Expired { .. })));
        write_authority(dir.path(), |p| p.not_before = OffsetDateTime::now_utc() + BACKDATED);
        assert!(matches!(Authority::open(dir.path()), Err(PkiError::NotYetValid { .. })));
        write_authority(dir.path(), |p| p.is_ca = IsCa::NoCa);
        assert!(matches!(Authority::open(dir.path()), Err(PkiError::NotAnAuthority { .. })));
        write_authority(dir.path(), |p| p.not_after = OffsetDateTime::now_utc() + BACKDATED);
        let warnings = Authority::open(dir.path()).unwrap().facts().warnings;
        assert!(warnings.iter().any(|w| matches!(w, AuthorityWarning::EndsSoon(_))));
    }
}
