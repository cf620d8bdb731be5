//! X.509 certificates and requests as DER and PEM: the facts of their layers.

use crate::model::Span;

use super::mime;
use super::x509::{Certificate, CertificateRequest, Purposes};

/// What a layer of DER bytes is and says: a certificate (RFC 5280 §4.1) or a certificate request
/// (RFC 2986 §4); `None` when the bytes are not exactly one.
pub(crate) fn read(der: &[u8]) -> Option<(&'static str, Facts)> {
    if let Some(facts) = facts(der) {
        return Some(("X.509 certificate", facts));
    }
    CertificateRequest::read(der).map(|found| ("certificate request", of_request(found)))
}

/// Facts about a layer, in display order.
pub(crate) type Facts = Vec<(&'static str, String)>;

/// What a DER certificate says; `None` when the bytes are not exactly one.
pub(crate) fn facts(der: &[u8]) -> Option<Facts> {
    let found = Certificate::read(der)?;
    let date = |seconds: i64| {
        let time = time::OffsetDateTime::from_unix_timestamp(seconds).ok();
        time.map(|time| time.to_string()).unwrap_or_default()
    };
    let mut facts = vec![
        ("subject", found.subject),
        ("issuer", found.issuer),
        ("serial number", found.serial),
        ("not before", date(found.not_before)),
        ("not after", date(found.not_after)),
        ("key", found.key.to_string()),
        ("signed with", found.signature),
    ];
    facts.extend(of_purposes(found.purposes));
    facts.push(("SHA-1", found.sha1));
    facts.push(("SHA-256", found.sha256));
    Some(facts)
}

fn of_request(found: CertificateRequest) -> Facts {
    let mut facts = vec![
        ("subject", found.subject),
        ("key", found.key.to_string()),
        ("signed with", found.signature),
    ];
    facts.extend(of_purposes(found.purposes));
    facts
}

fn of_purposes(purposes: Purposes) -> impl Iterator<Item = (&'static str, String)> {
    let ca = if purposes.is_ca { "may sign certificates (CA)" } else { "" };
    let facts = [
        ("names", purposes.names.join(", ")),
        ("key usage", purposes.usage.join(", ")),
        ("for", purposes.extended.join(", ")),
        ("hardware id", purposes.hardware_id),
        ("as a CA", ca.to_owned()),
    ];
    facts.into_iter().filter(|(_, text)| !text.is_empty())
}

/// The base64 text of each certificate in PEM form (RFC 7468 §5), in bytes of `text`.
pub(crate) fn pem(text: &[u8]) -> impl Iterator<Item = (Span, Vec<u8>)> {
    const BEGIN: &[u8] = b"-----BEGIN CERTIFICATE-----";
    const END: &[u8] = b"-----END CERTIFICATE-----";
    let mut at = 0_usize;
    std::iter::from_fn(move || {
        let begin = find(text.get(at..)?, BEGIN)?;
        let start = at.saturating_add(begin).saturating_add(BEGIN.len());
        let length = find(text.get(start..)?, END)?;
        let end = start.saturating_add(length);
        at = end.saturating_add(END.len());
        Some((Span::new(start, end), mime::base64(text.get(start..end)?)?))
    })
}

fn find(bytes: &[u8], what: &[u8]) -> Option<usize> {
    bytes.windows(what.len()).position(|window| window == what)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pem_blocks_are_found() {
        let text = b"x\n-----BEGIN CERTIFICATE-----\naGk=\n-----END CERTIFICATE-----\n\
            -----BEGIN CERTIFICATE-----\naG8=\n-----END CERTIFICATE-----\n-----BEGIN CERTIFICATE-----";
        let found: Vec<_> = pem(text).collect();
        assert_eq!(found.len(), 2);
        assert_eq!(found[0], (Span::new(29, 35), b"hi".to_vec()));
        assert_eq!(found[1].1, b"ho");
    }

    #[test]
    fn not_every_der_is_one() {
        assert_eq!(facts(b"\x30\x82\x00\x00"), None);
        assert_eq!(facts(b""), None);
    }
}
