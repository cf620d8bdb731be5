//! Certificates and requests in words.

use crate::analyze::document::Document;
use crate::analyze::draft::{clip, joined, labelled};
use crate::codec::x509::{Certificate, CertificateRequest};
use crate::model::{Decoded, LayerId, NodeId, WallTime};

/// The layer made from a node of a document, or from the text inside it.
pub(in crate::analyze) fn layer_of(
    decoded: &Decoded,
    document: &Document<'_>,
    node: NodeId,
) -> Option<LayerId> {
    let found = decoded.ids().find(|(_, layer)| {
        layer.origin.is_some_and(|origin| {
            let own = |at: NodeId| at == node || document.parent(at) == Some(node);
            origin.layer == document.layer && origin.node.is_some_and(own)
        })
    });
    found.map(|(id, _)| id)
}

/// The certificate request in a `BinarySecurityToken` (MS-WSTEP 3.1.4.1.3.3): its layer itself, or one
/// made from it, as in a renewal.
pub(in crate::analyze) fn request_in(
    decoded: &Decoded,
    document: &Document<'_>,
    node: NodeId,
) -> Option<CertificateRequest> {
    let mut inside = vec![layer_of(decoded, document, node)?];
    // Layers stand after the one they were made from.
    for (id, layer) in decoded.ids() {
        if layer.origin.is_some_and(|origin| inside.contains(&origin.layer)) {
            inside.push(id);
        }
    }
    inside.iter().find_map(|id| CertificateRequest::of(&decoded.layer(*id)?.bytes))
}

/// `CN=…, RSA 2048, SHA-256 with RSA, for client authentication`.
pub(super) fn request_words(request: &CertificateRequest) -> String {
    let purposes = &request.purposes;
    joined(
        [
            clip(&request.subject),
            request.key.to_string(),
            request.signed_with.clone(),
            labelled("for", &purposes.extended.join(", ")),
            labelled("names", &purposes.names.join(", ")),
            labelled("hardware id", &clip(&purposes.hardware_id)),
        ],
        ", ",
    )
}

/// `CN=… of CN=…, RSA 2048, 2026-11-20 to 2027-11-20 (365 days)`.
pub(super) fn certificate_words(certificate: &Certificate) -> String {
    let subject = clip(&certificate.subject);
    let who = if certificate.is_self_issued() {
        format!("{subject} (its own issuer)")
    } else {
        format!("{subject}, issued by {}", clip(&certificate.issuer))
    };
    let (from, to) = (day(certificate.not_before), day(certificate.not_after));
    let days = certificate.days();
    joined(
        [
            who,
            certificate.key.to_string(),
            format!("{from} to {to} ({days} days)"),
            labelled("for", &certificate.purposes.extended.join(", ")),
        ],
        ", ",
    )
}

/// What is wrong with the validity of a certificate at a time; `None` when nothing is, or when the
/// time is not known.
pub(super) fn outdated(certificate: &Certificate, now: WallTime) -> Option<String> {
    if now.0 <= 0 {
        return None;
    }
    if now < certificate.not_before {
        return Some(format!("not valid before {}", day(certificate.not_before)));
    }
    (now > certificate.not_after).then(|| format!("expired on {}", day(certificate.not_after)))
}

/// The day of a time, in UTC.
pub(super) fn day(time: WallTime) -> String {
    time.utc().date().to_string()
}
