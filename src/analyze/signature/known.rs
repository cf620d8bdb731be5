//! Certificates seen in a capture: handed out at enrolment, put into a store, or sent along.

use crate::analyze::document::Document;
use crate::codec::{Certificate, base64_any};
use crate::model::{Decoded, Exchange, Format, Leg, NodeId};
use crate::seal::KnownCertificate;

use super::tls::{ByTls, by_tls};

/// Certificates remembered of one capture.
const CERTIFICATES: usize = 256;

/// Bytes of a value that is tried as a certificate.
const VALUE_BYTES: usize = 64 << 10;

/// Nodes whose value is a certificate: in a store, and those that messages are encrypted for
/// (`DMClient` `EnhancedAppLayerSecurity`; there it may also be a thumbprint, which is none).
const STORES: [&str; 3] =
    ["/EncodedCertificate", "/EnhancedAppLayerSecurity/Cert0", "/EnhancedAppLayerSecurity/Cert1"];

/// Takes in the certificates of both bodies of an exchange.
pub(super) fn take_in(
    known: &mut Vec<KnownCertificate>,
    exchange: &Exchange,
    bodies: [Option<&Decoded>; 2],
) {
    if let Some(ByTls { certificate, .. }) = by_tls(exchange)
        && !known.iter().any(|other| other.certificate == certificate)
        && known.len() < CERTIFICATES
    {
        let source = format!("TLS of exchange {}", exchange.id);
        let (handed_out, trusted, seen) = (false, false, exchange.id);
        known.push(KnownCertificate { certificate, source, handed_out, trusted, seen });
    }
    for (leg, decoded) in [Leg::Request, Leg::Response].into_iter().zip(bodies) {
        let Some(decoded) = decoded else { continue };
        let mut add = |certificate: Certificate, handed_out: bool, trusted: bool| {
            let same = |other: &KnownCertificate| other.certificate.der() == certificate.der();
            if let Some(there) = known.iter_mut().find(|other| same(other)) {
                there.trusted |= trusted;
                there.handed_out |= handed_out;
            } else if known.len() < CERTIFICATES {
                let source = format!("exchange {}", exchange.id);
                let seen = exchange.id;
                known.push(KnownCertificate { certificate, source, handed_out, trusted, seen });
            }
        };
        for layer in &decoded.layers {
            if layer.format == Format::Binary("X.509 certificate")
                && let Some(certificate) = Certificate::of(&layer.bytes)
            {
                add(certificate, false, false);
            }
        }
        for document in Document::all(decoded) {
            stored(&document, leg, &mut add);
        }
    }
}

/// Certificates that a document puts into a store of the device: of a provisioning document
/// (`CertificateStore`, MS-MDE2 2.2.9.1) or of the configuration service provider of that name. Only
/// what a server puts among the roots is to be trusted.
fn stored(document: &Document<'_>, leg: Leg, add: &mut impl FnMut(Certificate, bool, bool)) {
    let is_server = leg == Leg::Response;
    for id in document.elements() {
        match document.name(id) {
            "parm" if document.attribute(id, "name") == Some("EncodedCertificate") => {
                let value = document.attribute(id, "value").unwrap_or_default();
                if let Some(certificate) = read(value) {
                    add(certificate, is_server, is_server && in_root(document, id));
                }
            }
            "Data" if is_server => {
                let item = document.parent(id);
                let path = item.and_then(|item| document.text_at(item, &["Target", "LocURI"]));
                let holds = |path: &str| STORES.iter().any(|own| path.ends_with(own));
                let Some(path) = path.filter(|path| holds(path)) else { continue };
                if let Some(certificate) = read(&document.text(id)) {
                    add(certificate, true, path.contains("/Root/"));
                }
            }
            _ => {}
        }
    }
}

fn read(value: &str) -> Option<Certificate> {
    (value.len() <= VALUE_BYTES)
        .then(|| base64_any(value.as_bytes()))
        .flatten()
        .and_then(|der| Certificate::of(&der))
}

/// True inside `characteristic type="Root"`.
fn in_root(document: &Document<'_>, id: NodeId) -> bool {
    let around = std::iter::successors(document.parent(id), |id| document.parent(*id));
    around.into_iter().any(|id| document.attribute(id, "type") == Some("Root"))
}
