//! `FolderSync`, `FolderCreate`, `FolderUpdate` and `FolderDelete`.

use std::borrow::Cow;
use std::collections::BTreeMap;

use crate::analyze::document::{Document, Subject};
use crate::analyze::draft::{Draft, clip, counted, joined};
use crate::model::NodeId;

use super::sync::key_move;
use super::values;

/// Folder types named; the protocol has 19.
const TYPES: usize = 20;

/// Tells any of the folder commands.
pub(super) fn tell(subject: &Subject<'_>, draft: &mut Draft) {
    let key = |document: Option<&Document<'_>>| {
        document
            .and_then(|document| document.child_text(document.root(), "SyncKey"))
            .map(Cow::into_owned)
            .unwrap_or_default()
    };
    draft.fact(key_move(&key(subject.request.as_ref()), &key(subject.response.as_ref())));
    if let Some(request) = &subject.request {
        let name = request.child_text(request.root(), "DisplayName");
        draft.fact(name.map(|name| format!("`{}`", clip(&name))).unwrap_or_default());
    }
    if let Some(response) = &subject.response
        && let Some(changes) = response.child(response.root(), "Changes")
    {
        tell_changes(response, changes, draft);
    }
}

/// `12 folders (Inbox, Drafts, 3 user mail)`, and what was renamed or removed.
fn tell_changes(document: &Document<'_>, changes: NodeId, draft: &mut Draft) {
    let added: Vec<NodeId> = document.named(changes, "Add").collect();
    let updated = document.count(changes, "Update");
    let deleted = document.count(changes, "Delete");
    let types = types(document, &added);
    if !added.is_empty() {
        draft.fact(format!("{} ({types})", counted(added.len(), "folder", "folders")));
        draft.row("folders", format!("{}: {types}", added.len()));
    }
    let rest = [counted(updated, "update", "updates"), counted(deleted, "delete", "deletes")];
    draft.fact(joined(rest, ", "));
    if added.is_empty() && updated == 0 && deleted == 0 {
        draft.fact("no change");
    }
}

/// The folder types with their counts, in the order of their numbers.
fn types(document: &Document<'_>, folders: &[NodeId]) -> String {
    let mut counts: BTreeMap<u32, usize> = BTreeMap::new();
    for id in folders {
        let number = document.child_text(*id, "Type").and_then(|text| text.parse().ok());
        *counts.entry(number.unwrap_or(u32::MAX)).or_default() += 1;
    }
    let words = counts.into_iter().map(|(number, count)| {
        let label = values::label("Type", "Add", &number.to_string()).unwrap_or("of no known type");
        if count == 1 { label.to_owned() } else { format!("{count} {label}") }
    });
    joined(words.take(TYPES), ", ")
}
