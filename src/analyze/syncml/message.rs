//! One SyncML message: header, commands, and what they point at.
//!
//! Elements are found by local name, so that any prefix, a wrong namespace and none at all read
//! alike; what is missing is empty, what is unknown is kept aside.

use std::borrow::Cow;
use std::cell::OnceCell;
use std::ops::Range;

use crate::analyze::document::Document;
use crate::analyze::draft::clip;
use crate::model::NodeId;

use super::answer::Status;
use super::item::{Item, Meta};

/// Commands a message may hold (SyncML Representation 1.2.1, MS-MDM 2.2.7).
const VERBS: [&str; 16] = [
    "Add", "Alert", "Atomic", "Copy", "Delete", "Exec", "Get", "Map", "Move", "Put", "Replace",
    "Results", "Search", "Sequence", "Status", "Sync",
];

/// Commands that hold commands.
const CONTAINERS: [&str; 3] = ["Atomic", "Sequence", "Sync"];

/// What else may stand in a container.
const CONTAINER_PARTS: [&str; 8] =
    ["CmdID", "NoResp", "Cred", "Meta", "Target", "Source", "NumberOfChanges", "Final"];

/// One message.
#[derive(Debug, Clone)]
pub(in crate::analyze) struct Message<'a> {
    pub(in crate::analyze) document: Document<'a>,
    /// `1.2`.
    pub(in crate::analyze) version: String,
    /// `DM/1.2`, `SyncML/1.2`.
    pub(in crate::analyze) protocol: String,
    pub(in crate::analyze) session: String,
    pub(in crate::analyze) id: String,
    /// Address of the sender.
    pub(in crate::analyze) source: String,
    /// The sender's display name: the user name of MD5 credentials.
    pub(in crate::analyze) source_name: String,
    /// Address of the receiver.
    pub(in crate::analyze) target: String,
    pub(in crate::analyze) header: Option<NodeId>,
    pub(in crate::analyze) body: Option<NodeId>,
    /// In document order, containers before what they hold; without `Final`.
    pub(in crate::analyze) commands: Vec<Command<'a>>,
    /// What is no command and stands where only commands may.
    pub(in crate::analyze) strangers: Vec<NodeId>,
    /// True when this message ends its package.
    pub(in crate::analyze) ends_package: bool,
    /// No command of it is to be answered (`NoResp` of the header).
    silent: bool,
    /// Every Final directly in the body; one is enough.
    pub(in crate::analyze) finals: Vec<NodeId>,
    /// The last element directly in the body.
    pub(in crate::analyze) last_in_body: Option<NodeId>,
    /// The items of all commands, those of one in a row.
    items: Vec<Item<'a>>,
    /// The Status commands and Results, with their places in `commands`.
    answers: Vec<(usize, Status<'a>)>,
    /// What [`Message::outline`] says.
    outline: OnceCell<String>,
    /// Positions in `commands` in the order of `CmdID`.
    by_id: OnceCell<Vec<usize>>,
}

/// One command.
#[derive(Debug, Clone)]
pub(in crate::analyze) struct Command<'a> {
    pub(in crate::analyze) node: NodeId,
    pub(in crate::analyze) verb: &'static str,
    /// `CmdID`; empty when it has none.
    pub(in crate::analyze) id: Cow<'a, str>,
    /// Place of the Atomic, Sequence or Sync around it in `commands`.
    pub(in crate::analyze) within: Option<usize>,
    /// The text of its `Data`: the code of an Alert; empty when it has none.
    pub(in crate::analyze) data: Cow<'a, str>,
    /// It is not to be answered (`NoResp`).
    silent: bool,
    /// Where its items stand among those of all.
    items: Range<usize>,
}

impl<'a> Message<'a> {
    /// Reads a document whose root is `SyncML`.
    pub(in crate::analyze) fn read(document: Document<'a>) -> Option<Self> {
        if document.root_name() != "SyncML" {
            return None;
        }
        let root = document.root();
        let header = document.child(root, "SyncHdr");
        let text = |path: &[&str]| {
            let found = header.and_then(|header| document.text_at(header, path));
            found.map(|text| clip(&text)).unwrap_or_default()
        };
        let mut message = Self {
            version: text(&["VerDTD"]),
            protocol: text(&["VerProto"]),
            session: text(&["SessionID"]),
            id: text(&["MsgID"]),
            source: text(&["Source", "LocURI"]),
            source_name: text(&["Source", "LocName"]),
            target: text(&["Target", "LocURI"]),
            header,
            body: document.child(root, "SyncBody"),
            silent: header.is_some_and(|header| document.child(header, "NoResp").is_some()),
            ..Self::empty(document)
        };
        message.read_body();
        Some(message)
    }

    /// Reads what documents print of messages: a body without header, or commands side by side.
    pub(in crate::analyze) fn part(document: Document<'a>) -> Option<Self> {
        let name = document.root_name();
        // ActiveSync has commands of these names.
        let is_command = VERBS.contains(&name) && !matches!(name, "Sync" | "Search");
        let element = document.tree.element(document.root())?;
        let space = element.namespace.as_str().to_ascii_lowercase();
        let is_ours = space.is_empty() || space.starts_with("syncml:");
        if !is_ours || name != "SyncBody" && !is_command {
            return None;
        }
        let mut message = Self::empty(document);
        for id in document.elements().filter(|id| document.parent(*id).is_none()) {
            let name = document.name(id);
            if name == "SyncBody" {
                message.read_inside(id, None);
            } else if let Some(verb) = VERBS.into_iter().find(|verb| *verb == name) {
                message.push(id, verb, None);
                let place = message.commands.len() - 1;
                if CONTAINERS.contains(&verb) {
                    message.read_inside(id, Some(place));
                }
            }
        }
        Some(message)
    }

    /// Nothing read yet.
    fn empty(document: Document<'a>) -> Self {
        Self {
            document,
            version: String::new(),
            protocol: String::new(),
            session: String::new(),
            id: String::new(),
            source: String::new(),
            source_name: String::new(),
            target: String::new(),
            header: None,
            body: None,
            commands: Vec::new(),
            strangers: Vec::new(),
            ends_package: false,
            silent: false,
            finals: Vec::new(),
            last_in_body: None,
            items: Vec::new(),
            answers: Vec::new(),
            outline: OnceCell::new(),
            by_id: OnceCell::new(),
        }
    }

    fn read_body(&mut self) {
        if let Some(body) = self.body {
            self.read_inside(body, None);
        }
    }

    /// Reads the commands inside an element; `within`: the place of that element in `commands`.
    fn read_inside(&mut self, around: NodeId, within: Option<usize>) {
        let document = self.document;
        let mut open = vec![(document.tree.children(around), within)];
        while let Some((siblings, within)) = open.last_mut() {
            let within = *within;
            let Some(id) = siblings.next() else {
                open.pop();
                continue;
            };
            if document.tree.element(id).is_none() {
                continue;
            }
            let name = document.name(id);
            if within.is_none() {
                self.last_in_body = Some(id);
            }
            if let Some(verb) = VERBS.into_iter().find(|verb| *verb == name) {
                self.push(id, verb, within);
                if CONTAINERS.contains(&verb) {
                    open.push((document.tree.children(id), Some(self.commands.len() - 1)));
                }
            } else if name == "Final" {
                self.ends_package = true;
                if within.is_none() {
                    self.finals.push(id);
                }
            } else if within.is_none() || !CONTAINER_PARTS.contains(&name) {
                self.strangers.push(id);
            }
        }
    }

    fn push(&mut self, node: NodeId, verb: &'static str, within: Option<usize>) {
        let document = self.document;
        let [mut id, mut data, mut meta] = [None; 3];
        let first = self.items.len();
        let mut silent = false;
        for child in document.tree.children(node) {
            let place = match document.name(child) {
                "CmdID" => &mut id,
                "Data" => &mut data,
                "Meta" => &mut meta,
                "NoResp" => {
                    silent = true;
                    continue;
                }
                "Item" => {
                    self.items.push(Item::read(document, child, (node, verb)));
                    continue;
                }
                _ => continue,
            };
            place.get_or_insert(child);
        }
        if let Some(meta) = meta {
            let outer = Meta::read(&document, meta);
            self.items.iter_mut().skip(first).for_each(|item| item.outer = outer);
        }
        if matches!(verb, "Status" | "Results") {
            let answer = Status::read(document, node, verb == "Results");
            self.answers.push((self.commands.len(), answer));
        }
        let text = |id: Option<NodeId>| id.map(|id| document.text(id)).unwrap_or_default();
        let items = first..self.items.len();
        let (id, data) = (text(id), text(data));
        self.commands.push(Command { node, verb, id, within, data, silent, items });
    }

    /// The commands of one kind.
    pub(in crate::analyze) fn of_kind(&self, verb: &'static str) -> impl Iterator<Item = NodeId> {
        self.commands.iter().filter(move |command| command.verb == verb).map(|command| command.node)
    }

    /// The items of a command.
    pub(in crate::analyze) fn items(
        &self,
        command: &Command<'_>,
    ) -> std::slice::Iter<'_, Item<'a>> {
        self.items.get(command.items.clone()).unwrap_or_default().iter()
    }

    /// The Status commands and Results, as what they answer, with their places in `commands`.
    pub(in crate::analyze) fn answers(&self) -> impl Iterator<Item = (usize, &Status<'a>)> {
        self.answers.iter().map(|(at, status)| (*at, status))
    }

    /// True when the header carries credentials.
    pub(in crate::analyze) fn has_credentials(&self) -> bool {
        self.header.is_some_and(|header| self.document.child(header, "Cred").is_some())
    }

    /// True when a command, or the whole message, says that it is not to be answered (`NoResp`).
    pub(in crate::analyze) fn wants_no_answer(&self, command: &Command<'a>) -> bool {
        self.silent || command.silent
    }

    /// True when an item continues in the next message.
    pub(in crate::analyze) fn has_more(&self) -> bool {
        self.items.iter().any(|item| item.more().is_some())
    }

    /// The codes of its alerts.
    pub(in crate::analyze) fn alerts(&self) -> impl Iterator<Item = &str> {
        let alerts = self.commands.iter().filter(|command| command.verb == "Alert");
        alerts.map(|command| &*command.data).filter(|code| !code.is_empty())
    }

    /// `Alert 1201, Replace, 3 Status, Final`: runs of one kind counted, in document order.
    pub(in crate::analyze) fn outline(&self) -> &str {
        self.outline.get_or_init(|| self.tell())
    }

    fn tell(&self) -> String {
        let mut parts: Vec<(String, usize)> = Vec::new();
        for command in &self.commands {
            let name = name(command);
            match parts.last_mut() {
                Some((last, count)) if *last == name => *count += 1,
                _ => parts.push((name, 1)),
            }
        }
        let mut words: Vec<String> = parts
            .into_iter()
            .take(OUTLINE_PARTS + 1)
            .map(|(name, count)| if count == 1 { name } else { format!("{count} {name}") })
            .collect();
        if words.len() > OUTLINE_PARTS {
            words.truncate(OUTLINE_PARTS);
            words.push("…".to_owned());
        }
        if self.ends_package {
            words.push("Final".to_owned());
        }
        words.join(", ")
    }

    /// `2 Get, 1 Replace`: the kinds of commands counted, in order of appearance, without alerts and
    /// answers.
    pub(in crate::analyze) fn tally(&self) -> String {
        let mut counts: Vec<(&str, usize)> = Vec::new();
        for command in &self.commands {
            if matches!(command.verb, "Alert" | "Status") {
                continue;
            }
            match counts.iter_mut().find(|(verb, _)| *verb == command.verb) {
                Some((_, count)) => *count += 1,
                None => counts.push((command.verb, 1)),
            }
        }
        let words: Vec<String> =
            counts.iter().map(|(verb, count)| format!("{count} {verb}")).collect();
        words.join(", ")
    }

    /// The command with this `CmdID`, with the first node it points at.
    pub(super) fn command(&self, id: &str) -> Option<(&'static str, Option<&str>)> {
        let by_id = self.by_id.get_or_init(|| self.by_id());
        let own = |at: &usize| self.commands.get(*at).map_or("", |command| &*command.id);
        let first = by_id.partition_point(|at| own(at) < id);
        let command = self.commands.get(*by_id.get(first).filter(|at| own(at) == id)?)?;
        let uri = self.items(command).next().and_then(Item::uri);
        Some((command.verb, uri))
    }

    /// The commands whose `CmdID` an earlier one has.
    pub(in crate::analyze) fn repeated_ids(&self) -> Vec<NodeId> {
        let places = self.by_id.get_or_init(|| self.by_id());
        let same = |pair: &[usize]| {
            let [first, second] = [pair.first(), pair.get(1)].map(|at| self.commands.get(*at?));
            second
                .filter(|second| !second.id.is_empty() && first.is_some_and(|f| f.id == second.id))
        };
        let mut nodes: Vec<NodeId> =
            places.windows(2).filter_map(same).map(|command| command.node).collect();
        nodes.sort_unstable();
        nodes
    }

    fn by_id(&self) -> Vec<usize> {
        let mut places: Vec<usize> = (0..self.commands.len()).collect();
        // Stable: the first of several stays the first.
        places.sort_by_key(|at| self.commands.get(*at).map(|command| &command.id));
        places
    }
}

/// The verb, of an alert with its code.
fn name(command: &Command<'_>) -> String {
    match (command.verb, &*command.data) {
        ("Alert", code) if !code.is_empty() => format!("Alert {}", clip(code)),
        (verb, _) => verb.to_owned(),
    }
}

/// Runs of commands told in an outline.
const OUTLINE_PARTS: usize = 12;
