//! The certificate that a device shows by TLS: on its own connection, or to a gateway before synctap
//! that tells of it.

use crate::analyze::draft::percent_decoded;
use crate::codec::{Certificate, base64_any, pem};
use crate::model::Exchange;

/// Bytes of a header or field that is tried as a certificate.
const VALUE_BYTES: usize = 64 << 10;

/// Header fields in which gateways pass on the client's certificate: RFC 9440, and what Azure, nginx,
/// Apache and Traefik set-ups use.
const HEADERS: [&str; 7] = [
    "Client-Cert",
    "X-ARR-ClientCert",
    "X-Client-Cert",
    "X-SSL-Client-Cert",
    "SSL-Client-Cert",
    "X-Forwarded-Client-Cert",
    "X-Forwarded-Tls-Client-Cert",
];

/// The certificate of a device by TLS.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::analyze) struct ByTls {
    pub(in crate::analyze) certificate: Certificate,
    /// The device proved to synctap that it has the key; else a gateway says that it did.
    pub(in crate::analyze) proved: bool,
}

/// The certificate that the sender of an exchange showed by TLS, if any is told.
pub(in crate::analyze) fn by_tls(exchange: &Exchange) -> Option<ByTls> {
    let tls = exchange.client_tls.as_ref();
    if let Some(own) = tls.and_then(|tls| tls.client_certificate.as_ref()) {
        let certificate = read(&own.der)?;
        return Some(ByTls { certificate, proved: true });
    }
    let headers = &exchange.request.as_ref()?.headers;
    let told = HEADERS.iter().find_map(|name| headers.first(name))?;
    Some(ByTls { certificate: read(told)?, proved: false })
}

/// Base64 (between colons as RFC 9440 has it), PEM as it is or percent-encoded, or `Cert="…"` of a
/// list of parts.
fn read(value: &str) -> Option<Certificate> {
    if value.len() > VALUE_BYTES {
        return None;
    }
    let part = value.split([';', ',']).find_map(|part| part.trim().strip_prefix("Cert="));
    let text = part.unwrap_or(value).trim().trim_matches(['"', ':']);
    let text = if text.contains('%') { percent_decoded(text) } else { text.to_owned() };
    if text.trim_start().starts_with("-----BEGIN ") {
        return Certificate::of(&pem(text.as_bytes()).next()?.der);
    }
    Certificate::of(&base64_any(text.as_bytes())?)
}
