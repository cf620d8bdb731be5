//! The ledger of a SyncML session as text for 80 columns, and as JSON.

use serde_json::{Value, json};

use crate::model::{
    Initiator, LedgerEntry, LedgerItem, Leg, Level, Outcome, SyncmlMessage, SyncmlSession,
};

use super::clean;
use super::json::SCHEMA;
use super::secrets::{MASK, Secrets, TABLE};
use super::timeline::marked;
use super::units::count;

/// Columns of a line.
const WIDTH: usize = 80;

/// Columns before the node of an entry.
const INDENT: usize = 30;

/// Columns of message and command: `12.34`.
const PLACE: usize = 9;

/// Columns of the verb with its indentation.
const VERB: usize = 11;

/// Characters of a value that are told; JSON has all that are held.
const VALUE: usize = 60;

/// Items of one entry that are told; JSON has all that are held.
const ITEMS: usize = 12;

/// The ledger as text; all lines are clean and at most 80 columns wide, addresses aside.
pub fn ledger_lines(session: &SyncmlSession, secrets: Secrets) -> Vec<String> {
    let mut lines = head(session);
    lines.push(String::new());
    for own in &session.messages {
        lines.push(message(own));
        if own.unread > 0 {
            let unread = count(own.unread, "byte");
            lines.push(format!("{:>7}  of it the last {unread} were not read", ""));
        }
    }
    for (leg, who) in [(Leg::Response, "server"), (Leg::Request, "device")] {
        let own: Vec<_> = session.entries.iter().filter(|entry| entry.leg == leg).collect();
        if own.is_empty() {
            continue;
        }
        lines.push(String::new());
        let commands = count(own.len() as u64, "command");
        lines.push(format!("{commands} of the {who}: {}", outcomes(&own)));
        for entry in own {
            entry_lines(entry, secrets, &mut lines);
        }
    }
    if session.dropped > 0 {
        lines.push(format!("{} not held in the ledger", count(session.dropped, "command")));
    }
    lines.into_iter().map(|line| clean(line.trim_end()).into_owned()).collect()
}

/// The session in one line: number, device, host, verdict; clean.
pub fn ledger_title(session: &SyncmlSession) -> String {
    let mode = match session.mode.as_str() {
        "" => String::new(),
        mode => format!(", mode {mode}"),
    };
    let title = format!("session {} of {} at {}{mode}", session.id, session.device, session.host);
    clean(&title).into_owned()
}

/// The session below its device in one line: number, mode, verdict and why; clean.
pub fn session_line(session: &SyncmlSession) -> String {
    let also = |word: &str, text: &str| match text {
        "" => String::new(),
        text => format!("{word}{text}"),
    };
    let (mode, why) = (also(", mode ", &session.mode), also(": ", &session.why));
    let line = format!("session {}{mode}, {}{why}", session.id, session.verdict.name());
    clean(&line).into_owned()
}

/// The lines above the drawing of a device that speaks SyncML, from its sessions; clean.
pub fn managed_lines(sessions: &[&SyncmlSession]) -> Vec<String> {
    let Some(first) = sessions.first() else { return Vec::new() };
    let sum = |of: fn(&SyncmlSession) -> u64| sessions.iter().map(|session| of(session)).sum();
    let lines = [
        format!("{} at {}, {}", first.device, first.host, first.protocol),
        format!(
            "{}, {}, {}",
            count(sessions.len() as u64, "session"),
            count(sum(|session| session.messages.len() as u64), "message"),
            count(sum(|session| session.findings), "finding")
        ),
    ];
    lines.iter().map(|line| clean(line).into_owned()).collect()
}

/// The session and its ledger as one JSON object.
pub fn ledger_json(session: &SyncmlSession, secrets: Secrets) -> Value {
    let mut session = session.clone();
    if secrets == Secrets::Masked {
        let entries = session.entries.iter_mut();
        for item in entries.flat_map(|entry| entry.items.iter_mut().chain(&mut entry.results)) {
            item.parts.iter_mut().for_each(mask);
            mask(item);
        }
    }
    json!({ "schema": SCHEMA, "session": session })
}

fn mask(item: &mut LedgerItem) {
    if is_secret(item) && item.value.is_some() {
        item.value = Some(MASK.to_owned());
        item.meaning.clear();
    }
}

fn head(session: &SyncmlSession) -> Vec<String> {
    let partial = if session.partial { " (its beginning was not seen)" } else { "" };
    let why = match session.why.as_str() {
        "" => String::new(),
        why => format!(": {why}"),
    };
    let initiator = match session.initiator {
        Initiator::Unknown => "",
        Initiator::Client => ", started by the device",
        Initiator::Server => ", started by the server",
    };
    let user = match session.user.as_str() {
        "" => String::new(),
        user => format!(", user {user}"),
    };
    let phase = match (session.is_dm(), session.managed) {
        (true, true) => ", management phase",
        (true, false) => ", set-up phase",
        (false, _) => "",
    };
    let messages = session.messages.len() as u64;
    let mut lines = vec![
        ledger_title(session),
        format!("{}{why}{partial}", session.verdict.name()),
        format!(
            "{} in {}{initiator}{phase}, {} ({} to {}){user}",
            session.protocol,
            session.encoding,
            count(messages, "message"),
            session.first,
            session.last
        ),
    ];
    if !session.authentication.is_empty() {
        lines.push(format!("authentication {}", session.authentication));
    }
    if session.retries > 0 {
        lines.push(format!("{} sent again", count(session.retries, "message")));
    }
    if session.findings > 0 {
        lines.push(format!("{}: {}", count(session.findings, "finding"), rules(session)));
    }
    lines.iter().flat_map(|line| wrap(line, WIDTH, 2)).collect()
}

/// The rules of the findings, what wants most attention first: `! id, id x3  info: id`.
fn rules(session: &SyncmlSession) -> String {
    let named = session.rules.iter().map(|rule| match rule.count {
        1 => (rule.level, rule.id.clone()),
        times => (rule.level, format!("{} x{times}", rule.id)),
    });
    marked(named).join("  ")
}

fn message(message: &SyncmlMessage) -> String {
    let arrow = match message.leg {
        Leg::Request => "──▶",
        Leg::Response => "◀──",
    };
    let package = match message.package {
        0 => String::new(),
        package => format!("package {package}  "),
    };
    let retry = if message.retry { "sent again: " } else { "" };
    let line = format!(
        "{:>7}  {arrow} {:<3} {package}{retry}{}",
        message.exchange.to_string(),
        message.id,
        message.outline
    );
    fit(&line, WIDTH)
}

/// `10 done, 1 FAILED`.
fn outcomes(entries: &[&LedgerEntry]) -> String {
    let all = [
        Outcome::Done,
        Outcome::Accepted,
        Outcome::Failed,
        Outcome::RolledBack,
        Outcome::NotExecuted,
        Outcome::Unanswered,
        Outcome::Waiting,
        Outcome::NotOwed,
    ];
    let told = all.iter().filter_map(|outcome| {
        let n = entries.iter().filter(|entry| entry.outcome == *outcome).count();
        (n > 0).then(|| format!("{n} {}", outcome.name()))
    });
    told.collect::<Vec<_>>().join(", ")
}

fn entry_lines(entry: &LedgerEntry, secrets: Secrets, lines: &mut Vec<String>) {
    let verb = format!("{:indent$}{}", "", entry.verb, indent = (entry.depth as usize).min(4));
    let place = format!("{}.{}", entry.message, entry.command);
    let code = match entry.code() {
        "" if entry.outcome == Outcome::Unanswered => "none",
        "" => "…",
        code => code,
    };
    let lead = format!(
        "{} {:<PLACE$} {:<VERB$} {:<4} ",
        mark(entry),
        fit(&place, PLACE),
        fit(&verb, VERB),
        fit(code, 4)
    );
    let mut told = Vec::new();
    if !entry.alert.is_empty() {
        told.push(format!("{} {}", entry.alert, entry.alert_name.to_lowercase()));
    }
    let alone = entry.item_count < 2;
    for item in entry.items.iter().take(ITEMS) {
        told.push(match entry.verb {
            "Alert" => alert_words(item, alone, secrets),
            _ => item_words(item, alone, secrets),
        });
        told.extend(parts(item, secrets));
    }
    if entry.item_count > ITEMS as u64 {
        told.push(format!("and {} more items", entry.item_count - ITEMS as u64));
    }
    for item in entry.results.iter().take(ITEMS) {
        told.push(format!("▸ {}", item_words(item, true, secrets)));
        told.extend(parts(item, secrets));
    }
    told.extend(story(entry));
    let mut first = Some(lead);
    for words in if told.is_empty() { vec![String::new()] } else { told } {
        for line in wrap(&words, WIDTH - INDENT, 2) {
            let before = first.take().unwrap_or_else(|| " ".repeat(INDENT));
            lines.push(format!("{before}{line}"));
        }
    }
}

/// A mark for what wants attention; not by colour alone.
fn mark(entry: &LedgerEntry) -> char {
    if entry.level == Level::Info && entry.outcome == Outcome::Unanswered {
        return Level::Notable.mark();
    }
    entry.level.mark()
}

/// What is to be told beside the code: danger, failure, reason.
fn story(entry: &LedgerEntry) -> Vec<String> {
    let mut told = Vec::new();
    if !entry.danger.is_empty() {
        told.push(entry.danger.to_owned());
    }
    let bad = !matches!(entry.outcome, Outcome::Done | Outcome::Waiting);
    let plain = |code: &str| matches!(code, "200" | "201" | "212");
    for answer in entry.answers.iter().filter(|a| bad || !plain(&a.code) || !a.error.is_empty()) {
        let named = if answer.refs.is_empty() {
            String::new()
        } else {
            format!(" ({})", answer.refs.join(", "))
        };
        told.push(format!("{} {}{named}", answer.code, answer.name));
        if !answer.error.is_empty() {
            told.push(format!("{} {}", answer.error, answer.error_meaning));
        }
    }
    if entry.outcome == Outcome::Unanswered {
        told.push("never answered".to_owned());
    }
    if entry.twice {
        let codes: Vec<&str> = entry.answers.iter().map(|answer| &*answer.code).collect();
        told.push(format!("answered {} times: {}", codes.len(), codes.join(", ")));
    }
    if !entry.why.is_empty() {
        told.push(entry.why.clone());
    }
    told
}

/// `./path = value (what it means)`.
fn item_words(item: &LedgerItem, alone: bool, secrets: Secrets) -> String {
    let code = match &*item.code {
        "" => String::new(),
        _ if alone => String::new(),
        code => format!("[{code}] "),
    };
    let uri = if item.uri.is_empty() { &*item.kind } else { &*item.uri };
    let Some(value) = &item.value else {
        let meaning = match item.meaning.as_str() {
            "" => String::new(),
            meaning => format!(" ({meaning})"),
        };
        return format!("{code}{uri}{meaning}");
    };
    if secrets == Secrets::Masked && is_secret(item) {
        return format!("{code}{uri} = {MASK}");
    }
    let meaning = match item.meaning.strip_prefix(value.as_str()) {
        Some(meaning) => meaning.trim_start_matches([':', ',', ' ']),
        None => item.meaning.as_str(),
    };
    let meaning = if meaning.is_empty() { String::new() } else { format!(" ({meaning})") };
    // The text of an alert to the user has no address.
    let uri = if uri.is_empty() { String::new() } else { format!("{uri} = ") };
    format!("{code}{uri}{}{meaning}", fit(value, VALUE))
}

/// An item of an alert: its type says more than what it comes from.
fn alert_words(item: &LedgerItem, alone: bool, secrets: Secrets) -> String {
    if item.kind.is_empty() || item.uri.is_empty() {
        return item_words(item, alone, secrets);
    }
    let typed = LedgerItem { uri: String::new(), ..item.clone() };
    format!("{} of {}", item_words(&typed, alone, secrets), item.uri)
}

/// What a document in an item sets or tells, a line each.
fn parts(item: &LedgerItem, secrets: Secrets) -> impl Iterator<Item = String> {
    let more = item.parts.len().saturating_sub(ITEMS);
    let lines = item.parts.iter().take(ITEMS);
    let lines = lines.map(move |part| format!("· {}", item_words(part, true, secrets)));
    lines.chain((more > 0).then(|| format!("· and {more} more")))
}

/// A value of the node at `uri`, masked when it is a secret.
pub(super) fn shown(uri: &str, value: &str, secrets: Secrets) -> String {
    if secrets == Secrets::Masked && TABLE.has_node(uri) {
        return MASK.to_owned();
    }
    fit(value, VALUE)
}

fn is_secret(item: &LedgerItem) -> bool {
    TABLE.has_node(&item.uri) || TABLE.has_type(&item.kind)
}

/// Clean, and cut to `width` characters; the cut shows as `…`.
fn fit(text: &str, width: usize) -> String {
    let text = clean(text);
    if text.chars().count() <= width {
        return text.into_owned();
    }
    let mut cut: String = text.chars().take(width.saturating_sub(1)).collect();
    cut.push('…');
    cut
}

/// Clean, and broken into lines of at most `width` characters: at blanks, in paths after `/`, else
/// anywhere. Further lines are indented.
fn wrap(text: &str, width: usize, indent: usize) -> Vec<String> {
    let text = clean(text);
    let mut rest: &str = text.trim();
    let mut lines: Vec<String> = Vec::new();
    loop {
        let before = if lines.is_empty() { 0 } else { indent };
        let room = width - before;
        let Some((end, _)) = rest.char_indices().nth(room) else {
            lines.push(format!("{:before$}{rest}", ""));
            return lines;
        };
        let head = &rest[..end];
        let after = |mark| head.rfind(mark).map(|at| at + 1).filter(|at| *at > room / 3);
        let at = after(' ').or_else(|| after('/')).unwrap_or(end);
        lines.push(format!("{:before$}{}", "", rest[..at].trim_end()));
        rest = rest[at..].trim_start();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_break_at_blanks_and_slashes_and_lose_nothing() {
        let text =
            "./Vendor/MSFT/Policy/Config/DeviceLock/MinDevicePasswordLength = 8 (long enough)";
        let lines = wrap(text, 50, 2);
        assert_eq!(
            lines,
            [
                "./Vendor/MSFT/Policy/Config/DeviceLock/",
                "  MinDevicePasswordLength = 8 (long enough)"
            ]
        );
        let endless = "x".repeat(120);
        let lines = wrap(&endless, 50, 2);
        assert!(lines.iter().all(|line| line.chars().count() <= 50), "{lines:?}");
        assert_eq!(lines.iter().map(|line| line.trim().len()).sum::<usize>(), 120);
    }

    #[test]
    fn values_of_secret_nodes_are_masked() {
        let item = LedgerItem {
            uri: "./Vendor/MSFT/Accounts/Users/bob/Password".into(),
            value: Some("hunter2".into()),
            ..LedgerItem::default()
        };
        assert!(item_words(&item, true, Secrets::Masked).ends_with("= ********"));
        assert!(item_words(&item, true, Secrets::Shown).ends_with("= hunter2"));
    }
}
