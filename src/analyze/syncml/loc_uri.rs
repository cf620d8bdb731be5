//! The nodes a message touches: what they are, and what a value means.

use std::borrow::Cow;

use crate::analyze::csp::Found;
use crate::analyze::draft::{Draft, clip};
use crate::model::{Leg, Level};

use super::item::Item;
use super::message::{Command, Message};

/// Notes the target and source of every item, and the value beside it.
pub(super) fn annotate(leg: Leg, message: &Message<'_>, draft: &mut Draft) {
    for command in &message.commands {
        if command.verb == "Status" {
            continue;
        }
        for item in message.items(command) {
            annotate_item(leg, command, item, draft);
        }
    }
}

fn annotate_item(leg: Leg, command: &Command<'_>, item: &Item<'_>, draft: &mut Draft) {
    let document = &item.document;
    if let Some(more) = item.more() {
        let text = "more of this object follows in the next message";
        draft.note(leg, document, more, Level::Info, text);
    }
    let (Some(node), Some(path)) = (item.place(), item.uri()) else { return };
    if let Some(danger) = item.danger() {
        draft.note(leg, document, node, danger.level, danger.what);
        draft.row("destructive", format!("{} {}: {}", command.verb, clip(path), danger.what));
        draft.headline(danger.what);
    }
    let Some(found) = item.found() else { return };
    draft.note(leg, document, node, Level::Info, sentence(found));
    // Add and Replace write a value, Results carries one; elsewhere Data is an argument.
    if let Some(data) = item.data()
        && matches!(command.verb, "Add" | "Replace" | "Results")
        && let Some((level, text)) = item.meaning()
    {
        draft.note(leg, document, data, *level, text.clone());
    }
}

fn sentence(found: Found) -> Cow<'static, str> {
    match found {
        Found::Node(node) => node.sentence().into(),
        Found::Result(node) => format!("effective value of {}", node.sentence()).into(),
        Found::Below(node) => format!("no such node in the table; nearest: {}", node.path).into(),
    }
}
