//! The ceiling of open files: each connection of a device takes two, and a few more for the rest.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// Open files beside those of connections: capture, log, listeners, libraries.
const REST: u64 = 128;

/// How many files this process may open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct FileLimit {
    /// Now.
    pub(super) soft: u64,
    /// As far as it can be raised without privileges.
    pub(super) hard: u64,
}

impl FileLimit {
    /// What holds now. No limit at all counts as the largest number.
    pub(super) fn current() -> Self {
        let limit = getrlimit(Resource::Nofile);
        Self { soft: limit.current.unwrap_or(u64::MAX), hard: limit.maximum.unwrap_or(u64::MAX) }
    }

    /// Raises the soft limit to the hard one, which every process may, and returns what holds then.
    pub(super) fn raise() -> Self {
        let now = Self::current();
        if now.soft < now.hard {
            let hard = getrlimit(Resource::Nofile).maximum;
            if let Err(error) = setrlimit(Resource::Nofile, Rlimit { current: hard, maximum: hard })
            {
                tracing::warn!(%error, "the limit of open files was not raised");
            }
        }
        Self::current()
    }

    /// True when `connections` devices fit, each with a connection to a server.
    pub(super) fn holds(self, connections: usize) -> bool {
        let connections = u64::try_from(connections).unwrap_or(u64::MAX);
        self.soft >= connections.saturating_mul(2).saturating_add(REST)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_soft_limit_reaches_the_hard_one() {
        let raised = FileLimit::raise();
        assert_eq!(raised.soft, raised.hard);
        assert_eq!(FileLimit::current(), raised);
    }

    #[test]
    fn each_connection_takes_two() {
        let limit = FileLimit { soft: 1024, hard: 1024 };
        assert!(limit.holds(448) && !limit.holds(449));
    }
}
