//! Rules about the shape of Provision messages (MS-ASPROV 2.2.2).

use crate::analyze::draft::clip;
use crate::analyze::flow::{Ask, Provision, Reply};
use crate::model::{Format, Leg, NodeId};

use super::catalogue::number;
use super::engine::Rule;
use super::hit::{Hit, Scene};

pub(super) const RULES: &[Rule] = &[
    ("prov-policytype-missing", policytype_missing),
    ("prov-policytype-value", policytype_value),
    ("prov-policytype-version", policytype_version),
    ("prov-policytype-foreign", policytype_foreign),
    ("prov-policies-missing", policies_missing),
    ("prov-policy-order", policy_order),
    ("prov-ack-children", ack_children),
    ("prov-request-policy-extra", request_policy_extra),
    ("prov-leaf-children", leaf_children),
    ("prov-unknown-child", unknown_child),
    ("prov-body-wbxml", body_wbxml),
    ("prov-empty-reply", empty_reply),
    ("prov-response-status-missing", response_status_missing),
    ("prov-response-policy-children", response_policy_children),
    ("prov-data-missing", data_missing),
    ("prov-data-in-ack", data_in_ack),
];

/// The policy type since 12.0.
const WBXML: &str = "MS-EAS-Provisioning-WBXML";

/// The policy type of 2.5.
const WAP: &str = "MS-WAP-Provisioning-XML";

/// Both messages, as far as they are there.
fn messages<'s, 'a>(
    scene: &'s Scene<'a>,
) -> impl Iterator<Item = (Leg, &'s Provision<'a>)> + use<'s, 'a> {
    let request = scene.request.as_ref().map(|message| (Leg::Request, message));
    let answer = scene.answer.as_ref().map(|message| (Leg::Response, message));
    request.into_iter().chain(answer)
}

fn policytype_missing(scene: &Scene<'_>) -> Option<Hit> {
    let message = scene.request.as_ref().filter(|_| scene.ask == Ask::Initial)?;
    let bare: Vec<NodeId> = message
        .policy
        .iter()
        .copied()
        .filter(|id| message.document.child(*id, "PolicyType").is_none())
        .collect();
    Hit::nodes(scene, Leg::Request, &message.document, &bare)
}

/// A `PolicyType` whose text `fits`.
fn policy_type(scene: &Scene<'_>, fits: impl Fn(&str) -> bool) -> Option<Hit> {
    messages(scene).find_map(|(leg, message)| {
        message.policy.iter().find_map(|policy| {
            let node = message.document.child(*policy, "PolicyType")?;
            let text = message.document.text(node);
            fits(&text).then(|| Hit::node(scene, leg, &message.document, node).saying(clip(&text)))
        })
    })
}

fn policytype_value(scene: &Scene<'_>) -> Option<Hit> {
    // The type of another version is a rule of its own.
    policy_type(scene, |text| text != WBXML && text != WAP)
}

fn policytype_version(scene: &Scene<'_>) -> Option<Hit> {
    let version = number(&scene.head.version)?;
    let foreign = if version < 120 { WBXML } else { WAP };
    policy_type(scene, |text| text == foreign)
}

fn policytype_foreign(scene: &Scene<'_>) -> Option<Hit> {
    let asked = scene.request.as_ref()?.policy_text("PolicyType");
    let answer = scene.answer.as_ref()?;
    let node = answer.policy_child("PolicyType")?;
    let text = answer.document.text(node);
    (!asked.is_empty() && !text.is_empty() && text != asked)
        .then(|| Hit::node(scene, Leg::Response, &answer.document, node).saying(clip(&text)))
}

fn policies_missing(scene: &Scene<'_>) -> Option<Hit> {
    let lacks = |message: &Provision<'_>| message.policy.is_empty() && message.wipes.is_empty();
    if let Some(message) = &scene.request
        && matches!(scene.ask, Ask::Initial | Ask::Acknowledge)
        && lacks(message)
    {
        return Some(Hit::node(scene, Leg::Request, &message.document, message.root));
    }
    let answer = scene.answer.as_ref()?;
    let expected = matches!(scene.ask, Ask::Initial | Ask::Acknowledge) && answer.status() == "1";
    (expected && lacks(answer))
        .then(|| Hit::node(scene, Leg::Response, &answer.document, answer.root))
}

fn acknowledgement<'s, 'a>(scene: &'s Scene<'a>) -> Option<(&'s Provision<'a>, NodeId)> {
    let message = scene.request.as_ref().filter(|_| scene.ask == Ask::Acknowledge)?;
    Some((message, *message.policy.first()?))
}

fn policy_order(scene: &Scene<'_>) -> Option<Hit> {
    let (message, _) = acknowledgement(scene)?;
    let (key, status) = (message.policy_child("PolicyKey")?, message.policy_child("Status")?);
    (status < key).then(|| Hit::node(scene, Leg::Request, &message.document, status))
}

fn ack_children(scene: &Scene<'_>) -> Option<Hit> {
    let (message, policy) = acknowledgement(scene)?;
    let lacks = |name: &&&str| message.policy_child(name).is_none();
    let missing = ["PolicyType", "PolicyKey", "Status"];
    let missing = missing.iter().find(lacks)?;
    Some(Hit::node(scene, Leg::Request, &message.document, policy).saying(format!("no {missing}")))
}

fn request_policy_extra(scene: &Scene<'_>) -> Option<Hit> {
    let message = scene.request.as_ref()?;
    let allowed: &[&str] = match scene.ask {
        Ask::Acknowledge => &["PolicyType", "PolicyKey", "Status"],
        _ => &["PolicyType"],
    };
    let document = &message.document;
    let extra: Vec<NodeId> = message
        .policy
        .iter()
        .flat_map(|policy| document.children(*policy))
        .filter(|id| !allowed.contains(&document.name(*id)))
        .collect();
    let first = document.name(*extra.first()?);
    Some(Hit::nodes(scene, Leg::Request, document, &extra)?.saying(clip(first)))
}

fn leaf_children(scene: &Scene<'_>) -> Option<Hit> {
    messages(scene).find_map(|(leg, message)| {
        let document = &message.document;
        let inner = message.policy.iter().flat_map(|policy| document.children(*policy));
        let leaf = |name: &str| matches!(name, "PolicyType" | "PolicyKey" | "Status");
        let wrong: Vec<NodeId> = inner
            .chain(document.child(message.root, "Status"))
            .filter(|id| leaf(document.name(*id)) && document.children(*id).next().is_some())
            .collect();
        let first = document.name(*wrong.first()?);
        Some(Hit::nodes(scene, leg, document, &wrong)?.saying(first))
    })
}

fn unknown_child(scene: &Scene<'_>) -> Option<Hit> {
    messages(scene).find_map(|(leg, message)| {
        let document = &message.document;
        let known = |name: &str| match name {
            "DeviceInformation" | "Policies" | "RemoteWipe" | "AccountOnlyRemoteWipe" => true,
            "Status" => leg == Leg::Response,
            _ => false,
        };
        let wrong: Vec<NodeId> =
            document.children(message.root).filter(|id| !known(document.name(*id))).collect();
        let first = document.name(*wrong.first()?);
        let name = if first.is_empty() { "an unknown token" } else { first };
        Some(Hit::nodes(scene, leg, document, &wrong)?.saying(clip(name)))
    })
}

fn body_wbxml(scene: &Scene<'_>) -> Option<Hit> {
    if scene.head.command != "Provision" {
        return None;
    }
    let exchange = scene.subject.exchange;
    let whole = |leg: &Leg| match leg {
        Leg::Request => exchange.request.as_ref().is_some_and(|r| r.body.ended && r.body.seen > 0),
        // Error pages of proxies are no answers of the server.
        Leg::Response => exchange
            .response
            .as_ref()
            .is_some_and(|r| r.status == 200 && r.body.ended && r.body.seen > 0),
    };
    let foreign = |leg: &Leg| {
        let format = scene.format(*leg);
        format.is_some_and(|format| !matches!(format, Format::Wbxml(_) | Format::Empty))
    };
    let leg = [Leg::Request, Leg::Response].into_iter().find(|leg| whole(leg) && foreign(leg))?;
    let label = scene.format(leg).map(Format::label).unwrap_or_default();
    Some(Hit::leg(scene, leg).saying(format!("the {} is {label}", leg.name())))
}

fn empty_reply(scene: &Scene<'_>) -> Option<Hit> {
    let answer = scene.answer.as_ref().filter(|_| scene.ask == Ask::WipeQuery)?;
    answer.policies.map(|node| Hit::node(scene, Leg::Response, &answer.document, node))
}

fn response_status_missing(scene: &Scene<'_>) -> Option<Hit> {
    let answer = scene.answer.as_ref()?;
    if answer.document.child(answer.root, "Status").is_some() {
        return None;
    }
    let example = scene.head.version == "14.0"
        && answer.device_information.is_some()
        && answer.policies.is_some();
    let hit = Hit::node(scene, Leg::Response, &answer.document, answer.root);
    Some(hit.only_info(example, "as in example 4.1.2 of the 2012 text"))
}

fn response_policy_children(scene: &Scene<'_>) -> Option<Hit> {
    let answer = scene.answer.as_ref()?;
    let policy = *answer.policy.first()?;
    let has = |name: &str| answer.policy_child(name).is_some();
    let status = answer.policy_text("Status");
    let missing = match status.as_ref() {
        "1" if !has("PolicyType") => "PolicyType",
        "1" if !has("PolicyKey") => "PolicyKey",
        "" if has("PolicyKey") || has("Data") => "Status",
        // With another Status there is nothing to give a key for; servers differ.
        _ => return None,
    };
    Some(Hit::node(scene, Leg::Response, &answer.document, policy).saying(format!("no {missing}")))
}

fn data_missing(scene: &Scene<'_>) -> Option<Hit> {
    let answer = scene.answer.as_ref().filter(|_| scene.ask == Ask::Initial)?;
    let policy = *answer.policy.first()?;
    (answer.policy_text("Status") == "1" && answer.policy_child("Data").is_none())
        .then(|| Hit::node(scene, Leg::Response, &answer.document, policy))
}

fn data_in_ack(scene: &Scene<'_>) -> Option<Hit> {
    let answer = scene.answer.as_ref().filter(|_| scene.ask == Ask::Acknowledge)?;
    // A demand to begin anew may bring the new policy with it; only a final answer must not.
    let node = answer.policy_child("Data").filter(|_| scene.reply == Reply::Final)?;
    Some(Hit::node(scene, Leg::Response, &answer.document, node))
}
