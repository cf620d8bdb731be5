//! The servers that enrol a device and manage it afterwards (MS-MDE2 3, MS-MDM 3).

use std::fmt::Write as _;
use std::io;
use std::sync::{Mutex, MutexGuard, PoisonError};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use zeroize::Zeroizing;

use crate::codec::{Hints, decode_opening};
use crate::pki::{ClientAuthority, ClientKey, seal_for};
use crate::seal::{Keyring, sha1_hex};

use super::stage::{DemoError, ENROLMENT, LOGIN, MANAGER};
use super::template::{between, fill};
use super::wire::{Message, Wire};

/// The account of the device with the management server, and its password. Both are in every copy of
/// this program: they protect nothing.
pub(super) const ACCOUNT: &str = "demo-account";
pub(super) const PASSWORD: &str = "not-a-secret";

/// Who enrols.
pub(super) const USER: &str = "ada@demo.test";
/// The id of the device, and what the server knows it by.
pub(super) const DEVICE: &str = "DE30DE30DE30DE30DE30DE30DE300001";
pub(super) const DEVICE_NAME: &str = "DEMO-PC";
pub(super) const SERVER_ID: &str = "demo-0001";
/// The name in its certificate: what Windows asks for (MS-MDE2 3.4).
pub(super) const SUBJECT: &str = "de30de30-de30-de30-de30-de30de300001!DEMO0001";

/// Media types of enrolment and of management.
pub(super) const SOAP: &str = "application/soap+xml; charset=utf-8";
pub(super) const SYNCML: &str = "application/vnd.syncml.dm+xml";

/// An authority for devices, and the management server's own key.
pub(super) struct Office {
    authority: ClientAuthority,
    key: ClientKey,
    /// The management server's certificate, DER.
    certificate: Vec<u8>,
    /// The certificate handed out, DER; empty before.
    device: Mutex<Vec<u8>>,
    keyring: Keyring,
}

impl Office {
    /// Makes its keys: takes up to some seconds.
    pub(super) fn open() -> Result<Self, DemoError> {
        let authority = ClientAuthority::make("Demo Enrolment CA")?;
        let key = ClientKey::make()?;
        let request = key.request(MANAGER, "")?;
        let certificate = authority.issue(&request, MANAGER, "manager@demo.test")?;
        let keyring = ring([("the management server's key", &key.secret())])?;
        Ok(Self { authority, key, certificate, device: Mutex::default(), keyring })
    }

    /// The key that messages to the management server are encrypted for.
    pub(super) fn secret(&self) -> Zeroizing<Vec<u8>> {
        self.key.secret()
    }

    /// The certificate of the authority that certifies devices, DER.
    pub(super) fn root(&self) -> &[u8] {
        self.authority.certificate()
    }

    /// Answers one message of an enrolment, or one to the sign-in page.
    pub(super) async fn enrol(&self, wire: &mut Wire, request: &Message) -> io::Result<()> {
        let text = String::from_utf8_lossy(&request.body);
        let relates = between(&text, "<a:MessageID>", "</a:MessageID>");
        let action = between(&text, "mustUnderstand=\"1\">", "</a:Action>");
        let answer = match action.rsplit('/').next().unwrap_or_default() {
            "Discover" => fill(
                include_str!("messages/discovered.xml"),
                &[("relates", relates), ("enrolment", ENROLMENT), ("login", LOGIN)],
            ),
            "GetPolicies" => fill(include_str!("messages/policies.xml"), &[("relates", relates)]),
            "wstep" => {
                let document = self.certify(&text).map_err(io::Error::other)?;
                let values = [("relates", relates), ("document", document.as_str())];
                fill(include_str!("messages/token.xml"), &values)
            }
            _ if request.second_word().starts_with("/enrol/start") => {
                let page = fill(include_str!("messages/signed-in.html"), &[("user", USER)]);
                let head = "HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8";
                return wire.say(head, page.as_bytes()).await;
            }
            // The first question is only whether anybody is there (MS-MDE2 3.1.4.1).
            _ => return wire.say("HTTP/1.1 200 OK\r\nContent-Type: text/html", b"").await,
        };
        wire.say(&format!("HTTP/1.1 200 OK\r\nContent-Type: {SOAP}"), answer.as_bytes()).await
    }

    /// The provisioning document (in base64) with a certificate for the request in `text`.
    fn certify(&self, text: &str) -> Result<String, DemoError> {
        let (_, from) = text.split_once("enrollment#PKCS10").unwrap_or_default();
        let request = STANDARD.decode(between(from, ">", "<"));
        let request = request.map_err(|_| DemoError::Body("no certificate request"))?;
        let own = self.authority.issue(&request, SUBJECT, USER)?;
        let root = self.authority.certificate();
        let document = fill(
            include_str!("messages/provisioning.xml"),
            &[
                ("root-sha1", &sha1_hex(root).to_uppercase()),
                ("root", &STANDARD.encode(root)),
                ("own-sha1", &sha1_hex(&own).to_uppercase()),
                ("own", &STANDARD.encode(&own)),
                ("own-name", &SUBJECT.replace('!', "%21")),
                ("manager", MANAGER),
                ("nonce", &nonce(1)),
                ("account", ACCOUNT),
                ("secret", PASSWORD),
                ("user", USER),
                ("name", DEVICE_NAME),
                ("id", SERVER_ID),
            ],
        );
        *self.device() = own;
        Ok(STANDARD.encode(document))
    }

    /// Answers one message of management, encrypted when it was asked so.
    pub(super) async fn manage(&self, wire: &mut Wire, request: &Message) -> io::Result<()> {
        let is_sealed = request.body.first() == Some(&0x30);
        let opened = if is_sealed { self.open_sealed(&request.body) } else { request.body.clone() };
        let answer = self.answer(&String::from_utf8_lossy(&opened)).into_bytes();
        let device = self.device().clone();
        let answer =
            if is_sealed { seal_for(&answer, &device).map_err(io::Error::other)? } else { answer };
        wire.say(&format!("HTTP/1.1 200 OK\r\nContent-Type: {SYNCML}"), &answer).await
    }

    /// The certificate of the device.
    fn device(&self) -> MutexGuard<'_, Vec<u8>> {
        self.device.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn open_sealed(&self, body: &[u8]) -> Vec<u8> {
        let body = Bytes::copy_from_slice(body);
        let read = decode_opening(body, None, &Hints::default(), &self.keyring);
        let inside = read.layer(read.main()).map(|layer| layer.bytes.to_vec());
        inside.unwrap_or_default()
    }

    /// The commands of each message (OMA-TS-DM_Protocol 8).
    fn answer(&self, text: &str) -> String {
        let session = between(text, "<SessionID>", "<");
        let message = between(text, "<MsgID>", "<");
        let next = session.parse().map_or(1, |session: u32| session.saturating_add(1));
        let mut commands = match message {
            "1" => fill(include_str!("messages/welcome.xml"), &[("nonce", &nonce(next))]),
            _ => include_str!("messages/farewell.xml").to_owned(),
        };
        let server = STANDARD.encode(&self.certificate);
        match (session, message) {
            ("1", "1") => commands.push_str(include_str!("messages/first-orders.xml")),
            ("2", "1") => {
                commands.push_str(&fill(
                    include_str!("messages/second-orders.xml"),
                    &[("server", &server)],
                ));
            }
            _ => {}
        }
        let frame = Frame { session, message, target: DEVICE, source: &address(), more: "" };
        frame.around(&commands)
    }
}

/// What stands around the commands of a message (OMA-TS-DM_RepPro 6).
pub(super) struct Frame<'f> {
    pub(super) session: &'f str,
    pub(super) message: &'f str,
    pub(super) target: &'f str,
    pub(super) source: &'f str,
    /// What follows the source: credentials.
    pub(super) more: &'f str,
}

impl Frame<'_> {
    pub(super) fn around(&self, commands: &str) -> String {
        let Self { session, message, target, source, more } = self;
        let name = if more.is_empty() { String::new() } else { named(ACCOUNT) };
        let mut text = String::from("<SyncML xmlns=\"SYNCML:SYNCML1.2\"><SyncHdr>");
        let _ = write!(
            text,
            "<VerDTD>1.2</VerDTD><VerProto>DM/1.2</VerProto><SessionID>{session}</SessionID>\
             <MsgID>{message}</MsgID><Target><LocURI>{target}</LocURI></Target>\
             <Source><LocURI>{source}</LocURI>{name}</Source>{more}</SyncHdr>\n\
             <SyncBody>\n{commands}<Final/></SyncBody></SyncML>"
        );
        text
    }
}

fn named(account: &str) -> String {
    format!("<LocName>{account}</LocName>")
}

/// The address of the management server, as the messages write it.
pub(super) fn address() -> String {
    format!("https://{MANAGER}/omadm")
}

/// Nothing may be digested twice with the same nonce: one for each session, in base64.
fn nonce(session: u32) -> String {
    STANDARD.encode(format!("demo nonce {session}"))
}

/// A ring with keys in PKCS#8.
pub(super) fn ring<const N: usize>(
    keys: [(&str, &Zeroizing<Vec<u8>>); N],
) -> Result<Keyring, DemoError> {
    let mut ring = Keyring::new();
    for (name, key) in keys {
        ring.add_key(name, key, None).map_err(|_| DemoError::Body("no key"))?;
    }
    Ok(ring)
}
