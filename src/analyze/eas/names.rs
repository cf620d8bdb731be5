//! What folders are called, as far as the exchanges before told.

use crate::analyze::draft::{clip, clip_to};
use crate::model::Folder;

/// Characters of a key or id in one line; longer ones show both ends.
const KEY_CHARS: usize = 22;

/// Folders of one device, by their ids; none when an exchange is looked at alone.
#[derive(Debug, Clone, Copy, Default)]
pub(in crate::analyze) struct FolderNames<'a>(pub(in crate::analyze) &'a [Folder]);

impl<'a> FolderNames<'a> {
    /// `5 (Inbox)`; the id alone when nothing is known of it.
    pub(in crate::analyze) fn label(&self, id: &str) -> String {
        match self.0.iter().find(|folder| folder.id == id) {
            Some(folder) => format!("{} ({})", short(id), clip(&folder.name)),
            None => short(id),
        }
    }

    /// The type of a folder, as a number.
    pub(in crate::analyze) fn kind(&self, id: &str) -> Option<&'a str> {
        self.0.iter().find(|folder| folder.id == id).map(|folder| folder.kind.as_str())
    }

    /// `Inbox`; the id when nothing is known of it.
    pub(in crate::analyze) fn name(&self, id: &str) -> String {
        let known = self.0.iter().find(|folder| folder.id == id);
        known.map_or_else(|| short(id), |folder| clip(&folder.name))
    }
}

/// Some servers' keys are GUIDs with a counter behind: keep both ends.
pub(in crate::analyze) fn short(key: &str) -> String {
    let length = key.chars().count();
    if length <= KEY_CHARS {
        return key.to_owned();
    }
    let tail: String = key.chars().skip(length - 8).collect();
    format!("{}{tail}", clip_to(key, 8))
}

/// `sync key 0 -> 1`; one side alone when the other is missing.
pub(super) fn key_move(before: &str, after: &str) -> String {
    match (before, after) {
        ("", "") => String::new(),
        ("", after) => format!("sync key -> {}", short(after)),
        (before, "") => format!("sync key {}", short(before)),
        (before, after) => format!("sync key {} -> {}", short(before), short(after)),
    }
}
