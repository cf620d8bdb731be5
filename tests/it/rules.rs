//! Every rule finds what it is for, nothing else, and does so alone.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use synctap::analyze::signature::Signatures;
use synctap::analyze::{Observation, Sessions, catalogue};
use synctap::model::{ExchangeId, ProvisionState, Requirement};

use crate::annotate::cases;
use crate::conversation::{reading, turns};

/// The fixture of one rule: two readings that differ in the offending part only.
fn fixture(id: &str) -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("captures/rules");
    fs::read_to_string(folder.join(format!("{id}.txt"))).unwrap_or_else(|e| panic!("{id}: {e}"))
}

/// Ids of everything found in a conversation.
fn found(text: &str, mut sessions: Sessions) -> BTreeSet<String> {
    found_with(text, &mut sessions, Signatures::default())
}

/// The same with one rule switched off.
fn found_without(text: &str, rule: &str) -> BTreeSet<String> {
    found_with(text, &mut Sessions::without([rule]), Signatures::without([rule]))
}

fn found_with(text: &str, sessions: &mut Sessions, mut signed: Signatures) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for turn in turns(text) {
        let told = turn.tell(sessions).0.findings;
        let (request, response) = (turn.request.as_ref(), turn.response.as_ref());
        let seen = signed.observe(&turn.exchange, request, response);
        found.extend(told.into_iter().chain(seen.findings).map(|finding| finding.id));
    }
    found
}

#[test]
fn every_rule_has_a_fixture_and_every_fixture_a_rule() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("captures/rules");
    let files = fs::read_dir(folder).unwrap().map(|e| e.unwrap().path());
    let files: BTreeSet<String> = files
        .filter(|path| path.extension().is_some_and(|extension| extension == "txt"))
        .map(|path| path.file_stem().unwrap().to_string_lossy().into_owned())
        .collect();
    let rules: BTreeSet<String> = catalogue().iter().map(|rule| rule.id.to_owned()).collect();
    assert_eq!(files, rules);
}

/// Every statement about device management that could be a rule (MS-MDM, MS-MDE2, OMA DM, the published
/// tables of nodes) is one, or is listed with the reason why traffic cannot show it.
#[test]
fn every_statement_about_management_is_a_rule_or_has_a_reason() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let wanted = fs::read_to_string(root.join("captures/rules/management.list")).unwrap();
    let rules: BTreeSet<&str> = catalogue().iter().map(|rule| rule.id).collect();
    let unchecked = fs::read_to_string(root.join("src/analyze/rules/unchecked.tsv")).unwrap();
    let reasons = unchecked.lines().skip(1).map(|line| line.split('\t').collect::<Vec<_>>());
    let reasons: BTreeSet<&str> =
        reasons.filter(|cells| !cells[2].is_empty()).map(|cells| cells[0]).collect();
    let ids: BTreeSet<&str> = wanted.lines().collect();
    assert_eq!(ids.len(), 282);
    let missing: Vec<&&str> =
        ids.iter().filter(|id| rules.contains(**id) == reasons.contains(**id)).collect();
    assert!(missing.is_empty(), "neither or both: {missing:?}");
    let documents = ids.iter().filter(|id| id.starts_with("doc-")).count();
    let judged = ids.iter().filter(|id| rules.contains(**id)).count();
    assert_eq!((judged, documents), (262, 18));
}

#[test]
fn every_rule_finds_the_offending_part_and_only_that() {
    let mut faults = String::new();
    for rule in catalogue() {
        let text = fixture(rule.id);
        let (bad, good) = (reading(&text, true), reading(&text, false));
        let (bad, good) = (found(&bad, Sessions::new()), found(&good, Sessions::new()));
        if !bad.contains(rule.id) {
            let _ = writeln!(faults, "{} is not found: {bad:?}", rule.id);
        }
        if good.contains(rule.id) {
            let _ = writeln!(faults, "{} is found without offence", rule.id);
        }
    }
    assert!(faults.is_empty(), "\n{faults}");
}

/// Switching a rule off takes its own finding from its own fixture, and nothing else from any.
#[test]
fn a_rule_switched_off_is_missed_by_its_own_fixture_alone() {
    let all: Vec<(&str, String, BTreeSet<String>)> = catalogue()
        .iter()
        .map(|rule| {
            let bad = reading(&fixture(rule.id), true);
            let found = found(&bad, Sessions::new());
            (rule.id, bad, found)
        })
        .collect();
    for (off, ..) in &all {
        for (id, bad, whole) in
            all.iter().filter(|(id, _, whole)| id == off || whole.contains(*off))
        {
            let mut expected = whole.clone();
            expected.remove(*off);
            assert_eq!(found_without(bad, off), expected, "{off} off in {id}");
        }
    }
}

/// What else is found in each fixture, so that a change shows.
#[test]
fn what_the_fixtures_tell() {
    let mut lines = String::new();
    for rule in catalogue() {
        let text = fixture(rule.id);
        for (name, bad) in [("bad", true), ("good", false)] {
            let found = found(&reading(&text, bad), Sessions::new());
            let rest: Vec<String> = found.into_iter().filter(|id| id != rule.id).collect();
            let _ = writeln!(lines, "{} {name}: {}", rule.id, rest.join(" "));
        }
    }
    insta::assert_snapshot!(lines);
}

/// A captured conversation, folded: the name of each exchange with what is seen in it.
fn folded(folder: &str, sessions: &mut Sessions) -> Vec<(String, Observation)> {
    let mut seen = Vec::new();
    for (id, mut case) in (1..).zip(cases(folder)) {
        case.exchange.id = ExchangeId(id);
        let (request, response) = (Some(&case.request), Some(&case.response));
        let found = sessions.observe(&case.exchange, request, response, &case.annotated);
        seen.extend(found.map(|found| (case.name, found)));
    }
    seen
}

/// Every finding on real traffic; read against the notes of each folder.
#[test]
fn what_real_traffic_tells() {
    let mut lines = String::new();
    for folder in ["eas/sogo-14.1", "eas/zpush-14.0"] {
        for (name, seen) in folded(folder, &mut Sessions::new()) {
            for finding in seen.findings {
                let (level, requirement) = (finding.level.mark(), finding.requirement.name());
                let (id, text) = (&finding.id, &finding.text);
                let _ = writeln!(lines, "{name} {level} {requirement} {id}: {text}");
            }
        }
    }
    insta::assert_snapshot!(lines);
}

/// Exchanges that break a MUST on purpose, or by the server's own habit: see their notes.
const TRUE_MUSTS: [&str; 6] = [
    // GetAttachment ended with 12.1, and there is no such command: the client tries both.
    "eas/sogo-14.1/044_GetAttachment http-command-version",
    "eas/sogo-14.1/071_NoSuchCommand http-command-unknown",
    // Z-Push writes -1 for "no limit", which an unsigned number cannot be.
    "eas/zpush-14.0/003_Provision prov-policy-range",
    "eas/zpush-14.0/038_GetAttachment http-command-version",
    "eas/zpush-14.0/059_NoSuchCommand http-command-unknown",
    // The client leaves the key out to see what the server does.
    "eas/zpush-14.0/060_FolderSync prov-key-missing",
];

#[test]
fn no_must_is_broken_by_correct_traffic() {
    let mut broken = Vec::new();
    for folder in ["eas/sogo-14.1", "eas/zpush-14.0"] {
        for (name, seen) in folded(folder, &mut Sessions::new()) {
            let musts = seen.findings.iter().filter(|f| f.requirement == Requirement::Must);
            broken.extend(musts.map(|finding| format!("{name} {}", finding.id)));
        }
    }
    assert_eq!(broken, TRUE_MUSTS);
}

/// `SOGo` has no policy, Z-Push gives two keys; both query forms and every connection are one device.
#[test]
fn real_devices_end_where_they_should() {
    let end = |folder: &str| {
        let mut sessions = Sessions::new();
        folded(folder, &mut sessions);
        let mut devices = sessions.devices();
        assert_eq!(devices.len(), 1, "{devices:?}");
        devices.remove(0)
    };
    let sogo = end("eas/sogo-14.1");
    assert_eq!((sogo.state, sogo.assumed), (ProvisionState::NoPolicy, false));
    assert_eq!(sogo.version, "14.1");
    let zpush = end("eas/zpush-14.0");
    let keys: Vec<&str> = zpush.keys.iter().map(|step| step.role.name()).collect();
    assert_eq!(keys[..2], ["temporary", "final"]);
    assert_eq!(zpush.policy.as_ref().unwrap().settings.len(), 42);
    assert_eq!(zpush.user_agent, "LabPhone/7.1-EAS-1.0");
}
