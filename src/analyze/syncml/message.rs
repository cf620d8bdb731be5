//! One SyncML message: header, commands, and what they point at.

use std::collections::HashMap;

use crate::analyze::document::Document;
use crate::analyze::draft::clip;
use crate::model::NodeId;

/// Commands a message may hold (SyncML Representation 1.2.1, MS-MDM 2.2.7).
const VERBS: [&str; 17] = [
    "Add", "Alert", "Atomic", "Copy", "Delete", "Exec", "Get", "Map", "Move", "Put", "Replace",
    "Results", "Search", "Sequence", "Status", "Sync", "Final",
];

/// Commands that hold commands.
const CONTAINERS: [&str; 3] = ["Atomic", "Sequence", "Sync"];

/// One message.
#[derive(Debug, Clone)]
pub(super) struct Message<'a> {
    pub(super) document: Document<'a>,
    /// `1.2`.
    pub(super) version: String,
    /// `DM/1.2`, `SyncML/1.2`.
    pub(super) protocol: String,
    pub(super) session: String,
    pub(super) id: String,
    /// Address of the sender.
    pub(super) source: String,
    /// The sender's display name: the user name of MD5 credentials.
    pub(super) source_name: String,
    /// Address of the receiver.
    pub(super) target: String,
    pub(super) header: Option<NodeId>,
    /// In document order, containers before what they hold; without `Final`.
    pub(super) commands: Vec<Command<'a>>,
    /// True when this message ends its package.
    pub(super) ends_package: bool,
    /// Positions in `commands` by `CmdID`; the first of several.
    by_id: HashMap<String, usize>,
}

/// One command.
#[derive(Debug, Clone, Copy)]
pub(super) struct Command<'a> {
    pub(super) node: NodeId,
    pub(super) verb: &'a str,
}

impl<'a> Message<'a> {
    /// Reads a document whose root is `SyncML`.
    pub(super) fn read(document: Document<'a>) -> Option<Self> {
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
            commands: Vec::new(),
            ends_package: false,
            by_id: HashMap::new(),
            document,
        };
        message.read_body();
        Some(message)
    }

    fn read_body(&mut self) {
        let document = self.document;
        let Some(body) = document.child(document.root(), "SyncBody") else { return };
        // The elements below a container are commands too; those below anything else are not.
        let inside = |id: NodeId| {
            let parent = document.parent(id);
            parent == Some(body) || CONTAINERS.contains(&document.parent_name(id))
        };
        let end = document.tree.get(body).map_or(0, |node| node.end.0);
        for id in (body.0 + 1..end).map(NodeId) {
            let Some(verb) = VERBS.iter().find(|verb| **verb == document.name(id)) else {
                continue;
            };
            if !inside(id) {
                continue;
            }
            if *verb == "Final" {
                self.ends_package = true;
            } else {
                if let Some(number) = document.child_text(id, "CmdID") {
                    let next = self.commands.len();
                    self.by_id.entry(clip(&number)).or_insert(next);
                }
                self.commands.push(Command { node: id, verb: document.name(id) });
            }
        }
    }

    /// The commands of one kind.
    pub(super) fn of_kind(&self, verb: &'a str) -> impl Iterator<Item = NodeId> {
        self.commands.iter().filter(move |command| command.verb == verb).map(|command| command.node)
    }

    /// True when the header carries credentials.
    pub(super) fn has_credentials(&self) -> bool {
        self.header.is_some_and(|header| self.document.child(header, "Cred").is_some())
    }

    /// True when an item continues in the next message.
    pub(super) fn has_more(&self) -> bool {
        let items = self.commands.iter().flat_map(|c| self.document.named(c.node, "Item"));
        items.into_iter().any(|item| self.document.child(item, "MoreData").is_some())
    }

    /// `Alert 1201, Replace, 3 Status, Final`: runs of one kind counted, in document order.
    pub(super) fn outline(&self) -> String {
        let mut parts: Vec<(String, usize)> = Vec::new();
        for command in &self.commands {
            let name = self.command_name(command);
            match parts.last_mut().filter(|(last, _)| *last == name) {
                Some((_, count)) => *count += 1,
                None => parts.push((name, 1)),
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

    fn command_name(&self, command: &Command<'a>) -> String {
        let code =
            self.document.child_text(command.node, "Data").filter(|_| command.verb == "Alert");
        match code {
            Some(code) => format!("Alert {}", clip(&code)),
            None => command.verb.to_owned(),
        }
    }

    /// The command with this `CmdID`, with the first node it points at.
    pub(super) fn command(&self, id: &str) -> Option<(&'a str, Option<String>)> {
        let command = &self.commands[*self.by_id.get(id)?];
        let item = self.document.child(command.node, "Item");
        let uri = item.and_then(|item| {
            let target = self.document.text_at(item, &["Target", "LocURI"]);
            target.or_else(|| self.document.text_at(item, &["Source", "LocURI"]))
        });
        Some((command.verb, uri.map(|uri| clip(&uri))))
    }
}

/// Runs of commands told in an outline.
const OUTLINE_PARTS: usize = 12;
