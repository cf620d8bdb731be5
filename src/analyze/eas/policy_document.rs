//! The policy document: an `EASProvisionDoc`, or the `wap-provisioningdoc` of version 2.5. What each
//! setting in it does to a device, and what those do that are not in it.

use std::fmt::Write as _;

use crate::analyze::document::Document;
use crate::analyze::draft::{Draft, clip, counted, joined};
use crate::model::{Leg, Level, NodeId};

use super::policy::{POLICIES, Policy, weak};

/// Restrictive settings named in the overview; the rest is counted.
const NAMED_SETTINGS: usize = 8;

/// Settings of one document that are read; the protocol has 42.
const SETTINGS: usize = 128;

/// Entries of one list that are read.
const ENTRIES: usize = 40;

/// The root of the policy of version 2.5.
pub(in crate::analyze) const WAP_ROOT: &str = "wap-provisioningdoc";

/// One setting as a document has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::analyze) struct Told {
    pub(in crate::analyze) node: NodeId,
    /// Element name; of version 2.5 the characteristics and the parameter.
    pub(in crate::analyze) name: String,
    pub(in crate::analyze) row: Option<&'static Policy>,
    /// As sent; of a list its entries, joined.
    pub(in crate::analyze) value: String,
    /// The entries of a list.
    pub(in crate::analyze) entries: Vec<String>,
    pub(in crate::analyze) meaning: String,
    /// It takes something from the user.
    pub(in crate::analyze) restrictive: bool,
    level: Level,
}

impl Told {
    fn new(node: NodeId, name: &str, row: Option<&'static Policy>, value: &str) -> Self {
        let (level, meaning) = match row {
            Some(row) => row.explain(value),
            None => (Level::Notable, "no setting of this name is known".to_owned()),
        };
        let restrictive = row.is_some() && level == Level::Notable;
        let (name, entries) = (clip(name), Vec::new());
        Self { node, name, row, value: clip(value), entries, meaning, restrictive, level }
    }

    /// The switch it depends on is off. A wrong value stays a warning: it is wrong whether it counts
    /// or not.
    fn ignored(&mut self, because: &str) {
        if self.level == Level::Notable {
            self.level = Level::Info;
        }
        self.restrictive = false;
        let _ = write!(self.meaning, "; ignored because {because}");
    }
}

/// The settings below `root`, an `EASProvisionDoc`, in the order sent.
pub(in crate::analyze) fn settings(document: &Document<'_>, root: NodeId) -> Vec<Told> {
    let switch = document.child(root, "DevicePasswordEnabled").map(|id| document.text(id) == "0");
    let told = document.children(root).take(SETTINGS).map(|id| {
        let mut told = setting(document, id);
        if told.row.is_some_and(|row| row.needs == "DevicePasswordEnabled") {
            match switch {
                Some(false) => {}
                Some(true) => told.ignored("DevicePasswordEnabled is 0"),
                // The 2018 text has it ignored, the 2012 text says nothing.
                None => {
                    told.meaning
                        .push_str("; may be ignored because DevicePasswordEnabled is absent");
                }
            }
        }
        if weak(&told.name, &told.value) {
            told.meaning.push_str(" (weak)");
        }
        told
    });
    told.collect()
}

fn setting(document: &Document<'_>, id: NodeId) -> Told {
    let name = document.name(id);
    let row = Policy::named(name);
    let Some(list) = row.filter(|row| row.is_list()) else {
        let name = row.map_or(name, |row| row.element);
        let name = if name.is_empty() { "unknown" } else { name };
        return Told::new(id, name, row, &document.text(id));
    };
    let all = document.children(id).count();
    let entries: Vec<String> =
        document.children(id).take(ENTRIES).map(|entry| entry_text(document, entry)).collect();
    let (level, meaning) = if all == 0 {
        (Level::Info, format!("empty list: {}", list.when_empty))
    } else {
        let count = counted(all, "entry", "entries");
        (Level::Notable, format!("{count}: {}", list.label_words()))
    };
    let (name, value) = (list.element.to_owned(), clip(&entries.join(", ")));
    let restrictive = all > 0;
    Told { node: id, name, row, value, entries, meaning, restrictive, level }
}

/// A name as sent; a hash may come as its bytes.
fn entry_text(document: &Document<'_>, id: NodeId) -> String {
    let text = document.text(id);
    let bytes = document.opaque(id).filter(|_| text.is_empty()).unwrap_or_default();
    let hex = bytes.iter().take(64).fold(String::new(), |mut hex, byte| {
        let _ = write!(hex, "{byte:02x}");
        hex
    });
    clip(&text) + &hex
}

/// The parameters of `document`, a `wap-provisioningdoc`, by the path of characteristics around them.
pub(in crate::analyze) fn parameters(document: &Document<'_>) -> Vec<Told> {
    let all = document.elements().filter(|id| document.name(*id) == "parm").take(SETTINGS);
    let mut told: Vec<Told> = all.map(|id| parameter(document, id)).collect();
    let off = |told: &Told| told.row.is_some_and(|row| row.element == "4131") && told.value == "1";
    if told.iter().any(off) {
        let depend = told.iter_mut().filter(|t| t.row.is_some_and(|row| row.needs == "4131"));
        depend.for_each(|one| one.ignored("4131 is 1"));
    }
    told
}

fn parameter(document: &Document<'_>, id: NodeId) -> Told {
    let name = document.attribute(id, "name").unwrap_or_default();
    let mut path = vec![clip(name)];
    let mut around = document.parent(id);
    while let Some(at) = around {
        path.extend(document.attribute(at, "type").map(clip));
        around = document.parent(at);
    }
    path.reverse();
    let value = document.attribute(id, "value").unwrap_or_default();
    Told::new(id, &path.join("/"), Policy::parameter(name), value)
}

/// The settings that are not below `root`, in the order of the schema.
pub(in crate::analyze) fn absent(document: &Document<'_>, root: NodeId) -> Vec<&'static Policy> {
    let present: Vec<&'static str> = document
        .children(root)
        .filter_map(|id| Policy::named(document.name(id)))
        .map(|policy| policy.element)
        .collect();
    let all = POLICIES.iter().filter(|policy| policy.parent == "EASProvisionDoc");
    all.filter(|policy| !policy.source.is_empty() && !present.contains(&policy.element)).collect()
}

/// What a policy document amounts to.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Digest {
    /// Settings present.
    settings: usize,
    /// Those that take something from the user.
    restrictive: Vec<String>,
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

    fn add(&mut self, told: &Told) {
        self.settings += 1;
        if told.restrictive {
            let value = match told.entries.len() {
                0 => told.value.clone(),
                count => format!("({})", counted(count, "entry", "entries")),
            };
            let name = told.row.map_or(told.name.as_str(), |row| row.element);
            self.restrictive.push(format!("{name} {value}"));
        }
    }
}

/// Notes every setting of every policy document in `document`.
pub(super) fn annotate(leg: Leg, document: &Document<'_>, draft: &mut Draft) -> Option<Digest> {
    let mut digest = None;
    for root in document.elements().filter(|id| document.name(*id) == "EASProvisionDoc") {
        let digest = digest.get_or_insert_with(Digest::default);
        for told in settings(document, root) {
            digest.add(&told);
            note_entries(leg, document, &told, draft);
            draft.note(leg, document, told.node, told.level, words(&told));
        }
        draft.note(leg, document, root, Level::Info, absent_words(document, root));
    }
    digest
}

/// Notes every parameter of `document`, a `wap-provisioningdoc`.
pub(super) fn annotate_wap(leg: Leg, document: &Document<'_>, draft: &mut Draft) -> Digest {
    let mut digest = Digest::default();
    for told in parameters(document) {
        digest.add(&told);
        draft.note(leg, document, told.node, told.level, told.meaning);
    }
    digest
}

/// The meaning, the version that introduced the setting, and on which devices it counts.
fn words(told: &Told) -> String {
    let Some(row) = told.row else { return told.meaning.clone() };
    let since = match row.first_version {
        "" | "12.0" => String::new(),
        version => format!("; since {version}"),
    };
    let condition = match row.condition.split_once(" (else").map_or(row.condition, |(so, _)| so) {
        "" => String::new(),
        condition => format!("; counts where {condition}"),
    };
    format!("{}{since}{condition}", told.meaning)
}

fn note_entries(leg: Leg, document: &Document<'_>, told: &Told, draft: &mut Draft) {
    if told.row.is_none_or(|row| !row.is_list()) {
        return;
    }
    for entry in document.children(told.node) {
        if let Some(row) = Policy::named(document.name(entry)) {
            draft.note(leg, document, entry, Level::Info, row.label_words());
        }
    }
}

/// What the settings that are missing from a document mean, where the specification says so.
fn absent_words(document: &Document<'_>, root: NodeId) -> String {
    let missing = absent(document, root);
    if missing.is_empty() {
        return "every setting of the protocol is there".to_owned();
    }
    let count = counted(missing.len(), "setting is", "settings are");
    let defined = missing.iter().filter(|policy| !policy.when_absent.is_empty());
    let words = defined.map(|policy| format!("{}: {}", policy.element, policy.when_absent));
    joined([format!("{count} absent"), joined(words, ", ")], "; when absent: ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analyze::document::sketch;

    /// The policy that servers of version 2.5 send.
    #[test]
    fn the_policy_of_version_2_5_is_read() {
        let decoded = sketch::decoded(
            "<wap-provisioningdoc><characteristic type=\"SecurityPolicy\"><parm name=\"4131\" value=\"0\"/><parm name=\"4133\" value=\"1\"/></characteristic><characteristic type=\"Registry\"><characteristic type=\"HKLM\\LASSD\"><parm name=\"MinimumPasswordLength\" value=\"5\"/><parm name=\"PasswordComplexity\" value=\"9\"/><parm name=\"Odd\" value=\"1\"/></characteristic></characteristic></wap-provisioningdoc>",
        );
        let told = parameters(&Document::of(&decoded).unwrap());
        let words: Vec<_> = told.iter().map(|t| (t.meaning.as_str(), t.restrictive)).collect();
        assert_eq!(
            words,
            [
                ("device password demanded", true),
                ("the device may be unlocked from a desktop computer", false),
                ("at least 5 characters", true),
                ("9 is outside what is allowed: 0, 1 or 2", false),
                ("no setting of this name is known", false),
            ]
        );
        assert_eq!(told[2].name, "Registry/HKLM\\LASSD/MinimumPasswordLength");
    }

    #[test]
    fn without_a_password_the_rest_of_version_2_5_is_ignored() {
        let decoded = sketch::decoded(
            "<wap-provisioningdoc><parm name=\"4131\" value=\"1\"/><parm name=\"MinimumPasswordLength\" value=\"5\"/></wap-provisioningdoc>",
        );
        let told = parameters(&Document::of(&decoded).unwrap());
        assert_eq!(told[1].meaning, "at least 5 characters; ignored because 4131 is 1");
        assert!(!told[1].restrictive);
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
        let notes: Vec<String> = draft
            .finish()
            .response
            .into_iter()
            .skip(1)
            .map(|note| note.text.into_owned())
            .collect();
        assert_eq!(notes[1], "at least 4 characters; ignored because DevicePasswordEnabled is 0");
        assert_eq!(notes[3], "1 entry: only these installed apps may run; since 12.1");
        assert_eq!(notes[4], "SHA-1 of an allowed in-memory app");
        assert_eq!(notes[5], "empty list: nothing blocked; since 12.1");
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
