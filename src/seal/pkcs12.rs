//! PKCS#12 files (RFC 7292): the keys and the certificates beside them.

use aws_lc_rs::hmac;
use zeroize::Zeroizing;

use crate::codec::Certificate;
use crate::codec::asn1::{Ber, Value};
use crate::codec::cms::Algorithm;

use super::algorithm::digest_of;
use super::key::Key;
use super::key_file::{CONVERT_PKCS12, KeyError};
use super::password;

const DATA: &str = "1.2.840.113549.1.7.1";
const ENCRYPTED: &str = "1.2.840.113549.1.7.6";
const KEY_BAG: &str = "1.2.840.113549.1.12.10.1.1";
const SHROUDED_BAG: &str = "1.2.840.113549.1.12.10.1.2";
const CERTIFICATE_BAG: &str = "1.2.840.113549.1.12.10.1.3";
const LOCAL_KEY_ID: &str = "1.2.840.113549.1.9.21";

/// Bags of one file.
const BAGS: usize = 256;

/// True for the beginning of such a file: version 3 and a message.
pub(super) fn is_likely(der: &[u8]) -> bool {
    let ber = Ber::read(der);
    let root = ber.root().filter(|_| ber.is_sound());
    root.is_some_and(|root| {
        root.child(0).and_then(Value::number) == Some(3)
            && root
                .child(1)
                .is_some_and(|info| info.child(0).is_some_and(|oid| oid.oid().is_some()))
    })
}

/// The keys of a file, each with its certificate where the file has it.
pub(super) fn read(name: &str, der: &[u8], password: Option<&str>) -> Result<Vec<Key>, KeyError> {
    let ber = Ber::read(der);
    let root = ber.root().filter(|_| ber.is_sound()).ok_or(KeyError::Damaged)?;
    let safe = data(root.child(1).ok_or(KeyError::Damaged)?).ok_or(KeyError::Damaged)?;
    let inner = Ber::read(&safe);
    let contents = inner.root().filter(|_| inner.is_sound()).ok_or(KeyError::Damaged)?;
    // An old cipher is told before the password is asked for.
    for info in contents.children() {
        if let Some((algorithm, content)) = encrypted(info) {
            let tried = password::open(algorithm, &content, None, CONVERT_PKCS12);
            tried.map(drop).or_else(|error| match error {
                KeyError::NeedsPassword => Ok(()),
                error => Err(error),
            })?;
        }
    }
    if let Some(mac) = root.child(2) {
        check(mac, &safe, password.ok_or(KeyError::NeedsPassword)?)?;
    }
    let mut bags = Bags { name, password, keys: Vec::new(), certificates: Vec::new(), left: BAGS };
    for info in contents.children() {
        if let Some((algorithm, content)) = encrypted(info) {
            let plain = password::open(algorithm, &content, password, CONVERT_PKCS12)?;
            bags.add(&plain)?;
        } else if let Some(content) = data(info) {
            bags.add(&content)?;
        }
    }
    Ok(bags.joined())
}

/// The octets of a `ContentInfo` of type data.
fn data(info: Value<'_>) -> Option<Zeroizing<Vec<u8>>> {
    info.child(0)?.oid().filter(|oid| oid == DATA)?;
    Some(Zeroizing::new(info.field(0)?.child(0)?.octets().into_owned()))
}

/// The algorithm and octets of a `ContentInfo` of type encrypted data.
fn encrypted(info: Value<'_>) -> Option<(Value<'_>, Vec<u8>)> {
    info.child(0)?.oid().filter(|oid| oid == ENCRYPTED)?;
    let content = info.field(0)?.child(0)?.child(1)?;
    Some((content.child(1)?, content.field(0)?.octets().into_owned()))
}

/// Whether the tag of the file holds: the password is right, and nothing was changed.
fn check(mac: Value<'_>, safe: &[u8], password: &str) -> Result<(), KeyError> {
    let digest = mac.child(0).ok_or(KeyError::Damaged)?;
    let algorithm = digest.child(0).and_then(Algorithm::of).ok_or(KeyError::Damaged)?;
    let tag = digest.child(1).ok_or(KeyError::Damaged)?.octets();
    let (function, key) = if algorithm.oid == "1.2.840.113549.1.5.14" {
        // RFC 9579: PBMAC1.
        let ber = Ber::read(algorithm.parameters);
        let part = |at| ber.root().and_then(|root| root.child(at)).and_then(Algorithm::of);
        let (derivation, function) = part(0).zip(part(1)).ok_or(KeyError::Damaged)?;
        let function = match function.oid.as_str() {
            "1.2.840.113549.2.9" => hmac::HMAC_SHA256,
            "1.2.840.113549.2.10" => hmac::HMAC_SHA384,
            "1.2.840.113549.2.11" => hmac::HMAC_SHA512,
            _ => return Err(KeyError::UnknownCipher(function.name().to_owned())),
        };
        (function, password::pbkdf2(&derivation, password, function.tag_len())?)
    } else {
        let hash = digest_of(&algorithm.oid);
        let hash = hash.ok_or_else(|| KeyError::UnknownCipher(algorithm.name().to_owned()))?;
        let function = match hash.output_len() {
            20 => hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY,
            28 => hmac::HMAC_SHA224,
            32 => hmac::HMAC_SHA256,
            48 => hmac::HMAC_SHA384,
            _ => hmac::HMAC_SHA512,
        };
        let salt = mac.child(1).ok_or(KeyError::Damaged)?;
        let rounds = mac.child(2).map_or(Some(1), Value::number).ok_or(KeyError::Damaged)?;
        if rounds > 10_000_000 {
            return Err(KeyError::Damaged);
        }
        (function, password::derive(hash, 3, password, &salt.octets(), rounds, hash.output_len()))
    };
    let key = hmac::Key::new(function, &key);
    hmac::verify(&key, safe, &tag).map_err(|_| KeyError::WrongPassword)
}

/// What was found in the bags.
struct Bags<'a> {
    name: &'a str,
    password: Option<&'a str>,
    /// Each with its local key id.
    keys: Vec<(Key, Vec<u8>)>,
    certificates: Vec<(Certificate, Vec<u8>)>,
    left: usize,
}

impl Bags<'_> {
    fn add(&mut self, contents: &[u8]) -> Result<(), KeyError> {
        let ber = Ber::read(contents);
        let root = ber.root().filter(|_| ber.is_sound()).ok_or(KeyError::WrongPassword)?;
        for bag in root.children().take(self.left) {
            self.left = self.left.saturating_sub(1);
            let oid = bag.child(0).and_then(Value::oid).unwrap_or_default();
            let Some(value) = bag.field(0).and_then(|field| field.child(0)) else { continue };
            let id = local_id(bag);
            match oid.as_str() {
                KEY_BAG => self.key(value.raw(), id)?,
                SHROUDED_BAG => {
                    let (algorithm, content) = (value.child(0), value.child(1));
                    let (algorithm, content) = algorithm.zip(content).ok_or(KeyError::Damaged)?;
                    let content = content.octets();
                    let plain = password::open(algorithm, &content, self.password, CONVERT_PKCS12)?;
                    self.key(&plain, id)?;
                }
                CERTIFICATE_BAG => {
                    let der = value.field(0).and_then(|field| field.child(0));
                    let found = der.and_then(|der| Certificate::of(&der.octets()));
                    self.certificates.extend(found.map(|certificate| (certificate, id)));
                }
                _ => {}
            }
        }
        Ok(())
    }

    fn key(&mut self, der: &[u8], id: Vec<u8>) -> Result<(), KeyError> {
        let key = Key::of_der(der, self.name).ok_or(KeyError::OtherKey)?;
        self.keys.push((key, id));
        Ok(())
    }

    /// The keys with the certificates of the same local id; the first one for a lone key.
    fn joined(self) -> Vec<Key> {
        let Self { keys, certificates, .. } = self;
        let lone = keys.len() == 1;
        let find = |id: &[u8]| {
            let same = certificates.iter().find(|(_, other)| !id.is_empty() && other == id);
            let found = same.or_else(|| certificates.first().filter(|_| lone));
            found.map(|(certificate, _)| certificate.clone())
        };
        keys.into_iter().map(|(key, id)| key.of_certificate(find(&id))).collect()
    }
}

fn local_id(bag: Value<'_>) -> Vec<u8> {
    let attributes = bag.child(2).filter(|set| set.is(17));
    let mut attributes = attributes.into_iter().flat_map(Value::children);
    let found = attributes
        .find(|attribute| attribute.child(0).and_then(Value::oid).as_deref() == Some(LOCAL_KEY_ID));
    let value = found.and_then(|attribute| attribute.child(1)?.child(0));
    value.map(|value| value.octets().into_owned()).unwrap_or_default()
}
