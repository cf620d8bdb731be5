//! Rules about remote wipes (MS-ASPROV 3.1.5.1, 3.2.5.1).

use crate::analyze::draft::clip;
use crate::analyze::flow::{Ask, Mark, Provision, Reply};
use crate::model::{Leg, NodeId, ProvisionState};

use super::engine::Rule;
use super::hit::{Hit, Scene};
use super::order::PATIENCE;

pub(super) const RULES: &[Rule] = &[
    ("wipe-request-empty", request_empty),
    ("wipe-request-key-zero", request_key_zero),
    ("wipe-not-fetched", not_fetched),
    ("wipe-response-children", response_children),
    ("wipe-unsolicited", unsolicited),
    ("wipe-ack-status-missing", ack_status_missing),
    ("wipe-ack-status-range", ack_status_range),
    ("wipe-ack-missing", ack_missing),
    ("wipe-ack-not-immediate", ack_not_immediate),
    ("wipe-ack-format", ack_format),
    ("wipe-ack-kind", ack_kind),
    ("wipe-server-success", server_success),
    ("wipe-server-repeat", server_repeat),
    ("wipe-server-failure", server_failure),
    ("wipe-server-again", server_again),
    ("wipe-traffic-after", traffic_after),
    ("wipe-account-version", account_version),
    ("wipe-both", both),
    ("wipe-without-140", without_140),
    ("wipe-only-if-requested", only_if_requested),
];

fn request_empty(scene: &Scene<'_>) -> Option<Hit> {
    let demand = scene.memory?.wipe_demand?;
    scene.since(&demand)?;
    (scene.ask == Ask::Initial).then(|| Hit::leg(scene, Leg::Request).since(&demand))
}

fn request_key_zero(scene: &Scene<'_>) -> Option<Hit> {
    let demand = scene.memory?.wipe_demand?;
    scene.since(&demand)?;
    let asks = matches!(scene.ask, Ask::Initial | Ask::WipeQuery);
    (asks && !scene.key.is_none()).then(|| {
        let detail = format!("key {}", clip(&scene.key.text()));
        Hit::leg(scene, Leg::Request).since(&demand).saying(detail)
    })
}

fn not_fetched(scene: &Scene<'_>) -> Option<Hit> {
    let demand = scene.memory?.wipe_fetch?;
    scene.since(&demand)?;
    scene
        .is_command()
        .then(|| Hit::leg(scene, Leg::Request).since(&demand).saying(scene.head.command.clone()))
}

/// The wipe elements of the answer.
fn orders<'s, 'a>(scene: &'s Scene<'a>) -> Option<&'s Provision<'a>> {
    scene.answer.as_ref().filter(|answer| !answer.wipes.is_empty())
}

fn response_children(scene: &Scene<'_>) -> Option<Hit> {
    let answer = orders(scene)?;
    let document = &answer.document;
    let full: Vec<NodeId> = answer
        .wipes
        .iter()
        .copied()
        .filter(|id| document.children(*id).next().is_some() || !document.text(*id).is_empty())
        .collect();
    Hit::nodes(scene, Leg::Response, document, &full)
}

/// The first wipe element of the request.
fn report<'s, 'a>(scene: &'s Scene<'a>) -> Option<(&'s Provision<'a>, NodeId)> {
    let message = scene.request.as_ref()?;
    Some((message, *message.wipes.first()?))
}

fn unsolicited(scene: &Scene<'_>) -> Option<Hit> {
    let memory = scene.memory?;
    let (message, wipe) = report(scene)?;
    let seen = memory.state != ProvisionState::Unknown && !memory.assumed;
    (seen && memory.order.is_none() && !memory.state.is_wipe())
        .then(|| Hit::node(scene, Leg::Request, &message.document, wipe))
}

fn ack_status_missing(scene: &Scene<'_>) -> Option<Hit> {
    let (message, wipe) = report(scene)?;
    message
        .document
        .child(wipe, "Status")
        .is_none()
        .then(|| Hit::node(scene, Leg::Request, &message.document, wipe))
}

fn ack_status_range(scene: &Scene<'_>) -> Option<Hit> {
    let (message, wipe) = report(scene)?;
    let node = message.document.child(wipe, "Status")?;
    let text = message.document.text(node);
    (text != "1" && text != "2")
        .then(|| Hit::node(scene, Leg::Request, &message.document, node).saying(clip(&text)))
}

/// The order that waits for its answer, and how long it does.
fn pending(scene: &Scene<'_>) -> Option<(Mark, i64)> {
    let (_, mark) = scene.memory?.order?;
    Some((mark, scene.since(&mark)?))
}

fn ack_missing(scene: &Scene<'_>) -> Option<Hit> {
    let (mark, passed) = pending(scene)?;
    let goes_on = !matches!(scene.ask, Ask::Exempt | Ask::WipeReport(_));
    (goes_on && passed >= PATIENCE).then(|| Hit::leg(scene, Leg::Request).since(&mark))
}

fn ack_not_immediate(scene: &Scene<'_>) -> Option<Hit> {
    let (mark, passed) = pending(scene)?;
    (scene.is_command() && passed < PATIENCE)
        .then(|| Hit::leg(scene, Leg::Request).since(&mark).saying(scene.head.command.clone()))
}

fn ack_format(scene: &Scene<'_>) -> Option<Hit> {
    let (message, wipe) = report(scene)?;
    let document = &message.document;
    let beside: Vec<NodeId> = document.children(message.root).filter(|id| *id != wipe).collect();
    let first = document.name(*beside.first()?);
    Some(Hit::nodes(scene, Leg::Request, document, &beside)?.saying(clip(first)))
}

fn ack_kind(scene: &Scene<'_>) -> Option<Hit> {
    let (ordered, mark) = scene.memory?.order?;
    let (message, wipe) = report(scene)?;
    let kind = message.wipe_kind()?;
    (kind != ordered).then(|| {
        let detail = format!("{} instead of {}", kind.name(), ordered.name());
        Hit::node(scene, Leg::Request, &message.document, wipe).since(&mark).saying(detail)
    })
}

fn server_success(scene: &Scene<'_>) -> Option<Hit> {
    let answer = scene.answer.as_ref().filter(|_| scene.ask == Ask::WipeReport(true))?;
    let status = answer.status();
    (status != "1").then(|| Hit::leg(scene, Leg::Response).saying(format!("Status {status}")))
}

fn server_repeat(scene: &Scene<'_>) -> Option<Hit> {
    let answer = orders(scene).filter(|_| scene.ask == Ask::WipeReport(true))?;
    Hit::nodes(scene, Leg::Response, &answer.document, &answer.wipes)
}

/// True when the device reported that the wipe failed.
fn failure_reported(scene: &Scene<'_>) -> bool {
    let status =
        report(scene).and_then(|(message, wipe)| message.document.child_text(wipe, "Status"));
    status.as_deref() == Some("2")
}

fn server_failure(scene: &Scene<'_>) -> Option<Hit> {
    let answer = scene.answer.as_ref().filter(|_| failure_reported(scene))?;
    let status = answer.status();
    (status != "2").then(|| Hit::leg(scene, Leg::Response).saying(format!("Status {status}")))
}

fn server_again(scene: &Scene<'_>) -> Option<Hit> {
    let failed = scene.memory?.wipe_failed?;
    scene.since(&failed)?;
    let served = matches!(scene.reply, Reply::Served | Reply::Plain | Reply::Offer);
    (scene.ask != Ask::Exempt && served).then(|| Hit::leg(scene, Leg::Response).since(&failed))
}

fn traffic_after(scene: &Scene<'_>) -> Option<Hit> {
    let memory = scene.memory?;
    let wiped = memory.wiped.filter(|_| memory.state == ProvisionState::Wiped)?;
    scene.since(&wiped)?;
    let document = scene.subject.request.as_ref().filter(|_| scene.is_command())?;
    // A key of 0 begins anew: the account may have been added again.
    let old = document.elements().find(|id| {
        document.name(*id) == "SyncKey" && !matches!(document.text(*id).as_ref(), "" | "0")
    })?;
    Some(Hit::node(scene, Leg::Request, document, old).since(&wiped))
}

fn account_version(scene: &Scene<'_>) -> Option<Hit> {
    let legs = [(Leg::Request, &scene.request), (Leg::Response, &scene.answer)];
    legs.into_iter().find_map(|(leg, message)| {
        let message = message.as_ref()?;
        let node = message.document.child(message.root, "AccountOnlyRemoteWipe")?;
        Some(Hit::node(scene, leg, &message.document, node))
    })
}

fn both(scene: &Scene<'_>) -> Option<Hit> {
    let answer = orders(scene)?;
    let has = |name: &str| answer.document.child(answer.root, name).is_some();
    (has("RemoteWipe") && has("AccountOnlyRemoteWipe"))
        .then(|| Hit::nodes(scene, Leg::Response, &answer.document, &answer.wipes))
        .flatten()
}

fn without_140(scene: &Scene<'_>) -> Option<Hit> {
    let memory = scene.memory?;
    let answer = orders(scene)?;
    let first = !memory.state.is_wipe() && memory.wipe_demand.is_none();
    let seen = memory.state != ProvisionState::Unknown && memory.wipe_failed.is_none();
    (first && seen && !matches!(scene.ask, Ask::WipeReport(_)))
        .then(|| Hit::nodes(scene, Leg::Response, &answer.document, &answer.wipes))
        .flatten()
}

fn only_if_requested(scene: &Scene<'_>) -> Option<Hit> {
    let answer = orders(scene).filter(|_| scene.ask != Ask::WipeReport(true))?;
    let kind = answer.wipe_kind()?.name();
    Some(Hit::nodes(scene, Leg::Response, &answer.document, &answer.wipes)?.saying(kind))
}
