//! The door to everything that is known across exchanges: devices of ActiveSync, sessions of SyncML,
//! devices that enrolled in management.

use crate::model::{
    Annotated, Decoded, Device, DeviceKey, Exchange, ExchangeId, Finding, Protocol, ProvisionState,
    Step, StepFinding, Summary, SyncmlSession,
};

use super::document::Subject;
use super::draft::clip_to;
use super::enrolment::{Enrolments, Told};
use super::flow::{self, Observation, over};
use super::ledger::{Ledgers, Managed};
use super::rules::{Enrolling, Switches, check_enrolment, check_messages, check_turns};
use super::syncml::{self, Message};

/// Characters of the facts in one step.
const FACTS_CHARS: usize = 400;

/// A fold over the exchanges of a capture, in the order in which they ended.
///
/// Memory is bounded. ActiveSync: at most 1,024 devices, for each at most two policies, 32 keys and 128
/// steps. SyncML: at most 1,024 sessions, whose ledgers hold 40,000 commands together. The one silent
/// for longest is forgotten first. Enrolment: at most 1,024 devices, for each at most 128 steps; devices
/// whose enrolment was not seen: as many, for each at most 96 steps.
#[derive(Debug, Clone, Default)]
pub struct Sessions {
    devices: flow::Sessions,
    ledgers: Ledgers,
    enrolments: Enrolments,
    managed: Managed,
    switches: Switches,
}

impl Sessions {
    /// Nothing seen yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Nothing seen yet, and the rules with these ids are off.
    pub fn without<'a>(rules: impl IntoIterator<Item = &'a str>) -> Self {
        let switches = Switches::without(rules);
        let devices = flow::Sessions::with(switches.clone());
        Self { devices, switches, ..Self::default() }
    }

    /// Checks MD5 credentials of this user with a password from now on. Those that a provisioning
    /// document in the capture sets up are known without.
    pub fn know_password(&mut self, user: &str, password: &str) {
        self.ledgers.passwords.add(user, password, Vec::new());
    }

    /// Says what one exchange means, as [`annotate`](super::annotate()) does, with what the exchanges
    /// before it add: folders by name, findings, the story of its device; and takes it in, as
    /// [`Sessions::observe`] does.
    pub fn tell(
        &mut self,
        exchange: &Exchange,
        request: Option<&Decoded>,
        response: Option<&Decoded>,
    ) -> (Annotated, Option<Observation>) {
        self.tell_knowing(exchange, request, response, &[])
    }

    /// The same of an exchange whose sender proved to have these keys (SHA-256 of each public key,
    /// lower-case hex): a device that enrolled is known by its own.
    pub fn tell_knowing(
        &mut self,
        exchange: &Exchange,
        request: Option<&Decoded>,
        response: Option<&Decoded>,
        keys: &[String],
    ) -> (Annotated, Option<Observation>) {
        let subject = Subject::new(exchange, request, response);
        let messages = syncml::messages(&subject);
        let (mut annotated, seen) = self.devices.tell(&subject, &messages);
        if annotated.summary.protocol != Protocol::SyncMl {
            self.ledgers.passwords.learn(&subject);
        }
        let (findings, seen) = match annotated.summary.protocol {
            Protocol::SyncMl => self.take(&subject, &messages, &annotated, keys),
            Protocol::Enrolment => self.enrol(&subject, &annotated.summary),
            _ => return (annotated, seen),
        };
        annotated.found(findings);
        (annotated, seen)
    }

    /// Takes in one exchange with what was made of it. `None` when it belongs to no device or session:
    /// another protocol, or no device id. An exchange in flight is remembered as such (a Ping with its
    /// heartbeat), and is to be given again once it ended; the step of its observation is preliminary.
    pub fn observe(
        &mut self,
        exchange: &Exchange,
        request: Option<&Decoded>,
        response: Option<&Decoded>,
        annotated: &Annotated,
    ) -> Option<Observation> {
        let subject = Subject::new(exchange, request, response);
        if annotated.summary.protocol != Protocol::SyncMl {
            self.ledgers.passwords.learn(&subject);
        }
        match annotated.summary.protocol {
            Protocol::SyncMl => {
                let messages = syncml::messages(&subject);
                self.take(&subject, &messages, annotated, &[]).1
            }
            Protocol::Enrolment => self.enrol(&subject, &annotated.summary).1,
            _ => self.devices.observe(exchange, request, response, annotated),
        }
    }

    /// Takes in an exchange of enrolment: what is found in it, and its place in the story of its device.
    fn enrol(
        &mut self,
        subject: &Subject<'_>,
        summary: &Summary,
    ) -> (Vec<Finding>, Option<Observation>) {
        let scene = Enrolling::new(subject, self.enrolments.demand(subject));
        let findings = check_enrolment(&scene, &self.switches);
        if subject.exchange.in_flight() {
            return (findings, None);
        }
        let told = self.enrolments.enrol(subject, summary, &findings);
        let seen = told.map(|Told { device, step, earlier }| {
            let (findings, story) = (findings.clone(), Vec::new());
            Observation { device, step, findings, story, earlier }
        });
        (findings, seen)
    }

    /// Takes in an exchange of SyncML: what is found in it, and its place in its session.
    fn take(
        &mut self,
        subject: &Subject<'_>,
        messages: &[Option<Message<'_>>; 2],
        annotated: &Annotated,
        keys: &[String],
    ) -> (Vec<Finding>, Option<Observation>) {
        let mut findings = check_messages(subject, messages, &self.switches);
        if subject.exchange.in_flight() {
            return (findings, None);
        }
        let Some(seen) = self.ledgers.observe(subject, messages) else { return (findings, None) };
        check_turns(subject, &seen, messages, &self.switches, &mut findings);
        seen.session.view.add_findings(&findings);
        let view = &seen.session.view;
        let device = DeviceKey {
            host: view.host.clone(),
            user: String::new(),
            device: view.device.to_lowercase(),
        };
        let step = step(subject, messages, annotated, &findings);
        // A device that enrolled here has one story, whatever host manages it.
        let summary = &annotated.summary;
        let enrolled = self.enrolments.manage(subject.exchange, summary, &step, keys);
        let is_enrolled = enrolled.is_some();
        let device = enrolled.unwrap_or(device);
        let told = (subject.exchange, summary, &step);
        self.managed.take(&device, is_enrolled, told, seen.session);
        let (story, earlier) = (Vec::new(), Vec::new());
        let seen = Observation { device, step, findings: findings.clone(), story, earlier };
        (findings, Some(seen))
    }

    /// Every device remembered, of ActiveSync, of enrolment and of SyncML, the first seen first.
    pub fn devices(&self) -> Vec<Device> {
        let mut devices = self.devices.devices();
        devices.extend(self.enrolments.devices());
        devices.extend(self.managed.keys().filter_map(|key| self.managed.device(key)));
        devices.sort_by(|a, b| (a.first_seen, &a.key).cmp(&(b.first_seen, &b.key)));
        devices
    }

    /// The devices that call themselves `id` (in any case) somewhere, in no order.
    pub fn called(&self, id: &str) -> Vec<&DeviceKey> {
        let id = id.to_lowercase();
        self.keys().filter(|key| key.device == id || self.managed.is_called(key, &id)).collect()
    }

    /// The device that enrolled with one of these keys: for messages that do not say whose they are.
    pub fn owner(&self, keys: &[String]) -> Option<DeviceKey> {
        self.enrolments.owner(keys)
    }

    /// Which devices are remembered, in no order.
    pub fn keys(&self) -> impl Iterator<Item = &DeviceKey> {
        self.devices.keys().chain(self.enrolments.keys()).chain(self.managed.keys())
    }

    /// One device.
    pub fn device(&self, key: &DeviceKey) -> Option<Device> {
        let own = self.devices.device(key).or_else(|| self.enrolments.device(key));
        own.or_else(|| self.managed.device(key))
    }

    /// Adds to a device what its SyncML sessions tell; `settled` as below.
    pub fn complete(&self, device: &mut Device, settled: bool) {
        self.managed.complete(device, &self.ledgers, settled);
    }

    /// The last SyncML session that an exchange belongs to; `settled` as below.
    pub fn syncml_session(&self, exchange: ExchangeId, settled: bool) -> Option<SyncmlSession> {
        self.ledgers.session_of(exchange, settled)
    }

    /// Every SyncML session remembered, in the order in which they began. `settled`: nothing more will
    /// come, so that what waits for an answer counts as never answered.
    pub fn syncml_sessions(&self, settled: bool) -> Vec<SyncmlSession> {
        self.ledgers.sessions(settled)
    }
}

/// The place of an exchange in the history of its device.
fn step(
    subject: &Subject<'_>,
    messages: &[Option<Message<'_>>; 2],
    annotated: &Annotated,
    findings: &[Finding],
) -> Step {
    let exchange = subject.exchange;
    let words = |message: &Option<Message<'_>>| match message {
        Some(message) => format!("msg {}: {}", message.id, message.outline()),
        None => "no message".to_owned(),
    };
    let duration = over(exchange).0.saturating_sub(exchange.started.0);
    Step {
        exchange: exchange.id,
        started: exchange.started,
        duration: u64::try_from(duration).unwrap_or_default(),
        request: words(&messages[0]),
        response: words(&messages[1]),
        facts: clip_to(&annotated.summary.facts, FACTS_CHARS),
        walk: ["", ""],
        states: [ProvisionState::Unknown; 2],
        assumed: false,
        findings: findings.iter().map(StepFinding::of).collect(),
    }
}
