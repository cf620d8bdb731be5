//! Status codes of SyncML, what each Status answers, and the HRESULT behind a failure.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::LazyLock;

use crate::analyze::document::Document;
use crate::analyze::draft::{Draft, clip, clipped, counted};
use crate::analyze::hresult;
use crate::analyze::table::rows;
use crate::model::{Leg, Level, NodeId};

use super::answer::Status as Answer;
use super::message::Message;

const TABLE: &str = include_str!("../tables/syncml_status.tsv");

/// One code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::analyze) struct Status {
    pub(in crate::analyze) code: &'static str,
    pub(in crate::analyze) class: &'static str,
    pub(in crate::analyze) name: &'static str,
    pub(in crate::analyze) meaning: &'static str,
    pub(in crate::analyze) windows: &'static str,
    pub(in crate::analyze) in_dm: &'static str,
    pub(in crate::analyze) source: &'static str,
}

/// Every code, ascending.
pub(in crate::analyze) static STATUSES: LazyLock<Vec<Status>> = LazyLock::new(|| {
    rows::<7>(TABLE)
        .map(|[code, class, name, meaning, windows, in_dm, source]| Status {
            code,
            class,
            name,
            meaning,
            windows,
            in_dm,
            source,
        })
        .collect()
});

static BY_CODE: LazyLock<HashMap<&'static str, &'static Status>> =
    LazyLock::new(|| STATUSES.iter().map(|row| (row.code, row)).collect());

/// The row of a code.
pub(in crate::analyze) fn named(code: &str) -> Option<&'static Status> {
    BY_CODE.get(code).copied()
}

/// How loud a code is: what the protocol does in its normal course is plain or notable.
fn level(code: &str) -> Level {
    match code.parse::<u16>().unwrap_or(0) {
        214..=216 | 304 | 401 | 407 | 418 | 419 | 508 => Level::Notable,
        100..=299 => Level::Info,
        _ => Level::Warning,
    }
}

/// Different codes counted one by one; more are a device that makes them up.
const CODES: usize = 12;

/// What the Status commands of an exchange amount to.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Tally {
    /// Every Status, whatever its code.
    total: usize,
    /// Codes in the order of their first appearance, with their counts.
    codes: Vec<(String, usize)>,
    /// Code of the Status for the answer's `SyncHdr`.
    pub(super) header: String,
    /// First code that is neither plain nor notable.
    pub(super) failed: String,
}

impl Tally {
    fn add(&mut self, code: &str) {
        self.total += 1;
        let room = self.codes.len() < CODES;
        match self.codes.iter_mut().find(|(known, _)| known == code) {
            Some((_, count)) => *count += 1,
            None if room => self.codes.push((clip(code), 1)),
            None => {}
        }
        if self.failed.is_empty() && level(code) == Level::Warning {
            self.failed = clip(code);
        }
    }

    /// `3 statuses, all 200`; `5 statuses: 200 x3, 404 x2`.
    pub(super) fn words(&self) -> String {
        let words = counted(self.total, "status", "statuses");
        let told: usize = self.codes.iter().map(|(_, count)| count).sum();
        match self.codes.as_slice() {
            [] => words,
            [(code, 1)] => format!("{words} {code}"),
            [(code, _)] => format!("{words}, all {code}"),
            codes => {
                let mut each: Vec<String> = codes
                    .iter()
                    .map(|(code, count)| match count {
                        1 => code.clone(),
                        count => format!("{code} x{count}"),
                    })
                    .collect();
                if told < self.total {
                    each.push("…".to_owned());
                }
                format!("{words}: {}", each.join(" "))
            }
        }
    }
}

/// Notes every Status of `message`. `asked` is the message it answers, when that is in the same
/// exchange.
pub(super) fn annotate(
    leg: Leg,
    message: &Message<'_>,
    asked: Option<&Message<'_>>,
    tally: &mut Tally,
    draft: &mut Draft,
) {
    let document = &message.document;
    for (_, answer) in message.answers() {
        let results = answer.results;
        let told = if results { "result of" } else { "answers" };
        draft.note(leg, document, answer.node, Level::Info, answers(told, answer, asked));
        let Some(data) = answer.data().filter(|_| !results) else { continue };
        let code = answer.code();
        tally.add(code);
        if answer.command() == "0" && (leg == Leg::Response || tally.header.is_empty()) {
            tally.header = clip(code);
        }
        let (level, text) = sentence(code, answer.challenge().is_some());
        draft.note(leg, document, data, level, text);
        for node in [answer.node, data] {
            note_error(leg, document, node, draft);
        }
    }
}

/// `answers Replace 4 of message 1 (./Vendor/MSFT/…)`; `told` is its first word.
fn answers(told: &str, answer: &Answer<'_>, asked: Option<&Message<'_>>) -> String {
    let (reference, message) = (clipped(answer.command()), clipped(answer.message()));
    if reference == "0" {
        return format!("{told} the header of message {message}");
    }
    let asked =
        asked.filter(|asked| asked.id == message).and_then(|asked| asked.command(&reference));
    let verb = match answer.verb() {
        "" => asked.map_or("command", |(verb, _)| verb),
        verb => verb,
    };
    let text = |name: &str| answer.document.child_text(answer.node, name);
    let target = text("TargetRef").or_else(|| text("SourceRef"));
    let target = target.or_else(|| Some(Cow::Borrowed(asked?.1?)));
    let verb = clipped(verb);
    match target {
        None => format!("{told} {verb} {reference} of message {message}"),
        Some(target) => {
            format!("{told} {verb} {reference} of message {message} ({})", clipped(&target))
        }
    }
}

fn sentence(code: &str, challenge: bool) -> (Level, Cow<'static, str>) {
    let Some(row) = named(code) else {
        let text = format!("{}: in no table of SyncML status codes", clip(code));
        return (Level::Notable, text.into());
    };
    if let Some((level, text)) = SENTENCES.get(code).filter(|_| !challenge) {
        return (*level, text.as_str().into());
    }
    let (level, text) = told(row, challenge);
    (level, text.into())
}

/// What a code means, where no challenge comes with it.
static SENTENCES: LazyLock<HashMap<&'static str, (Level, String)>> =
    LazyLock::new(|| STATUSES.iter().map(|row| (row.code, told(row, false))).collect());

fn told(row: &Status, challenge: bool) -> (Level, String) {
    let normal = match row.code {
        "401" | "407" if challenge => "; a first round with a challenge is normal",
        "212" if challenge => "; the challenge brings the nonce for the next session",
        _ => "",
    };
    let text = format!("{} {}: {}{normal}", row.code, row.name, row.meaning);
    let level = level(row.code);
    let why = if level == Level::Warning && !row.windows.is_empty() {
        format!(" (on Windows: {})", row.windows)
    } else {
        String::new()
    };
    (level, text + &why)
}

/// `msft:originalerror` on a Status or its Data (MS-MDM): the HRESULT the device had.
fn note_error(leg: Leg, document: &Document<'_>, node: NodeId, draft: &mut Draft) {
    let Some(error) = document.attribute(node, "originalerror") else { return };
    let words = hresult::parse(error).map(|value| {
        let meaning = hresult::meaning(value).map(|(text, _)| text);
        format!("{} {}", hresult::hex(value), meaning.unwrap_or_else(|| "in no table".to_owned()))
    });
    let text = words.unwrap_or_else(|| clip(error));
    let level = if hresult::parse(error) == Some(0) { Level::Info } else { Level::Warning };
    draft.note(leg, document, node, level, format!("original error {text}"));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analyze::table::check;

    #[test]
    fn the_table_parses() {
        assert_eq!(check(TABLE, "code class name meaning windows in_dm source", 1), 70);
    }

    #[test]
    fn the_tally_counts_codes() {
        let words = |codes: &[&str]| {
            let mut tally = Tally::default();
            for code in codes {
                tally.add(code);
            }
            (tally.words(), tally.failed)
        };
        assert_eq!(words(&[]), (String::new(), String::new()));
        assert_eq!(words(&["200"]).0, "1 status 200");
        assert_eq!(words(&["200", "200", "200"]).0, "3 statuses, all 200");
        assert_eq!(
            words(&["200", "404", "200", "401"]),
            ("4 statuses: 200 x2 404 401".into(), "404".into())
        );
    }

    #[test]
    fn challenges_are_told_as_normal() {
        let (level, text) = sentence("401", true);
        assert_eq!(level, Level::Notable);
        assert!(text.ends_with("a first round with a challenge is normal"), "{text}");
        assert_eq!(sentence("404", false).0, Level::Warning);
        assert_eq!(sentence("777", false).0, Level::Notable);
    }
}
