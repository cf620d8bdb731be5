//! `FolderSync`, `FolderCreate`, `FolderUpdate` and `FolderDelete` (MS-ASCMD 2.2.1.3 to 2.2.1.6).

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};

use crate::analyze::document::{Document, Subject};
use crate::analyze::draft::{Draft, clip, counted, joined};
use crate::model::NodeId;

use super::names::{FolderNames, key_move};
use super::values;

/// Folder types named; the protocol has 19.
const TYPES: usize = 20;

/// Folders of one answer that are drawn.
const DRAWN: usize = 60;

/// Folders inside each other; a hostile answer may have them in a ring.
const DEPTH: usize = 8;

/// Tells any of the folder commands.
pub(super) fn tell(subject: &Subject<'_>, names: FolderNames<'_>, draft: &mut Draft) {
    let text = |document: Option<&Document<'_>>, name: &str| {
        document
            .and_then(|document| document.child_text(document.root(), name))
            .map(Cow::into_owned)
            .unwrap_or_default()
    };
    let (request, response) = (subject.request.as_ref(), subject.response.as_ref());
    draft.fact(key_move(&text(request, "SyncKey"), &text(response, "SyncKey")));
    let name = text(request, "DisplayName");
    draft.fact(if name.is_empty() { name } else { format!("`{}`", clip(&name)) });
    let folder = text(request, "ServerId");
    draft.fact(if folder.is_empty() { folder } else { format!("folder {}", names.label(&folder)) });
    let parent = text(request, "ParentId");
    draft.fact(match parent.as_str() {
        "" => String::new(),
        "0" => "at the top".to_owned(),
        parent => format!("in {}", names.label(parent)),
    });
    let made = text(response, "ServerId");
    draft.fact(if made.is_empty() { made } else { format!("is now {}", clip(&made)) });
    if let Some(response) = response
        && let Some(changes) = response.child(response.root(), "Changes")
    {
        tell_changes(response, changes, names, draft);
    }
}

/// `12 folders (Inbox, Drafts, 3 user mail)`, and what was renamed or removed.
fn tell_changes(
    document: &Document<'_>,
    changes: NodeId,
    names: FolderNames<'_>,
    draft: &mut Draft,
) {
    let added: Vec<NodeId> = document.named(changes, "Add").collect();
    let updated = document.count(changes, "Update");
    let deleted = document.count(changes, "Delete");
    let types = types(document, &added);
    if !added.is_empty() {
        draft.fact(format!("{} ({types})", counted(added.len(), "folder", "folders")));
        draft.row("folders", format!("{}: {types}", added.len()));
        draw(document, &added, draft);
    }
    for (verb, label) in [("Update", "updated"), ("Delete", "deleted")] {
        for id in document.named(changes, verb).take(DRAWN) {
            let text = |name: &str| document.child_text(id, name).unwrap_or_default();
            let to = text("DisplayName");
            let to = if to.is_empty() { String::new() } else { format!("now `{}`", clip(&to)) };
            draft.row(label, joined([names.label(&text("ServerId")), to], ", "));
        }
    }
    let rest = [counted(updated, "update", "updates"), counted(deleted, "delete", "deletes")];
    draft.fact(joined(rest, ", "));
    if added.is_empty() && updated == 0 && deleted == 0 {
        draft.fact("no change");
    }
}

/// The folders as a tree: each below its parent, in the order sent.
fn draw(document: &Document<'_>, added: &[NodeId], draft: &mut Draft) {
    let text = |id: NodeId, name: &str| document.child_text(id, name).unwrap_or_default();
    let mut inside: HashMap<Cow<'_, str>, Vec<NodeId>> = HashMap::new();
    let ids: std::collections::HashSet<Cow<'_, str>> =
        added.iter().map(|id| text(*id, "ServerId")).collect();
    let mut open: Vec<(NodeId, usize)> = Vec::new();
    for id in added.iter().rev().copied() {
        let parent = text(id, "ParentId");
        if ids.contains(&parent) && parent != text(id, "ServerId") {
            inside.entry(parent).or_default().push(id);
        } else {
            open.push((id, 0));
        }
    }
    let mut drawn = 0;
    while let Some((id, depth)) = open.pop() {
        if drawn == DRAWN {
            return;
        }
        drawn += 1;
        let kind = text(id, "Type");
        let label = values::label("Type", "Add", &kind);
        let label = label.map_or_else(|| format!("type {}", clip(&kind)), str::to_owned);
        let (name, number) = (clip(&text(id, "DisplayName")), clip(&text(id, "ServerId")));
        let inset = "  ".repeat(depth.min(DEPTH));
        draft.row("folder", format!("{inset}{name}: {label}, id {number}"));
        // Taken out: a ring of parents ends here.
        let children = inside.remove(&text(id, "ServerId")).unwrap_or_default();
        open.extend(children.into_iter().map(|child| (child, depth + 1)));
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
