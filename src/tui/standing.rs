//! Where devices stand, as far as the capture was read for it.

use std::collections::HashMap;

use crate::engine::{DeviceBrief, Learned};
use crate::model::WallTime;

use super::load::Load;
use super::message::Effect;

/// Shortest time between two looks at what is new, in microseconds.
const PACE: i64 = 1_000_000;

/// What is known of each device.
#[derive(Debug, Default)]
pub(crate) struct Standings {
    /// By device id, lower case: one for each user and host.
    known: HashMap<String, Vec<DeviceBrief>>,
    read: u64,
    of: u64,
    load: Load<()>,
    /// When it was answered last.
    at: Option<WallTime>,
    /// There may be more to know.
    due: bool,
}

impl Standings {
    /// Something changed.
    pub(super) fn outdated(&mut self) {
        self.due = true;
    }

    /// There is more to know, and it was not asked for.
    pub(super) fn is_due(&self) -> bool {
        self.due && self.at.is_some() && !self.load.running()
    }

    /// Asks for more, unless it was asked a moment ago.
    pub(super) fn ask(&mut self, now: WallTime) -> Option<Effect> {
        let lately = self.at.is_some_and(|at| now.0.saturating_sub(at.0) < PACE);
        if lately || self.load.running() {
            return None;
        }
        self.due = false;
        self.load.ask(()).map(|()| Effect::LoadDevices)
    }

    /// Takes an answer; asks for the rest of a capture that is read in steps.
    pub(super) fn take(
        &mut self,
        learned: Learned<Vec<DeviceBrief>>,
        now: WallTime,
    ) -> Option<Effect> {
        self.load.done();
        self.at = Some(now);
        (self.read, self.of) = (learned.read, learned.of);
        self.known.clear();
        for brief in learned.known {
            self.known.entry(brief.key.device.clone()).or_default().push(brief);
        }
        let more = self.read < self.of;
        more.then(|| self.load.ask(())).flatten().map(|()| Effect::LoadDevices)
    }

    /// It could not be read.
    pub(super) fn fail(&mut self, now: WallTime) {
        self.load.done();
        self.at = Some(now);
    }

    /// What is known of a device, the newest first; of each user and host.
    pub(crate) fn of(&self, device: &str) -> Vec<&DeviceBrief> {
        let known = self.known.get(&device.to_lowercase());
        let mut briefs: Vec<_> = known.into_iter().flatten().collect();
        briefs.sort_by_key(|brief| std::cmp::Reverse(brief.last_seen));
        briefs
    }

    /// How much of the capture was read, in hundredths, while that is not all.
    pub(crate) fn progress(&self) -> Option<u64> {
        (self.read < self.of).then(|| self.read * 100 / self.of)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::DeviceKey;

    fn brief(user: &str, seen: i64) -> DeviceBrief {
        let (host, device) = ("mail.example".into(), "phone".into());
        DeviceBrief {
            key: DeviceKey { host, user: user.into(), device },
            standing: "provisioned".into(),
            wipe: None,
            waiting: None,
            findings: 0,
            last_seen: WallTime(seen),
        }
    }

    #[test]
    fn a_capture_is_read_to_its_end_and_then_once_a_second() {
        let mut standings = Standings::default();
        standings.outdated();
        assert_eq!(standings.ask(WallTime(0)), Some(Effect::LoadDevices));
        assert_eq!(standings.ask(WallTime(0)), None, "it is being read");
        let part = Learned { known: vec![brief("a", 1), brief("b", 2)], read: 5, of: 9 };
        assert_eq!(standings.take(part.clone(), WallTime(1)), Some(Effect::LoadDevices));
        assert_eq!(standings.progress(), Some(55));
        let users: Vec<_> = standings.of("PHONE").iter().map(|b| b.key.user.as_str()).collect();
        assert_eq!(users, ["b", "a"], "the newest first");
        assert_eq!(standings.take(Learned { read: 9, ..part }, WallTime(2)), None);
        assert_eq!((standings.progress(), standings.is_due()), (None, false));
        standings.outdated();
        assert_eq!(standings.ask(WallTime(3)), None, "a moment ago");
        assert!(standings.is_due());
        assert_eq!(standings.ask(WallTime(PACE + 2)), Some(Effect::LoadDevices));
        standings.fail(WallTime(PACE + 2));
        assert_eq!(standings.ask(WallTime(PACE + 3)), None, "no storm of failures");
    }
}
