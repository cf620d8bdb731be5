//! Status and Results brought to the commands they answer, over `MsgRef`, `CmdRef` and `TargetRef`
//! (SyncML Representation 1.2.1, 6.1; MS-MDM 2.2.6.1, 2.2.7.8).

use crate::analyze::document::Subject;
use crate::analyze::draft::{clip, kept};
use crate::analyze::hresult;
use crate::analyze::syncml::{Command, Message, Status, status_named};
use crate::model::{Answer, Decoded, Exchange, LedgerItem, Leg, Outcome};

use super::entry::{ITEMS, ledger_item};
use super::outcome;
use super::session::{Known, Session, opposite};
use super::turn::Log;

/// Status commands held of one command.
const ANSWERS: usize = 16;

/// Nodes noted of one kind in one message.
const NOTED: usize = 64;

/// Brings every answer of `message` to its command.
pub(super) fn answers<'a>(
    session: &mut Session,
    subject: &Subject<'a>,
    leg: Leg,
    message: &Message<'a>,
    log: &mut Log,
) {
    let (exchange, decoded) = (subject.exchange, subject.body(leg));
    let mut last = ("", 0_u32);
    for (at, answer) in message.answers() {
        let results = answer.results;
        if !results && answer.is_header() {
            header(session, leg, answer, log);
            continue;
        }
        let Some(known) = find(session, leg, answer, results, log) else { continue };
        let verb = answer.verb();
        if !verb.is_empty() && verb != known.verb {
            note(&mut log.other_verb, (answer.node, known.verb));
        }
        if !results {
            note(&mut log.codes, (answer.node, known.verb, answer.code().parse().unwrap_or(0)));
        }
        let Some(place) = known.entry else { continue };
        if results {
            let results = Brought { leg, message, command: &message.commands[at], decoded };
            take_results(session, place, &results, log);
        } else {
            let reference = answer.message();
            if reference == last.0 && known.position < last.1 {
                note(&mut log.disordered, answer.node);
            }
            last = (reference, known.position);
            take_status(session, exchange, place, message, answer, log);
        }
    }
}

fn note<T>(list: &mut Vec<T>, value: T) {
    if list.len() < NOTED {
        list.push(value);
    }
}

/// The answer to a header: when it refuses, nothing of that message was carried out.
fn header(session: &mut Session, leg: Leg, answer: &Status<'_>, log: &mut Log) {
    log.header_answered = true;
    let code = answer.code();
    let reference = answer.message();
    if session.sent(opposite(leg), reference).is_none() {
        if !before_what_was_seen(session, leg, reference) {
            note(&mut log.unknown_message, answer.node);
        }
        return;
    }
    if matches!(code, "401" | "407") {
        let why = "credentials were refused: the package is to be sent again";
        outcome::void(session, opposite(leg), reference, why);
    }
}

/// The command an answer is for; notes when there is none.
fn find(
    session: &Session,
    leg: Leg,
    answer: &Status<'_>,
    results: bool,
    log: &mut Log,
) -> Option<Known> {
    let (message, command) = (answer.message(), answer.command());
    // Results may leave the references out: then they are 1 (MS-MDM 2.2.7.8).
    let or_one = |text| if results && str::is_empty(text) { "1" } else { text };
    let (message, command) = (or_one(message), or_one(command));
    if message.is_empty() || command.is_empty() {
        return None;
    }
    let Some(sent) = session.sent(opposite(leg), message) else {
        if !before_what_was_seen(session, leg, message) {
            note(&mut log.unknown_message, answer.node);
        }
        return None;
    };
    let known = sent.command(command);
    if known.is_none() {
        note(&mut log.unknown_command, answer.node);
    }
    known
}

/// True when the reference may be to a message from before the capture began.
fn before_what_was_seen(session: &Session, leg: Leg, reference: &str) -> bool {
    let side = session.side(opposite(leg));
    let Some(first) = side.sent.first() else { return session.view.partial };
    let number = |text: &str| text.parse::<u64>().ok();
    let older = number(reference) < number(&first.id);
    older && (session.view.partial || side.sent.len() >= super::session::SENT)
}

fn take_status(
    session: &mut Session,
    exchange: &Exchange,
    place: u32,
    message: &Message<'_>,
    status: &Status<'_>,
    log: &mut Log,
) {
    let answer = read(exchange, message, status);
    let Some(entry) = session.view.entries.get_mut(place as usize) else { return };
    let before = entry.outcome;
    let same = |known: &Answer| {
        known.refs.is_empty()
            || answer.refs.is_empty()
            || known.refs.iter().any(|uri| answer.refs.contains(uri))
    };
    // A part is acknowledged with 213, work begun with 101: the last word is still to come.
    let last_word = |known: &&Answer| !matches!(&*known.code, "101" | "213" | "401" | "407");
    if entry.answers.iter().filter(last_word).any(same) {
        entry.twice = true;
        note(&mut log.repeated, status.node);
    }
    if entry.item_count == 1 && !answer.refs.is_empty() {
        note(&mut log.needless_ref, status.node);
    }
    for item in &mut entry.items {
        let named = answer.refs.iter().any(|uri| same_uri(uri, &item.uri));
        if named && (item.code.is_empty() || item.code == "213") {
            item.code.clone_from(&answer.code);
        }
    }
    if entry.answers.len() < ANSWERS {
        // Most have one answer.
        entry.answers.reserve_exact(usize::from(entry.answers.is_empty()));
        entry.answers.push(answer);
    }
    entry.outcome = outcome::of_answers(&entry.answers);
    outcome::explain(entry);
    let (sender, answered) = (entry.leg, before == Outcome::Waiting);
    if answered {
        let side = session.side_mut(sender);
        side.waiting.retain(|waiting| *waiting != place);
        side.answered.push(place);
    }
    let root = outcome::root_of(session, place);
    if !log.groups.contains(&root) {
        note(&mut log.groups, root);
    }
}

fn read(exchange: &Exchange, message: &Message<'_>, status: &Status<'_>) -> Answer {
    let code = kept(status.code());
    let (error, error_meaning) = match status.error() {
        None => (String::new(), String::new()),
        Some(text) => match hresult::parse(text) {
            None => (clip(text), String::new()),
            Some(value) => {
                let meaning = hresult::meaning(value).map(|(text, _)| text);
                (hresult::hex(value), meaning.unwrap_or_default())
            }
        },
    };
    Answer {
        exchange: exchange.id,
        message: kept(&message.id),
        name: status_named(&code).map_or("", |row| row.name),
        code,
        refs: status.refs().take(ITEMS).map(|uri| clip(&uri)).collect(),
        error,
        error_meaning,
    }
}

/// One `Results` of a message.
struct Brought<'m, 'a> {
    leg: Leg,
    message: &'m Message<'a>,
    command: &'m Command<'a>,
    decoded: Option<&'a Decoded>,
}

fn take_results(session: &mut Session, place: u32, results: &Brought<'_, '_>, log: &mut Log) {
    let Brought { leg, message, command, decoded } = *results;
    let mut open = session.side(leg).object.clone();
    let Some(entry) = session.view.entries.get_mut(place as usize) else { return };
    let good = matches!(entry.outcome, Outcome::Done | Outcome::NotOwed) || entry.code() == "213";
    // Put and Get of data synchronisation bring device information the same way.
    if !matches!(entry.verb, "Get" | "Put" | "Search") || !good {
        note(&mut log.stray_results, command.node);
    }
    let asked = std::mem::take(&mut entry.items);
    for item in message.items(command) {
        let mut held = ledger_item(item, true, decoded);
        if !asked.is_empty() && !asked.iter().any(|own| answers_to(&held, own)) {
            note(&mut log.other_node, item.node);
        }
        if held.uri.is_empty() {
            held.uri = asked.first().map(|own| own.uri.clone()).unwrap_or_default();
        }
        // What continues an object is no item of its own.
        let goes_on = open.take().is_some_and(|object| object.is_of("Results", item));
        if !goes_on && entry.results.len() < ITEMS {
            entry.results.reserve_exact(usize::from(entry.results.is_empty()));
            entry.results.push(held);
        }
    }
    entry.items = asked;
}

/// True when a result is about the node that was asked for, or one below it.
fn answers_to(result: &LedgerItem, asked: &LedgerItem) -> bool {
    if result.uri == asked.uri {
        return true;
    }
    let (result, asked) = (normal(&result.uri), normal(&asked.uri));
    result.is_empty() || asked.is_empty() || result.starts_with(&asked)
}

/// `./Vendor` and `./Device/Vendor` are the same; case and blanks do not count, a query neither.
pub(in crate::analyze) fn normal(uri: &str) -> String {
    let path = uri.split('?').next().unwrap_or_default();
    let path: String = path.chars().filter(|c| !c.is_whitespace()).collect();
    let path = path.trim_end_matches('/').to_lowercase();
    let path = path.strip_prefix("./").unwrap_or(&path);
    path.strip_prefix("device/").unwrap_or(path).to_owned()
}

fn same_uri(a: &str, b: &str) -> bool {
    a == b || normal(a) == normal(b)
}
