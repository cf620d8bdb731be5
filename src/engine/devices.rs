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
            Protocol::Http => Self::Other,
        }
    }

    /// As the filter language names it.
    const fn protocol(self) -> &'static str {
        match self {
            Self::ActiveSync => "activesync",
            Self::SyncMl => "syncml",
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
