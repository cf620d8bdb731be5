//! What is known of a device, a fact a line.

use crate::model::{Device, Wipe};

use super::clean;
use super::timeline::clock;
use super::units::count;

/// What is known of a device: what, and in words; an empty "what" goes on with the one before. All
/// clean. A wipe comes first.
pub fn device_facts(device: &Device) -> Vec<(&'static str, String)> {
    let mut facts = Vec::new();
    if let Some(wipe) = &device.wipe {
        facts.push(("WIPE", wipe_line(wipe)));
    }
    let assumed = if device.assumed { " (assumed: the capture begins later)" } else { "" };
    facts.push(("state", format!("{}{assumed}", device.state.name())));
    for (what, text) in [
        ("device", &device.key.device),
        ("user", &device.key.user),
        ("host", &device.key.host),
        ("type", &device.device_type),
        ("user agent", &device.user_agent),
        ("version", &device.version),
    ] {
        let text = if text.is_empty() { "not seen".into() } else { clean(text) };
        facts.push((what, text.into_owned()));
    }
    facts.push(("first seen", clock(device.first_seen)));
    let last =
        format!("{}, {} {}", clock(device.last_seen), clean(&device.last_command), device.last);
    facts.push(("last seen", last));
    let (exchanges, findings) =
        (count(device.exchanges, "exchange"), count(device.findings, "finding"));
    facts.push(("seen", format!("{exchanges}, {findings}")));
    if let Some(waiting) = &device.waiting {
        let heartbeat = waiting.heartbeat.map(|seconds| format!(", heartbeat {seconds} s"));
        let (id, since) = (waiting.exchange, clock(waiting.since));
        let heartbeat = heartbeat.unwrap_or_default();
        facts.push(("in flight", format!("Ping {id} since {since}{heartbeat}")));
    }
    facts.push(("policy", policy_line(device)));
    keys(device, &mut facts);
    folders(device, &mut facts);
    facts
}

/// A wipe in words: what, since which exchange, and how it went.
pub fn wipe_line(wipe: &Wipe) -> String {
    let kind = wipe.kind.map_or("wipe", |kind| kind.name()).to_uppercase();
    match wipe.reported {
        None => format!("{kind} demanded in {}, not answered", wipe.ordered),
        Some((at, true)) => format!("{kind} demanded in {}, done in {at}", wipe.ordered),
        Some((at, false)) => format!("{kind} demanded in {}, FAILED in {at}", wipe.ordered),
    }
}

fn policy_line(device: &Device) -> String {
    let Some(policy) = &device.policy else { return "none was delivered".to_owned() };
    let restrictive = policy.settings.iter().filter(|setting| setting.restrictive).count();
    let acknowledged = match policy.acknowledged {
        Some(id) => format!("in force since {id}"),
        None => "not acknowledged".to_owned(),
    };
    let settings = count(policy.settings.len() as u64, "setting");
    format!("{}, {acknowledged}: {settings}, {restrictive} restrictive", policy.exchange)
}

/// How one key came after the other.
fn keys(device: &Device, facts: &mut Vec<(&'static str, String)>) {
    let width = device.keys.iter().map(|step| clean(&step.key).chars().count()).max().unwrap_or(0);
    for (at, step) in device.keys.iter().enumerate() {
        let what = if at == 0 { "policy keys" } else { "" };
        let arrow = if at == 0 { "  " } else { "->" };
        let (key, role) = (clean(&step.key), step.role.name());
        facts.push((what, format!("{arrow} {key:<width$}  {role}, {}", step.exchange)));
    }
}

fn folders(device: &Device, facts: &mut Vec<(&'static str, String)>) {
    for (at, folder) in device.folders.iter().enumerate() {
        let what = if at == 0 { "folders" } else { "" };
        let label = if folder.label.is_empty() { &folder.kind } else { &folder.label };
        let mut line = format!("{} ({})", clean(&folder.name), clean(label));
        if !folder.sync_key.is_empty() {
            line.push_str(", sync key ");
            line.push_str(&clean(&folder.sync_key));
        }
        facts.push((what, line));
    }
}
