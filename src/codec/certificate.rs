//! X.509 certificates as DER and PEM: what they are for and until when.

use x509_parser::prelude::{FromDer as _, X509Certificate};

use crate::model::Span;

use super::mime;

/// Subject, issuer, serial number and validity of a DER certificate (RFC 5280 §4.1); `None` when
/// the bytes are not exactly one.
pub(crate) fn facts(der: &[u8]) -> Option<Vec<(&'static str, String)>> {
    let (rest, certificate) = X509Certificate::from_der(der).ok()?;
    rest.is_empty().then_some(())?;
    let validity = certificate.validity();
    Some(vec![
        ("subject", certificate.subject().to_string()),
        ("issuer", certificate.issuer().to_string()),
        ("serial number", certificate.raw_serial_as_string()),
        ("not before", validity.not_before.to_string()),
        ("not after", validity.not_after.to_string()),
    ])
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
