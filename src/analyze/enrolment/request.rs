//! The certificate request: its kind, its key, and what the device says of itself
//! (MS-WSTEP 3.1.4.1.3.3, MS-MDE2 3.4.4.1.1).

use std::borrow::Cow;

use crate::analyze::draft::{Draft, clip, joined, labelled};
use crate::codec::x509::CertificateRequest;
use crate::model::{Decoded, Leg, Level, NodeId};

use super::envelope::Envelope;
use super::{identity, table};

/// What is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::analyze) enum RequestKind {
    /// A first certificate: PKCS#10.
    Issue,
    /// A new one in place of an old one: PKCS#10 inside PKCS#7, signed by the old key.
    Renew,
    /// Something else.
    Other,
}

/// A `RequestSecurityToken` as far as it could be read.
#[derive(Debug, Clone)]
pub(in crate::analyze) struct TokenRequest<'a> {
    pub(in crate::analyze) kind: RequestKind,
    /// `BinarySecurityToken`.
    pub(in crate::analyze) blob: Option<NodeId>,
    pub(in crate::analyze) pkcs10: Option<CertificateRequest>,
    pub(in crate::analyze) envelope: Envelope<'a>,
}

impl<'a> TokenRequest<'a> {
    pub(in crate::analyze) fn of(envelope: Envelope<'a>, decoded: Option<&Decoded>) -> Self {
        let kind = envelope.value("RequestType");
        let kind = match kind.rsplit('/').next().unwrap_or_default() {
            "Issue" => RequestKind::Issue,
            "Renew" => RequestKind::Renew,
            _ => RequestKind::Other,
        };
        let blob = envelope.find("BinarySecurityToken");
        let pkcs10 = blob
            .zip(decoded)
            .and_then(|(node, decoded)| identity::request_in(decoded, &envelope.document, node));
        Self { kind, blob, pkcs10, envelope }
    }

    /// The bytes that the blob holds; `None` when they are not base64.
    pub(in crate::analyze) fn bytes<'d>(&self, decoded: &'d Decoded) -> Option<&'d [u8]> {
        let id = identity::layer_of(decoded, &self.envelope.document, self.blob?)?;
        Some(&decoded.layer(id)?.bytes)
    }

    /// A `ContextItem` by name; empty when there is none.
    pub(in crate::analyze) fn context(&self, name: &str) -> Cow<'a, str> {
        let found = self.items().find(|(_, own, _)| *own == name);
        found.map(|(_, _, value)| value).unwrap_or_default()
    }

    /// Every `ContextItem`: its node, name and value.
    fn items(&self) -> impl Iterator<Item = (NodeId, &'a str, Cow<'a, str>)> + '_ {
        let envelope = &self.envelope;
        envelope.all("ContextItem").map(move |id| {
            let name = envelope.document.attribute(id, "Name").unwrap_or_default();
            let value = envelope.child(id, "Value").map(|id| envelope.text(id));
            (id, name.trim(), value.unwrap_or_default())
        })
    }
}

/// Says what is asked for, and by whom.
pub(super) fn tell(request: &TokenRequest<'_>, draft: &mut Draft) {
    let document = &request.envelope.document;
    draft.summary.device = clip(&request.context("DeviceID"));
    draft.summary.version = clip(&request.context("RequestVersion"));
    draft.row("device", draft.summary.device.clone());
    let value = |name| clip(&request.context(name));
    let edition = value("OSEdition");
    let edition = table::edition(&edition).map(str::to_owned).unwrap_or(edition);
    draft.row("device name", value("DeviceName"));
    draft.row("client", joined([value("DeviceType"), value("OSVersion"), edition], ", "));
    let kind = match request.kind {
        RequestKind::Issue => "",
        RequestKind::Renew => "renewal",
        RequestKind::Other => "unknown kind of request",
    };
    draft.fact(joined([value("DeviceName"), labelled("type", &value("EnrollmentType"))], ", "));
    draft.fact(kind);
    if let Some(pkcs10) = &request.pkcs10 {
        let words = identity::request_words(pkcs10);
        draft.row("certificate request", words.clone());
        draft.fact(format!("requests {}", pkcs10.key));
        if let Some(node) = request.blob {
            draft.note(Leg::Request, document, node, Level::Info, words);
        }
    }
    for (node, name, value) in request.items() {
        let Some(entry) = table::context(name) else { continue };
        let text = match (name, table::edition(&value)) {
            ("OSEdition", Some(edition)) => format!("{}: {edition}", entry.meaning),
            _ => entry.meaning.to_owned(),
        };
        draft.note(Leg::Request, document, node, Level::Info, text);
    }
}
