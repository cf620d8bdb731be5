//! What became of a command: by its own answers, and by those of the group around it.

use crate::model::{Answer, LedgerEntry, Leg, Level, Outcome};

use super::session::Session;
use super::turn::Log;

/// What a status code says about its command.
pub(super) fn of_code(code: &str) -> Outcome {
    match code.parse::<u16>().unwrap_or_default() {
        101 | 202 | 213 | 508 => Outcome::Accepted,
        214 | 215 | 304 | 419 => Outcome::NotExecuted,
        216 => Outcome::RolledBack,
        200..=299 => Outcome::Done,
        _ => Outcome::Failed,
    }
}

/// What all answers together say: the worst, but a later last word replaces what was preliminary.
pub(super) fn of_answers(answers: &[Answer]) -> Outcome {
    let rank = |outcome: Outcome| match outcome {
        Outcome::Failed => 4,
        Outcome::RolledBack => 3,
        Outcome::NotExecuted => 2,
        Outcome::Done => 1,
        _ => 0,
    };
    let outcomes = answers.iter().map(|answer| of_code(&answer.code));
    outcomes.max_by_key(|outcome| rank(*outcome)).unwrap_or_default()
}

/// Says why, as far as the answers of the command itself tell, and how loud that is.
pub(super) fn explain(entry: &mut LedgerEntry) {
    let (level, why) = match (entry.code(), entry.verb) {
        ("404", "Delete") => (Level::Info, "was gone already"),
        ("418", "Add") => (Level::Info, "was there already"),
        ("508", "Alert") => (Level::Notable, "a slow synchronisation is to follow"),
        ("401" | "407", _) => (Level::Notable, ""),
        _ => match entry.outcome {
            Outcome::Failed => (Level::Warning, ""),
            Outcome::RolledBack | Outcome::NotExecuted => (Level::Notable, ""),
            _ => (Level::Info, ""),
        },
    };
    entry.level = entry.level.max(level);
    if !why.is_empty() {
        why.clone_into(&mut entry.why);
    }
}

/// The outermost group around an entry, or the entry itself.
pub(super) fn root_of(session: &Session, place: u32) -> u32 {
    let mut at = place;
    while let Some(around) = session.view.entries.get(at as usize).and_then(|entry| entry.within) {
        at = around;
    }
    at
}

/// Says in each group that was answered which member made the others fail.
pub(super) fn settle_groups(session: &mut Session, log: &Log) {
    for root in &log.groups {
        let members = members(&session.view.entries, *root);
        if members.len() > 1 {
            settle(session, members);
        }
    }
}

/// The entry and everything inside it: they stand in a row.
pub(in crate::analyze) fn members(entries: &[LedgerEntry], root: u32) -> std::ops::Range<usize> {
    let root = root as usize;
    let Some(depth) = entries.get(root).map(|entry| entry.depth) else { return root..root };
    let inside = entries[root + 1..].iter().take_while(|entry| entry.depth > depth).count();
    root..root + 1 + inside
}

fn settle(session: &mut Session, members: std::ops::Range<usize>) {
    let entries = &mut session.view.entries[members];
    let own_fault = |entry: &&LedgerEntry| {
        entry.outcome == Outcome::Failed
            && !matches!(entry.code(), "507" | "516")
            && !matches!(entry.verb, "Atomic" | "Sequence")
    };
    let cause = entries.iter().find(own_fault);
    let because = match cause {
        Some(cause) => format!("because {}", words(cause)),
        None => structural(entries).to_owned(),
    };
    for entry in entries {
        let text = match (entry.code(), entry.verb) {
            ("216", _) => "rolled back",
            ("215", _) => "left out",
            ("516", _) => "could not be rolled back",
            ("507", _) | (_, "Atomic" | "Sequence") if entry.outcome == Outcome::Failed => "failed",
            _ => continue,
        };
        entry.why = if because.is_empty() {
            format!("{text}; no member of the group says why")
        } else {
            format!("{text} {because}")
        };
    }
}

/// `Replace 4 failed with 500 (0x86000002)`.
fn words(entry: &LedgerEntry) -> String {
    let bad = entry.answers.iter().find(|answer| of_code(&answer.code) == Outcome::Failed);
    let error = bad.map(|answer| answer.error.as_str()).filter(|error| !error.is_empty());
    let error = error.map(|error| format!(" ({error})")).unwrap_or_default();
    format!("{} {} failed with {}{error}", entry.verb, entry.command, entry.code())
}

/// What is known to make Windows refuse a whole group (Microsoft's documentation of OMA DM support).
fn structural(entries: &[LedgerEntry]) -> &'static str {
    let Some((_, inside)) = entries.split_first() else { return "" };
    if inside.iter().any(|entry| entry.verb == "Atomic") {
        "perhaps because of the Atomic inside it, which Windows does not take"
    } else if inside.iter().any(|entry| entry.verb == "Get") {
        "perhaps because of the Get inside it, which Windows does not take"
    } else {
        ""
    }
}

/// The header of a message was refused: what it held was not carried out.
pub(super) fn void(session: &mut Session, leg: Leg, message: &str, why: &str) {
    let mut places = Vec::new();
    for (place, entry) in (0_u32..).zip(&mut session.view.entries) {
        if entry.leg == leg && entry.message == message && entry.outcome == Outcome::Waiting {
            entry.outcome = Outcome::NotExecuted;
            why.clone_into(&mut entry.why);
            places.push(place);
        }
    }
    session.side_mut(leg).waiting.retain(|place| !places.contains(place));
}
