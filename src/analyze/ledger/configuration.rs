//! The management tree of each device, folded over what its sessions set, read and removed.

use std::collections::BTreeMap;

use crate::model::{
    Configuration, ConfigurationChange, ConfigurationNode, Known, LedgerEntry, LedgerItem, Leg,
    Outcome, SyncmlSession,
};

use super::pairing::normal;

/// Nodes of one device.
const NODES: usize = 4_096;

/// The configuration of every device that these sessions managed, in the order in which the devices
/// were first seen. Data synchronisation has none. What was answered with success counts, nothing else.
pub fn configurations(sessions: &[SyncmlSession]) -> Vec<Configuration> {
    let mut trees: Vec<Tree> = Vec::new();
    for session in sessions.iter().filter(|session| session.is_dm()) {
        let same = |tree: &Tree| {
            tree.told.host == session.host && tree.told.device.eq_ignore_ascii_case(&session.device)
        };
        let at = trees.iter().position(same).unwrap_or_else(|| {
            trees.push(Tree::of(&session.host, &session.device));
            trees.len() - 1
        });
        if let Some(tree) = trees.get_mut(at) {
            tree.take(session);
        }
    }
    trees.into_iter().map(Tree::finish).collect()
}

/// A normal path with the node there and the node here.
type Pair<'n> = (String, Option<&'n ConfigurationNode>, Option<&'n ConfigurationNode>);

/// What `now` has otherwise than `before`, in the order of paths. A node that was removed counts as one
/// that is not there; what was run has no value to compare. Long values are compared as far as they are
/// held: 160 characters.
pub fn configuration_changes(
    now: &Configuration,
    before: &Configuration,
) -> Vec<ConfigurationChange> {
    let (mut there, here) = (held(before), held(now));
    let mut changes: Vec<Pair<'_>> = Vec::new();
    for (path, node) in here {
        let before = there.remove(&path);
        if before.is_none_or(|before| before.value != node.value) {
            changes.push((path, before, Some(node)));
        }
    }
    changes.extend(there.into_iter().map(|(path, node)| (path, Some(node), None)));
    changes.sort_by(|a, b| a.0.cmp(&b.0));
    let change = |(_, before, after): Pair<'_>| {
        let named = after.or(before);
        ConfigurationChange {
            path: named.map(|node| node.path.clone()).unwrap_or_default(),
            before: before.cloned(),
            after: after.cloned(),
        }
    };
    changes.into_iter().map(change).collect()
}

/// The nodes that have or had a value, by their normal paths.
fn held(configuration: &Configuration) -> BTreeMap<String, &ConfigurationNode> {
    let nodes = configuration.nodes.iter();
    let held = nodes.filter(|node| matches!(node.known, Known::Set | Known::Read));
    held.map(|node| (normal(&node.path), node)).collect()
}

/// A tree being folded.
struct Tree {
    told: Configuration,
    /// By their normal paths.
    nodes: BTreeMap<String, ConfigurationNode>,
}

impl Tree {
    fn of(host: &str, device: &str) -> Self {
        let told = Configuration {
            host: host.to_owned(),
            device: device.to_owned(),
            sessions: Vec::new(),
            nodes: Vec::new(),
            dropped: 0,
        };
        Self { told, nodes: BTreeMap::new() }
    }

    fn take(&mut self, session: &SyncmlSession) {
        let number = self.told.sessions.len();
        self.told.sessions.push((session.id.clone(), session.first));
        for entry in &session.entries {
            let device_tells = entry.leg == Leg::Request && entry.verb == "Replace";
            if device_tells {
                for item in &entry.items {
                    self.put(number, entry, item, Known::Read);
                }
            } else if entry.leg == Leg::Response {
                self.command(number, entry);
            }
        }
    }

    fn command(&mut self, number: usize, entry: &LedgerEntry) {
        let known = match entry.verb {
            "Add" | "Replace" => Known::Set,
            "Delete" => Known::Removed,
            "Exec" => Known::Run,
            "Get" => {
                for item in &entry.results {
                    self.put(number, entry, item, Known::Read);
                }
                return;
            }
            _ => return,
        };
        for item in &entry.items {
            // One item of several may have failed.
            let good = match &*item.code {
                "" => matches!(entry.outcome, Outcome::Done | Outcome::Accepted),
                code => code.starts_with('2') && !matches!(code, "213" | "215" | "216"),
            };
            if good && entry.code() != "213" {
                self.put(number, entry, item, known);
            }
        }
    }

    fn put(&mut self, number: usize, entry: &LedgerEntry, item: &LedgerItem, known: Known) {
        // A document that stays behind when it is removed leaves what it set.
        for part in item.parts.iter().filter(|part| part.value.is_some()) {
            self.put_one(number, entry, part, known);
        }
        self.put_one(number, entry, item, known);
    }

    fn put_one(&mut self, number: usize, entry: &LedgerEntry, item: &LedgerItem, known: Known) {
        let path = normal(&item.uri);
        if path.is_empty() {
            return;
        }
        if known == Known::Removed {
            self.remove_below(&path, number, entry);
        }
        let value = if known == Known::Removed { None } else { item.value.clone() };
        let before = self.nodes.get(&path);
        let same =
            before.is_some_and(|before| before.value == value && !is_turn(before.known, known));
        let node = ConfigurationNode {
            path: before.map_or_else(|| item.uri.clone(), |before| before.path.clone()),
            known,
            meaning: if value.is_some() { item.meaning.clone() } else { String::new() },
            before: match before {
                Some(before) if same => before.before.clone(),
                Some(before) if before.changed == number => before.before.clone(),
                Some(before) => before.value.clone(),
                None => None,
            },
            changed: before.filter(|_| same).map_or(number, |before| before.changed),
            value,
            told: number,
            exchange: entry.exchange,
            message: entry.message.to_string(),
            command: entry.command.to_string(),
            status: if item.code.is_empty() { entry.code() } else { &item.code }.to_owned(),
        };
        if self.nodes.len() < NODES || self.nodes.contains_key(&path) {
            self.nodes.insert(path, node);
        } else {
            self.told.dropped += 1;
        }
    }

    /// With a node go the nodes below it.
    fn remove_below(&mut self, path: &str, number: usize, entry: &LedgerEntry) {
        let prefix = format!("{path}/");
        let below = self.nodes.range_mut(prefix.clone()..);
        for (_, node) in below.take_while(|(own, _)| own.starts_with(&prefix)) {
            if node.known == Known::Removed {
                continue;
            }
            node.before = node.value.take();
            node.meaning.clear();
            node.known = Known::Removed;
            (node.changed, node.told) = (number, number);
            node.exchange = entry.exchange;
            (node.message, node.command) = (entry.message.to_string(), entry.command.to_string());
            entry.code().clone_into(&mut node.status);
        }
    }

    fn finish(mut self) -> Configuration {
        self.told.nodes = self.nodes.into_values().collect();
        // Resources of declared configuration are no nodes of the tree: they come after it.
        self.told.nodes.sort_by_key(|node| !node.path.starts_with('.'));
        self.told
    }
}

/// True when a node comes or goes, or is run again: a change whatever its value.
fn is_turn(before: Known, now: Known) -> bool {
    now == Known::Run || (before == Known::Removed) != (now == Known::Removed)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{ExchangeId, Level};

    fn entry(verb: &'static str, code: &str, uri: &str, value: Option<&str>) -> LedgerEntry {
        let item = LedgerItem {
            uri: uri.into(),
            value: value.map(str::to_owned),
            code: code.to_owned().into(),
            ..LedgerItem::default()
        };
        LedgerEntry {
            exchange: ExchangeId(1),
            leg: Leg::Response,
            message: "2".into(),
            command: "4".into(),
            verb,
            alert: String::new(),
            alert_name: "",
            within: None,
            depth: 0,
            items: vec![item],
            item_count: 1,
            answers: Vec::new(),
            results: Vec::new(),
            outcome: Outcome::Done,
            why: String::new(),
            twice: false,
            danger: "",
            level: Level::Info,
        }
    }

    fn tree(sessions: &[&[LedgerEntry]]) -> Vec<(String, Option<String>, Option<String>, usize)> {
        let mut tree = Tree::of("", "");
        for (number, entries) in sessions.iter().enumerate() {
            for entry in *entries {
                tree.command(number, entry);
            }
        }
        let nodes = tree.finish().nodes.into_iter();
        nodes.map(|node| (node.path, node.value, node.before, node.changed)).collect()
    }

    #[test]
    fn values_change_and_keep_what_was_before() {
        let own = |text: &str| Some(text.to_owned());
        let told = tree(&[
            &[
                entry("Replace", "200", "./Vendor/A", Some("1")),
                entry("Add", "418", "./Vendor/B", Some("2")),
            ],
            &[entry("Replace", "200", "./Device/Vendor/A", Some("3"))],
            &[entry("Replace", "200", "./vendor/a", Some("3"))],
        ]);
        assert_eq!(told, [("./Vendor/A".to_owned(), own("3"), own("1"), 1)]);
    }

    #[test]
    fn two_trees_differ_by_value_not_by_spelling() {
        let fold = |entries: &[LedgerEntry]| {
            let mut tree = Tree::of("", "");
            for entry in entries {
                tree.command(0, entry);
            }
            tree.finish()
        };
        let now = fold(&[
            entry("Replace", "200", "./Vendor/A", Some("1")),
            entry("Replace", "200", "./Vendor/B", Some("2")),
            entry("Exec", "200", "./Vendor/Run", None),
            entry("Delete", "200", "./Vendor/D", None),
        ]);
        let before = fold(&[
            entry("Replace", "200", "./Device/Vendor/a", Some("1")),
            entry("Replace", "200", "./Vendor/B", Some("3")),
            entry("Add", "200", "./Vendor/D", Some("4")),
        ]);
        let value = |node: &Option<ConfigurationNode>| node.as_ref()?.value.clone();
        let told = |now, before| -> Vec<(String, Option<String>, Option<String>)> {
            let changes = configuration_changes(now, before).into_iter();
            changes.map(|c| (c.path.clone(), value(&c.before), value(&c.after))).collect()
        };
        let own = |text: &str| Some(text.to_owned());
        assert_eq!(
            told(&now, &before),
            [
                ("./Vendor/B".to_owned(), own("3"), own("2")),
                ("./Vendor/D".to_owned(), own("4"), None)
            ]
        );
        assert_eq!(told(&now, &now), []);
    }

    #[test]
    fn with_a_node_go_the_nodes_below_it() {
        let told = tree(&[
            &[
                entry("Add", "200", "./Vendor/A/x", Some("1")),
                entry("Add", "200", "./Vendor/Ab", Some("2")),
            ],
            &[entry("Delete", "200", "./Vendor/A", None)],
        ]);
        let gone: Vec<(&str, bool)> =
            told.iter().map(|(path, value, ..)| (path.as_str(), value.is_none())).collect();
        assert_eq!(gone, [("./Vendor/A", true), ("./Vendor/A/x", true), ("./Vendor/Ab", false)]);
    }
}
