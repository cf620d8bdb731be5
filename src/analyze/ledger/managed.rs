//! Devices as their SyncML sessions show them: for those whose enrolment was not seen all that is known.

use std::collections::{HashMap, VecDeque};

use crate::analyze::meet::meet;
use crate::model::{
    Device, DeviceKey, Exchange, ExchangeId, Management, Step, Summary, SyncmlSession,
};

use super::session::Session;
use super::sessions::Ledgers;

/// Devices remembered; the one silent for longest is forgotten first.
const DEVICES: usize = 1_024;

/// Exchanges kept of one device, the last ones.
const STEPS: usize = 96;

/// Ids kept of one device.
const IDS: usize = 8;

/// A fold over the exchanges of SyncML. Memory is bounded: at most 1,024 devices, for each at most 96
/// exchanges.
#[derive(Debug, Clone, Default)]
pub(in crate::analyze) struct Managed {
    devices: HashMap<DeviceKey, Kept>,
    turn: u64,
}

#[derive(Debug, Clone)]
struct Kept {
    /// `None` for a device that is told by its enrolment.
    own: Option<Box<Device>>,
    steps: VecDeque<Step>,
    management: Management,
    /// Ids that it gave itself in headers, lower case.
    ids: Vec<String>,
    /// First exchange of its last session, and its last exchange.
    session: (ExchangeId, ExchangeId),
    turn: u64,
}

impl Managed {
    /// Takes in an exchange of `key`; `enrolled`: its enrolment tells the rest of it.
    pub(in crate::analyze) fn take(
        &mut self,
        key: &DeviceKey,
        enrolled: bool,
        (exchange, summary, step): (&Exchange, &Summary, &Step),
        session: &Session,
    ) {
        self.turn += 1;
        self.make_room(key);
        let kept = self.devices.entry(key.clone()).or_insert_with(|| Kept {
            own: (!enrolled).then(|| Box::new(Device::new(key.clone(), exchange.started))),
            steps: VecDeque::new(),
            management: Management::default(),
            ids: Vec::new(),
            session: (ExchangeId(0), exchange.id),
            turn: 0,
        });
        kept.turn = self.turn;
        if kept.session.0 != session.view.first {
            kept.management.sessions += 1;
        }
        kept.session = (session.view.first, exchange.id);
        for (what, value) in &session.facts.told {
            set(&mut kept.management.told, what, value);
        }
        let id = summary.device.to_lowercase();
        if kept.ids.len() < IDS && !kept.ids.contains(&id) {
            kept.ids.push(id);
        }
        let Some(device) = &mut kept.own else { return };
        meet(device, exchange, summary);
        device.findings += step.findings.len() as u64;
        if device.key.user.is_empty() {
            session.view.user.clone_into(&mut device.key.user);
        }
        if kept.steps.len() == STEPS {
            kept.steps.pop_front();
        }
        kept.steps.push_back(step.clone());
    }

    /// The devices whose enrolment was not seen, in no order.
    pub(in crate::analyze) fn keys(&self) -> impl Iterator<Item = &DeviceKey> {
        self.devices.iter().filter(|(_, kept)| kept.own.is_some()).map(|(key, _)| key)
    }

    /// True when the device calls itself `id` (lower case).
    pub(in crate::analyze) fn is_called(&self, key: &DeviceKey, id: &str) -> bool {
        self.devices.get(key).is_some_and(|kept| kept.ids.iter().any(|own| own == id))
    }

    /// A device whose enrolment was not seen.
    pub(in crate::analyze) fn device(&self, key: &DeviceKey) -> Option<Device> {
        let kept = self.devices.get(key)?;
        let mut device = (**kept.own.as_ref()?).clone();
        device.steps = kept.steps.iter().cloned().collect();
        device.management = Some(kept.management.clone());
        Some(device)
    }

    /// Adds to a device what its sessions tell; `settled`: nothing more will come.
    pub(in crate::analyze) fn complete(
        &self,
        device: &mut Device,
        ledgers: &Ledgers,
        settled: bool,
    ) {
        let Some(kept) = self.devices.get(&device.key) else { return };
        let mut management = kept.management.clone();
        let last = ledgers.session_of(kept.session.1, settled);
        management.last = last.as_ref().map(SyncmlSession::brief);
        device.management = Some(management);
    }

    fn make_room(&mut self, key: &DeviceKey) {
        if self.devices.len() < DEVICES || self.devices.contains_key(key) {
            return;
        }
        let oldest = self.devices.iter().min_by_key(|(_, kept)| kept.turn);
        if let Some(oldest) = oldest.map(|(key, _)| key.clone()) {
            self.devices.remove(&oldest);
        }
    }
}

/// The newest value of each, in the order first told.
fn set(told: &mut Vec<(&'static str, String)>, what: &'static str, value: &str) {
    match told.iter_mut().find(|(known, _)| *known == what) {
        Some((_, old)) => value.clone_into(old),
        None => told.push((what, value.to_owned())),
    }
}
