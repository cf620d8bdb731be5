//! Conversations in SyncML, written as those of ActiveSync (`conversation.rs`) after a line `syncml`.
//!
//! ```text
//! syncml                                 what follows is SyncML
//! device urn:uuid:LAB                    its address, likewise server, session, path, media
//!
//! > 2 wait=5 mode=- X-Name=value%20two   MsgID; seconds since the last answer; mode of the URL (`-`: none);
//! <Status>…</Status><Final/>             session=, protocol=, method=, path=, host= for this one; header fields
//! < 200 id=2 Retry-After=30              HTTP status; MsgID of the answer, where it is another
//! <Status>…</Status><Final/>
//! ```
//!
//! A body is what stands in `SyncBody`; `<hdr>…</hdr>` before it is put into the header. One that begins
//! with `<SyncML` or `<?` is the whole message, `text:` before it sends anything else, and `wbxml:` sends
//! a message as WBXML.

use bytes::Bytes;
use synctap::codec::{Book, DocumentType, Hints, Preamble, decode_as, encode};
use synctap::model::{ConnId, Exchange, ExchangeId, Kind, Leg, Request, Scheme, WallTime};

use crate::conversation::{Turn, answer, body_of, ended, facts, list};

#[derive(Clone)]
struct Settings {
    device: String,
    server: String,
    session: String,
    path: String,
    media: String,
}

/// The exchanges of a conversation in SyncML.
pub(crate) fn turns(text: &str) -> Vec<Turn> {
    let mut settings = Settings {
        device: "urn:uuid:LAB0001".into(),
        server: "https://mdm.lab.test/dm".into(),
        session: "5".into(),
        path: "/dm".into(),
        media: "application/vnd.syncml.dm+xml;%20charset=utf-8".into(),
    };
    let mut turns = Vec::new();
    let mut now = 1_795_000_000_000_000_i64;
    let mut lines = text.lines().filter(|line| !line.trim().is_empty()).peekable();
    while let Some(line) = lines.next() {
        if let Some(question) = line.strip_prefix("> ") {
            let asked = body_of(&mut lines);
            let status = lines.next_if(|line| line.starts_with("< ")).expect("an answer");
            let answered = body_of(&mut lines);
            let id = turns.len() as u64 + 1;
            turns.push(turn(&settings, id, &mut now, question, &asked, &status[2..], &answered));
        } else if let Some((name, value)) = line.split_once(' ').filter(|_| !line.starts_with('#'))
        {
            let field = match name {
                "device" => &mut settings.device,
                "server" => &mut settings.server,
                "session" => &mut settings.session,
                "path" => &mut settings.path,
                "media" => &mut settings.media,
                other => panic!("no setting `{other}`"),
            };
            value.trim().clone_into(field);
        }
    }
    turns
}

/// Words of a line as `name=value`.
struct Options(Vec<(String, String)>);

impl Options {
    fn of(line: &str) -> (String, Self) {
        let mut words = line.split_whitespace();
        let first = words.next().unwrap().to_owned();
        let pairs = words.filter_map(|word| word.split_once('='));
        let pairs = pairs.map(|(name, value)| (name.to_owned(), value.replace("%20", " ")));
        (first, Self(pairs.collect()))
    }

    fn take(&mut self, name: &str) -> Option<String> {
        let at = self.0.iter().position(|(own, _)| own == name)?;
        Some(self.0.remove(at).1)
    }
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
    let (message, mut options) = Options::of(question);
    let mut own = settings.clone();
    for (name, field) in [
        ("session", &mut own.session),
        ("path", &mut own.path),
        ("device", &mut own.device),
        ("media", &mut own.media),
    ] {
        if let Some(value) = options.take(name) {
            *field = value;
        }
    }
    *now += options.take("wait").map_or(1, |seconds| seconds.parse::<i64>().unwrap()) * 1_000_000;
    let conn = options.take("conn").map_or(1, |conn| conn.parse().unwrap());
    let mut exchange = Exchange::begin(ExchangeId(id), ConnId(conn), Kind::Http, WallTime(*now));
    exchange.host = options.take("host").unwrap_or_else(|| "mdm.lab.test".into());
    if let Some(port) = options.take("port") {
        exchange.port = port.parse().unwrap();
    }
    if options.take("scheme").is_some_and(|scheme| scheme == "http") {
        (exchange.scheme, exchange.port) = (Scheme::Http, 80);
    }
    let mode = options.take("mode").unwrap_or_else(|| "Maintenance".into());
    let query = if mode == "-" { String::new() } else { format!("?mode={mode}") };
    let method = options.take("method").unwrap_or_else(|| "POST".into());
    let question_body = wire(asked, &own, &message, Leg::Request);
    let agent = options.take("agent").unwrap_or_else(|| "MSFT OMA DM Client/1.2.0.1".into());
    let mut headers = vec![("User-Agent".to_owned(), agent)];
    headers.push(("Content-Type".to_owned(), own.media.replace("%20", " ")));
    headers.append(&mut options.0);
    exchange.request = Some(Request {
        method,
        target: format!("{}{query}", own.path),
        version: "HTTP/1.1".into(),
        headers: list(headers),
        body: facts(&question_body),
        ..Request::default()
    });
    let (code, mut options) = Options::of(status);
    let mut answer_body = Bytes::new();
    if code != "none" {
        let reply = options.take("id").unwrap_or(message);
        if let Some(session) = options.take("session") {
            own.session = session;
        }
        let media = options.take("media").unwrap_or_else(|| own.media.clone());
        answer_body = wire(answered, &own, &reply, Leg::Response);
        let mut headers = vec![("Content-Type".to_owned(), media.replace("%20", " "))];
        headers.append(&mut options.0);
        answer(&mut exchange, &code, headers, &answer_body);
    }
    ended(exchange, now, question_body, answer_body)
}

/// A message as it goes over the wire.
fn wire(body: &str, settings: &Settings, message: &str, leg: Leg) -> Bytes {
    if let Some(text) = body.strip_prefix("text:") {
        return Bytes::from(text.to_owned());
    }
    let (wbxml, body) = match body.strip_prefix("wbxml:") {
        Some(body) => (true, body),
        None => (false, body),
    };
    let text = if body.is_empty() || body.starts_with("<SyncML") || body.starts_with("<?") {
        body.to_owned()
    } else {
        whole(body, settings, message, leg)
    };
    if !wbxml {
        return Bytes::from(text);
    }
    let read = decode_as(Bytes::from(text), DocumentType::Xml, &Hints::default());
    let (_, tree, bytes) = read.document().expect("a document");
    let book = Book::by_key("syncml12").unwrap();
    encode(tree, bytes, &Preamble::canonical(book)).unwrap_or_else(|e| panic!("{body}: {e}")).into()
}

fn whole(body: &str, settings: &Settings, message: &str, leg: Leg) -> String {
    let (header, body) = match body.strip_prefix("<hdr>").and_then(|rest| rest.split_once("</hdr>"))
    {
        Some((header, body)) => (header, body),
        None => ("", body),
    };
    let (target, source) = match leg {
        Leg::Request => (&settings.server, &settings.device),
        Leg::Response => (&settings.device, &settings.server),
    };
    let session = &settings.session;
    format!(
        "<SyncML xmlns=\"SYNCML:SYNCML1.2\"><SyncHdr><VerDTD>1.2</VerDTD><VerProto>DM/1.2</VerProto>\
         <SessionID>{session}</SessionID><MsgID>{message}</MsgID><Target><LocURI>{target}</LocURI></Target>\
         <Source><LocURI>{source}</LocURI></Source>{header}</SyncHdr><SyncBody>{body}</SyncBody></SyncML>"
    )
}

/// Documents print commands without the message around them; a profile is several side by side.
#[test]
fn parts_of_messages_are_explained_too() {
    let notes = |text: &'static str| {
        let decoded =
            synctap::codec::decode(Bytes::from_static(text.as_bytes()), &Hints::default());
        let notes = synctap::analyze::annotate_body(&decoded, None);
        notes.into_iter().map(|note| note.text).collect::<Vec<_>>().join("; ")
    };
    let camera = "<Replace><Item><Target><LocURI>./Device/Vendor/MSFT/Policy/Config/Camera/AllowCamera</LocURI></Target><Data>0</Data></Item></Replace>";
    assert!(notes(camera).ends_with("0: Not allowed"), "{}", notes(camera));
    let two = "<Add><Item><Target><LocURI>./DevInfo/Man</LocURI></Target></Item></Add><Atomic><Exec><Item><Target><LocURI>./Device/Vendor/MSFT/RemoteWipe/doWipe</LocURI></Target></Item></Exec></Atomic>";
    assert!(notes(two).contains("REMOTE WIPE"), "{}", notes(two));
    let body = "<SyncBody><Alert><CmdID>1</CmdID><Data>1201</Data></Alert></SyncBody>";
    assert!(notes(body).starts_with("1201"), "{}", notes(body));
    assert_eq!(notes("<Policy><Data>1</Data></Policy>"), "");
}
