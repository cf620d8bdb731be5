//! The two messages of one exchange together: session, device, commands, outcome.

use crate::analyze::document::{Document, Subject};
use crate::analyze::draft::{Draft, clip, joined};
use crate::analyze::http;
use crate::model::{Annotated, Decoded, Leg, Level};

use super::message::Message;
use super::status::Tally;
use super::token::Token;
use super::{alert, auth, declared, loc_uri, status};

/// Verbs named in the list's command column.
const VERBS_NAMED: usize = 2;

/// Kinds of alerts named in the facts.
const ALERTS_NAMED: usize = 2;

/// True when the exchange carries SyncML: by document, else by media type.
pub(in crate::analyze) fn recognise(subject: &Subject<'_>) -> bool {
    let document = subject.documents().any(|(_, document)| document.root_name() == "SyncML");
    let request = subject.exchange.request.as_ref().map(|request| &request.headers);
    let response = subject.exchange.response.as_ref().map(|response| &response.headers);
    document
        || request
            .into_iter()
            .chain(response)
            .any(|headers| headers.media_type().starts_with("application/vnd.syncml"))
}

/// The messages of an exchange, request first.
pub(in crate::analyze) fn messages<'a>(subject: &Subject<'a>) -> [Option<Message<'a>>; 2] {
    [subject.request.and_then(Message::read), subject.response.and_then(Message::read)]
}

/// Notes on a part of a message, as documents print them: a body, or commands alone; `None` when it is
/// none.
pub(in crate::analyze) fn tell_part(leg: Leg, decoded: &Decoded) -> Option<Annotated> {
    let message = Message::part(Document::of(decoded)?)?;
    let mut draft = Draft::default();
    alert::annotate(leg, &message, &mut draft);
    loc_uri::annotate(leg, &message, &mut draft);
    status::annotate(leg, &message, None, &mut Tally::default(), &mut draft);
    declared::annotate(leg, decoded, &message, &mut draft);
    Some(draft.finish())
}

/// Tells an exchange that is SyncML.
pub(in crate::analyze) fn tell(
    subject: &Subject<'_>,
    messages: &[Option<Message<'_>>; 2],
    draft: &mut Draft,
) {
    let [request, response] = messages.each_ref().map(Option::as_ref);
    tell_heads(subject, request, response, draft);
    let mut tally = Tally::default();
    let messages = [(Leg::Request, request, None), (Leg::Response, response, request)];
    for (leg, message, asked) in messages {
        let Some(message) = message else { continue };
        alert::annotate(leg, message, draft);
        loc_uri::annotate(leg, message, draft);
        status::annotate(leg, message, asked, &mut tally, draft);
        note_final(leg, message, draft);
        if let Some(decoded) = subject.body(leg) {
            declared::annotate(leg, decoded, message, draft);
        }
    }
    draft.fact(facts(request, response, &tally));
    if tally.header == "401" && refused_again(request) {
        draft.raise(Level::Warning);
    }
    draft.summary.status = if tally.failed.is_empty() { tally.header } else { tally.failed };
    tell_http(subject, draft);
}

fn tell_heads(
    subject: &Subject<'_>,
    request: Option<&Message<'_>>,
    response: Option<&Message<'_>>,
    draft: &mut Draft,
) {
    let Some(first) = request.or(response) else {
        let method = subject.exchange.request.as_ref().map(|request| request.method.clone());
        draft.summary.command = method.unwrap_or_default();
        draft.row("command", draft.summary.command.clone());
        return;
    };
    // The device is who asks: sender of the request, receiver of the answer.
    let device = request.map(|m| &m.source).or(response.map(|m| &m.target));
    draft.summary.device = device.cloned().unwrap_or_default();
    draft.summary.version.clone_from(&first.version);
    draft.summary.session.clone_from(&first.session);
    draft.summary.command = command(request, response);
    let protocol = if first.protocol.is_empty() { &first.version } else { &first.protocol };
    draft.row("protocol", format!("SyncML {} ({protocol})", first.version));
    draft.row("command", draft.summary.command.clone());
    draft.row("session", format!("{}, message {}", first.session, first.id));
    draft.row("device", draft.summary.device.clone());
    draft.row("server", request.map(|m| m.target.clone()).unwrap_or_default());
    let user = request.and_then(|message| {
        auth::annotate(Leg::Request, message, draft).or_else(|| Some(message.source_name.clone()))
    });
    if let Some(response) = response {
        auth::annotate(Leg::Response, response, draft);
    }
    draft.summary.user = user.filter(|user| !user.is_empty()).unwrap_or_else(|| {
        let headers = subject.exchange.request.as_ref();
        headers.and_then(http::basic_user).unwrap_or_default()
    });
    draft.row("user", draft.summary.user.clone());
    tell_carriage(subject, draft);
    draft.row("device sends", request.map(Message::outline).unwrap_or_default());
    draft.row("server sends", response.map(Message::outline).unwrap_or_default());
}

/// What HTTP says about the session: mode, who started it, tokens by their claims (MS-MDM 2.1).
fn tell_carriage(subject: &Subject<'_>, draft: &mut Draft) {
    let Some(request) = &subject.exchange.request else { return };
    let parameter = |name: &str| {
        let pairs = request.query().split('&').filter_map(|pair| pair.split_once('='));
        let found = pairs.into_iter().find(|(own, _)| own.eq_ignore_ascii_case(name));
        found.map(|(_, value)| clip(value))
    };
    draft.row("mode", parameter("mode").map(|mode| mode_words(&mode)).unwrap_or_default());
    draft.row("platform", parameter("Platform").unwrap_or_default());
    for (name, row) in [
        ("MDM-GenericAlert", "generic alert"),
        ("client-request-id", "request id"),
        ("MS-CV", "correlation"),
    ] {
        draft.row(row, request.headers.first(name).map(clip).unwrap_or_default());
    }
    let origins = request.headers.first("UserAgentOrigin").unwrap_or_default();
    draft.row("started by", origins.split(',').next().map(origin_words).unwrap_or_default());
    for (name, row) in [("Authorization", "user token"), ("DeviceToken", "device token")] {
        let token = request.headers.first(name).and_then(Token::read);
        draft.row(row, token.map(|token| token.words()).unwrap_or_default());
    }
    let mac = request.headers.first("x-syncml-hmac").is_some();
    draft.row("integrity", if mac { "the request carries x-syncml-hmac" } else { "" });
}

fn mode_words(mode: &str) -> String {
    let words = match mode.to_ascii_lowercase().as_str() {
        "maintenance" => "a user is logged on",
        "machine" => "as the system",
        _ => "unknown",
    };
    format!("{mode} ({words})")
}

/// What `UserAgentOrigin` says of the session (MS-MDM 15.0, 3.1.7.2).
fn origin_words(origin: &str) -> String {
    let words = match origin.trim() {
        "" => return String::new(),
        "1" => "the user",
        "2" => "its schedule",
        "3" => "a push notification",
        "4" => "the logon of a user",
        "5" => "the end of enrolment",
        "6" => "a configuration service provider",
        "7" => "a program",
        _ => "unknown",
    };
    format!("{words} ({})", clip(origin.trim()))
}

/// `Alert Replace +2`: the kinds of commands in order of appearance, Status only when alone.
fn command(request: Option<&Message<'_>>, response: Option<&Message<'_>>) -> String {
    let mut verbs: Vec<&str> = Vec::new();
    for command in request.into_iter().chain(response).flat_map(|message| &message.commands) {
        if command.verb != "Status" && !verbs.contains(&command.verb) {
            verbs.push(command.verb);
        }
    }
    let rest = verbs.len().saturating_sub(VERBS_NAMED);
    verbs.truncate(VERBS_NAMED);
    match (verbs.is_empty(), rest) {
        (true, _) => "Status".to_owned(),
        (false, 0) => verbs.join(" "),
        (false, rest) => format!("{} +{rest}", verbs.join(" ")),
    }
}

/// `session 1 msg 2: alert 1201 client-initiated mgmt, 3 statuses, all 200`.
fn facts(request: Option<&Message<'_>>, response: Option<&Message<'_>>, tally: &Tally) -> String {
    let Some(first) = request.or(response) else { return String::new() };
    let messages = request.into_iter().chain(response);
    let mut parts: Vec<String> = Vec::new();
    for words in messages.clone().flat_map(Message::alerts).map(alert::short) {
        // Data sync sends one alert a store: the first kinds say enough.
        if parts.len() < ALERTS_NAMED && !parts.contains(&words) {
            parts.push(words);
        }
    }
    parts.extend(messages.clone().map(Message::tally));
    parts.push(auth_words(request, response, tally).to_owned());
    parts.push(tally.words());
    if messages.into_iter().any(Message::has_more) {
        parts.push("large object in parts".to_owned());
    }
    let message = format!("session {} msg {}", first.session, first.id);
    joined([message, joined(parts, ", ")], ": ")
}

/// What the answer says to the credentials of the request.
fn auth_words(
    request: Option<&Message<'_>>,
    response: Option<&Message<'_>>,
    tally: &Tally,
) -> &'static str {
    let challenged = response
        .is_some_and(|message| message.answers().any(|(_, status)| status.challenge().is_some()));
    match (tally.header.as_str(), challenged) {
        ("212", _) => "credentials accepted",
        ("401", _) if refused_again(request) => "credentials refused again",
        ("401", true) => "credentials refused, new challenge",
        ("401", false) => "credentials refused",
        ("407", _) => "asks for credentials",
        _ => "",
    }
}

/// True when `request` answered a challenge: a stale nonce costs one round (message 1), after that
/// a refusal means that user or password are wrong.
fn refused_again(request: Option<&Message<'_>>) -> bool {
    request.is_some_and(|message| message.has_credentials() && message.id != "1")
}

fn note_final(leg: Leg, message: &Message<'_>, draft: &mut Draft) {
    let document = &message.document;
    if let Some(node) = message.finals.first().copied() {
        draft.note(leg, document, node, Level::Info, "last message of this package");
    }
}

fn tell_http(subject: &Subject<'_>, draft: &mut Draft) {
    let Some(response) = &subject.exchange.response else { return };
    draft.row("answer", http::status_line(response));
    if response.status >= 400 {
        draft.raise(Level::Warning);
        draft.fact(format!("HTTP {}", http::status_line(response)));
        draft.row("retry after", response.headers.first("Retry-After").unwrap_or_default());
    }
}

#[cfg(test)]
mod tests {
    use super::messages;
    use crate::analyze::annotate::tell;
    use crate::analyze::document::{Subject, sketch};
    use crate::analyze::eas::FolderNames;
    use crate::model::{
        Annotated, ConnId, Exchange, ExchangeId, Kind, Level, Protocol, Request, Response, State,
        WallTime,
    };

    fn told(request: &str, response: Option<&str>) -> Annotated {
        let mut exchange = Exchange::begin(ExchangeId(1), ConnId(1), Kind::Http, WallTime(0));
        exchange.request =
            Some(Request { method: "POST".into(), target: "/dm".into(), ..Request::default() });
        if response.is_some() {
            exchange.response = Some(Response { status: 200, ..Response::default() });
            exchange.state = State::Complete;
        }
        let response = response.map(sketch::decoded);
        let request = sketch::decoded(request);
        // Without findings: a sketch has no namespaces.
        let subject = Subject::new(&exchange, Some(&request), response.as_ref());
        tell(&subject, &messages(&subject), None, FolderNames::default())
    }

    const DEVICE: &str = "<SyncML><SyncHdr><VerDTD>1.2</VerDTD><VerProto>DM/1.2</VerProto><SessionID>7</SessionID><MsgID>1</MsgID><Target><LocURI>https://mdm</LocURI></Target><Source><LocURI>device-1</LocURI><LocName>lab</LocName></Source><Cred><Meta><Type>syncml:auth-md5</Type></Meta><Data>c2VjcmV0</Data></Cred></SyncHdr><SyncBody><Alert><CmdID>2</CmdID><Data>1201</Data></Alert><Replace><CmdID>3</CmdID><Item><Source><LocURI>./DevInfo/DevId</LocURI></Source><Data>x</Data></Item></Replace><Final/></SyncBody></SyncML>";

    fn server(body: &str) -> String {
        format!(
            "<SyncML><SyncHdr><VerDTD>1.2</VerDTD><VerProto>DM/1.2</VerProto><SessionID>7</SessionID><MsgID>1</MsgID><Target><LocURI>device-1</LocURI></Target><Source><LocURI>https://mdm</LocURI></Source></SyncHdr><SyncBody>{body}<Final/></SyncBody></SyncML>"
        )
    }

    fn status(command: u32, verb: &str, code: &str) -> String {
        format!(
            "<Status><CmdID>9</CmdID><MsgRef>1</MsgRef><CmdRef>{command}</CmdRef><Cmd>{verb}</Cmd><Data>{code}</Data></Status>"
        )
    }

    #[test]
    fn a_message_alone_names_session_device_and_commands() {
        let annotated = told(DEVICE, None);
        let summary = &annotated.summary;
        assert_eq!(summary.protocol, Protocol::SyncMl);
        assert_eq!((summary.session.as_str(), summary.device.as_str()), ("7", "device-1"));
        assert_eq!((summary.command.as_str(), summary.user.as_str()), ("Alert Replace", "lab"));
        assert_eq!(summary.facts, "session 7 msg 1: alert 1201 client-initiated mgmt, 1 Replace");
        assert_eq!(summary.level, Level::Info);
        assert!(
            annotated.overview.contains(&("device sends", "Alert 1201, Replace, Final".into()))
        );
        assert!(!format!("{annotated:?}").contains("c2VjcmV0"));
    }

    #[test]
    fn statuses_name_what_they_answer() {
        let reply = server(
            &(status(0, "SyncHdr", "212") + &status(2, "Alert", "200") + &status(3, "", "200")),
        );
        let annotated = told(DEVICE, Some(&reply));
        assert_eq!(
            annotated.summary.facts,
            "session 7 msg 1: alert 1201 client-initiated mgmt, 1 Replace, credentials accepted, 3 statuses: 212 200 x2"
        );
        assert_eq!(annotated.summary.status, "212");
        let texts: Vec<&str> = annotated.response.iter().map(|note| &*note.text).collect();
        assert_eq!(texts[0], "answers the header of message 1");
        assert!(texts.contains(&"answers Replace 3 of message 1 (./DevInfo/DevId)"), "{texts:?}");
    }

    #[test]
    fn a_first_challenge_is_notable_not_a_warning() {
        let challenge = "<Status><CmdID>1</CmdID><MsgRef>1</MsgRef><CmdRef>0</CmdRef><Cmd>SyncHdr</Cmd><Chal><Meta><Type>syncml:auth-md5</Type><NextNonce>bm9uY2U=</NextNonce></Meta></Chal><Data>401</Data></Status>";
        let annotated = told(DEVICE, Some(&server(challenge)));
        assert_eq!(annotated.summary.level, Level::Notable);
        assert!(annotated.summary.facts.contains("credentials refused, new challenge"));
        assert!(!format!("{annotated:?}").contains("bm9uY2U="));
    }

    #[test]
    fn a_wipe_cannot_be_overlooked() {
        let wipe = "<Exec><CmdID>4</CmdID><Item><Target><LocURI>./Vendor/MSFT/RemoteWipe/doWipe</LocURI></Target></Item></Exec>";
        let summary = told(DEVICE, Some(&server(wipe))).summary;
        assert_eq!(summary.level, Level::Alarm);
        assert!(
            summary.facts.starts_with("REMOTE WIPE: the device is reset, session 7"),
            "{}",
            summary.facts
        );
        assert_eq!(summary.command, "Alert Replace +1");
    }

    #[test]
    fn values_and_original_errors_are_explained() {
        let reply = server(
            "<Atomic><CmdID>5</CmdID><Replace><CmdID>6</CmdID><Item><Target><LocURI>./Vendor/MSFT/Policy/Config/DeviceLock/MinDevicePasswordComplexCharacters</LocURI></Target><Data>4</Data></Item></Replace></Atomic><Status><CmdID>7</CmdID><MsgRef>1</MsgRef><CmdRef>3</CmdRef><Cmd>Replace</Cmd><Data msft:originalerror=\"0x80070032\">500</Data></Status>",
        );
        let annotated = told(DEVICE, Some(&reply.replace("msft:originalerror", "originalerror")));
        let texts: Vec<&str> = annotated.response.iter().map(|note| &*note.text).collect();
        assert!(
            texts.iter().any(|text| text.starts_with("4: Digits lowercase letters uppercase")),
            "{texts:?}"
        );
        assert!(
            texts
                .iter()
                .any(|text| text.starts_with("original error 0x80070032 ERROR_NOT_SUPPORTED")),
            "{texts:?}"
        );
        assert_eq!(annotated.summary.status, "500");
        assert_eq!(annotated.summary.level, Level::Warning);
        assert!(
            annotated.overview.contains(&("server sends", "Atomic, Replace, Status, Final".into()))
        );
    }
}
