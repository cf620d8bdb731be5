//! Rules about the order of messages: what a device does next (MS-ASPROV 3.1.5.1, 3.1.5.2).

use crate::analyze::draft::clip;
use crate::analyze::flow::{Ask, Mark, Reply};
use crate::model::{Leg, ProvisionState};

use super::engine::Rule;
use super::hit::{Hit, Scene};

pub(super) const RULES: &[Rule] = &[
    ("prov-first-command", first_command),
    ("prov-reprovision-on-demand", reprovision_on_demand),
    ("prov-loop", provision_loop),
    ("prov-ack-missing", ack_missing),
    ("prov-ack-not-immediate", ack_not_immediate),
    ("prov-ack-without-offer", ack_without_offer),
    ("prov-ack-partial", ack_partial),
    ("prov-ack-failed", ack_failed),
    ("prov-ack-external", ack_external),
    ("prov-141-key", key_after_141),
    ("prov-refused-repeat", refused_repeat),
    ("prov-status2-resend", status2_resend),
    ("prov-status3-retry", status3_retry),
    ("prov-type-unknown-retry", type_unknown_retry),
    ("prov-mismatch-restart", mismatch_restart),
    ("prov-nopolicy-stop", nopolicy_stop),
];

/// A demand is to be met by the next command within this time, in microseconds.
const DEMAND: i64 = 60_000_000;

/// A person may have to set a password before the acknowledgement; in microseconds.
pub(super) const PATIENCE: i64 = 600_000_000;

/// Rounds, or refusals, that make a loop.
const LOOP: u32 = 3;

fn first_command(scene: &Scene<'_>) -> Option<Hit> {
    let memory = scene.memory?;
    // With a key it is not the first command, only the first we see.
    (memory.commands == 0 && scene.is_command() && scene.key.is_none())
        .then(|| Hit::leg(scene, Leg::Request).saying(scene.head.command.clone()))
}

fn reprovision_on_demand(scene: &Scene<'_>) -> Option<Hit> {
    let demand = scene.memory?.demand?;
    let passed = scene.since(&demand)?;
    (scene.is_command() && passed <= DEMAND)
        .then(|| Hit::leg(scene, Leg::Request).since(&demand).saying(scene.head.command.clone()))
}

fn provision_loop(scene: &Scene<'_>) -> Option<Hit> {
    let rounds = scene.memory?.rounds.saturating_add(1);
    let memory = scene.memory?;
    let blame = match (&memory.known, memory.refused) {
        (Some(_), true) => "the server refuses the keys it gives",
        (Some(_), false) => "the device does not use the key it is given",
        (None, _) => "",
    };
    (scene.ask == Ask::Initial && rounds.is_multiple_of(LOOP))
        .then(|| Hit::leg(scene, Leg::Request).saying(blame))
}

/// The offer that waits for its acknowledgement, and how long it does.
fn pending(scene: &Scene<'_>) -> Option<(Mark, i64)> {
    let memory = scene.memory?;
    let offer = memory.offer.as_ref()?;
    (memory.state == ProvisionState::PolicyOffered).then_some(())?;
    Some((offer.mark, scene.since(&offer.mark)?))
}

fn ack_missing(scene: &Scene<'_>) -> Option<Hit> {
    let (mark, passed) = pending(scene)?;
    let goes_on = matches!(scene.ask, Ask::Command | Ask::Initial);
    (goes_on && passed >= PATIENCE).then(|| Hit::leg(scene, Leg::Request).since(&mark))
}

fn ack_not_immediate(scene: &Scene<'_>) -> Option<Hit> {
    let (mark, passed) = pending(scene)?;
    (scene.is_command() && passed < PATIENCE)
        .then(|| Hit::leg(scene, Leg::Request).since(&mark).saying(scene.head.command.clone()))
}

fn ack_without_offer(scene: &Scene<'_>) -> Option<Hit> {
    let memory = scene.memory?;
    let seen = memory.state != ProvisionState::Unknown && !memory.assumed;
    (scene.ask == Ask::Acknowledge && memory.offer.is_none() && seen)
        .then(|| Hit::leg(scene, Leg::Request))
}

/// A hit when the acknowledgement has this Status.
fn acknowledged_with(scene: &Scene<'_>, status: &str) -> Option<Hit> {
    let message = scene.request.as_ref().filter(|_| scene.ask == Ask::Acknowledge)?;
    let node = message.policy_child("Status")?;
    (message.document.text(node) == status)
        .then(|| Hit::node(scene, Leg::Request, &message.document, node))
}

fn ack_partial(scene: &Scene<'_>) -> Option<Hit> {
    acknowledged_with(scene, "2")
}

fn ack_failed(scene: &Scene<'_>) -> Option<Hit> {
    acknowledged_with(scene, "3")
}

fn ack_external(scene: &Scene<'_>) -> Option<Hit> {
    acknowledged_with(scene, "4")
}

fn key_after_141(scene: &Scene<'_>) -> Option<Hit> {
    let demand = scene.memory?.key_demand?;
    scene.since(&demand)?;
    let absent = matches!(scene.head.key_text.as_str(), "none" | "empty");
    (scene.ask != Ask::Exempt && absent && scene.head.policy_key.is_none())
        .then(|| Hit::leg(scene, Leg::Request).since(&demand))
}

fn refused_repeat(scene: &Scene<'_>) -> Option<Hit> {
    let refusals = scene.memory?.refusals.saturating_add(1);
    (scene.reply == Reply::Refused && refusals == LOOP)
        .then(|| Hit::leg(scene, Leg::Response).saying(format!("{LOOP} times")))
}

fn status2_resend(scene: &Scene<'_>) -> Option<Hit> {
    let failed = scene.memory?.failed.filter(|failed| failed.status == 2)?;
    // Status 2 also answers the report of a failed wipe.
    let counts = scene.ask.is_provision() && !matches!(scene.ask, Ask::WipeReport(_));
    (counts && failed.fingerprint == scene.fingerprint())
        .then(|| Hit::leg(scene, Leg::Request).since(&failed.mark))
}

fn status3_retry(scene: &Scene<'_>) -> Option<Hit> {
    let failed = scene.memory?.failed.filter(|failed| failed.status == 3)?;
    let passed = scene.since(&failed.mark)?;
    (scene.is_command() && passed >= PATIENCE)
        .then(|| Hit::leg(scene, Leg::Request).since(&failed.mark))
}

fn type_unknown_retry(scene: &Scene<'_>) -> Option<Hit> {
    let (unknown, mark) = scene.memory?.unknown_type.as_ref()?;
    let message = scene.request.as_ref().filter(|_| scene.ask == Ask::Initial)?;
    let node = message.policy_child("PolicyType")?;
    (message.document.text(node) == *unknown).then(|| {
        Hit::node(scene, Leg::Request, &message.document, node).since(mark).saying(clip(unknown))
    })
}

fn mismatch_restart(scene: &Scene<'_>) -> Option<Hit> {
    let mismatch = scene.memory?.mismatch?;
    scene.since(&mismatch)?;
    matches!(scene.ask, Ask::Acknowledge | Ask::Command)
        .then(|| Hit::leg(scene, Leg::Request).since(&mismatch))
}

fn nopolicy_stop(scene: &Scene<'_>) -> Option<Hit> {
    let memory = scene.memory?;
    let mark = memory.no_policy?;
    scene.since(&mark)?;
    (scene.ask == Ask::Initial && memory.state == ProvisionState::NoPolicy)
        .then(|| Hit::leg(scene, Leg::Request).since(&mark))
}
