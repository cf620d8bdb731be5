//! What a certificate says, for people.

use std::net::{Ipv4Addr, Ipv6Addr};

use aws_lc_rs::digest::{SHA256, digest};
use x509_parser::extensions::GeneralName;
use x509_parser::prelude::{FromDer, X509Certificate};

use crate::model::CertificateFacts;
use crate::model::WallTime;

/// Most names kept of one certificate; a certificate of a CDN may carry hundreds.
const NAME_LIMIT: usize = 256;

/// Reads the facts of a DER certificate (RFC 5280); `None` when it is not one.
pub fn certificate_facts(der: &[u8]) -> Option<CertificateFacts> {
    let (_, certificate) = X509Certificate::from_der(der).ok()?;
    let validity = certificate.validity();
    Some(CertificateFacts {
        subject: certificate.subject().to_string(),
        issuer: certificate.issuer().to_string(),
        names: alternative_names(&certificate),
        not_before: WallTime::from_unix(validity.not_before.timestamp(), 0),
        not_after: WallTime::from_unix(validity.not_after.timestamp(), 0),
        sha256: hex(digest(&SHA256, der).as_ref()),
    })
}

/// True when `der` may sign other certificates (RFC 5280 §4.2.1.9).
pub(super) fn is_authority(der: &[u8]) -> bool {
    X509Certificate::from_der(der).is_ok_and(|(_, certificate)| certificate.is_ca())
}

/// The subject public key info of a DER certificate, itself DER.
pub(super) fn public_key(der: &[u8]) -> Option<Vec<u8>> {
    let (_, certificate) = X509Certificate::from_der(der).ok()?;
    Some(certificate.public_key().raw.to_vec())
}

fn alternative_names(certificate: &X509Certificate<'_>) -> Vec<String> {
    let Ok(Some(extension)) = certificate.subject_alternative_name() else { return Vec::new() };
    extension.value.general_names.iter().filter_map(name).take(NAME_LIMIT).collect()
}

fn name(name: &GeneralName<'_>) -> Option<String> {
    match name {
        GeneralName::DNSName(name) => Some((*name).to_owned()),
        GeneralName::IPAddress(bytes) => address(bytes),
        _ => None,
    }
}

fn address(bytes: &[u8]) -> Option<String> {
    if let Ok(four) = <[u8; 4]>::try_from(bytes) {
        return Some(Ipv4Addr::from(four).to_string());
    }
    <[u8; 16]>::try_from(bytes).ok().map(|sixteen| Ipv6Addr::from(sixteen).to_string())
}

fn hex(bytes: &[u8]) -> String {
    let digit = |nibble: u8| char::from_digit(u32::from(nibble), 16).unwrap_or('?');
    bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rubbish_is_no_certificate() {
        assert_eq!(certificate_facts(b""), None);
        assert_eq!(certificate_facts(&[0x30; 64]), None);
        assert!(!is_authority(b"nothing"));
    }

    #[test]
    fn facts_of_a_certificate() {
        let names =
            vec!["mail.example".to_owned(), "192.0.2.7".to_owned(), "2001:db8::1".to_owned()];
        let made = rcgen::generate_simple_self_signed(names.clone()).unwrap();
        let facts = certificate_facts(made.cert.der()).unwrap();
        assert_eq!(facts.names, names);
        assert_eq!(facts.subject, "CN=rcgen self signed cert");
        assert_eq!(facts.sha256.len(), 64);
        assert!(facts.not_before < facts.not_after);
    }
}
