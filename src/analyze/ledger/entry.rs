//! A command as the ledger holds it.

use std::borrow::Cow;

use crate::analyze::document::Document;
use crate::analyze::draft::{clip, joined, kept};
use crate::analyze::syncml::{
    ALERTS, Command, Danger, Declared, Item, Message, alert_type, may_declare,
};
use crate::model::{Decoded, ExchangeId, LedgerEntry, LedgerItem, Leg, Level, NodeId, Outcome};

/// Items held of one command or of its results.
pub(super) const ITEMS: usize = 64;

/// The entry of one command of `message`, not answered yet.
pub(super) fn entry<'a>(
    exchange: ExchangeId,
    leg: Leg,
    decoded: Option<&'a Decoded>,
    message: &Message<'a>,
    command: &Command<'a>,
) -> LedgerEntry {
    let document = &message.document;
    let item_count = message.items(command).len();
    let mut items = Vec::with_capacity(item_count.min(ITEMS));
    let mut danger_of_it = None;
    for item in message.items(command) {
        if items.len() < ITEMS {
            danger_of_it = danger_of_it.or_else(|| item.danger());
            let held = ledger_item(item, writes(command.verb), decoded);
            items.push(held);
        }
    }
    if item_count == 0 {
        items.extend(synchronised(document, command.node));
        items.truncate(ITEMS);
    }
    let alert = if command.verb == "Alert" { &*command.data } else { "" };
    if command.verb == "Alert" {
        danger_of_it = items.iter().find_map(|item| {
            let row = alert_type(&item.kind)?;
            row.name.contains("unenrollment").then_some(UNENROLMENT)
        });
    }
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

/// The user leaves management (generic alert of type `…unenrollment…`).
const UNENROLMENT: Danger = Danger { what: "UNENROLMENT by the user", level: Level::Alarm };

/// What Sync and Map of data synchronisation are about: they carry their addresses themselves, and a Map
/// the numbers that both sides have for one object (SyncML Representation 1.2.1, 6.6.9).
fn synchronised<'a>(
    document: &Document<'a>,
    node: NodeId,
) -> impl Iterator<Item = LedgerItem> + use<'a> {
    let document = *document;
    let address = move |id, side| document.text_at(id, &[side, "LocURI"]);
    let uri = address(node, "Target").or_else(|| address(node, "Source"));
    let changes = document.child_text(node, "NumberOfChanges");
    let own = uri.map(|uri| LedgerItem {
        uri: clip(&uri),
        meaning: changes.as_ref().map(|_| "changes".to_owned()).unwrap_or_default(),
        value: changes.map(|changes| clip(&changes)),
        ..LedgerItem::default()
    });
    let map = document.named(node, "MapItem").map(move |id| LedgerItem {
        uri: clip(&address(id, "Target").unwrap_or_default()),
        value: Some(clip(&address(id, "Source").unwrap_or_default())),
        meaning: "the number at the device".to_owned(),
        ..LedgerItem::default()
    });
    own.into_iter().chain(map)
}

/// The anchors of a store in an alert of data synchronisation: what was agreed last, and what is to be.
fn anchors(item: &Item<'_>) -> Option<String> {
    let node = item.meta("Anchor")?;
    let text = |name| item.document.child_text(node, name).unwrap_or("none".into());
    Some(clip(&format!("{} → {}", text("Last"), text("Next"))))
}

/// What is known of the type of an alert, and how grave it is said to be (OMA DM Protocol 1.2.1, 8.7).
fn alert_meaning(item: &Item<'_>) -> String {
    let row = alert_type(&item.meta_text("Type")).filter(|row| row.alert == "1226");
    let known = row.map_or("", |row| row.meaning);
    joined([clip(&item.meta_text("Mark")), known.to_owned()], "; ")
}

/// True when the data of a command's items are values of nodes; elsewhere they are arguments.
fn writes(verb: &str) -> bool {
    matches!(verb, "Add" | "Replace" | "Results")
}

/// One item as the ledger holds it; `values`: its data is the value of a node; `decoded`: the body it
/// stands in.
pub(super) fn ledger_item<'a>(
    item: &Item<'a>,
    values: bool,
    decoded: Option<&'a Decoded>,
) -> LedgerItem {
    let uri = item.uri().unwrap_or_default();
    if let Some(declared) = declared(item, decoded) {
        return declared_item(item, uri, &declared);
    }
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
    let (value, meaning) = match item.verb {
        "Alert" => match anchors(item) {
            Some(anchors) => (Some(anchors), "sync anchors".to_owned()),
            None => (value, alert_meaning(item)),
        },
        "Copy" => {
            let source = item.source().map(|id| clip(&text(id)));
            (source.or(value), "what is copied".to_owned())
        }
        _ => (value, meaning.map(|(_, text)| text).unwrap_or_default()),
    };
    LedgerItem {
        meaning,
        kind: kept(&item.meta_text("Type")),
        format: kept(&item.meta_text("Format")),
        uri: clip(uri),
        value,
        code: Cow::Borrowed(""),
        parts: Vec::new(),
    }
}

/// The document of declared configuration in an item; looked for only where one may stand.
fn declared<'a>(item: &Item<'a>, decoded: Option<&'a Decoded>) -> Option<Declared<'a>> {
    may_declare(item).then_some(())?;
    Declared::inside(decoded?, &item.document, item.data()?)
}

fn declared_item(item: &Item<'_>, uri: &str, declared: &Declared<'_>) -> LedgerItem {
    LedgerItem {
        uri: clip(uri),
        kind: kept(&item.meta_text("Type")),
        format: kept(&item.meta_text("Format")),
        value: Some(format!("<{}>…", declared.document.name(declared.node))),
        meaning: declared.words(),
        code: Cow::Borrowed(""),
        parts: declared.settings().take(ITEMS).map(|setting| setting.item()).collect(),
    }
}
