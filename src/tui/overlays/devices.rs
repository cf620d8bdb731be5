//! The devices view: device, session, exchange.

use std::collections::{HashMap, HashSet};

use crate::model::{ExchangeId, Level, Row};
use crate::tui::action::Step;
use crate::tui::panes::Scroll;

/// The exchanges of one device, in order of arrival.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct DeviceGroup {
    /// Its id, or the client's address where none is known.
    pub(crate) device: String,
    /// Its sessions, in the order they began.
    pub(crate) sessions: Vec<SessionGroup>,
}

/// The exchanges of one session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SessionGroup {
    /// Its id; empty for exchanges outside of sessions.
    pub(crate) session: String,
    /// Their rows.
    pub(crate) rows: Vec<Row>,
}

/// One line of the view, by the indices of device, session and row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum DeviceLine {
    /// A device.
    Device(usize),
    /// A session of it.
    Session(usize, usize),
    /// An exchange of that.
    Exchange(usize, usize, usize),
}

/// What names a group across two versions of the view.
type GroupKey = (String, Option<String>);

/// The open view.
#[derive(Debug, Clone, Default)]
pub(crate) struct Devices {
    groups: Vec<DeviceGroup>,
    folded: HashSet<GroupKey>,
    lines: Vec<DeviceLine>,
    scroll: Scroll,
    loaded: bool,
}

impl DeviceGroup {
    /// Groups rows: devices and sessions in the order of their first exchange.
    pub(crate) fn of(rows: Vec<Row>) -> Vec<Self> {
        let mut groups: Vec<Self> = Vec::new();
        // By name: the wire may name as many devices and sessions as there are rows.
        let mut devices: HashMap<String, usize> = HashMap::new();
        let mut sessions: HashMap<(usize, String), usize> = HashMap::new();
        for row in rows {
            let device =
                if row.summary.device.is_empty() { &row.client } else { &row.summary.device };
            let d = *devices.entry(device.clone()).or_insert_with(|| {
                groups.push(Self { device: device.clone(), sessions: Vec::new() });
                groups.len() - 1
            });
            let of = &mut groups[d].sessions;
            let session = &row.summary.session;
            let s = *sessions.entry((d, session.clone())).or_insert_with(|| {
                of.push(SessionGroup { session: session.clone(), rows: Vec::new() });
                of.len() - 1
            });
            of[s].rows.push(row);
        }
        groups
    }

    /// Every row of the device.
    pub(crate) fn rows(&self) -> impl Iterator<Item = &Row> {
        self.sessions.iter().flat_map(|session| &session.rows)
    }

    /// The loudest level of its exchanges.
    pub(crate) fn level(&self) -> Level {
        self.rows().map(Row::level).max().unwrap_or_default()
    }
}

impl SessionGroup {
    /// The loudest level of its exchanges.
    pub(crate) fn level(&self) -> Level {
        self.rows.iter().map(Row::level).max().unwrap_or_default()
    }
}

impl Devices {
    /// Takes groups; what is folded and selected stays so.
    pub(crate) fn take(&mut self, groups: Vec<DeviceGroup>) {
        let selected = self.selected().map(|line| self.name(line));
        self.groups = groups;
        self.loaded = true;
        self.rebuild();
        let again = self.lines.iter().position(|line| Some(self.name(*line)) == selected);
        self.scroll.go(again.unwrap_or(self.scroll.cursor()), self.lines.len());
    }

    /// True once groups were read.
    pub(crate) fn is_loaded(&self) -> bool {
        self.loaded
    }

    /// The groups.
    pub(crate) fn groups(&self) -> &[DeviceGroup] {
        &self.groups
    }

    /// The lines in sight, and whether each is selected.
    pub(crate) fn visible(&self) -> impl Iterator<Item = (DeviceLine, bool)> {
        let range = self.scroll.visible(self.lines.len());
        range.map(|at| (self.lines[at], at == self.scroll.cursor()))
    }

    /// True when what is inside a group is hidden.
    pub(crate) fn is_folded(&self, line: DeviceLine) -> bool {
        self.key(line).is_some_and(|key| self.folded.contains(&key))
    }

    /// The exchange of the selected line.
    pub(crate) fn exchange(&self) -> Option<ExchangeId> {
        match self.selected()? {
            DeviceLine::Exchange(d, s, r) => Some(self.groups[d].sessions[s].rows[r].id),
            DeviceLine::Device(_) | DeviceLine::Session(..) => None,
        }
    }

    /// Moves the selection.
    pub(crate) fn step(&mut self, step: Step) {
        self.scroll.step(step, self.lines.len());
    }

    /// Moves the page.
    pub(crate) fn wheel(&mut self, lines: isize) {
        self.scroll.wheel(lines, self.lines.len());
    }

    /// The page is `height` lines high.
    pub(crate) fn resize(&mut self, height: usize) {
        self.scroll.resize(height, self.lines.len());
    }

    /// Selects the line that stands `y` lines below the title; true when it was selected already.
    pub(crate) fn point(&mut self, y: usize) -> bool {
        let at = self.scroll.top().saturating_add(y);
        let before = self.scroll.cursor();
        if at < self.lines.len() {
            self.scroll.go(at, self.lines.len());
        }
        before == at
    }

    /// Hides what is inside the selected group, or shows it.
    pub(crate) fn toggle(&mut self) {
        if let Some(line) = self.selected() {
            self.fold(!self.is_folded(line));
        }
    }

    /// Hides (or shows) what is inside the selected group; where nothing is to hide, goes to the
    /// group around it.
    pub(crate) fn fold(&mut self, hide: bool) {
        let Some(line) = self.selected() else { return };
        let changed = match self.key(line) {
            Some(key) if hide => self.folded.insert(key),
            Some(key) => self.folded.remove(&key),
            None => false,
        };
        if changed {
            self.rebuild();
        } else if hide {
            let at = self.scroll.cursor();
            let depth = depth(line);
            let around = self.lines[..at].iter().rposition(|line| self::depth(*line) < depth);
            self.scroll.go(around.unwrap_or(at), self.lines.len());
        } else {
            self.step(Step::Down);
        }
    }

    fn selected(&self) -> Option<DeviceLine> {
        self.lines.get(self.scroll.cursor()).copied()
    }

    fn key(&self, line: DeviceLine) -> Option<GroupKey> {
        match line {
            DeviceLine::Device(d) => Some((self.groups[d].device.clone(), None)),
            DeviceLine::Session(d, s) => {
                let group = &self.groups[d];
                Some((group.device.clone(), Some(group.sessions[s].session.clone())))
            }
            DeviceLine::Exchange(..) => None,
        }
    }

    /// What tells a line from others in another version of the view.
    fn name(&self, line: DeviceLine) -> (Option<GroupKey>, Option<ExchangeId>) {
        match line {
            DeviceLine::Exchange(d, s, r) => (None, Some(self.groups[d].sessions[s].rows[r].id)),
            group => (self.key(group), None),
        }
    }

    fn rebuild(&mut self) {
        let mut lines = Vec::new();
        for (d, device) in self.groups.iter().enumerate() {
            lines.push(DeviceLine::Device(d));
            if self.is_folded(DeviceLine::Device(d)) {
                continue;
            }
            for (s, session) in device.sessions.iter().enumerate() {
                // What belongs to no session stands below the device itself.
                if !session.session.is_empty() {
                    lines.push(DeviceLine::Session(d, s));
                    if self.is_folded(DeviceLine::Session(d, s)) {
                        continue;
                    }
                }
                lines.extend((0..session.rows.len()).map(|r| DeviceLine::Exchange(d, s, r)));
            }
        }
        self.lines = lines;
        let height = self.scroll.height();
        self.scroll.resize(height, self.lines.len());
    }
}

fn depth(line: DeviceLine) -> usize {
    match line {
        DeviceLine::Device(_) => 0,
        DeviceLine::Session(..) => 1,
        DeviceLine::Exchange(..) => 2,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{ConnId, Exchange, Kind, Summary, WallTime};

    fn row(id: u64, device: &str, session: &str) -> Row {
        let exchange = Exchange::begin(ExchangeId(id), ConnId(1), Kind::Http, WallTime(0));
        let (device, session) = (device.to_owned(), session.to_owned());
        Row::new(&exchange, Summary { device, session, ..Summary::default() })
    }

    fn rows() -> Vec<Row> {
        vec![row(1, "a", ""), row(2, "b", "7"), row(3, "a", ""), row(4, "b", "8"), row(5, "b", "7")]
    }

    fn devices() -> Devices {
        let mut devices = Devices::default();
        devices.resize(20);
        devices.take(DeviceGroup::of(rows()));
        devices
    }

    #[test]
    fn exchanges_stand_below_their_device_and_session() {
        use DeviceLine::{Device, Exchange, Session};
        let lines: Vec<_> = devices().visible().map(|(line, _)| line).collect();
        let expected = [
            Device(0),
            Exchange(0, 0, 0),
            Exchange(0, 0, 1),
            Device(1),
            Session(1, 0),
            Exchange(1, 0, 0),
            Exchange(1, 0, 1),
            Session(1, 1),
            Exchange(1, 1, 0),
        ];
        assert_eq!(lines, expected);
    }

    #[test]
    fn groups_fold_and_stay_folded_in_a_newer_version() {
        let mut devices = devices();
        devices.fold(true);
        assert_eq!(devices.visible().count(), 7);
        devices.step(Step::Last);
        assert_eq!(devices.exchange(), Some(ExchangeId(4)));
        devices.fold(true);
        assert_eq!(devices.exchange(), None, "to the session around it");
        devices.fold(true);
        let mut newer = rows();
        newer.insert(0, row(6, "c", ""));
        devices.take(DeviceGroup::of(newer));
        assert_eq!(devices.visible().count(), 8, "two more, and the folds stay");
        assert!(devices.visible().last().unwrap().1, "so does the selection");
        devices.fold(false);
        assert_eq!(devices.visible().count(), 9);
    }

    #[test]
    fn no_groups_answer_every_key() {
        let mut devices = Devices::default();
        devices.fold(true);
        devices.fold(false);
        devices.step(Step::Last);
        assert_eq!((devices.exchange(), devices.point(3)), (None, false));
    }
}
