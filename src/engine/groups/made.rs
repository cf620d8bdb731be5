//! Groups while they are made and kept true.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use crate::model::{Level, WallTime};
use crate::store::Turn;

use super::name::{SessionKind, cut, told_apart};
use super::pages::{Pages, Slot};

/// Devices that are told apart; exchanges of further ones are in no group.
const MAX_DEVICES: usize = 10_000;

/// Sessions that are told apart; exchanges of further ones go to the last session of their device.
const MAX_SESSIONS: usize = 100_000;

/// Silence that ends a session.
const SILENCE: Duration = Duration::from_mins(30);

/// In [`Slot::facts`]: the two lowest bits are the level.
const LEVEL: u8 = 0b0011;
const IN_FLIGHT: u8 = 0b0100;
const SHOWN: u8 = 0b1000;

/// Levels, by their numbers.
const LEVELS: [Level; 4] = [Level::Info, Level::Notable, Level::Warning, Level::Alarm];

/// Every device with its sessions, in the order of their first exchanges.
#[derive(Debug, Default)]
pub(in crate::engine) struct Groups {
    pub(super) devices: Vec<DeviceMade>,
    pub(super) sessions: Vec<SessionMade>,
    by_device: HashMap<String, usize>,
    slots: Pages,
    /// Exchanges that are shown.
    pub(super) shown: u64,
    /// What is to be unfolded once it is found.
    unfolded: Unfolded,
}

/// Names of groups that are unfolded.
#[derive(Debug, Clone, Default)]
pub(in crate::engine) struct Unfolded(HashMap<String, HashSet<Option<SessionKey>>>);

/// What tells a session from others of its device: kind, id, begin.
type SessionKey = (SessionKind, String, WallTime);

impl Unfolded {
    fn set(&mut self, device: &str, session: Option<SessionKey>, open: bool) {
        if open {
            self.0.entry(device.to_owned()).or_default().insert(session);
        } else if let Some(known) = self.0.get_mut(device) {
            known.remove(&session);
        }
    }

    fn has(&self, device: &str, session: Option<&SessionKey>) -> bool {
        let session = session.cloned();
        self.0.get(device).is_some_and(|known| known.contains(&session))
    }
}

/// One device.
#[derive(Debug)]
pub(super) struct DeviceMade {
    /// Its id as it was first written, and as it is compared.
    pub(super) id: String,
    pub(super) name: String,
    /// Of the newest exchange that has one.
    pub(super) user: String,
    pub(super) host: String,
    pub(super) version: String,
    /// Numbers of its sessions.
    pub(super) sessions: Vec<usize>,
    /// The newest session of each kind and id.
    newest: HashMap<(SessionKind, String), usize>,
    pub(super) open: bool,
}

/// One session.
#[derive(Debug)]
pub(super) struct SessionMade {
    /// The device it is of.
    pub(super) device: usize,
    pub(super) kind: SessionKind,
    /// SyncML session id as it was first written; empty for the other kinds.
    pub(super) id: String,
    /// When its first exchange began.
    pub(super) began: WallTime,
    /// When the last one ended that did, in microseconds.
    quiet: i64,
    in_flight: u32,
    /// Positions of what is shown, which ascend.
    pub(super) positions: Vec<u32>,
    /// How many of them have each level.
    levels: [u32; 4],
    pub(super) open: bool,
}

impl Groups {
    /// Finds the group of a row that is new or has changed.
    pub(in crate::engine) fn place(&mut self, turn: &Turn<'_>) {
        let Ok(position) = u32::try_from(turn.position) else { return };
        self.hide(&[position]);
        let before = self.slots.get(position);
        self.leave(before);
        let session = self.device_of(turn).and_then(|device| self.session_of(device, turn, before));
        let level = LEVELS.iter().position(|level| *level == turn.level).unwrap_or_default();
        let level = u8::try_from(level).unwrap_or_default();
        let facts = level | if turn.in_flight { IN_FLIGHT } else { 0 };
        let number = session.and_then(|session| u32::try_from(session + 1).ok()).unwrap_or(0);
        self.slots.set(position, Slot { session: number, facts });
        if let Some(session) = session {
            self.sessions[session].enter(turn);
        }
    }

    /// Shows the rows at these positions, which were placed.
    pub(in crate::engine) fn show(&mut self, positions: &[u64]) {
        for position in positions.iter().filter_map(|position| u32::try_from(*position).ok()) {
            let slot = self.slots.get(position);
            let Some(session) = number(slot).filter(|_| slot.facts & SHOWN == 0) else { continue };
            self.slots.set(position, Slot { facts: slot.facts | SHOWN, ..slot });
            let session = &mut self.sessions[session];
            session.levels[usize::from(slot.facts & LEVEL)] += 1;
            let at = session.positions.partition_point(|other| *other < position);
            session.positions.insert(at, position);
            self.shown += 1;
        }
    }

    /// Shows the rows at these positions no more.
    pub(in crate::engine) fn hide(&mut self, positions: &[u32]) {
        for position in positions {
            let slot = self.slots.get(*position);
            let Some(session) = number(slot).filter(|_| slot.facts & SHOWN != 0) else { continue };
            self.slots.set(*position, Slot { facts: slot.facts & !SHOWN, ..slot });
            let session = &mut self.sessions[session];
            session.levels[usize::from(slot.facts & LEVEL)] -= 1;
            if let Ok(at) = session.positions.binary_search(position) {
                session.positions.remove(at);
            }
            self.shown -= 1;
        }
    }

    /// The session of an exchange that is shown.
    pub(super) fn session_at(&self, position: u32) -> Option<usize> {
        let slot = self.slots.get(position);
        number(slot).filter(|_| slot.facts & SHOWN != 0)
    }

    /// The device that is told apart by this name.
    pub(super) fn named(&self, name: &str) -> Option<usize> {
        self.by_device.get(name).copied()
    }

    /// No exchange yet; what is found is unfolded as it was.
    pub(in crate::engine) fn unfolded(unfolded: Unfolded) -> Self {
        Self { unfolded, ..Self::default() }
    }

    /// What is unfolded.
    pub(in crate::engine) fn unfolding(&self) -> Unfolded {
        let mut unfolded = self.unfolded.clone();
        for device in &self.devices {
            unfolded.set(&device.name, None, device.open);
            for session in device.sessions.iter().map(|number| &self.sessions[*number]) {
                unfolded.set(&device.name, Some(session.key()), session.open);
            }
        }
        unfolded
    }

    /// What stood in this slot is about to stand elsewhere.
    fn leave(&mut self, before: Slot) {
        if let Some(session) = number(before).filter(|_| before.facts & IN_FLIGHT != 0) {
            let session = &mut self.sessions[session];
            session.in_flight = session.in_flight.saturating_sub(1);
        }
    }

    fn device_of(&mut self, turn: &Turn<'_>) -> Option<usize> {
        let id = if turn.device.is_empty() { turn.client } else { turn.device };
        let name = told_apart(id);
        let index = match self.by_device.get(&name) {
            Some(index) => *index,
            None if self.devices.len() == MAX_DEVICES => return None,
            None => {
                self.by_device.insert(name.clone(), self.devices.len());
                let open = self.unfolded.has(&name, None);
                self.devices.push(DeviceMade::new(cut(id), name, open));
                self.devices.len() - 1
            }
        };
        let device = &mut self.devices[index];
        keep(&mut device.user, turn.user);
        keep(&mut device.host, turn.host);
        keep(&mut device.version, turn.version);
        Some(index)
    }

    fn session_of(&mut self, device: usize, turn: &Turn<'_>, before: Slot) -> Option<usize> {
        let kind = SessionKind::of(turn.protocol);
        let id = if kind == SessionKind::SyncMl { cut(turn.session) } else { "" };
        let name = told_apart(id);
        let is_same = |session: &SessionMade| {
            session.device == device && session.kind == kind && told_apart(&session.id) == name
        };
        // What changed in other ways stays where it is.
        if let Some(session) = number(before).filter(|number| is_same(&self.sessions[*number])) {
            return Some(session);
        }
        let newest = self.devices[device].newest.get(&(kind, name.clone())).copied();
        if let Some(newest) = newest.filter(|newest| self.sessions[*newest].goes_on(turn)) {
            if self.sessions[newest].began <= turn.started {
                return Some(newest);
            }
            // It began before that session did: an old exchange of which more became known.
            let of_device = self.devices[device].sessions.iter().copied();
            let mut same = of_device.filter(|session| is_same(&self.sessions[*session]));
            let first = same.clone().next();
            let older = same.rfind(|session| self.sessions[*session].began <= turn.started);
            return older.or(first);
        }
        if self.sessions.len() == MAX_SESSIONS {
            return newest.or(self.devices[device].sessions.last().copied());
        }
        let session = self.sessions.len();
        let mut made = SessionMade::new(device, kind, id, turn);
        made.open = self.unfolded.has(&self.devices[device].name, Some(&made.key()));
        self.sessions.push(made);
        self.devices[device].sessions.push(session);
        self.devices[device].newest.insert((kind, name), session);
        Some(session)
    }
}

impl DeviceMade {
    fn new(id: &str, name: String, open: bool) -> Self {
        Self {
            id: id.to_owned(),
            name,
            user: String::new(),
            host: String::new(),
            version: String::new(),
            sessions: Vec::new(),
            newest: HashMap::new(),
            open,
        }
    }
}

impl SessionMade {
    fn new(device: usize, kind: SessionKind, id: &str, turn: &Turn<'_>) -> Self {
        Self {
            device,
            kind,
            id: id.to_owned(),
            began: turn.started,
            quiet: turn.started.0,
            in_flight: 0,
            positions: Vec::new(),
            levels: [0; 4],
            open: false,
        }
    }

    /// The loudest level of what is shown.
    pub(super) fn level(&self) -> Level {
        let loudest = self.levels.iter().rposition(|count| *count > 0);
        loudest.map_or(Level::Info, |level| LEVELS[level])
    }

    /// How many of those shown are warnings, and how many alarms.
    pub(super) fn loud(&self) -> [u64; 2] {
        [u64::from(self.levels[2]), u64::from(self.levels[3])]
    }

    fn key(&self) -> SessionKey {
        (self.kind, self.id.clone(), self.began)
    }

    pub(super) fn is_called(&self, kind: SessionKind, id: &str, began: WallTime) -> bool {
        (self.kind, self.id.as_str(), self.began) == (kind, id, began)
    }

    fn goes_on(&self, turn: &Turn<'_>) -> bool {
        let silence = i64::try_from(SILENCE.as_micros()).unwrap_or(i64::MAX);
        self.in_flight > 0 || turn.started.0 <= self.quiet.saturating_add(silence)
    }

    fn enter(&mut self, turn: &Turn<'_>) {
        let took = i64::try_from(turn.duration.unwrap_or(0)).unwrap_or(i64::MAX);
        self.quiet = self.quiet.max(turn.started.0.saturating_add(took));
        self.in_flight += u32::from(turn.in_flight);
    }
}

fn number(slot: Slot) -> Option<usize> {
    slot.session.checked_sub(1).map(|number| number as usize)
}

/// The newest text there is.
fn keep(known: &mut String, new: &str) {
    if !new.is_empty() && known != new {
        new.clone_into(known);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::groups::lines::Numbered;
    use crate::model::Protocol;

    const MINUTE: i64 = 60_000_000;

    fn turn(position: u64, minute: i64) -> Turn<'static> {
        Turn {
            position,
            started: WallTime(minute * MINUTE),
            duration: Some(1_000_000),
            in_flight: false,
            protocol: Protocol::ActiveSync,
            device: "phone",
            client: "192.0.2.7",
            session: "",
            user: "",
            host: "mail.example",
            version: "",
            command: "Sync",
            level: Level::Info,
        }
    }

    fn grouped(turns: &[Turn<'_>]) -> Groups {
        let mut groups = Groups::default();
        for turn in turns {
            groups.place(turn);
            groups.show(&[turn.position]);
        }
        groups
    }

    type Told<'a> = (SessionKind, &'a str, &'a [u32]);

    fn sessions<'a>(groups: &'a Groups, device: &str) -> Vec<Told<'a>> {
        let device = &groups.devices[groups.named(device).unwrap()];
        let sessions = device.sessions.iter().map(|number| &groups.sessions[*number]);
        sessions.map(|s| (s.kind, s.id.as_str(), s.positions.as_slice())).collect()
    }

    #[test]
    fn half_an_hour_of_silence_ends_a_session() {
        let hour_long = Turn { duration: Some(59 * 60_000_000), ..turn(2, 40) };
        let waiting = Turn { duration: None, in_flight: true, ..turn(5, 300) };
        let ended = Turn { duration: Some(601 * 60_000_000), in_flight: false, ..waiting };
        let all =
            [turn(0, 0), turn(1, 30), hour_long, turn(3, 129), turn(4, 160), waiting, turn(6, 900)];
        let mut groups = grouped(&all);
        let kind = SessionKind::ActiveSync;
        let expected: [Told<'_>; 3] =
            [(kind, "", &[0, 1, 2, 3]), (kind, "", &[4]), (kind, "", &[5, 6])];
        assert_eq!(sessions(&groups, "phone"), expected, "a poll that waits is no silence");
        groups.place(&ended);
        groups.show(&[5]);
        for late in [turn(7, 930), turn(8, 961)] {
            groups.place(&late);
            groups.show(&[late.position]);
        }
        assert_eq!(sessions(&groups, "phone")[2..], [(kind, "", &[5, 6, 7][..]), (kind, "", &[8])]);
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
            Turn { device: "tablet", level: Level::Alarm, ..turn(4, 4) },
            Turn { level: Level::Warning, ..syncml(5, 5, "1a") },
            syncml(6, 90, "1A"),
            Turn { protocol: Protocol::Http, device: "", ..turn(7, 91) },
        ];
        let groups = grouped(&all);
        let names: Vec<_> = groups.devices.iter().map(|device| device.id.as_str()).collect();
        assert_eq!(names, ["phone", "tablet", "192.0.2.7"], "as they were first seen");
        let expected: [Told<'_>; 4] = [
            (SessionKind::ActiveSync, "", &[0, 2]),
            (SessionKind::SyncMl, "1A", &[1, 5]),
            (SessionKind::SyncMl, "2", &[3]),
            (SessionKind::SyncMl, "1A", &[6]),
        ];
        assert_eq!(sessions(&groups, "phone"), expected);
        let phone = &groups.devices[0];
        assert_eq!((phone.user.as_str(), phone.version.as_str()), ("u", "14.1"));
        assert_eq!(groups.sessions[1].level(), Level::Warning);
        assert_eq!(groups.sessions[1].loud(), [1, 0]);
    }

    #[test]
    fn a_row_of_which_more_becomes_known_changes_its_group() {
        let mut groups = grouped(&[Turn { device: "", ..turn(0, 0) }, turn(1, 1), turn(2, 100)]);
        groups.place(&turn(0, 0));
        groups.show(&[0]);
        assert_eq!(groups.session_at(0), groups.session_at(1), "not to the newest session");
        groups.hide(&[0, 0]);
        assert_eq!((groups.shown, groups.session_at(0)), (2, None));
    }

    #[test]
    fn too_many_devices_are_left_out() {
        let names: Vec<String> = (0..=MAX_DEVICES).map(|n| n.to_string()).collect();
        let mut groups = Groups::default();
        for (position, device) in (0..).zip(&names) {
            groups.place(&Turn { device, ..turn(position, 0) });
            groups.show(&[position]);
        }
        assert_eq!((groups.devices.len(), groups.len()), (MAX_DEVICES, MAX_DEVICES));
        assert_eq!(groups.window(MAX_DEVICES - 1, 9), [Numbered::Device(MAX_DEVICES - 1)]);
    }

    #[test]
    fn positions_with_holes_take_room_for_themselves_only() {
        let groups = grouped(&[turn(0, 0), turn(u64::from(u32::MAX), 1), turn(1 << 40, 2)]);
        assert_eq!(sessions(&groups, "phone")[0].2, [0, u32::MAX]);
    }
}
