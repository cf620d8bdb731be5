//! Sync: the key of each collection, what was exchanged, and what was asked for (MS-ASCMD 2.2.1.21).

use std::borrow::Cow;
use std::fmt::Write as _;

use crate::analyze::document::{Document, Subject};
use crate::analyze::draft::{Draft, clip, counted, joined};
use crate::model::NodeId;

use super::names::{FolderNames, key_move};
use super::values;

/// Collections told one by one; more are counted.
const COLLECTIONS: usize = 3;

/// Collections of one body that are looked at.
const COLLECTIONS_PAIRED: usize = 40;

/// Options blocks of one collection; the protocol allows two.
const OPTIONS: usize = 4;

/// Tells a Sync: per collection the key before and after, and what was exchanged.
pub(super) fn tell(subject: &Subject<'_>, names: FolderNames<'_>, draft: &mut Draft) {
    let pairs = pair(subject);
    for (request, response) in &pairs {
        draft.row("collection", row(request, response, names));
    }
    let asked = collections(subject.request.as_ref()).len();
    let total = asked.max(collections(subject.response.as_ref()).len());
    for (request, response) in pairs.iter().take(COLLECTIONS) {
        let told = fact(request, response);
        let id = id(request, response).map(|id| names.label(&id));
        draft.fact(id.map_or_else(|| told.clone(), |id| format!("collection {id}: {told}")));
    }
    let named = pairs.len().min(COLLECTIONS);
    draft.fact(counted(total - named, "more collection", "more collections"));
    if subject.request_is_empty() {
        draft.fact("repeats the last request");
    }
    if subject.http_status() == Some(200) && subject.response_is_empty() {
        draft.fact("empty answer: no change");
    }
    tell_wait(subject, draft);
}

fn tell_wait(subject: &Subject<'_>, draft: &mut Draft) {
    let Some(request) = &subject.request else { return };
    let text = |name: &str| request.child_text(request.root(), name);
    let minutes = text("Wait").map(|text| format!("{} min", clip(&text)));
    let heartbeat = text("HeartbeatInterval");
    if let Some(time) = minutes.or_else(|| heartbeat.and_then(|text| values::seconds(&text))) {
        draft.fact(format!("waits up to {time}"));
    }
    let window = text("WindowSize").map(|size| format!("at most {} changes in all", clip(&size)));
    draft.row("window", window.unwrap_or_default());
    if request.child(request.root(), "Partial").is_some() {
        draft.fact("partial: the rest as in the last request");
    }
}

/// The collections of a Sync or `GetItemEstimate`.
pub(in crate::analyze) fn collections(document: Option<&Document<'_>>) -> Vec<NodeId> {
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

    fn options(&self) -> Vec<String> {
        self.document.zip(self.node).map(|(d, node)| options(d, node)).unwrap_or_default()
    }

    /// `3 adds (1 SMS), 1 change`.
    fn changes(&self) -> String {
        let list = self
            .document
            .zip(self.node)
            .and_then(|(d, node)| Some((d, d.child(node, "Commands")?)));
        let Some((document, list)) = list else { return String::new() };
        let [mut adds, mut changes, mut deletes, mut soft, mut fetches, mut sms, mut drafts] =
            [0; 7];
        for id in document.children(list) {
            drafts += usize::from(document.child(id, "Send").is_some());
            match document.name(id) {
                "Add" => {
                    adds += 1;
                    sms += usize::from(is_sms(document, id));
                }
                "Change" => changes += 1,
                "Delete" => deletes += 1,
                "SoftDelete" => soft += 1,
                "Fetch" => fetches += 1,
                _ => {}
            }
        }
        let mut added = counted(adds, "add", "adds");
        if sms > 0 {
            let _ = write!(added, " ({sms} SMS)");
        }
        let rest = [
            counted(changes, "change", "changes"),
            counted(deletes, "delete", "deletes"),
            counted(soft, "soft delete", "soft deletes"),
            counted(fetches, "fetch", "fetches"),
            counted(drafts, "draft to be sent", "drafts to be sent"),
        ];
        joined([added].into_iter().chain(rest), ", ")
    }
}

/// True for an item of class SMS (MS-ASMS 2.2.2.2.1.2).
pub(in crate::analyze) fn is_sms(document: &Document<'_>, item: NodeId) -> bool {
    document.child(item, "Class").is_some_and(|class| document.text(class) == "SMS")
}

/// Each collection as both legs have it. An empty request repeats the last one: the answer alone has
/// them.
fn pair<'a, 'b>(subject: &'b Subject<'a>) -> Vec<(Side<'a, 'b>, Side<'a, 'b>)> {
    let (request, response) = (subject.request.as_ref(), subject.response.as_ref());
    let (asked, answered) = (collections(request), collections(response));
    let answered = &answered[..answered.len().min(COLLECTIONS_PAIRED)];
    let side = |document, node| Side { document, node };
    if asked.is_empty() {
        let answers = answered.iter().map(|id| (side(None, None), side(response, Some(*id))));
        return answers.collect();
    }
    let pairs = asked.iter().take(COLLECTIONS_PAIRED).map(|id| {
        let question = side(request, Some(*id));
        let name = question.text("CollectionId");
        let same = |id: &&NodeId| side(response, Some(**id)).text("CollectionId") == name;
        // An answer about one collection may leave its id out.
        let alone = answered.first().filter(|_| asked.len() == 1);
        let node = answered.iter().find(same).or(alone).copied();
        (question, side(response, node))
    });
    pairs.collect()
}

fn id(request: &Side<'_, '_>, response: &Side<'_, '_>) -> Option<String> {
    [request, response].map(|side| side.text("CollectionId")).into_iter().find(|id| !id.is_empty())
}

/// What the list says of one collection.
fn fact(request: &Side<'_, '_>, response: &Side<'_, '_>) -> String {
    let sent = request.changes();
    let filters = request.options().into_iter().filter(|words| !words.contains("no filter"));
    let parts = [
        key_move(&request.text("SyncKey"), &response.text("SyncKey")),
        if sent.is_empty() { sent } else { format!("client sends {sent}") },
        response.changes(),
        if response.has("MoreAvailable") { "more available".to_owned() } else { String::new() },
    ];
    joined(parts.into_iter().chain(filters), ", ")
}

/// What the overview says of one collection: all of it.
fn row(request: &Side<'_, '_>, response: &Side<'_, '_>, names: FolderNames<'_>) -> String {
    let sent = request.changes();
    let key = request.text("SyncKey");
    let window = request.text("WindowSize");
    let first = key == "0" && !response.text("SyncKey").is_empty();
    let flag = |so: bool, text: &str| if so { text.to_owned() } else { String::new() };
    let parts = [
        id(request, response).map(|id| names.label(&id)).unwrap_or_default(),
        key_move(&key, &response.text("SyncKey")),
        flag(first, "first round: only the key is given"),
        if sent.is_empty() { sent } else { format!("client sends {sent}") },
        response.changes(),
        flag(response.has("MoreAvailable"), "more available"),
        flag(!window.is_empty(), &format!("window {}", clip(&window))),
        flag(request.text("GetChanges") == "0", "asks for no changes"),
        flag(request.text("DeletesAsMoves") == "0", "deletes for good"),
        flag(request.text("ConversationMode") == "1", "whole conversations"),
    ];
    joined(parts.into_iter().chain(request.options()), "; ")
}

/// Each Options block of a collection in words: `last week`, `SMS: last 2 weeks`.
pub(super) fn options(document: &Document<'_>, collection: NodeId) -> Vec<String> {
    let blocks = document.named(collection, "Options").take(OPTIONS).map(|block| {
        let text = |name: &str| document.child_text(block, name);
        let filter = text("FilterType");
        let label = filter.as_deref().and_then(|f| values::label("FilterType", "Options", f));
        let label =
            label.map(str::to_owned).or_else(|| filter.map(|f| format!("filter {}", clip(&f))));
        match (text("Class"), label) {
            (Some(class), Some(label)) => format!("{}: {label}", clip(&class)),
            (Some(class), None) => format!("class {}", clip(&class)),
            (None, label) => label.unwrap_or_default(),
        }
    });
    blocks.filter(|words| !words.is_empty()).collect()
}
