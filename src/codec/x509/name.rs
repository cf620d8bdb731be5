//! Names and numbers of certificates for people.

use x509_parser::prelude::{FromDer as _, X509Name};

use crate::codec::asn1;
use crate::codec::cms::CertificateId;

/// Characters kept of one name: a subject may be as long as its sender likes.
const NAME_CHARS: usize = 1_000;

/// A distinguished name (RFC 5280 §4.1.2.4) for people. The parser prints CN first or last as it
/// stands; nothing is sorted.
pub(super) fn name(name: &X509Name<'_>) -> String {
    clip(&name.to_string())
}

pub(super) fn clip(text: &str) -> String {
    match text.char_indices().nth(NAME_CHARS) {
        Some((at, _)) => format!("{}…", text.get(..at).unwrap_or_default()),
        None => text.to_owned(),
    }
}

/// A serial number in lower-case hex without leading zeros.
pub(super) fn serial_hex(bytes: &[u8]) -> String {
    asn1::hex(without_zeros(bytes))
}

pub(super) fn without_zeros(bytes: &[u8]) -> &[u8] {
    let zeros = bytes.iter().take_while(|byte| **byte == 0).count();
    bytes.get(zeros..).unwrap_or_default()
}

/// How a message names a certificate, for people.
pub fn id_words(id: &CertificateId<'_>) -> String {
    match id {
        CertificateId::IssuerSerial { issuer, serial } => {
            let told = X509Name::from_der(issuer).map(|(_, told)| name(&told));
            let told = told.unwrap_or_else(|_| asn1::hex(issuer));
            format!("serial {} of {told}", serial_hex(serial))
        }
        CertificateId::KeyId(key_id) => format!("key identifier {}", asn1::hex(key_id)),
    }
}
