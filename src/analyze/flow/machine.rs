//! One device: its memory, moved on by one exchange.

use std::collections::VecDeque;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use crate::analyze::document::Subject;
use crate::analyze::draft::clip;
use crate::analyze::eas::Head;
use crate::analyze::rules::Scene;
use crate::model::{
    Device, DeviceKey, KeyStep, Leg, ProvisionState, Step, Waiting, WallTime, Wipe,
};

use super::event::{Ask, Provision, Reply};
use super::mailbox::Mailbox;
use super::memory::{Failed, Mark, Memory};
use super::nameless::Early;
use super::transitions::{To, answered, asked};

/// Exchanges of one history.
const STEPS: usize = 128;

/// A device with what its views show.
#[derive(Debug, Clone)]
pub(super) struct Machine {
    pub(super) memory: Memory,
    device: Device,
    pub(super) keys: VecDeque<KeyStep>,
    steps: VecDeque<Step>,
    pub(super) mailbox: Mailbox,
    /// The final key was used in a `FolderSync`.
    pub(super) walked: bool,
}

impl Machine {
    pub(super) fn new(key: DeviceKey, started: WallTime) -> Self {
        let device = Device::new(key, started);
        Self {
            memory: Memory::default(),
            device,
            keys: VecDeque::new(),
            steps: VecDeque::new(),
            mailbox: Mailbox::default(),
            walked: false,
        }
    }

    /// Everything known of it.
    pub(super) fn view(&self) -> Device {
        Device {
            state: self.memory.state,
            assumed: self.memory.assumed,
            keys: self.keys.iter().cloned().collect(),
            policy: self.memory.policy.clone(),
            previous: self.memory.previous.clone(),
            folders: self.mailbox.folders(),
            steps: self.steps.iter().cloned().collect(),
            ..self.device.clone()
        }
    }

    /// Its identity.
    pub(super) fn key(&self) -> &DeviceKey {
        &self.device.key
    }

    /// A user became known.
    pub(super) fn named(&mut self, user: String) {
        self.device.key.user = user;
    }

    /// A request without its end: only a poll in flight is worth remembering.
    pub(super) fn began(&mut self, subject: &Subject<'_>, head: &Head) {
        self.meet(subject, head);
        if head.command == "Ping" {
            let request = subject.request.as_ref();
            let heartbeat = request
                .and_then(|document| document.child_text(document.root(), "HeartbeatInterval"))
                .and_then(|text| text.parse().ok());
            let exchange = subject.exchange;
            let waiting = Waiting { exchange: exchange.id, since: exchange.started, heartbeat };
            self.device.waiting = Some(waiting);
        }
    }

    /// A request with its answer. Returns the states before and after.
    pub(super) fn ended(&mut self, scene: &Scene<'_>) -> [ProvisionState; 2] {
        let (subject, head) = (scene.subject, scene.head);
        self.meet(subject, head);
        let exchange = subject.exchange;
        if self.device.waiting.is_some_and(|waiting| waiting.exchange == exchange.id) {
            self.device.waiting = None;
        }
        self.device.exchanges += 1;
        let before = self.memory.state;
        self.question(scene);
        self.answer(scene);
        self.keys_of(scene);
        self.wipe_of(scene);
        self.memory.habits.observe(scene);
        [before, self.memory.state]
    }

    /// An exchange that named no device turned out to be of this one.
    pub(super) fn began_with(&mut self, early: Early) -> Step {
        self.device.exchanges += 1;
        if early.offered.is_some() {
            self.memory.habits.offered = early.offered;
        }
        self.step(early.step.clone());
        early.step
    }

    /// Adds to the history.
    pub(super) fn step(&mut self, step: Step) {
        self.device.findings += step.findings.len() as u64;
        if self.steps.len() == STEPS {
            self.steps.pop_front();
        }
        self.steps.push_back(step);
    }

    fn meet(&mut self, subject: &Subject<'_>, head: &Head) {
        let device = &mut self.device;
        let keep = |old: &mut String, new: &str| {
            if !new.is_empty() && old != new {
                *old = clip(new);
            }
        };
        keep(&mut device.version, &head.version);
        keep(&mut device.device_type, &head.device_type);
        keep(&mut device.last_command, &head.command);
        let headers = subject.exchange.request.as_ref().map(|request| &request.headers);
        let agent = headers.and_then(|headers| headers.first("User-Agent"));
        keep(&mut device.user_agent, agent.unwrap_or_default());
        device.last = subject.exchange.id;
        device.last_seen = subject.exchange.started.max(device.last_seen);
    }

    fn move_to(&mut self, to: To) {
        let memory = &mut self.memory;
        (memory.state, memory.assumed) = match to {
            To::Go(state) => (state, false),
            To::Assume(state) => (state, true),
            To::Back => memory.before,
            To::Stay => return,
        };
    }

    /// What the request alone settles.
    fn question(&mut self, scene: &Scene<'_>) {
        let exchange = scene.subject.exchange;
        let memory = &mut self.memory;
        if scene.ask == Ask::Exempt {
            return;
        }
        memory.commands += 1;
        for due in [
            &mut memory.demand,
            &mut memory.key_demand,
            &mut memory.mismatch,
            &mut memory.wipe_fetch,
            &mut memory.wipe_failed,
        ] {
            // What began before could not know of it.
            if due.is_some_and(|mark| mark.until(exchange).is_some()) {
                *due = None;
            }
        }
        if scene.device_information().is_some() {
            (memory.device_information, memory.information_due) = (true, None);
        }
        match scene.ask {
            Ask::Initial => {
                memory.rounds += 1;
                // A restart is legal; it voids the temporary key.
                (memory.offer, memory.unknown_type) = (None, None);
            }
            Ask::Acknowledge => {
                let status = scene.request.as_ref().map(|message| message.policy_text("Status"));
                memory.acknowledged = status.map(std::borrow::Cow::into_owned);
            }
            Ask::Command if scene.head.command == "FolderSync" => memory.information_due = None,
            _ => {}
        }
        memory.before = (memory.state, memory.assumed);
        self.move_to(asked(self.memory.state, scene.ask));
    }

    /// What the answer settles.
    fn answer(&mut self, scene: &Scene<'_>) {
        let keyed = !scene.key.is_none();
        let exchange = scene.subject.exchange;
        let to = answered(self.memory.state, scene.ask, scene.reply, keyed);
        self.move_to(to);
        let here = Mark::leg(exchange, Leg::Response);
        let status = scene.answer.as_ref().and_then(|m| {
            let node = m.document.child(m.root, "Status");
            node.map(|node| Mark::node(exchange, Leg::Response, &m.document, Some(node)))
        });
        let here = status.unwrap_or(here);
        let memory = &mut self.memory;
        match scene.reply {
            Reply::Demand => {
                memory.demand = Some(here);
                let given = memory.known.as_ref().map(|known| known.key.as_str());
                memory.refused = given == Some(scene.key.text().as_str());
                if scene.root_status() == "141" {
                    memory.key_demand = Some(here);
                }
            }
            Reply::WipeDemand => {
                (memory.wipe_demand, memory.wipe_fetch) = (Some(here), Some(here));
            }
            Reply::Served if scene.ask == Ask::Command => {
                (memory.rounds, memory.refusals, memory.failed) = (0, 0, None);
            }
            Reply::Refused => memory.refusals += 1,
            Reply::NoPolicy => memory.no_policy = Some(here),
            Reply::Mismatch => (memory.mismatch, memory.offer) = (Some(here), None),
            Reply::UnknownType => {
                let asked =
                    scene.request.as_ref().map(|m| m.policy_text("PolicyType").into_owned());
                memory.unknown_type = Some((asked.unwrap_or_default(), here));
            }
            Reply::Retry => {
                let status = scene.root_status().parse().unwrap_or_default();
                let fingerprint = scene.fingerprint();
                memory.failed = Some(Failed { status, fingerprint, mark: here });
            }
            _ => {}
        }
        if !matches!(scene.reply, Reply::Refused) && scene.ask.is_provision() {
            memory.refusals = 0;
        }
        if !matches!(scene.reply, Reply::Retry) && scene.ask.is_provision() {
            memory.failed = None;
        }
    }

    fn wipe_of(&mut self, scene: &Scene<'_>) {
        let exchange = scene.subject.exchange;
        let memory = &mut self.memory;
        if let Ask::WipeReport(done) = scene.ask {
            let kind = scene.request.as_ref().and_then(Provision::wipe_kind);
            let known =
                self.device.wipe.get_or_insert(Wipe { kind, ordered: exchange.id, reported: None });
            known.reported = Some((exchange.id, done));
            (memory.order, memory.wipe_demand) = (None, None);
            let here = Mark::leg(exchange, Leg::Response);
            if done {
                memory.wiped = Some(here);
            } else if !matches!(scene.reply, Reply::Directive(_) | Reply::None) {
                memory.wipe_failed = Some(here);
            }
        }
        match scene.reply {
            Reply::WipeDemand => {
                // Demanded again, an order that was not answered is still the same.
                if self.device.wipe.is_none_or(|wipe| wipe.reported.is_some()) {
                    let wipe = Wipe { kind: None, ordered: exchange.id, reported: None };
                    self.device.wipe = Some(wipe);
                }
                memory.wiped = None;
            }
            Reply::Directive(kind) if memory.state == ProvisionState::WipeDirected => {
                let mark = scene.answer.as_ref().map(|message| {
                    let node = message.wipes.first().copied();
                    Mark::node(exchange, Leg::Response, &message.document, node)
                });
                memory.order = mark.map(|mark| (kind, mark));
                (memory.wipe_demand, memory.wiped) = (None, None);
                self.device.wipe =
                    Some(Wipe { kind: Some(kind), ordered: exchange.id, reported: None });
            }
            Reply::Offer | Reply::NoPolicy => memory.wiped = None,
            _ => {}
        }
    }
}

/// A number for the bytes of a body.
pub(in crate::analyze) fn fingerprint(bytes: &[u8]) -> u64 {
    let mut hasher = DefaultHasher::new();
    bytes.hash(&mut hasher);
    hasher.finish()
}
