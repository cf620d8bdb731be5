//! `GetItemEstimate` and Ping: how much waits, and how long a device does (MS-ASCMD 2.2.1.9,
//! 2.2.1.13).

use crate::analyze::document::{Document, Subject};
use crate::analyze::draft::{Draft, clip, counted, joined};

use super::names::FolderNames;
use super::sync::{collections, options};
use super::values;

/// Collections told one by one.
const COLLECTIONS: usize = 3;

/// Folders of a Ping that are named.
const FOLDERS: usize = 6;

/// Tells a `GetItemEstimate`: how many items wait in each collection.
pub(super) fn tell_estimate(subject: &Subject<'_>, names: FolderNames<'_>, draft: &mut Draft) {
    let asked = collections(subject.request.as_ref());
    if let Some(request) = &subject.request {
        for id in asked.iter().take(COLLECTIONS) {
            let name = request.child_text(*id, "CollectionId").unwrap_or_default();
            let words = options(request, *id);
            if !words.is_empty() {
                draft.row("asked", format!("{}: {}", names.label(&name), words.join(", ")));
            }
        }
    }
    let Some(document) = &subject.response else {
        draft.fact(counted(asked.len(), "collection", "collections"));
        return;
    };
    for response in document.named(document.root(), "Response").take(COLLECTIONS) {
        let Some(collection) = document.child(response, "Collection") else { continue };
        let Some(estimate) = document.child_text(collection, "Estimate") else { continue };
        let id = document.child_text(collection, "CollectionId").unwrap_or_default();
        draft.fact(format!("collection {}: {} waiting", names.label(&id), clip(&estimate)));
    }
}

/// Tells a Ping: how long, which folders, and what came of it.
pub(super) fn tell_ping(subject: &Subject<'_>, names: FolderNames<'_>, draft: &mut Draft) {
    match &subject.request {
        Some(request) => tell_watched(request, names, draft),
        None if subject.request_is_empty() => draft.fact("repeats the last request"),
        None => {}
    }
    let Some(response) = &subject.response else { return };
    let root = response.root();
    let status = response.child_text(root, "Status").unwrap_or_default();
    draft.fact(match status.as_ref() {
        "1" => "no change".to_owned(),
        "2" => {
            let list = response.child(root, "Folders");
            let ids = list.into_iter().flat_map(|list| response.named(list, "Folder"));
            let changed = ids.map(|id| names.name(&response.text(id)));
            format!("changes in {}", joined(changed.take(FOLDERS), ", "))
        }
        "5" => {
            let limit = response.child_text(root, "HeartbeatInterval");
            let limit = limit.and_then(|text| values::seconds(&text)).unwrap_or_default();
            format!("heartbeat out of range, limit {limit}")
        }
        "6" => {
            let limit = response.child_text(root, "MaxFolders").unwrap_or_default();
            format!("too many folders, at most {}", clip(&limit))
        }
        _ => String::new(),
    });
}

fn tell_watched(request: &Document<'_>, names: FolderNames<'_>, draft: &mut Draft) {
    let root = request.root();
    let time =
        request.child_text(root, "HeartbeatInterval").and_then(|text| values::seconds(&text));
    draft.fact(time.map(|time| format!("heartbeat {time}")).unwrap_or_default());
    let folders: Vec<String> = watched(request).collect();
    draft.fact(counted(folders.len(), "folder", "folders"));
    let labels = folders.iter().take(FOLDERS).map(|id| names.label(id));
    let rest = folders.len().saturating_sub(FOLDERS);
    let rest = if rest == 0 { String::new() } else { format!("{rest} more") };
    draft.row("watched", joined(labels.chain([rest]), ", "));
}

/// The ids of the folders a Ping is about.
pub(in crate::analyze) fn watched<'a>(
    request: &Document<'a>,
) -> impl Iterator<Item = String> + use<'a> {
    let document = *request;
    let list = document.child(document.root(), "Folders");
    let folders = list.into_iter().flat_map(move |list| document.named(list, "Folder"));
    folders.map(move |folder| {
        document.child_text(folder, "Id").map(std::borrow::Cow::into_owned).unwrap_or_default()
    })
}
