//! Exchanges that could not be written and wait for another try.

use std::collections::VecDeque;

use crate::model::ExchangeId;

use super::writer::Put;

/// Exchanges that wait at most.
pub(super) const HELD: usize = 256;

/// The newest state of each exchange that waits, the longest waiting first.
#[derive(Debug, Default)]
pub(super) struct Backlog(VecDeque<Box<Put>>);

impl Backlog {
    /// How many wait.
    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    /// True when none waits.
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Keeps an exchange, in the place of an older state of it. Returns the one that had to go for
    /// it, if the backlog was full.
    pub(super) fn hold(&mut self, put: &Put) -> Option<Box<Put>> {
        if let Some(older) = self.0.iter_mut().find(|held| held.exchange.id == put.exchange.id) {
            **older = put.clone();
            return None;
        }
        let evicted = if self.0.len() >= HELD { self.0.pop_front() } else { None };
        self.0.push_back(Box::new(put.clone()));
        evicted
    }

    /// Takes out the one that waits longest.
    pub(super) fn take(&mut self) -> Option<Box<Put>> {
        self.0.pop_front()
    }

    /// Puts back what [`take`](Self::take) gave.
    pub(super) fn put_back(&mut self, put: Box<Put>) {
        self.0.push_front(put);
    }

    /// Drops what waits of an exchange, because a newer state of it is in the file.
    pub(super) fn forget(&mut self, id: ExchangeId) {
        self.0.retain(|held| held.exchange.id != id);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Exchange;
    use crate::store::sample;

    fn hold(backlog: &mut Backlog, exchange: Exchange) -> Option<u64> {
        let row = sample::row(&exchange);
        backlog.hold(&Put { exchange, row }).map(|evicted| evicted.exchange.id.0)
    }

    #[test]
    fn a_newer_state_takes_the_place_of_the_older() {
        let mut backlog = Backlog::default();
        hold(&mut backlog, sample::in_flight(1));
        hold(&mut backlog, sample::in_flight(2));
        hold(&mut backlog, sample::complete(1, 0, 0));
        assert_eq!(backlog.len(), 2);
        assert_eq!(backlog.take().unwrap().exchange, sample::complete(1, 0, 0));
    }

    #[test]
    fn the_longest_waiting_goes_when_it_is_full() {
        let mut backlog = Backlog::default();
        for id in 1..=HELD as u64 {
            assert_eq!(hold(&mut backlog, sample::in_flight(id)), None);
        }
        assert_eq!(hold(&mut backlog, sample::in_flight(2)), None, "known");
        assert_eq!(hold(&mut backlog, sample::in_flight(9_999)), Some(1));
        assert_eq!(backlog.len(), HELD);
    }

    #[test]
    fn what_is_put_back_is_first_again() {
        let mut backlog = Backlog::default();
        hold(&mut backlog, sample::in_flight(1));
        hold(&mut backlog, sample::in_flight(2));
        let first = backlog.take().unwrap();
        backlog.put_back(first);
        backlog.forget(ExchangeId(2));
        assert_eq!(backlog.take().unwrap().exchange.id, ExchangeId(1));
        assert!(backlog.is_empty());
    }
}
