//! Rules about discovery (MS-MDE2 3.1).

use crate::analyze::draft::clip;
use crate::analyze::enrolment::{Envelope, Message, is_discovery_path};
use crate::analyze::rules::hit::Hit;
use crate::model::{Leg, NodeId};

use super::engine::{Enrolling, Rule};

pub(super) const RULES: &[Rule] = &[
    ("enr-discover-path", other_path),
    ("enr-requestversion", unknown_version),
    ("enr-authpolicy-value", unknown_policy),
    ("enr-authservice-federated", no_sign_in_page),
    ("enr-authservice-https", sign_in_unprotected),
    ("enr-policy-enroll-same-host", two_hosts),
];

fn other_path(scene: &Enrolling<'_, '_>) -> Option<Hit> {
    scene.message(Message::Discover)?;
    let path = scene.subject.exchange.request.as_ref()?.path();
    // A body without its request line has no path.
    (path.len() > 1 && !is_discovery_path(path))
        .then(|| scene.half(Leg::Request).saying(clip(path)))
}

fn unknown_version(scene: &Enrolling<'_, '_>) -> Option<Hit> {
    let (leg, envelope) = scene.message(Message::Discover)?;
    let node = envelope.find("RequestVersion")?;
    let text = envelope.text(node);
    let known = matches!(text.as_bytes(), [b'1'..=b'9', b'.', b'0']);
    (!known).then(|| scene.node(leg, &envelope.document, node).saying(clip(&text)))
}

fn unknown_policy(scene: &Enrolling<'_, '_>) -> Option<Hit> {
    let (leg, envelope) = scene.message(Message::DiscoverResponse)?;
    let node = envelope.find("AuthPolicy")?;
    let text = envelope.text(node);
    let known = matches!(&*text, "OnPremise" | "Federated" | "Certificate");
    (!known).then(|| scene.node(leg, &envelope.document, node).saying(clip(&text)))
}

fn no_sign_in_page(scene: &Enrolling<'_, '_>) -> Option<Hit> {
    let (leg, envelope) = scene.message(Message::DiscoverResponse)?;
    let missing = envelope.value("AuthenticationServiceUrl").is_empty();
    let federated = envelope.value("AuthPolicy") == "Federated";
    (federated && missing).then(|| scene.node(leg, &envelope.document, envelope.payload))
}

fn sign_in_unprotected(scene: &Enrolling<'_, '_>) -> Option<Hit> {
    let (leg, envelope) = scene.message(Message::DiscoverResponse)?;
    let (node, url) = address(envelope, "AuthenticationServiceUrl")?;
    let protected = url.to_ascii_lowercase().starts_with("https://");
    (!protected).then(|| scene.node(leg, &envelope.document, node).saying(clip(&url)))
}

fn two_hosts(scene: &Enrolling<'_, '_>) -> Option<Hit> {
    let (leg, envelope) = scene.message(Message::DiscoverResponse)?;
    let (node, policy) = address(envelope, "EnrollmentPolicyServiceUrl")?;
    let (_, enrolment) = address(envelope, "EnrollmentServiceUrl")?;
    let (one, other) = (host(&policy)?, host(&enrolment)?);
    let words = || format!("{} and {}", clip(&one), clip(&other));
    (one != other).then(|| scene.node(leg, &envelope.document, node).saying(words()))
}

/// An element with an address in it.
fn address(envelope: &Envelope<'_>, name: &str) -> Option<(NodeId, String)> {
    let node = envelope.find(name)?;
    Some((node, envelope.text(node).into_owned())).filter(|(_, url)| !url.is_empty())
}

/// The host of a URL, lower case, without port.
fn host(url: &str) -> Option<String> {
    let (_, rest) = url.split_once("://")?;
    let authority = rest.split(['/', '?', '#']).next()?;
    let authority = authority.rsplit('@').next()?;
    let host = match authority.rsplit_once(':') {
        Some((host, port)) if port.bytes().all(|b| b.is_ascii_digit()) => host,
        _ => authority,
    };
    (!host.is_empty()).then(|| host.to_ascii_lowercase())
}
