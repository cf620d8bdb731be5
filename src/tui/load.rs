//! One query at a time: the newest wish waits, older ones are forgotten.

/// A query that is never running twice. While it runs, only the latest wish is remembered, so that
/// neither a held key nor a burst of traffic can pile up work.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Load<T> {
    running: bool,
    waiting: Option<T>,
}

impl<T> Default for Load<T> {
    fn default() -> Self {
        Self { running: false, waiting: None }
    }
}

impl<T> Load<T> {
    /// Wishes for `what`; returns it when it should start now.
    pub(crate) fn ask(&mut self, what: T) -> Option<T> {
        if self.running {
            self.waiting = Some(what);
            return None;
        }
        self.running = true;
        Some(what)
    }

    /// The query that was running is over; returns the wish that should start now.
    pub(crate) fn done(&mut self) -> Option<T> {
        self.running = self.waiting.is_some();
        self.waiting.take()
    }

    /// True while a query runs.
    pub(crate) fn running(&self) -> bool {
        self.running
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_latest_wish_waits() {
        let mut load = Load::default();
        assert_eq!(load.ask(1), Some(1));
        assert_eq!(load.ask(2), None);
        assert_eq!(load.ask(3), None);
        assert_eq!(load.done(), Some(3), "2 is forgotten");
        assert!(load.running());
        assert_eq!(load.done(), None);
        assert!(!load.running());
        assert_eq!(load.ask(4), Some(4));
    }
}
