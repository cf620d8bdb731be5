//! Status codes, each in its own context: command, element around it, direction.

use std::collections::HashMap;
use std::sync::LazyLock;

use crate::analyze::document::Document;
use crate::analyze::draft::{Draft, clip};
use crate::model::{Leg, Level, NodeId};

use super::provision::next_step;
use super::status_table::{COMMAND_STATUSES, COMMON_STATUSES, PROVISION_STATUSES, StatusMeaning};

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
    find(path, leg.name())
        .or_else(|| find(command, parent))
        .or_else(|| find("", ""))
        // Pictures and the like stand in the answers of several commands.
        .or_else(|| COMMAND_STATUSES.iter().find(|row| row.context.1 == parent && row.code == code))
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
        let (level, label, text) = match found {
            Some(row) => {
                let next = next_step(leg, document, id).unwrap_or(row.client_action);
                (row.level(), row.label, row.sentence_with(next))
            }
            // In all contexts but those of the tables 1 is success (MS-ASCMD 2.2.3.177).
            None if code == "1" => (Level::Info, "success", "1 success".to_owned()),
            None => {
                let text = format!("{}: in no table for {command}, {parent}", clip(&code));
                (Level::Notable, "", text)
            }
        };
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

    /// Every row is found in a body that has it in its place, and a failure says what comes next.
    #[test]
    fn every_row_is_told_in_its_own_context() {
        let told = |leg, command: &str, body: &str| {
            let decoded = sketch::decoded(body);
            let mut draft = Draft::default();
            annotate(leg, command, &Document::of(&decoded).unwrap(), &mut draft);
            let annotated = draft.finish();
            annotated.notes(leg).iter().map(|note| note.text.clone()).collect::<Vec<_>>()
        };
        let wrap = |path: &[&str], code: &str| {
            let inner = code.to_owned();
            path.iter().rev().fold(inner, |inner, name| format!("<{name}>{inner}</{name}>"))
        };
        for row in PROVISION_STATUSES.iter() {
            let (path, direction) = row.context;
            let leg = if direction == "request" { Leg::Request } else { Leg::Response };
            let names: Vec<&str> = path.split('/').collect();
            // Whether there is anything to do after a success, the rest of the answer says.
            let sentence = if leg == Leg::Response && row.code == "1" {
                row.sentence_with("")
            } else {
                row.sentence()
            };
            assert_eq!(told(leg, "Provision", &wrap(&names, row.code)), [sentence]);
        }
        for row in COMMAND_STATUSES.iter() {
            let (command, parent) = row.context;
            let status = if parent == "ErrorCode" { "ErrorCode" } else { "Status" };
            let around = if parent == "ErrorCode" { "Error" } else { parent };
            let inside = [command, around, status];
            let names = if command == parent { &inside[1..] } else { &inside[..] };
            let text = told(Leg::Response, command, &wrap(names, row.code));
            assert_eq!(text, [row.sentence()], "{command} {parent} {}", row.code);
        }
        for row in COMMON_STATUSES.iter() {
            let row = &row.status;
            let text = told(Leg::Response, "SendMail", &wrap(&["SendMail", "Status"], row.code));
            assert_eq!(text, [row.sentence()]);
        }
        let rows = PROVISION_STATUSES.iter().chain(COMMAND_STATUSES.iter());
        for row in rows.chain(COMMON_STATUSES.iter().map(|common| &common.status)) {
            let silent = row.level() >= Level::Warning && row.client_action.is_empty();
            assert!(!silent, "{:?} {} has no next step", row.context, row.code);
        }
    }

    #[test]
    fn what_is_next_after_a_success_the_answer_says() {
        let next = |inside: &str| {
            let decoded =
                sketch::decoded(&format!("<Provision><Status>1</Status>{inside}</Provision>"));
            let mut draft = Draft::default();
            annotate(Leg::Response, "Provision", &Document::of(&decoded).unwrap(), &mut draft);
            let notes = draft.finish().response.into_iter().map(|note| note.text.into_owned());
            let after = |text: String| text.split_once("(next: ").map(|(_, next)| next.to_owned());
            notes.filter_map(after).collect::<Vec<_>>().concat()
        };
        let policy = |inside: &str| {
            format!(
                "<Policies><Policy><Status>1</Status><PolicyKey>7</PolicyKey>{inside}</Policy></Policies>"
            )
        };
        assert_eq!(next(""), "");
        assert_eq!(next(&policy("")), "store the final key)");
        assert_eq!(
            next(&policy("<Data/>")),
            "apply the policy carried in the reply)apply the policy and acknowledge it with the temporary key)"
        );
        assert_eq!(next("<RemoteWipe/>"), "carry out the wipe directive carried in the reply)");
    }

    #[test]
    fn a_picture_is_the_same_in_every_command() {
        let label = |command, parent, code| {
            meaning(Leg::Response, command, "", parent, code).map(|row| row.label)
        };
        assert_eq!(label("Find", "Picture", "173"), Some("NoPicture"));
        assert_eq!(label("Find", "Picture", "1"), label("Search", "Picture", "1"));
        assert_eq!(label("Sync", "BodyPart", "176"), Some("BodyPart_ConversationTooLarge"));
    }
}
