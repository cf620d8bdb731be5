//! The nodes a message touches: what they are, and what a value means.

use crate::analyze::csp::{self, Found};
use crate::analyze::document::Document;
use crate::analyze::draft::{Draft, clip};
use crate::model::{Leg, Level, NodeId};

use super::danger::danger;
use super::message::{Command, Message};

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
    if let Some(danger) = danger(command.verb, &path) {
        draft.note(leg, document, node, danger.level, danger.what);
        draft.row("destructive", format!("{} {}: {}", command.verb, clip(&path), danger.what));
        draft.headline(danger.what);
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
