//! Every rule with its function, and the turn they take.

use std::collections::HashSet;

use crate::analyze::draft::{clip_to, joined};
use crate::model::{Finding, Level, Requirement};

use super::catalogue::{RuleText, text_of};
#[cfg(test)]
use super::enrolment;
use super::hit::{Hit, Scene};
#[cfg(test)]
use super::syncml;
use super::{
    answer, device_information, enforce, habit, key, order, request, server, settings, status,
    structure, wipe,
};

/// What a rule is: what it sees, and what it finds.
pub(super) type Check = fn(&Scene<'_>) -> Option<Hit>;

/// A rule by its id.
pub(super) type Rule = (&'static str, Check);

/// Characters of one finding.
const TEXT_CHARS: usize = 400;

/// The rules, a table a file.
const RULES: [&[Rule]; 12] = [
    key::RULES,
    order::RULES,
    server::RULES,
    structure::RULES,
    settings::RULES,
    device_information::RULES,
    status::RULES,
    wipe::RULES,
    request::RULES,
    answer::RULES,
    habit::RULES,
    enforce::RULES,
];

/// Which rules are off; none by default.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(in crate::analyze) struct Switches {
    off: HashSet<String>,
}

impl Switches {
    /// All on but these.
    pub(in crate::analyze) fn without<'a>(ids: impl IntoIterator<Item = &'a str>) -> Self {
        Self { off: ids.into_iter().map(str::to_owned).collect() }
    }

    /// True when this rule is not looked at.
    pub(in crate::analyze) fn is_off(&self, id: &str) -> bool {
        !self.off.is_empty() && self.off.contains(id)
    }
}

/// Everything that is found in one exchange, loudest first.
pub(in crate::analyze) fn check(scene: &Scene<'_>, switches: &Switches) -> Vec<Finding> {
    let version = scene.head.version.as_str();
    let mut findings: Vec<Finding> = Vec::new();
    for (id, check) in RULES.iter().copied().flatten() {
        if switches.is_off(id) {
            continue;
        }
        let Some(hit) = check(scene) else { continue };
        if let Some(text) = text_of(id).filter(|text| text.is_for(version)) {
            findings.push(finding(text, hit));
        }
    }
    sort(&mut findings);
    findings
}

/// Loudest first; of equally loud ones the more strongly worded.
pub(super) fn sort(findings: &mut [Finding]) {
    let strength = |requirement| match requirement {
        Requirement::Must => 0,
        Requirement::Should => 1,
        Requirement::Info => 2,
    };
    findings.sort_by_key(|found| (std::cmp::Reverse(found.level), strength(found.requirement)));
}

pub(super) fn finding(rule: &RuleText, hit: Hit) -> Finding {
    let (requirement, level) = match hit.lowered {
        Some(_) => (Requirement::Info, Level::Info),
        None => (rule.requirement, rule.level),
    };
    let text = joined([rule.sentence.to_owned(), hit.detail], ": ");
    let text = match hit.lowered {
        Some(why) => format!("{text} ({why})"),
        None => text,
    };
    Finding {
        id: rule.id.to_owned(),
        requirement,
        level,
        side: rule.side,
        clause: rule.source.to_owned(),
        text: clip_to(&text, TEXT_CHARS),
        evidence: hit.evidence,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analyze::rules::catalogue::catalogue;
    use crate::analyze::rules::signature;

    #[test]
    fn every_row_has_one_function_and_every_function_a_row() {
        let mut rules: Vec<&str> = RULES.iter().copied().flatten().map(|(id, _)| *id).collect();
        rules.extend(enrolment::ids());
        rules.extend(signature::ids());
        rules.extend(syncml::ids());
        let mut rows: Vec<&str> = catalogue().iter().map(|rule| rule.id).collect();
        rules.sort_unstable();
        rows.sort_unstable();
        assert_eq!(rules, rows);
    }
}
