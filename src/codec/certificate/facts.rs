//! What people look for in a certificate or request.

use x509_parser::certification_request::X509CertificationRequest;
use x509_parser::extensions::{GeneralName, ParsedExtension};
use x509_parser::prelude::{FromDer as _, X509Certificate};
use x509_parser::public_key::PublicKey;
use x509_parser::x509::SubjectPublicKeyInfo;

use crate::codec::asn1;
use crate::codec::asn1::oid_name;

type Facts = Vec<(&'static str, String)>;

/// What people look for in a DER certificate (RFC 5280 §4.1); `None` when the bytes are not exactly
/// one.
pub(crate) fn facts(der: &[u8]) -> Option<Facts> {
    let (rest, certificate) = X509Certificate::from_der(der).ok()?;
    rest.is_empty().then_some(())?;
    let validity = certificate.validity();
    let mut facts = vec![
        ("subject", certificate.subject().to_string()),
        ("issuer", certificate.issuer().to_string()),
        ("serial number", certificate.raw_serial_as_string()),
        ("not before", validity.not_before.to_string()),
        ("not after", validity.not_after.to_string()),
        ("key", key_words(certificate.public_key())),
        ("signed with", oid_words(&certificate.signature_algorithm.algorithm.to_id_string())),
    ];
    for extension in certificate.extensions() {
        extension_facts(extension.parsed_extension(), &mut facts);
    }
    Some(facts)
}

/// What people look for in a certification request (PKCS#10, RFC 2986); `None` when it is none.
pub(crate) fn request_facts(der: &[u8]) -> Option<Facts> {
    let (rest, request) = X509CertificationRequest::from_der(der).ok()?;
    rest.is_empty().then_some(())?;
    let info = &request.certification_request_info;
    let mut facts = vec![
        ("subject", info.subject.to_string()),
        ("key", key_words(&info.subject_pki)),
        ("signed with", oid_words(&request.signature_algorithm.algorithm.to_id_string())),
    ];
    for extension in request.requested_extensions().into_iter().flatten() {
        extension_facts(extension, &mut facts);
    }
    Some(facts)
}

fn extension_facts(extension: &ParsedExtension<'_>, facts: &mut Facts) {
    match extension {
        ParsedExtension::SubjectAlternativeName(names) => {
            let names: Vec<String> = names.general_names.iter().map(name_words).collect();
            facts.push(("names", names.join(", ")));
        }
        ParsedExtension::BasicConstraints(constraints) if constraints.ca => {
            facts.push(("may sign certificates", "yes (CA)".to_owned()));
        }
        ParsedExtension::KeyUsage(usage) => facts.push(("key usage", usage.to_string())),
        ParsedExtension::ExtendedKeyUsage(usage) => {
            let known = [
                (usage.any, "any"),
                (usage.client_auth, "client authentication"),
                (usage.server_auth, "server authentication"),
                (usage.email_protection, "e-mail protection"),
                (usage.code_signing, "code signing"),
                (usage.time_stamping, "time stamping"),
                (usage.ocsp_signing, "OCSP signing"),
            ];
            let known = known.iter().filter(|(set, _)| *set).map(|(_, name)| (*name).to_owned());
            let other = usage.other.iter().map(|oid| oid_words(&oid.to_id_string()));
            facts.push(("use", known.chain(other).collect::<Vec<_>>().join(", ")));
        }
        ParsedExtension::SubjectKeyIdentifier(id) => {
            facts.push(("key identifier", asn1::hex(id.0)));
        }
        ParsedExtension::AuthorityKeyIdentifier(id) => {
            if let Some(id) = &id.key_identifier {
                facts.push(("issuer's key identifier", asn1::hex(id.0)));
            }
        }
        _ => {}
    }
}

fn name_words(name: &GeneralName<'_>) -> String {
    match name {
        GeneralName::DNSName(name) | GeneralName::RFC822Name(name) | GeneralName::URI(name) => {
            (*name).to_owned()
        }
        GeneralName::IPAddress(bytes) => match **bytes {
            [a, b, c, d] => std::net::Ipv4Addr::new(a, b, c, d).to_string(),
            _ => <[u8; 16]>::try_from(*bytes)
                .map_or_else(|_| asn1::hex(bytes), |b| std::net::Ipv6Addr::from(b).to_string()),
        },
        other => other.to_string(),
    }
}

fn oid_words(oid: &str) -> String {
    oid_name(oid).unwrap_or(oid).to_owned()
}

/// `RSA 2048 bits`, `EC prime256v1`.
fn key_words(key: &SubjectPublicKeyInfo<'_>) -> String {
    let curve = key.algorithm.parameters.as_ref().and_then(|any| any.as_oid().ok());
    match (key.parsed(), curve) {
        (Ok(PublicKey::RSA(key)), _) => format!("RSA {} bits", key.key_size()),
        (Ok(PublicKey::EC(_)), Some(curve)) => format!("EC {}", oid_words(&curve.to_id_string())),
        _ => oid_words(&key.algorithm.algorithm.to_id_string()),
    }
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
        assert!(facts.contains(&("key", "EC prime256v1".to_owned())), "{facts:?}");
        assert!(facts.contains(&("names", "mail.example".to_owned())), "{facts:?}");
        let request = params_request(&key);
        let facts = request_facts(&request).unwrap();
        assert!(facts.contains(&("names", "phone.example".to_owned())), "{facts:?}");
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
