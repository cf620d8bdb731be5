//! What to do on the device at hand: failures that are mended there, by the system it runs.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{LazyLock, Mutex, PoisonError};

use super::pages::System;
use crate::model::Failure;

/// Most addresses whose system is remembered; past it, new ones are not.
const REMEMBERED: usize = 10_000;

/// What to do, by code of the failure and system.
static ADVICE: LazyLock<HashMap<(&str, System), &str>> = LazyLock::new(|| {
    let rows = include_str!("advice.tsv").lines().filter_map(|line| {
        let mut fields = line.split('\t');
        let (codes, system, advice) = (fields.next()?, fields.next()?, fields.next()?);
        Some((codes, System::by_id(system)?, advice))
    });
    rows.flat_map(|(codes, system, advice)| {
        codes.split(' ').map(move |code| ((code, system), advice))
    })
    .collect()
});

/// Which system devices run, by the address they come from and what they last said of themselves.
#[derive(Debug, Default)]
pub(super) struct Systems(Mutex<HashMap<IpAddr, System>>);

impl Systems {
    /// A request from `address` carried this `User-Agent`.
    pub(super) fn note(&self, address: IpAddr, user_agent: &str) {
        let Some(system) = System::of(user_agent) else { return };
        let mut seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if seen.len() < REMEMBERED || seen.contains_key(&address) {
            seen.insert(address, system);
        }
    }

    /// `failure` with what to do on the device at `address`, where its system is known and it is the
    /// device that must be changed.
    pub(super) fn advised(&self, address: IpAddr, mut failure: Failure) -> Failure {
        let seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let system = seen.get(&address).copied();
        if let Some(advice) = system.and_then(|s| ADVICE.get(&(failure.code.as_str(), s))) {
            (*advice).clone_into(&mut failure.advice);
        }
        failure
    }
}

#[cfg(test)]
mod tests {
    use super::super::failure;
    use super::*;

    #[test]
    fn every_row_of_the_table_is_read_and_has_a_source() {
        let table = include_str!("advice.tsv");
        let mut expected = 0;
        for line in table.lines() {
            let fields: Vec<_> = line.split('\t').collect();
            assert_eq!(fields.len(), 4, "{line}");
            assert!(System::by_id(fields[1]).is_some(), "{line}");
            assert!(fields.iter().all(|field| !field.is_empty()), "{line}");
            expected += fields[0].split(' ').count();
        }
        assert_eq!(ADVICE.len(), expected, "no code stands twice for a system");
    }

    #[test]
    fn a_known_system_gets_its_own_steps_and_another_the_general_ones() {
        let (phone, other): (IpAddr, IpAddr) = ([192, 0, 2, 1].into(), [192, 0, 2, 2].into());
        let systems = Systems::default();
        systems.note(phone, "Mozilla/5.0 (Linux; Android 14)");
        systems.note(other, "curl/8.0");
        let advice =
            |at| systems.advised(at, failure::client("tls-too-old", "why", "general")).advice;
        assert!(advice(phone).starts_with("on Android: "), "{}", advice(phone));
        assert_eq!(advice(other), "general");
        let unrelated = failure::server("upstream-refused", "why", "check the server");
        assert_eq!(systems.advised(phone, unrelated).advice, "check the server");
        systems.note(phone, "Apple-iPhone15C2/2104.52");
        assert!(advice(phone).starts_with("on iPhone or iPad: "), "the newest word holds");
    }
}
