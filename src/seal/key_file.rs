//! Files that hold private keys or certificates.

use zeroize::Zeroizing;

use crate::codec::asn1::Ber;
use crate::codec::cms::Message;
use crate::codec::{Certificate, base64_any, pem};

use super::key::Key;
use super::{password, pkcs12};

/// Why a file gives no key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum KeyError {
    /// It holds none.
    #[error("it holds no private key in PEM, PKCS#8, PKCS#1, SEC1 or PKCS#12")]
    NoKey,
    /// It holds no certificate.
    #[error("it holds no certificate in PEM or DER")]
    NoCertificate,
    /// It is encrypted, and no password was given.
    #[error("it is encrypted and no password was given")]
    NeedsPassword,
    /// The password is not the right one.
    #[error("the password is wrong")]
    WrongPassword,
    /// It is encrypted in a way that is too old; what it is, and the command that converts it.
    #[error("it is encrypted with {cipher}, which is too old to be read here")]
    OldCipher {
        /// What it is encrypted with.
        cipher: String,
        /// What to type, the file's name left out as `OLD`.
        convert: &'static str,
    },
    /// It is encrypted in some other way that is not known.
    #[error("it is encrypted with {0}, which is not supported")]
    UnknownCipher(String),
    /// It ends early or is not laid out as it should.
    #[error("it is damaged")]
    Damaged,
    /// The key is of a kind that opens nothing here.
    #[error("its key is neither RSA of 2048 to 8192 bits nor EC on P-256, P-384 or P-521")]
    OtherKey,
}

/// Converts an old PKCS#12 file.
pub(super) const CONVERT_PKCS12: &str =
    "openssl pkcs12 -legacy -in OLD -nodes | openssl pkcs12 -export -out new.p12";

/// Converts an old encrypted key.
pub(super) const CONVERT_KEY: &str = "openssl pkcs8 -topk8 -in OLD -out new.pem";

/// The keys of a file.
pub(super) fn read(name: &str, bytes: &[u8], password: Option<&str>) -> Result<Vec<Key>, KeyError> {
    let text = bytes.trim_ascii_start();
    let keys = if memchr::memmem::find(text, b"-----BEGIN ").is_some() {
        read_pem(name, bytes, password)?
    } else {
        // Some tools write the base64 of DER alone.
        let der = base64_any(text).filter(|_| text.starts_with(b"MI")).map(Zeroizing::new);
        read_der(name, der.as_deref().map_or(bytes, Vec::as_slice), password)?
    };
    if keys.is_empty() { Err(KeyError::NoKey) } else { Ok(keys) }
}

fn read_pem(name: &str, text: &[u8], password: Option<&str>) -> Result<Vec<Key>, KeyError> {
    if memchr::memmem::find(text, b"Proc-Type: 4,ENCRYPTED").is_some() {
        let cipher = "the old encryption of PEM (PKCS#1)".to_owned();
        return Err(KeyError::OldCipher { cipher, convert: CONVERT_KEY });
    }
    let mut keys = Vec::new();
    let mut certificates = Vec::new();
    for block in pem(text) {
        let der = Zeroizing::new(block.der);
        match block.label.as_str() {
            "CERTIFICATE" | "X509 CERTIFICATE" => certificates.extend(Certificate::of(&der)),
            "ENCRYPTED PRIVATE KEY" => {
                let plain = decrypt(&der, password)?;
                keys.push(Key::of_der(&plain, name).ok_or(KeyError::OtherKey)?);
            }
            label if label.ends_with("PRIVATE KEY") => {
                keys.push(Key::of_der(&der, name).ok_or(KeyError::OtherKey)?);
            }
            _ => {}
        }
    }
    // A key and its certificate are kept in one file, the certificate's own authorities behind it.
    if let ([key], Some(first)) = (&mut keys[..], certificates.into_iter().next()) {
        key.certificate = Some(first);
    }
    Ok(keys)
}

fn read_der(name: &str, der: &[u8], password: Option<&str>) -> Result<Vec<Key>, KeyError> {
    if let Some(key) = Key::of_der(der, name) {
        return Ok(vec![key]);
    }
    if pkcs12::is_likely(der) {
        return pkcs12::read(name, der, password);
    }
    let ber = Ber::read(der);
    let root = ber.root().filter(|_| ber.is_whole()).ok_or(KeyError::NoKey)?;
    if root.child(0).is_some_and(|first| first.child(0).is_some_and(|oid| oid.oid().is_some())) {
        let plain = decrypt(der, password)?;
        return Ok(vec![Key::of_der(&plain, name).ok_or(KeyError::OtherKey)?]);
    }
    Err(KeyError::NoKey)
}

/// Decrypts an `EncryptedPrivateKeyInfo` (RFC 5958 3).
pub(super) fn decrypt(der: &[u8], password: Option<&str>) -> Result<Zeroizing<Vec<u8>>, KeyError> {
    let ber = Ber::read(der);
    let root = ber.root().filter(|_| ber.is_whole()).ok_or(KeyError::Damaged)?;
    let (algorithm, content) = (root.child(0), root.child(1).filter(|value| value.is(4)));
    let (Some(algorithm), Some(content)) = (algorithm, content) else {
        return Err(KeyError::NoKey);
    };
    password::open(algorithm, &content.octets(), password, CONVERT_KEY)
}

/// The certificates of a file.
pub(super) fn certificates(bytes: &[u8]) -> Vec<Certificate> {
    if memchr::memmem::find(bytes, b"-----BEGIN ").is_some() {
        let inside = |der: &[u8]| match Certificate::of(der) {
            Some(one) => vec![one],
            None => carried(der),
        };
        return pem(bytes).flat_map(|block| inside(&block.der)).collect();
    }
    if let Some(one) = Certificate::of(bytes) {
        return vec![one];
    }
    let decoded = base64_any(bytes);
    let one = decoded.as_deref().and_then(Certificate::of);
    one.map_or_else(|| carried(decoded.as_deref().unwrap_or(bytes)), |one| vec![one])
}

/// The certificates that a message carries (a `.p7b` file).
fn carried(bytes: &[u8]) -> Vec<Certificate> {
    let ber = Ber::read(bytes);
    let Some(Message::Signed(signed)) = Message::of(&ber) else { return Vec::new() };
    signed.certificates.iter().filter_map(|(_, der)| Certificate::of(der)).collect()
}
