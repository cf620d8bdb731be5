//! Exchanges grouped by device and session.

use std::collections::HashMap;
use std::ops::Range;
use std::time::Duration;

use crate::model::filter::{Expr, Field, Filter, TextOp, fold};
use crate::model::{Level, Protocol, WallTime};
use crate::store::Turn;

use super::listing::{Listing, Order};
use super::viewer::{EngineError, Viewer};

/// Devices that are told apart; exchanges of further ones are in no group.
const MAX_DEVICES: usize = 10_000;

/// Sessions that are told apart; exchanges of further ones count for their device alone.
const MAX_SESSIONS: usize = 100_000;

/// Silence that ends a session.
const SILENCE: Duration = Duration::from_mins(30);

/// Positions read at a time.
const CHUNK: u64 = 16_384;

/// What belongs to one device. Text is from the wire, that of the newest exchange that has any.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeviceGroup {
    /// Device id, compared without case; empty for what belongs to no known device.
    pub device: String,
    /// User; empty when unknown.
    pub user: String,
    /// Host with unusual port.
    pub host: String,
    /// Protocol version; empty when unknown.
    pub version: String,
    /// Exchanges.
    pub count: u64,
    /// When the first began.
    pub first: WallTime,
    /// When the last began.
    pub last: WallTime,
    /// Command of the last.
    pub command: String,
    /// The loudest level.
    pub level: Level,
    /// Its sessions, by when they began.
    pub sessions: Vec<SessionGroup>,
}

/// What makes a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SessionKind {
    /// A SyncML session: its messages carry the same id.
    SyncMl,
    /// ActiveSync traffic without half an hour of silence.
    ActiveSync,
    /// An enrolment: its messages without half an hour of silence.
    Enrolment,
    /// Other traffic without half an hour of silence.
    Other,
}

/// One session of a device. [`Viewer::session`] lists its exchanges.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SessionGroup {
    /// The device it is of.
    pub device: String,
    /// What makes it one.
    pub kind: SessionKind,
    /// SyncML session id; empty for the other kinds. Used again after half an hour of silence it is
    /// another session.
    pub id: String,
    /// Exchanges.
    pub count: u64,
    /// When the first began.
    pub first: WallTime,
    /// When the last began.
    pub last: WallTime,
    /// Command of the last.
    pub command: String,
    /// The loudest level.
    pub level: Level,
    /// From the position of the first in the capture to one past that of the last; others stand
    /// between.
    pub positions: Range<u64>,
}

impl Viewer {
    /// Every device with its sessions, in the order of their last exchanges, newest first. Without
    /// what is deleted from view; at most 10,000 devices and 100,000 sessions.
    ///
    /// Reads every row of the capture (about a second for a million): not for every frame.
    ///
    /// # Errors
    /// When the capture cannot be read.
    pub fn devices(&self) -> Result<Vec<DeviceGroup>, EngineError> {
        let reader = self.store().reader()?;
        let mut groups = Groups::default();
        let mut at = 0;
        while let Some(chunk) = reader.chunk(at)? {
            at = chunk.start.saturating_add(CHUNK);
            reader.turns(chunk.start..at, &mut |turn| groups.add(&turn))?;
        }
        Ok(groups.finish())
    }

    /// The exchanges of a session, in the order of the capture.
    pub fn session(&self, session: &SessionGroup) -> Listing {
        let is = |field, value: &str| Expr::Text(field, TextOp::In(vec![fold(value).into_owned()]));
        let mut all =
            vec![is(Field::Device, &session.device), is(Field::Protocol, session.kind.protocol())];
        if session.kind == SessionKind::SyncMl {
            all.push(is(Field::Session, &session.id));
        }
        let expr = Expr::And(all);
        let filter = Filter { text: expr.to_string(), expr: Some(expr) };
        self.listing_within(filter, Order::default(), false, session.positions.clone())
    }
}

impl SessionKind {
    fn of(protocol: Protocol) -> Self {
        match protocol {
            Protocol::ActiveSync => Self::ActiveSync,
            Protocol::SyncMl => Self::SyncMl,
            Protocol::Enrolment => Self::Enrolment,
            Protocol::Http => Self::Other,
        }
    }

    /// As the filter language names it.
    const fn protocol(self) -> &'static str {
        match self {
            Self::ActiveSync => "activesync",
            Self::SyncMl => "syncml",
            Self::Enrolment => "enrolment",
            Self::Other => "http",
        }
    }
}

/// Groups while they are made.
#[derive(Debug, Default)]
struct Groups {
    devices: Vec<DeviceGroup>,
    by_device: HashMap<String, Device>,
    sessions: usize,
}

/// Where a device is, and its sessions that may go on.
#[derive(Debug, Default)]
struct Device {
    index: usize,
    open: HashMap<(SessionKind, String), Open>,
}

/// A session that may go on.
#[derive(Debug)]
struct Open {
    /// Where among its device's; `None` when it was one too many.
    index: Option<usize>,
    /// When its last exchange ended, in microseconds; the end of time while one is in flight.
    quiet: i64,
}

impl Groups {
    fn add(&mut self, turn: &Turn<'_>) {
        let name = fold(turn.device);
        if !self.by_device.contains_key(name.as_ref()) {
            if self.devices.len() == MAX_DEVICES {
                return;
            }
            let index = self.devices.len();
            self.by_device.insert(name.clone().into_owned(), Device { index, ..Device::default() });
            self.devices.push(DeviceGroup::new(turn));
        }
        let Some(known) = self.by_device.get_mut(name.as_ref()) else { return };
        let group = &mut self.devices[known.index];
        group.add(turn);
        let kind = SessionKind::of(turn.protocol);
        let id = if kind == SessionKind::SyncMl {
            fold(turn.session).into_owned()
        } else {
            String::new()
        };
        let ends = turn.duration.map_or(i64::MAX, |duration| {
            turn.started.0.saturating_add(i64::try_from(duration).unwrap_or(i64::MAX))
        });
        let silence = i64::try_from(SILENCE.as_micros()).unwrap_or(i64::MAX);
        let open = known.open.get_mut(&(kind, id.clone()));
        let goes_on = open.filter(|open| turn.started.0 <= open.quiet.saturating_add(silence));
        if let Some(open) = goes_on {
            open.quiet = open.quiet.max(ends);
            if let Some(index) = open.index {
                group.sessions[index].add(turn);
            }
            return;
        }
        let index = (self.sessions < MAX_SESSIONS).then_some(group.sessions.len());
        known.open.insert((kind, id), Open { index, quiet: ends });
        if index.is_some() {
            self.sessions += 1;
            group.sessions.push(SessionGroup::new(kind, turn));
        }
    }

    fn finish(mut self) -> Vec<DeviceGroup> {
        self.devices.sort_by_key(|device| std::cmp::Reverse(device.last));
        self.devices
    }
}

impl DeviceGroup {
    fn new(turn: &Turn<'_>) -> Self {
        Self {
            device: turn.device.to_owned(),
            user: String::new(),
            host: String::new(),
            version: String::new(),
            count: 0,
            first: turn.started,
            last: turn.started,
            command: String::new(),
            level: Level::Info,
            sessions: Vec::new(),
        }
    }

    fn add(&mut self, turn: &Turn<'_>) {
        self.count += 1;
        self.first = self.first.min(turn.started);
        self.last = self.last.max(turn.started);
        self.level = self.level.max(turn.level);
        keep(&mut self.user, turn.user);
        keep(&mut self.host, turn.host);
        keep(&mut self.version, turn.version);
        keep(&mut self.command, turn.command);
    }
}

impl SessionGroup {
    fn new(kind: SessionKind, turn: &Turn<'_>) -> Self {
        let id = if kind == SessionKind::SyncMl { turn.session } else { "" };
        let mut group = Self {
            device: turn.device.to_owned(),
            kind,
            id: id.to_owned(),
            count: 0,
            first: turn.started,
            last: turn.started,
            command: String::new(),
            level: Level::Info,
            positions: turn.position..turn.position,
        };
        group.add(turn);
        group
    }

    fn add(&mut self, turn: &Turn<'_>) {
        self.count += 1;
        self.first = self.first.min(turn.started);
        self.last = self.last.max(turn.started);
        self.level = self.level.max(turn.level);
        self.positions.end = turn.position.saturating_add(1);
        keep(&mut self.command, turn.command);
    }
}

/// The newest text there is.
fn keep(known: &mut String, new: &str) {
    if !new.is_empty() && known != new {
        new.clone_into(known);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::model::{ConnId, Exchange, ExchangeId, Kind, MonoTime, Row, State, Summary};
    use crate::store::Store;

    const MINUTE: i64 = 60_000_000;

    fn turn(position: u64, minute: i64) -> Turn<'static> {
        Turn {
            position,
            started: WallTime(minute * MINUTE),
            duration: Some(1_000_000),
            protocol: Protocol::ActiveSync,
            device: "phone",
            session: "",
            user: "",
            host: "mail.example",
            version: "",
            command: "Sync",
            level: Level::Info,
        }
    }

    fn grouped(turns: &[Turn<'_>]) -> Vec<DeviceGroup> {
        let mut groups = Groups::default();
        for turn in turns {
            groups.add(turn);
        }
        groups.finish()
    }

    fn counts(group: &DeviceGroup) -> Vec<(SessionKind, &str, u64, Range<u64>)> {
        let of = |s: &'_ SessionGroup| (s.kind, s.count, s.positions.clone());
        group.sessions.iter().map(|s| (of(s).0, s.id.as_str(), of(s).1, of(s).2)).collect()
    }

    #[test]
    fn half_an_hour_of_silence_ends_a_session() {
        let hour_long = Turn { duration: Some(59 * 60_000_000), ..turn(2, 40) };
        let waiting = Turn { duration: None, ..turn(5, 300) };
        let all =
            [turn(0, 0), turn(1, 30), hour_long, turn(3, 129), turn(4, 160), waiting, turn(6, 900)];
        let devices = grouped(&all);
        assert_eq!(
            counts(&devices[0]),
            [
                (SessionKind::ActiveSync, "", 4, 0..4),
                (SessionKind::ActiveSync, "", 1, 4..5),
                (SessionKind::ActiveSync, "", 2, 5..7),
            ],
            "a poll that is waiting is no silence"
        );
        assert_eq!((devices[0].count, devices[0].last), (7, WallTime(900 * MINUTE)));
    }

    #[test]
    fn devices_protocols_and_session_ids_are_told_apart() {
        let syncml = |position, minute, session| Turn {
            protocol: Protocol::SyncMl,
            session,
            ..turn(position, minute)
        };
        let all = [
            turn(0, 0),
            syncml(1, 1, "1A"),
            Turn { device: "PHONE", user: "u", version: "14.1", ..turn(2, 2) },
            syncml(3, 3, "2"),
            Turn { device: "tablet", level: Level::Alarm, command: "Provision", ..turn(4, 4) },
            Turn { level: Level::Warning, command: "Replace", ..syncml(5, 5, "1a") },
            syncml(6, 90, "1A"),
            Turn { protocol: Protocol::Http, device: "", ..turn(7, 91) },
        ];
        let devices = grouped(&all);
        let names: Vec<_> = devices.iter().map(|device| device.device.as_str()).collect();
        assert_eq!(names, ["", "phone", "tablet"], "the newest first");
        let phone = &devices[1];
        assert_eq!(
            counts(phone),
            [
                (SessionKind::ActiveSync, "", 2, 0..3),
                (SessionKind::SyncMl, "1A", 2, 1..6),
                (SessionKind::SyncMl, "2", 1, 3..4),
                (SessionKind::SyncMl, "1A", 1, 6..7),
            ]
        );
        assert_eq!(
            (phone.user.as_str(), phone.version.as_str(), phone.level),
            ("u", "14.1", Level::Warning)
        );
        assert_eq!(phone.sessions[1].command, "Replace");
        assert_eq!((devices[2].command.as_str(), devices[2].level), ("Provision", Level::Alarm));
    }

    #[test]
    fn too_many_devices_are_left_out() {
        let names: Vec<String> = (0..=MAX_DEVICES).map(|n| n.to_string()).collect();
        let mut groups = Groups::default();
        for (position, device) in (0..).zip(&names) {
            groups.add(&Turn { device, ..turn(position, 0) });
        }
        groups.add(&turn(99_999, 0));
        assert_eq!(groups.finish().len(), MAX_DEVICES);
    }

    fn put(store: &Store, id: u64, minute: i64, device: &str) {
        let started = WallTime(minute * MINUTE);
        let mut exchange = Exchange::begin(ExchangeId(id), ConnId(1), Kind::Http, started);
        exchange.times.closed = Some(MonoTime(5));
        exchange.state = State::Complete;
        let protocol = Protocol::ActiveSync;
        let summary = Summary { protocol, device: device.into(), ..Summary::default() };
        let row = Row::new(&exchange, summary);
        store.writer().put(exchange, row);
    }

    #[test]
    fn a_session_lists_its_exchanges() {
        let folder = tempfile::tempdir().unwrap();
        let store = Arc::new(Store::create(&folder.path().join("a.synctap"), 1).unwrap());
        for (id, minute, device) in
            [(1, 0, "a"), (2, 1, "b"), (3, 2, "A"), (4, 3, "a"), (5, 60, "a")]
        {
            put(&store, id, minute, device);
        }
        let viewer = Viewer::of_capture(Arc::clone(&store), "a".into()).unwrap();
        viewer.hide(&[ExchangeId(4)]);
        store.writer().flush();
        let devices = viewer.devices().unwrap();
        let a = devices.iter().find(|device| device.device == "a").unwrap();
        assert_eq!(a.sessions.iter().map(|s| s.count).collect::<Vec<_>>(), [2, 1]);
        let listing = viewer.session(&a.sessions[0]);
        let mut revision = listing.revision();
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        while !listing.progress().done {
            runtime.block_on(revision.changed()).unwrap();
        }
        let ids: Vec<_> = listing.window(0, 9).unwrap().iter().map(|row| row.id.0).collect();
        assert_eq!(ids, [1, 3]);
    }
}
