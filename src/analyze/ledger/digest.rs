//! MD5 credentials and `x-syncml-hmac` checked against a known password (OMA DM Security 1.2.1, 5.3, 5.4).

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use md5::{Digest as _, Md5};

use crate::analyze::document::{Document, Subject};
use crate::model::{Leg, NodeId};

/// Passwords remembered.
const PASSWORDS: usize = 64;

/// A password, given or read from a provisioning document.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Password {
    user: String,
    secret: String,
    /// The first nonce, as bytes; empty when none was given.
    nonce: Vec<u8>,
}

/// Everything known to check credentials with.
#[derive(Debug, Clone, Default)]
pub(in crate::analyze) struct Passwords(Arc<Vec<Password>>);

impl Passwords {
    /// Adds one; beyond 64 the first is forgotten.
    pub(in crate::analyze) fn add(&mut self, user: &str, secret: &str, nonce: Vec<u8>) {
        let password = Password { user: user.to_owned(), secret: secret.to_owned(), nonce };
        let all = Arc::make_mut(&mut self.0);
        if !all.contains(&password) {
            if all.len() >= PASSWORDS {
                all.remove(0);
            }
            all.push(password);
        }
    }

    /// Takes over what a provisioning document sets up for device management: its secrets, and the
    /// nonce to begin with (w7 APPLICATION, APPAUTH: AAUTHNAME, AAUTHSECRET, AAUTHDATA).
    pub(in crate::analyze) fn learn(&mut self, subject: &Subject<'_>) {
        let Some(document) = subject.inside(Leg::Response, "wap-provisioningdoc") else { return };
        for id in document.elements() {
            let kind = document.attribute(id, "type").unwrap_or_default();
            if document.name(id) != "characteristic" || !kind.eq_ignore_ascii_case("APPAUTH") {
                continue;
            }
            let parm = |name| parm(&document, id, name);
            let (Some(user), Some(secret)) = (parm("AAUTHNAME"), parm("AAUTHSECRET")) else {
                continue;
            };
            let nonce = parm("AAUTHDATA").and_then(|data| STANDARD.decode(data).ok());
            self.add(user, secret, nonce.unwrap_or_default());
        }
    }

    /// Whether a digest is right: MD5 credentials, or with a body the MAC over it. `None` when no
    /// password of this user is known, or no nonce it could be made with. A nonce of an earlier session
    /// may have been replaced in one that was not seen, so it confirms and never refutes.
    pub(super) fn verify(
        &self,
        user: &str,
        sent: &str,
        nonces: Nonces<'_>,
        body: Option<&[u8]>,
    ) -> Option<bool> {
        let read = |nonce: Option<&str>| nonce.and_then(|nonce| STANDARD.decode(nonce.trim()).ok());
        let (given, carried) = (read(nonces.given), read(nonces.carried));
        let mut judged = false;
        for password in self.0.iter().filter(|own| user.is_empty() || own.user == user) {
            let first = (!password.nonce.is_empty()).then_some(&password.nonce);
            judged |= given.is_some() || (first.is_some() && carried.is_none());
            let right = |nonce: &Vec<u8>| digest(password, nonce, body) == sent.trim();
            if given.iter().chain(first).chain(&carried).any(right) {
                return Some(true);
            }
        }
        judged.then_some(false)
    }
}

/// The nonces that are known, as sent (base64).
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Nonces<'n> {
    /// By a challenge of this session.
    pub(super) given: Option<&'n str>,
    /// By the last challenge of an earlier session of the same device.
    pub(super) carried: Option<&'n str>,
}

/// The value of a parameter directly inside a characteristic.
fn parm<'a>(document: &Document<'a>, id: NodeId, name: &str) -> Option<&'a str> {
    let own = |child: &NodeId| {
        document.attribute(*child, "name").is_some_and(|own| own.eq_ignore_ascii_case(name))
    };
    document.attribute(document.children(id).find(own)?, "value")
}

/// `B64(MD5(B64(MD5(user ":" password)) ":" nonce))`; with a body also `":" B64(MD5(body))` inside (OMA
/// DM Security 1.2.1, 5.3 and 5.4).
fn digest(password: &Password, nonce: &[u8], body: Option<&[u8]>) -> String {
    let Password { user, secret, .. } = password;
    let mut outer = Md5::new();
    outer.update(STANDARD.encode(Md5::digest(format!("{user}:{secret}"))).as_bytes());
    outer.update(b":");
    outer.update(nonce);
    if let Some(body) = body {
        outer.update(b":");
        outer.update(STANDARD.encode(Md5::digest(body)).as_bytes());
    }
    STANDARD.encode(outer.finalize())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of OMA DM Security 1.2.1, 5.3.2: user Bruce2, password `OhBehave`, nonce `Nonce`.
    const SENT: &str = "Zz6EivR3yeaaENcRN6lpAQ==";

    fn verify(known: &Passwords, user: &str, given: Option<&str>) -> Option<bool> {
        known.verify(user, SENT, Nonces { given, carried: None }, None)
    }

    #[test]
    fn credentials_are_checked_with_any_nonce_known() {
        let mut known = Passwords::default();
        assert_eq!(verify(&known, "Bruce2", Some("Tm9uY2U=")), None);
        known.add("Bruce2", "OhBehave", Vec::new());
        assert_eq!(verify(&known, "Bruce2", Some("Tm9uY2U=")), Some(true));
        assert_eq!(verify(&known, "", Some("Tm9uY2U=")), Some(true));
        assert_eq!(verify(&known, "Bruce2", Some("T3RoZXI=")), Some(false));
        assert_eq!(verify(&known, "Bruce2", None), None, "no nonce is known");
        assert_eq!(verify(&known, "other", Some("Tm9uY2U=")), None);
        known.add("Bruce2", "OhBehave", b"Nonce".to_vec());
        assert_eq!(verify(&known, "Bruce2", None), Some(true));
    }

    #[test]
    fn a_nonce_of_an_earlier_session_confirms_and_never_refutes() {
        let mut known = Passwords::default();
        known.add("Bruce2", "OhBehave", b"first".to_vec());
        let carried = |nonce| Nonces { given: None, carried: Some(nonce) };
        assert_eq!(known.verify("Bruce2", SENT, carried("Tm9uY2U="), None), Some(true));
        assert_eq!(known.verify("Bruce2", SENT, carried("T3RoZXI="), None), None);
    }

    /// MD5(body) of the empty body is d41d8cd98f00b204e9800998ecf8427e; worked out apart from this code.
    #[test]
    fn a_mac_is_over_the_body() {
        let mut known = Passwords::default();
        known.add("Bruce2", "OhBehave", b"Nonce".to_vec());
        let nonces = Nonces::default();
        assert_eq!(
            known.verify("Bruce2", "gbjsdKI2jLRPFi9gmOstJg==", nonces, Some(b"")),
            Some(true)
        );
        assert_eq!(
            known.verify("Bruce2", "gbjsdKI2jLRPFi9gmOstJg==", nonces, Some(b" ")),
            Some(false)
        );
    }
}
