//! A device's history as a sequence drawing in text.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use crate::model::{Device, DeviceCertificate, Enrolment, Level, Step, WallTime};

use super::certificates::certificate_line;
use super::clean;
use super::device::wipe_line;
use super::units::count;

/// Columns of what the device sends.
const REQUEST: usize = 36;

/// Columns of what the server answers.
const RESPONSE: usize = 32;

/// The lines above a drawing: who the device is and where it stands; all clean.
pub fn device_lines(device: &Device) -> Vec<String> {
    let parts = [device.device_type.as_str(), device.user_agent.as_str()];
    let mut who = device.key.to_string();
    for part in parts.iter().filter(|part| !part.is_empty()) {
        who.push_str(", ");
        who.push_str(part);
    }
    if let Some(enrolment) = &device.enrolment {
        return enrolment_lines(who, device, enrolment);
    }
    if !device.is_activesync() {
        let (exchanges, findings) =
            (count(device.exchanges, "exchange"), count(device.findings, "finding"));
        let mut lines = vec![who, format!("{}, {exchanges}, {findings}", device.standing())];
        lines.extend(device_certificates(device));
        return lines.iter().map(|line| clean(line).into_owned()).collect();
    }
    if !device.version.is_empty() {
        who.push_str(", ActiveSync ");
        who.push_str(&device.version);
    }
    let assumed = if device.assumed { " (assumed)" } else { "" };
    let mut lines = vec![
        who,
        format!(
            "{}{assumed}, {}, {}",
            device.state.name(),
            count(device.exchanges, "exchange"),
            count(device.findings, "finding")
        ),
    ];
    if !device.keys.is_empty() {
        let keys = device.keys.iter().map(|step| format!("{} ({})", step.key, step.role.name()));
        lines.push(format!("keys: {}", keys.collect::<Vec<_>>().join(" -> ")));
    }
    if let Some(wipe) = &device.wipe {
        lines.push(format!("X {}", wipe_line(wipe)));
    }
    if let Some(waiting) = &device.waiting {
        let time = waiting.heartbeat.map(|seconds| format!(" up to {seconds} s"));
        let (id, time) = (waiting.exchange, time.unwrap_or_default());
        lines.push(format!("Ping {id} in flight since {}, waits{time}", clock(waiting.since)));
    }
    lines.iter().map(|line| clean(line).into_owned()).collect()
}

/// The lines above the story of a managed device.
fn enrolment_lines(who: String, device: &Device, enrolment: &Enrolment) -> Vec<String> {
    let refused = enrolment.enrolled.is_none() && enrolment.refused.is_some();
    let state = format!("{}{}", if refused { "X " } else { "" }, device.standing());
    let (exchanges, findings) =
        (count(device.exchanges, "exchange"), count(device.findings, "finding"));
    let mut lines = vec![who, format!("{state}, {exchanges}, {findings}")];
    let named = [enrolment.name.as_str(), &enrolment.user];
    let named: Vec<&str> = named.into_iter().filter(|text| !text.is_empty()).collect();
    if !named.is_empty() {
        lines.push(format!("device: {}", named.join(" of ")));
    }
    lines.extend(device_certificates(device));
    if !enrolment.server.is_empty() {
        lines.push(format!("managed by {}", enrolment.server));
    }
    if !enrolment.schedule.is_empty() {
        lines.push(format!("asks for work {}", enrolment.schedule));
    }
    if let Some(first) = enrolment.first_session {
        let (sessions, by) = (count(enrolment.sessions, "session"), enrolment.joined);
        lines.push(format!("{sessions} of management since {first}, known by {by}"));
    }
    lines.iter().map(|line| clean(line).into_owned()).collect()
}

/// A line for each certificate of a device, and what it was used for; all clean.
pub fn device_certificates(device: &Device) -> Vec<String> {
    let line = |own: &DeviceCertificate| {
        let mut uses = Vec::new();
        uses.extend(own.issued.map(|at| format!("issued in {at}")));
        uses.extend(own.tls.map(|seen| format!("shown by TLS {}", count(seen.times, "time"))));
        uses.extend(own.signed.map(|seen| format!("signed {}", count(seen.times, "message"))));
        let uses = if uses.is_empty() { String::new() } else { format!("; {}", uses.join(", ")) };
        format!("certificate: {}{uses}", certificate_line(own, device.last_seen))
    };
    device.certificates.iter().map(line).collect()
}

/// The lines of one step; all clean.
pub fn step_lines(step: &Step) -> Vec<String> {
    let mut lines = vec![
        row(
            &format!("{} {:>6}", clock(step.started), step.exchange.to_string()),
            &format!("{:<REQUEST$} ──▶", fit(&step.request, REQUEST)),
            "",
            step.walk[0],
        ),
        row("", &format!("{:<REQUEST$} ◀──", ""), &fit(&step.response, RESPONSE), step.walk[1]),
    ];
    if !step.facts.is_empty() {
        lines.push(row("", &format!("  {}", clean(&step.facts)), "", ""));
    }
    let [before, after] = step.states;
    if before != after {
        let assumed = if step.assumed { " (assumed)" } else { "" };
        lines.push(row("", &format!("  = {}{assumed}", after.name()), "", ""));
    }
    for found in found(step) {
        lines.push(row("", &format!("  {}", clean(&found)), "", ""));
    }
    lines
}

/// What was found in a step, what wants most attention first: `! id, id`, `info: id`.
pub fn found(step: &Step) -> Vec<String> {
    marked(step.findings.iter().map(|finding| (finding.level, finding.id.clone())))
}

/// Rules behind the mark of their level.
pub(super) fn marked(rules: impl Iterator<Item = (Level, String)>) -> Vec<String> {
    let mut levels: BTreeMap<Reverse<Level>, Vec<String>> = BTreeMap::new();
    for (level, id) in rules {
        levels.entry(Reverse(level)).or_default().push(id);
    }
    let line = |(Reverse(level), ids): (Reverse<Level>, Vec<String>)| match level {
        Level::Info => format!("info: {}", ids.join(", ")),
        level => format!("{} {}", level.mark(), ids.join(", ")),
    };
    levels.into_iter().map(line).collect()
}

fn row(left: &str, request: &str, response: &str, walk: &str) -> String {
    let line = if walk.is_empty() {
        format!("{left:<19}  {request} {response}")
    } else {
        format!("{left:<19}  {request} {response:<RESPONSE$}  {walk}")
    };
    line.trim_end().to_owned()
}

/// Time of day in UTC with milliseconds.
pub fn clock(time: WallTime) -> String {
    let utc = time.utc();
    let (hour, minute, second) = (utc.hour(), utc.minute(), utc.second());
    format!("{hour:02}:{minute:02}:{second:02}.{:03}", utc.millisecond())
}

/// Clean, and cut to `width` characters; the cut shows as `…`.
fn fit(text: &str, width: usize) -> String {
    let text = clean(text);
    if text.chars().count() <= width {
        return text.into_owned();
    }
    let mut cut: String = text.chars().take(width - 1).collect();
    cut.push('…');
    cut
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{ExchangeId, ProvisionState, StepFinding};

    #[test]
    fn a_step_shows_both_ways_the_state_and_what_was_found() {
        let found = |id: &str, level| StepFinding { id: id.into(), level };
        let step = Step {
            exchange: ExchangeId(7),
            started: WallTime(1_795_000_000_000_000),
            duration: 1,
            request: "FolderSync, key 0\u{1b}[2J".into(),
            response: "HTTP 449".into(),
            facts: String::new(),
            walk: ["1 command", "2 demand"],
            states: [ProvisionState::Unknown, ProvisionState::Demanded],
            assumed: false,
            findings: vec![
                found("prov-first-command", Level::Warning),
                found("eas-note", Level::Info),
                found("eas-wipe", Level::Alarm),
            ],
        };
        let lines = step_lines(&step);
        assert!(!lines[0].contains('\u{1b}'), "{}", lines[0]);
        assert!(lines[0].starts_with("11:06:40.000     #7  FolderSync, key 0"), "{}", lines[0]);
        assert!(lines[0].ends_with("1 command") && lines[1].ends_with("2 demand"));
        assert!(lines[1].contains("◀── HTTP 449"), "{}", lines[1]);
        assert_eq!(lines[2].trim(), "= provisioning demanded");
        assert_eq!(lines[3].trim(), "X eas-wipe");
        assert_eq!(lines[4].trim(), "! prov-first-command");
        assert_eq!(lines[5].trim(), "info: eas-note");
    }
}
