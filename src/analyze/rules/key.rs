//! Rules about the policy key: which one, where, in which form (MS-ASPROV 3.1.5.1).

use crate::analyze::draft::clip;
use crate::analyze::eas::key_text;
use crate::analyze::flow::{Ask, Reply, SentKey};
use crate::model::{Leg, ProvisionState};

use super::engine::Rule;
use super::hit::{Hit, Scene};

pub(super) const RULES: &[Rule] = &[
    ("prov-key-initial-zero", initial_zero),
    ("prov-key-ack-temp", ack_temp),
    ("prov-key-ack-element", ack_element),
    ("prov-key-ack-disagree", ack_disagree),
    ("prov-key-missing", missing),
    ("prov-key-on-exempt", on_exempt),
    ("prov-key-final-not-used", final_not_used),
    ("prov-key-temp-reused", temp_reused),
    ("prov-key-format", format),
    ("prov-key-too-long", too_long),
    ("prov-key-header-format", header_format),
    ("prov-key-same-as-temp", same_as_temp),
    ("prov-key-final-zero", final_zero),
];

/// Characters a key may have (MS-ASPROV 2.2.2.41/42).
const KEY_CHARS: usize = 64;

fn initial_zero(scene: &Scene<'_>) -> Option<Hit> {
    if scene.ask != Ask::Initial || scene.key.is_none() {
        return None;
    }
    let sent = scene.key.text();
    let stored = scene.memory.is_none_or(|memory| match &memory.known {
        Some(known) => known.key == sent,
        // The capture may have begun after the device got it.
        None => memory.state == ProvisionState::Unknown,
    });
    let hit = Hit::leg(scene, Leg::Request).saying(format!("key {}", clip(&sent)));
    Some(hit.only_info(stored, "it may be the stored key, with which some clients begin anew"))
}

/// The PolicyKey of an acknowledgement, as keys are compared.
fn acknowledged(scene: &Scene<'_>) -> Option<String> {
    if scene.ask != Ask::Acknowledge {
        return None;
    }
    let text = scene.request.as_ref().map(|m| key_text(&m.policy_text("PolicyKey")));
    // 0 says that there is none.
    text.map(|text| if text == "0" { String::new() } else { text })
}

/// The key of the pending offer, if the acknowledgement could know it.
fn offered(scene: &Scene<'_>) -> Option<String> {
    let offer = scene.memory?.offer.as_ref()?;
    scene.since(&offer.mark).map(|_| offer.key.clone())
}

fn ack_temp(scene: &Scene<'_>) -> Option<Hit> {
    let offered = offered(scene).filter(|_| scene.ask == Ask::Acknowledge)?;
    let sent = scene.key.text();
    if sent == offered {
        return None;
    }
    let stored =
        sent.is_empty() || scene.memory?.known.as_ref().is_some_and(|known| known.key == sent);
    let detail = format!("{} instead of {offered}", words(&sent));
    let hit = Hit::leg(scene, Leg::Request).saying(detail);
    Some(hit.only_info(stored, "some clients put the temporary key into the element only"))
}

fn ack_element(scene: &Scene<'_>) -> Option<Hit> {
    let (element, offered) = (acknowledged(scene)?, offered(scene)?);
    let message = scene.request.as_ref()?;
    let node = message.policy_child("PolicyKey")?;
    (element != offered).then(|| {
        Hit::node(scene, Leg::Request, &message.document, node)
            .saying(format!("{} instead of {offered}", words(&element)))
    })
}

fn ack_disagree(scene: &Scene<'_>) -> Option<Hit> {
    let element = acknowledged(scene)?;
    let sent = scene.key.text();
    (element != sent).then(|| {
        let detail = format!("{} in the header, {} in the element", words(&sent), words(&element));
        Hit::leg(scene, Leg::Request).saying(detail)
    })
}

/// A key in a sentence.
fn words(key: &str) -> String {
    if key.is_empty() { "none".to_owned() } else { clip(key) }
}

fn missing(scene: &Scene<'_>) -> Option<Hit> {
    let known = scene.memory?.known.as_ref()?;
    let absent = matches!(scene.key, SentKey::Absent | SentKey::Empty);
    if !scene.is_command() || !absent || scene.since(&known.mark).is_none() {
        return None;
    }
    Some(Hit::leg(scene, Leg::Request).since(&known.mark))
}

fn on_exempt(scene: &Scene<'_>) -> Option<Hit> {
    (scene.ask == Ask::Exempt && !scene.key.is_none())
        .then(|| Hit::leg(scene, Leg::Request).saying(scene.head.command.clone()))
}

fn final_not_used(scene: &Scene<'_>) -> Option<Hit> {
    let memory = scene.memory?;
    let known = memory.known.as_ref().filter(|known| !known.assumed)?;
    let absent = matches!(scene.key, SentKey::Absent | SentKey::Empty);
    let sent = scene.key.text();
    // The temporary key and no key at all are rules of their own.
    let temporary = memory.temporary.as_ref().is_some_and(|key| key.key == sent);
    if !scene.is_command() || absent || temporary || sent == known.key {
        return None;
    }
    if memory.state != ProvisionState::Provisioned || scene.since(&known.mark).is_none() {
        return None;
    }
    let words = if sent.is_empty() { "0".to_owned() } else { clip(&sent) };
    let detail = format!("{words} instead of {}", known.key);
    Some(Hit::leg(scene, Leg::Request).since(&known.mark).saying(detail))
}

fn temp_reused(scene: &Scene<'_>) -> Option<Hit> {
    let memory = scene.memory?;
    let temporary = memory.temporary.as_ref()?;
    let also_final = memory.known.as_ref().is_some_and(|known| known.key == temporary.key);
    let elsewhere = matches!(scene.ask, Ask::Command | Ask::Initial | Ask::WipeQuery);
    if also_final || !elsewhere || scene.key.text() != temporary.key || scene.key.is_none() {
        return None;
    }
    scene.since(&temporary.mark)?;
    Some(Hit::leg(scene, Leg::Request).since(&temporary.mark))
}

fn format(scene: &Scene<'_>) -> Option<Hit> {
    let message = scene.answer.as_ref()?;
    let node = message.policy_child("PolicyKey")?;
    let text = message.document.text(node);
    let short = text.chars().count() <= KEY_CHARS;
    (short && text.parse::<u32>().is_err())
        .then(|| Hit::node(scene, Leg::Response, &message.document, node).saying(clip(&text)))
}

fn too_long(scene: &Scene<'_>) -> Option<Hit> {
    let legs = [(Leg::Request, &scene.request), (Leg::Response, &scene.answer)];
    legs.into_iter().find_map(|(leg, message)| {
        let message = message.as_ref()?;
        let node = message.policy_child("PolicyKey")?;
        let length = message.document.text(node).chars().count();
        (length > KEY_CHARS).then(|| {
            Hit::node(scene, leg, &message.document, node).saying(format!("{length} characters"))
        })
    })
}

fn header_format(scene: &Scene<'_>) -> Option<Hit> {
    let SentKey::Text(text) = &scene.key else { return None };
    Some(Hit::leg(scene, Leg::Request).saying(clip(text)))
}

/// The final key of an answer.
fn final_key(scene: &Scene<'_>) -> Option<String> {
    if scene.reply != Reply::Final {
        return None;
    }
    scene.answer.as_ref().map(|message| key_text(&message.policy_text("PolicyKey")))
}

fn same_as_temp(scene: &Scene<'_>) -> Option<Hit> {
    (final_key(scene)? == acknowledged(scene)?).then(|| Hit::leg(scene, Leg::Response))
}

fn final_zero(scene: &Scene<'_>) -> Option<Hit> {
    (final_key(scene)? == "0").then(|| Hit::leg(scene, Leg::Response))
}
