//! What a device keeps in step with its server: folders, the chain of keys of each collection,
//! and the relay of text messages (MS-ASCMD 2.2.1.5, 2.2.1.21; MS-ASMS 3.1.4.1, 3.1.5.1).

use std::borrow::Cow;
use std::collections::HashMap;

use crate::analyze::document::Document;
use crate::analyze::draft::{clip, counted};
use crate::analyze::eas::value_label;
use crate::analyze::rules::Scene;
use crate::model::{Folder, NodeId};

/// Folders and chains remembered of one device.
const COLLECTIONS: usize = 256;

/// Sentences about one exchange.
const SENTENCES: usize = 8;

/// Folder type of the Outbox (MS-ASCMD 2.2.3.186).
const OUTBOX: &str = "6";

/// The keys of one collection.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
struct Chain {
    /// The last one the device sent.
    asked: String,
    /// The last one the server gave.
    given: String,
}

/// Folders and chains of one device.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Mailbox {
    /// In the order they were told.
    folders: Vec<Folder>,
    chains: HashMap<String, Chain>,
}

impl Mailbox {
    /// The folders with the SyncKey of each.
    pub(super) fn folders(&self) -> Vec<Folder> {
        let keyed = self.folders.iter().map(|folder| {
            let chain = self.chains.get(&folder.id);
            let sync_key = chain.map(|chain| chain.given.clone()).unwrap_or_default();
            Folder { sync_key, ..folder.clone() }
        });
        keyed.collect()
    }

    /// Takes in one exchange; says what only the exchanges before it explain.
    pub(super) fn observe(&mut self, scene: &Scene<'_>) -> Vec<String> {
        let mut told = Vec::new();
        match scene.head.command.as_str() {
            "FolderSync" => self.folder_sync(scene, &mut told),
            "Sync" => self.sync(scene, &mut told),
            "Settings" => outbound(scene, &mut told),
            _ => {}
        }
        told.truncate(SENTENCES);
        told
    }

    fn folder_sync(&mut self, scene: &Scene<'_>, told: &mut Vec<String>) {
        let key = scene.subject.request.as_ref().and_then(|d| d.child_text(d.root(), "SyncKey"));
        let Some(document) = &scene.subject.response else { return };
        let Some(changes) = document.child(document.root(), "Changes") else { return };
        if key.as_deref() == Some("0") && !self.folders.is_empty() {
            told.push("the folder tree starts over".to_owned());
            self.folders.clear();
        }
        for change in document.children(changes) {
            let text = |name: &str| document.child_text(change, name).map(|text| clip(&text));
            let Some(id) = text("ServerId") else { continue };
            let known = self.folders.iter().position(|folder| folder.id == id);
            match (document.name(change), known) {
                ("Delete", Some(at)) => drop(self.folders.remove(at)),
                ("Add" | "Update", at) => {
                    let kind = text("Type").unwrap_or_default();
                    let folder = Folder {
                        id,
                        parent: text("ParentId").unwrap_or_default(),
                        name: text("DisplayName").unwrap_or_default(),
                        label: value_label("Type", "Add", &kind).unwrap_or_default().to_owned(),
                        kind,
                        sync_key: String::new(),
                    };
                    match at {
                        Some(at) => self.folders[at] = folder,
                        None if self.folders.len() < COLLECTIONS => self.folders.push(folder),
                        None => {}
                    }
                }
                _ => {}
            }
        }
    }

    fn sync(&mut self, scene: &Scene<'_>, told: &mut Vec<String>) {
        let Some(request) = &scene.subject.request else { return };
        let asked = collections(request);
        let response = scene.subject.response.as_ref();
        let answered = response.map(collections).unwrap_or_default();
        for id in asked.iter().take(COLLECTIONS) {
            let name = text(request, *id, "CollectionId").into_owned();
            // An answer about one collection may leave its id out.
            let same = |node: &&NodeId| {
                response
                    .is_some_and(|d| asked.len() == 1 || text(d, **node, "CollectionId") == name)
            };
            let answer = response.zip(answered.iter().find(same).copied());
            let key = text(request, *id, "SyncKey");
            let label = self.label(&name);
            if let Some(sentence) = self.follow(&name, &key, answer) {
                told.push(format!("{label}: {sentence}"));
            }
            let outbox = self.folders.iter().any(|f| f.id == name && f.kind == OUTBOX);
            messages(request, *id, answer, outbox, &label, told);
        }
    }

    /// `collection 5 (Inbox)`.
    fn label(&self, id: &str) -> String {
        let folder = self.folders.iter().find(|folder| folder.id == id);
        match folder {
            Some(folder) => format!("collection {} ({})", clip(id), folder.name),
            None => format!("collection {}", clip(id)),
        }
    }

    /// Moves the chain of one collection on; says what is odd about the key sent.
    fn follow(
        &mut self,
        id: &str,
        key: &str,
        answer: Option<(&Document<'_>, NodeId)>,
    ) -> Option<String> {
        if self.chains.len() >= COLLECTIONS && !self.chains.contains_key(id) {
            return None;
        }
        let seen = self.chains.contains_key(id);
        let chain = self.chains.entry(clip(id)).or_default();
        let key = clip(key);
        let sentence = match key.as_str() {
            "0" if seen && chain.given != "0" && !chain.given.is_empty() => {
                Some("starts over with SyncKey 0".to_owned())
            }
            _ if !seen || key == chain.given || chain.given.is_empty() => None,
            _ if key == chain.asked => {
                Some(format!("repeats SyncKey {key}: the last answer did not arrive"))
            }
            _ => Some(format!("SyncKey {key} is not the last one given, {}", chain.given)),
        };
        chain.asked = key;
        if let Some((document, node)) = answer {
            let given = text(document, node, "SyncKey");
            if !given.is_empty() {
                chain.given = clip(&given);
            }
        }
        sentence
    }
}

/// What was said about text messages in one collection.
fn messages(
    request: &Document<'_>,
    asked: NodeId,
    answer: Option<(&Document<'_>, NodeId)>,
    outbox: bool,
    label: &str,
    told: &mut Vec<String>,
) {
    let sent = sms(request, asked);
    if !sent.is_empty() {
        let count = counted(sent.len(), "SMS", "SMS");
        told.push(format!("{label}: device reports {count}, received or not delivered"));
    }
    let deleted = commands(request, asked).filter(|id| request.name(*id) == "Delete").count();
    if outbox && deleted > 0 {
        let count = counted(deleted, "item", "items");
        told.push(format!("{label}: SMS relay: {count} sent and deleted"));
    }
    let Some((document, node)) = answer else { return };
    for item in sms(document, node).into_iter().take(SENTENCES) {
        let address = |name| {
            document.text_at(item, &["ApplicationData", name]).map(|a| clip(&a)).unwrap_or_default()
        };
        let (from, to) = (address("From"), address("To"));
        told.push(if outbox {
            format!("{label}: SMS relay: the device is to send a message to {to}")
        } else {
            format!("{label}: SMS from {from} to {to}")
        });
    }
}

/// Items of class SMS that one side adds.
fn sms(document: &Document<'_>, collection: NodeId) -> Vec<NodeId> {
    commands(document, collection)
        .filter(|id| document.name(*id) == "Add" && text(document, *id, "Class") == "SMS")
        .collect()
}

fn commands<'a>(
    document: &Document<'a>,
    collection: NodeId,
) -> impl Iterator<Item = NodeId> + use<'a> {
    let list = document.child(collection, "Commands");
    let document = *document;
    list.into_iter().flat_map(move |list| document.children(list))
}

/// Outbound messages switched on or off.
fn outbound(scene: &Scene<'_>, told: &mut Vec<String>) {
    let Some(request) = &scene.subject.request else { return };
    let path = ["DeviceInformation", "Set", "EnableOutboundSMS"];
    match request.text_at(request.root(), &path).as_deref() {
        Some("1") => told.push("the device offers to send SMS for the server".to_owned()),
        Some("0") => told.push("the device no longer sends SMS for the server".to_owned()),
        _ => {}
    }
}

fn collections(document: &Document<'_>) -> Vec<NodeId> {
    let list = document.child(document.root(), "Collections");
    list.map(|list| document.named(list, "Collection").collect()).unwrap_or_default()
}

fn text<'a>(document: &Document<'a>, id: NodeId, name: &str) -> Cow<'a, str> {
    document.child_text(id, name).unwrap_or_default()
}
