//! X.509 certificates as a few lines of text.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use x509_parser::prelude::{FromDer as _, X509Certificate};

const BEGIN: &str = "-----BEGIN CERTIFICATE-----";
const END: &str = "-----END CERTIFICATE-----";

/// The DER bytes of the first certificate of a PEM text (RFC 7468).
pub(super) fn pem(text: &str) -> Option<Vec<u8>> {
    let (_, rest) = text.split_once(BEGIN)?;
    let (body, _) = rest.split_once(END)?;
    let body: String = body.chars().filter(|c| !c.is_ascii_whitespace()).collect();
    STANDARD.decode(body).ok()
}

/// What a certificate (RFC 5280) says: one line a field. `None` when the bytes are none, or more.
pub(super) fn explain(der: &[u8]) -> Option<String> {
    let (rest, certificate) = X509Certificate::from_der(der).ok()?;
    if !rest.is_empty() {
        return None;
    }
    let validity = certificate.validity();
    let mut lines = vec![
        format!("subject: {}", certificate.subject()),
        format!("issuer: {}", certificate.issuer()),
        format!("serial: {}", certificate.raw_serial_as_string()),
        format!("not before: {}", validity.not_before),
        format!("not after: {}", validity.not_after),
    ];
    if let Ok(Some(names)) = certificate.subject_alternative_name() {
        lines.extend(names.value.general_names.iter().map(|name| format!("name: {name}")));
    }
    if certificate.is_ca() {
        lines.push("may sign certificates (CA)".to_owned());
    }
    lines.push(String::new());
    Some(lines.join("\n"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_certificate_is_told_in_lines() {
        let key = rcgen::KeyPair::generate().unwrap();
        let params = rcgen::CertificateParams::new(vec!["mail.example".to_owned()]).unwrap();
        let made = params.self_signed(&key).unwrap();
        let text = explain(made.der()).unwrap();
        assert!(text.contains("name: DNSName(mail.example)"), "{text}");
        assert_eq!(pem(&made.pem()).unwrap(), made.der().to_vec());
        let mut more = made.der().to_vec();
        more.push(0);
        assert_eq!(explain(&more), None);
        assert_eq!(explain(b""), None);
    }
}
