//! A command as the ledger holds it.

use std::borrow::Cow;

use crate::analyze::draft::{clip, kept};
use crate::analyze::syncml::{ALERTS, Command, Item, Message};
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
    let item_count = message.items(command).len();
    let mut items = Vec::with_capacity(item_count.min(ITEMS));
    let mut danger_of_it = None;
    for item in message.items(command) {
        if items.len() < ITEMS {
            danger_of_it = danger_of_it.or_else(|| item.danger());
            let held = ledger_item(item, writes(command.verb));
            items.push(held);
        }
    }
    if item_count == 0 {
        // Sync and Map of data synchronisation carry their addresses themselves.
        let uri = document.text_at(command.node, &["Target", "LocURI"]);
        let uri = uri.or_else(|| document.text_at(command.node, &["Source", "LocURI"]));
        items.extend(uri.map(|uri| LedgerItem { uri: clip(&uri), ..LedgerItem::default() }));
    }
    let alert = if command.verb == "Alert" { &*command.data } else { "" };
    LedgerEntry {
        exchange,
        leg,
        message: kept(&message.id),
        command: kept(&command.id),
        verb: command.verb,
        alert_name: ALERTS.iter().find(|row| row.code == alert).map_or("", |row| row.name),
        alert: clip(alert),
        within: None,
        depth: 0,
        items,
        item_count: item_count as u64,
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
    let text = |data| item.document.text(data);
    let inner = |data| item.document.children(data).next().filter(|_| text(data).is_empty());
    let markup = item.data().and_then(inner);
    let markup = markup.map(|inner| format!("<{}>…", clip(item.document.name(inner))));
    let meaning = match &markup {
        _ if !values => None,
        Some(markup) => item.csp_node().and_then(|node| node.value(markup)),
        None => item.meaning().cloned(),
    };
    let value = markup.or_else(|| item.data().map(|data| clip(&text(data))));
    LedgerItem {
        meaning: meaning.map(|(_, text)| text).unwrap_or_default(),
        kind: kept(&item.meta_text("Type")),
        format: kept(&item.meta_text("Format")),
        uri: clip(uri),
        value,
        code: Cow::Borrowed(""),
    }
}
