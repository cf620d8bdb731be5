//! A list, as front ends hold it.

use std::ops::Range;
use std::sync::Arc;

use tokio::sync::watch;
use tokio_util::sync::{CancellationToken, DropGuard};

use crate::engine::viewer::{EngineError, Viewer};
use crate::model::filter::{Expr, Field, Filter};
use crate::model::{ExchangeId, Row, SortBy};
use crate::store::StoreError;

use super::board::{Board, ListingProgress};
use super::ranked::Ranked;
use super::scanner::{Scanner, Wanted};

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
        self.listing_within(filter, order, hidden, 0..u64::MAX)
    }

    /// The same among the exchanges at these positions of the capture.
    pub(in crate::engine) fn listing_within(
        &self,
        filter: Filter,
        order: Order,
        hidden: bool,
        within: Range<u64>,
    ) -> Listing {
        let (listing, scanner) = self.prepare(filter, order, hidden, within);
        let started = scanner.and_then(|scanner| {
            let thread = scanner.spawn(self.store().changes());
            thread.map_err(|error| error.to_string())
        });
        match started {
            Ok(thread) => self.keep(thread),
            Err(error) => listing.board.fail(error),
        }
        listing
    }

    /// A list, and what fills it.
    pub(super) fn prepare(
        &self,
        filter: Filter,
        order: Order,
        hidden: bool,
        within: Range<u64>,
    ) -> (Listing, Result<Scanner, String>) {
        let everything = filter.is_blank() && within == (0..u64::MAX);
        let by = match order.column {
            SortBy::Field(field) => Some(field),
            SortBy::Started => None,
        };
        let list = || Some(Ranked::new(by.is_some()));
        let straight = everything
            && by.is_none()
            && (hidden || self.list().any_hidden().is_ok_and(|any| !any));
        let board = Arc::new(Board::new(if straight { None } else { list() }));
        let stop = CancellationToken::new();
        let listing = Listing {
            board: Arc::clone(&board),
            viewer: self.clone(),
            reversed: by.is_none() && order.descending,
            _stop: stop.clone().drop_guard(),
        };
        let filter = if hidden { with_hidden(filter) } else { filter };
        let wanted = Wanted { filter, by, descending: order.descending, within, everything };
        // Before anything is read: what changes from here on is told.
        let journal = self.store().journal();
        let reader = self.store().reader().map_err(|error| error.to_string());
        (listing, reader.map(|reader| Scanner::new(wanted, reader, journal, board, stop)))
    }
}

impl Listing {
    /// How far the search is.
    pub fn progress(&self) -> ListingProgress {
        self.board.shown().progress.clone()
    }

    /// Exchanges in the list so far.
    pub fn count(&self) -> u64 {
        let listed = self.board.shown().ranked.as_ref().map(|ranked| ranked.len() as u64);
        listed.unwrap_or_else(|| self.whole_count())
    }

    /// At most `limit` rows from line `offset` of the list, as they are now: one that changed a
    /// moment ago may no longer pass. Rows that cannot be read are left out.
    ///
    /// # Errors
    /// When the capture cannot be read.
    pub fn window(&self, offset: u64, limit: usize) -> Result<Vec<Row>, EngineError> {
        let listed = {
            let shown = self.board.shown();
            shown.ranked.as_ref().map(|ranked| ranked.slice(offset, limit, self.reversed))
        };
        match listed {
            Some(positions) => self.rows(&positions),
            None => self.whole_window(offset, limit),
        }
    }

    /// The line at which an exchange stands; `None` when it is not in the list.
    ///
    /// # Errors
    /// When the capture cannot be read.
    pub fn position(&self, id: ExchangeId) -> Result<Option<u64>, EngineError> {
        let Some(position) = self.viewer.position(id)? else { return Ok(None) };
        if let Some(ranked) = &self.board.shown().ranked {
            let position = u32::try_from(position).ok();
            return Ok(position.and_then(|position| ranked.rank(position, self.reversed)));
        }
        let last = self.whole_count().saturating_sub(1);
        Ok(Some(if self.reversed { last.saturating_sub(position) } else { position }))
    }

    /// Changes when count, order, rows or progress may have changed, at most 20 times a second.
    pub fn revision(&self) -> watch::Receiver<u64> {
        self.board.revision()
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
            Err(StoreError::Damaged { .. }) => self.rows(&range.collect::<Vec<_>>())?,
            rows => rows?,
        };
        if self.reversed {
            rows.reverse();
        }
        Ok(rows)
    }

    fn rows(&self, positions: &[u64]) -> Result<Vec<Row>, EngineError> {
        let reader = self.viewer.list();
        let mut rows = Vec::with_capacity(positions.len());
        for position in positions {
            match reader.rows(std::slice::from_ref(position)) {
                Ok(row) => rows.extend(row),
                Err(StoreError::Damaged { .. }) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(rows)
    }
}

/// The filter, passing also what is deleted from view.
fn with_hidden(filter: Filter) -> Filter {
    if filter.names_hidden() {
        return filter;
    }
    let is = Expr::Is(Field::Hidden);
    let either = Expr::Or(vec![is.clone(), Expr::Not(Box::new(is))]);
    let all = filter.expr.into_iter().chain([either]).collect();
    Filter { text: filter.text, expr: Some(Expr::And(all)) }
}
