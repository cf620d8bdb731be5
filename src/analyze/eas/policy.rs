//! The policy document of ActiveSync: what each setting of an `EASProvisionDoc` does to a device.

use std::sync::LazyLock;

use crate::analyze::document::Document;
use crate::analyze::draft::{Draft, clip, counted, joined};
use crate::analyze::table::{Numbers, rows};
use crate::model::{Leg, Level, NodeId};

const TABLE: &str = include_str!("../tables/policies.tsv");

/// Restrictive settings named in the overview; the rest is counted.
const NAMED_SETTINGS: usize = 8;

/// One setting (MS-ASPROV 2.2.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::analyze) struct Policy {
    pub(in crate::analyze) element: &'static str,
    pub(in crate::analyze) parent: &'static str,
    pub(in crate::analyze) data_type: &'static str,
    pub(in crate::analyze) allowed: Numbers,
    pub(in crate::analyze) unit: &'static str,
    pub(in crate::analyze) when_absent: &'static str,
    pub(in crate::analyze) when_empty: &'static str,
    /// The switch that must be on for this to count; empty when there is none.
    pub(in crate::analyze) needs: &'static str,
    pub(in crate::analyze) condition: &'static str,
    pub(in crate::analyze) first_version: &'static str,
    pub(in crate::analyze) labels: &'static str,
    /// The values that take something from the user; `list` = a list with entries.
    restrictive: Numbers,
    pub(in crate::analyze) notes: &'static str,
    pub(in crate::analyze) source: &'static str,
}

/// Every setting, in the order of the schema.
pub(in crate::analyze) static POLICIES: LazyLock<Vec<Policy>> = LazyLock::new(|| {
    rows::<15>(TABLE)
        .map(|row| {
            let [
                element,
                parent,
                data_type,
                allowed,
                unit,
                absent,
                empty,
                needs,
                condition,
                first,
                labels,
                restrictive,
                _,
                notes,
                source,
            ] = row;
            Policy {
                element,
                parent,
                data_type,
                allowed: Numbers(allowed),
                unit,
                when_absent: absent,
                when_empty: empty,
                needs,
                condition,
                first_version: first,
                labels,
                restrictive: Numbers(restrictive),
                notes,
                source,
            }
        })
        .collect()
});

impl Policy {
    /// The setting with this element name, compared without case (the specification itself writes
    /// both `AllowWifi` and `AllowWiFi`).
    pub(in crate::analyze) fn named(name: &str) -> Option<&'static Self> {
        // What 12.0-era code calls token 0x10 of the page.
        let name = if name.eq_ignore_ascii_case("DeviceEncryptionEnabled") {
            "RequireStorageCardEncryption"
        } else {
            name
        };
        POLICIES.iter().find(|policy| policy.element.eq_ignore_ascii_case(name))
    }

    /// The words the table has for `value`: of the value or range it is in, else of any number (`N`).
    fn label(&self, value: i64) -> Option<String> {
        let mut labels = self.labels.split(';').filter_map(|label| label.split_once('='));
        let words = labels.find(|(key, _)| *key == "N" || Numbers(key).contains(value))?.1;
        let fill = |word: &str| if word == "N" { value.to_string() } else { word.to_owned() };
        let words: Vec<String> = words.split(' ').map(fill).collect();
        Some(words.join(" "))
    }

    /// What `text` means as the value of this setting, and how loud that is.
    fn explain(&self, text: &str) -> (Level, String) {
        if text.is_empty() {
            let meaning = if self.when_empty.is_empty() { "not set" } else { self.when_empty };
            return (Level::Info, format!("empty: {meaning}"));
        }
        if self.allowed.is_unstated() {
            return (Level::Info, self.label_words().to_owned());
        }
        let Ok(value) = text.parse::<i64>() else {
            return (
                Level::Warning,
                format!("`{}` is no number; allowed: {}", clip(text), self.allowed.words()),
            );
        };
        if !self.allowed.contains(value) {
            return (
                Level::Warning,
                format!("{value} is outside what is allowed: {}", self.allowed.words()),
            );
        }
        let restrictive = self.restrictive.contains(value);
        let level = if restrictive { Level::Notable } else { Level::Info };
        let words = match self.label(value) {
            Some(words) => words,
            None => format!("{value} {}", self.unit).trim_end().to_owned(),
        };
        (level, words)
    }

    /// The words of a table row that has one label for everything.
    fn label_words(&self) -> &'static str {
        self.labels.split_once('=').map_or(self.labels, |(_, words)| words)
    }

    /// What `text` (of a list: its entries, joined) does to a device.
    pub(in crate::analyze) fn verdict(&self, text: &str) -> Verdict {
        if !self.is_list() {
            let (level, meaning) = self.explain(text);
            return Verdict { meaning, restrictive: level == Level::Notable };
        }
        if text.is_empty() {
            let meaning = format!("empty list: {}", self.when_empty);
            return Verdict { meaning, restrictive: false };
        }
        Verdict { meaning: self.label_words().to_owned(), restrictive: true }
    }

    /// True when `value` is one the specification allows, or nothing is said about it.
    pub(in crate::analyze) fn allows(&self, text: &str) -> bool {
        self.is_list()
            || self.allowed.is_unstated()
            || text.parse().is_ok_and(|value| self.allowed.contains(value))
    }

    /// True when the values in `restrictive` mean a list with entries.
    pub(in crate::analyze) fn is_list(&self) -> bool {
        self.data_type == "container"
    }
}

/// What one value does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::analyze) struct Verdict {
    pub(in crate::analyze) meaning: String,
    /// It takes something from the user.
    pub(in crate::analyze) restrictive: bool,
}

/// What a policy document amounts to.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Digest {
    /// Settings present.
    pub(super) settings: usize,
    /// Those that take something from the user.
    pub(super) restrictive: Vec<String>,
}

impl Digest {
    /// `12 settings, 3 restrictive: …`.
    pub(super) fn words(&self) -> String {
        let total = counted(self.settings, "setting", "settings");
        if self.restrictive.is_empty() {
            return format!("{total}, none restrictive");
        }
        let named = self.restrictive.iter().take(NAMED_SETTINGS).cloned();
        let rest = self.restrictive.len().saturating_sub(NAMED_SETTINGS);
        let rest = if rest == 0 { String::new() } else { format!("{rest} more") };
        let list = joined(named.chain([rest]), ", ");
        format!("{total}, {} restrictive: {list}", self.restrictive.len())
    }
}

/// Notes every setting of every policy document in `document`.
pub(super) fn annotate(leg: Leg, document: &Document<'_>, draft: &mut Draft) -> Option<Digest> {
    let mut digest = None;
    for root in document.elements().filter(|id| document.name(*id) == "EASProvisionDoc") {
        let digest = digest.get_or_insert_with(Digest::default);
        let switch = Switch::of(document, root);
        for setting in document.children(root) {
            digest.settings += 1;
            note_setting(leg, document, setting, switch, digest, draft);
        }
        draft.note(leg, document, root, Level::Info, absent(document, root));
    }
    digest
}

/// What the settings that are missing from a document mean, where the specification says so.
fn absent(document: &Document<'_>, root: NodeId) -> String {
    let present: Vec<&'static str> = document
        .children(root)
        .filter_map(|id| Policy::named(document.name(id)))
        .map(|policy| policy.element)
        .collect();
    let missing: Vec<&Policy> = POLICIES
        .iter()
        .filter(|policy| policy.parent == "EASProvisionDoc" && !policy.source.is_empty())
        .filter(|policy| !present.contains(&policy.element))
        .collect();
    if missing.is_empty() {
        return "every setting of the protocol is there".to_owned();
    }
    let count = counted(missing.len(), "setting is", "settings are");
    let defined = missing.iter().filter(|policy| !policy.when_absent.is_empty());
    let words = defined.map(|policy| format!("{}: {}", policy.element, policy.when_absent));
    joined([format!("{count} absent"), joined(words, ", ")], "; when absent: ")
}

/// `DevicePasswordEnabled`, on which eight settings depend (MS-ASPROV 3.1.5.1.1.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Switch {
    /// 1, or empty: the rest counts.
    On,
    /// 0: the rest is ignored.
    Off,
    /// Not there: the 2018 text has it ignored, the 2012 text says nothing.
    Absent,
}

impl Switch {
    fn of(document: &Document<'_>, root: NodeId) -> Self {
        match document.child(root, "DevicePasswordEnabled") {
            None => Self::Absent,
            Some(id) if document.text(id) == "0" => Self::Off,
            Some(_) => Self::On,
        }
    }
}

fn note_setting(
    leg: Leg,
    document: &Document<'_>,
    id: NodeId,
    switch: Switch,
    digest: &mut Digest,
    draft: &mut Draft,
) {
    let name = document.name(id);
    let Some(policy) = Policy::named(name) else {
        draft.note(leg, document, id, Level::Notable, "no setting of this name is known");
        return;
    };
    if policy.is_list() {
        return note_list(leg, document, id, policy, digest, draft);
    }
    let text = document.text(id);
    let (mut level, mut words) = policy.explain(&text);
    if policy.needs == "DevicePasswordEnabled" {
        match switch {
            Switch::On => {}
            Switch::Off => {
                // A wrong value stays a warning: it is wrong whether it counts or not.
                level = if level == Level::Notable { Level::Info } else { level };
                words.push_str("; ignored because DevicePasswordEnabled is 0");
            }
            Switch::Absent => {
                words.push_str("; may be ignored because DevicePasswordEnabled is absent");
            }
        }
    }
    if level == Level::Notable {
        digest.restrictive.push(format!("{} {}", policy.element, clip(&text)));
    }
    if weak(policy.element, &text) {
        words.push_str(" (weak)");
    }
    draft.note(leg, document, id, level, words);
}

/// Algorithms the table calls weak (MS-ASPROV 2.2.2.48, 2.2.2.50).
pub(in crate::analyze) fn weak(element: &str, value: &str) -> bool {
    match element {
        "RequireSignedSMIMEAlgorithm" => value == "1",
        "RequireEncryptionSMIMEAlgorithm" => matches!(value, "1" | "3" | "4"),
        _ => false,
    }
}

/// A list of applications or hashes: what being on it means, and each entry.
fn note_list(
    leg: Leg,
    document: &Document<'_>,
    id: NodeId,
    policy: &Policy,
    digest: &mut Digest,
    draft: &mut Draft,
) {
    let entries: Vec<NodeId> = document.children(id).collect();
    if entries.is_empty() {
        draft.note(leg, document, id, Level::Info, format!("empty list: {}", policy.when_empty));
        return;
    }
    let count = counted(entries.len(), "entry", "entries");
    let text = format!("{count}: {}", policy.label_words());
    digest.restrictive.push(format!("{} ({count})", policy.element));
    draft.note(leg, document, id, Level::Notable, text);
    for entry in entries {
        if let Some(row) = Policy::named(document.name(entry)) {
            draft.note(leg, document, entry, Level::Info, row.label_words());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analyze::document::sketch;
    use crate::analyze::table::check;

    const HEADING: &str = "element parent type allowed unit when_absent when_empty needs condition first_version labels restrictive category notes source";

    fn say(name: &str, value: &str) -> (Level, String) {
        Policy::named(name).unwrap().explain(value)
    }

    #[test]
    fn the_table_parses() {
        assert_eq!(check(TABLE, HEADING, 1), 45);
        for policy in POLICIES.iter() {
            assert!(!policy.labels.is_empty(), "{}", policy.element);
        }
    }

    #[test]
    fn every_listed_value_has_words() {
        for policy in POLICIES.iter().filter(|policy| !policy.allowed.is_unstated()) {
            for value in (-1..20).filter(|value| policy.allowed.contains(*value)) {
                assert!(policy.label(value).is_some(), "{} {value}", policy.element);
            }
        }
    }

    #[test]
    fn values_in_words_with_their_level() {
        assert_eq!(say("AllowCamera", "0"), (Level::Notable, "camera blocked".into()));
        assert_eq!(say("AllowCamera", "1"), (Level::Info, "camera allowed".into()));
        assert_eq!(
            say("MinDevicePasswordLength", "6"),
            (Level::Notable, "at least 6 characters".into())
        );
        assert_eq!(say("MinDevicePasswordLength", "1"), (Level::Info, "no minimum".into()));
        assert_eq!(say("MinDevicePasswordLength", ""), (Level::Info, "empty: no minimum".into()));
        assert_eq!(
            say("MaxInactivityTimeDeviceLock", "333"),
            (Level::Notable, "lock after 333 seconds idle".into())
        );
        assert_eq!(
            say("MaxInactivityTimeDeviceLock", "9999"),
            (Level::Info, "no auto-lock limit".into())
        );
        assert_eq!(say("MaxEmailAgeFilter", "2"), (Level::Notable, "3 days".into()));
        assert_eq!(say("AllowWiFi", "0").1, "Wi-Fi blocked");
        assert_eq!(
            say("MaxDevicePasswordFailedAttempts", "8").1,
            "local wipe or timed lockout after 8 bad tries"
        );
    }

    #[test]
    fn values_out_of_range_are_warnings() {
        let (level, text) = say("MaxAttachmentSize", "-1");
        assert_eq!(level, Level::Warning);
        assert_eq!(text, "-1 is outside what is allowed: 0..4294967295 or empty");
        assert_eq!(say("AllowBluetooth", "3").0, Level::Warning);
        assert_eq!(say("MaxCalendarAgeFilter", "2").0, Level::Warning);
        assert_eq!(say("AllowCamera", "yes").0, Level::Warning);
    }

    #[test]
    fn a_document_is_noted_and_counted() {
        let decoded = sketch::decoded(
            "<EASProvisionDoc><DevicePasswordEnabled>0</DevicePasswordEnabled><MinDevicePasswordLength>4</MinDevicePasswordLength><AllowCamera>0</AllowCamera><ApprovedApplicationList><Hash>ab</Hash></ApprovedApplicationList><UnapprovedInROMApplicationList/><Odd>1</Odd></EASProvisionDoc>",
        );
        let mut draft = Draft::default();
        let digest = annotate(Leg::Response, &Document::of(&decoded).unwrap(), &mut draft).unwrap();
        assert_eq!(
            digest.words(),
            "6 settings, 2 restrictive: AllowCamera 0, ApprovedApplicationList (1 entry)"
        );
        let notes: Vec<String> =
            draft.finish().response.into_iter().skip(1).map(|note| note.text).collect();
        assert_eq!(notes[1], "at least 4 characters; ignored because DevicePasswordEnabled is 0");
        assert_eq!(notes[3], "1 entry: only these installed apps may run");
        assert_eq!(notes[4], "SHA-1 of an allowed in-memory app");
        assert_eq!(notes[5], "empty list: nothing blocked");
        assert_eq!(notes.len(), 7);
    }

    #[test]
    fn what_is_absent_is_said_where_it_means_something() {
        let note = |body: &str| {
            let decoded = sketch::decoded(body);
            let mut draft = Draft::default();
            annotate(Leg::Response, &Document::of(&decoded).unwrap(), &mut draft);
            draft.finish().response.into_iter().map(|note| note.text).collect::<Vec<_>>()
        };
        let notes = note(
            "<EASProvisionDoc><MinDevicePasswordLength>4</MinDevicePasswordLength></EASProvisionDoc>",
        );
        assert!(
            notes[0].starts_with("41 settings are absent; when absent: DevicePasswordEnabled: ")
        );
        assert!(notes[0].contains("AllowSimpleDevicePassword: 1 (SHOULD)"));
        assert_eq!(
            notes[1],
            "at least 4 characters; may be ignored because DevicePasswordEnabled is absent"
        );
        let all = POLICIES.iter().fold(String::new(), |all, row| all + "<" + row.element + "/>");
        let notes = note(&format!("<EASProvisionDoc>{all}</EASProvisionDoc>"));
        assert_eq!(notes[0], "every setting of the protocol is there");
    }
}
