//! Every device of a capture: the fold over its exchanges.

use std::collections::HashMap;

use crate::analyze::annotate::tell;
use crate::analyze::document::Subject;
use crate::analyze::draft::{clip_to, joined};
use crate::analyze::eas::Head;
use crate::analyze::rules::{Scene, Switches, check};
use crate::analyze::syncml::Message;
use crate::model::{
    Annotated, Decoded, Device, DeviceKey, Exchange, Finding, ProvisionState, Step, Summary,
};

use super::event::Ask;
use super::habits::offered;
use super::machine::Machine;
use super::nameless::{Early, Nameless, Sender, user_of};
use super::step::{FACTS_CHARS, step, walk_of};
use super::story;

/// Devices remembered; the one silent for longest is forgotten first.
const DEVICES: usize = 1_024;

/// What one exchange adds to what is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Observation {
    /// The device.
    pub device: DeviceKey,
    /// Its place in the history of the device.
    pub step: Step,
    /// Everything found in it, loudest first: what the exchange alone tells, and what the exchanges
    /// before it add. Replaces the findings of its annotation.
    pub findings: Vec<Finding>,
    /// What only the exchanges before it explain: a chain of keys that breaks, what is polled for.
    pub story: Vec<String>,
    /// Steps of exchanges that came before and named no device (OPTIONS, Autodiscover), and turn out to
    /// be of this one; they stand in its history before this step.
    pub earlier: Vec<Step>,
}

/// A fold over the exchanges of a capture, in the order in which they ended.
///
/// Memory is bounded: at most 1,024 devices, for each at most two policies, 32 keys and 128 steps.
#[derive(Debug, Clone, Default)]
pub(in crate::analyze) struct Sessions {
    machines: HashMap<DeviceKey, Kept>,
    nameless: Nameless,
    turn: u64,
    switches: Switches,
}

#[derive(Debug, Clone)]
struct Kept {
    machine: Machine,
    /// Where it spoke from the last time.
    sender: Sender,
    /// The turn it was last seen in.
    turn: u64,
}

impl Sessions {
    /// Nothing seen yet, and some rules are off.
    pub(in crate::analyze) fn with(switches: Switches) -> Self {
        Self { switches, ..Self::default() }
    }

    /// Says what one exchange means, as [`annotate`](crate::analyze::annotate) does, with what the
    /// exchanges before it add: folders by name, findings, the story of its device; and takes it in,
    /// as [`Sessions::observe`] does.
    pub(in crate::analyze) fn tell(
        &mut self,
        subject: &Subject<'_>,
        messages: &[Option<Message<'_>>; 2],
    ) -> (Annotated, Option<Observation>) {
        let exchange = subject.exchange;
        let head = Head::of(subject);
        let key = head.as_ref().and_then(|head| self.key_of(exchange, head));
        let known = key.as_ref().and_then(|key| self.machines.get(key));
        let names = known.map(|kept| kept.machine.mailbox.names()).unwrap_or_default();
        let mut annotated = tell(subject, messages, head.as_ref(), names);
        let Some((head, key)) = head.as_ref().zip(key) else {
            if let Some(head) = &head {
                let scene = Scene::new(subject, head, None);
                annotated.found(check(&scene, &self.switches));
                self.wait(&scene, &annotated.summary, &annotated.findings);
            }
            return (annotated, None);
        };
        let seen = self.take(key, subject, head, &annotated.summary);
        annotated.found(seen.findings.clone());
        annotated.summary.story.clone_from(&seen.story);
        (annotated, Some(seen))
    }

    /// Takes in one exchange with what was made of it. `None` when it belongs to no device: another
    /// protocol, or no device id. An exchange in flight is remembered as such (a Ping with its
    /// heartbeat), and is to be given again once it ended; the step of its observation is preliminary.
    pub(in crate::analyze) fn observe(
        &mut self,
        exchange: &Exchange,
        request: Option<&Decoded>,
        response: Option<&Decoded>,
        annotated: &Annotated,
    ) -> Option<Observation> {
        let subject = Subject::new(exchange, request, response);
        let head = Head::of(&subject)?;
        let Some(key) = self.key_of(exchange, &head) else {
            let scene = Scene::new(&subject, &head, None);
            self.wait(&scene, &annotated.summary, &annotated.findings);
            return None;
        };
        Some(self.take(key, &subject, &head, &annotated.summary))
    }

    /// Keeps an exchange that names no device until one seems to have sent it.
    fn wait(&mut self, scene: &Scene<'_>, summary: &Summary, findings: &[Finding]) {
        let exchange = scene.subject.exchange;
        if scene.ask != Ask::Exempt || !counts(scene.subject) {
            return;
        }
        let states = [ProvisionState::Unknown; 2];
        let step = step(scene, summary, states, false, findings);
        let autodiscover = scene.head.is_autodiscover();
        let host = if autodiscover { String::new() } else { exchange.authority().to_lowercase() };
        let sender = Sender::of(exchange, scene.head);
        self.nameless.keep(Early::new(step, offered(scene), host, sender));
    }

    fn take(
        &mut self,
        key: DeviceKey,
        subject: &Subject<'_>,
        head: &Head,
        summary: &Summary,
    ) -> Observation {
        let exchange = subject.exchange;
        self.turn += 1;
        let turn = self.turn;
        let sender = Sender::of(exchange, head);
        let (mut earlier, mut before) = (Vec::new(), None);
        if !self.machines.contains_key(&key) {
            self.make_room(&key);
            before = self.was_before(&key, &sender);
            earlier = self.nameless.take(&key.host, &sender);
        }
        let kept = self.machines.entry(key.clone()).or_insert_with(|| Kept {
            machine: Machine::new(
                key,
                earlier.first().map_or(exchange.started, |early| early.step.started),
            ),
            sender: sender.clone(),
            turn,
        });
        (kept.turn, kept.sender) = (turn, sender);
        let machine = &mut kept.machine;
        if before.is_some() {
            machine.memory.habits.before = before;
        }
        let earlier = earlier.into_iter().map(|early| machine.began_with(early)).collect();
        let scene = Scene::new(subject, head, None);
        let counts = counts(subject);
        let (findings, mut story) = if counts {
            let knowing = scene.knowing(&machine.memory, machine.mailbox.names());
            (check(&knowing, &self.switches), story::tell(&knowing))
        } else {
            (check(&scene, &self.switches), Vec::new())
        };
        let states = if counts {
            machine.ended(&scene)
        } else {
            machine.began(subject, head);
            [machine.memory.state; 2]
        };
        let walk = walk_of(machine, &scene, states, counts);
        let mut step = step(&scene, summary, states, machine.memory.assumed, &findings);
        step.walk = walk;
        if counts {
            story.extend(machine.mailbox.observe(&scene));
            let facts = joined([step.facts].into_iter().chain(story.iter().cloned()), "; ");
            step.facts = clip_to(&facts, FACTS_CHARS);
            machine.step(step.clone());
        }
        Observation { device: machine.key().clone(), step, findings, story, earlier }
    }

    /// The device that spoke from there before one with a new id does, and whether on one connection.
    fn was_before(&self, key: &DeviceKey, sender: &Sender) -> Option<(String, bool)> {
        let same = |other: &DeviceKey| other.host == key.host && other.user == key.user;
        let near = self.machines.iter().filter(|(other, kept)| {
            same(other) && !key.user.is_empty() && kept.sender.is_near(sender)
        });
        let (other, kept) = near.max_by_key(|(_, kept)| kept.turn)?;
        Some((other.device.clone(), kept.sender.is_on(sender)))
    }

    /// The only device that could have sent an exchange that names none.
    fn nearest(&self, exchange: &Exchange, head: &Head) -> Option<DeviceKey> {
        if !matches!(head.command.as_str(), "OPTIONS" | "Autodiscover") {
            return None;
        }
        let (host, sender) = (exchange.authority().to_lowercase(), Sender::of(exchange, head));
        let mut near = self.machines.iter().filter(|(key, kept)| {
            (head.is_autodiscover() || key.host == host) && kept.sender.is_near(&sender)
        });
        let (key, _) = near.next()?;
        near.next().is_none().then(|| key.clone())
    }

    /// Every device remembered, the first seen first.
    pub(in crate::analyze) fn devices(&self) -> Vec<Device> {
        let mut devices: Vec<Device> =
            self.machines.values().map(|kept| kept.machine.view()).collect();
        devices.sort_by(|a, b| (a.first_seen, &a.key).cmp(&(b.first_seen, &b.key)));
        devices
    }

    /// Who is remembered, in no order.
    pub(in crate::analyze) fn keys(&self) -> impl Iterator<Item = &DeviceKey> {
        self.machines.keys()
    }

    /// One device.
    pub(in crate::analyze) fn device(&self, key: &DeviceKey) -> Option<Device> {
        self.machines.get(key).map(|kept| kept.machine.view())
    }

    /// Who speaks; `None` without a device id. A request that names no user is the only user's of that
    /// device, if there is one.
    fn key_of(&mut self, exchange: &Exchange, head: &Head) -> Option<DeviceKey> {
        if head.device.is_empty() {
            return self.nearest(exchange, head);
        }
        let user = user_of(head);
        let key = DeviceKey {
            host: exchange.authority().to_lowercase(),
            user,
            device: head.device.to_lowercase(),
        };
        if self.machines.contains_key(&key) {
            return Some(key);
        }
        let same = |other: &&DeviceKey| other.host == key.host && other.device == key.device;
        let mut others = self.machines.keys().filter(same);
        Some(match (others.next().cloned(), others.next()) {
            (Some(other), None) if key.user.is_empty() => other,
            (Some(other), None) if other.user.is_empty() => {
                if let Some(mut kept) = self.machines.remove(&other) {
                    kept.machine.named(key.user.clone());
                    self.machines.insert(key.clone(), kept);
                }
                key
            }
            _ => key,
        })
    }

    fn make_room(&mut self, key: &DeviceKey) {
        if self.machines.len() < DEVICES || self.machines.contains_key(key) {
            return;
        }
        let oldest = self.machines.iter().min_by_key(|(_, kept)| kept.turn);
        if let Some(oldest) = oldest.map(|(key, _)| key.clone()) {
            self.machines.remove(&oldest);
        }
    }
}

/// True for an exchange that is over. A challenge is no answer: the same request comes again with
/// credentials.
fn counts(subject: &Subject<'_>) -> bool {
    !subject.exchange.in_flight() && !matches!(subject.http_status(), Some(401 | 407))
}
