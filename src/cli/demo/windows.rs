//! A Windows PC: it enrols (MS-MDE2 3), and asks for work later (MS-MDM 3.1), each message signed.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use md5::{Digest as _, Md5};
use time::OffsetDateTime;

use crate::pki::seal_for;

use super::device::{Device, expect};
use super::office::{
    ACCOUNT, DEVICE, DEVICE_NAME, Frame, PASSWORD, SERVER_ID, SOAP, SUBJECT, SYNCML, USER, address,
};
use super::stage::{DISCOVERY, DemoError, ENROLMENT, LOGIN, MANAGER, Stage};
use super::template::{between, fill};
use super::wire::{Message, Wire};

/// What it runs.
const VERSION: &str = "10.0.26100.1742";

/// A PC that is enrolled.
pub(super) struct Pc<'s> {
    stage: &'s Stage,
    device: Device,
    /// Its certificate, DER.
    certificate: Vec<u8>,
    /// The management server's certificate, DER; empty until it is told.
    server: Vec<u8>,
    /// What the next credentials are made with.
    nonce: Vec<u8>,
}

/// One conversation with the management server.
#[derive(Debug, Clone, Copy)]
pub(super) struct CheckIn {
    session: &'static str,
    /// What began it (MS-MDM 2.1: `UserAgentOrigin`).
    origin: u8,
    /// Its second message; none when there is nothing to answer.
    answers: Option<&'static str>,
    /// Bodies are encrypted.
    sealed: bool,
    /// What becomes of the second message on its way.
    spoil: Option<(&'static str, &'static str)>,
}

impl CheckIn {
    /// Right after enrolment: of an Atomic the second value is beyond what the device takes.
    pub(super) const FIRST: Self = Self {
        session: "1",
        origin: 5,
        answers: Some(include_str!("messages/first-answers.xml")),
        sealed: false,
        spoil: None,
    };
    /// By schedule: the Atomic is mended, and another value changed.
    pub(super) const SECOND: Self = Self {
        session: "2",
        origin: 2,
        answers: Some(include_str!("messages/second-answers.xml")),
        ..Self::FIRST
    };
    /// By schedule: nothing to do, and nobody may read it.
    pub(super) const SEALED: Self =
        Self { session: "3", origin: 2, answers: None, sealed: true, spoil: None };
    /// The second, with a body that somebody changes between the device and the proxy.
    pub(super) const SPOILED: Self =
        Self { spoil: Some(("<Data>8</Data>", "<Data>4</Data>")), ..Self::SECOND };
}

impl<'s> Pc<'s> {
    /// From the first question whether anybody is there to the certificate.
    pub(super) async fn enrol(stage: &'s Stage, device: Device) -> Result<Self, DemoError> {
        let token = token();
        let mut wire = device.reach(DISCOVERY).await?;
        get(&mut wire, DISCOVERY, "/EnrollmentServer/Discovery.svc", "ENROLLClient").await?;
        stage.pause().await;
        let mut post = Post { stage, token: &token, message: 0 };
        post.soap(&mut wire, DISCOVERY, include_str!("messages/discover.xml"), "").await?;
        let mut wire = device.reach(LOGIN).await?;
        let user = USER.replace('@', "%40");
        let path =
            format!("/enrol/start?appru=ms-app://windows.immersivecontrolpanel&login_hint={user}");
        get(&mut wire, LOGIN, &path, "Mozilla/5.0 (demonstration)").await?;
        stage.pause().await;
        let mut wire = device.reach(ENROLMENT).await?;
        post.soap(&mut wire, ENROLMENT, include_str!("messages/get-policies.xml"), "").await?;
        let request = STANDARD.encode(stage.pc_key().request(SUBJECT, "HW-DEMO0001")?);
        let told = include_str!("messages/request-token.xml");
        let answer = post.soap(&mut wire, ENROLMENT, told, &request).await?;
        Self::provisioned(stage, &device, &answer)
    }

    /// Takes over what the provisioning document gives.
    fn provisioned(stage: &'s Stage, device: &Device, answer: &Message) -> Result<Self, DemoError> {
        let missing = || DemoError::Body("no provisioning document");
        let text = String::from_utf8_lossy(&answer.body);
        let (_, from) = text.split_once("DeviceEnrollmentProvisionDoc").ok_or_else(missing)?;
        let document = STANDARD.decode(between(from, "base64binary\">", "<"));
        let document =
            String::from_utf8(document.map_err(|_| missing())?).map_err(|_| missing())?;
        let (_, own) = document.split_once("type=\"User\"").ok_or_else(missing)?;
        let decoded = |text: &str| STANDARD.decode(text).map_err(|_| missing());
        let certificate = decoded(between(own, "EncodedCertificate\" value=\"", "\""))?;
        let nonce = decoded(between(&document, "AAUTHDATA\" value=\"", "\""))?;
        let identity = stage.pc_key().identity(&certificate)?;
        let device = stage.identified(device.proxy(), identity);
        Ok(Self { stage, device, certificate, server: Vec::new(), nonce })
    }

    /// Asks for work until there is none.
    pub(super) async fn check_in(&mut self, plan: CheckIn) -> Result<(), DemoError> {
        let mut wire = self.device.reach(MANAGER).await?;
        let hello = fill(include_str!("messages/hello.xml"), &[("device", DEVICE)]);
        let answer = self.tell(&mut wire, plan, "1", &hello).await?;
        let text = String::from_utf8_lossy(&answer.body);
        let told = between(&text, "NextNonce xmlns=\"syncml:metinf\">", "<");
        self.nonce = STANDARD.decode(told).unwrap_or_default();
        let (_, store) = text.split_once("/Cert0</LocURI>").unwrap_or_default();
        if let Ok(told) = STANDARD.decode(between(store, "<Data>", "<"))
            && !told.is_empty()
        {
            self.server = told;
        }
        if let Some(answers) = plan.answers {
            let answers = fill(answers, &[("version", VERSION)]);
            self.tell(&mut wire, plan, "2", &answers).await?;
        }
        Ok(())
    }

    /// Sends one message, signed as it is, and hears the answer.
    async fn tell(
        &self,
        wire: &mut Wire,
        plan: CheckIn,
        message: &str,
        commands: &str,
    ) -> Result<Message, DemoError> {
        let credentials = if message == "1" { self.credentials() } else { String::new() };
        let (session, target) = (plan.session, &*address());
        let frame = Frame { session, message, target, source: DEVICE, more: &credentials };
        let mut body = frame.around(commands).into_bytes();
        if plan.sealed {
            body = seal_for(&body, &self.server)?;
        }
        let signature = self.stage.pc_key().sign(&body, &self.certificate)?;
        if let Some((was, is)) = plan.spoil.filter(|_| message == "2") {
            body = String::from_utf8_lossy(&body).replace(was, is).into_bytes();
        }
        let head = format!(
            "POST /omadm?mode=Maintenance&Platform=WoA HTTP/1.1\r\nHost: {MANAGER}\r\n\
             User-Agent: MSFT OMA DM Client/1.2.0.1\r\nAccept: {SYNCML}\r\n\
             Client-Request-Id: {SERVER_ID}\r\nMS-CV: demodemodemodemo.{session}.{message}\r\n\
             UserAgentOrigin: {}\r\nMS-Signature: {}\r\nContent-Type: {SYNCML}",
            plan.origin,
            STANDARD.encode(signature)
        );
        wire.say(&head, &body).await?;
        let answer = wire.hear().await?.unwrap_or_default();
        expect("management", "200", &answer)?;
        self.stage.pause().await;
        Ok(answer)
    }

    /// Credentials with the account that the provisioning document gave (OMA DM Security 1.2.1, 5.3).
    fn credentials(&self) -> String {
        let account = STANDARD.encode(Md5::digest(format!("{ACCOUNT}:{PASSWORD}")));
        let mut digest = Md5::new();
        digest.update(account.as_bytes());
        digest.update(b":");
        digest.update(&self.nonce);
        let digest = STANDARD.encode(digest.finalize());
        format!(
            "<Cred><Meta><Format xmlns=\"syncml:metinf\">b64</Format>\
             <Type xmlns=\"syncml:metinf\">syncml:auth-md5</Type></Meta>\
             <Data>{digest}</Data></Cred>"
        )
    }
}

/// The messages of an enrolment that carry one.
struct Post<'p> {
    stage: &'p Stage,
    token: &'p str,
    message: u32,
}

impl Post<'_> {
    async fn soap(
        &mut self,
        wire: &mut Wire,
        host: &str,
        template: &str,
        request: &str,
    ) -> Result<Message, DemoError> {
        self.message += 1;
        let message = format!("de30de30-1111-4000-8000-{:012}", self.message);
        let values = [
            ("message", message.as_str()),
            ("host", host),
            ("user", USER),
            ("version", VERSION),
            ("token", self.token),
            ("request", request),
            ("hardware", "HW-DEMO0001"),
            ("name", DEVICE_NAME),
            ("device", DEVICE),
        ];
        let body = fill(template, &values);
        let path = if host == DISCOVERY { "Discovery" } else { "DeviceEnrollmentWebService" };
        let head = format!(
            "POST /EnrollmentServer/{path}.svc HTTP/1.1\r\nHost: {host}\r\n\
             User-Agent: ENROLLClient\r\nContent-Type: {SOAP}"
        );
        wire.say(&head, body.as_bytes()).await?;
        let answer = wire.hear().await?.unwrap_or_default();
        expect("enrolment", "200", &answer)?;
        self.stage.pause().await;
        Ok(answer)
    }
}

async fn get(wire: &mut Wire, host: &str, path: &str, agent: &str) -> Result<(), DemoError> {
    let head = format!("GET {path} HTTP/1.1\r\nHost: {host}\r\nUser-Agent: {agent}\r\n\r\n");
    wire.send(head.as_bytes()).await?;
    expect("enrolment", "200", &wire.hear().await?.unwrap_or_default())
}

/// What a sign-in page gives: a token that nobody signed, in base64, good for an hour.
fn token() -> String {
    let until = OffsetDateTime::now_utc().unix_timestamp() + 3600;
    let claims = serde_json::json!({
        "aud": format!("https://{ENROLMENT}"),
        "iss": format!("https://{LOGIN}/"),
        "upn": USER,
        "deviceid": "de30de30-de30-4e30-8e30-de30de300001",
        "exp": until,
    });
    let part = |bytes: &[u8]| base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(bytes);
    let token =
        [part(br#"{"alg":"none"}"#), part(claims.to_string().as_bytes()), part(b"not a signature")];
    STANDARD.encode(token.join("."))
}
