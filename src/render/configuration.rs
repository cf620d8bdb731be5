//! The configuration of a device as a tree in text, and what its last session changed.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};

use serde_json::{Value, json};

use crate::model::{Configuration, ConfigurationChange, ConfigurationNode, Known};

use super::clean;
use super::json::SCHEMA;
use super::ledger::shown;
use super::secrets::Secrets;
use super::units::count;

/// The tree: one line a folder that parts, a node with its value and the command it is known by; clean.
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
    let mut folders = Folders::of(configuration);
    for node in &configuration.nodes {
        let path = shortened(&node.path);
        let segments: Vec<&str> = path.split('/').collect();
        let (name, above) = segments.split_last().unwrap_or((&"", &[]));
        for (depth, folder) in folders.enter(above) {
            lines.push(format!("  {:indent$}{folder}/", "", indent = depth * 2));
        }
        let indent = folders.open.len() * 2;
        lines.extend(node_lines(node, name, indent, last, configuration, secrets));
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

/// `./Device/Vendor` and `./Vendor` are one: the shorter is drawn.
fn shortened(path: &str) -> Cow<'_, str> {
    const LONG: &str = "./device/vendor/";
    let long = path.get(..LONG.len()).is_some_and(|start| start.eq_ignore_ascii_case(LONG));
    if long { format!("./Vendor/{}", &path[LONG.len()..]).into() } else { path.into() }
}

/// The folders around the lines of a tree; those with one folder in them and nothing else share a line.
struct Folders {
    /// Folders that hold more than one thing, lower case.
    parting: HashSet<String>,
    /// Those open, outermost first: the segments of one line each.
    open: Vec<Vec<String>>,
}

impl Folders {
    fn of(configuration: &Configuration) -> Self {
        let mut inside: HashMap<String, String> = HashMap::new();
        let mut parting = HashSet::new();
        for node in &configuration.nodes {
            let path = shortened(&node.path).to_lowercase();
            for (at, _) in path.match_indices('/') {
                let name = path[at + 1..].split('/').next().unwrap_or_default();
                let known = inside.entry(path[..at].to_owned()).or_insert_with(|| name.to_owned());
                if known != name {
                    parting.insert(path[..at].to_owned());
                }
            }
        }
        Self { parting, open: Vec::new() }
    }

    /// Opens the folders `above` a node and closes others; gives back the new lines with their depth.
    fn enter(&mut self, above: &[&str]) -> Vec<(usize, String)> {
        let mut shared = 0;
        let keeps = |line: &&Vec<String>| {
            let own = above.get(shared..shared + line.len());
            let same = own.is_some_and(|own| {
                own.iter().zip(line.iter()).all(|(a, b)| a.eq_ignore_ascii_case(b))
            });
            shared += if same { line.len() } else { 0 };
            same
        };
        let kept = self.open.iter().take_while(keeps).count();
        self.open.truncate(kept);
        let mut lines = Vec::new();
        let mut line: Vec<String> = Vec::new();
        for at in shared..above.len() {
            line.push(above[at].to_owned());
            let path = above[..=at].join("/").to_lowercase();
            if self.parting.contains(&path) || at + 1 == above.len() {
                lines.push((self.open.len(), line.join("/")));
                self.open.push(std::mem::take(&mut line));
            }
        }
        lines
    }
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
