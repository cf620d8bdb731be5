//! MD5 credentials checked against a known password (OMA DM Security 1.2.1, 5.3).

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

    /// Whether MD5 credentials are right; `None` when no password of this user is known, or no nonce
    /// they could be made with.
    pub(super) fn verify(&self, user: &str, sent: &str, nonce: Option<&str>) -> Option<bool> {
        let given = nonce.and_then(|nonce| STANDARD.decode(nonce).ok());
        let mut judged = false;
        for password in self.0.iter().filter(|own| user.is_empty() || own.user == user) {
            let first = (!password.nonce.is_empty()).then_some(&password.nonce);
            for nonce in given.as_ref().into_iter().chain(first) {
                judged = true;
                if md5_credentials(&password.user, &password.secret, nonce) == sent.trim() {
                    return Some(true);
                }
            }
        }
        judged.then_some(false)
    }
}

/// The value of a parameter directly inside a characteristic.
fn parm<'a>(document: &Document<'a>, id: NodeId, name: &str) -> Option<&'a str> {
    let own = |child: &NodeId| {
        document.attribute(*child, "name").is_some_and(|own| own.eq_ignore_ascii_case(name))
    };
    document.attribute(document.children(id).find(own)?, "value")
}

/// `B64(MD5(B64(MD5(user ":" password)) ":" nonce))`.
fn md5_credentials(user: &str, password: &str, nonce: &[u8]) -> String {
    let inner = STANDARD.encode(Md5::digest(format!("{user}:{password}")));
    let mut outer = Md5::new();
    outer.update(inner.as_bytes());
    outer.update(b":");
    outer.update(nonce);
    STANDARD.encode(outer.finalize())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of OMA DM Security 1.2.1, 5.3.2: user Bruce2, password `OhBehave`, nonce `Nonce`.
    const SENT: &str = "Zz6EivR3yeaaENcRN6lpAQ==";

    #[test]
    fn credentials_are_checked_with_any_nonce_known() {
        let mut known = Passwords::default();
        assert_eq!(known.verify("Bruce2", SENT, Some("Tm9uY2U=")), None);
        known.add("Bruce2", "OhBehave", Vec::new());
        assert_eq!(known.verify("Bruce2", SENT, Some("Tm9uY2U=")), Some(true));
        assert_eq!(known.verify("", SENT, Some("Tm9uY2U=")), Some(true));
        assert_eq!(known.verify("Bruce2", SENT, Some("T3RoZXI=")), Some(false));
        assert_eq!(known.verify("Bruce2", SENT, None), None, "no nonce is known");
        assert_eq!(known.verify("other", SENT, Some("Tm9uY2U=")), None);
        known.add("Bruce2", "OhBehave", b"Nonce".to_vec());
        assert_eq!(known.verify("Bruce2", SENT, None), Some(true));
    }
}
