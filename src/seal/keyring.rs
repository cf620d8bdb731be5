//! Keys and trusted certificates of one run.

use zeroize::Zeroizing;

use crate::codec::cms::{CertificateId, Enveloped};
use crate::codec::{Certificate, Opener, Opening};
use crate::model::ExchangeId;

use super::key::Key;
use super::key_file;
use super::key_file::KeyError;
use super::open;
use super::open::Closed;
pub(super) use super::open::Unsealed;

/// A certificate that was seen somewhere, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownCertificate {
    /// The certificate.
    pub certificate: Certificate,
    /// Where it was seen: `exchange #4`.
    pub source: String,
    /// A server handed it out: at enrolment, or into a store of the device.
    pub handed_out: bool,
    /// It was handed out as an authority to be trusted.
    pub trusted: bool,
    /// The first exchange it was seen in.
    pub seen: ExchangeId,
}

/// Private keys and trusted certificates, in memory only. Its debug text tells how many, nothing else.
#[derive(Default)]
pub struct Keyring {
    keys: Vec<Key>,
    trusted: Vec<Certificate>,
    /// User and password of management accounts.
    passwords: Vec<(String, Zeroizing<String>)>,
}

impl std::fmt::Debug for Keyring {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (keys, trusted) = (self.keys.len(), self.trusted.len());
        write!(f, "Keyring({keys} keys, {trusted} trusted)")
    }
}

impl Keyring {
    /// Nothing.
    pub fn new() -> Self {
        Self::default()
    }

    /// True when it opens and trusts nothing.
    pub fn is_empty(&self) -> bool {
        self.keys.is_empty() && self.trusted.is_empty()
    }

    /// Remembers the password of a management account, to check MD5 credentials and MACs with.
    pub fn know_password(&mut self, user: &str, password: &str) {
        self.passwords.push((user.to_owned(), Zeroizing::new(password.to_owned())));
    }

    /// User and password of each management account.
    pub fn passwords(&self) -> impl Iterator<Item = (&str, &str)> {
        self.passwords.iter().map(|(user, password)| (user.as_str(), password.as_str()))
    }

    /// True when somebody is trusted.
    pub fn has_trusted(&self) -> bool {
        !self.trusted.is_empty()
    }

    /// True when it holds a key.
    pub fn has_keys(&self) -> bool {
        !self.keys.is_empty()
    }

    /// Adds the keys of a file: PEM, PKCS#8, PKCS#1, SEC1 or PKCS#12, `name` as people call it. The
    /// certificates beside a key are remembered as its own. Returns how many keys were added.
    ///
    /// # Errors
    /// `NeedsPassword` when one is needed and none is given; the others say what is wrong with the file.
    pub fn add_key(
        &mut self,
        name: &str,
        bytes: &[u8],
        password: Option<&str>,
    ) -> Result<usize, KeyError> {
        let keys = key_file::read(name, bytes, password)?;
        let count = keys.len();
        self.keys.extend(keys);
        Ok(count)
    }

    /// Trusts the certificates of a file: PEM, DER, or a message that carries them. Returns how many.
    ///
    /// # Errors
    /// `NoCertificate`.
    pub fn trust(&mut self, bytes: &[u8]) -> Result<usize, KeyError> {
        let found = key_file::certificates(bytes);
        if found.is_empty() {
            return Err(KeyError::NoCertificate);
        }
        let count = found.len();
        self.trusted.extend(found);
        Ok(count)
    }

    pub(super) fn trusted(&self) -> &[Certificate] {
        &self.trusted
    }

    /// The certificates of the keys.
    pub(super) fn certificates(&self) -> impl Iterator<Item = &Certificate> {
        self.keys.iter().filter_map(|key| key.certificate.as_ref())
    }

    pub(super) fn unseal(&self, sealed: &Enveloped<'_>) -> Result<Unsealed, Closed> {
        open::open(sealed, &self.keys)
    }
}

impl Opener for Keyring {
    fn open(&self, sealed: &Enveloped<'_>) -> Opening {
        match self.unseal(sealed) {
            Ok(unsealed) => Opening::Opened(unsealed.content, unsealed.by),
            Err(Closed::NoKey(why)) => Opening::Closed(why),
            Err(Closed::Damaged(why)) => Opening::Damaged(why),
        }
    }

    fn known(&self, id: &CertificateId<'_>) -> Option<String> {
        let mut all = self.certificates().chain(&self.trusted);
        all.find(|certificate| certificate.is(id)).map(|certificate| certificate.subject.clone())
    }
}
