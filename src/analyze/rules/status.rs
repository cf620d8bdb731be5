//! Rules about the values of Status in Provision (MS-ASPROV 2.2.2.53/54).

use crate::analyze::draft::clip;
use crate::analyze::flow::Ask;
use crate::model::Leg;

use super::engine::Rule;
use super::hit::{Hit, Scene};

pub(super) const RULES: &[Rule] = &[
    ("prov-ext-managed-status4", externally_managed),
    ("prov-status-policy-range", policy_range),
    ("prov-status-ack-range", acknowledgement_range),
    ("prov-status-provision-range", provision_range),
];

fn externally_managed(scene: &Scene<'_>) -> Option<Hit> {
    let answer = scene.answer.as_ref()?;
    let node = answer.document.child(answer.root, "Status")?;
    (answer.document.text(node) == "4")
        .then(|| Hit::node(scene, Leg::Response, &answer.document, node))
}

fn policy_range(scene: &Scene<'_>) -> Option<Hit> {
    let answer = scene.answer.as_ref()?;
    let node = answer.policy_child("Status")?;
    let text = answer.document.text(node);
    (!within(&text, 1..=5))
        .then(|| Hit::node(scene, Leg::Response, &answer.document, node).saying(clip(&text)))
}

fn acknowledgement_range(scene: &Scene<'_>) -> Option<Hit> {
    let message = scene.request.as_ref().filter(|_| scene.ask == Ask::Acknowledge)?;
    let node = message.policy_child("Status")?;
    let text = message.document.text(node);
    (!within(&text, 1..=4))
        .then(|| Hit::node(scene, Leg::Request, &message.document, node).saying(clip(&text)))
}

fn provision_range(scene: &Scene<'_>) -> Option<Hit> {
    let answer = scene.answer.as_ref()?;
    let node = answer.document.child(answer.root, "Status")?;
    let text = answer.document.text(node);
    // 4 and 5 are tolerated: the 2012 text, and servers that report a key mismatch here.
    (!within(&text, 1..=5) && !within(&text, 101..=184))
        .then(|| Hit::node(scene, Leg::Response, &answer.document, node).saying(clip(&text)))
}

fn within(text: &str, range: std::ops::RangeInclusive<u32>) -> bool {
    text.parse().is_ok_and(|value| range.contains(&value))
}
