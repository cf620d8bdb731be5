//! How recording goes, shared between the writer's thread and everyone who asks.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

use rusqlite::Connection;
use tokio::sync::watch;

use crate::model::{ExchangeId, WallTime};

use super::columns::bits;
use super::journal::ChangedRows;
use super::record::Tally;

/// How recording goes. The room's charter says what counts as lost.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct StoreStatus {
    /// Exchanges in the capture.
    pub recorded: u64,
    /// Exchanges in the capture with a body shorter than what was forwarded.
    pub truncated: u64,
    /// Operations given up since the capture was opened: body chunks and exchanges that are not in
    /// the file. 0 unless something is wrong.
    pub lost: u64,
    /// Exchanges whose newest state is not in the file yet because writing it failed.
    pub waiting: u64,
    /// Why recording fails at present; `None` when it does not.
    pub trouble: Option<String>,
    /// When that began.
    pub trouble_since: Option<WallTime>,
}

/// The status, and the bell that rings after every commit.
#[derive(Debug)]
pub(super) struct Shared {
    inner: Mutex<Inner>,
    changed: Mutex<ChangedRows>,
    changes: watch::Sender<u64>,
}

#[derive(Debug, Default)]
struct Inner {
    status: StoreStatus,
    last_id: ExchangeId,
}

impl Shared {
    /// What the capture says when it is opened.
    pub(super) fn read(connection: &Connection) -> rusqlite::Result<Self> {
        let number = |sql| connection.query_row(sql, [], |row| bits(row, 0));
        let status = StoreStatus {
            recorded: number("SELECT coalesce(max(position) + 1, 0) FROM exchange")?,
            truncated: number("SELECT count(*) FROM summary WHERE truncated")?,
            ..StoreStatus::default()
        };
        // A body may be there without its exchange: its number is taken all the same.
        let last_id = ExchangeId(number(
            "SELECT max(coalesce((SELECT max(id) FROM exchange), 0),
             coalesce((SELECT max(exchange) FROM chunk), 0))",
        )?);
        let inner = Mutex::new(Inner { status, last_id });
        let changed = Mutex::default();
        Ok(Self { inner, changed, changes: watch::Sender::new(0) })
    }

    /// The status now.
    pub(super) fn status(&self) -> StoreStatus {
        self.lock().status.clone()
    }

    /// The largest id in the capture.
    pub(super) fn last_id(&self) -> ExchangeId {
        self.lock().last_id
    }

    /// Rings after each commit.
    pub(super) fn changes(&self) -> watch::Receiver<u64> {
        self.changes.subscribe()
    }

    /// Takes in what was committed, then rings. `trouble` is why something failed just now.
    pub(super) fn settle(&self, tally: Tally, waiting: usize, trouble: Option<String>) {
        {
            let mut inner = self.lock();
            let Inner { status, last_id } = &mut *inner;
            status.recorded = status.recorded.saturating_add(tally.recorded);
            status.truncated = status.truncated.saturating_add_signed(tally.truncated);
            status.lost = status.lost.saturating_add(tally.lost);
            status.waiting = waiting as u64;
            *last_id = tally.last_id.max(*last_id);
            set_trouble(status, trouble);
        }
        self.changed_rows().commit();
        self.ring();
    }

    /// Which rows changed.
    pub(super) fn changed_rows(&self) -> MutexGuard<'_, ChangedRows> {
        self.changed.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Counts an operation that nobody will write, and why.
    pub(super) fn lose(&self, reason: &str) {
        {
            let mut inner = self.lock();
            inner.status.lost = inner.status.lost.saturating_add(1);
            if inner.status.trouble.is_none() {
                set_trouble(&mut inner.status, Some(reason.to_owned()));
            }
        }
        self.ring();
    }

    fn ring(&self) {
        self.changes.send_modify(|revision| *revision = revision.wrapping_add(1));
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn set_trouble(status: &mut StoreStatus, trouble: Option<String>) {
    status.trouble_since = match (&trouble, status.trouble_since) {
        (None, _) => None,
        (Some(_), None) => Some(now()),
        (Some(_), since) => since,
    };
    status.trouble = trouble;
}

fn now() -> WallTime {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    WallTime::from_unix(i64::try_from(since.as_secs()).unwrap_or(i64::MAX), since.subsec_micros())
}
