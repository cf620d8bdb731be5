//! What only the exchanges before it explain about an exchange: who is to blame for a demand, and
//! whether one device speaks at all.

use crate::analyze::draft::clip;
use crate::analyze::rules::Scene;
use crate::model::Leg;

use super::event::{Ask, Reply};

/// What the memory of `scene` adds to it.
pub(super) fn tell(scene: &Scene<'_>) -> Vec<String> {
    [demand(scene), another(scene)].into_iter().flatten().collect()
}

/// Whose fault a demand to provision is, once the device was given a key.
fn demand(scene: &Scene<'_>) -> Option<String> {
    let known = scene.memory?.known.as_ref().filter(|known| !known.assumed)?;
    if scene.ask != Ask::Command || scene.reply != Reply::Demand {
        return None;
    }
    // What began before the key was there could not know of it.
    known.mark.until(scene.subject.exchange)?;
    let (key, given) = (&known.key, known.mark.exchange);
    if scene.key.text() != *key {
        return Some(format!("the device was given key {key} in {given} and does not send it"));
    }
    Some(match scene.root_status().as_str() {
        "143" | "144" => {
            format!("key {key} of {given} is no longer valid: the policy changed or aged")
        }
        _ => {
            format!("the server demands provisioning although the device sends the key of {given}")
        }
    })
}

/// Type and User-Agent both changed: hardly the same device.
fn another(scene: &Scene<'_>) -> Option<String> {
    let habits = &scene.memory?.habits;
    let agent = scene.header(Leg::Request, "User-Agent").map(clip)?;
    let kind = scene.head.device_type.as_str();
    let changed = |before: &str, now: &str| !before.is_empty() && !now.is_empty() && before != now;
    let both = changed(&habits.user_agent, &agent) && changed(&habits.device_type, kind);
    both.then(|| {
        format!(
            "speaks as {kind} ({agent}), before as {} ({}): two devices may share this id",
            habits.device_type, habits.user_agent
        )
    })
}
