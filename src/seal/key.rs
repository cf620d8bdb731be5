//! Private keys: in memory only, cleared when dropped, never printed.

use std::fmt;

use aws_lc_rs::agreement;
use aws_lc_rs::rsa::{
    OAEP_SHA1_MGF1SHA1, OAEP_SHA256_MGF1SHA256, OAEP_SHA384_MGF1SHA384, OAEP_SHA512_MGF1SHA512,
    OaepAlgorithm, OaepPrivateDecryptingKey, Pkcs1PrivateDecryptingKey, PrivateDecryptingKey,
};
use zeroize::Zeroizing;

use crate::codec::Certificate;
use crate::codec::asn1::{Ber, write};

/// Version 0, and the algorithm of RSA keys without parameters (RFC 5958 2, RFC 8017 A.1).
const RSA_HEAD: &[u8] = b"\x02\x01\x00\x30\x0D\x06\x09\x2A\x86\x48\x86\xF7\x0D\x01\x01\x01\x05\x00";

/// A key that opens what was encrypted for it.
pub(super) struct Key {
    kind: Kind,
    /// Its certificate, if it came with it.
    pub(super) certificate: Option<Certificate>,
    /// How a person calls it: the file it came from.
    pub(super) name: String,
}

enum Kind {
    Rsa(Box<(Pkcs1PrivateDecryptingKey, OaepPrivateDecryptingKey)>),
    Ec(agreement::PrivateKey),
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Key").field("name", &self.name).finish_non_exhaustive()
    }
}

impl Key {
    /// Reads PKCS#8, PKCS#1 or SEC1; `None` when it is none of these, or a kind that opens nothing.
    pub(super) fn of_der(der: &[u8], name: &str) -> Option<Self> {
        let kind = rsa(der).or_else(|| ec(der))?;
        Some(Self { kind, certificate: None, name: name.to_owned() })
    }

    /// The same key, of this certificate.
    pub(super) fn of_certificate(self, certificate: Option<Certificate>) -> Self {
        Self { certificate, ..self }
    }

    /// Decrypts with RSAES-PKCS1-v1_5, or with RSAES-OAEP when a digest of so many bytes is given.
    pub(super) fn decrypt(
        &self,
        encrypted: &[u8],
        oaep: Option<(usize, &[u8])>,
    ) -> Option<Zeroizing<Vec<u8>>> {
        let Kind::Rsa(keys) = &self.kind else { return None };
        let (pkcs1, by_oaep) = &**keys;
        let mut out = Zeroizing::new(vec![0; pkcs1.key_size_bytes()]);
        let length = match oaep {
            None => pkcs1.decrypt(encrypted, &mut out).ok()?.len(),
            Some((length, label)) => {
                let label = Some(label).filter(|label| !label.is_empty());
                by_oaep.decrypt(oaep_of(length)?, encrypted, &mut out, label).ok()?.len()
            }
        };
        out.truncate(length);
        Some(out)
    }

    /// Agrees on a secret with the owner of `point`.
    pub(super) fn agree(&self, point: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
        let Kind::Ec(key) = &self.kind else { return None };
        let point = agreement::UnparsedPublicKey::new(key.algorithm(), point);
        agreement::agree(key, point, (), |secret| Ok(Zeroizing::new(secret.to_vec()))).ok()
    }
}

fn oaep_of(length: usize) -> Option<&'static OaepAlgorithm> {
    Some(match length {
        20 => &OAEP_SHA1_MGF1SHA1,
        32 => &OAEP_SHA256_MGF1SHA256,
        48 => &OAEP_SHA384_MGF1SHA384,
        64 => &OAEP_SHA512_MGF1SHA512,
        _ => return None,
    })
}

fn rsa(der: &[u8]) -> Option<Kind> {
    let read = |der: &[u8]| PrivateDecryptingKey::from_pkcs8(der).ok();
    let key = read(der).or_else(|| {
        // PKCS#1 is the inside of PKCS#8.
        let ber = Ber::read(der);
        let parts = ber.root().filter(|_| ber.is_whole())?.children().count();
        let inner = Zeroizing::new(write(0x04, der));
        let whole = Zeroizing::new([RSA_HEAD, &inner].concat());
        (parts >= 9).then(|| read(&Zeroizing::new(write(0x30, &whole)))).flatten()
    })?;
    let pkcs1 = Pkcs1PrivateDecryptingKey::new(key.clone()).ok()?;
    let oaep = OaepPrivateDecryptingKey::new(key).ok()?;
    Some(Kind::Rsa(Box::new((pkcs1, oaep))))
}

fn ec(der: &[u8]) -> Option<Kind> {
    let curves = [&agreement::ECDH_P256, &agreement::ECDH_P384, &agreement::ECDH_P521];
    let read = |curve| agreement::PrivateKey::from_private_key_der(curve, der).ok();
    curves.into_iter().find_map(read).map(Kind::Ec)
}
