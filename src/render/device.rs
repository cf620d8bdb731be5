//! What is known of a device, a fact a line.

use crate::model::{Device, Enrolment, Management, SessionBrief, Wipe};

use super::certificates::certificate_lines;
use super::clean;
use super::timeline::clock;
use super::units::{count, thousands};

/// A fact: what, and in words.
type Fact = (&'static str, String);

/// What is known of a device: what, and in words; an empty "what" goes on with the one before. All
/// clean. A wipe comes first.
pub fn device_facts(device: &Device) -> Vec<Fact> {
    let mut facts = Vec::new();
    if let Some(wipe) = &device.wipe {
        facts.push(("WIPE", wipe_line(wipe)));
    }
    if device.is_activesync() {
        activesync(device, &mut facts);
    } else {
        managed(device, &mut facts);
    }
    certificates(device, &mut facts);
    facts
}

/// Of a device that spoke ActiveSync.
fn activesync(device: &Device, facts: &mut Vec<Fact>) {
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
    seen(device, facts);
    if let Some(waiting) = &device.waiting {
        let heartbeat = waiting.heartbeat.map(|seconds| format!(", heartbeat {seconds} s"));
        let (id, since) = (waiting.exchange, clock(waiting.since));
        let heartbeat = heartbeat.unwrap_or_default();
        facts.push(("in flight", format!("Ping {id} since {since}{heartbeat}")));
    }
    facts.push(("policy", policy_line(device)));
    keys(device, facts);
    folders(device, facts);
}

/// Of a device that enrolled, or is managed or synchronised by SyncML.
fn managed(device: &Device, facts: &mut Vec<Fact>) {
    facts.push(("state", clean(&device.standing()).into_owned()));
    let none = Enrolment::default();
    let enrolment = device.enrolment.as_ref().unwrap_or(&none);
    let user = if enrolment.user.is_empty() { &device.key.user } else { &enrolment.user };
    for (what, text) in [
        ("device", &device.key.device),
        ("name", &enrolment.name),
        ("user", user),
        ("host", &device.key.host),
        ("type", &device.device_type),
        ("user agent", &device.user_agent),
        ("version", &device.version),
        ("server", &enrolment.server),
        ("schedule", &enrolment.schedule),
    ] {
        if !text.is_empty() {
            facts.push((what, clean(text).into_owned()));
        }
    }
    if device.enrolment.is_none() {
        facts.push(("enrolment", "not in this capture".to_owned()));
    }
    if let Some(management) = &device.management {
        management_facts(management, enrolment, facts);
    }
    if let Some(at) = device.signing {
        facts.push(("signing", format!("ordered to sign its messages in {at}")));
    }
    seen(device, facts);
}

fn management_facts(management: &Management, enrolment: &Enrolment, facts: &mut Vec<Fact>) {
    let how = match enrolment.joined {
        "" => String::new(),
        how => format!(", known as its own by {how}"),
    };
    facts.push(("sessions", format!("{}{how}", thousands(management.sessions))));
    if let Some(last) = &management.last {
        let SessionBrief { id, protocol, host, first, end, verdict, why, .. } = last;
        let range = if first == end { first.to_string() } else { format!("{first} to {end}") };
        let why = if why.is_empty() { String::new() } else { format!(": {why}") };
        let text = format!("{id} ({protocol}) with {host}, {range}, {}{why}", verdict.name());
        facts.push(("last session", clean(&text).into_owned()));
        let (done, failed, waiting) = (last.done, last.failed, last.waiting);
        if done + failed + waiting > 0 {
            let failed = if failed > 0 { format!(", {failed} NOT") } else { String::new() };
            let waiting =
                if waiting > 0 { format!(", {waiting} not answered yet") } else { String::new() };
            let text =
                format!("{} of the server carried out{failed}{waiting}", count(done, "command"));
            facts.push(("", text));
        }
        if !last.authentication.is_empty() {
            let is_code = last.authentication.bytes().all(|byte| byte.is_ascii_digit());
            let what = if is_code { "answered with status " } else { "" };
            facts.push(("login", format!("{what}{}", clean(&last.authentication))));
        }
    }
    for (what, value) in &management.told {
        facts.push((what, clean(value).into_owned()));
    }
}

fn seen(device: &Device, facts: &mut Vec<Fact>) {
    facts.push(("first seen", clock(device.first_seen)));
    let last =
        format!("{}, {} {}", clock(device.last_seen), clean(&device.last_command), device.last);
    facts.push(("last seen", last));
    let (exchanges, findings) =
        (count(device.exchanges, "exchange"), count(device.findings, "finding"));
    facts.push(("seen", format!("{exchanges}, {findings}")));
}

fn certificates(device: &Device, facts: &mut Vec<Fact>) {
    for lines in certificate_lines(device) {
        for (at, line) in lines.into_iter().enumerate() {
            facts.push((if at == 0 { "certificate" } else { "" }, line));
        }
    }
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
