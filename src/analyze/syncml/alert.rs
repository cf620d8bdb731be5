//! Alert codes and typed alerts.

use std::sync::LazyLock;

use crate::analyze::document::Document;
use crate::analyze::draft::{Draft, clip, joined};
use crate::analyze::table::rows;
use crate::model::{Leg, Level, NodeId};

use super::message::Message;

const CODES: &str = include_str!("../tables/alert_codes.tsv");
const TYPES: &str = include_str!("../tables/alert_types.tsv");

/// One alert code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::analyze) struct Alert {
    pub(in crate::analyze) code: &'static str,
    pub(in crate::analyze) name: &'static str,
    pub(in crate::analyze) sender: &'static str,
    pub(in crate::analyze) meaning: &'static str,
    pub(in crate::analyze) items: &'static str,
    pub(in crate::analyze) windows: &'static str,
    pub(in crate::analyze) source: &'static str,
}

/// One type of a client event (1224) or generic alert (1226).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::analyze) struct AlertType {
    pub(in crate::analyze) alert: &'static str,
    pub(in crate::analyze) name: &'static str,
    pub(in crate::analyze) values: &'static str,
    pub(in crate::analyze) meaning: &'static str,
    /// True when its data must not be shown in words of ours.
    pub(in crate::analyze) secret: bool,
    pub(in crate::analyze) source: &'static str,
}

/// Every alert code.
pub(in crate::analyze) static ALERTS: LazyLock<Vec<Alert>> = LazyLock::new(|| {
    rows::<8>(CODES)
        .map(|[code, _, name, sender, meaning, items, windows, source]| Alert {
            code,
            name,
            sender,
            meaning,
            items,
            windows,
            source,
        })
        .collect()
});

/// Every known alert type.
pub(in crate::analyze) static ALERT_TYPES: LazyLock<Vec<AlertType>> = LazyLock::new(|| {
    rows::<6>(TYPES)
        .map(|[alert, name, values, meaning, secret, source]| AlertType {
            alert,
            name,
            values,
            meaning,
            secret: secret == "secret",
            source,
        })
        .collect()
});

/// The row of a type, with or without `Reversed-Domain-Name:` before it.
pub(in crate::analyze) fn alert_type(name: &str) -> Option<&'static AlertType> {
    ALERT_TYPES.iter().find(|row| bare(row.name).eq_ignore_ascii_case(bare(name)))
}

/// Notes every Alert of `message`; facts name those that steer a session.
pub(super) fn annotate(leg: Leg, message: &Message<'_>, draft: &mut Draft) {
    let document = &message.document;
    for id in message.of_kind("Alert") {
        for kind in document.named(id, "Item") {
            note_type(leg, document, kind, draft);
        }
        let Some(data) = document.child(id, "Data") else { continue };
        let code = document.text(data);
        let Some(row) = ALERTS.iter().find(|row| row.code == code) else {
            let text = format!("{}: in no table of alert codes", clip(&code));
            draft.note(leg, document, data, Level::Notable, text);
            continue;
        };
        draft.note(
            leg,
            document,
            data,
            level(row),
            format!("{} {}: {}", row.code, row.name, row.meaning),
        );
    }
}

fn level(row: &Alert) -> Level {
    match row.code {
        "1223" | "1225" | "223" => Level::Warning,
        "1226" | "224" => Level::Notable,
        _ => Level::Info,
    }
}

/// A type without the prefix that some name it with.
fn bare(name: &str) -> &str {
    name.trim_start_matches("Reversed-Domain-Name:").trim()
}

/// The words for a code in the facts: `1201 client-initiated mgmt`.
pub(super) fn short(code: &str) -> String {
    let row = ALERTS.iter().find(|row| row.code == code);
    row.map_or_else(
        || format!("alert {}", clip(code)),
        |row| format!("alert {} {}", row.code, row.name.to_lowercase()),
    )
}

fn note_type(leg: Leg, document: &Document<'_>, item: NodeId, draft: &mut Draft) {
    let Some(node) = document.descend(item, &["Meta", "Type"]) else { return };
    let name = document.text(node);
    let Some(row) = alert_type(&name) else { return };
    let level = if row.name.contains("unenrollment") { Level::Alarm } else { Level::Info };
    let values =
        if row.values.is_empty() { String::new() } else { format!("data: {}", row.values) };
    let text = joined([row.meaning.to_owned(), values], "; ");
    draft.note(leg, document, node, level, text);
    if level == Level::Alarm {
        draft.headline("UNENROLMENT by the user");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analyze::table::check;

    #[test]
    fn the_tables_parse() {
        assert_eq!(check(CODES, "code family name sender meaning items windows source", 1), 29);
        assert_eq!(check(TYPES, "alert type values meaning secret source", 2), 9);
    }

    #[test]
    fn codes_in_words() {
        assert_eq!(short("1201"), "alert 1201 client-initiated mgmt");
        assert_eq!(short("9999"), "alert 9999");
    }
}
