//! What a device keeps in step with its server: folders, and the chain of keys of each collection
//! (MS-ASCMD 2.2.1.5, 2.2.1.21).

use std::borrow::Cow;
use std::collections::HashMap;

use crate::analyze::document::Document;
use crate::analyze::draft::{clip, joined};
use crate::analyze::eas::{FolderNames, collections, value_label, watched};
use crate::analyze::rules::Scene;
use crate::model::{Folder, NodeId};

use super::option_sets::{self, OptionSets};
use super::relay::{Asked, Relay};

/// Folders and chains remembered of one device.
const COLLECTIONS: usize = 256;

/// Sentences about one exchange.
const SENTENCES: usize = 8;

/// Folders named in one sentence.
const NAMED: usize = 6;

/// The keys of one collection.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
struct Chain {
    /// The last one the device sent.
    asked: String,
    /// The last one the server gave.
    given: String,
    options: OptionSets,
}

/// Folders and chains of one device.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Mailbox {
    /// In the order they were told.
    folders: Vec<Folder>,
    chains: HashMap<String, Chain>,
    /// What the last Ping was about: how long in seconds, as sent, and which folders.
    ping: (String, Vec<String>),
    /// The collections of the last Sync.
    sync: Vec<String>,
    relay: Relay,
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

    /// What the folders are called.
    pub(super) fn names(&self) -> FolderNames<'_> {
        FolderNames(&self.folders)
    }

    /// Takes in one exchange; says what only the exchanges before it explain.
    pub(super) fn observe(&mut self, scene: &Scene<'_>) -> Vec<String> {
        let mut told = Vec::new();
        match scene.head.command.as_str() {
            "FolderSync" => self.folder_sync(scene, &mut told),
            "FolderCreate" | "FolderUpdate" | "FolderDelete" => self.folder_change(scene),
            "Sync" => self.sync(scene, &mut told),
            "Ping" => self.ping(scene, &mut told),
            "GetItemEstimate" => self.estimate(scene, &mut told),
            "Settings" | "Provision" => self.relay.settings(scene, &mut told),
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
            let id = text(document, change, "ServerId");
            match document.name(change) {
                "Delete" => self.forget(&id),
                "Add" | "Update" => self.learn(document, change, &id),
                _ => {}
            }
        }
    }

    /// What the device itself makes, renames, moves and deletes, once the server agreed.
    fn folder_change(&mut self, scene: &Scene<'_>) {
        let (Some(request), Some(response)) = (&scene.subject.request, &scene.subject.response)
        else {
            return;
        };
        if text(response, response.root(), "Status") != "1" {
            return;
        }
        let asked = text(request, request.root(), "ServerId");
        match scene.head.command.as_str() {
            "FolderDelete" => self.forget(&asked),
            "FolderUpdate" => self.learn(request, request.root(), &asked),
            _ => {
                let made = text(response, response.root(), "ServerId");
                self.learn(request, request.root(), &made);
            }
        }
    }

    fn forget(&mut self, id: &str) {
        self.folders.retain(|folder| folder.id != id);
    }

    /// A folder as the element `node` tells it; what it leaves out stays.
    fn learn(&mut self, document: &Document<'_>, node: NodeId, id: &str) {
        let told = |name: &str| document.child_text(node, name).map(|text| clip(&text));
        let at = self.folders.iter().position(|folder| folder.id == id);
        if id.is_empty() || (at.is_none() && self.folders.len() >= COLLECTIONS) {
            return;
        }
        let old = at.and_then(|at| self.folders.get(at));
        let keep = |now: Option<String>, old: Option<&String>| {
            now.or_else(|| old.cloned()).unwrap_or_default()
        };
        let kind = keep(told("Type"), old.map(|folder| &folder.kind));
        let folder = Folder {
            id: clip(id),
            parent: keep(told("ParentId"), old.map(|folder| &folder.parent)),
            name: keep(told("DisplayName"), old.map(|folder| &folder.name)),
            label: value_label("Type", "Add", &kind).unwrap_or_default().to_owned(),
            kind,
            sync_key: String::new(),
        };
        match at.and_then(|at| self.folders.get_mut(at)) {
            Some(known) => *known = folder,
            None => self.folders.push(folder),
        }
    }

    fn ping(&mut self, scene: &Scene<'_>, told: &mut Vec<String>) {
        if let Some(request) = &scene.subject.request {
            let folders: Vec<String> =
                watched(request).take(COLLECTIONS).map(|id| clip(&id)).collect();
            // A Ping may leave out what did not change since the last one (MS-ASCMD 2.2.1.13).
            let time = text(request, request.root(), "HeartbeatInterval");
            if !time.is_empty() {
                self.ping.0 = clip(&time);
            }
            if !folders.is_empty() {
                self.ping.1 = folders;
            }
        } else if scene.subject.request_is_empty() && !self.ping.1.is_empty() {
            let names = self.ping.1.iter().take(NAMED).map(|id| self.names().name(id));
            let (time, names) = (&self.ping.0, joined(names, ", "));
            told.push(format!("watches {names} for up to {time} s, as the last Ping said"));
        }
    }

    /// Options that a server refuses are the same as in Sync; they are in force for the estimate only.
    fn estimate(&self, scene: &Scene<'_>, told: &mut Vec<String>) {
        let Some(request) = &scene.subject.request else { return };
        for id in collections(Some(request)).into_iter().take(COLLECTIONS) {
            let name = text(request, id, "CollectionId");
            let faults =
                option_sets::faults(request, id, &scene.head.version, self.names().kind(&name));
            let label = self.names().label(&name);
            told.extend(faults.iter().map(|fault| format!("collection {label}: {fault}")));
        }
    }

    fn sync(&mut self, scene: &Scene<'_>, told: &mut Vec<String>) {
        let request = scene.subject.request.as_ref();
        let response = scene.subject.response.as_ref();
        let answered = collections(response);
        let asked = collections(request);
        if asked.is_empty() && scene.subject.request_is_empty() && !self.sync.is_empty() {
            let names = self.sync.iter().take(NAMED).map(|id| self.names().name(id));
            told.push(format!("asks for {} as the last Sync did", joined(names, ", ")));
        }
        for (document, id) in response.iter().flat_map(|d| answered.iter().map(move |id| (d, *id)))
        {
            // Answers to what was not asked again: a partial request, or an empty one.
            let name = text(document, id, "CollectionId");
            let alone = asked.len() == 1 && answered.len() == 1;
            let same = |q: &NodeId| request.is_some_and(|d| text(d, *q, "CollectionId") == name);
            if !alone && !name.is_empty() && !asked.iter().any(same) {
                self.given(&name, &text(document, id, "SyncKey"));
            }
        }
        let Some(request) = request else { return };
        if !asked.is_empty() {
            let ids = asked.iter().take(COLLECTIONS);
            self.sync = ids.map(|id| clip(&text(request, *id, "CollectionId"))).collect();
        }
        for id in asked.iter().take(COLLECTIONS) {
            let name = text(request, *id, "CollectionId").into_owned();
            // An answer about one collection may leave its id out.
            let same = |node: &&NodeId| {
                response
                    .is_some_and(|d| asked.len() == 1 || text(d, **node, "CollectionId") == name)
            };
            let answer = response.zip(answered.iter().find(same).copied());
            let key = text(request, *id, "SyncKey");
            let label = format!("collection {}", self.names().label(&name));
            if let Some(sentence) = self.follow(&name, &key, answer) {
                told.push(format!("{label}: {sentence}"));
            }
            self.messages(scene, *id, &name, answer, told);
        }
    }

    /// What is about text messages in one collection of a Sync: options, items, the relay.
    fn messages(
        &mut self,
        scene: &Scene<'_>,
        node: NodeId,
        name: &str,
        answer: Option<(&Document<'_>, NodeId)>,
        told: &mut Vec<String>,
    ) {
        let Some(request) = &scene.subject.request else { return };
        let label = format!("collection {}", self.names().label(name));
        let kind = self.names().kind(name).map(str::to_owned);
        let faults = option_sets::faults(request, node, &scene.head.version, kind.as_deref());
        let refused = !faults.is_empty();
        told.extend(faults.iter().map(|fault| format!("{label}: {fault}")));
        let Some(options) = self.chains.get_mut(&clip(name)).map(|chain| &mut chain.options) else {
            return;
        };
        // What a server refuses changes nothing.
        let moved = if refused { None } else { options.follow(request, node) };
        told.extend(moved.map(|words| format!("{label}: {words}")));
        let options = *options;
        let asked = Asked { request, node, kind: kind.as_deref(), options, label: &label };
        self.relay.sync(&asked, answer, told);
    }

    fn given(&mut self, id: &str, key: &str) {
        if let Some(chain) = self.chains.get_mut(id)
            && !key.is_empty()
        {
            chain.given = clip(key);
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
            self.given(id, &text(document, node, "SyncKey"));
        }
        sentence
    }
}

pub(super) fn text<'a>(document: &Document<'a>, id: NodeId, name: &str) -> Cow<'a, str> {
    document.child_text(id, name).unwrap_or_default()
}
