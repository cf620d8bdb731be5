//! The thread that makes a list and keeps it true.

use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use crate::model::SortBy;
use crate::store::{Journal, Reader, StoreError, Touched};

use super::board::{Board, ListingProgress};
use super::bodies::passing;
use super::keys::{Entry, Keys};
use super::made::Made;
use super::wanted::Wanted;

/// Shortest time between two changes that front ends are told of.
const PACE: Duration = Duration::from_millis(50);

/// Positions searched at a time when bodies must be asked: the next ones are asked for after these.
const BODIES_STEP: u64 = 256;

/// Changed rows judged, and lines put in their place, before others get their turn at the list.
const STEP: usize = 256;

/// How soon a search that failed is tried again.
const RETRY: Duration = Duration::from_secs(1);

/// The last position a list can hold. Only a damaged capture has more.
const LAST: u64 = u32::MAX as u64;

/// What is said of such a capture.
const BEYOND: &str = "the capture is damaged: exchanges beyond position 4294967295 are left out";

/// Finds, orders and follows.
pub(in crate::engine) struct Scanner {
    reader: Reader,
    journal: Journal,
    board: Arc<Board>,
    stop: CancellationToken,
    wanted: Wanted,
    keys: Keys,
    /// Positions before this one were found, or not.
    next: u64,
    /// Rows before this position were read: when they change they are judged again.
    seen: u64,
    /// Changed rows that are to be judged again.
    changed: Vec<u64>,
    /// What will take the place of what is shown.
    aside: Option<Made>,
    /// The whole capture is shown, without a list.
    straight: bool,
    /// More changed than is known in detail.
    restart: bool,
    trouble: Trouble,
    told: Instant,
}

/// What keeps a list from being complete.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Trouble {
    None,
    /// There are positions that no list can hold.
    Beyond,
    /// The last search was broken off.
    Failed,
}

impl Scanner {
    /// Ready to [`Scanner::spawn`]. `journal` was made before anything was read.
    pub(super) fn new(
        wanted: Wanted,
        reader: Reader,
        journal: Journal,
        board: Arc<Board>,
        stop: CancellationToken,
    ) -> Self {
        let (keys, straight) = (wanted.keys(), board.shown().made.is_none());
        Self {
            reader,
            journal,
            board,
            stop,
            wanted,
            keys,
            next: 0,
            seen: 0,
            changed: Vec::new(),
            aside: None,
            straight,
            restart: false,
            trouble: Trouble::None,
            told: Instant::now(),
        }
    }

    /// Works on a thread of its own until it is stopped or the capture is closed.
    ///
    /// # Errors
    /// When there can be no more threads.
    pub(super) fn spawn(self, changes: watch::Receiver<u64>) -> std::io::Result<JoinHandle<()>> {
        let board = Arc::clone(&self.board);
        let work = move || {
            if catch_unwind(AssertUnwindSafe(|| self.run(changes))).is_err() {
                board.fail("searching failed: please report it".to_owned());
                board.bump();
            }
        };
        thread::Builder::new().name("listing".to_owned()).spawn(work)
    }

    fn run(mut self, mut changes: watch::Receiver<u64>) {
        let runtime = match tokio::runtime::Builder::new_current_thread().enable_time().build() {
            Ok(runtime) => runtime,
            Err(error) => return self.board.fail(error.to_string()),
        };
        let stop = self.stop.clone();
        loop {
            changes.borrow_and_update();
            self.catch_up();
            let more = runtime.block_on(async {
                tokio::select! {
                    () = stop.cancelled() => false,
                    open = self.wait(&mut changes) => open,
                }
            });
            if !more {
                return;
            }
        }
    }

    /// Tells front ends, no sooner than they can take it, and waits for more to do. False when there
    /// will be no more.
    async fn wait(&mut self, changes: &mut watch::Receiver<u64>) -> bool {
        tokio::time::sleep_until((self.told + PACE).into()).await;
        self.tell();
        if self.trouble != Trouble::Failed {
            return changes.changed().await.is_ok();
        }
        // Nothing need change for it to succeed another time.
        tokio::time::timeout(RETRY, changes.changed()).await.map_or(true, |open| open.is_ok())
    }

    /// Takes in everything that was committed. Front ends must be told afterwards.
    pub(super) fn catch_up(&mut self) {
        let result = self.work();
        if self.stop.is_cancelled() {
            return;
        }
        let mut shown = self.board.shown();
        shown.progress.error = match result {
            Ok(()) => {
                shown.progress.done = true;
                (self.trouble == Trouble::Beyond).then(|| BEYOND.to_owned())
            }
            Err(error) => {
                self.trouble = Trouble::Failed;
                Some(error.to_string())
            }
        };
    }

    fn work(&mut self) -> Result<(), StoreError> {
        self.trouble = Trouble::None;
        if self.wanted.whole && (self.wanted.filter.names_hidden() || !self.reader.any_hidden()?) {
            return self.show_whole();
        }
        if std::mem::take(&mut self.straight) {
            self.begin_again();
        }
        self.note();
        self.settle()?;
        while let Some(range) = self.next_range()? {
            // From here on what changes in it is noted.
            self.seen = range.end;
            self.find(range.clone())?;
            if self.stop.is_cancelled() {
                return Ok(());
            }
            self.advance(range.end);
            self.note();
            self.settle()?;
        }
        let mut shown = self.board.shown();
        shown.progress.scanned = shown.progress.total;
        if let Some(mut made) = self.aside.take() {
            made.complete();
            shown.made = Some(made);
        } else if !shown.progress.done
            && let Some(made) = &mut shown.made
        {
            made.complete();
        }
        Ok(())
    }

    /// The whole capture needs no list.
    fn show_whole(&mut self) -> Result<(), StoreError> {
        self.straight = true;
        self.aside = None;
        self.journal.take();
        let total = self.reader.count()?;
        let mut shown = self.board.shown();
        shown.made = None;
        shown.progress = ListingProgress { scanned: total, total, done: true, error: None };
        Ok(())
    }

    /// Makes the list anew. What is shown stays until that is done.
    fn begin_again(&mut self) {
        let anew = self.board.shown().made.as_ref().and_then(Made::anew);
        self.aside = Some(anew.unwrap_or_else(|| self.wanted.nothing()));
        self.keys.clear();
        (self.next, self.seen) = (0, 0);
        self.changed.clear();
        self.board.shown().progress.done = false;
    }

    /// Takes note of what changed in rows that were read.
    fn note(&mut self) {
        match self.journal.take() {
            Touched::Rows(rows) => {
                self.changed.extend(rows.into_iter().filter(|position| *position < self.seen));
            }
            Touched::Everything => self.restart = true,
        }
    }

    /// Judges again what changed.
    fn settle(&mut self) -> Result<(), StoreError> {
        if std::mem::take(&mut self.restart) {
            self.begin_again();
        }
        let mut changed = std::mem::take(&mut self.changed);
        // The others are yet to be found: a search was broken off before them.
        changed.retain(|position| *position < self.next);
        changed.sort_unstable();
        changed.dedup();
        let mut steps = changed.chunks(STEP);
        for step in steps.by_ref() {
            if let Err(error) = self.judge_again(step) {
                self.changed.extend(step.iter().chain(steps.flatten()));
                return Err(error);
            }
            if self.stop.is_cancelled() {
                return Ok(());
            }
            self.tell_in_time();
        }
        Ok(())
    }

    fn judge_again(&mut self, positions: &[u64]) -> Result<(), StoreError> {
        let mut found = Vec::new();
        for position in positions {
            if passing(&self.reader, &self.wanted.filter, *position)?.is_some() {
                found.push(*position);
            }
        }
        let gone: Vec<u32> = positions.iter().filter_map(|p| u32::try_from(*p).ok()).collect();
        if self.wanted.grouped {
            self.change(|made, _| made.remove(&gone));
            for position in positions {
                self.place(*position..position.saturating_add(1))?;
            }
            return self.add(&found);
        }
        let entries = self.entries(&found)?;
        self.change(|made, keys| {
            made.remove(&gone);
            made.extend(&entries, keys);
        });
        Ok(())
    }

    /// Finds the groups of these rows.
    fn place(&mut self, positions: Range<u64>) -> Result<(), StoreError> {
        let Self { reader, aside, board, .. } = self;
        let mut shown = board.shown();
        if let Some(Made::Groups(groups)) = aside.as_mut().or(shown.made.as_mut()) {
            reader.turns(positions, &mut |turn| groups.place(&turn))?;
        }
        Ok(())
    }

    /// The positions to be searched next.
    fn next_range(&mut self) -> Result<Option<Range<u64>>, StoreError> {
        let chunk = self.reader.chunk(self.next)?;
        // Before rows are read: what comes after this moment is for the next range.
        let count = self.reader.count()?;
        self.board.shown().progress.total = count;
        let Some(chunk) = chunk else { return Ok(None) };
        if count > LAST && chunk.start > LAST {
            self.trouble = Trouble::Beyond;
        }
        let mut end = chunk.end.min(count).min(LAST + 1);
        if self.wanted.filter.needs_bodies() {
            end = end.min(chunk.start.saturating_add(BODIES_STEP));
        }
        Ok((chunk.start < end).then_some(chunk.start..end))
    }

    /// Adds what passes in the range to the list.
    fn find(&mut self, range: Range<u64>) -> Result<(), StoreError> {
        if self.wanted.grouped {
            for from in range.clone().step_by(STEP) {
                self.place(from..range.end.min(from.saturating_add(STEP as u64)))?;
            }
        }
        let possible = self.reader.matching(&self.wanted.filter, range.clone())?;
        if !self.wanted.filter.needs_bodies() {
            return self.add(&possible);
        }
        let certain = self.reader.certain(&self.wanted.filter, range)?;
        let mut found = Vec::new();
        for position in possible {
            let known = certain.binary_search(&position).is_ok();
            if known || passing(&self.reader, &self.wanted.filter, position)?.is_some() {
                found.push(position);
            }
            if self.stop.is_cancelled() {
                return Ok(());
            }
            if self.told.elapsed() >= PACE {
                self.add(&std::mem::take(&mut found))?;
                self.advance(position + 1);
                self.note();
            }
        }
        self.add(&found)
    }

    /// Everything before `next` is in the list, or is not.
    fn advance(&mut self, next: u64) {
        self.next = next;
        self.board.shown().progress.scanned = next;
        self.tell_in_time();
    }

    /// Puts what was found in its place.
    fn add(&mut self, positions: &[u64]) -> Result<(), StoreError> {
        if self.wanted.grouped {
            for step in positions.chunks(STEP) {
                self.change(|made, _| made.show(step));
            }
            return Ok(());
        }
        let entries = self.entries(positions)?;
        for step in entries.chunks(STEP) {
            self.change(|made, keys| made.extend(step, keys));
        }
        Ok(())
    }

    /// Lines for these positions, which ascend.
    fn entries(&mut self, positions: &[u64]) -> Result<Vec<Entry>, StoreError> {
        let entry = |position: u64, key| {
            u32::try_from(position).ok().map(|position| Entry { position, key })
        };
        let Some(field) = self.wanted.by else {
            return Ok(positions.iter().filter_map(|position| entry(*position, 0)).collect());
        };
        let (keys, mut entries) = (&mut self.keys, Vec::with_capacity(positions.len()));
        self.reader.sort_values(SortBy::Field(field), positions, &mut |position, value| {
            entries.extend(entry(position, keys.key(&value)));
        })?;
        Ok(entries)
    }

    fn change(&mut self, change: impl FnOnce(&mut Made, &Keys)) {
        if let Some(aside) = &mut self.aside {
            return change(aside, &self.keys);
        }
        let mut shown = self.board.shown();
        change(shown.made.get_or_insert_with(|| self.wanted.nothing()), &self.keys);
    }

    fn tell_in_time(&mut self) {
        if self.told.elapsed() >= PACE {
            self.tell();
        }
    }

    fn tell(&mut self) {
        self.told = Instant::now();
        self.board.bump();
    }
}
