//! Sessions of device management as a Windows device has them: messages of about 2 KB each way.
//!
//! A session begins with the device's alerts and information; then the server sets, adds, reads, runs and
//! removes nodes, some inside an Atomic, and the device answers every command with a Status, every Get
//! with Results, and now and then sends a generic alert. One command in 31 fails.

mod commands;

use std::fmt::Write as _;

use bytes::Bytes;
use synctap::codec::{Book, DocumentType, Hints, Preamble, decode_as, encode};
use synctap::model::{
    BodyFacts, ConnId, Exchange, ExchangeId, Header, Headers, Kind, Leg, MonoTime, Request,
    Response, Scheme, State, WallTime,
};

use commands::{Asked, answer, ask};

/// Exchanges of one session.
pub(crate) const TURNS: u64 = 20;

/// Devices that are managed.
pub(crate) const DEVICES: u64 = 50;

/// How messages are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Encoding {
    /// As text.
    Xml,
    /// As tokens.
    Wbxml,
}

impl Encoding {
    /// Its media type.
    pub(crate) const fn media(self) -> &'static str {
        match self {
            Self::Xml => "application/vnd.syncml.dm+xml",
            Self::Wbxml => "application/vnd.syncml.dm+wbxml",
        }
    }

    /// Commands of the server in one message, so that messages of both sides have 2 KB on average.
    const fn commands(self) -> u64 {
        match self {
            Self::Xml => 8,
            Self::Wbxml => 18,
        }
    }

    /// Characters of the text that a generic alert brings.
    const fn words(self) -> usize {
        match self {
            Self::Xml => 120,
            Self::Wbxml => 420,
        }
    }
}

/// The bodies of exchange `number` of all.
pub(crate) fn bodies(number: u64, encoding: Encoding) -> (Bytes, Bytes) {
    let (device, turn) = (number % DEVICES, number / DEVICES);
    let place = Place { device, session: turn / TURNS + 1, message: turn % TURNS + 1 };
    (place.request(encoding), place.answer(encoding))
}

/// One exchange of one session.
#[derive(Debug, Clone, Copy)]
struct Place {
    device: u64,
    session: u64,
    message: u64,
}

impl Place {
    /// What the server asks in the message that answers message `message`.
    fn asked(self, message: u64, encoding: Encoding) -> Vec<Asked> {
        if message == TURNS {
            return Vec::new();
        }
        let seed = self.device * 7 + self.session * 31 + message * 13;
        (0..encoding.commands()).map(|at| Asked { seed: seed + at, id: 3 + at * 4 }).collect()
    }

    fn request(self, encoding: Encoding) -> Bytes {
        let mut text = self.header(true);
        if self.message == 1 {
            text.push_str(OPENING);
        } else {
            status(&mut text, 1, self.message - 1, 0, "SyncHdr", "200");
            let mut id = 1;
            for asked in self.asked(self.message - 1, encoding) {
                answer(&mut text, &mut id, self.message - 1, asked);
            }
        }
        if !self.message.is_multiple_of(3) {
            let words = "the application was installed ".repeat(encoding.words() / 30);
            let _ = write!(
                text,
                "<Alert><CmdID>900</CmdID><Data>1226</Data><Item><Source><LocURI>./Vendor/MSFT/EnterpriseDesktopAppManagement/MSI/%7Babc%7D/Status</LocURI></Source><Meta><Type xmlns=\"syncml:metinf\">Reversed-Domain-Name:com.microsoft.mdm.EnterpriseDesktopAppManagement</Type><Format xmlns=\"syncml:metinf\">chr</Format><Mark xmlns=\"syncml:metinf\">informational</Mark></Meta><Data>{words}</Data></Item></Alert>"
            );
        }
        finish(text, encoding)
    }

    fn answer(self, encoding: Encoding) -> Bytes {
        let mut text = self.header(false);
        status(&mut text, 1, self.message, 0, "SyncHdr", "200");
        if self.message == 1 {
            for (id, verb) in [(2, "Alert"), (3, "Alert"), (4, "Replace")] {
                status(&mut text, 1000 + id, 1, id, verb, "200");
            }
        }
        if !self.message.is_multiple_of(3) {
            status(&mut text, 2, self.message, 900, "Alert", "200");
        }
        for asked in self.asked(self.message, encoding) {
            ask(&mut text, asked);
        }
        finish(text, encoding)
    }

    fn header(self, device_speaks: bool) -> String {
        let Self { device, session, message } = self;
        let (own, server) = (format!("urn:uuid:{device:032}"), "https://mdm.lab.test/dm");
        let (to, from) = if device_speaks { (server, &*own) } else { (&*own, server) };
        format!(
            "<SyncML xmlns=\"SYNCML:SYNCML1.2\"><SyncHdr><VerDTD>1.2</VerDTD><VerProto>DM/1.2</VerProto><SessionID>{session}</SessionID><MsgID>{message}</MsgID><Target><LocURI>{to}</LocURI></Target><Source><LocURI>{from}</LocURI></Source></SyncHdr><SyncBody>"
        )
    }
}

/// Alerts and information that open a session.
const OPENING: &str = "<Alert><CmdID>2</CmdID><Data>1201</Data></Alert><Alert><CmdID>3</CmdID><Data>1224</Data><Item><Meta><Type xmlns=\"syncml:metinf\">com.microsoft/MDM/LoginStatus</Type></Meta><Data>user</Data></Item></Alert><Replace><CmdID>4</CmdID><Item><Source><LocURI>./DevInfo/DevId</LocURI></Source><Data>urn:uuid:00000000000000000000000000000000</Data></Item><Item><Source><LocURI>./DevInfo/Man</LocURI></Source><Data>Contoso</Data></Item><Item><Source><LocURI>./DevInfo/Mod</LocURI></Source><Data>Lab Book 15</Data></Item><Item><Source><LocURI>./DevInfo/DmV</LocURI></Source><Data>1.3</Data></Item><Item><Source><LocURI>./DevInfo/Lang</LocURI></Source><Data>en-US</Data></Item></Replace>";

/// Writes one Status.
fn status(text: &mut String, id: u64, message: u64, command: u64, verb: &str, code: &str) {
    let _ = write!(
        text,
        "<Status><CmdID>{id}</CmdID><MsgRef>{message}</MsgRef><CmdRef>{command}</CmdRef><Cmd>{verb}</Cmd><Data>{code}</Data></Status>"
    );
}

fn finish(mut text: String, encoding: Encoding) -> Bytes {
    text.push_str("<Final/></SyncBody></SyncML>");
    if encoding == Encoding::Xml {
        return text.into();
    }
    let read = decode_as(text.into(), DocumentType::Xml, &Hints::default());
    let (_, tree, layer) = read.document().unwrap();
    encode(tree, layer, &Preamble::canonical(Book::by_key("syncml12").unwrap())).unwrap().into()
}

/// What is known of a body beside its bytes.
pub(crate) fn hints(leg: Leg, encoding: Encoding) -> Hints<'static> {
    Hints { content_type: encoding.media(), target: "/dm", leg: Some(leg), ..Hints::default() }
}

/// The exchange that carries these bodies.
pub(crate) fn exchange(
    number: u64,
    encoding: Encoding,
    asked: &Bytes,
    answered: &Bytes,
) -> Exchange {
    let facts =
        |body: &Bytes| BodyFacts { seen: body.len() as u64, kept: body.len() as u64, ended: true };
    let headers = |agent: bool| {
        let agent = agent.then_some(("User-Agent", "MSFT OMA DM Client/1.2.0.1"));
        let all = [("Content-Type", encoding.media())].into_iter().chain(agent);
        Headers(
            all.map(|(name, value)| Header { name: name.into(), value: value.into() }).collect(),
        )
    };
    let began = WallTime(1_795_000_000_000_000 + i64::try_from(number).unwrap() * 1_000);
    let conn = ConnId(number % DEVICES + 1);
    let mut exchange = Exchange::begin(ExchangeId(number + 1), conn, Kind::Http, began);
    (exchange.host, exchange.scheme, exchange.port) = ("mdm.lab.test".into(), Scheme::Https, 443);
    exchange.request = Some(Request {
        method: "POST".into(),
        target: "/dm?mode=Machine&Platform=WoA".into(),
        headers: headers(true),
        body: facts(asked),
        ..Request::default()
    });
    exchange.response = Some(Response {
        status: 200,
        headers: headers(false),
        body: facts(answered),
        ..Response::default()
    });
    exchange.times.closed = Some(MonoTime(500));
    exchange.state = State::Complete;
    exchange
}
