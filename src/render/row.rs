//! The words of one list line.

use std::borrow::Cow;
use std::time::Duration;

use crate::model::{Kind, Level, Progress, Protocol, Row, WallTime};

use super::clean;
use super::secrets::{Secrets, mask_url};
use super::units::{age, bytes};

/// One list line, a string a column; all clean.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RowText {
    /// Time of day, UTC, to the second.
    pub time: String,
    /// Device id, or the client's address when no device is known.
    pub device: String,
    /// ActiveSync command, SyncML commands, or HTTP method.
    pub command: String,
    /// Host with unusual port.
    pub host: String,
    /// Path with query.
    pub path: String,
    /// HTTP status and the protocol's own (`200 · 142`), or how it ended without one.
    pub status: String,
    /// Request and response body sizes: `51 → 595`; `+` marks a truncated copy.
    pub sizes: String,
    /// How long it took, or its age in flight; empty when that is not known.
    pub duration: String,
    /// What one would tell a colleague.
    pub facts: String,
    /// The level's mark.
    pub mark: char,
    /// The level, for colour beside the mark.
    pub level: Level,
    /// True while more may come.
    pub in_flight: bool,
}

/// The words of `row`, secrets masked; `now` gives exchanges in flight their age.
pub fn row(row: &Row, now: WallTime) -> RowText {
    words(row, now, Secrets::Masked)
}

fn words(row: &Row, now: WallTime, secrets: Secrets) -> RowText {
    let summary = &row.summary;
    let or =
        |text: &str, other: &str| clean(if text.is_empty() { other } else { text }).into_owned();
    let in_flight = row.progress == Progress::InFlight;
    let level = row.level();
    let since = || now.0.saturating_sub(row.started.0).max(0).unsigned_abs();
    // How long something took that was cut off is not known.
    let micros = row.duration.or_else(|| in_flight.then(since));
    // What only informs is in the detail.
    let mut loud = row.findings.iter().filter(|finding| finding.level >= Level::Warning);
    let found = match (loud.next(), loud.count()) {
        (None, _) => String::new(),
        (Some(first), 0) => format!("finding {}", first.id),
        (Some(first), more) => format!("findings {} and {more} more", first.id),
    };
    let facts = match (row.cause.is_empty(), summary.facts.is_empty()) {
        (true, _) => clean(&summary.facts).into_owned(),
        (false, true) => clean(&row.cause).into_owned(),
        (false, false) => format!("{} · {}", clean(&row.cause), clean(&summary.facts)),
    };
    let facts = match (found.is_empty(), facts.is_empty()) {
        (true, _) => facts,
        (false, true) => found,
        (false, false) => format!("{facts} · {found}"),
    };
    // The user's own words come first.
    let facts = match (row.comment.is_empty(), facts.is_empty()) {
        (true, _) => facts,
        (false, true) => format!("\"{}\"", clean(&row.comment)),
        (false, false) => format!("\"{}\" · {facts}", clean(&row.comment)),
    };
    RowText {
        time: time_of_day(row.started),
        device: or(&summary.device, &row.client),
        command: command(row),
        host: clean(&row.host).into_owned(),
        path: clean(&mask_url(path(row), secrets)).into_owned(),
        status: status(row),
        sizes: format!(
            "{}{} → {}{}",
            bytes(row.request_size),
            if row.request_truncated { "+" } else { "" },
            bytes(row.response_size),
            if row.truncated && (row.response_truncated || !row.request_truncated) {
                "+"
            } else {
                ""
            }
        ),
        duration: micros.map(|us| age(Duration::from_micros(us))).unwrap_or_default(),
        facts,
        mark: level.mark(),
        level,
        in_flight,
    }
}

/// Facts for a narrow column: of long sync keys, which are a folder's id and a counter, the counter.
pub fn brief(facts: &str) -> Cow<'_, str> {
    let mut out = String::new();
    let mut rest = facts;
    while let Some((before, id, after)) = shortened_id(rest) {
        out.push_str(before);
        out.push_str(id);
        rest = after;
    }
    if out.is_empty() {
        return Cow::Borrowed(facts);
    }
    out.push_str(rest);
    Cow::Owned(out)
}

/// What stands before the next `{86b3c6b…700104}`, what to show in its place, and what follows.
fn shortened_id(text: &str) -> Option<(&str, &str, &str)> {
    let start = text.find('{')?;
    let end = start + text[start..].find('}')? + 1;
    let id = &text[start..end];
    // A counter that follows is what tells; anything else stays as it is.
    let counted = text[end..].starts_with(|c: char| c.is_ascii_digit());
    Some((&text[..start], if counted && id.contains('…') { "…" } else { id }, &text[end..]))
}

/// One line without a terminal: what headless mode prints.
pub fn row_line(r: &Row, now: WallTime, secrets: Secrets) -> String {
    let text = words(r, now, secrets);
    let mut line = format!(
        "{} {} {:>5} {:<22} {:<20} {:<7} {:>13} {:>7}  {}",
        text.time,
        text.mark,
        r.id.to_string(),
        text.command,
        text.device,
        text.status,
        text.sizes,
        text.duration,
        text.host
    );
    if r.summary.protocol == Protocol::Http && !text.path.is_empty() {
        if !text.path.starts_with(['/', '?']) {
            line.push(' ');
        }
        line.push_str(&text.path);
    }
    if !text.facts.is_empty() {
        line.push_str("  ");
        line.push_str(&text.facts);
    }
    line
}

/// The target where it says more than the host: that of CONNECT is host and port again (RFC 9112
/// 3.2.3).
fn path(row: &Row) -> &str {
    if row.method == "CONNECT" { "" } else { &row.path }
}

fn time_of_day(time: WallTime) -> String {
    let utc = time.utc();
    format!("{:02}:{:02}:{:02}", utc.hour(), utc.minute(), utc.second())
}

fn command(row: &Row) -> String {
    let known = if row.summary.command.is_empty() { &row.method } else { &row.summary.command };
    match (row.kind, known.is_empty()) {
        (_, false) => clean(known).into_owned(),
        (Kind::Tunnel, true) => "tunnel".to_owned(),
        (_, true) => "connection".to_owned(),
    }
}

fn status(row: &Row) -> String {
    let http = row.http_status.map(|status| status.to_string()).unwrap_or_default();
    let own = clean(&row.summary.status);
    let shown = match (http.is_empty(), own.is_empty()) {
        (false, false) => format!("{http} · {own}"),
        (false, true) => http,
        (true, _) => own.into_owned(),
    };
    match row.progress {
        Progress::InFlight if shown.is_empty() => "…".to_owned(),
        Progress::InFlight => format!("{shown} …"),
        Progress::Failed(side) if shown.is_empty() => format!("✗ {}", side.name()),
        Progress::CutOff if shown.is_empty() => "cut".to_owned(),
        _ => shown,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{
        BodyFacts, ConnId, Exchange, ExchangeId, Request, Response, State, Summary,
    };

    #[test]
    fn of_long_sync_keys_the_counter_is_shown() {
        let long = "sync key {86b3c6b…700104}5 -> {86b3c6b…700104}6, 1 add";
        assert_eq!(brief(long), "sync key …5 -> …6, 1 add");
        for kept in ["sync key 5 -> 6", "a {b} c", "{a…b}", "{", "}{"] {
            assert_eq!(brief(kept), kept);
        }
    }

    fn exchange(method: &str, target: &str) -> Exchange {
        let mut exchange = Exchange::begin(ExchangeId(1), ConnId(1), Kind::Http, WallTime(0));
        exchange.host = "localhost".into();
        exchange.port = 18025;
        exchange.request =
            Some(Request { method: method.into(), target: target.into(), ..Request::default() });
        exchange
    }

    fn line(exchange: &Exchange) -> String {
        let row = Row::new(exchange, Summary::default());
        row_line(&row, WallTime(2_000_000), Secrets::Masked)
    }

    #[test]
    fn the_host_stands_once() {
        let ends = |method, target, end| {
            let line = line(&exchange(method, target));
            assert!(line.ends_with(end), "{line}");
            assert_eq!(line.matches("localhost").count(), 1, "{line}");
        };
        ends("CONNECT", "localhost:18025", "  localhost:18025");
        ends("OPTIONS", "*", "  localhost:18025 *");
        ends("GET", "/a?token=b", "  localhost:18025/a?token=********");
    }

    #[test]
    fn the_mark_stands_at_the_body_that_was_cut() {
        let body = |seen, kept| BodyFacts { seen, kept, ended: true };
        let sizes = |request, response| {
            let mut exchange = exchange("PUT", "/");
            exchange.request.as_mut().unwrap().body = request;
            exchange.response = Some(Response { body: response, ..Response::default() });
            row(&Row::new(&exchange, Summary::default()), WallTime(0)).sizes
        };
        assert_eq!(sizes(body(900, 9), body(15, 15)), "900+ → 15");
        assert_eq!(sizes(body(9, 9), body(15, 1)), "9 → 15+");
        assert_eq!(sizes(body(9, 1), body(15, 1)), "9+ → 15+");
        assert_eq!(sizes(body(9, 9), body(15, 15)), "9 → 15");
    }

    #[test]
    fn no_time_is_made_up() {
        let mut open = exchange("GET", "/");
        assert!(line(&open).contains(" 2.0 s "), "its age");
        open.state = State::CutOff;
        assert!(!line(&open).contains(" s "), "not known");
        assert!(!line(&open).contains("µs"), "not known");
    }
}
