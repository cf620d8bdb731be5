//! A list, as front ends hold it.

use std::sync::Arc;

use tokio::sync::watch;
use tokio_util::sync::{CancellationToken, DropGuard};

use crate::engine::viewer::{EngineError, Viewer};
use crate::model::filter::Filter;
use crate::model::{ExchangeId, Row, SortBy};
use crate::store::StoreError;

use super::board::{Board, ListingProgress};
use super::made::Made;
use super::ranked::Ranked;
use super::scanner::Scanner;
use super::wanted::Wanted;

/// What a list is sorted by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Order {
    /// The column. `Started` is the order of the capture, that of arrival: it costs nothing, and a
    /// clock that steps does not change it.
    pub column: SortBy,
    /// From the greatest to the smallest; those that are equal keep the order of the capture.
    pub descending: bool,
}

impl Default for Order {
    /// Oldest first.
    fn default() -> Self {
        Self { column: SortBy::Started, descending: false }
    }
}

/// The exchanges that pass a filter, in some order. It follows the traffic: what comes or changes
/// is taken in, moved or left out within about 50 ms of its commit. Made by [`Viewer::listing`].
/// Dropping it stops the search; that does not wait.
#[derive(Debug)]
pub struct Listing {
    /// Dropped first: the last viewer waits for threads to end.
    _stop: DropGuard,
    board: Arc<Board>,
    viewer: Viewer,
    /// The order of the capture is kept forwards and read backwards.
    reversed: bool,
}

impl Viewer {
    /// Starts a list of what passes `filter`, in this order. Searching goes on in the background;
    /// what is found is in the list at once. `hidden`: with what the user deleted from view, which
    /// else passes only a filter that names `hidden`.
    pub fn listing(&self, filter: Filter, order: Order, hidden: bool) -> Listing {
        let (listing, scanner) = self.prepare(filter, order, hidden);
        self.start(&listing.board, scanner);
        listing
    }

    /// Lets the search go on by itself.
    pub(in crate::engine) fn start(&self, board: &Board, scanner: Result<Scanner, String>) {
        let started = scanner.and_then(|scanner| {
            let thread = scanner.spawn(self.store().changes());
            thread.map_err(|error| error.to_string())
        });
        match started {
            Ok(thread) => self.keep(thread),
            Err(error) => board.fail(error),
        }
    }

    /// A list, and what fills it.
    pub(super) fn prepare(
        &self,
        filter: Filter,
        order: Order,
        hidden: bool,
    ) -> (Listing, Result<Scanner, String>) {
        let (board, stop, scanner) = self.prepare_made(Wanted::list(filter, order, hidden));
        let reversed = order.column == SortBy::Started && order.descending;
        (Listing { _stop: stop, board, viewer: self.clone(), reversed }, scanner)
    }

    /// Where a list or groups are shown, what stops their search, and what makes them.
    pub(in crate::engine) fn prepare_made(
        &self,
        wanted: Wanted,
    ) -> (Arc<Board>, DropGuard, Result<Scanner, String>) {
        let straight = wanted.whole
            && (wanted.filter.names_hidden() || self.list().any_hidden().is_ok_and(|any| !any));
        let board = Arc::new(Board::new((!straight).then(|| wanted.nothing())));
        let stop = CancellationToken::new();
        // Before anything is read: what changes from here on is told.
        let journal = self.store().journal();
        let reader = self.store().reader().map_err(|error| error.to_string());
        let shown = Arc::clone(&board);
        let stopped = stop.clone();
        let scanner = reader.map(|reader| Scanner::new(wanted, reader, journal, shown, stopped));
        (board, stop.drop_guard(), scanner)
    }
}

impl Listing {
    /// How far the search is.
    pub fn progress(&self) -> ListingProgress {
        self.board.shown().progress.clone()
    }

    /// Exchanges in the list so far.
    pub fn count(&self) -> u64 {
        let listed = self.lines(|lines| lines.len() as u64);
        listed.unwrap_or_else(|| self.whole_count())
    }

    /// At most `limit` rows from line `offset` of the list, as they are now: one that changed a
    /// moment ago may no longer pass. Rows that cannot be read are left out.
    ///
    /// # Errors
    /// When the capture cannot be read.
    pub fn window(&self, offset: u64, limit: usize) -> Result<Vec<Row>, EngineError> {
        match self.lines(|lines| lines.slice(offset, limit, self.reversed)) {
            Some(positions) => self.viewer.rows_at(&positions),
            None => self.whole_window(offset, limit),
        }
    }

    /// The line at which an exchange stands; `None` when it is not in the list.
    ///
    /// # Errors
    /// When the capture cannot be read.
    pub fn position(&self, id: ExchangeId) -> Result<Option<u64>, EngineError> {
        let Some(position) = self.viewer.position(id)? else { return Ok(None) };
        let short = u32::try_from(position).ok();
        let rank = |lines: &Ranked| short.and_then(|short| lines.rank(short, self.reversed));
        if let Some(rank) = self.lines(rank) {
            return Ok(rank);
        }
        let last = self.whole_count().saturating_sub(1);
        Ok(Some(if self.reversed { last.saturating_sub(position) } else { position }))
    }

    /// Changes when count, order, rows or progress may have changed, at most 20 times a second.
    pub fn revision(&self) -> watch::Receiver<u64> {
        self.board.revision()
    }

    fn lines<T>(&self, ask: impl FnOnce(&Ranked) -> T) -> Option<T> {
        self.board.shown().made.as_ref().and_then(Made::lines).map(ask)
    }

    /// What its thread writes to.
    #[cfg(test)]
    pub(super) fn board(&self) -> Arc<Board> {
        Arc::clone(&self.board)
    }

    fn whole_count(&self) -> u64 {
        self.viewer.count().unwrap_or_else(|_| self.board.shown().progress.total)
    }

    fn whole_window(&self, offset: u64, limit: usize) -> Result<Vec<Row>, EngineError> {
        let length = limit as u64;
        let range = if self.reversed {
            let end = self.whole_count().saturating_sub(offset);
            end.saturating_sub(length)..end
        } else {
            offset..offset.saturating_add(length)
        };
        let limit = usize::try_from(range.end - range.start).unwrap_or(limit);
        // Let go of the reader: the other way takes it too.
        let rows = self.viewer.list().window(range.start, limit);
        let mut rows = match rows {
            Err(StoreError::Damaged { .. }) => self.viewer.rows_at(&range.collect::<Vec<_>>())?,
            rows => rows?,
        };
        if self.reversed {
            rows.reverse();
        }
        Ok(rows)
    }
}
