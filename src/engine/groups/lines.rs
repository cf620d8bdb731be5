//! Which line of the unfolded and folded groups shows what.

use crate::model::WallTime;

use super::made::Groups;
use super::name::SessionKind;

/// One line, by numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Numbered {
    Device(usize),
    Session(usize),
    /// A position of the capture.
    Exchange(u32),
}

/// What a line shows, by names: the same in every version of the groups.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Named<'a> {
    Device(&'a str),
    Session(&'a str, SessionKind, &'a str, WallTime),
    Exchange(u32),
}

impl Groups {
    /// How many lines there are.
    pub(super) fn len(&self) -> usize {
        (0..self.devices.len()).map(|device| self.lines_of(device)).sum()
    }

    /// How many devices something is shown of.
    pub(super) fn devices_shown(&self) -> usize {
        (0..self.devices.len()).filter(|device| self.lines_of(*device) > 0).count()
    }

    /// At most `limit` lines from line `offset`.
    pub(super) fn window(&self, offset: usize, limit: usize) -> Vec<Numbered> {
        let mut found = Vec::new();
        let mut before = 0_usize;
        let end = offset.saturating_add(limit);
        for device in 0..self.devices.len() {
            let lines = self.lines_of(device);
            if lines > 0 && before + lines > offset {
                self.fill(device, before, offset..end, &mut found);
            }
            before += lines;
            if before >= end {
                break;
            }
        }
        found
    }

    /// The line at which something stands; that of the group around it where it is folded.
    pub(super) fn line_of(&self, name: Named<'_>) -> Option<usize> {
        let (device, session) = self.numbers(name)?;
        let before: usize = (0..device).map(|device| self.lines_of(device)).sum();
        let of = &self.devices[device];
        let Some(session) = session.filter(|_| of.open) else { return Some(before) };
        let earlier = of.sessions.iter().take_while(|other| **other != session);
        let line = before + 1 + earlier.map(|other| self.lines_in(*other)).sum::<usize>();
        let made = &self.sessions[session];
        match name {
            Named::Exchange(position) if made.open => {
                made.positions.binary_search(&position).ok().map(|at| line + 1 + at)
            }
            _ => Some(line),
        }
    }

    /// Unfolds a group, or folds it; false when it was so, or is none.
    pub(super) fn fold(&mut self, name: Named<'_>, open: bool) -> bool {
        let was = match (name, self.numbers(name)) {
            (Named::Device(_), Some((device, _))) => &mut self.devices[device].open,
            (Named::Session(..), Some((_, Some(session)))) => &mut self.sessions[session].open,
            _ => return false,
        };
        std::mem::replace(was, open) != open
    }

    /// Unfolds every group, or folds it.
    pub(super) fn fold_all(&mut self, open: bool) {
        self.devices.iter_mut().for_each(|device| device.open = open);
        self.sessions.iter_mut().for_each(|session| session.open = open);
    }

    /// Unfolds what is around an exchange.
    pub(super) fn reveal(&mut self, position: u32) {
        if let Some(session) = self.session_at(position) {
            self.sessions[session].open = true;
            let device = self.sessions[session].device;
            self.devices[device].open = true;
        }
    }

    /// Device and session.
    fn numbers(&self, name: Named<'_>) -> Option<(usize, Option<usize>)> {
        let found = match name {
            Named::Device(device) => (self.named(device)?, None),
            Named::Session(device, kind, id, began) => {
                let device = self.named(device)?;
                let mut sessions = self.devices[device].sessions.iter().copied();
                let session = sessions.find(|s| self.sessions[*s].is_called(kind, id, began))?;
                (device, Some(session))
            }
            Named::Exchange(position) => {
                let session = self.session_at(position)?;
                (self.sessions[session].device, Some(session))
            }
        };
        let shown = match found.1 {
            Some(session) => self.lines_in(session) > 0,
            None => self.lines_of(found.0) > 0,
        };
        shown.then_some(found)
    }

    /// Lines of a device: none while nothing of it is shown.
    fn lines_of(&self, device: usize) -> usize {
        let device = &self.devices[device];
        let mut sessions = device.sessions.iter();
        if !device.open {
            return usize::from(sessions.any(|session| self.lines_in(*session) > 0));
        }
        let inside: usize = sessions.map(|session| self.lines_in(*session)).sum();
        inside + usize::from(inside > 0)
    }

    /// Lines of a session of a device that is unfolded.
    fn lines_in(&self, session: usize) -> usize {
        let session = &self.sessions[session];
        match session.positions.len() {
            0 => 0,
            _ if !session.open => 1,
            exchanges => 1 + exchanges,
        }
    }

    /// The lines of a device that are in the range; its first line is line `at`.
    fn fill(
        &self,
        device: usize,
        at: usize,
        range: std::ops::Range<usize>,
        found: &mut Vec<Numbered>,
    ) {
        if range.contains(&at) {
            found.push(Numbered::Device(device));
        }
        if !self.devices[device].open {
            return;
        }
        let mut at = at + 1;
        for session in &self.devices[device].sessions {
            let lines = self.lines_in(*session);
            if lines > 0 && range.contains(&at) {
                found.push(Numbered::Session(*session));
            }
            if lines > 1 {
                let first = range.start.saturating_sub(at + 1);
                let positions = self.sessions[*session].positions.iter().skip(first);
                let limit = range.end.saturating_sub((at + 1).max(range.start));
                found.extend(positions.take(limit).map(|position| Numbered::Exchange(*position)));
            }
            at += lines;
            if at >= range.end {
                return;
            }
        }
    }
}
