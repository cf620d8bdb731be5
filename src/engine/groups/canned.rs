//! Groups of rows that are at hand, for tests of front ends.

use std::convert::Infallible;

use crate::model::{ExchangeId, Progress, Row};
use crate::store::Turn;

use super::handle::{GroupLine, GroupName, named, read_lines};
use super::made::Groups;

/// What [`super::Grouping`] answers, of these rows.
pub(crate) struct CannedGroups {
    groups: Groups,
    rows: Vec<Row>,
}

impl CannedGroups {
    /// Groups of those of `rows` that pass; what is unfolded in `like` is unfolded.
    pub(crate) fn new(rows: Vec<Row>, passes: impl Fn(&Row) -> bool, like: Option<&Self>) -> Self {
        let unfolded = like.map(|like| like.groups.unfolding()).unwrap_or_default();
        let mut groups = Groups::unfolded(unfolded);
        for (position, row) in (0..).zip(&rows) {
            groups.place(&Turn {
                position,
                started: row.started,
                duration: row.duration,
                in_flight: row.progress == Progress::InFlight,
                protocol: row.summary.protocol,
                device: &row.summary.device,
                client: &row.client,
                session: &row.summary.session,
                user: &row.summary.user,
                host: &row.host,
                version: &row.summary.version,
                command: &row.summary.command,
                level: row.level(),
            });
            if passes(row) {
                groups.show(&[position]);
            }
        }
        Self { groups, rows }
    }

    pub(crate) fn count(&self) -> usize {
        self.groups.len()
    }

    pub(crate) fn sums(&self) -> (u64, u64) {
        (self.groups.devices_shown() as u64, self.groups.shown)
    }

    pub(crate) fn window(&self, offset: usize, limit: usize) -> Vec<GroupLine> {
        let read = |position| Ok::<_, Infallible>(self.rows.get(position as usize).cloned());
        read_lines(self.groups.drafts(offset, limit), read).unwrap()
    }

    pub(crate) fn line_of(&self, name: &GroupName) -> Option<usize> {
        named(name, self.position(name)).and_then(|name| self.groups.line_of(name))
    }

    pub(crate) fn fold(&mut self, name: &GroupName, open: bool) {
        if let Some(name) = named(name, None) {
            self.groups.fold(name, open);
        }
    }

    pub(crate) fn fold_all(&mut self, open: bool) {
        self.groups.fold_all(open);
    }

    pub(crate) fn reveal(&mut self, id: ExchangeId) {
        if let Some(position) = self.position(&GroupName::Exchange(id)) {
            self.groups.reveal(position);
        }
    }

    fn position(&self, name: &GroupName) -> Option<u32> {
        let GroupName::Exchange(id) = name else { return None };
        let at = self.rows.iter().position(|row| row.id == *id)?;
        u32::try_from(at).ok()
    }
}
