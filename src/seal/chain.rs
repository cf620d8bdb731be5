//! From a certificate to one that is trusted (RFC 5280 6, as far as devices need it).

use crate::codec::Certificate;
use crate::model::{Reason, WallTime};

use super::algorithm::scheme_of;
use super::check::is_signed_by;

/// Certificates in one chain.
const LENGTH: usize = 8;

/// Issuers of the same name that are tried for one certificate.
const CANDIDATES: usize = 8;

/// Where a chain leads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Chain {
    /// Subjects of the issuers, nearest first.
    pub(super) subjects: Vec<String>,
    /// Why it is not trusted; empty when it is.
    pub(super) faults: Vec<Reason>,
}

/// Follows the issuers of `leaf` until one is trusted.
pub(super) fn follow(
    leaf: &Certificate,
    trusted: &[&Certificate],
    others: &[&Certificate],
    at: WallTime,
) -> Chain {
    let mut chain = Chain { subjects: Vec::new(), faults: Vec::new() };
    let mut current = leaf;
    for depth in 0..LENGTH {
        if trusted.iter().any(|root| root.der() == current.der()) {
            return chain;
        }
        let Some(issuer) = chain.issuer(current, trusted, others) else { return chain };
        if issuer.der() == current.der() {
            chain.fault("unknown-issuer", format!("{} vouches only for itself", current.subject));
            return chain;
        }
        chain.subjects.push(issuer.subject.clone());
        chain.judge(issuer, depth, at);
        current = issuer;
    }
    chain.fault("unknown-issuer", format!("the chain is longer than {LENGTH} certificates"));
    chain
}

impl Chain {
    fn fault(&mut self, code: &'static str, text: String) {
        self.faults.push(Reason { code, text });
    }

    /// The certificate whose key signed `current`; trusted ones first.
    fn issuer<'a>(
        &mut self,
        current: &Certificate,
        trusted: &[&'a Certificate],
        others: &[&'a Certificate],
    ) -> Option<&'a Certificate> {
        let named = trusted.iter().chain(others).copied();
        let mut named = named
            .filter(|other| other.subject_name() == current.issuer_name())
            .take(CANDIDATES)
            .peekable();
        if named.peek().is_none() {
            let text = format!("the issuer {} is not known", current.issuer);
            self.fault("unknown-issuer", text);
            return None;
        }
        let mut trouble = None;
        for candidate in named {
            match signed(current, candidate) {
                Ok(true) => return Some(candidate),
                Ok(false) => {}
                Err(why) => trouble = Some(why),
            }
        }
        if let Some(why) = trouble {
            self.fault("unknown-algorithm", format!("in the chain, {why}"));
        } else {
            let text = format!(
                "the certificate of {} is not signed by the key of {}, which it names as issuer",
                current.subject, current.issuer
            );
            self.fault("issuer-key", text);
        }
        None
    }

    fn judge(&mut self, issuer: &Certificate, depth: usize, at: WallTime) {
        // Version 1 roots say nothing about themselves.
        if issuer.purposes.authority == Some(false)
            || (issuer.purposes.authority.is_none() && depth > 0)
        {
            let text = format!("{} issued a certificate but is no authority", issuer.subject);
            self.fault("issuer-no-ca", text);
        } else if !issuer.purposes.may_certify {
            let text = format!("the key usage of {} does not allow it to issue", issuer.subject);
            self.fault("issuer-no-ca", text);
        }
        self.faults.extend(out_of_date(issuer, at, "issuer "));
    }
}

/// Whether the key of `issuer` signed `certificate`.
fn signed(certificate: &Certificate, issuer: &Certificate) -> Result<bool, String> {
    let scheme = certificate.signature_algorithm(|algorithm| scheme_of(algorithm, None));
    let scheme = scheme.ok_or("the certificate does not name one signature algorithm")??;
    is_signed_by(&issuer.key, &scheme, certificate.signed(), certificate.signature())
}

/// Why a certificate is not valid at a moment.
pub(super) fn out_of_date(certificate: &Certificate, at: WallTime, what: &str) -> Option<Reason> {
    let Certificate { subject, not_before, not_after, .. } = certificate;
    let (at_text, what) = (seconds(at), format!("the {what}certificate of {subject}"));
    if at < *not_before {
        let from = seconds(*not_before);
        let text = format!("{what} is not valid before {from}; it was used at {at_text}");
        return Some(Reason { code: "not-yet-valid", text });
    }
    (at > *not_after).then(|| {
        let text = format!("{what} expired at {}; it was used at {at_text}", seconds(*not_after));
        Reason { code: "expired", text }
    })
}

/// A time without its fraction of a second.
pub(super) fn seconds(time: WallTime) -> String {
    WallTime(time.0.saturating_sub(time.0.checked_rem_euclid(1_000_000).unwrap_or(0))).rfc3339()
}
