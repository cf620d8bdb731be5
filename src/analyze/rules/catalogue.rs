//! The catalogue of rules.

use std::collections::HashMap;
use std::sync::LazyLock;

use crate::analyze::table::rows;
use crate::model::{FindingSide, Level, Requirement};

pub(super) const TABLE: &str = include_str!("catalogue.tsv");

/// Rules about enrolment, of the same shape.
pub(super) const ENROLMENT: &str = include_str!("enrolment/catalogue.tsv");
/// Rules about signatures, of the same shape.
pub(super) const SIGNATURE: &str = include_str!("signature.tsv");

/// Rules about SyncML, of the same shape.
pub(super) const SYNCML: &str = include_str!("syncml/catalogue.tsv");

/// What is said about one rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RuleText {
    /// Stable id.
    pub id: &'static str,
    /// Whose duty it is.
    pub side: FindingSide,
    /// How strongly the specification words it.
    pub requirement: Requirement,
    /// How much attention breaking it wants.
    pub level: Level,
    /// Protocol versions it is for: `all`, `14.1+`, `below 16.1`, or a list; `DM` for device management
    /// alone, without data synchronisation.
    pub versions: &'static str,
    /// One sentence without a full stop.
    pub sentence: &'static str,
    /// When it is looked at.
    pub when: &'static str,
    /// What looks like it and is known to be something else.
    pub false_positives: &'static str,
    /// Where and why we judge less strictly than the text; empty when we do not.
    pub departure: &'static str,
    /// Specification and section.
    pub source: &'static str,
}

static CATALOGUE: LazyLock<Vec<RuleText>> = LazyLock::new(|| {
    rows::<10>(TABLE)
        .chain(rows::<10>(ENROLMENT))
        .chain(rows::<10>(SIGNATURE))
        .chain(rows::<10>(SYNCML))
        .map(
            |[
                id,
                side,
                requirement,
                attention,
                versions,
                sentence,
                when,
                fp,
                departure,
                source,
            ]| {
                RuleText {
                    id,
                    side: match side {
                        "client" => FindingSide::Client,
                        "server" => FindingSide::Server,
                        _ => FindingSide::Both,
                    },
                    requirement: match requirement {
                        "must" => Requirement::Must,
                        "should" => Requirement::Should,
                        _ => Requirement::Info,
                    },
                    level: match attention {
                        "alarm" => Level::Alarm,
                        "warning" => Level::Warning,
                        _ => Level::Info,
                    },
                    versions,
                    sentence,
                    when,
                    false_positives: fp,
                    departure,
                    source,
                }
            },
        )
        .collect()
});

static BY_ID: LazyLock<HashMap<&str, &RuleText>> =
    LazyLock::new(|| CATALOGUE.iter().map(|rule| (rule.id, rule)).collect());

/// Every rule, in the order of the facts.
pub fn catalogue() -> &'static [RuleText] {
    &CATALOGUE
}

/// The row of one rule.
pub(super) fn text_of(id: &str) -> Option<&'static RuleText> {
    BY_ID.get(id).copied()
}

impl RuleText {
    /// True when the rule is for this version; a rule for some versions only is not for an unknown
    /// one.
    pub(super) fn is_for(&self, version: &str) -> bool {
        if self.versions == "all" {
            return true;
        }
        let Some(version) = number(version) else { return false };
        self.versions.split(';').any(|part| match part.strip_suffix('+') {
            Some(low) => number(low).is_some_and(|low| version >= low),
            None => match part.strip_prefix("below ") {
                Some(high) => number(high).is_some_and(|high| version < high),
                None => number(part) == Some(version),
            },
        })
    }
}

/// `14.1` as 141.
pub(super) fn number(version: &str) -> Option<u32> {
    let (major, minor) = version.split_once('.')?;
    Some(major.parse::<u32>().ok()?.checked_mul(10)?.saturating_add(minor.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analyze::table::check;

    #[test]
    fn the_table_parses() {
        let heading =
            "id side requirement attention versions sentence when false_positives departure source";
        assert_eq!(check(TABLE, heading, 1), 156);
        assert_eq!(check(ENROLMENT, heading, 1), 27);
        assert_eq!(check(SIGNATURE, heading, 1), 23);
        check(SYNCML, heading, 1);
        for rule in catalogue() {
            assert!(!rule.sentence.is_empty() && !rule.sentence.ends_with('.'), "{}", rule.id);
            assert!(!rule.source.is_empty(), "{}", rule.id);
            let versions = ["2.5", "12.0", "12.1", "14.0", "14.1", "16.0", "16.1"];
            let known =
                rule.versions == "DM" || versions.iter().any(|version| rule.is_for(version));
            assert!(known, "{}", rule.id);
        }
    }

    #[test]
    fn a_rule_is_for_its_versions_only() {
        let fits = |id: &str, version: &str| text_of(id).unwrap().is_for(version);
        assert!(fits("prov-devinfo-missing", "14.1") && fits("prov-devinfo-missing", "16.1"));
        assert!(!fits("prov-devinfo-missing", "14.0") && !fits("prov-devinfo-missing", ""));
        assert!(fits("prov-devinfo-forbidden", "12.1") && !fits("prov-devinfo-forbidden", "14.1"));
        assert!(fits("wipe-account-version", "16.0") && !fits("wipe-account-version", "16.1"));
        assert!(fits("prov-key-missing", ""));
    }
}
