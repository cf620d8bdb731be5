//! A list of the capture: filtered, in some order, found in the background.

use std::ops::Range;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::watch;

use crate::model::filter::{Field, Filter};
use crate::model::{ExchangeId, Row, SortBy};
use crate::store::{Reader, Sorter, StoreError};

use super::searched::Bodies;
use super::viewer::{EngineError, Viewer};

/// Least time between two looks at new traffic.
const PAUSE: Duration = Duration::from_millis(100);

/// A sorted list is made anew for new traffic; it may take this share of the time, one in so many.
const SORT_SHARE: u32 = 8;

/// The order of a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Order {
    /// By what.
    pub by: SortBy,
    /// The greatest first.
    pub descending: bool,
}

impl Default for Order {
    /// That of arrival.
    fn default() -> Self {
        Self { by: SortBy::Started, descending: false }
    }
}

/// How far the search for a list got.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ListingProgress {
    /// Exchanges looked at.
    pub scanned: u64,
    /// Exchanges there are.
    pub total: u64,
    /// All of them were looked at. New traffic is looked at all the same.
    pub done: bool,
    /// Why the search ended early, if it did.
    pub error: Option<String>,
}

/// A filtered, ordered list; what is found so far can be read at any time. Dropping it ends the
/// search.
#[derive(Debug)]
pub struct Listing {
    viewer: Viewer,
    /// `None`: the whole capture in the order of arrival, which needs no search.
    found: Option<Arc<Found>>,
    task: Option<tokio::task::JoinHandle<()>>,
}

/// What was found.
#[derive(Debug)]
struct Found {
    state: Mutex<State>,
    changes: watch::Sender<u64>,
}

#[derive(Debug, Default)]
struct State {
    positions: Arc<Vec<u64>>,
    progress: ListingProgress,
    /// The list was dropped: nobody wants the rest.
    abandoned: bool,
}

impl Listing {
    /// Starts the search on the present runtime.
    pub(super) fn start(viewer: Viewer, filter: Filter, order: Order) -> Self {
        let whole = filter.is_blank()
            && order == Order::default()
            && viewer.store().reader().and_then(|reader| reader.hidden()).is_ok_and(|n| n == 0);
        if whole {
            return Self { viewer, found: None, task: None };
        }
        let found = Arc::new(Found { state: Mutex::default(), changes: watch::Sender::new(0) });
        let search = Search::new(&viewer, filter, order, Arc::clone(&found));
        let task = tokio::spawn(follow(search, viewer.revision()));
        Self { viewer, found: Some(found), task: Some(task) }
    }

    /// How far the search got.
    ///
    /// # Errors
    /// When the capture cannot be read.
    pub fn progress(&self) -> Result<ListingProgress, EngineError> {
        if let Some(found) = &self.found {
            return Ok(found.state().progress.clone());
        }
        let total = self.viewer.count()?;
        Ok(ListingProgress { scanned: total, total, done: true, error: None })
    }

    /// How many exchanges the list has so far.
    ///
    /// # Errors
    /// When the capture cannot be read.
    pub fn count(&self) -> Result<u64, EngineError> {
        match &self.found {
            Some(found) => Ok(found.state().positions.len() as u64),
            None => self.viewer.count(),
        }
    }

    /// At most `limit` rows of the list from place `offset` on.
    ///
    /// # Errors
    /// When the capture cannot be read.
    pub fn window(&self, offset: u64, limit: usize) -> Result<Vec<Row>, EngineError> {
        let Some(found) = &self.found else { return self.viewer.window(offset, limit) };
        let positions = Arc::clone(&found.state().positions);
        let start = usize::try_from(offset).unwrap_or(usize::MAX).min(positions.len());
        let end = start.saturating_add(limit).min(positions.len());
        self.viewer.rows(&positions[start..end])
    }

    /// The place of an exchange in the list.
    ///
    /// # Errors
    /// When the capture cannot be read.
    pub fn position(&self, id: ExchangeId) -> Result<Option<u64>, EngineError> {
        let position = self.viewer.position(id)?;
        let (Some(found), Some(position)) = (&self.found, position) else { return Ok(position) };
        let positions = Arc::clone(&found.state().positions);
        Ok(positions.iter().position(|p| *p == position).map(|place| place as u64))
    }

    /// Changes when more was found; `None` for a list that needs no search.
    pub fn changes(&self) -> Option<watch::Receiver<u64>> {
        self.found.as_ref().map(|found| found.changes.subscribe())
    }
}

impl Drop for Listing {
    fn drop(&mut self) {
        if let Some(found) = &self.found {
            found.state().abandoned = true;
        }
        if let Some(task) = &self.task {
            task.abort();
        }
    }
}

impl Found {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Lets readers see a change; false when nobody wants to.
    fn publish(&self, change: impl FnOnce(&mut State)) -> bool {
        let abandoned = {
            let mut state = self.state();
            change(&mut state);
            state.abandoned
        };
        self.changes.send_modify(|revision| *revision += 1);
        !abandoned
    }
}

/// Searches, and again whenever the capture changes.
async fn follow(mut search: Search, mut revision: watch::Receiver<u64>) {
    loop {
        revision.borrow_and_update();
        let began = Instant::now();
        let searched = tokio::task::spawn_blocking(move || {
            search.run();
            search
        });
        let Ok(again) = searched.await else { return };
        search = again;
        let pause = if search.sorts() { began.elapsed() * SORT_SHARE } else { PAUSE };
        tokio::time::sleep(pause.max(PAUSE)).await;
        if revision.changed().await.is_err() || search.found.state().abandoned {
            return;
        }
    }
}

/// A search that can go on where it ended.
struct Search {
    viewer: Viewer,
    filter: Filter,
    order: Order,
    in_flight: Option<Filter>,
    found: Arc<Found>,
    positions: Vec<u64>,
    /// Behind the last position looked at.
    next: u64,
    /// Positions looked at while their exchange was in flight: they may pass later, or no more.
    open: Vec<u64>,
}

impl Search {
    fn new(viewer: &Viewer, filter: Filter, order: Order, found: Arc<Found>) -> Self {
        let in_flight = Filter::parse("state = in_flight").ok();
        let viewer = viewer.clone();
        let (positions, open) = (Vec::new(), Vec::new());
        Self { viewer, filter, order, in_flight, found, positions, next: 0, open }
    }

    /// True when the list is not in the order of arrival.
    fn sorts(&self) -> bool {
        self.order.by != SortBy::Started
    }

    fn run(&mut self) {
        let result = self.viewer.store().reader().and_then(|reader| {
            if self.sorts() { self.sort(&reader) } else { self.extend(&reader) }
        });
        self.found.publish(|state| {
            state.progress.error = result.err().map(|error| error.to_string());
            state.progress.done = true;
        });
    }

    /// Looks at what is new, and again at what was in flight.
    fn extend(&mut self, reader: &Reader) -> Result<(), StoreError> {
        let open = std::mem::take(&mut self.open);
        for position in &open {
            let now = self.passing(reader, *position..position + 1)?;
            match (self.positions.binary_search(position), now.is_empty()) {
                (Ok(at), true) => {
                    self.positions.remove(at);
                }
                (Err(at), false) => self.positions.insert(at, *position),
                _ => {}
            }
        }
        for position in open {
            self.remember_open(reader, position..position + 1)?;
        }
        let total = reader.count()?;
        while let Some(range) = reader.chunk(self.next)? {
            let range = range.start..range.end.min(total.max(range.start + 1));
            let passing = self.passing(reader, range.clone())?;
            self.positions.extend(passing);
            self.remember_open(reader, range.clone())?;
            self.next = range.end;
            if !self.show(range.end, total, self.positions.clone()) {
                return Ok(());
            }
        }
        self.show(total, total, self.positions.clone());
        Ok(())
    }

    fn sort(&mut self, reader: &Reader) -> Result<(), StoreError> {
        let total = reader.count()?;
        let mut sorter = Sorter::new(self.order.by, self.order.descending);
        let mut next = 0;
        while let Some(range) = reader.chunk(next)? {
            next = range.end;
            let passing = self.passing(reader, range)?;
            sorter.add(reader, &passing)?;
            let go_on = self.found.publish(|state| {
                state.progress.scanned = next.min(total);
                state.progress.total = total;
            });
            if !go_on {
                return Ok(());
            }
        }
        let sorted = sorter.finish();
        self.found.publish(|state| state.positions = Arc::new(sorted));
        Ok(())
    }

    fn show(&self, scanned: u64, total: u64, mut positions: Vec<u64>) -> bool {
        if self.order.descending {
            positions.reverse();
        }
        self.found.publish(|state| {
            state.positions = Arc::new(positions);
            state.progress.scanned = scanned.min(total);
            state.progress.total = total;
        })
    }

    /// The positions of a range that pass, bodies looked into where they decide.
    fn passing(&self, reader: &Reader, range: Range<u64>) -> Result<Vec<u64>, StoreError> {
        let mut possible = reader.matching(&self.filter, range.clone())?;
        if !self.filter.needs_bodies() {
            return Ok(possible);
        }
        let certain = reader.certain(&self.filter, range)?;
        possible.retain(|position| {
            certain.binary_search(position).is_ok() || self.body_passes(reader, *position)
        });
        Ok(possible)
    }

    fn body_passes(&self, reader: &Reader, position: u64) -> bool {
        if self.found.state().abandoned {
            return false;
        }
        let Ok(rows) = reader.rows(&[position]) else { return false };
        let Some(row) = rows.first() else { return false };
        let detail = self.viewer.detail(row.id).ok().flatten();
        detail.is_some_and(|detail| self.filter.matches(row, &Bodies(&detail)))
    }

    fn remember_open(&mut self, reader: &Reader, range: Range<u64>) -> Result<(), StoreError> {
        if let Some(filter) = &self.in_flight {
            self.open.extend(reader.matching(filter, range)?);
        }
        Ok(())
    }
}

impl Viewer {
    /// A list of the exchanges that pass `filter`, in this order. What was deleted from view is left
    /// out unless the filter names `hidden`, or `hidden` is true. Call it on a tokio runtime.
    pub fn listing(&self, filter: Filter, order: Order, hidden: bool) -> Listing {
        let all = filter.is_blank().then(|| Filter::parse("hidden or not hidden").ok()).flatten();
        let filter = all.filter(|_| hidden).unwrap_or(filter);
        Listing::start(self.clone(), filter, order)
    }

    /// Known values of a field that begin with a text, the most frequent first.
    pub fn known_values(&self, field: Field, prefix: &str, limit: usize) -> Vec<String> {
        self.list().distinct(field, prefix, limit).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{ConnId, Exchange, Kind, Marking, Request, State as Progress, WallTime};
    use crate::store::Store;

    fn exchange(id: u64, method: &str) -> Exchange {
        let mut exchange = Exchange::begin(
            ExchangeId(id),
            ConnId(1),
            Kind::Http,
            WallTime(i64::try_from(id).unwrap()),
        );
        exchange.request = Some(Request { method: method.into(), ..Request::default() });
        exchange
    }

    fn put(store: &Store, exchange: Exchange) {
        let row = Row::new(&exchange, crate::model::Summary::default());
        store.writer().put(exchange, row);
        store.writer().flush();
    }

    fn viewer(folder: &std::path::Path) -> (Arc<Store>, Viewer) {
        let file = folder.join("c.synctap");
        let store = Arc::new(Store::create(&file, super::super::DECODER_VERSION).unwrap());
        let viewer = Viewer::of_capture(Arc::clone(&store), "c".into()).unwrap();
        (store, viewer)
    }

    async fn ids(listing: &Listing, count: usize) -> Vec<u64> {
        let mut changes = listing.changes();
        loop {
            let rows = listing.window(0, 100).unwrap();
            if rows.len() == count && listing.progress().unwrap().done {
                return rows.iter().map(|row| row.id.0).collect();
            }
            changes.as_mut().expect("a list that is searched for").changed().await.unwrap();
        }
    }

    #[tokio::test]
    async fn lists_are_filtered_sorted_and_go_on_with_the_traffic() {
        let folder = tempfile::TempDir::new().unwrap();
        let (store, viewer) = viewer(folder.path());
        for id in 1..=6 {
            put(&store, exchange(id, if id % 2 == 0 { "GET" } else { "POST" }));
        }
        let filter = |text: &str| Filter::parse(text).unwrap();
        let gets = viewer.listing(filter("method = GET"), Order::default(), false);
        assert_eq!(ids(&gets, 3).await, [2, 4, 6]);
        put(&store, exchange(8, "GET"));
        assert_eq!(ids(&gets, 4).await, [2, 4, 6, 8]);
        let mut done = exchange(6, "POST");
        done.state = Progress::Complete;
        put(&store, done);
        assert_eq!(ids(&gets, 3).await, [2, 4, 8], "what was in flight is looked at again");
        let order = Order { by: SortBy::Field(Field::Method), descending: false };
        let sorted = viewer.listing(Filter::default(), order, false);
        assert_eq!(ids(&sorted, 7).await, [2, 4, 8, 1, 3, 5, 6]);
        assert_eq!(sorted.position(ExchangeId(1)).unwrap(), Some(3));
    }

    #[tokio::test]
    async fn what_is_hidden_is_left_out_until_asked_for() {
        let folder = tempfile::TempDir::new().unwrap();
        let (store, viewer) = viewer(folder.path());
        for id in 1..=3 {
            put(&store, exchange(id, "GET"));
        }
        let whole = viewer.listing(Filter::default(), Order::default(), false);
        assert_eq!((whole.count().unwrap(), whole.changes().is_some()), (3, false));
        viewer.mark(ExchangeId(2), Marking { hidden: Some(true), ..Marking::default() });
        store.writer().flush();
        let seen = viewer.listing(Filter::default(), Order::default(), false);
        assert_eq!(ids(&seen, 2).await, [1, 3]);
        let all = viewer.listing(Filter::default(), Order::default(), true);
        assert_eq!(ids(&all, 3).await, [1, 2, 3]);
    }
}
