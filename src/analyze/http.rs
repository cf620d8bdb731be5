//! Plain HTTP, tunnels and connections that got no further.

use crate::model::{Kind, Level, Request, Response};

use super::document::Subject;
use super::draft::{Draft, clip, joined};

/// Tells an exchange of which nothing more is known than HTTP.
pub(super) fn tell(subject: &Subject<'_>, draft: &mut Draft) {
    let exchange = subject.exchange;
    let request = exchange.request.as_ref();
    draft.summary.command = match (request, exchange.kind) {
        (Some(request), _) => request.method.clone(),
        (None, Kind::Tunnel) => "tunnel".to_owned(),
        (None, Kind::Connection | Kind::Http) => "connection".to_owned(),
    };
    draft.row("command", draft.summary.command.clone());
    draft.summary.user = request.and_then(basic_user).unwrap_or_default();
    draft.row("user", draft.summary.user.clone());
    let Some(response) = &exchange.response else { return };
    draft.raise(level(response.status, request));
    draft.row("answer", status_line(response));
    match response.status {
        300..=399 => {
            let to = response.headers.first("location").map(clip).unwrap_or_default();
            draft.fact(joined([format!("HTTP {}", response.status), to], " to "));
        }
        401 | 407 => draft.fact(challenge(response, request)),
        400.. => draft.fact(format!("HTTP {}", status_line(response))),
        _ => draft.fact(response.headers.media_type()),
    }
}

/// Status code and reason as sent, and whether we wrote it ourselves.
pub(super) fn status_line(response: &Response) -> String {
    let ours = if response.ours { "(from synctap itself)" } else { "" };
    joined([response.status.to_string(), clip(&response.reason), ours.to_owned()], " ")
}

/// How loud an HTTP status is. A challenge to a request without credentials is the normal first
/// round; to one with credentials it may still be (NTLM and Negotiate take two).
fn level(status: u16, request: Option<&Request>) -> Level {
    match status {
        401 | 407 if !answers_challenge(request) => Level::Notable,
        400.. => Level::Warning,
        _ => Level::Info,
    }
}

/// What a 401 or 407 says: a first round, or a refusal. `level` is how loud that is.
pub(super) fn challenge(response: &Response, request: Option<&Request>) -> String {
    let offer = response
        .headers
        .first("www-authenticate")
        .or_else(|| response.headers.first("proxy-authenticate"));
    let scheme = offer.and_then(|offer| offer.split_whitespace().next()).unwrap_or_default();
    let scheme = if scheme.is_empty() { String::new() } else { format!(" ({})", clip(scheme)) };
    if answers_challenge(request) {
        format!("HTTP {}: credentials refused{scheme}", response.status)
    } else {
        format!("HTTP {}: asks for credentials{scheme}", response.status)
    }
}

/// True when the request already carried credentials that one round settles.
pub(super) fn answers_challenge(request: Option<&Request>) -> bool {
    let value = request.and_then(|request| {
        let headers = &request.headers;
        headers.first("authorization").or_else(|| headers.first("proxy-authorization"))
    });
    let scheme = value.and_then(|value| value.split_whitespace().next()).unwrap_or_default();
    !scheme.is_empty()
        && !scheme.eq_ignore_ascii_case("ntlm")
        && !scheme.eq_ignore_ascii_case("negotiate")
}

/// The user name of Basic credentials. The password is never looked at beyond its colon.
pub(super) fn basic_user(request: &Request) -> Option<String> {
    use base64::Engine as _;
    let value = request.headers.first("authorization")?;
    let (scheme, token) = value.trim().split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let bytes = base64::engine::general_purpose::STANDARD.decode(token.trim()).ok()?;
    let end = bytes.iter().position(|byte| *byte == b':')?;
    let user = String::from_utf8_lossy(&bytes[..end]);
    (!user.is_empty()).then(|| clip(&user))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analyze::annotate;
    use crate::model::{
        ConnId, Exchange, ExchangeId, Failure, Header, Headers, Kind, Protocol, Side, State,
        WallTime,
    };

    fn headers(pairs: &[(&str, &str)]) -> Headers {
        let header =
            |(name, value): &(&str, &str)| Header { name: (*name).into(), value: (*value).into() };
        Headers(pairs.iter().map(header).collect())
    }

    fn exchange(status: u16, authorization: &str) -> Exchange {
        let mut exchange = Exchange::begin(ExchangeId(1), ConnId(1), Kind::Http, WallTime(0));
        let mut request =
            Request { method: "GET".into(), target: "/".into(), ..Request::default() };
        if !authorization.is_empty() {
            request.headers = headers(&[("Authorization", authorization)]);
        }
        exchange.request = Some(request);
        let headers = headers(&[("WWW-Authenticate", "Basic realm=\"x\""), ("Location", "/there")]);
        exchange.response =
            Some(Response { status, reason: "Why".into(), headers, ..Response::default() });
        exchange.state = State::Complete;
        exchange
    }

    #[test]
    fn statuses_have_levels_and_words() {
        let say = |status, authorization: &str| {
            let summary = annotate(&exchange(status, authorization), None, None).summary;
            (summary.level, summary.facts)
        };
        assert_eq!(say(200, ""), (Level::Info, String::new()));
        assert_eq!(say(302, ""), (Level::Info, "HTTP 302 to /there".into()));
        assert_eq!(say(404, ""), (Level::Warning, "HTTP 404 Why".into()));
        assert_eq!(say(401, ""), (Level::Notable, "HTTP 401: asks for credentials (Basic)".into()));
        assert_eq!(say(401, "Basic YTpi").0, Level::Warning);
        assert_eq!(say(401, "Negotiate abc").0, Level::Notable);
    }

    #[test]
    fn the_user_is_shown_and_the_password_is_not() {
        let annotated = annotate(&exchange(200, "Basic YWxpY2U6c2VjcmV0"), None, None);
        assert_eq!(annotated.summary.user, "alice");
        assert!(!format!("{annotated:?}").contains("secret"));
    }

    #[test]
    fn a_failure_is_an_alarm() {
        let mut exchange = exchange(502, "");
        exchange.state = State::Failed(Failure {
            side: Side::Server,
            code: "upstream-refused".into(),
            cause: "connection refused".into(),
            advice: "is it up".into(),
        });
        let annotated = annotate(&exchange, None, None);
        assert_eq!(annotated.summary.level, Level::Alarm);
        assert!(!annotated.summary.facts.contains("refused"), "the row says it already");
        exchange.response.as_mut().unwrap().ours = true;
        let annotated = annotate(&exchange, None, None);
        assert!(annotated.overview.contains(&("answer", "502 Why (from synctap itself)".into())));
    }

    #[test]
    fn a_connection_without_request_has_words_too() {
        let bare = Exchange::begin(ExchangeId(1), ConnId(1), Kind::Connection, WallTime(0));
        let summary = annotate(&bare, None, None).summary;
        assert_eq!((summary.command.as_str(), summary.protocol), ("connection", Protocol::Http));
    }
}
