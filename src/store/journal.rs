//! Which rows of the list changed, for those who keep something made of them.

use std::collections::VecDeque;
use std::sync::Arc;

use super::status::Shared;

/// Changes that are remembered, 512 KiB of them: who is further behind is told that everything
/// changed.
const REMEMBERED: usize = 65_536;

/// What changed since one asked last.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Touched {
    /// The rows at these positions, in the order in which they changed; some may be named twice.
    Rows(Vec<u64>),
    /// So much that it is not known in detail.
    Everything,
}

/// Tells which rows changed, new ones included, since it was made or last asked. A change is told
/// after its commit: who reads the row then sees it, or a later state that is told as well.
#[derive(Debug)]
pub struct Journal {
    shared: Arc<Shared>,
    next: u64,
}

impl Journal {
    /// Tells what changes from now on.
    pub(super) fn new(shared: Arc<Shared>) -> Self {
        let next = shared.changed_rows().end();
        Self { shared, next }
    }

    /// What changed since the last call.
    pub fn take(&mut self) -> Touched {
        let changed = self.shared.changed_rows();
        let touched = changed.after(self.next);
        self.next = changed.end();
        touched
    }
}

/// The newest changes, in the order in which they were committed.
#[derive(Debug, Default)]
pub(super) struct ChangedRows {
    /// Not yet committed.
    pending: Vec<u64>,
    /// More of them than are remembered.
    overflow: bool,
    committed: VecDeque<u64>,
    /// The number of the first of `committed`, counted from the capture's opening.
    first: u64,
}

impl ChangedRows {
    /// Takes note of a change in a transaction that is open.
    pub(super) fn touch(&mut self, position: u64) {
        if self.pending.last() == Some(&position) || self.overflow {
            return;
        }
        if self.pending.len() == REMEMBERED {
            self.pending = Vec::new();
            self.overflow = true;
            return;
        }
        self.pending.push(position);
    }

    /// Tells everyone. What was rolled back is told as well: asking about it does no harm.
    pub(super) fn commit(&mut self) {
        if std::mem::take(&mut self.overflow) {
            // One further than what anyone can have seen.
            self.first = self.end() + 1;
            self.committed.clear();
        }
        self.committed.extend(self.pending.drain(..));
        let surplus = self.committed.len().saturating_sub(REMEMBERED);
        self.committed.drain(..surplus);
        self.first += surplus as u64;
    }

    fn end(&self) -> u64 {
        self.first + self.committed.len() as u64
    }

    fn after(&self, next: u64) -> Touched {
        match next.checked_sub(self.first).map(usize::try_from) {
            Some(Ok(skip)) => Touched::Rows(self.committed.iter().skip(skip).copied().collect()),
            _ => Touched::Everything,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{ExchangeId, Marking};
    use crate::store::sample;

    #[test]
    fn new_rows_changed_rows_and_marks_are_told_once() {
        let dir = tempfile::tempdir().unwrap();
        let store = sample::capture(dir.path());
        let writer = store.writer();
        let mut journal = store.journal();
        sample::record(&writer, 1, b"a", b"b");
        sample::record(&writer, 2, b"", b"");
        writer.flush();
        let Touched::Rows(mut rows) = journal.take() else { panic!("few changes") };
        rows.dedup();
        assert_eq!(rows, [0, 1]);
        assert_eq!(journal.take(), Touched::Rows(Vec::new()));
        writer.mark(ExchangeId(2), Marking { marked: Some(true), ..Marking::default() });
        writer.put_row(sample::row(&sample::complete(1, 0, 0)));
        writer.flush();
        assert_eq!(journal.take(), Touched::Rows(vec![1, 0]));
        writer.hide_through(ExchangeId(1));
        writer.flush();
        assert_eq!(journal.take(), Touched::Rows(vec![0]));
        writer.show_all();
        writer.flush();
        assert_eq!(journal.take(), Touched::Rows(vec![0]));
        assert_eq!(store.journal().take(), Touched::Rows(Vec::new()), "only from now on");
    }

    #[test]
    fn who_is_too_far_behind_is_told_so() {
        let mut rows = ChangedRows::default();
        for position in 0..REMEMBERED as u64 {
            rows.touch(position);
        }
        rows.commit();
        assert!(matches!(rows.after(0), Touched::Rows(all) if all.len() == REMEMBERED));
        rows.touch(7);
        rows.commit();
        assert_eq!(rows.after(0), Touched::Everything);
        assert!(matches!(rows.after(1), Touched::Rows(all) if all.len() == REMEMBERED));
        let seen = rows.end();
        for position in 0..=REMEMBERED as u64 {
            rows.touch(position);
        }
        rows.commit();
        assert_eq!(rows.after(seen), Touched::Everything, "one transaction with more");
        assert_eq!(rows.after(rows.end()), Touched::Rows(Vec::new()));
    }
}
