//! Rules about what a server lets pass (MS-ASPROV 3.2.5.1).

use crate::analyze::draft::clip;
use crate::analyze::eas::key_text;
use crate::analyze::flow::{Ask, Reply};
use crate::model::{Leg, ProvisionState};

use super::engine::Rule;
use super::hit::{Hit, Scene};

pub(super) const RULES: &[Rule] = &[
    ("prov-server-accepts-wrong-key", accepts_wrong_key),
    ("prov-server-mismatch-status", mismatch_status),
    ("prov-server-refusal-place", refusal_place),
    ("prov-server-accepts-failed", accepts_failed),
    ("prov-server-stale-key-accepted", stale_key_accepted),
    ("prov-server-open-access", open_access),
    ("prov-139-cause", cause_of_139),
    ("prov-141-cause", cause_of_141),
    ("prov-145-cause", cause_of_145),
];

/// Servers known not to compare the temporary key, by a header of theirs.
const LENIENT: [&str; 2] = ["X-Z-Push-Version", "X-Grommunio-Sync-Version"];

/// True when the acknowledgement names another key than the one offered; `None` when unknown.
fn wrong_key(scene: &Scene<'_>) -> Option<bool> {
    let message = scene.request.as_ref().filter(|_| scene.ask == Ask::Acknowledge)?;
    let offer = scene.memory?.offer.as_ref()?;
    scene.since(&offer.mark)?;
    Some(key_text(&message.policy_text("PolicyKey")) != offer.key)
}

fn accepts_wrong_key(scene: &Scene<'_>) -> Option<Hit> {
    if !wrong_key(scene)? || scene.reply != Reply::Final {
        return None;
    }
    let headers = scene.subject.exchange.response.as_ref().map(|response| &response.headers);
    let lenient = headers.is_some_and(|all| LENIENT.iter().any(|name| all.first(name).is_some()));
    let hit = Hit::leg(scene, Leg::Response);
    Some(hit.only_info(lenient, "this server is known not to compare it"))
}

fn mismatch_status(scene: &Scene<'_>) -> Option<Hit> {
    if !wrong_key(scene)? || scene.answer.is_none() {
        return None;
    }
    // Accepting it is a rule of its own.
    (!matches!(scene.reply, Reply::Mismatch | Reply::Final)).then(|| Hit::leg(scene, Leg::Response))
}

/// The Status of the acknowledgement in hand.
fn acknowledged(scene: &Scene<'_>) -> Option<String> {
    let message = scene.request.as_ref().filter(|_| scene.ask == Ask::Acknowledge)?;
    Some(message.policy_text("Status").into_owned())
}

fn refusal_place(scene: &Scene<'_>) -> Option<Hit> {
    if wrong_key(scene)? || !matches!(acknowledged(scene)?.as_str(), "2" | "3" | "4") {
        return None;
    }
    let answer = scene.answer.as_ref()?;
    let policy = answer.policy_text("Status");
    (answer.status() == "1" && !policy.is_empty() && policy != "1")
        .then(|| Hit::leg(scene, Leg::Response).saying(format!("Policy Status {}", clip(&policy))))
}

fn accepts_failed(scene: &Scene<'_>) -> Option<Hit> {
    (acknowledged(scene)? == "3" && scene.reply == Reply::Final)
        .then(|| Hit::leg(scene, Leg::Response))
}

fn stale_key_accepted(scene: &Scene<'_>) -> Option<Hit> {
    let memory = scene.memory?;
    let known = memory.known.as_ref().filter(|known| !known.assumed)?;
    scene.since(&known.mark)?;
    let stale = scene.is_command() && scene.key.text() != known.key;
    (stale && scene.reply == Reply::Served && memory.state == ProvisionState::Provisioned)
        .then(|| Hit::leg(scene, Leg::Response).since(&known.mark))
}

fn open_access(scene: &Scene<'_>) -> Option<Hit> {
    let state = scene.memory?.state;
    let never = matches!(state, ProvisionState::Unknown | ProvisionState::Unprovisioned);
    let data = scene.head.command == "Sync" && scene.subject.response.is_some();
    (never && data && scene.key.is_none() && scene.reply == Reply::Served)
        .then(|| Hit::leg(scene, Leg::Response))
}

/// True when the device acknowledged with `status`, in this exchange or the last time.
fn has_acknowledged(scene: &Scene<'_>, status: &str) -> Option<bool> {
    let last = scene.memory?.acknowledged.clone();
    Some(acknowledged(scene).or(last).as_deref() == Some(status))
}

fn cause_of_139(scene: &Scene<'_>) -> Option<Hit> {
    (scene.root_status() == "139" && !has_acknowledged(scene, "2")?)
        .then(|| Hit::leg(scene, Leg::Response))
}

fn cause_of_141(scene: &Scene<'_>) -> Option<Hit> {
    // Key 0 counts as one.
    let carried = scene.head.policy_key.is_some();
    (carried && scene.root_status() == "141")
        .then(|| Hit::leg(scene, Leg::Response).saying(format!("key {}", scene.head.key_words())))
}

fn cause_of_145(scene: &Scene<'_>) -> Option<Hit> {
    let known = scene.memory?.state != ProvisionState::Unknown;
    (known && scene.root_status() == "145" && !has_acknowledged(scene, "4")?)
        .then(|| Hit::leg(scene, Leg::Response))
}
