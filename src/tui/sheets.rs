//! What sheets say.

use std::net::IpAddr;

use crate::engine::{Learned, Status};
use crate::model::{Device, Level, Step, SyncmlSession};
use crate::render::{
    Secrets, clean, clock, count, device_facts, device_lines, found, ledger_lines, policy_changes,
    policy_meaning_at, policy_table, qr, thousands, wipe_line,
};

use super::overlays::{Pages, SheetLine, Way};
use super::theme::Tone;

/// Cells of the names of facts.
const NAMES: usize = 12;

/// State, policy and sequence of the devices with one id.
pub(super) fn of_devices(learned: &Learned<Vec<Device>>) -> Pages {
    let mut notes = Vec::new();
    let unfinished = learned.read < learned.of;
    if unfinished {
        let percent = learned.read * 100 / learned.of.max(1);
        notes.push((Tone::Live, format!("reading the capture, {percent} %")));
    }
    for wipe in learned.known.iter().filter_map(|device| device.wipe.as_ref()) {
        notes.push((Tone::Alert, format!(" {} ", wipe_line(wipe))));
    }
    if learned.known.is_empty() {
        let why = if unfinished {
            "Not seen so far."
        } else {
            "Nothing is known of it: no exchange of ActiveSync, enrolment or SyncML came to an end."
        };
        let none = vec![SheetLine::new(Tone::Plain, why)];
        return Pages { notes, lines: vec![none.clone(), none.clone(), none], unfinished };
    }
    let page = |of: fn(&Device, &mut Vec<SheetLine>)| {
        let mut lines = Vec::new();
        for device in &learned.known {
            if !lines.is_empty() {
                lines.push(SheetLine::new(Tone::Plain, ""));
            }
            of(device, &mut lines);
        }
        lines
    };
    Pages { notes, lines: vec![page(state), page(policy), page(sequence)], unfinished }
}

/// The ledger of a session of SyncML.
pub(super) fn of_ledger(learned: &Learned<Option<SyncmlSession>>) -> Pages {
    let mut notes = Vec::new();
    let unfinished = learned.read < learned.of;
    if unfinished {
        let percent = learned.read * 100 / learned.of.max(1);
        notes.push((Tone::Live, format!("reading the capture, {percent} %")));
    }
    let Some(session) = &learned.known else {
        let why = if unfinished {
            "Not seen so far."
        } else {
            "This exchange belongs to no SyncML session that came to an answer."
        };
        return Pages { notes, lines: vec![vec![SheetLine::new(Tone::Plain, why)]], unfinished };
    };
    let lines = ledger_lines(session, Secrets::Masked).into_iter().map(|line| {
        let tone = match line.chars().next() {
            Some('X') => Tone::Level(Level::Alarm),
            Some('!') => Tone::Level(Level::Warning),
            Some('+') => Tone::Level(Level::Notable),
            Some(first) if !first.is_whitespace() => Tone::Strong,
            _ => Tone::Plain,
        };
        SheetLine::new(tone, line)
    });
    Pages { notes, lines: vec![lines.collect()], unfinished }
}

fn state(device: &Device, lines: &mut Vec<SheetLine>) {
    for (name, fact) in device_facts(device) {
        let tone = match name {
            "WIPE" => Tone::Alert,
            "state" => Tone::Strong,
            "in flight" => Tone::Live,
            _ => Tone::Plain,
        };
        lines.push(SheetLine::hanging(tone, format!("{name:<NAMES$} {fact}"), NAMES + 1));
    }
}

fn policy(device: &Device, lines: &mut Vec<SheetLine>) {
    lines.extend(heading(device));
    let Some(policy) = &device.policy else {
        let why = if device.is_activesync() {
            "No policy was delivered in this capture."
        } else {
            "Policies are of ActiveSync. What management set is in `synctap config`."
        };
        lines.push(SheetLine::new(Tone::Plain, why));
        return;
    };
    if let Some(before) = &device.previous {
        let changes = policy.changes_since(before);
        let what = if changes.is_empty() { "nothing changed" } else { "what changed" };
        lines.push(SheetLine::new(
            Tone::Strong,
            format!("{what} since the policy of {}", before.exchange),
        ));
        lines.extend(
            policy_changes(&changes).into_iter().map(|line| SheetLine::new(Tone::Plain, line)),
        );
        lines.push(SheetLine::new(Tone::Plain, ""));
    }
    let meaning = policy_meaning_at(policy);
    let table = policy_table(policy).into_iter().enumerate().map(|(at, line)| {
        let tone = match at {
            0 => Tone::Strong,
            1 => Tone::Dim,
            _ if line.starts_with('+') => Tone::Key,
            _ => Tone::Plain,
        };
        let hang = if at == 0 || line.starts_with("    ") { 6 } else { meaning };
        SheetLine::hanging(tone, line, hang)
    });
    lines.extend(table);
    lines.push(SheetLine::new(Tone::Dim, "+ takes something from the user"));
}

fn sequence(device: &Device, lines: &mut Vec<SheetLine>) {
    lines.extend(heading(device));
    let earlier = device.exchanges.saturating_sub(device.steps.len() as u64);
    if earlier > 0 {
        let text = format!(
            "{} before these: `synctap timeline` draws them all",
            count(earlier, "exchange")
        );
        lines.push(SheetLine::new(Tone::Dim, text));
    }
    lines.push(SheetLine::Lane {
        way: Way::Ends,
        left: String::new(),
        tone: Tone::Strong,
        text: "device".to_owned(),
        note: "server".to_owned(),
    });
    for step in &device.steps {
        passes(step, lines);
    }
}

/// What passed in one step, and what it did.
fn passes(step: &Step, lines: &mut Vec<SheetLine>) {
    let mut put = |way, left: String, tone, text: &str, note: &str| {
        let (text, note) = (clean(text).into_owned(), note.to_owned());
        lines.push(SheetLine::Lane { way, left, tone, text, note });
    };
    let left = format!("{} {:>6}", clock(step.started), step.exchange.to_string());
    put(Way::Up, left, Tone::Strong, &step.request, step.walk[0]);
    put(Way::Down, String::new(), Tone::Plain, &step.response, step.walk[1]);
    let mut words = Vec::new();
    if !step.facts.is_empty() {
        words.push((Tone::Dim, step.facts.clone()));
    }
    let [before, after] = step.states;
    if before != after {
        let assumed = if step.assumed { " (assumed)" } else { "" };
        let tone = if after.is_wipe() { Tone::Alert } else { Tone::Live };
        words.push((tone, format!("= {}{assumed}", after.name())));
    }
    for found in found(step) {
        let tone = if found.starts_with("info") { Tone::Dim } else { Tone::Key };
        words.push((tone, found));
    }
    for (tone, text) in words {
        put(Way::Beside, String::new(), tone, &text, "");
    }
}

/// Who it is and where it stands; the keys are on the first page.
fn heading(device: &Device) -> impl Iterator<Item = SheetLine> {
    let lines = device_lines(device).into_iter().filter(|line| !line.starts_with("keys:"));
    lines.map(|line| {
        let tone = if line.starts_with("X ") { Tone::Alert } else { Tone::Strong };
        SheetLine::hanging(tone, line, 2)
    })
}

/// How devices come to use this proxy, and what it has recorded.
pub(super) fn of_set_up(status: &Status, urls: &[String], addresses: &[IpAddr]) -> Pages {
    let mut lines = Vec::new();
    let mut put = |tone, text: String| lines.push(SheetLine::hanging(tone, text, 4));
    if let Some(trouble) = &status.trouble {
        put(Tone::Alert, format!("nothing is recorded {}", clean(trouble)));
    }
    if status.listeners.is_empty() {
        put(Tone::Plain, "This is an opened file: no proxy is running.".into());
    } else {
        put(Tone::Strong, "What to type into a device".into());
        for listener in &status.listeners {
            for way in ways(listener, addresses) {
                put(Tone::Plain, format!("  {way}"));
            }
        }
    }
    if let Some(url) = urls.first() {
        put(Tone::Strong, "Certificate and steps for each system".into());
        for url in urls {
            put(Tone::Plain, format!("  {}", clean(url)));
        }
        for line in qr(url) {
            put(Tone::Scan, line);
        }
    }
    for (tone, text) in recorded(status) {
        put(tone, text);
    }
    Pages { lines: vec![lines], ..Pages::default() }
}

/// The ways to one listener, as they are typed into a device.
fn ways(listener: &str, addresses: &[IpAddr]) -> Vec<String> {
    let (mode, socket) = listener.rsplit_once('@').unwrap_or(("", listener));
    let (host, port) = socket.rsplit_once(':').unwrap_or((socket, ""));
    let what = match mode.strip_prefix("reverse:") {
        Some(server) => format!("in place of {}", clean(server)),
        None => format!("as proxy ({})", clean(mode)),
    };
    let everywhere = matches!(host, "0.0.0.0" | "[::]");
    if everywhere && !addresses.is_empty() {
        return addresses.iter().map(|ip| format!("{ip} port {port}  {what}")).collect();
    }
    let local = if matches!(host, "127.0.0.1" | "[::1]") {
        "; only this machine reaches it, --listen 0.0.0.0:PORT is for others"
    } else {
        ""
    };
    vec![format!("{} port {port}  {what}{local}", clean(host))]
}

fn recorded(status: &Status) -> Vec<(Tone, String)> {
    let mut lines = vec![
        (Tone::Strong, "Recording".to_owned()),
        (Tone::Plain, format!("  capture     {}", clean(&status.capture))),
        (Tone::Plain, format!("  connections {}", thousands(status.connections))),
        (Tone::Plain, format!("  recorded    {}", count(status.recorded, "exchange"))),
        (Tone::Plain, format!("  truncated   {}", thousands(status.truncated))),
    ];
    let lost = format!("  lost        {}", thousands(status.lost));
    lines.push((if status.lost > 0 { Tone::Alert } else { Tone::Plain }, lost));
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_typed_into_a_device_is_what_it_can_reach() {
        let lan = ["192.168.1.20".parse().unwrap()];
        assert_eq!(
            ways("regular@0.0.0.0:8080", &lan),
            ["192.168.1.20 port 8080  as proxy (regular)"]
        );
        assert_eq!(
            ways("reverse:https://mail.example@0.0.0.0:8443", &lan),
            ["192.168.1.20 port 8443  in place of https://mail.example"]
        );
        assert_eq!(ways("regular@10.0.0.1:8080", &lan), ["10.0.0.1 port 8080  as proxy (regular)"]);
        assert!(ways("regular@127.0.0.1:8080", &lan)[0].contains("only this machine"));
    }

    #[test]
    fn since_when_nothing_is_recorded_is_told() {
        let trouble = Some("since 10:00:00 UTC: the disk is full".to_owned());
        let status = Status { trouble, lost: 3, ..Status::default() };
        let pages = of_set_up(&status, &[], &[]);
        let text: Vec<_> = pages.lines[0].iter().map(SheetLine::text).collect();
        assert!(text.contains(&"nothing is recorded since 10:00:00 UTC: the disk is full"));
        assert!(text.contains(&"  lost        3"), "{text:?}");
    }
}
