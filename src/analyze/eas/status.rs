//! Status codes, each in its own context: command, element around it, direction.

use std::collections::HashMap;
use std::sync::LazyLock;

use crate::analyze::document::Document;
use crate::analyze::draft::{Draft, clip};
use crate::analyze::table::rows;
use crate::model::{Leg, Level, NodeId};

const PROVISION: &str = include_str!("../tables/provision_status.tsv");
const COMMAND: &str = include_str!("../tables/command_status.tsv");
const COMMON: &str = include_str!("../tables/common_status.tsv");

/// What one code means in one context.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::analyze) struct StatusMeaning {
    /// Where it stands: a path of element names, or command and parent element.
    pub(in crate::analyze) context: (&'static str, &'static str),
    pub(in crate::analyze) code: &'static str,
    pub(in crate::analyze) label: &'static str,
    outcome: &'static str,
    pub(in crate::analyze) meaning: &'static str,
    pub(in crate::analyze) client_action: &'static str,
    pub(in crate::analyze) versions: &'static str,
    pub(in crate::analyze) notes: &'static str,
    pub(in crate::analyze) source: &'static str,
}

impl StatusMeaning {
    /// How loud it is: success is plain, a failure a warning, anything about a wipe an alarm.
    pub(in crate::analyze) fn level(&self) -> Level {
        match self.outcome {
            "ok" => Level::Info,
            "notable" => Level::Notable,
            "alarm" => Level::Alarm,
            _ => Level::Warning,
        }
    }

    /// One sentence: `165 DeviceInformationRequired: … (client: resend with …)`.
    pub(in crate::analyze) fn sentence(&self) -> String {
        let mut text = format!("{} {}: {}", self.code, self.label, self.meaning);
        if !self.client_action.is_empty() {
            text.push_str(" (next: ");
            text.push_str(self.client_action);
            text.push(')');
        }
        text
    }
}

/// A common code (101-184), which may stand in the answer to any command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::analyze) struct CommonStatus {
    pub(in crate::analyze) status: StatusMeaning,
    pub(in crate::analyze) retry: &'static str,
    pub(in crate::analyze) provisioning: &'static str,
    /// The HTTP status protocol versions before 14.0 say this with.
    pub(in crate::analyze) http_before_14: &'static str,
}

/// Codes of Provision by path and direction (MS-ASPROV 2.2.2.54).
pub(in crate::analyze) static PROVISION_STATUSES: LazyLock<Vec<StatusMeaning>> =
    LazyLock::new(|| {
        rows::<11>(PROVISION)
            .map(
                |[
                    path,
                    direction,
                    code,
                    label,
                    outcome,
                    meaning,
                    _,
                    action,
                    versions,
                    notes,
                    source,
                ]| {
                    StatusMeaning {
                        context: (path, direction),
                        code,
                        label,
                        outcome,
                        meaning,
                        client_action: action,
                        versions,
                        notes,
                        source,
                    }
                },
            )
            .collect()
    });

/// Codes by command and parent element (MS-ASCMD).
pub(in crate::analyze) static COMMAND_STATUSES: LazyLock<Vec<StatusMeaning>> =
    LazyLock::new(|| {
        rows::<10>(COMMAND)
            .map(
                |[
                    command,
                    parent,
                    code,
                    label,
                    outcome,
                    meaning,
                    action,
                    versions,
                    notes,
                    source,
                ]| {
                    StatusMeaning {
                        context: (command, parent),
                        code,
                        label,
                        outcome,
                        meaning,
                        client_action: action,
                        versions,
                        notes,
                        source,
                    }
                },
            )
            .collect()
    });

/// Codes every command may answer with (MS-ASCMD 2.2.2).
pub(in crate::analyze) static COMMON_STATUSES: LazyLock<Vec<CommonStatus>> = LazyLock::new(|| {
    rows::<11>(COMMON)
        .map(
            |[
                code,
                label,
                outcome,
                meaning,
                action,
                retry,
                provisioning,
                versions,
                http,
                notes,
                source,
            ]| {
                let context = ("", "");
                let status = StatusMeaning {
                    context,
                    code,
                    label,
                    outcome,
                    meaning,
                    client_action: action,
                    versions,
                    notes,
                    source,
                };
                CommonStatus { status, retry, provisioning, http_before_14: http }
            },
        )
        .collect()
});

/// (path or command, direction or parent, code) to the row.
static BY_CONTEXT: LazyLock<HashMap<[&'static str; 3], &'static StatusMeaning>> =
    LazyLock::new(|| {
        let provision = PROVISION_STATUSES.iter();
        let all = provision.chain(COMMAND_STATUSES.iter());
        all.chain(COMMON_STATUSES.iter().map(|common| &common.status))
            .map(|row| ([row.context.0, row.context.1, row.code], row))
            .collect()
    });

/// The meaning of `code` in a Status element with these names around it; the nearest context that
/// knows the code wins: Provision path, then command and parent, then the common codes.
pub(super) fn meaning(
    leg: Leg,
    command: &str,
    path: &str,
    parent: &str,
    code: &str,
) -> Option<&'static StatusMeaning> {
    // The tables know no number with leading zeros; some senders write them.
    let code = match code.trim_start_matches('0') {
        "" => code,
        trimmed => trimmed,
    };
    let find = |one: &str, two: &str| BY_CONTEXT.get(&[one, two, code]).copied();
    find(path, leg.name()).or_else(|| find(command, parent)).or_else(|| find("", ""))
}

/// What the Status elements of one body amount to.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Outcome {
    /// For the list: the code, with the element around it when that is not the root.
    pub(super) text: String,
    /// How loud the loudest is.
    pub(super) level: Level,
    /// The label of the loudest.
    pub(super) label: &'static str,
}

/// Notes every Status of `document`; returns the loudest, the first of several.
pub(super) fn annotate(
    leg: Leg,
    command: &str,
    document: &Document<'_>,
    draft: &mut Draft,
) -> Outcome {
    let mut outcome = Outcome::default();
    for id in document.elements().filter(|id| is_status(document, *id)) {
        let code = document.text(id);
        if code.is_empty() {
            continue;
        }
        let parent = context_name(document, id);
        let found = meaning(leg, command, &document.path(id), parent, &code);
        let (level, label, text) = found.map_or_else(
            || {
                let text = format!("{}: in no table for {command}, {parent}", clip(&code));
                (Level::Notable, "", text)
            },
            |row| (row.level(), row.label, row.sentence()),
        );
        draft.note(leg, document, id, level, text);
        if outcome.text.is_empty() || level > outcome.level {
            let at_root = document.parent(id) == Some(document.root());
            let code = clip(&code);
            let text = if at_root { code } else { format!("{parent} {code}") };
            // Success is said as its bare number, wherever it stands.
            let text = if level == Level::Info { clip(&document.text(id)) } else { text };
            outcome = Outcome { text, level, label };
        }
    }
    outcome
}

/// `Status` is also a name inside items (tasks, meetings); those stand below `ApplicationData` or
/// `Properties` and mean something else.
fn is_status(document: &Document<'_>, id: NodeId) -> bool {
    let name = document.name(id);
    if name != "Status" && name != "ErrorCode" {
        return false;
    }
    let mut around = document.parent(id);
    while let Some(at) = around {
        let name = document.name(at);
        // BodyPart and Picture carry a Status of the protocol inside an item.
        if matches!(name, "BodyPart" | "Picture") {
            return true;
        }
        if matches!(name, "ApplicationData" | "Properties") {
            return false;
        }
        around = document.parent(at);
    }
    true
}

/// The name the tables know the context by: the element around, or itself for an `ErrorCode`.
fn context_name<'a>(document: &Document<'a>, id: NodeId) -> &'a str {
    match document.name(id) {
        "ErrorCode" => "ErrorCode",
        _ => document.parent_name(id),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analyze::document::sketch;
    use crate::analyze::table::check;

    #[test]
    fn the_tables_parse() {
        let provision =
            "path direction code label outcome meaning cause client_action versions notes source";
        assert_eq!(check(PROVISION, provision, 3), 31);
        let command =
            "command parent code label outcome meaning client_action versions notes source";
        assert_eq!(check(COMMAND, command, 3), 325);
        let common = "code label outcome meaning client_action retry provisioning versions http_before_14 notes source";
        assert_eq!(check(COMMON, common, 1), 78);
    }

    #[test]
    fn the_same_code_means_what_its_context_says() {
        let label = |leg, command: &str, path: &str, parent: &str, code: &str| {
            meaning(leg, command, path, parent, code).map(|row| row.label)
        };
        let policy = "Provision/Policies/Policy/Status";
        assert_eq!(label(Leg::Response, "Provision", policy, "Policy", "2"), Some("no-policy"));
        assert_eq!(label(Leg::Request, "Provision", policy, "Policy", "2"), Some("partly-applied"));
        assert_eq!(label(Leg::Response, "Ping", "Ping/Status", "Ping", "2"), Some("changes"));
        assert_eq!(label(Leg::Response, "MoveItems", "", "Response", "3"), Some("success"));
        assert_eq!(
            label(Leg::Response, "Sync", "", "Collection", "142"),
            Some("DeviceNotProvisioned")
        );
        assert_eq!(label(Leg::Response, "Sync", "", "Collection", "2"), None);
        assert_eq!(label(Leg::Response, "Ping", "", "Ping", "02"), Some("changes"));
    }

    #[test]
    fn the_loudest_status_names_the_outcome() {
        let body = "<Sync><Collections><Collection><Status>1</Status><Responses><Add><Status>6</Status></Add></Responses></Collection></Collections></Sync>";
        let decoded = sketch::decoded(body);
        let mut draft = Draft::default();
        let document = Document::of(&decoded).unwrap();
        let outcome = annotate(Leg::Response, "Sync", &document, &mut draft);
        assert_eq!((outcome.text.as_str(), outcome.level), ("Add 6", Level::Warning));
        let notes = draft.finish().response;
        assert!(notes[1].text.starts_with("6 conversion-error: client item malformed"));
        assert_eq!(notes.len(), 2);
    }

    #[test]
    fn a_status_inside_an_item_is_not_ours() {
        let decoded = sketch::decoded(
            "<Sync><Add><ApplicationData><Status>9</Status></ApplicationData></Add></Sync>",
        );
        let mut draft = Draft::default();
        annotate(Leg::Response, "Sync", &Document::of(&decoded).unwrap(), &mut draft);
        assert!(draft.finish().response.is_empty());
    }
}
