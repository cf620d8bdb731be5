//! Groups, as front ends hold them.

use std::sync::Arc;

use tokio::sync::watch;
use tokio_util::sync::DropGuard;

use crate::engine::listing::{Board, ListingProgress, Made, Scanner, Wanted};
use crate::engine::viewer::{EngineError, Viewer};
use crate::model::filter::Filter;
use crate::model::{ExchangeId, Level, Row, WallTime};

use super::lines::{Named, Numbered};
use super::made::Groups;
use super::name::SessionKind;

/// The exchanges that pass a filter, by device and session, in the order in which these were first
/// seen. Devices are folded at first. It follows the traffic like a [`crate::engine::Listing`].
/// Made by [`Viewer::grouping`]; dropping it stops the search.
#[derive(Debug)]
pub struct Grouping {
    /// Dropped first: the last viewer waits for threads to end.
    _stop: DropGuard,
    board: Arc<Board>,
    viewer: Viewer,
}

/// One line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum GroupLine {
    /// A device.
    Device(Box<DeviceGroup>),
    /// A session of the device above it.
    Session(Box<SessionGroup>),
    /// An exchange of the session above it.
    Exchange(Box<Row>),
}

/// What belongs to one device. Text is from the wire.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeviceGroup {
    /// Device id as it was first written, or the client's address where none is known. At most 256
    /// bytes.
    pub device: String,
    /// User; empty when unknown. This and the next two of the newest exchange that has any.
    pub user: String,
    /// Host with unusual port.
    pub host: String,
    /// Protocol version; empty when unknown.
    pub version: String,
    /// Sessions of which something is shown.
    pub sessions: u64,
    /// What is the same as in a session.
    pub facts: GroupFacts,
    name: String,
}

/// One session of a device.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SessionGroup {
    /// What makes it one.
    pub kind: SessionKind,
    /// SyncML session id; empty for the other kinds. Used again after half an hour of silence it is
    /// another session.
    pub id: String,
    /// What is the same as in a device.
    pub facts: GroupFacts,
    device: String,
    began: WallTime,
}

/// What is known of the exchanges of a group that are shown.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct GroupFacts {
    /// How many.
    pub exchanges: u64,
    /// The loudest level.
    pub level: Level,
    /// How many are warnings.
    pub warnings: u64,
    /// How many are alarms.
    pub alarms: u64,
    /// The first.
    pub first: Option<Box<Row>>,
    /// The last.
    pub last: Option<Box<Row>>,
    /// What is inside has lines of its own.
    pub open: bool,
}

/// What a line shows, in whichever version of the groups.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum GroupName {
    /// A device.
    Device(String),
    /// A session: device, kind, id, begin.
    Session(String, SessionKind, String, WallTime),
    /// An exchange.
    Exchange(ExchangeId),
}

impl GroupLine {
    /// What it shows.
    pub fn name(&self) -> GroupName {
        match self {
            Self::Device(device) => GroupName::Device(device.name.clone()),
            Self::Session(session) => {
                let (device, id) = (session.device.clone(), session.id.clone());
                GroupName::Session(device, session.kind, id, session.began)
            }
            Self::Exchange(row) => GroupName::Exchange(row.id),
        }
    }

    /// The exchange it shows.
    pub fn row(&self) -> Option<&Row> {
        match self {
            Self::Exchange(row) => Some(row),
            Self::Device(_) | Self::Session(_) => None,
        }
    }

    /// What is known of the group it shows.
    pub fn facts(&self) -> Option<&GroupFacts> {
        match self {
            Self::Device(device) => Some(&device.facts),
            Self::Session(session) => Some(&session.facts),
            Self::Exchange(_) => None,
        }
    }
}

impl SessionGroup {
    /// Id of the device it is of, without case.
    pub fn device(&self) -> &str {
        &self.device
    }
}

impl Viewer {
    /// Starts grouping what passes `filter`, without what the user deleted from view (which passes
    /// only a filter that names `hidden`). It goes on in the background; what is found is there at
    /// once. At most 10,000 devices and 100,000 sessions are told apart. `like`: what is unfolded
    /// there is unfolded here.
    pub fn grouping(&self, filter: Filter, like: Option<&Grouping>) -> Grouping {
        let (grouping, scanner) = self.prepare_groups(filter, like);
        self.start(&grouping.board, scanner);
        grouping
    }

    /// Groups, and what fills them.
    pub(in crate::engine) fn prepare_groups(
        &self,
        filter: Filter,
        like: Option<&Grouping>,
    ) -> (Grouping, Result<Scanner, String>) {
        let unfolded = like.and_then(|like| like.ask(Groups::unfolding)).unwrap_or_default();
        let (board, stop, scanner) = self.prepare_made(Wanted::groups(filter, unfolded));
        (Grouping { _stop: stop, board, viewer: self.clone() }, scanner)
    }
}

impl Grouping {
    /// How far the search is.
    pub fn progress(&self) -> ListingProgress {
        self.board.shown().progress.clone()
    }

    /// Lines: of devices, and of what is unfolded.
    pub fn count(&self) -> u64 {
        self.ask(|groups| groups.len() as u64).unwrap_or_default()
    }

    /// Devices and exchanges that are in it, folded or not.
    pub fn sums(&self) -> (u64, u64) {
        self.ask(|groups| (groups.devices_shown() as u64, groups.shown)).unwrap_or_default()
    }

    /// At most `limit` lines from line `offset`. What cannot be read is left out.
    ///
    /// # Errors
    /// When the capture cannot be read.
    pub fn window(&self, offset: u64, limit: usize) -> Result<Vec<GroupLine>, EngineError> {
        let offset = usize::try_from(offset).unwrap_or(usize::MAX);
        let drafts = self.ask(|groups| groups.drafts(offset, limit)).unwrap_or_default();
        read_lines(drafts, |position| {
            let rows = self.viewer.rows_at(&[u64::from(position)])?;
            Ok(rows.into_iter().next())
        })
    }

    /// The line at which something stands, or the group around it that is folded; `None` when it is
    /// not shown.
    ///
    /// # Errors
    /// When the capture cannot be read.
    pub fn line_of(&self, name: &GroupName) -> Result<Option<u64>, EngineError> {
        let position = self.position(name)?;
        let line = self.ask(|groups| named(name, position).and_then(|name| groups.line_of(name)));
        Ok(line.flatten().map(|line| line as u64))
    }

    /// Unfolds a group, or folds it; false when it was so, or is none.
    pub fn fold(&self, name: &GroupName, open: bool) -> bool {
        let mut shown = self.board.shown();
        let Some(Made::Groups(groups)) = &mut shown.made else { return false };
        named(name, None).is_some_and(|name| groups.fold(name, open))
    }

    /// Unfolds every group, or folds it.
    pub fn fold_all(&self, open: bool) {
        if let Some(Made::Groups(groups)) = &mut self.board.shown().made {
            groups.fold_all(open);
        }
    }

    /// Unfolds what is around an exchange.
    ///
    /// # Errors
    /// When the capture cannot be read.
    pub fn reveal(&self, id: ExchangeId) -> Result<(), EngineError> {
        let position = self.position(&GroupName::Exchange(id))?;
        if let (Some(Made::Groups(groups)), Some(position)) =
            (&mut self.board.shown().made, position)
        {
            groups.reveal(position);
        }
        Ok(())
    }

    /// Changes when lines or progress may have changed, at most 20 times a second.
    pub fn revision(&self) -> watch::Receiver<u64> {
        self.board.revision()
    }

    fn ask<T>(&self, ask: impl FnOnce(&Groups) -> T) -> Option<T> {
        match &self.board.shown().made {
            Some(Made::Groups(groups)) => Some(ask(groups)),
            _ => None,
        }
    }

    fn position(&self, name: &GroupName) -> Result<Option<u32>, EngineError> {
        let GroupName::Exchange(id) = name else { return Ok(None) };
        Ok(self.viewer.position(*id)?.and_then(|position| u32::try_from(position).ok()))
    }
}

/// A group's line without rows, nothing for an exchange's; the positions of its first and its last
/// exchange.
pub(super) type Draft = (Option<GroupLine>, [u32; 2]);

/// Puts the rows into lines. What cannot be read is left out.
pub(super) fn read_lines<E>(
    drafts: Vec<Draft>,
    read: impl Fn(u32) -> Result<Option<Row>, E>,
) -> Result<Vec<GroupLine>, E> {
    let mut lines = Vec::with_capacity(drafts.len());
    for (mut line, [first, last]) in drafts {
        let last_row = read(last)?.map(Box::new);
        let facts = match &mut line {
            Some(GroupLine::Device(group)) => &mut group.facts,
            Some(GroupLine::Session(group)) => &mut group.facts,
            Some(GroupLine::Exchange(_)) | None => {
                lines.extend(last_row.map(GroupLine::Exchange));
                continue;
            }
        };
        facts.first = if first == last { last_row.clone() } else { read(first)?.map(Box::new) };
        facts.last = last_row;
        lines.extend(line);
    }
    Ok(lines)
}

impl Groups {
    pub(super) fn drafts(&self, offset: usize, limit: usize) -> Vec<Draft> {
        self.window(offset, limit).into_iter().map(|line| self.draft(line)).collect()
    }

    fn draft(&self, line: Numbered) -> Draft {
        match line {
            Numbered::Exchange(position) => (None, [position; 2]),
            Numbered::Session(number) => {
                let session = &self.sessions[number];
                let (mut facts, ends) = self.facts(&[number]);
                facts.open = session.open;
                let group = SessionGroup {
                    kind: session.kind,
                    id: session.id.clone(),
                    facts,
                    device: self.devices[session.device].name.clone(),
                    began: session.began,
                };
                (Some(GroupLine::Session(Box::new(group))), ends)
            }
            Numbered::Device(number) => {
                let device = &self.devices[number];
                let (mut facts, ends) = self.facts(&device.sessions);
                facts.open = device.open;
                let shown = |session: &&usize| !self.sessions[**session].positions.is_empty();
                let group = DeviceGroup {
                    device: device.id.clone(),
                    user: device.user.clone(),
                    host: device.host.clone(),
                    version: device.version.clone(),
                    sessions: device.sessions.iter().filter(shown).count() as u64,
                    facts,
                    name: device.name.clone(),
                };
                (Some(GroupLine::Device(Box::new(group))), ends)
            }
        }
    }

    fn facts(&self, sessions: &[usize]) -> (GroupFacts, [u32; 2]) {
        let (mut facts, mut ends) = (GroupFacts::default(), [u32::MAX, 0]);
        for session in sessions.iter().map(|session| &self.sessions[*session]) {
            let (Some(first), Some(last)) = (session.positions.first(), session.positions.last())
            else {
                continue;
            };
            let [warnings, alarms] = session.loud();
            ends = [ends[0].min(*first), ends[1].max(*last)];
            facts.exchanges += session.positions.len() as u64;
            facts.level = facts.level.max(session.level());
            facts.warnings += warnings;
            facts.alarms += alarms;
        }
        (facts, ends)
    }
}

pub(super) fn named(name: &GroupName, position: Option<u32>) -> Option<Named<'_>> {
    Some(match name {
        GroupName::Device(device) => Named::Device(device),
        GroupName::Session(device, kind, id, began) => Named::Session(device, *kind, id, *began),
        GroupName::Exchange(_) => Named::Exchange(position?),
    })
}
