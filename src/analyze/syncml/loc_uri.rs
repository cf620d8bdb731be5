//! The nodes a message touches: what they are, what a value means, and which commands destroy.

use crate::analyze::csp::{self, Found};
use crate::analyze::document::Document;
use crate::analyze::draft::{Draft, clip};
use crate::model::{Leg, Level, NodeId};

use super::message::{Command, Message};

/// Nodes whose Exec cannot be taken back: the end of the path, and what happens.
const DESTRUCTIVE: [(&str, &str); 11] = [
    ("/remotewipe/dowipe", "REMOTE WIPE: the device is reset"),
    ("/remotewipe/dowipecloud", "REMOTE WIPE: the device is reset from the cloud image"),
    (
        "/remotewipe/dowipecloudpersistprovisioneddata",
        "REMOTE WIPE from the cloud image, provisioned data kept",
    ),
    ("/remotewipe/dowipecloudpersistuserdata", "REMOTE WIPE from the cloud image, user data kept"),
    ("/remotewipe/dowipepersistprovisioneddata", "REMOTE WIPE, provisioned data kept"),
    ("/remotewipe/dowipepersistuserdata", "REMOTE WIPE, user data kept"),
    ("/remotewipe/dowipeprotected", "REMOTE WIPE that cannot be interrupted"),
    (
        "/remotewipe/automaticredeployment/doautomaticredeployment",
        "REDEPLOYMENT: the device is reset and set up again",
    ),
    ("/dmclient/unenroll", "UNENROLMENT of the device"),
    ("/linkedenrollment/unenroll", "UNENROLMENT of the linked account"),
    ("/unenroll", "UNENROLMENT of the device"),
];

/// Notes the target and source of every item, and the value beside it.
pub(super) fn annotate(leg: Leg, message: &Message<'_>, draft: &mut Draft) {
    let document = &message.document;
    for command in &message.commands {
        if command.verb == "Status" {
            continue;
        }
        for item in document.named(command.node, "Item") {
            annotate_item(leg, document, command, item, draft);
        }
    }
}

fn annotate_item(
    leg: Leg,
    document: &Document<'_>,
    command: &Command<'_>,
    item: NodeId,
    draft: &mut Draft,
) {
    if let Some(more) = document.child(item, "MoreData") {
        let text = "more of this object follows in the next message";
        draft.note(leg, document, more, Level::Info, text);
    }
    let target = document.descend(item, &["Target", "LocURI"]);
    let Some(node) = target.or_else(|| document.descend(item, &["Source", "LocURI"])) else {
        return;
    };
    let path = document.text(node);
    if let Some(what) = destroys(command.verb, &path) {
        draft.note(leg, document, node, Level::Alarm, what);
        draft.row("destructive", format!("{} {}: {what}", command.verb, clip(&path)));
        draft.headline(what);
    }
    let Some(found) = csp::find(&path) else { return };
    draft.note(leg, document, node, Level::Info, sentence(found));
    let data = document.child(item, "Data");
    if let (Some(data), Found::Node(row) | Found::Result(row)) = (data, found) {
        // Add and Replace write a value, Results carries one; elsewhere Data is an argument.
        if matches!(command.verb, "Add" | "Replace" | "Results")
            && let Some((level, text)) = row.value(&document.text(data))
        {
            draft.note(leg, document, data, level, text);
        }
    }
}

fn sentence(found: Found) -> String {
    match found {
        Found::Node(node) => node.sentence(),
        Found::Result(node) => format!("effective value of {}", node.sentence()),
        Found::Below(node) => format!("no such node in the table; nearest: {}", node.path),
    }
}

/// What the command destroys, if it does. Reading such a node is harmless.
fn destroys(verb: &str, path: &str) -> Option<&'static str> {
    if matches!(verb, "Get" | "Results" | "Alert" | "Search") {
        return None;
    }
    let path = path.split('?').next().unwrap_or_default().trim_end_matches('/').to_lowercase();
    // Only the management tree has such nodes; data sync items may be called anything.
    let managed = path.contains("vendor/msft/");
    let found = DESTRUCTIVE.iter().find(|(end, _)| managed && path.ends_with(end));
    if let Some((_, what)) = found {
        return Some(what);
    }
    let wipe = managed && path.contains("/remotewipe/dowipe");
    wipe.then_some("REMOTE WIPE")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn executing_a_wipe_is_destructive_and_reading_it_is_not() {
        let path = "./Vendor/MSFT/RemoteWipe/doWipeProtected";
        assert_eq!(destroys("Exec", path), Some("REMOTE WIPE that cannot be interrupted"));
        assert_eq!(destroys("Get", path), None);
        assert_eq!(
            destroys("Exec", "./Device/Vendor/MSFT/RemoteWipe/doWipeSomethingNew"),
            Some("REMOTE WIPE")
        );
        assert_eq!(
            destroys("Exec", "./Vendor/MSFT/DMClient/Provider/X/Unenroll"),
            Some("UNENROLMENT of the device")
        );
        assert_eq!(
            destroys(
                "Replace",
                "./Vendor/MSFT/DMClient/Provider/X/NumberOfDaysAfterLostContactToUnenroll"
            ),
            None
        );
        assert_eq!(destroys("Add", "card/unenroll"), None);
    }
}
