//! One tree of cancellation, one count of tasks. Tasks are spawned here and nowhere else.

use std::future::Future;
use std::time::Duration;

use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// Every task of the data path belongs to it.
#[derive(Debug, Clone, Default)]
pub(super) struct Scope {
    tasks: TaskTracker,
    /// No new work: listeners close, idle connections end, what is under way goes on.
    pub(super) drain: CancellationToken,
    /// Now: whatever is still under way ends.
    pub(super) cut: CancellationToken,
}

impl Scope {
    /// Runs `task`, counted.
    pub(super) fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        self.tasks.spawn(task);
    }

    /// Tasks that run.
    pub(super) fn tasks(&self) -> usize {
        self.tasks.len()
    }

    /// Stops: no new work, up to `drain` for what is under way, then cut, and up to `farewell` for
    /// the last words. Returns the number of tasks that did not end (0 unless somebody who should
    /// take events does not).
    pub(super) async fn stop(&self, drain: Duration, farewell: Duration) -> usize {
        self.drain.cancel();
        self.tasks.close();
        if tokio::time::timeout(drain, self.tasks.wait()).await.is_err() {
            self.cut.cancel();
            // Whether this ends or not, what is left is counted below.
            let _ = tokio::time::timeout(farewell, self.tasks.wait()).await;
        }
        self.cut.cancel();
        self.tasks()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn stopping_drains_then_cuts_then_gives_up() {
        let scope = Scope::default();
        let (drain, cut) = (scope.drain.clone(), scope.cut.clone());
        scope.spawn(async move { drain.cancelled().await });
        scope.spawn(async move { cut.cancelled().await });
        scope.spawn(std::future::pending());
        let second = Duration::from_secs(1);
        assert_eq!(scope.stop(second, second).await, 1);
    }
}
