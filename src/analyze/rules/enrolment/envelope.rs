//! Rules about the envelope of every message, and about faults.

use crate::analyze::draft::clip;
use crate::analyze::enrolment::{Credentials, Message, Refusal, action};
use crate::analyze::rules::hit::Hit;
use crate::model::{Leg, Scheme};

use super::engine::{Enrolling, Rule};

pub(super) const RULES: &[Rule] = &[
    ("http-no-chunked-enrol", chunked),
    ("enr-soap12", soap_version),
    ("enr-action-known", unknown_action),
    ("enr-relatesto", other_request),
    ("enr-fault-known", unknown_fault),
    ("enr-password-cleartext", clear_password),
];

/// SOAP 1.2.
const SOAP: &str = "http://www.w3.org/2003/05/soap-envelope";

fn chunked(scene: &Enrolling<'_, '_>) -> Option<Hit> {
    // Without a message it may be the page of a gateway.
    scene.both().find(|(leg, _)| *leg == Leg::Response)?;
    let answer = scene.subject.exchange.response.as_ref()?;
    let coding = answer.headers.first("Transfer-Encoding")?;
    coding.to_ascii_lowercase().contains("chunked").then(|| scene.half(Leg::Response))
}

fn soap_version(scene: &Enrolling<'_, '_>) -> Option<Hit> {
    scene.both().find_map(|(leg, envelope)| {
        let root = envelope.document.root();
        let space = envelope.document.tree.element(root)?.namespace.as_str();
        // The published samples of this answer are in SOAP 1.1.
        let fits = space == SOAP || envelope.message == Message::RequestResponse;
        (!fits).then(|| scene.node(leg, &envelope.document, root).saying(clip(space)))
    })
}

fn unknown_action(scene: &Enrolling<'_, '_>) -> Option<Hit> {
    scene.both().find_map(|(leg, envelope)| {
        let (node, uri) = envelope.action()?;
        let known = envelope.message == Message::Fault || action(&uri).is_some();
        (!known).then(|| scene.node(leg, &envelope.document, node).saying(clip(&uri)))
    })
}

fn other_request(scene: &Enrolling<'_, '_>) -> Option<Hit> {
    let mut both = scene.both();
    let (asked, answered) = (both.next()?.1, both.next()?.1);
    let (_, asked) = asked.in_header("MessageID")?;
    let (node, relates) = answered.in_header("RelatesTo")?;
    let differs = !relates.is_empty() && !asked.is_empty() && bare(&asked) != bare(&relates);
    differs.then(|| scene.node(Leg::Response, &answered.document, node).saying(clip(&relates)))
}

/// An identifier without white space and `urn:uuid:`, which samples write with a blank or twice.
fn bare(text: &str) -> String {
    let text: String = text.to_ascii_lowercase().split_whitespace().collect();
    text.replace("urn:uuid:", "")
}

fn unknown_fault(scene: &Enrolling<'_, '_>) -> Option<Hit> {
    let (leg, envelope) = scene.message(Message::Fault)?;
    let refusal = Refusal::of(envelope);
    if refusal.code().is_some() {
        return None;
    }
    let (node, name) = refusal.error_type.or(refusal.subcode)?;
    Some(scene.node(leg, &envelope.document, node).saying(name))
}

fn clear_password(scene: &Enrolling<'_, '_>) -> Option<Hit> {
    let (leg, envelope) = scene.both().find(|(leg, _)| *leg == Leg::Request)?;
    let Credentials::Password { node, is_clear: true, .. } = Credentials::of(envelope) else {
        return None;
    };
    let inside = scene.subject.exchange.scheme == Scheme::Https;
    let hit = scene.node(leg, &envelope.document, node);
    Some(hit.only_info(inside, "inside TLS, as on-premises authentication has it"))
}
