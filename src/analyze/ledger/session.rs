//! One session: what each side sent, and what is remembered between messages.

use crate::analyze::document::Subject;
use crate::analyze::draft::clip;
use crate::analyze::flow::Mark;
use crate::analyze::syncml::Message;
use crate::model::{
    ConnId, Exchange, Initiator, Leg, Outcome, SyncmlMessage, SyncmlSession, WallTime,
};

use super::authentication::Authentication;
use super::close;
use super::digest::Passwords;
use super::entry::entry;
use super::facts::Facts;
use super::object::Object;
use super::sessions::mode;
use super::turn::Log;
use super::{object, outcome, pairing};

/// Messages of one session that are told.
const MESSAGES: usize = 1_000;

/// Messages of one side that answers may still refer to; the oldest are forgotten first.
pub(super) const SENT: usize = 256;

/// Commands of one session in its ledger.
pub(super) const ENTRIES: usize = 10_000;

/// A command that may be answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Known {
    pub(super) verb: &'static str,
    /// Its place in the ledger; none for answers, and beyond the ceiling.
    pub(super) entry: Option<u32>,
    /// Its place in the message.
    pub(super) position: u32,
}

/// A message that was sent.
#[derive(Debug, Clone)]
pub(in crate::analyze) struct Sent {
    pub(in crate::analyze) id: Box<str>,
    pub(in crate::analyze) fingerprint: u64,
    pub(in crate::analyze) mark: Mark,
    /// Its commands in the order of their ids; of several with one id the first.
    commands: Box<[(CommandId, Known)]>,
}

impl Sent {
    /// The command with this `CmdID`.
    pub(super) fn command(&self, id: &str) -> Option<Known> {
        let id = CommandId::of(id);
        let at = self.commands.binary_search_by(|(own, _)| own.cmp(&id)).ok()?;
        self.commands.get(at).map(|(_, known)| *known)
    }
}

/// A `CmdID` as remembered: nearly all are numbers.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum CommandId {
    Number(u32),
    Text(Box<str>),
}

impl CommandId {
    fn of(id: &str) -> Self {
        // `07` and `+7` are other ids than `7`.
        let plain = id == "0" || !id.starts_with(['0', '+']);
        match id.parse() {
            Ok(number) if plain => Self::Number(number),
            _ => Self::Text(clip(id).into()),
        }
    }
}

/// What is remembered of one side.
#[derive(Debug, Clone, Default)]
pub(in crate::analyze) struct Side {
    /// Its last messages, oldest first.
    pub(in crate::analyze) sent: Vec<Sent>,
    /// It sent a message without `Final` last.
    pub(in crate::analyze) open: bool,
    /// Its last message did no more than ask for the next one (alert 1222).
    pub(in crate::analyze) waits: bool,
    /// Packages it finished.
    pub(in crate::analyze) packages: u32,
    /// The object it is sending in parts.
    pub(in crate::analyze) object: Option<Object>,
    /// `MaxMsgSize` it announced, in bytes.
    pub(in crate::analyze) max_message: Option<u64>,
    /// `MaxObjSize` it announced, in bytes.
    pub(in crate::analyze) max_object: Option<u64>,
    /// The address it was asked to send to (`RespURI`), and where it was asked.
    pub(in crate::analyze) asked_to: Option<(String, Mark)>,
    /// Its address in the header of its first message.
    pub(in crate::analyze) address: String,
    /// Entries of this side that wait for an answer.
    pub(super) waiting: Vec<u32>,
    /// Entries of this side that were answered since the other side last ended a package.
    pub(super) answered: Vec<u32>,
}

/// One session.
#[derive(Debug, Clone)]
pub(in crate::analyze) struct Session {
    /// What is told of it.
    pub(in crate::analyze) view: SyncmlSession,
    sides: [Side; 2],
    pub(in crate::analyze) authentication: Authentication,
    /// Alert 1223 was sent.
    pub(in crate::analyze) aborted: Option<Mark>,
    /// Session-wide facts that rules compare messages with.
    pub(in crate::analyze) facts: Facts,
    /// The device's address as sessions are told apart by it: without blanks around it, lower case.
    pub(super) device: Box<str>,
    /// The device's connection its last exchange came on.
    pub(super) conn: ConnId,
}

impl Session {
    /// A session that begins with `message`; `key` is the address of its `device` as compared.
    pub(super) fn new(
        subject: &Subject<'_>,
        message: &Message<'_>,
        device: &str,
        key: &str,
    ) -> Self {
        let exchange = subject.exchange;
        let view = SyncmlSession {
            host: exchange.authority().to_lowercase(),
            device: device.to_owned(),
            id: message.session.clone(),
            mode: mode(exchange),
            user: String::new(),
            protocol: message.protocol.clone(),
            encoding: "XML",
            started: exchange.started,
            ended: exchange.started,
            first: exchange.id,
            last: exchange.id,
            initiator: Initiator::Unknown,
            verdict: crate::model::SessionVerdict::Open,
            why: String::new(),
            partial: message.id != "1",
            managed: false,
            authentication: String::new(),
            messages: Vec::new(),
            retries: 0,
            entries: Vec::new(),
            dropped: 0,
            findings: 0,
            rules: Vec::new(),
        };
        Self {
            view,
            sides: [Side::default(), Side::default()],
            authentication: Authentication::default(),
            aborted: None,
            facts: Facts::default(),
            device: key.into(),
            conn: exchange.conn,
        }
    }

    /// What is remembered of a side.
    pub(in crate::analyze) fn side(&self, leg: Leg) -> &Side {
        &self.sides[index(leg)]
    }

    pub(super) fn side_mut(&mut self, leg: Leg) -> &mut Side {
        &mut self.sides[index(leg)]
    }

    /// The message of a side with this `MsgID`; the last of several.
    pub(in crate::analyze) fn sent(&self, leg: Leg, id: &str) -> Option<&Sent> {
        self.side(leg).sent.iter().rev().find(|sent| &*sent.id == id)
    }

    /// Takes note of an exchange that belongs to the session.
    pub(super) fn touch(&mut self, exchange: &Exchange, over: WallTime) {
        self.view.first = self.view.first.min(exchange.id);
        self.view.last = self.view.last.max(exchange.id);
        self.view.started = self.view.started.min(exchange.started);
        self.conn = exchange.conn;
        self.view.ended = self.view.ended.max(over);
    }

    /// Lets go of its commands; how many there were stays.
    pub(super) fn forget(&mut self) {
        self.view.dropped += self.view.entries.len() as u64;
        self.view.entries = Vec::new();
        for side in &mut self.sides {
            side.waiting = Vec::new();
            side.answered = Vec::new();
            for sent in &mut side.sent {
                sent.commands = Box::default();
            }
        }
    }

    /// True when this very message was sent before.
    pub(super) fn is_retry(&self, leg: Leg, message: &Message<'_>, fingerprint: u64) -> bool {
        self.sent(leg, &message.id).is_some_and(|sent| sent.fingerprint == fingerprint)
    }

    /// Tells a message that was sent again, which changes nothing else.
    pub(super) fn repeat(&mut self, subject: &Subject<'_>, leg: Leg, message: &Message<'_>) -> Log {
        self.view.retries += 1;
        self.tell(subject, leg, message, true);
        Log { retry: true, impatient: self.impatient(subject.exchange), ..Log::default() }
    }

    /// The answer that asked for patience, when the device does not have it.
    fn impatient(&self, exchange: &Exchange) -> Option<Mark> {
        let (until, mark) = self.facts.patience?;
        (exchange.started.0 < until && mark.exchange != exchange.id).then_some(mark)
    }

    /// Takes in one message of one side.
    pub(super) fn take<'a>(
        &mut self,
        subject: &Subject<'a>,
        leg: Leg,
        message: &Message<'a>,
        fingerprint: u64,
        passwords: &Passwords,
    ) -> Log {
        let other = opposite(leg);
        let mut log = Log {
            first: self.view.messages.is_empty(),
            previous: self.side(leg).sent.last().map(|s| s.id.to_string()).unwrap_or_default(),
            heard: !self.side(other).sent.is_empty(),
            id_taken: self.sent(leg, &message.id).is_some(),
            continues: self.side(leg).open,
            other_open: self.side(other).open,
            other_waits: self.side(other).waits,
            after_abort: self.aborted.is_some(),
            asked_to: self.side(other).asked_to.clone(),
            impatient: self.impatient(subject.exchange),
            ..Log::default()
        };
        if leg == Leg::Request && !log.first {
            log.waited = subject.exchange.started.0.saturating_sub(self.view.ended.0);
        }
        let mark = Mark::leg(subject.exchange, leg);
        self.facts.follow(subject, leg, message, mark);
        self.authentication.before(subject, leg, message, passwords, &mut log);
        pairing::answers(self, subject, leg, message, &mut log);
        log.early = self.is_early(leg, message);
        self.register(subject, leg, message, fingerprint, mark);
        outcome::settle_groups(self, &log);
        object::follow(self, leg, message, mark, &mut log);
        self.announce(leg, message, mark);
        self.authentication.after(leg, message, mark, &log);
        self.tell(subject, leg, message, false);
        close::follow(self, leg, message, mark, &mut log);
        log
    }

    /// New commands although earlier ones of the same side have no answer yet.
    fn is_early(&self, leg: Leg, message: &Message<'_>) -> bool {
        let asks =
            message.commands.iter().any(|c| !matches!(c.verb, "Status" | "Results" | "Alert"));
        asks && !self.side(leg).waiting.is_empty()
    }

    /// Notes a message and its commands, so that answers find them.
    fn register<'a>(
        &mut self,
        subject: &Subject<'a>,
        leg: Leg,
        message: &Message<'a>,
        fingerprint: u64,
        mark: Mark,
    ) {
        let mut commands = Vec::with_capacity(message.commands.len());
        let mut places: Vec<Option<u32>> = Vec::with_capacity(message.commands.len());
        for (position, command) in (0_u32..).zip(&message.commands) {
            let entry = self.hold(subject, leg, message, command, &places);
            places.push(entry);
            if !command.id.is_empty() {
                let known = Known { verb: command.verb, entry, position };
                commands.push((CommandId::of(&command.id), known));
            }
        }
        // Stable: of several the first stays.
        commands.sort_by(|(a, _), (b, _)| a.cmp(b));
        commands.dedup_by(|(later, _), (first, _)| later == first);
        let commands = commands.into_boxed_slice();
        let sent = Sent { id: message.id.as_str().into(), fingerprint, mark, commands };
        let side = self.side_mut(leg);
        if side.sent.len() >= SENT {
            side.sent.remove(0);
        }
        side.sent.push(sent);
    }

    /// Puts a command into the ledger; answers do not stand in it.
    fn hold<'a>(
        &mut self,
        subject: &Subject<'a>,
        leg: Leg,
        message: &Message<'a>,
        command: &crate::analyze::syncml::Command<'a>,
        places: &[Option<u32>],
    ) -> Option<u32> {
        if matches!(command.verb, "Status" | "Results") {
            return None;
        }
        if self.view.entries.len() >= ENTRIES {
            self.view.dropped += 1;
            return None;
        }
        let place = u32::try_from(self.view.entries.len()).ok()?;
        let mut held = entry(subject.exchange.id, leg, subject.body(leg), message, command);
        held.within = command.within.and_then(|at| places.get(at).copied().flatten());
        held.depth = held.within.map_or(0, |at| self.view.entries[at as usize].depth + 1);
        let silent = message.wants_no_answer(command);
        if silent {
            held.outcome = Outcome::NotOwed;
        }
        self.view.entries.push(held);
        if !silent {
            self.side_mut(leg).waiting.push(place);
        }
        Some(place)
    }

    /// Takes over what a message says about its side as a whole.
    fn announce(&mut self, leg: Leg, message: &Message<'_>, mark: Mark) {
        if leg == Leg::Request {
            for code in message.alerts() {
                match code {
                    "1200" => self.view.initiator = Initiator::Server,
                    "1201" => self.view.initiator = Initiator::Client,
                    _ => {}
                }
            }
        }
        if self.view.protocol.is_empty() {
            self.view.protocol.clone_from(&message.protocol);
        }
        let Some(header) = message.header else { return };
        let size = |name: &str| {
            let node = crate::analyze::syncml::meta(&message.document, header, name)?;
            message.document.text(node).parse::<u64>().ok()
        };
        let sizes = (size("MaxMsgSize"), size("MaxObjSize"));
        let asked_to = message.document.child_text(header, "RespURI");
        let mut asked = message.commands.iter().filter(|command| command.verb != "Status");
        let waits = asked.all(|command| command.verb == "Alert")
            && message.alerts().any(|code| code == "1222");
        let side = self.side_mut(leg);
        side.waits = waits;
        side.max_message = sizes.0.or(side.max_message);
        side.max_object = sizes.1.or(side.max_object);
        side.asked_to = asked_to.map(|uri| (clip(&uri), mark));
        if side.address.is_empty() {
            side.address.clone_from(&message.source);
        }
    }

    fn tell(&mut self, subject: &Subject<'_>, leg: Leg, message: &Message<'_>, retry: bool) {
        if self.view.messages.len() >= MESSAGES {
            return;
        }
        let before = self.view.messages.iter().rev().filter(|_| retry);
        let before = before.into_iter().find(|own| own.leg == leg && own.id == message.id);
        let package = match before {
            Some(before) => before.package,
            None if self.view.is_dm() => self.package(leg),
            None => 0,
        };
        let (exchange, mut retry) = (subject.exchange.id, retry);
        // An exchange that began earlier may end later: then the other one is the repetition.
        let earlier = |own: &&mut SyncmlMessage| {
            own.exchange > exchange && own.leg == leg && own.id == message.id
        };
        if retry && let Some(later) = self.view.messages.iter_mut().find(earlier) {
            (later.retry, retry) = (true, false);
        }
        self.view.messages.push(SyncmlMessage {
            exchange,
            leg,
            id: message.id.clone(),
            package,
            last: message.ends_package,
            retry,
            outline: message.outline().to_owned(),
            unread: unread(subject, leg),
        });
        let before = self.view.messages.iter().rev().nth(1);
        if before.is_some_and(|before| before.exchange > exchange) {
            self.view.messages.sort_by_key(|message| message.exchange);
        }
    }

    /// The package a message of this side belongs to (OMA DM Protocol 1.2.1, 8): the first of the
    /// device is 1 until the server takes its credentials.
    fn package(&self, leg: Leg) -> u8 {
        let later = self.side(leg).packages > 0 || self.view.partial;
        match (leg, later) {
            (Leg::Request, false) => 1,
            (Leg::Response, false) => 2,
            (Leg::Request, true) => 3,
            (Leg::Response, true) => 4,
        }
    }
}

/// Bytes of a body that were not given to be read.
fn unread(subject: &Subject<'_>, leg: Leg) -> u64 {
    let exchange = subject.exchange;
    let facts = match leg {
        Leg::Request => exchange.request.as_ref().map(|request| request.body),
        Leg::Response => exchange.response.as_ref().map(|response| response.body),
    };
    let read = subject.body(leg).and_then(|decoded| decoded.layers.first());
    let read = read.map_or(0, |layer| layer.bytes.len() as u64);
    facts.map_or(0, |facts| facts.seen.saturating_sub(read))
}

/// The other side.
pub(super) const fn opposite(leg: Leg) -> Leg {
    match leg {
        Leg::Request => Leg::Response,
        Leg::Response => Leg::Request,
    }
}

const fn index(leg: Leg) -> usize {
    match leg {
        Leg::Request => 0,
        Leg::Response => 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_told_apart_as_they_are_written() {
        let same = |a: &str, b: &str| CommandId::of(a) == CommandId::of(b);
        assert!(same("7", "7") && same("0", "0") && same("a7", "a7"));
        for other in ["07", "+7", "7 ", "-7", "", "70"] {
            assert!(!same("7", other), "{other}");
        }
        assert!(!same("0", "00") && !same("4294967296", "0"));
    }
}
