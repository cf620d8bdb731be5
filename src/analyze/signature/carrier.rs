//! Where signatures stand: a header over the body (MS-MDM 2.1), or a body that is signed itself.

use crate::model::{
    Carrier, Decoded, Exchange, Format, Holds, LayerId, Leg, Reason, SignatureReport,
};
use crate::seal;
use crate::seal::{Circumstances, Over};

/// One signature of an exchange.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signature {
    /// Which half carries it.
    pub leg: Leg,
    /// The layer it stands in; the body for a header.
    pub layer: LayerId,
    /// What became of it.
    pub report: SignatureReport,
}

/// The header fields that carry a signature: both names are in use, the protocol's and that of the
/// configuration (MS-MDM 2.1; `DMClient` `RequireMessageSigning`).
const HEADERS: [(&str, Carrier); 2] =
    [("ms-signature", Carrier::MsSignature), ("mdm-signature", Carrier::MdmSignature)];

/// Signed layers of one body that are checked.
const LAYERS: usize = 8;

/// The header that carries a signature, and its value; lines of the same name are one value.
pub(super) fn carried(exchange: &Exchange) -> Option<(Carrier, String)> {
    let headers = &exchange.request.as_ref()?.headers;
    HEADERS.iter().find_map(|(name, carrier)| {
        let values: Vec<&str> = headers.all(name).collect();
        (!values.is_empty()).then(|| (*carrier, values.concat()))
    })
}

/// Every signature of an exchange, checked. `circumstances` say who is trusted and what is known; the
/// time of arrival and the carrier are filled in.
pub fn in_exchange(
    exchange: &Exchange,
    request: Option<&Decoded>,
    response: Option<&Decoded>,
    circumstances: &Circumstances<'_>,
) -> Vec<Signature> {
    let arrived = Circumstances { at: exchange.started, ..*circumstances };
    let mut found = Vec::new();
    if let Some((carrier, value)) = carried(exchange) {
        let arrived = Circumstances { carrier, ..arrived };
        let report = in_header(exchange, &value, request, &arrived);
        found.push(Signature { leg: Leg::Request, layer: LayerId::BODY, report });
    }
    for (leg, decoded) in [(Leg::Request, request), (Leg::Response, response)] {
        let inside = decoded.map(|decoded| in_body(decoded, &arrived)).unwrap_or_default();
        found.extend(inside.into_iter().map(|(layer, report)| Signature { leg, layer, report }));
    }
    found
}

fn in_header(
    exchange: &Exchange,
    value: &str,
    request: Option<&Decoded>,
    circumstances: &Circumstances<'_>,
) -> SignatureReport {
    let carrier = circumstances.carrier;
    let body = exchange.request.as_ref().map(|request| request.body).unwrap_or_default();
    let read = match seal::read_header(value.as_bytes()) {
        Ok(read) => read,
        Err(Reason { code, text }) => return SignatureReport::unchecked(carrier, code, text),
    };
    let whole = body.ended && !body.truncated();
    // A row is made of the first bytes of a long body: they are not what was signed.
    let all = |decoded: &&Decoded| {
        decoded.layers.first().is_some_and(|layer| layer.bytes.len() as u64 == body.seen)
    };
    let Some(decoded) = request.filter(all).filter(|_| whole) else {
        let text = "the capture does not hold the whole body";
        return SignatureReport::unchecked(carrier, "truncated", text);
    };
    let mut report = seal::verify(&read.message, Some(Over::Body(decoded)), circumstances);
    report.remarks.splice(0..0, read.remarks);
    if report.has("digest-mismatch") && report.holds == Holds::Bad {
        // The proxy passes bodies on as they come, and keeps them so.
        let text = "the change happened before synctap: between it and what signed".to_owned();
        report.remarks.push(Reason { code: "changed-before", text });
    }
    report
}

/// The signatures of a body that is signed itself, outermost first, each with its layer.
pub fn in_body(
    decoded: &Decoded,
    circumstances: &Circumstances<'_>,
) -> Vec<(LayerId, SignatureReport)> {
    let signed = decoded.ids().filter(|(_, layer)| {
        let name = match layer.format {
            Format::Binary(name) => name,
            _ => "",
        };
        let signed = name == "CMS SignedData"
            && layer.facts.iter().any(|(name, _)| *name == "signer")
            && !layer
                .facts
                .iter()
                .any(|(name, text)| *name == "content" && text.starts_with("det"));
        signed || name == "PKCS#7 signedAndEnvelopedData"
    });
    let circumstances = Circumstances { carrier: Carrier::Body, ..*circumstances };
    let check = |(id, layer): (LayerId, &crate::model::Layer)| {
        (id, seal::verify(&layer.bytes, None, &circumstances))
    };
    signed.take(LAYERS).map(check).collect()
}
