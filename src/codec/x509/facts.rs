//! What people look for in a certificate or request.

use crate::codec::asn1;

use super::certificate::Certificate;
use super::extensions::Purposes;
use super::request::CertificateRequest;

type Facts = Vec<(&'static str, String)>;

/// What people look for in a DER certificate (RFC 5280 §4.1); `None` when the bytes are not exactly
/// one.
pub(crate) fn facts(der: &[u8]) -> Option<Facts> {
    let certificate = Certificate::of(der)?;
    let mut facts = vec![
        ("serial number", certificate.serial_hex()),
        ("not before", certificate.not_before.rfc3339()),
        ("not after", certificate.not_after.rfc3339()),
        ("key", certificate.key.to_string()),
    ];
    let Certificate { subject, issuer, signed_with, purposes, .. } = certificate;
    facts.insert(0, ("subject", subject));
    facts.insert(1, ("issuer", issuer));
    facts.push(("signed with", signed_with));
    purpose_facts(purposes, &mut facts);
    Some(facts)
}

/// What people look for in a certification request (PKCS#10, RFC 2986); `None` when it is none.
pub(crate) fn request_facts(der: &[u8]) -> Option<Facts> {
    let request = CertificateRequest::of(der)?;
    let mut facts = vec![
        ("subject", request.subject.clone()),
        ("key", request.key.to_string()),
        ("signed with", request.signed_with),
    ];
    purpose_facts(request.purposes, &mut facts);
    Some(facts)
}

fn purpose_facts(purposes: Purposes, facts: &mut Facts) {
    let authority = purposes.is_ca().then(|| "yes (CA)".to_owned());
    let all = [
        ("names", purposes.names.join(", ")),
        ("may sign certificates", authority.unwrap_or_default()),
        ("key usage", purposes.usage.join(", ")),
        ("use", purposes.extended.join(", ")),
        ("key identifier", asn1::hex(&purposes.key_id)),
        ("issuer's key identifier", asn1::hex(&purposes.issuer_key_id)),
        ("hardware id", purposes.hardware_id),
    ];
    facts.extend(all.into_iter().filter(|(_, text)| !text.is_empty()));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_certificate_is_told() {
        let key = rcgen::KeyPair::generate().unwrap();
        let params = rcgen::CertificateParams::new(vec!["mail.example".to_owned()]).unwrap();
        let made = params.self_signed(&key).unwrap();
        let facts = facts(made.der()).unwrap();
        assert!(facts.contains(&("key", "EC P-256".to_owned())), "{facts:?}");
        assert!(facts.contains(&("names", "DNS mail.example".to_owned())), "{facts:?}");
        let request = params_request(&key);
        let facts = request_facts(&request).unwrap();
        assert!(facts.contains(&("names", "DNS phone.example".to_owned())), "{facts:?}");
    }

    fn params_request(key: &rcgen::KeyPair) -> Vec<u8> {
        let params = rcgen::CertificateParams::new(vec!["phone.example".to_owned()]).unwrap();
        params.serialize_request(key).unwrap().der().to_vec()
    }

    #[test]
    fn not_every_der_is_one() {
        for bytes in [&b"\x30\x82\x00\x00"[..], b"", b"\x30\x00"] {
            assert_eq!(facts(bytes), None);
            assert_eq!(request_facts(bytes), None);
        }
    }
}
