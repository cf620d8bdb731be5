//! HTTP around ActiveSync: statuses with a meaning of their own, and headers worth a line.

use std::sync::LazyLock;

use crate::analyze::document::Subject;
use crate::analyze::draft::{Draft, clip, joined};
use crate::analyze::http;
use crate::analyze::table::rows;
use crate::model::{Level, Request, Response};

const TABLE: &str = include_str!("../tables/http_status.tsv");

const HEADERS: &str = include_str!("../tables/headers.tsv");

/// Headers of an answer that say what went on, with their key in the overview.
const TELLING: [(&str, &str); 8] = [
    ("Retry-After", "retry after"),
    ("X-MS-ASThrottle", "throttled"),
    ("X-MS-ASError", "server says"),
    ("X-MS-BackOffDuration", "back off"),
    ("X-MS-Credentials-Expire", "password expires"),
    ("X-MS-Credential-Expires", "password expires"),
    ("X-MS-Credential-Service-Url", "password reset"),
    ("X-MS-RP", "server resync"),
];

/// Headers told elsewhere in the overview, or that say nothing beyond HTTP.
const TOLD: [&str; 5] = [
    "X-MS-PolicyKey",
    "MS-ASProtocolVersion",
    "MS-ASProtocolVersions",
    "MS-ASProtocolCommands",
    "X-MS-Location",
];

/// Other headers of the protocol and its servers: name, meaning (MS-ASHTTP 2.2.1.1.2, 2.2.2.1.2).
static OTHERS: LazyLock<Vec<(&str, &str)>> = LazyLock::new(|| {
    let special =
        |name: &str| name.starts_with("X-") || name.starts_with("MS-") || name == "request-id";
    rows::<6>(HEADERS)
        .map(|[name, _, _, _, _, meaning]| (name, meaning))
        .filter(|(name, _)| special(name) && !name.contains('/') && !TOLD.contains(name))
        .filter(|(name, _)| TELLING.iter().all(|(told, _)| told != name))
        .collect()
});

/// What an HTTP status means to an ActiveSync client.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::analyze) struct HttpStatus {
    pub(in crate::analyze) code: &'static str,
    pub(in crate::analyze) label: &'static str,
    pub(in crate::analyze) meaning: &'static str,
    pub(in crate::analyze) client_action: &'static str,
    pub(in crate::analyze) provisioning: &'static str,
    pub(in crate::analyze) versions: &'static str,
    pub(in crate::analyze) notes: &'static str,
    pub(in crate::analyze) source: &'static str,
}

/// Every HTTP status with a meaning here (MS-ASHTTP, MS-ASCMD 2.2.2).
pub(in crate::analyze) static HTTP_STATUSES: LazyLock<Vec<HttpStatus>> = LazyLock::new(|| {
    rows::<8>(TABLE)
        .map(|[code, label, meaning, client_action, provisioning, versions, notes, source]| {
            HttpStatus {
                code,
                label,
                meaning,
                client_action,
                provisioning,
                versions,
                notes,
                source,
            }
        })
        .collect()
});

/// Why a server throttles or blocks a device: values of `X-MS-ASThrottle` as Exchange names the
/// behaviour (`Set-ActiveSyncDeviceAutoblockThreshold`), and the one MS-ASHTTP 2.2.2.1.2.13 has.
const THROTTLES: [(&str, &str); 8] = [
    ("Global", "the whole server is busy"),
    ("CommandFrequency", "too many commands in a short time"),
    ("RecentCommands", "the same commands again and again"),
    ("SyncCommands", "too many Syncs with the same key"),
    ("UserAgentsChanges", "the User-Agent changes too often"),
    ("OutOfBudgets", "the device used up its budget"),
    ("Watsons", "the device made the server fail"),
    ("EnableNotificationEmail", "the user is told by mail"),
];

/// Tells the HTTP side of the answer, and the headers of both sides that have a meaning here.
pub(super) fn tell(subject: &Subject<'_>, draft: &mut Draft) {
    tell_headers(subject, draft);
    let Some(response) = &subject.exchange.response else { return };
    let request = subject.exchange.request.as_ref();
    draft.raise(level(response.status, request));
    let fact = fact(response, request);
    if !fact.is_empty() {
        draft.headline(fact);
    }
    draft.row("answer", answer(response));
    let row = row(response.status).filter(|_| response.status != 200);
    draft.row("provisioning", row.map(|row| row.provisioning).unwrap_or_default());
    for (header, key) in TELLING {
        let value = response.headers.first(header).unwrap_or_default();
        draft.row(key, if value.is_empty() { String::new() } else { words(header, value) });
    }
    if let Some(why) = response.headers.first("X-MS-ASThrottle") {
        draft.raise(Level::Warning);
        draft.fact(format!("throttled: {}", clip(why)));
    }
}

/// The value of a header with what it means, where more is to be said than the value.
fn words(header: &str, value: &str) -> String {
    let meaning = match header {
        "X-MS-ASThrottle" => {
            let known = THROTTLES.iter().find(|(name, _)| name.eq_ignore_ascii_case(value.trim()));
            known.map(|(_, meaning)| (*meaning).to_owned())
        }
        "Retry-After" => seconds(value).map(|_| "seconds".to_owned()),
        "X-MS-BackOffDuration" => value.split_once('/').and_then(|(level, seconds)| {
            let wait = seconds.trim().parse::<i64>().ok()?;
            let wait =
                if wait > 0 { format!("wait {wait} s") } else { "no need to wait".to_owned() };
            Some(format!("level {level}: {wait}"))
        }),
        "X-MS-Credentials-Expire" | "X-MS-Credential-Expires" => {
            Some(if value.trim() == "0" { "within a day" } else { "days" }.to_owned())
        }
        _ => None,
    };
    joined([clip(value), meaning.map(|text| format!("({text})")).unwrap_or_default()], " ")
}

/// `X-BEServer: EXCH01 (backend that worked)`.
fn tell_headers(subject: &Subject<'_>, draft: &mut Draft) {
    let request = subject.exchange.request.as_ref().map(|request| &request.headers);
    let response = subject.exchange.response.as_ref().map(|response| &response.headers);
    for headers in request.into_iter().chain(response) {
        for (name, meaning) in OTHERS.iter() {
            if let Some(value) = headers.first(name) {
                draft.row("header", format!("{name}: {} ({meaning})", clip(value)));
            }
        }
    }
}

fn level(status: u16, request: Option<&Request>) -> Level {
    match status {
        401 if !http::answers_challenge(request) => Level::Notable,
        400.. => Level::Warning,
        _ => Level::Info,
    }
}

fn fact(response: &Response, request: Option<&Request>) -> String {
    let header = |name: &str| response.headers.first(name).map(clip);
    match response.status {
        401 => http::challenge(response, request),
        449 => "HTTP 449: provision first".to_owned(),
        451 => match header("X-MS-Location") {
            Some(location) => format!("HTTP 451: use {location} from now on"),
            None => "HTTP 451: wrong server, ask Autodiscover".to_owned(),
        },
        456 => "HTTP 456: account blocked, see the administrator".to_owned(),
        457 => match header("X-MS-Credential-Service-Url") {
            Some(url) => format!("HTTP 457: password expired, change it at {url}"),
            None => "HTTP 457: password expired".to_owned(),
        },
        503 => joined(
            [
                "HTTP 503: try later".to_owned(),
                header("Retry-After").map(|time| after(&time)).unwrap_or_default(),
            ],
            " ",
        ),
        400.. => match row(response.status) {
            Some(row) => format!("HTTP {} {}", row.code, row.label),
            None => format!("HTTP {}", http::status_line(response)),
        },
        _ => String::new(),
    }
}

/// A time to wait is seconds or a date (RFC 9110 section 10.2.3); Exchange writes fractions too.
fn after(time: &str) -> String {
    let unit = if seconds(time).is_some() { " s" } else { "" };
    format!("after {time}{unit}")
}

/// Seconds of a `Retry-After`.
pub(in crate::analyze) fn seconds(text: &str) -> Option<f64> {
    text.trim().parse().ok().filter(|seconds: &f64| seconds.is_finite() && *seconds >= 0.0)
}

fn row(status: u16) -> Option<&'static HttpStatus> {
    let code = status.to_string();
    HTTP_STATUSES.iter().find(|row| row.code == code)
}

/// `449 Retry With: client must run Provision … (next: provision)`.
fn answer(response: &Response) -> String {
    let line = http::status_line(response);
    let Some(row) = row(response.status).filter(|_| response.status != 200) else { return line };
    let next = if row.client_action.is_empty() {
        String::new()
    } else {
        format!("(next: {})", row.client_action)
    };
    joined([format!("{line}: {}", row.meaning), next], " ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analyze::table::check;

    #[test]
    fn the_table_parses() {
        let heading = "code label meaning client_action provisioning versions notes source";
        assert_eq!(check(TABLE, heading, 1), 16);
    }

    /// Every status that is no success says in the overview what comes next.
    #[test]
    fn every_status_has_a_next_step() {
        for row in HTTP_STATUSES.iter().filter(|row| row.code != "200") {
            let status = row.code.parse().unwrap();
            let told = answer(&Response { status, ..Response::default() });
            assert!(told.contains(row.meaning) && told.contains("(next: "), "{told}");
            assert!(level(status, None) >= Level::Notable);
        }
    }

    #[test]
    fn headers_that_throttle_have_words() {
        let throttled = "SyncCommands (too many Syncs with the same key)";
        assert_eq!(words("X-MS-ASThrottle", "SyncCommands"), throttled);
        assert_eq!(words("X-MS-ASThrottle", "Other"), "Other");
        assert_eq!(words("X-MS-BackOffDuration", "L/-469"), "L/-469 (level L: no need to wait)");
        assert_eq!(words("X-MS-BackOffDuration", "H/30"), "H/30 (level H: wait 30 s)");
        assert_eq!(words("X-MS-Credentials-Expire", "0"), "0 (within a day)");
        assert_eq!(words("Retry-After", "30"), "30 (seconds)");
    }

    #[test]
    fn a_redirect_and_a_throttle_say_what_to_do() {
        let response = |status, name: &str, value: &str| Response {
            status,
            headers: crate::model::Headers(vec![crate::model::Header {
                name: name.into(),
                value: value.into(),
            }]),
            ..Response::default()
        };
        let said = fact(&response(451, "X-MS-Location", "https://b/"), None);
        assert_eq!(said, "HTTP 451: use https://b/ from now on");
        assert_eq!(
            fact(&response(503, "Retry-After", "30"), None),
            "HTTP 503: try later after 30 s"
        );
        assert_eq!(
            fact(&response(503, "Retry-After", "1.5"), None),
            "HTTP 503: try later after 1.5 s"
        );
        assert_eq!(
            fact(&response(503, "Retry-After", "Fri, 31 Dec 2027 23:59:59 GMT"), None),
            "HTTP 503: try later after Fri, 31 Dec 2027 23:59:59 GMT"
        );
        assert_eq!(
            fact(&response(457, "X-MS-Credential-Service-Url", "https://p/"), None),
            "HTTP 457: password expired, change it at https://p/"
        );
        assert_eq!(
            fact(&response(456, "", ""), None),
            "HTTP 456: account blocked, see the administrator"
        );
        assert_eq!(fact(&response(449, "", ""), None), "HTTP 449: provision first");
        assert_eq!(fact(&response(507, "", ""), None), "HTTP 507 Insufficient Storage");
    }
}
