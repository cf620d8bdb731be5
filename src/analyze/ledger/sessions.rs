//! Every SyncML session of a capture.

use std::collections::HashMap;
use std::sync::Arc;

use crate::analyze::document::Subject;
use crate::analyze::flow::{fingerprint, over};
use crate::analyze::syncml::Message;
use crate::model::{Decoded, Exchange, ExchangeId, Leg, SessionVerdict, SyncmlSession, WallTime};

use super::close;
use super::digest::Passwords;
use super::session::Session;
use super::turn::{Log, Turn};

/// Sessions remembered; the one silent for longest is forgotten first.
const SESSIONS: usize = 1_024;

/// Commands held in the ledgers of all sessions together; the oldest sessions lose theirs first.
const HELD: usize = 40_000;

/// Microseconds after which a session that says nothing is taken for over: 10 minutes.
const SILENCE: i64 = 10 * 60 * 1_000_000;

/// Who talks to whom in which session (MS-MDM 2.1, 2.2.3.8): user and machine sessions of one device
/// may run side by side, and only the mode tells them apart when their numbers agree.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Key {
    host: String,
    device: String,
    session: String,
    mode: String,
}

/// The fold. Memory is bounded: at most 1,024 sessions, 40,000 commands in their ledgers together.
#[derive(Debug, Clone, Default)]
pub(in crate::analyze) struct Ledgers {
    /// Oldest first.
    sessions: Vec<Arc<Session>>,
    /// The last session of each key.
    last: HashMap<Key, u64>,
    /// Number of the first in `sessions`.
    first: u64,
    /// Commands in all ledgers.
    held: usize,
    /// Number of the first in `sessions` whose ledger may hold something.
    full: u64,
    /// What credentials are checked with.
    pub(in crate::analyze) passwords: Passwords,
}

/// The two messages of an exchange, taken in: what each did to its session.
#[derive(Debug)]
pub(in crate::analyze) struct Observed<'l> {
    pub(in crate::analyze) session: &'l mut Session,
    pub(in crate::analyze) request: Option<Log>,
    pub(in crate::analyze) response: Option<Log>,
}

impl Observed<'_> {
    /// What the rules look at, request first.
    pub(in crate::analyze) fn turns<'s, 'a>(
        &'s self,
        subject: &'s Subject<'a>,
        messages: &'s [Option<Message<'a>>; 2],
    ) -> impl Iterator<Item = Turn<'s, 'a>> {
        let legs = [(Leg::Request, &self.request), (Leg::Response, &self.response)];
        let turns = legs.into_iter().zip(messages);
        turns.filter_map(move |((leg, log), message)| {
            let session = &*self.session;
            let (message, log) = (message.as_ref()?, log.as_ref()?);
            Some(Turn { subject, leg, message, request: messages[0].as_ref(), session, log })
        })
    }
}

impl Ledgers {
    /// Takes in an exchange that ended. `None` when neither body is a message.
    pub(in crate::analyze) fn observe<'a>(
        &mut self,
        subject: &Subject<'a>,
        messages: &[Option<Message<'a>>; 2],
    ) -> Option<Observed<'_>> {
        let messages = messages.each_ref().map(Option::as_ref);
        let bodies = [subject.body(Leg::Request), subject.body(Leg::Response)];
        let key = self.followed(key(subject, messages)?, subject.exchange, messages[0]);
        let print = |body: Option<&Decoded>| {
            let layer = body.and_then(|decoded| decoded.layers.first());
            fingerprint(layer.map(|layer| &*layer.bytes).unwrap_or_default())
        };
        let prints = [print(bodies[0]), print(bodies[1])];
        let reused = self.begin_or_find(&key, subject, messages, prints[0])?;
        let place = self.place(&key)?;
        let before = self.sessions[place].view.entries.len();
        let passwords = self.passwords.clone();
        let session = Arc::make_mut(&mut self.sessions[place]);
        session.view.encoding = encoding(bodies);
        let mut logs = [None, None];
        for (at, leg) in [(0, Leg::Request), (1, Leg::Response)] {
            let Some(message) = messages[at] else { continue };
            if session.is_retry(leg, message, prints[at]) {
                logs[at] = Some(session.repeat(subject, leg, message));
            } else {
                logs[at] = Some(session.take(subject, leg, message, prints[at], &passwords));
            }
        }
        if let Some(log) = &mut logs[0] {
            log.id_reused = reused;
        }
        session.touch(subject.exchange, over(subject.exchange));
        session.facts.answered(subject.exchange, messages[1].is_some());
        let grown = session.view.entries.len() - before;
        self.held += grown;
        self.full = self.full.min(self.first + place as u64);
        self.make_room(place);
        let place = self.place(&key)?;
        let session = Arc::make_mut(&mut self.sessions[place]);
        let [request, response] = logs;
        Some(Observed { session, request, response })
    }

    /// Every session, the oldest first; `settled`: nothing more will come.
    pub(in crate::analyze) fn sessions(&self, settled: bool) -> Vec<SyncmlSession> {
        let now = self.sessions.iter().map(|session| session.view.ended).max();
        let view = |session: &Arc<Session>| {
            let silent = now.is_some_and(|now| silence(session.view.ended, now) > SILENCE);
            if settled || silent { close::settled(session) } else { session.view.clone() }
        };
        self.sessions.iter().map(view).collect()
    }

    /// The last session with a message in `exchange`; `settled`: nothing more will come.
    pub(in crate::analyze) fn session_of(
        &self,
        exchange: ExchangeId,
        settled: bool,
    ) -> Option<SyncmlSession> {
        let spoke = |session: &&Arc<Session>| session.view.holds(exchange);
        let session = self.sessions.iter().rev().find(spoke)?;
        Some(if settled { close::settled(session) } else { session.view.clone() })
    }

    /// Finds the session of an exchange, or begins it. True when its id had been used before.
    fn begin_or_find(
        &mut self,
        key: &Key,
        subject: &Subject<'_>,
        messages: [Option<&Message<'_>>; 2],
        print: u64,
    ) -> Option<bool> {
        let known = self.place(key).map(|place| &self.sessions[place]);
        let begins = known.is_none_or(|known| begins_anew(known, subject, messages[0], print));
        if !begins {
            return Some(false);
        }
        let reused = known.is_some_and(|known| !known.view.partial);
        let message = messages[0].or(messages[1])?;
        let mut session = Session::new(subject, message, &device(messages), &key.device);
        let earlier = self.sessions.iter().rev().find(|earlier| {
            let view = &earlier.view;
            view.host == key.host && *earlier.device == *key.device
        });
        if let Some(earlier) = earlier {
            session.authentication.carry(&earlier.authentication);
        }
        self.last.insert(key.clone(), self.first + self.sessions.len() as u64);
        self.sessions.push(Arc::new(session));
        if self.sessions.len() > SESSIONS {
            let gone = self.sessions.remove(0);
            self.held = self.held.saturating_sub(gone.view.entries.len());
            self.first += 1;
            let first = self.first;
            self.last.retain(|_, number| *number >= first);
        }
        Some(reused)
    }

    /// The key of the session that an exchange goes on with: the device may have changed its address,
    /// when its connection, session and counting say that it is the same.
    fn followed(&self, key: Key, exchange: &Exchange, request: Option<&Message<'_>>) -> Key {
        if request.is_none_or(|request| request.id == "1") || self.place(&key).is_some() {
            return key;
        }
        let same = |other: &&Key| {
            let alike =
                (&other.host, &other.session, &other.mode) == (&key.host, &key.session, &key.mode);
            let place = if alike { self.place(other) } else { None };
            let session = place.map(|place| &self.sessions[place]);
            session.is_some_and(|session| {
                session.conn == exchange.conn && session.view.verdict == SessionVerdict::Open
            })
        };
        self.last.keys().find(same).cloned().unwrap_or(key)
    }

    fn place(&self, key: &Key) -> Option<usize> {
        let number = self.last.get(key)?.checked_sub(self.first)?;
        usize::try_from(number).ok().filter(|place| *place < self.sessions.len())
    }

    /// Takes the ledgers of the oldest sessions away when all together hold too much.
    fn make_room(&mut self, keep: usize) {
        let mut at = usize::try_from(self.full.saturating_sub(self.first)).unwrap_or_default();
        while self.held > HELD && at < self.sessions.len() {
            if at != keep && !self.sessions[at].view.entries.is_empty() {
                let session = Arc::make_mut(&mut self.sessions[at]);
                self.held -= session.view.entries.len();
                session.forget();
            }
            at += 1;
            self.full = self.first + at as u64;
        }
    }
}

/// True when an exchange with the key of a known session begins another: the device counts from 1
/// again, and this is neither the same message sent again nor the second try after a challenge.
fn begins_anew(
    known: &Session,
    subject: &Subject<'_>,
    request: Option<&Message<'_>>,
    print: u64,
) -> bool {
    let Some(request) = request else { return false };
    let silent = silence(known.view.ended, subject.exchange.started) > SILENCE;
    if request.id != "1" {
        return silent && known.view.verdict != SessionVerdict::Open;
    }
    if known.is_retry(Leg::Request, request, print) {
        return silent;
    }
    let only_first = known.side(Leg::Request).sent.len() <= 1;
    let refused = known.authentication.of(Leg::Request).refused.is_some();
    !(only_first && (refused || known.view.verdict == SessionVerdict::Open)) || silent
}

fn silence(since: WallTime, now: WallTime) -> i64 {
    now.0.saturating_sub(since.0)
}

fn key(subject: &Subject<'_>, messages: [Option<&Message<'_>>; 2]) -> Option<Key> {
    let message = messages[0].or(messages[1])?;
    Some(Key {
        host: subject.exchange.authority().to_lowercase(),
        device: device(messages).trim().to_lowercase(),
        session: message.session.clone(),
        mode: mode(subject.exchange).to_lowercase(),
    })
}

/// The device is who asks: sender of the request, receiver of the answer.
fn device(messages: [Option<&Message<'_>>; 2]) -> String {
    let [request, response] = messages;
    let found = request.map(|m| m.source.clone()).filter(|source| !source.is_empty());
    found.or(response.map(|m| m.target.clone())).unwrap_or_default()
}

/// `mode` of the URL (MS-MDM 2.1).
pub(in crate::analyze) fn mode(exchange: &Exchange) -> String {
    let query = exchange.request.as_ref().map_or("", |request| request.query());
    let found = query
        .split('&')
        .filter_map(|pair| pair.split_once('='))
        .find_map(|(name, value)| name.eq_ignore_ascii_case("mode").then_some(value));
    crate::analyze::draft::clip(found.unwrap_or_default())
}

fn encoding(bodies: [Option<&Decoded>; 2]) -> &'static str {
    let wbxml = bodies.into_iter().flatten().any(|decoded| {
        let main = decoded.layer(decoded.main());
        main.is_some_and(|layer| matches!(layer.format, crate::model::Format::Wbxml(_)))
    });
    if wbxml { "WBXML" } else { "XML" }
}
