//! One story a device: from discovery over its certificate to the sessions in which it is managed.
//!
//! Discovery and policy name no device: they wait under the address they came from until a certificate
//! request of the same address names one. Management is joined by device id, by the id the server gave
//! (`client-request-id`), by the certificate it signs with, by the claims of its tokens, or by server and
//! address.

use std::collections::{HashMap, VecDeque};

use bytes::Bytes;

use crate::analyze::document::Subject;
use crate::analyze::draft::{clip, clip_to, joined};
use crate::analyze::flow::{Mark, over};
use crate::analyze::meet::meet;
use crate::analyze::signature::device_certificate;
use crate::analyze::syncml::Token;
use crate::model::{
    CertificateRequested, Device, DeviceCertificate, DeviceKey, Enrolment, Exchange, ExchangeId,
    Finding, Leg, ProvisionState, Step, StepFinding, Summary, WallTime,
};
use crate::seal::sha256_hex;

use super::credentials::{self, Claimed};
use super::envelope::{Envelope, Message};
use super::policy::CertificatePolicy;
use super::provisioning::{Provisioning, Stored};
use super::request::{RequestKind, TokenRequest};

/// Devices remembered; the one silent for longest is forgotten first.
const DEVICES: usize = 1_024;

/// Beginnings without a device remembered.
const OPEN: usize = 256;

/// Exchanges of an enrolment kept for one device.
const ENROLMENT_STEPS: usize = 32;

/// Exchanges of management kept for one device, the last ones.
const MANAGEMENT_STEPS: usize = 96;

/// A beginning waits so long for the device to name itself: a person signs in meanwhile.
const PATIENCE: i64 = 30 * 60 * 1_000_000;

/// Certificates kept of one device.
const CERTIFICATES: usize = 16;

/// Certificate requests kept of one device.
const REQUESTS: usize = 16;

/// Microseconds of a day.
const DAY: i64 = 86_400_000_000;

/// Characters of the facts in one step.
const FACTS_CHARS: usize = 400;

/// What a certificate policy demanded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::analyze) struct Demand {
    /// Least length of the key in bits.
    pub(in crate::analyze) key_length: usize,
    pub(in crate::analyze) mark: Mark,
}

/// An enrolment whose device is not known yet.
#[derive(Debug, Clone)]
struct Open {
    address: String,
    last: WallTime,
    steps: Vec<Step>,
    demand: Option<Demand>,
    user: String,
}

/// A device with what its views show.
#[derive(Debug, Clone)]
struct Kept {
    device: Device,
    enrolment: Enrolment,
    /// Where the device came from last.
    address: String,
    /// Host of the management server.
    server_host: String,
    /// The id the server gave (`EntDMID`).
    server_id: String,
    /// The certificate it was given, DER; empty before.
    certificate: Bytes,
    /// Who the token of its enrolment is for.
    claimed: Claimed,
    demand: Option<Demand>,
    steps: Vec<Step>,
    managed: VecDeque<Step>,
    turn: u64,
}

/// The place of an exchange in the story of its device.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::analyze) struct Told {
    pub(in crate::analyze) device: DeviceKey,
    pub(in crate::analyze) step: Step,
    /// What came before the device named itself, told with the exchange that names it.
    pub(in crate::analyze) earlier: Vec<Step>,
}

/// A fold over exchanges in the order in which they ended. Memory is bounded: at most 1,024 devices,
/// for each at most 32 exchanges of enrolment and 96 of management, and 256 beginnings.
#[derive(Debug, Clone, Default)]
pub(in crate::analyze) struct Enrolments {
    devices: HashMap<String, Kept>,
    open: VecDeque<Open>,
    turn: u64,
}

impl Enrolments {
    /// What the certificate policy before an exchange demanded of its sender.
    pub(in crate::analyze) fn demand(&self, subject: &Subject<'_>) -> Option<&Demand> {
        let exchange = subject.exchange;
        let id = requested(subject).map(|request| bare(&request.context("DeviceID")));
        let own = id.and_then(|id| self.devices.get(&id)).and_then(|kept| kept.demand.as_ref());
        let address = address(exchange);
        let waiting = self.open.iter().rev().find(|open| open.fits(&address, exchange.started));
        waiting.and_then(|open| open.demand.as_ref()).or(own)
    }

    /// Takes in one exchange of enrolment. `None` when its device is not known yet.
    pub(in crate::analyze) fn enrol(
        &mut self,
        subject: &Subject<'_>,
        summary: &Summary,
        findings: &[Finding],
    ) -> Option<Told> {
        self.turn += 1;
        let exchange = subject.exchange;
        let step = step(exchange, summary, findings);
        let request = requested(subject);
        let id = request.as_ref().map(|request| bare(&request.context("DeviceID")));
        let Some(id) = id.filter(|id| !id.is_empty()) else {
            self.wait(subject, summary, step);
            return None;
        };
        let begun = self.take_open(exchange);
        self.make_room(&id);
        let turn = self.turn;
        let kept = self
            .devices
            .entry(id)
            .or_insert_with(|| Kept::new(exchange, &summary.device, begun.as_ref()));
        kept.turn = turn;
        let earlier = begun.map(|begun| kept.began_with(begun)).unwrap_or_default();
        kept.meet(exchange, summary);
        kept.learn(subject, request.as_ref(), summary);
        kept.add_step(step.clone());
        Some(Told { device: kept.device.key.clone(), step, earlier })
    }

    /// Takes in one exchange of management; `step` is its place in the story, and `keys` are those that
    /// its sender proved to have (SHA-256 of each public key). `None` when the device did not enrol here.
    pub(in crate::analyze) fn manage(
        &mut self,
        exchange: &Exchange,
        summary: &Summary,
        step: &Step,
        keys: &[String],
    ) -> Option<DeviceKey> {
        self.turn += 1;
        let turn = self.turn;
        let (id, how) = self.find(exchange, summary, keys)?;
        let kept = self.devices.get_mut(&id)?;
        kept.turn = turn;
        kept.meet(exchange, summary);
        let enrolment = &mut kept.enrolment;
        if enrolment.first_session.is_none() {
            enrolment.first_session = Some(exchange.id);
            enrolment.joined = how;
        }
        if enrolment.sessions == 0 || enrolment.last_session != summary.session {
            enrolment.sessions += 1;
            enrolment.last_session.clone_from(&summary.session);
        }
        if kept.managed.len() == MANAGEMENT_STEPS {
            kept.managed.pop_front();
        }
        kept.device.findings += step.findings.len() as u64;
        kept.managed.push_back(step.clone());
        Some(kept.device.key.clone())
    }

    /// Every device remembered, in no order.
    pub(in crate::analyze) fn devices(&self) -> impl Iterator<Item = Device> {
        self.devices.values().map(Kept::view)
    }

    /// The device that enrolled with one of these keys.
    pub(in crate::analyze) fn owner(&self, keys: &[String]) -> Option<DeviceKey> {
        let own = self.devices.values().find(|kept| kept.has_one_of(keys));
        own.map(|kept| kept.device.key.clone())
    }

    /// Which devices are remembered, in no order.
    pub(in crate::analyze) fn keys(&self) -> impl Iterator<Item = &DeviceKey> {
        self.devices.values().map(|kept| &kept.device.key)
    }

    /// One device.
    pub(in crate::analyze) fn device(&self, key: &DeviceKey) -> Option<Device> {
        self.devices.values().find(|kept| kept.device.key == *key).map(Kept::view)
    }

    /// The device that an exchange of management belongs to, and how that is known.
    fn find(
        &self,
        exchange: &Exchange,
        summary: &Summary,
        keys: &[String],
    ) -> Option<(String, &'static str)> {
        let own = self.devices.iter().find(|(_, kept)| kept.has_one_of(keys));
        if let Some((id, _)) = own {
            return Some((id.clone(), "its certificate"));
        }
        let id = bare(&summary.device);
        if self.devices.contains_key(&id) {
            return Some((id, "device id"));
        }
        let request = exchange.request.as_ref()?;
        let given = request.headers.first("client-request-id").unwrap_or_default().trim();
        let by = |fits: &dyn Fn(&Kept) -> bool| {
            let mut all = self.devices.iter().filter(|(_, kept)| fits(kept));
            let (id, _) = all.next()?;
            // Two that fit are none.
            all.next().is_none().then(|| id.clone())
        };
        let same_id = |kept: &Kept| !given.is_empty() && kept.server_id.eq_ignore_ascii_case(given);
        let signed = signature(exchange);
        let same_certificate = |kept: &Kept| {
            let own = &kept.certificate;
            !own.is_empty() && signed.windows(own.len()).any(|bytes| bytes == &**own)
        };
        let claims = ["Authorization", "DeviceToken"]
            .map(|name| request.headers.first(name).and_then(Token::read).unwrap_or_default());
        let same_device =
            |kept: &Kept| claims.iter().any(|token| kept.claimed.is_device(&Claimed::of(token)));
        let same_user =
            |kept: &Kept| claims.iter().any(|token| kept.claimed.is_user(&Claimed::of(token)));
        let address = address(exchange);
        let same_way = |kept: &Kept| {
            kept.address == address && kept.server_host.eq_ignore_ascii_case(&exchange.host)
        };
        by(&same_id)
            .map(|id| (id, "the id the server gave it"))
            .or_else(|| by(&same_certificate).map(|id| (id, "the certificate it signs with")))
            .or_else(|| by(&same_device).map(|id| (id, "the device id of its token")))
            .or_else(|| by(&same_user).map(|id| (id, "the user of its token")))
            .or_else(|| by(&same_way).map(|id| (id, "server and address")))
    }

    fn wait(&mut self, subject: &Subject<'_>, summary: &Summary, step: Step) {
        let exchange = subject.exchange;
        let address = address(exchange);
        let known = self.open.iter().rposition(|open| open.fits(&address, exchange.started));
        let at = known.unwrap_or_else(|| {
            if self.open.len() == OPEN {
                self.open.pop_front();
            }
            self.open.push_back(Open::new(address));
            self.open.len() - 1
        });
        let Some(open) = self.open.get_mut(at) else { return };
        open.last = open.last.max(over(exchange));
        if !summary.user.is_empty() {
            open.user.clone_from(&summary.user);
        }
        if let Some(length) = demanded(subject) {
            let mark = Mark::leg(exchange, Leg::Response);
            open.demand = Some(Demand { key_length: length, mark });
        }
        if open.steps.len() < ENROLMENT_STEPS {
            open.steps.push(step);
        }
    }

    /// The beginning of the enrolment that `exchange` goes on with.
    fn take_open(&mut self, exchange: &Exchange) -> Option<Open> {
        let address = address(exchange);
        let at = self.open.iter().rposition(|open| open.fits(&address, exchange.started))?;
        self.open.remove(at)
    }

    fn make_room(&mut self, id: &str) {
        if self.devices.len() < DEVICES || self.devices.contains_key(id) {
            return;
        }
        let oldest = self.devices.iter().min_by_key(|(_, kept)| kept.turn);
        if let Some(oldest) = oldest.map(|(id, _)| id.clone()) {
            self.devices.remove(&oldest);
        }
    }
}

impl Open {
    fn new(address: String) -> Self {
        Self { address, last: WallTime(0), steps: Vec::new(), demand: None, user: String::new() }
    }

    fn fits(&self, address: &str, now: WallTime) -> bool {
        self.address == address && now.0.saturating_sub(self.last.0) <= PATIENCE
    }
}

impl Kept {
    fn new(exchange: &Exchange, id: &str, begun: Option<&Open>) -> Self {
        let user = begun.map(|open| open.user.clone()).unwrap_or_default();
        let key = DeviceKey {
            host: exchange.authority().to_lowercase(),
            user: user.rsplit('\\').next().unwrap_or_default().to_lowercase(),
            device: id.to_lowercase(),
        };
        let first = begun.and_then(|open| open.steps.first()).map(|step| step.started);
        Self {
            device: Device::new(key, first.unwrap_or(exchange.started)),
            enrolment: Enrolment { user, ..Enrolment::default() },
            address: String::new(),
            server_host: String::new(),
            server_id: String::new(),
            certificate: Bytes::new(),
            claimed: Claimed::default(),
            demand: None,
            steps: Vec::new(),
            managed: VecDeque::new(),
            turn: 0,
        }
    }

    /// Everything known of it.
    fn view(&self) -> Device {
        Device {
            enrolment: Some(self.enrolment.clone()),
            steps: self.steps.iter().chain(&self.managed).cloned().collect(),
            ..self.device.clone()
        }
    }

    fn meet(&mut self, exchange: &Exchange, summary: &Summary) {
        meet(&mut self.device, exchange, summary);
        self.address = address(exchange);
    }

    /// Takes in what came before the device named itself.
    fn began_with(&mut self, begun: Open) -> Vec<Step> {
        self.demand = begun.demand.or(self.demand);
        for step in &begun.steps {
            self.device.exchanges += 1;
            self.add_step(step.clone());
        }
        begun.steps
    }

    fn add_step(&mut self, step: Step) {
        self.device.findings += step.findings.len() as u64;
        if self.steps.len() < ENROLMENT_STEPS {
            self.steps.push(step);
        }
    }

    /// What a certificate request and its answer settle.
    fn learn(
        &mut self,
        subject: &Subject<'_>,
        request: Option<&TokenRequest<'_>>,
        summary: &Summary,
    ) {
        let id = subject.exchange.id;
        if let Some(request) = request {
            self.requested(id, request);
        }
        let enrolment = &mut self.enrolment;
        if !summary.user.is_empty() {
            enrolment.user.clone_from(&summary.user);
        }
        if let Some(request) = request {
            let token = credentials::token_of(&request.envelope, subject.body(Leg::Request));
            self.claimed = token.map(|token| token.claimed()).unwrap_or_default();
            let name = clip(&request.context("DeviceName"));
            if !name.is_empty() {
                enrolment.name = name;
            }
            self.device.device_type = clip(&request.context("DeviceType"));
        }
        if !summary.status.is_empty() {
            enrolment.refused = Some((id, summary.status.clone()));
        }
        let Some(decoded) = subject.body(Leg::Response) else { return };
        for document in Provisioning::all(decoded) {
            let own = document.certificates(decoded).into_iter().find(Stored::is_own);
            if let Some((issued, der)) = own.and_then(|own| Some((own.certificate?, own.der))) {
                self.certificate = der;
                let renewal = document.renewal_days().map(|days| {
                    WallTime(issued.not_after.0.saturating_sub(days.saturating_mul(DAY)))
                });
                let renews = request.is_some_and(|request| request.kind == RequestKind::Renew);
                self.issued(
                    id,
                    renews,
                    DeviceCertificate { renewal, ..device_certificate(&issued) },
                );
            }
            let enrolment = &mut self.enrolment;
            if let Some(address) = document.accounts().find_map(|account| account.address()) {
                enrolment.server = clip(address.value.trim());
                self.server_host = host_of(&enrolment.server);
            }
            for provider in document.providers() {
                let words = document.schedule(provider).1;
                if !words.is_empty() {
                    enrolment.schedule = words;
                }
                self.server_id = clip(document.value(provider, "EntDMID"));
            }
        }
    }

    /// Takes in that the device asked for a certificate.
    fn requested(&mut self, exchange: ExchangeId, request: &TokenRequest<'_>) {
        let Some(pkcs10) = &request.pkcs10 else { return };
        let asked = CertificateRequested {
            exchange,
            subject: clip(&pkcs10.subject),
            key: pkcs10.key.to_string(),
            key_sha256: sha256_hex(&pkcs10.key.der),
            renewal: request.kind == RequestKind::Renew,
            answered: false,
        };
        push(&mut self.device.requests, REQUESTS, asked);
    }

    /// Takes in that a certificate was issued to the device.
    fn issued(&mut self, exchange: ExchangeId, renews: bool, mut certificate: DeviceCertificate) {
        let asked = self.device.requests.iter_mut().rev().find(|asked| asked.exchange == exchange);
        if let Some(asked) = asked {
            asked.answered = true;
            certificate.requested = Some(exchange);
            certificate.key_requested = Some(asked.key_sha256 == certificate.key_sha256);
        }
        certificate.issued = Some(exchange);
        self.enrolment.renewals += u32::from(renews);
        self.enrolment.enrolled = Some(exchange);
        self.enrolment.refused = None;
        // An answer may be sent again.
        if self.device.certificates.iter().any(|known| known.sha256 == certificate.sha256) {
            return;
        }
        for older in &mut self.device.certificates {
            older.renewed_by.get_or_insert_with(|| certificate.serial.clone());
        }
        push(&mut self.device.certificates, CERTIFICATES, certificate);
    }

    /// True when the device asked for a certificate for one of these keys, or was issued one.
    fn has_one_of(&self, keys: &[String]) -> bool {
        let device = &self.device;
        let issued = device.certificates.iter().map(|certificate| &certificate.key_sha256);
        let asked = device.requests.iter().map(|asked| &asked.key_sha256);
        !keys.is_empty() && issued.chain(asked).any(|own| keys.contains(own))
    }
}

/// Keeps the last `limit`.
fn push<T>(list: &mut Vec<T>, limit: usize, item: T) {
    if list.len() >= limit {
        list.remove(0);
    }
    list.push(item);
}

/// The bytes of the signature in a header (MS-MDM 2.1): the certificate stands in them.
fn signature(exchange: &Exchange) -> Vec<u8> {
    let headers = exchange.request.as_ref().map(|request| &request.headers);
    let names = ["MS-Signature", "MDM-Signature"];
    let value = headers.and_then(|headers| names.iter().find_map(|name| headers.first(name)));
    value.and_then(|value| crate::codec::base64_any(value.as_bytes())).unwrap_or_default()
}

/// The certificate request of an exchange.
fn requested<'a>(subject: &Subject<'a>) -> Option<TokenRequest<'a>> {
    let envelope = subject.request.and_then(Envelope::of)?;
    (envelope.message == Message::Request)
        .then(|| TokenRequest::of(envelope, subject.body(Leg::Request)))
}

/// The length of key that the answer of an exchange demands.
fn demanded(subject: &Subject<'_>) -> Option<usize> {
    let envelope = subject.response.and_then(Envelope::of)?;
    (envelope.message == Message::GetPoliciesResponse)
        .then(|| CertificatePolicy::of(&envelope).key_length)?
}

/// The device's address without its port.
fn address(exchange: &Exchange) -> String {
    let client = exchange.client.as_str();
    client.rsplit_once(':').map_or(client, |(address, _)| address).to_owned()
}

/// A device id as it compares: lower case, without `urn:uuid:`, braces and hyphens.
fn bare(id: &str) -> String {
    let id = clip(id.trim()).to_lowercase();
    let id = id.strip_prefix("urn:uuid:").unwrap_or(&id);
    id.chars().filter(|c| !matches!(c, '-' | '{' | '}')).collect()
}

/// The host of a URL, without port.
fn host_of(url: &str) -> String {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let host = authority.rsplit_once(':').map_or(authority, |(host, _)| host);
    host.to_ascii_lowercase()
}

fn step(exchange: &Exchange, summary: &Summary, findings: &[Finding]) -> Step {
    let duration = over(exchange).0.saturating_sub(exchange.started.0);
    let response = match exchange.response.as_ref().map(|response| response.status) {
        None => "no answer".to_owned(),
        _ if !summary.status.is_empty() => format!("refused: {}", summary.status),
        Some(200) => "ok".to_owned(),
        Some(code) => format!("HTTP {code}"),
    };
    Step {
        exchange: exchange.id,
        started: exchange.started,
        duration: u64::try_from(duration).unwrap_or_default(),
        request: joined([clip(&summary.command), clip(&summary.user)], ", "),
        response,
        facts: clip_to(&summary.facts, FACTS_CHARS),
        walk: ["", ""],
        states: [ProvisionState::Unknown; 2],
        assumed: false,
        findings: findings.iter().map(StepFinding::of).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_compare_in_every_spelling() {
        assert_eq!(bare("urn:uuid:5F1C2A7E-0F3D"), "5f1c2a7e0f3d");
        assert_eq!(bare(" {5f1c2a7e-0f3d} "), "5f1c2a7e0f3d");
        assert_eq!(host_of("https://DM.example:443/omadm?x"), "dm.example");
    }
}
