//! Conversations written as text: the fixtures of rules and walks.
//!
//! ```text
//! # a comment
//! version 14.1                          protocol version of the requests
//! device Device1                        device id, type, user, host: likewise
//!
//! > FolderSync key=0 wait=5             command, policy key (`-`: no header), seconds since the last answer
//! > Sync Name:a%20b -Name query=… conn=7 from=10.0.0.1 http
//!                                       a header, a header left out, the whole query, connection, address,
//!                                       without TLS
//! <FolderSync xmlns="…">…</FolderSync>  body, sent as WBXML; `text:` before it sends it as it is, `mail:` as
//!                                       a message (`\n` ends a line), `gzip:` and `parts:` wrap the WBXML
//! < 200 Retry-After=30 -Content-Type    HTTP status, headers; `< none`: no answer
//! <FolderSync xmlns="…">…</FolderSync>
//!
//! > POST https://host/path Name=value   any other request: its URL and headers
//! text:<s:Envelope>…</s:Envelope>
//! ```
//!
//! After a line `syncml` what follows is SyncML (`management.rs`). `{{bad|good}}` are the two readings of a text.
//! `[[base64 …]]` stands for the base64 of what is inside,
//! `[[file NAME]]` for that of `captures/enrolment/pki/NAME.der`, `[[sha1 NAME]]` for its thumbprint.

use std::fs;
use std::io::Write as _;
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use synctap::analyze::{Observation, Sessions, annotate};
use synctap::codec::{Book, DocumentType, Hints, Preamble, decode, decode_as, encode};
use synctap::model::{
    Annotated, BodyFacts, ConnId, Decoded, Exchange, ExchangeId, Header, Headers, Kind, Leg,
    MonoTime, Request, Response, Scheme, State, WallTime,
};
use synctap::seal::sha1_hex;

/// The media type of WBXML bodies.
const WBXML: &str = "application/vnd.ms-sync.wbxml";

/// Microseconds an exchange takes.
pub(crate) const TAKES: u64 = 100_000;

/// One exchange of a conversation with what was made of it.
pub(crate) struct Turn {
    pub(crate) exchange: Exchange,
    pub(crate) request: Option<Decoded>,
    pub(crate) response: Option<Decoded>,
    pub(crate) annotated: Annotated,
}

impl Turn {
    /// An exchange with what is made of it.
    pub(crate) fn told(
        exchange: Exchange,
        request: Option<Decoded>,
        response: Option<Decoded>,
    ) -> Self {
        let annotated = annotate(&exchange, request.as_ref(), response.as_ref());
        Self { exchange, request, response, annotated }
    }

    /// Gives it to a fold.
    pub(crate) fn observe(&self, sessions: &mut Sessions) -> Option<Observation> {
        self.tell(sessions).1
    }

    /// The same, with what the exchanges before it add to its annotation.
    pub(crate) fn tell(&self, sessions: &mut Sessions) -> (Annotated, Option<Observation>) {
        sessions.tell(&self.exchange, self.request.as_ref(), self.response.as_ref())
    }
}

/// Reads `text` with the first (`bad`) or the second of each alternative.
pub(crate) fn reading(text: &str, bad: bool) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, from)) = rest.split_once("{{") {
        let (inside, after) = from.split_once("}}").expect("an end of the alternative");
        let (first, second) = inside.split_once('|').expect("two alternatives");
        out.push_str(before);
        out.push_str(if bad { first } else { second });
        rest = after;
    }
    out + rest
}

#[derive(Clone)]
struct Settings {
    version: String,
    device: String,
    device_type: String,
    user: String,
    host: String,
}

/// `text` with every `[[…]]` replaced, the innermost first.
fn expanded(text: &str) -> String {
    let mut text = text.to_owned();
    while let Some((before, after)) = text.split_once("]]") {
        let (before, inside) = before.rsplit_once("[[").expect("a beginning");
        let (what, value) = inside.split_once(' ').expect("a value");
        let made = match what {
            "base64" => STANDARD.encode(value.lines().map(str::trim_start).collect::<String>()),
            "file" => STANDARD.encode(pki(value)),
            "sha1" => sha1_hex(&pki(value)).to_uppercase(),
            other => panic!("no `{other}`"),
        };
        text = format!("{before}{made}{after}");
    }
    text
}

/// A certificate or request of the fixtures.
pub(crate) fn pki(name: &str) -> Vec<u8> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("captures/enrolment/pki");
    fs::read(folder.join(format!("{name}.der"))).unwrap_or_else(|e| panic!("{name}: {e}"))
}

/// The exchanges of a conversation.
pub(crate) fn turns(text: &str) -> Vec<Turn> {
    if text.lines().any(|line| line.trim() == "signed") {
        return crate::signed::turns(text);
    }
    if text.lines().any(|line| line.trim() == "syncml") {
        return crate::management::turns(text);
    }
    let text = &expanded(text);
    let mut settings = Settings {
        version: "14.1".into(),
        device: "LAB0001".into(),
        device_type: "LabPhone".into(),
        user: "alice".into(),
        host: "mail.lab.test".into(),
    };
    let mut turns = Vec::new();
    let mut now = 1_795_000_000_000_000_i64;
    let mut lines = text.lines().filter(|line| !line.trim().is_empty()).peekable();
    while let Some(line) = lines.next() {
        if let Some(question) = line.strip_prefix("> ") {
            let body = |lines: &mut std::iter::Peekable<_>| body_of(lines);
            let asked = body(&mut lines);
            let status = lines.next_if(|line| line.starts_with("< ")).expect("an answer");
            let answered = body(&mut lines);
            let id = turns.len() as u64 + 1;
            let turn = turn(&settings, id, &mut now, question, &asked, &status[2..], &answered);
            turns.push(turn);
        } else if let Some((name, value)) = line.split_once(' ').filter(|_| !line.starts_with('#'))
        {
            let field = match name {
                "version" => &mut settings.version,
                "device" => &mut settings.device,
                "type" => &mut settings.device_type,
                "user" => &mut settings.user,
                "host" => &mut settings.host,
                other => panic!("no setting `{other}`"),
            };
            value.trim().clone_into(field);
        }
    }
    turns
}

pub(crate) fn body_of<'a>(
    lines: &mut std::iter::Peekable<impl Iterator<Item = &'a str>>,
) -> String {
    let mut body = String::new();
    while let Some(line) = lines.next_if(|line| !line.starts_with("> ") && !line.starts_with("< "))
    {
        if !line.starts_with('#') {
            body.push_str(line.trim_start());
        }
    }
    body
}

fn turn(
    settings: &Settings,
    id: u64,
    now: &mut i64,
    question: &str,
    asked: &str,
    status: &str,
    answered: &str,
) -> Turn {
    let mut words = question.split_whitespace();
    let command = words.next().unwrap();
    let is_plain = command.chars().all(|c| c.is_ascii_uppercase()) && command != "OPTIONS";
    let option = |name: &str| {
        let found = question.split_whitespace().find_map(|word| word.strip_prefix(name));
        found.map(str::to_owned)
    };
    let wait: i64 = option("wait=").map_or(1, |seconds| seconds.parse().unwrap());
    *now += wait * 1_000_000;
    let connection = option("conn=").map_or(id, |number| number.parse().unwrap());
    let mut exchange =
        Exchange::begin(ExchangeId(id), ConnId(connection), Kind::Http, WallTime(*now));
    exchange.host.clone_from(&settings.host);
    exchange.client = option("from=").map(|ip| format!("{ip}:40{id:03}")).unwrap_or_default();
    exchange.scheme = if question.split_whitespace().any(|word| word == "http") {
        Scheme::Http
    } else {
        Scheme::Https
    };
    if is_plain {
        return plain(exchange, now, question, asked, status, answered);
    }
    let (question_body, answer_body) = (wire(asked), wire(answered));
    let key = option("key=").filter(|key| key != "-");
    let mut headers = vec![("MS-ASProtocolVersion".to_owned(), settings.version.clone())];
    headers.extend(key.map(|key| ("X-MS-PolicyKey".to_owned(), key)));
    headers.push(("User-Agent".into(), "LabPhone/1.0".into()));
    headers.extend(media_type(asked));
    change(&mut headers, question, ':');
    let query = option("query=").unwrap_or_else(|| {
        let Settings { user, device, device_type, .. } = settings;
        format!("Cmd={command}&User={user}&DeviceId={device}&DeviceType={device_type}")
    });
    let mark = if query.is_empty() { "" } else { "?" };
    let target = format!("/Microsoft-Server-ActiveSync{mark}{query}");
    exchange.request = Some(Request {
        method: if command == "OPTIONS" { "OPTIONS".into() } else { "POST".into() },
        target: target.clone(),
        version: "HTTP/1.1".into(),
        headers: list(headers),
        body: facts(&question_body),
        ..Request::default()
    });
    finished(exchange, now, status, (question_body, answered, answer_body))
}

/// A request of any kind, at a URL.
fn plain(
    mut exchange: Exchange,
    now: &mut i64,
    question: &str,
    asked: &str,
    status: &str,
    answered: &str,
) -> Turn {
    let mut words = question.split_whitespace();
    let (method, url) = (words.next().unwrap(), words.next().unwrap());
    let (_, rest) = url.split_once("://").unwrap();
    let (host, path) = rest.split_once('/').unwrap();
    host.clone_into(&mut exchange.host);
    let (question_body, answer_body) = (wire(asked), wire(answered));
    let mut headers: Vec<(String, String)> = media_type(asked).into_iter().collect();
    change(&mut headers, &words.collect::<Vec<_>>().join(" "), '=');
    exchange.request = Some(Request {
        method: method.to_owned(),
        target: format!("/{path}"),
        version: "HTTP/1.1".into(),
        headers: list(headers),
        body: facts(&question_body),
        ..Request::default()
    });
    finished(exchange, now, status, (question_body, answered, answer_body))
}

/// Adds the answer, and what is made of it all.
fn finished(
    mut exchange: Exchange,
    now: &mut i64,
    status: &str,
    (question_body, answered, answer_body): (Bytes, &str, Bytes),
) -> Turn {
    let mut parts = status.split_whitespace();
    let code = parts.next().unwrap();
    if code != "none" {
        let mut headers: Vec<(String, String)> = media_type(answered).into_iter().collect();
        change(&mut headers, &parts.collect::<Vec<_>>().join(" "), '=');
        answer(&mut exchange, code, headers, &answer_body);
    }
    ended(exchange, now, question_body, answer_body)
}

/// Adds an answer with this status.
pub(crate) fn answer(
    exchange: &mut Exchange,
    code: &str,
    headers: Vec<(String, String)>,
    body: &Bytes,
) {
    exchange.response = Some(Response {
        status: code.parse().unwrap(),
        version: "HTTP/1.1".into(),
        headers: list(headers),
        body: facts(body),
        ..Response::default()
    });
    exchange.times.response_end = Some(MonoTime(TAKES));
}

/// Ends the exchange, and reads what it carried.
pub(crate) fn ended(mut exchange: Exchange, now: &mut i64, question: Bytes, answer: Bytes) -> Turn {
    exchange.times.closed = Some(MonoTime(TAKES));
    exchange.state = State::Complete;
    *now += i64::try_from(TAKES).unwrap();
    let request = Some(decoded(&exchange, question, Leg::Request));
    let response = exchange.response.is_some().then(|| decoded(&exchange, answer, Leg::Response));
    Turn::told(exchange, request, response)
}

/// Adds, replaces and leaves out headers: `Name:value`, `-Name`.
fn change(headers: &mut Vec<(String, String)>, words: &str, separator: char) {
    for word in words.split_whitespace() {
        let named = word
            .split_once(separator)
            .filter(|(name, _)| name.starts_with(|c: char| c.is_ascii_uppercase()));
        if let Some(name) = word.strip_prefix('-').filter(|name| !name.is_empty()) {
            headers.retain(|(known, _)| !known.eq_ignore_ascii_case(name));
        } else if let Some((name, value)) = named {
            if name != "Set-Cookie" {
                headers.retain(|(known, _)| !known.eq_ignore_ascii_case(name));
            }
            headers.push((name.to_owned(), value.replace("%20", " ")));
        }
    }
}

fn media_type(body: &str) -> Option<(String, String)> {
    let media_type = match body.split_once(':').map(|(how, _)| how) {
        Some("text") => "text/xml",
        Some("mail") => "message/rfc822",
        Some("parts") => "application/vnd.ms-sync.multipart",
        _ => WBXML,
    };
    (!body.is_empty()).then(|| ("Content-Type".to_owned(), media_type.to_owned()))
}

pub(crate) fn list(pairs: Vec<(String, String)>) -> Headers {
    Headers(pairs.into_iter().map(|(name, value)| Header { name, value }).collect())
}

pub(crate) fn facts(body: &Bytes) -> BodyFacts {
    BodyFacts { seen: body.len() as u64, kept: body.len() as u64, ended: true }
}

/// XML as it goes over the wire.
fn wire(body: &str) -> Bytes {
    if body.is_empty() {
        return Bytes::new();
    }
    if let Some(text) = body.strip_prefix("text:") {
        return Bytes::from(text.to_owned());
    }
    if let Some(text) = body.strip_prefix("mail:") {
        return Bytes::from(text.replace("\\n", "\r\n"));
    }
    if let Some(inner) = body.strip_prefix("gzip:") {
        let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
        gzip.write_all(&wire(inner)).unwrap();
        return gzip.finish().unwrap().into();
    }
    if let Some(inner) = body.strip_prefix("parts:") {
        return parts(&wire(inner), b"content beside the document");
    }
    let read = decode_as(Bytes::from(body.to_owned()), DocumentType::Xml, &Hints::default());
    assert!(read.problems.is_empty(), "{body}: {:?}", read.problems);
    let (_, tree, bytes) = read.document().expect("a document");
    let book = Book::by_name("ActiveSync").unwrap();
    encode(tree, bytes, &Preamble::canonical(book)).unwrap_or_else(|e| panic!("{body}: {e}")).into()
}

/// A multipart body of a document and one part (MS-ASCMD 2.2.1.10.1).
fn parts(document: &[u8], content: &[u8]) -> Bytes {
    let number = |n: usize| u32::try_from(n).unwrap().to_le_bytes();
    let table = [2, 20, document.len(), 20 + document.len(), content.len()].map(number);
    [&table.concat(), document, content].concat().into()
}

pub(crate) fn decoded(exchange: &Exchange, body: Bytes, leg: Leg) -> Decoded {
    let request = exchange.request.as_ref().unwrap();
    let headers = match leg {
        Leg::Request => &request.headers,
        Leg::Response => &exchange.response.as_ref().unwrap().headers,
    };
    let hints = Hints {
        content_type: headers.first("content-type").unwrap_or_default(),
        target: &request.target,
        leg: Some(leg),
        ..Hints::default()
    };
    decode(body, &hints)
}
