//! Enumerated values of ActiveSync elements in words.

use std::sync::LazyLock;

use crate::analyze::document::Document;
use crate::analyze::draft::{Draft, clip};
use crate::analyze::table::rows;
use crate::model::{Leg, Level, NodeId};

const TABLE: &str = include_str!("../tables/eas_values.tsv");

/// One value: element, parent (empty = any), value, words.
static VALUES: LazyLock<Vec<[&'static str; 4]>> = LazyLock::new(|| rows::<4>(TABLE).collect());

/// The words for `value` in `element` below `parent`, when it is an enumeration we know.
pub(in crate::analyze) fn label(element: &str, parent: &str, value: &str) -> Option<&'static str> {
    let mut found = VALUES.iter().filter(|row| row[0] == element && row[2] == value);
    found.find(|row| row[1].is_empty() || row[1] == parent).map(|row| row[3])
}

/// Notes on every element whose value is a number with a meaning of its own.
pub(super) fn annotate(leg: Leg, document: &Document<'_>, draft: &mut Draft) {
    for id in document.elements() {
        let name = document.name(id);
        if let Some(text) = words(leg, document, id, name) {
            draft.note(leg, document, id, Level::Info, text);
        }
    }
}

fn words(leg: Leg, document: &Document<'_>, id: NodeId, name: &str) -> Option<String> {
    let request = leg == Leg::Request;
    match name {
        "FilterType" | "Type" | "NativeBodyType" | "MIMESupport" | "Conflict" | "UserResponse"
        | "OofState" => {
            label(name, document.parent_name(id), &document.text(id)).map(str::to_owned)
        }
        "Class" if document.text(id) == "SMS" => Some("text messages".to_owned()),
        "From" | "To" => mobile(&document.text(id)),
        "EnableOutboundSMS" => match document.text(id).as_ref() {
            "1" => Some("the device sends text messages for the server".to_owned()),
            "0" => Some("the device sends no text messages for the server".to_owned()),
            other => Some(format!("`{}` is neither 0 nor 1", clip(other))),
        },
        "Send" if request => Some("the draft is to be sent, not kept".to_owned()),
        "MoreAvailable" => Some("more changes wait: Sync again with the new key".to_owned()),
        "WindowSize" if request => {
            Some(format!("at most {} changes in one answer", clip(&document.text(id))))
        }
        "Wait" => minutes(&document.text(id)).map(|time| format!("hold the answer up to {time}")),
        "HeartbeatInterval" => {
            let time = seconds(&document.text(id))?;
            Some(if request {
                format!("hold the answer up to {time}")
            } else {
                format!("the limit the server allows: {time}")
            })
        }
        "SyncKey" if request && document.text(id) == "0" => {
            Some("0: first round, the client holds no state".to_owned())
        }
        _ => None,
    }
}

/// Numbers and names of `"Name" [MOBILE:number]`, the address of a text message (MS-ASMS 2.2.2.1.6,
/// 2.2.2.1.10); `None` for other addresses.
fn mobile(text: &str) -> Option<String> {
    let mut told = Vec::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("[MOBILE:") {
        let (number, next) = after.split_once(']')?;
        let name = before.trim_matches(|c: char| c == ',' || c == '"' || c.is_whitespace());
        let number = clip(number.trim());
        told.push(if name.is_empty() { number } else { format!("{}, {number}", clip(name)) });
        rest = next;
    }
    (!told.is_empty()).then(|| format!("mobile number: {}", told.join("; ")))
}

/// `540` as `9 min`; `None` when it is no number.
pub(super) fn seconds(text: &str) -> Option<String> {
    let seconds: u32 = text.parse().ok()?;
    Some(match (seconds / 60, seconds % 60) {
        (0, seconds) => format!("{seconds} s"),
        (minutes, 0) => format!("{minutes} min"),
        (minutes, seconds) => format!("{minutes} min {seconds} s"),
    })
}

fn minutes(text: &str) -> Option<String> {
    text.parse::<u32>().ok().map(|minutes| format!("{minutes} min"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analyze::table::check;

    #[test]
    fn the_table_parses() {
        assert!(check(TABLE, "element parent value label source", 3) > 100);
    }

    #[test]
    fn a_type_means_what_its_parent_says() {
        assert_eq!(label("Type", "Add", "2"), Some("Inbox"));
        assert_eq!(label("Type", "Body", "2"), Some("HTML"));
        assert_eq!(label("Type", "Recipient", "2"), None);
        assert_eq!(label("FilterType", "Options", "3"), Some("last week"));
    }

    #[test]
    fn mobile_addresses_are_taken_apart() {
        let both = "\"Bob\" [MOBILE:5550143],[MOBILE: +5550123]";
        assert_eq!(mobile(both).as_deref(), Some("mobile number: Bob, 5550143; +5550123"));
        assert_eq!(mobile("bob@example.org"), None);
        assert_eq!(mobile("[MOBILE:1"), None);
    }

    #[test]
    fn times_in_words() {
        assert_eq!(seconds("59").as_deref(), Some("59 s"));
        assert_eq!(seconds("3540").as_deref(), Some("59 min"));
        assert_eq!(seconds("90").as_deref(), Some("1 min 30 s"));
        assert_eq!(seconds("soon"), None);
    }
}
