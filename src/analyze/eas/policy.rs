//! The settings of a policy: what each value does to a device.

use std::sync::LazyLock;

use crate::analyze::draft::clip;
use crate::analyze::table::{Numbers, rows};
use crate::model::Level;

const TABLE: &str = include_str!("../tables/policies.tsv");
const WAP_TABLE: &str = include_str!("../tables/wap_policies.tsv");

/// One setting (MS-ASPROV 2.2.2), or one parameter of the policy of version 2.5.
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
pub(in crate::analyze) static POLICIES: LazyLock<Vec<Policy>> = LazyLock::new(|| read(TABLE));

/// Parameters of a `wap-provisioningdoc` that servers send as the policy of version 2.5.
static WAP_POLICIES: LazyLock<Vec<Policy>> = LazyLock::new(|| read(WAP_TABLE));

fn read(table: &'static str) -> Vec<Policy> {
    rows::<15>(table)
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
}

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

    /// The parameter of a version 2.5 policy with this name, compared without case.
    pub(super) fn parameter(name: &str) -> Option<&'static Self> {
        WAP_POLICIES.iter().find(|policy| policy.element.eq_ignore_ascii_case(name))
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
    pub(super) fn explain(&self, text: &str) -> (Level, String) {
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
    pub(super) fn label_words(&self) -> &'static str {
        self.labels.split_once('=').map_or(self.labels, |(_, words)| words)
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

/// Algorithms the table calls weak (MS-ASPROV 2.2.2.48, 2.2.2.50).
pub(in crate::analyze) fn weak(element: &str, value: &str) -> bool {
    match element {
        "RequireSignedSMIMEAlgorithm" => value == "1",
        "RequireEncryptionSMIMEAlgorithm" => matches!(value, "1" | "3" | "4"),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analyze::table::check;

    const HEADING: &str = "element parent type allowed unit when_absent when_empty needs condition first_version labels restrictive category notes source";

    fn say(name: &str, value: &str) -> (Level, String) {
        Policy::named(name).unwrap().explain(value)
    }

    #[test]
    fn the_table_parses() {
        assert_eq!(check(TABLE, HEADING, 1), 45);
        assert_eq!(check(WAP_TABLE, HEADING, 1), 12);
        for policy in POLICIES.iter().chain(WAP_POLICIES.iter()) {
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
}
