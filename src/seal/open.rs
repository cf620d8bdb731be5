//! Opening an encrypted message with every key at hand.

use std::borrow::Cow;

use zeroize::Zeroizing;

use crate::codec::asn1::{Ber, oid_name};
use crate::codec::cms::{Algorithm, Enveloped, Recipient, RecipientKey};

use super::agreement::{derive, kdf_digest, unwrap, wrap_length, wrap_of};
use super::algorithm::digest_of;
use super::cipher;
use super::cipher::CipherError;
use super::key::Key;

/// Recipients of one message that are tried.
const RECIPIENTS: usize = 32;

/// What an encrypted message gave.
pub(super) struct Unsealed {
    /// The content.
    pub(super) content: Vec<u8>,
    /// The content's key.
    pub(super) key: Zeroizing<Vec<u8>>,
    /// Whose private key opened it.
    pub(super) by: String,
}

impl std::fmt::Debug for Unsealed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Unsealed").field("by", &self.by).finish_non_exhaustive()
    }
}

/// Why a message stays closed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Closed {
    /// No key fits, or something is not known.
    NoKey(String),
    /// A key fits, but what comes out is damaged.
    Damaged(String),
}

impl Closed {
    /// For a person.
    pub(super) fn text(&self) -> &str {
        match self {
            Self::NoKey(text) | Self::Damaged(text) => text,
        }
    }
}

/// Tries the keys on the recipients, those first whose certificates are named.
pub(super) fn open(sealed: &Enveloped<'_>, keys: &[Key]) -> Result<Unsealed, Closed> {
    if keys.is_empty() {
        return Err(Closed::NoKey("no key was given".to_owned()));
    }
    let content = sealed.content.as_ref();
    let content =
        content.ok_or_else(|| Closed::NoKey("the content stands elsewhere".to_owned()))?;
    let length = cipher::key_length(&sealed.cipher.oid).ok_or_else(|| {
        Closed::NoKey(format!("the cipher {} is not supported", sealed.cipher.name()))
    })?;
    let tag = tag(sealed);
    let mut closed = Closed::NoKey("none of the keys given is that of a recipient".to_owned());
    for recipient in sealed.recipients.iter().take(RECIPIENTS) {
        for key in keys {
            let (found, named) = match attempt(key, recipient, length) {
                Ok(found) => found,
                Err(why) => {
                    closed = Closed::NoKey(why);
                    continue;
                }
            };
            // A key that comes out whole is the right one, also when nothing names the certificate.
            let fits = named || found.is_some();
            let over = tag.as_ref().map(|(over, tag)| (&**over, &**tag));
            let opened = found.ok_or(CipherError::Wrong).and_then(|cek| {
                let content = cipher::open(&sealed.cipher, &cek, content, over)?;
                Ok(Unsealed { content, key: cek, by: key.name.clone() })
            });
            match opened {
                Ok(unsealed) => return Ok(unsealed),
                Err(CipherError::Unknown(what)) => {
                    closed = Closed::NoKey(format!("{what} is not supported"));
                }
                // Without a name any key may be tried, and be the wrong one.
                Err(_) if fits => {
                    let text = "the key fits a recipient, but what is encrypted is damaged";
                    closed = Closed::Damaged(text.to_owned());
                }
                Err(_) => {}
            }
        }
    }
    Err(closed)
}

/// What the tag of authenticated content is over, and the tag (RFC 5083 2.1, 2.2).
fn tag<'a>(sealed: &'a Enveloped<'_>) -> Option<(Cow<'a, [u8]>, &'a [u8])> {
    let over = match &sealed.attributes {
        Some(attributes) => {
            let sorted = attributes.sorted_bytes.as_deref();
            Cow::Borrowed(sorted.unwrap_or(&attributes.signed_bytes))
        }
        None => Cow::Borrowed(&[][..]),
    };
    (!sealed.mac.is_empty()).then_some((over, &*sealed.mac))
}

type Attempt = (Option<Zeroizing<Vec<u8>>>, bool);

/// The content's key for one recipient, if this private key gives one, and whether the recipient
/// names the certificate of the key.
fn attempt(key: &Key, recipient: &Recipient<'_>, length: usize) -> Result<Attempt, String> {
    let is_own = |whose: &RecipientKey<'_>| {
        key.certificate.as_ref().is_some_and(|certificate| certificate.is(&whose.id))
    };
    let fits = |cek: &Zeroizing<Vec<u8>>| cek.len() == length;
    match recipient {
        Recipient::KeyTransport(whose, algorithm) => {
            let padding = padding(algorithm)?;
            let oaep = padding.as_ref().map(|(length, label)| (*length, &**label));
            Ok((key.decrypt(&whose.encrypted, oaep).filter(fits), is_own(whose)))
        }
        Recipient::KeyAgreement { originator, ukm, algorithm, keys } => {
            let digest = kdf_digest(&algorithm.oid);
            let digest = digest.ok_or_else(|| {
                format!("the key agreement {} is not supported", algorithm.name())
            })?;
            let ber = Ber::read(algorithm.parameters);
            let wrap = wrap_of(&ber).ok_or("the key agreement names no key wrap")?;
            let wrap_length = wrap_length(&wrap.oid);
            let wrap_length = wrap_length
                .ok_or_else(|| format!("the key wrap {} is not supported", wrap.name()))?;
            let secret = originator.as_ref().and_then(|(_, point)| key.agree(point));
            let kek = secret.and_then(|secret| {
                derive(digest, &secret, algorithm.parameters, wrap_length, ukm.as_deref())
            });
            let Some(kek) = kek else { return Ok((None, false)) };
            let open = |whose: &&RecipientKey<'_>| unwrap(&wrap.oid, &kek, &whose.encrypted);
            let found = keys.iter().take(RECIPIENTS).find_map(|whose| open(&whose)).filter(fits);
            Ok((found, keys.iter().any(is_own)))
        }
        Recipient::SharedKey(_) => {
            Err("a recipient has a shared key, which is not given".to_owned())
        }
        Recipient::Password => Err("a recipient has a password, which is not given".to_owned()),
        Recipient::Other => Err("a kind of recipient is not supported".to_owned()),
    }
}

type Oaep = (usize, Vec<u8>);

/// The padding of a key transport: none of OAEP's parameters for PKCS#1 v1.5, else bytes of the digest
/// and the label (RFC 4055 4.1).
fn padding(algorithm: &Algorithm<'_>) -> Result<Option<Oaep>, String> {
    const SHA1: &str = "1.3.14.3.2.26";
    match algorithm.oid.as_str() {
        "1.2.840.113549.1.1.1" => return Ok(None),
        "1.2.840.113549.1.1.7" => {}
        _ => return Err(format!("the key transport {} is not supported", algorithm.name())),
    }
    let ber = Ber::read(algorithm.parameters);
    let field = |number| ber.root().and_then(|root| root.field(number)?.child(0));
    let hash = field(0).and_then(Algorithm::of).map_or(SHA1.to_owned(), |hash| hash.oid);
    let mask = field(1).and_then(Algorithm::of).map_or(Some(SHA1.to_owned()), |mask| {
        let ber = Ber::read(mask.parameters);
        Algorithm::of(ber.root()?).map(|hash| hash.oid)
    });
    let source = field(2).and_then(|source| source.child(1));
    let label = source.map(|label| label.octets().into_owned()).unwrap_or_default();
    if mask.as_ref() != Some(&hash) {
        return Err("the digest and the mask of RSA-OAEP differ, which is not supported".to_owned());
    }
    let name = || oid_name(&hash).unwrap_or(&hash).to_owned();
    let digest =
        digest_of(&hash).ok_or_else(|| format!("RSA-OAEP with {} is not supported", name()))?;
    Ok(Some((digest.output_len(), label)))
}
