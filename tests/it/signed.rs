//! Conversations with signed messages, by the names of files in `captures/cms`.
//!
//! ```text
//! signed                                 what follows is this
//!
//! > MS-Signature good.der body.xml       header, signature (or `-` for none), body; a certificate of
//!                                        the folder `certs` may follow that TLS shows
//! < 200 answer.xml                       status of the answer, and its body
//! ```
//!
//! Each exchange begins two seconds after its signature was made.

use std::fs;
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use synctap::codec::pem;
use synctap::model::{
    Carrier, ClientCertificate, ConnId, Exchange, ExchangeId, Kind, Leg, MonoTime, Request,
    Response, State, Tls, WallTime,
};
use synctap::seal::{Circumstances, Keyring, Over, verify};

use crate::conversation::{TAKES, Turn, decoded, facts, list};

/// When something without a signature is sent.
const USUALLY: WallTime = WallTime(1_795_200_000_000_000);

const TYPE: &str = "application/vnd.syncml.dm+xml";

/// The exchanges of a conversation with signed messages.
pub(crate) fn turns(text: &str) -> Vec<Turn> {
    let mut lines = text.lines();
    let mut turns: Vec<Turn> = Vec::new();
    while let Some(line) = lines.next() {
        let Some(question) = line.strip_prefix("> ") else { continue };
        let answer = lines.next().and_then(|line| line.strip_prefix("< ")).expect("an answer");
        let before = turns.last().map_or(WallTime(0), |turn| turn.exchange.started);
        turns.push(turn(turns.len() as u64 + 1, before, question, answer));
    }
    turns
}

fn file(name: &str) -> Vec<u8> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("captures/cms");
    fs::read(folder.join(name)).unwrap_or_else(|e| panic!("{name}: {e}"))
}

fn turn(id: u64, before: WallTime, question: &str, answer: &str) -> Turn {
    let words: Vec<&str> = question.split(' ').collect();
    let [header, signature, body, ref tls @ ..] = words[..] else { panic!("{question}") };
    let body = Bytes::from(file(body));
    let mut headers = vec![("Content-Type".to_owned(), TYPE.to_owned())];
    let mut at = USUALLY;
    if header != "-" {
        let message = file(signature);
        let extension = Path::new(signature).extension().unwrap();
        let value = if extension == "der" {
            at = signed_at(&message, &body);
            STANDARD.encode(message)
        } else {
            String::from_utf8(message).unwrap()
        };
        headers.push((header.to_owned(), value));
    }
    let at = WallTime(at.0.max(before.0 + 1_000_000));
    let mut exchange = Exchange::begin(ExchangeId(id), ConnId(1), Kind::Http, at);
    exchange.host = "mdm.example".into();
    exchange.client_tls = tls.first().map(|name| shown(name));
    exchange.request = Some(Request {
        method: "POST".into(),
        target: "/dm?mode=Maintenance".into(),
        version: "HTTP/1.1".into(),
        headers: list(headers),
        body: facts(&body),
        ..Request::default()
    });
    let (status, answered) = answer.split_once(' ').unwrap_or((answer, ""));
    let answered = Bytes::from(if answered.is_empty() { Vec::new() } else { file(answered) });
    exchange.response = Some(Response {
        status: status.parse().unwrap(),
        version: "HTTP/1.1".into(),
        headers: list(vec![("Content-Type".to_owned(), TYPE.to_owned())]),
        body: facts(&answered),
        ..Response::default()
    });
    exchange.times.response_end = Some(MonoTime(TAKES));
    exchange.times.closed = Some(MonoTime(TAKES));
    exchange.state = State::Complete;
    let request = decoded(&exchange, body, Leg::Request);
    let response = decoded(&exchange, answered, Leg::Response);
    Turn::told(exchange, Some(request), Some(response))
}

/// TLS on which the device showed a certificate of the folder `certs`.
fn shown(name: &str) -> Tls {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("certs").join(name);
    let der = pem(&fs::read(path).unwrap()).next().unwrap().der;
    let der = STANDARD.encode(der);
    let client_certificate = Some(ClientCertificate { der, ..ClientCertificate::default() });
    Tls { client_certificate, ..Tls::default() }
}

/// Two seconds after a message says that it was signed.
fn signed_at(message: &[u8], body: &[u8]) -> WallTime {
    let keyring = Keyring::new();
    let (carrier, keyring) = (Carrier::File, &keyring);
    let known = Circumstances { carrier, at: USUALLY, now: None, keyring, known: &[] };
    let report = verify(message, Some(Over::Bytes(body)), &known);
    let time = report.signers.first().and_then(|signer| signer.signing_time);
    time.map_or(USUALLY, |time| WallTime(time.0 + 2_000_000))
}
