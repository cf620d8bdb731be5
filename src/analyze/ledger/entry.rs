//! A command as the ledger holds it.

use std::borrow::Cow;

use crate::analyze::csp::{self, Found};
use crate::analyze::draft::clip;
use crate::analyze::syncml::{ALERTS, Command, Item, Message, danger};
use crate::model::{ExchangeId, LedgerEntry, LedgerItem, Leg, Level, Outcome};

/// Items held of one command or of its results.
pub(super) const ITEMS: usize = 64;

/// The entry of one command of `message`, not answered yet.
pub(super) fn entry(
    exchange: ExchangeId,
    leg: Leg,
    message: &Message<'_>,
    command: &Command<'_>,
) -> LedgerEntry {
    let document = &message.document;
    let mut items = Vec::new();
    let mut item_count = 0;
    let mut danger_of_it = None;
    for item in message.items(command) {
        item_count += 1;
        if items.len() < ITEMS {
            let held = ledger_item(&item, writes(command.verb));
            danger_of_it = danger_of_it.or_else(|| danger(command.verb, &held.uri));
            items.push(held);
        }
    }
    if item_count == 0 {
        // Sync and Map of data synchronisation carry their addresses themselves.
        let uri = document.text_at(command.node, &["Target", "LocURI"]);
        let uri = uri.or_else(|| document.text_at(command.node, &["Source", "LocURI"]));
        items.extend(uri.map(|uri| LedgerItem { uri: clip(&uri), ..LedgerItem::default() }));
    }
    let alert = match command.verb {
        "Alert" => document.child_text(command.node, "Data").unwrap_or_default(),
        _ => Cow::Borrowed(""),
    };
    LedgerEntry {
        exchange,
        leg,
        message: message.id.clone(),
        command: clip(&command.id),
        verb: command.verb,
        alert_name: ALERTS.iter().find(|row| row.code == alert).map_or("", |row| row.name),
        alert: clip(&alert),
        within: None,
        depth: 0,
        items,
        item_count,
        answers: Vec::new(),
        results: Vec::new(),
        outcome: Outcome::Waiting,
        why: String::new(),
        twice: false,
        danger: danger_of_it.map_or("", |danger| danger.what),
        level: danger_of_it.map_or(Level::Info, |danger| danger.level),
    }
}

/// True when the data of a command's items are values of nodes; elsewhere they are arguments.
fn writes(verb: &str) -> bool {
    matches!(verb, "Add" | "Replace" | "Results")
}

/// One item as the ledger holds it; `values`: its data is the value of a node.
pub(super) fn ledger_item(item: &Item<'_>, values: bool) -> LedgerItem {
    let uri = item.uri().unwrap_or_default();
    let value = item.data().map(|data| {
        let text = item.document.text(data);
        let inner = item.document.children(data).next().filter(|_| text.is_empty());
        match inner {
            Some(inner) => format!("<{}>…", clip(item.document.name(inner))),
            None => clip(&text),
        }
    });
    let meaning = value.as_deref().filter(|_| values).and_then(|value| meaning(&uri, value));
    LedgerItem {
        meaning: meaning.unwrap_or_default(),
        kind: clip(&item.meta_text("Type")),
        format: clip(&item.meta_text("Format")),
        uri: clip(&uri),
        value,
        code: String::new(),
    }
}

/// What a value means for the node at `uri`.
fn meaning(uri: &str, value: &str) -> Option<String> {
    match csp::find(uri)? {
        Found::Node(node) | Found::Result(node) => node.value(value).map(|(_, text)| text),
        Found::Below(_) => None,
    }
}
