//! The copy of a body that is kept: a budget of memory, then a budget of bytes, then only a count.
//!
//! ```text
//! frame ─▶ forwarded ─▶ chunk being filled ─▶ Body event ─▶ the engine writes it
//!                        (up to 256 KiB, out of one budget for all bodies)
//! ```

use std::sync::Arc;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};
use tokio::time::{Instant, timeout};

use super::event::{KeptBytes, ProxyEvent};
use super::limits::Limits;
use crate::model::ExchangeId;
use crate::model::Leg;

/// What all copies share: where they go and how much memory they may take.
#[derive(Debug)]
pub(super) struct Keeper {
    events: mpsc::Sender<ProxyEvent>,
    budget: Arc<Semaphore>,
    chunk: usize,
    body_limit: u64,
    patience: Duration,
}

impl Keeper {
    pub(super) fn new(events: mpsc::Sender<ProxyEvent>, limits: &Limits, body_limit: u64) -> Self {
        let budget = limits.budget_bytes.min(Semaphore::MAX_PERMITS);
        Self {
            events,
            budget: Arc::new(Semaphore::new(budget)),
            // A chunk must fit into the budget, and its size into a permit's count.
            chunk: limits.chunk_bytes.clamp(1, budget.min(1 << 30)),
            body_limit,
            patience: limits.patience,
        }
    }

    pub(super) fn events(&self) -> mpsc::Sender<ProxyEvent> {
        self.events.clone()
    }
}

/// The copy of one body.
#[derive(Debug)]
pub(super) struct BodyCopy {
    id: ExchangeId,
    leg: Leg,
    keeper: Arc<Keeper>,
    chunk: BytesMut,
    share: Option<OwnedSemaphorePermit>,
    kept: u64,
    patience: Duration,
    over: bool,
}

impl BodyCopy {
    pub(super) fn new(id: ExchangeId, leg: Leg, keeper: Arc<Keeper>) -> Self {
        let patience = keeper.patience;
        Self {
            id,
            leg,
            keeper,
            chunk: BytesMut::new(),
            share: None,
            kept: 0,
            patience,
            over: false,
        }
    }

    /// Bytes handed on so far.
    pub(super) fn kept(&self) -> u64 {
        self.kept
    }

    /// Copies `bytes` as far as there is room. Waits for room no longer, in all, than the body's
    /// patience; after that nothing more is kept, so that what is kept has no gaps.
    pub(super) async fn add(&mut self, mut bytes: &[u8]) {
        while !bytes.is_empty() && !self.over {
            let taken = self.kept.saturating_add(length(self.chunk.len()));
            let room = self.keeper.body_limit.saturating_sub(taken);
            let room = usize::try_from(room).unwrap_or(usize::MAX);
            let space = self.keeper.chunk - self.chunk.len();
            let (now, later) = bytes.split_at(bytes.len().min(room).min(space));
            if now.is_empty() {
                self.flush().await;
                self.over = true;
                return;
            }
            if !self.reserve(now.len()).await {
                self.over = true;
                return;
            }
            self.chunk.extend_from_slice(now);
            bytes = later;
            if self.chunk.len() == self.keeper.chunk {
                self.flush().await;
            }
        }
    }

    /// Hands on what is in hand.
    pub(super) async fn flush(&mut self) {
        let Some(share) = self.share.take() else { return };
        let bytes = self.chunk.split().freeze();
        let count = length(bytes.len());
        if self.send(bytes, share).await {
            self.kept += count;
        } else {
            self.over = true;
        }
    }

    async fn send(&mut self, bytes: Bytes, share: OwnedSemaphorePermit) -> bool {
        let event =
            ProxyEvent::Body { id: self.id, leg: self.leg, bytes: KeptBytes::new(bytes, share) };
        let began = Instant::now();
        let sent = self.keeper.events.send_timeout(event, self.patience).await.is_ok();
        self.patience = self.patience.saturating_sub(began.elapsed());
        sent
    }

    /// Sets memory aside for `count` more bytes of the chunk.
    async fn reserve(&mut self, count: usize) -> bool {
        let Ok(count) = u32::try_from(count) else { return false };
        let budget = Arc::clone(&self.keeper.budget);
        let mut share = Arc::clone(&budget).try_acquire_many_owned(count).ok();
        if share.is_none() {
            // What we hold may be what everybody waits for.
            self.flush().await;
            if self.over {
                return false;
            }
            let began = Instant::now();
            let waited = timeout(self.patience, budget.acquire_many_owned(count)).await;
            self.patience = self.patience.saturating_sub(began.elapsed());
            share = waited.ok().and_then(Result::ok);
        }
        let Some(share) = share else { return false };
        match &mut self.share {
            Some(own) => own.merge(share),
            none => *none = Some(share),
        }
        true
    }
}

fn length(bytes: usize) -> u64 {
    u64::try_from(bytes).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keeper(limits: &Limits, body_limit: u64) -> (Arc<Keeper>, mpsc::Receiver<ProxyEvent>) {
        let (events, seen) = mpsc::channel(4);
        (Arc::new(Keeper::new(events, limits, body_limit)), seen)
    }

    fn copy(keeper: &Arc<Keeper>) -> BodyCopy {
        BodyCopy::new(ExchangeId(1), Leg::Request, Arc::clone(keeper))
    }

    fn sizes(seen: &mut mpsc::Receiver<ProxyEvent>) -> Vec<usize> {
        let mut sizes = Vec::new();
        while let Ok(ProxyEvent::Body { bytes, .. }) = seen.try_recv() {
            sizes.push(bytes.len());
        }
        sizes
    }

    fn small() -> Limits {
        Limits { chunk_bytes: 10, budget_bytes: 25, ..Limits::default() }
    }

    #[tokio::test]
    async fn chunks_leave_as_they_fill_and_the_rest_at_the_end() {
        let (keeper, mut seen) = keeper(&small(), 1000);
        let mut body = copy(&keeper);
        body.add(&[1; 23]).await;
        assert_eq!((sizes(&mut seen), body.kept()), (vec![10, 10], 20));
        body.flush().await;
        body.flush().await;
        assert_eq!((sizes(&mut seen), body.kept()), (vec![3], 23));
        assert_eq!(keeper.budget.available_permits(), 25, "all memory is given back");
    }

    #[tokio::test]
    async fn beyond_the_limit_nothing_is_kept() {
        let (keeper, mut seen) = keeper(&small(), 12);
        let mut body = copy(&keeper);
        body.add(&[1; 11]).await;
        body.add(&[1; 11]).await;
        body.add(&[1; 11]).await;
        body.flush().await;
        assert_eq!((sizes(&mut seen), body.kept()), (vec![10, 2], 12));
    }

    #[tokio::test(start_paused = true)]
    async fn a_consumer_that_holds_the_memory_costs_patience_once() {
        let (keeper, mut seen) = keeper(&small(), 1000);
        let mut body = copy(&keeper);
        body.add(&[1; 20]).await;
        let held: Vec<_> = [seen.recv().await, seen.recv().await].into();
        let began = tokio::time::Instant::now();
        body.add(&[1; 10]).await;
        assert_eq!(began.elapsed(), keeper.patience);
        drop(held);
        body.add(&[1; 10]).await;
        body.flush().await;
        assert_eq!(body.kept(), 20, "no gap: once a byte is lost, all later ones are");
    }

    #[tokio::test]
    async fn memory_in_hand_is_handed_on_before_waiting_for_more() {
        let (keeper, mut seen) = keeper(&small(), 1000);
        let (mut one, mut two) = (copy(&keeper), copy(&keeper));
        one.add(&[1; 9]).await;
        two.add(&[2; 9]).await;
        let writer = tokio::spawn(async move { while seen.recv().await.is_some() {} });
        let mut three = copy(&keeper);
        one.add(&[1; 1]).await;
        three.add(&[3; 9]).await;
        three.add(&[3; 30]).await;
        three.flush().await;
        assert_eq!(three.kept(), 39);
        writer.abort();
    }
}
