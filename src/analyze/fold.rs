//! The door to everything that is known across exchanges: devices of ActiveSync, sessions of SyncML.

use crate::model::{
    Annotated, Decoded, Device, DeviceKey, Exchange, ProvisionState, Step, SyncmlSession,
};

use super::document::{Document, Subject};
use super::draft::clip_to;
use super::flow::{self, Observation, over};
use super::ledger::Ledgers;
use super::rules::{Switches, check_turns};
use super::syncml::{self, Message};

/// Characters of the facts in one step.
const FACTS_CHARS: usize = 400;

/// A fold over the exchanges of a capture, in the order in which they ended.
///
/// Memory is bounded. ActiveSync: at most 1,024 devices, for each at most two policies, 32 keys and 128
/// steps. SyncML: at most 1,024 sessions, whose ledgers hold 40,000 commands together. The one silent
/// for longest is forgotten first.
#[derive(Debug, Clone, Default)]
pub struct Sessions {
    devices: flow::Sessions,
    ledgers: Ledgers,
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
        Self { devices, ledgers: Ledgers::default(), switches }
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
        let seen = self.devices.observe(exchange, request, response, annotated);
        if seen.is_some() || exchange.in_flight() {
            return seen;
        }
        let subject = Subject {
            exchange,
            request: request.and_then(Document::of),
            response: response.and_then(Document::of),
        };
        if !syncml::recognise(&subject) {
            return None;
        }
        self.observe_syncml(&subject, [request, response], annotated)
    }

    fn observe_syncml(
        &mut self,
        subject: &Subject<'_>,
        bodies: [Option<&Decoded>; 2],
        annotated: &Annotated,
    ) -> Option<Observation> {
        let request = subject.request.and_then(Message::read);
        let response = subject.response.and_then(Message::read);
        let messages = [request.as_ref(), response.as_ref()];
        let seen = self.ledgers.observe(subject, messages, bodies)?;
        let own = annotated.findings.iter().filter(|finding| !self.switches.is_off(&finding.id));
        let mut findings: Vec<_> = own.cloned().collect();
        check_turns(subject, &seen, messages, &self.switches, &mut findings);
        seen.session.view.findings += findings.len() as u64;
        let view = &seen.session.view;
        let device = DeviceKey {
            host: view.host.clone(),
            user: String::new(),
            device: view.device.to_lowercase(),
        };
        let words = |message: Option<&Message<'_>>, none: &str| {
            message.map_or_else(|| none.to_owned(), |m| format!("msg {}: {}", m.id, m.outline()))
        };
        let exchange = subject.exchange;
        let duration = over(exchange).0.saturating_sub(exchange.started.0);
        let step = Step {
            exchange: exchange.id,
            started: exchange.started,
            duration: u64::try_from(duration).unwrap_or_default(),
            request: words(messages[0], "no message"),
            response: words(messages[1], "no message"),
            facts: clip_to(&annotated.summary.facts, FACTS_CHARS),
            walk: ["", ""],
            states: [ProvisionState::Unknown; 2],
            assumed: false,
            findings: findings.iter().map(|finding| finding.id.clone()).collect(),
        };
        Some(Observation { device, step, findings })
    }

    /// Every device of ActiveSync remembered, the first seen first.
    pub fn devices(&self) -> Vec<Device> {
        self.devices.devices()
    }

    /// One device of ActiveSync.
    pub fn device(&self, key: &DeviceKey) -> Option<Device> {
        self.devices.device(key)
    }

    /// Every SyncML session remembered, in the order in which they began. `settled`: nothing more will
    /// come, so that what waits for an answer counts as never answered.
    pub fn syncml_sessions(&self, settled: bool) -> Vec<SyncmlSession> {
        self.ledgers.sessions(settled)
    }
}
