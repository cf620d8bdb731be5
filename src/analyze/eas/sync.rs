//! Sync, `GetItemEstimate` and Ping: keys, counts and waiting.

use std::borrow::Cow;

use crate::analyze::document::{Document, Subject};
use crate::analyze::draft::{Draft, clip, clip_to, counted, joined};
use crate::model::{BodyFacts, NodeId};

use super::values;

/// Collections told one by one; more are counted.
const COLLECTIONS: usize = 3;

/// Collections of one body that are looked at.
const COLLECTIONS_PAIRED: usize = 40;

/// Characters of a sync key in one line; longer ones show both ends.
const KEY_CHARS: usize = 22;

/// Tells a Sync: per collection the key before and after, and what was exchanged.
pub(super) fn tell_sync(subject: &Subject<'_>, draft: &mut Draft) {
    let asked = collections(subject.request.as_ref());
    let answered = collections(subject.response.as_ref());
    let told = pair(subject, &asked, &answered);
    for text in &told {
        draft.row("collection", text.clone());
    }
    let total = asked.len().max(answered.len());
    let named = told.len().min(COLLECTIONS);
    for text in told.into_iter().take(COLLECTIONS) {
        draft.fact(text);
    }
    draft.fact(counted(total - named, "more collection", "more collections"));
    if body_is_empty(subject.exchange.request.as_ref().map(|request| request.body)) {
        draft.fact("repeats the last request");
    }
    let answer = subject.exchange.response.as_ref();
    if answer.is_some_and(|r| r.status == 200) && body_is_empty(answer.map(|r| r.body)) {
        draft.fact("empty answer: no change");
    }
    tell_wait(subject, draft);
}

/// Each collection in words. An empty request repeats the cached one: the answer alone has them.
fn pair(subject: &Subject<'_>, asked: &[NodeId], answered: &[NodeId]) -> Vec<String> {
    let request = subject.request.as_ref();
    let response = subject.response.as_ref();
    let answered = &answered[..answered.len().min(COLLECTIONS_PAIRED)];
    if asked.is_empty() {
        let nothing = Side { document: None, node: None };
        let sides = answered.iter().map(|id| Side { document: response, node: Some(*id) });
        return sides.map(|side| collection(&nothing, &side)).collect();
    }
    let mut told = Vec::new();
    for id in asked.iter().take(COLLECTIONS_PAIRED) {
        let question = Side { document: request, node: Some(*id) };
        let name = question.text("CollectionId");
        let same = |id: &&NodeId| {
            Side { document: response, node: Some(**id) }.text("CollectionId") == name
        };
        // An answer about one collection may leave its id out.
        let alone = answered.first().filter(|_| asked.len() == 1);
        let node = answered.iter().find(same).or(alone).copied();
        told.push(collection(&question, &Side { document: response, node }));
    }
    told
}

fn body_is_empty(body: Option<BodyFacts>) -> bool {
    body.is_some_and(|body| body.ended && body.seen == 0)
}

fn tell_wait(subject: &Subject<'_>, draft: &mut Draft) {
    let Some(request) = &subject.request else { return };
    let minutes =
        request.child_text(request.root(), "Wait").map(|text| format!("{} min", clip(&text)));
    let heartbeat = request.child_text(request.root(), "HeartbeatInterval");
    if let Some(time) = minutes.or_else(|| heartbeat.and_then(|text| values::seconds(&text))) {
        draft.fact(format!("waits up to {time}"));
    }
}

fn collections(document: Option<&Document<'_>>) -> Vec<NodeId> {
    let Some(document) = document else { return Vec::new() };
    let Some(list) = document.child(document.root(), "Collections") else { return Vec::new() };
    document.named(list, "Collection").collect()
}

/// One collection as one leg has it.
struct Side<'a, 'b> {
    document: Option<&'b Document<'a>>,
    node: Option<NodeId>,
}

impl Side<'_, '_> {
    fn text(&self, name: &str) -> String {
        let text = self.document.zip(self.node).and_then(|(d, node)| d.child_text(node, name));
        text.map(Cow::into_owned).unwrap_or_default()
    }

    fn has(&self, name: &str) -> bool {
        self.document.zip(self.node).is_some_and(|(d, node)| d.child(node, name).is_some())
    }

    fn commands(&self, list: &str, name: &'static str) -> usize {
        let found =
            self.document.zip(self.node).and_then(|(d, node)| Some((d, d.child(node, list)?)));
        found.map_or(0, |(document, list)| document.count(list, name))
    }

    /// `3 adds, 1 change`.
    fn changes(&self) -> String {
        let count = |name| self.commands("Commands", name);
        joined(
            [
                counted(count("Add"), "add", "adds"),
                counted(count("Change"), "change", "changes"),
                counted(count("Delete"), "delete", "deletes"),
                counted(count("SoftDelete"), "soft delete", "soft deletes"),
                counted(count("Fetch"), "fetch", "fetches"),
            ],
            ", ",
        )
    }
}

fn collection(request: &Side<'_, '_>, response: &Side<'_, '_>) -> String {
    let id = [request.text("CollectionId"), response.text("CollectionId")];
    let id = id.iter().find(|id| !id.is_empty()).map(|id| short_key(id));
    let sent = request.changes();
    let filter = request.document.zip(request.node).and_then(|(document, node)| {
        let text = document.text_at(node, &["Options", "FilterType"])?;
        values::label("FilterType", "Options", &text).filter(|_| text != "0")
    });
    let parts = [
        key_move(&request.text("SyncKey"), &response.text("SyncKey")),
        if sent.is_empty() { sent } else { format!("client sends {sent}") },
        response.changes(),
        if response.has("MoreAvailable") { "more available".to_owned() } else { String::new() },
        filter.unwrap_or_default().to_owned(),
    ];
    let told = joined(parts, ", ");
    id.map_or_else(|| told.clone(), |id| format!("collection {id}: {told}"))
}

/// `sync key 0 -> 1`; one side alone when the other is missing.
pub(super) fn key_move(before: &str, after: &str) -> String {
    match (before, after) {
        ("", "") => String::new(),
        ("", after) => format!("sync key -> {}", short_key(after)),
        (before, "") => format!("sync key {}", short_key(before)),
        (before, after) => format!("sync key {} -> {}", short_key(before), short_key(after)),
    }
}

/// Some servers' keys are GUIDs with a counter behind: keep both ends.
fn short_key(key: &str) -> String {
    let length = key.chars().count();
    if length <= KEY_CHARS {
        return key.to_owned();
    }
    let tail: String = key.chars().skip(length - 8).collect();
    format!("{}{tail}", clip_to(key, 8))
}

/// Tells a `GetItemEstimate`: how many items wait in each collection.
pub(super) fn tell_estimate(subject: &Subject<'_>, draft: &mut Draft) {
    let asked = collections(subject.request.as_ref()).len();
    let Some(document) = &subject.response else {
        draft.fact(counted(asked, "collection", "collections"));
        return;
    };
    for response in document.named(document.root(), "Response").take(COLLECTIONS) {
        let Some(collection) = document.child(response, "Collection") else { continue };
        let Some(estimate) = document.child_text(collection, "Estimate") else { continue };
        let id = document.child_text(collection, "CollectionId").unwrap_or_default();
        draft.fact(format!("collection {}: {} waiting", short_key(&id), clip(&estimate)));
    }
}

/// Tells a Ping: how long, which folders, and what came of it.
pub(super) fn tell_ping(subject: &Subject<'_>, draft: &mut Draft) {
    match &subject.request {
        Some(request) => {
            let root = request.root();
            let heartbeat = request.child_text(root, "HeartbeatInterval");
            let folders =
                request.child(root, "Folders").map_or(0, |id| request.count(id, "Folder"));
            let time = heartbeat.and_then(|text| values::seconds(&text));
            draft.fact(time.map(|time| format!("heartbeat {time}")).unwrap_or_default());
            draft.fact(counted(folders, "folder", "folders"));
        }
        None if subject
            .exchange
            .request
            .as_ref()
            .is_some_and(|r| r.body.ended && r.body.seen == 0) =>
        {
            draft.fact("repeats the last request");
        }
        None => {}
    }
    let Some(response) = &subject.response else { return };
    let root = response.root();
    let changed: Vec<String> = response
        .child(root, "Folders")
        .map(|id| response.named(id, "Folder").map(|id| short_key(&response.text(id))).collect())
        .unwrap_or_default();
    let status = response.child_text(root, "Status").unwrap_or_default();
    draft.fact(match status.as_ref() {
        "1" => "no change".to_owned(),
        "2" => format!("changes in {}", changed.join(", ")),
        "5" => {
            let limit = response.child_text(root, "HeartbeatInterval");
            let limit = limit.and_then(|text| values::seconds(&text)).unwrap_or_default();
            format!("heartbeat out of range, limit {limit}")
        }
        _ => String::new(),
    });
}
