//! The configuration of a device as a tree in text, and what its last session changed.

use serde_json::{Value, json};

use crate::model::{Configuration, ConfigurationChange, ConfigurationNode, Known};

use super::clean;
use super::json::SCHEMA;
use super::ledger::shown;
use super::secrets::Secrets;
use super::units::count;

/// The tree: one line a segment, a node with its value and the command it is known by; clean.
pub fn configuration_lines(configuration: &Configuration, secrets: Secrets) -> Vec<String> {
    let last = configuration.sessions.len().saturating_sub(1);
    let mut lines = vec![
        format!("{} at {}", configuration.device, configuration.host),
        format!(
            "{} known from {}",
            count(configuration.nodes.len() as u64, "node"),
            count(configuration.sessions.len() as u64, "session")
        ),
    ];
    if configuration.dropped > 0 {
        lines.push(format!("{} not held", count(configuration.dropped, "node")));
    }
    lines.push(String::new());
    let mut around: Vec<String> = Vec::new();
    for node in &configuration.nodes {
        let segments: Vec<&str> = node.path.split('/').collect();
        let (name, above) = segments.split_last().unwrap_or((&"", &[]));
        let shared = shared(&around, above);
        around.truncate(shared);
        for segment in above.iter().skip(shared) {
            lines.push(format!("  {:indent$}{segment}/", "", indent = around.len() * 2));
            around.push((*segment).to_owned());
        }
        lines.extend(node_lines(node, name, around.len() * 2, last, configuration, secrets));
    }
    lines.extend(changes(configuration, last, secrets));
    lines.into_iter().map(|line| clean(line.trim_end()).into_owned()).collect()
}

/// The configuration as one JSON object, with what it has otherwise than another when one is given.
pub fn configuration_json(
    configuration: &Configuration,
    changes: Option<&[ConfigurationChange]>,
    secrets: Secrets,
) -> Value {
    let mut configuration = configuration.clone();
    for node in &mut configuration.nodes {
        mask(node, secrets);
    }
    let mut changes = changes.map(<[ConfigurationChange]>::to_vec);
    for change in changes.iter_mut().flatten() {
        for node in change.before.iter_mut().chain(&mut change.after) {
            mask(node, secrets);
        }
    }
    json!({ "schema": SCHEMA, "configuration": configuration, "changes": changes })
}

fn mask(node: &mut ConfigurationNode, secrets: Secrets) {
    node.value = node.value.as_deref().map(|value| shown(&node.path, value, secrets));
    node.before = node.before.as_deref().map(|value| shown(&node.path, value, secrets));
}

/// What one configuration has otherwise than another, a line a node; clean.
pub fn configuration_change_lines(
    changes: &[ConfigurationChange],
    secrets: Secrets,
) -> Vec<String> {
    let line = |change: &ConfigurationChange| match (&change.before, &change.after) {
        (Some(before), None) => format!("  - {}{}", change.path, words(before, secrets)),
        (None, Some(after)) => format!("  + {}{}", change.path, words(after, secrets)),
        (Some(before), Some(after)) => {
            let value = |node| words(node, secrets).trim_start_matches(" = ").to_owned();
            format!("  ~ {} {} -> {}", change.path, value(before), value(after))
        }
        (None, None) => format!("    {}", change.path),
    };
    changes.iter().map(|change| clean(&line(change)).into_owned()).collect()
}

/// How many of the segments around the line before are around this one as well.
fn shared(around: &[String], above: &[&str]) -> usize {
    around.iter().zip(above).take_while(|(own, other)| own.eq_ignore_ascii_case(other)).count()
}

fn node_lines(
    node: &ConfigurationNode,
    name: &str,
    indent: usize,
    last: usize,
    configuration: &Configuration,
    secrets: Secrets,
) -> [String; 2] {
    let mark = match node.known {
        Known::Removed => '-',
        _ if node.changed == last && last > 0 && node.before.is_some() => '~',
        _ if node.changed == last && last > 0 => '+',
        _ => ' ',
    };
    let session = configuration.sessions.get(node.told).map_or("", |(id, _)| id);
    let status = if node.status.is_empty() { "no status" } else { &node.status };
    let words = words(node, secrets);
    [
        format!("{mark} {:indent$}{name}{words}", ""),
        format!(
            "  {:indent$}  {} by message {}, command {}, status {status} (session {session}, {})",
            "",
            node.known.name(),
            node.message,
            node.command,
            node.exchange
        ),
    ]
}

/// ` = 0 (Not allowed)`; nothing without a value.
fn words(node: &ConfigurationNode, secrets: Secrets) -> String {
    let Some(value) = &node.value else { return String::new() };
    let value = shown(&node.path, value, secrets);
    if node.meaning.is_empty() || Some(&value) != node.value.as_ref() {
        return format!(" = {value}");
    }
    let meaning = node.meaning.strip_prefix(value.as_str()).unwrap_or(&node.meaning);
    format!(" = {value} ({})", meaning.trim_start_matches([':', ',', ' ']))
}

/// What the last session changed against those before it.
fn changes(configuration: &Configuration, last: usize, secrets: Secrets) -> Vec<String> {
    if last == 0 {
        return Vec::new();
    }
    let changed = configuration.nodes.iter().filter(|node| node.changed == last);
    let lines: Vec<String> = changed
        .map(|node| {
            let before = node.before.as_deref().map(|value| shown(&node.path, value, secrets));
            let now = words(node, secrets);
            match (node.known, before) {
                (Known::Removed, before) => {
                    format!(
                        "  - {} (was {})",
                        node.path,
                        before.unwrap_or_else(|| "unknown".into())
                    )
                }
                (Known::Run, _) => format!("  > {}{now} was run", node.path),
                (_, Some(before)) => {
                    format!("  ~ {} {before} ->{}", node.path, now.trim_start_matches(" ="))
                }
                (_, None) => format!("  + {}{now}", node.path),
            }
        })
        .collect();
    let id = configuration.sessions.get(last).map_or("", |(id, _)| id);
    let none = if lines.is_empty() { ": none" } else { "" };
    let title = format!("changes in the last session ({id}){none}");
    [String::new(), title].into_iter().chain(lines).collect()
}
