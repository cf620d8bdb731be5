//! Keeps the facts of one exchange and tells the engine about them, in order.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Instant;

use bytes::Bytes;
use time::OffsetDateTime;
use tokio::sync::{Mutex, mpsc};

use super::body_copy::{BodyCopy, Keeper};
use super::event::ProxyEvent;
use crate::model::BodyFacts;
use crate::model::Exchange;
use crate::model::Leg;
use crate::model::MonoTime;
use crate::model::Relayed;
use crate::model::State;
use crate::model::WallTime;

/// The recorder of one exchange. The exchange stays locked while a snapshot of it is sent, so that
/// snapshots leave in the order of what they tell although both legs report at the same time.
pub(super) struct Recorder {
    exchange: Mutex<Exchange>,
    begun: Instant,
    events: mpsc::Sender<ProxyEvent>,
    request: LegRecord,
    response: LegRecord,
    up: AtomicU64,
    down: AtomicU64,
}

/// Counted without the exchange's lock: a body never waits for a snapshot of the other leg.
struct LegRecord {
    seen: AtomicU64,
    kept: AtomicU64,
    ended: AtomicBool,
    copy: Mutex<BodyCopy>,
}

/// A moment on both clocks.
#[derive(Debug, Clone, Copy)]
pub(super) struct Moment {
    pub(super) wall: WallTime,
    pub(super) mono: Instant,
}

impl Moment {
    pub(super) fn now() -> Self {
        let now = OffsetDateTime::now_utc();
        let wall = WallTime::from_unix(now.unix_timestamp(), now.microsecond());
        Self { wall, mono: Instant::now() }
    }
}

impl Recorder {
    /// Records `exchange`, which began at `begun`. Nothing is sent yet.
    pub(super) fn new(exchange: Exchange, begun: Instant, keeper: &Arc<Keeper>) -> Self {
        let leg = |leg| LegRecord {
            seen: AtomicU64::new(0),
            kept: AtomicU64::new(0),
            ended: AtomicBool::new(false),
            copy: Mutex::new(BodyCopy::new(exchange.id, leg, Arc::clone(keeper))),
        };
        Self {
            request: leg(Leg::Request),
            response: leg(Leg::Response),
            exchange: Mutex::new(exchange),
            begun,
            events: keeper.events(),
            up: AtomicU64::new(0),
            down: AtomicU64::new(0),
        }
    }

    /// The time since the exchange began.
    pub(super) fn now(&self) -> MonoTime {
        self.begun.elapsed().into()
    }

    /// Changes facts that the next snapshot will tell.
    pub(super) async fn note(&self, change: impl FnOnce(&mut Exchange)) {
        change(&mut *self.exchange.lock().await);
    }

    /// Changes facts and sends a snapshot.
    pub(super) async fn publish(&self, change: impl FnOnce(&mut Exchange)) {
        let mut exchange = self.exchange.lock().await;
        change(&mut exchange);
        self.fill(&mut exchange);
        // Without an engine there is nobody to tell; forwarding goes on.
        let _ = self.events.send(ProxyEvent::Exchange(Box::new(exchange.clone()))).await;
    }

    /// These bytes of a body went on; keeps a copy as far as the budget allows.
    pub(super) async fn forwarded(&self, leg: Leg, bytes: &Bytes) {
        let record = self.leg(leg);
        record.seen.fetch_add(length(bytes.len()), Ordering::Relaxed);
        let mut copy = record.copy.lock().await;
        copy.add(bytes).await;
        record.kept.store(copy.kept(), Ordering::Relaxed);
    }

    /// A body's end was reached as its framing promised; what was kept of it is sent.
    pub(super) async fn body_ended(&self, leg: Leg) {
        let record = self.leg(leg);
        record.flush().await;
        record.ended.store(true, Ordering::Relaxed);
    }

    /// True once [`Self::body_ended`].
    pub(super) fn ended(&self, leg: Leg) -> bool {
        self.leg(leg).ended.load(Ordering::Relaxed)
    }

    /// Bytes of a body that went on so far.
    pub(super) fn seen(&self, leg: Leg) -> u64 {
        self.leg(leg).seen.load(Ordering::Relaxed)
    }

    /// Counts bytes relayed from the device (`up`) or to it.
    pub(super) fn relayed(&self, up: bool, count: usize) {
        let counter = if up { &self.up } else { &self.down };
        counter.fetch_add(length(count), Ordering::Relaxed);
    }

    /// Bytes relayed so far.
    pub(super) fn relayed_so_far(&self) -> Relayed {
        Relayed { up: self.up.load(Ordering::Relaxed), down: self.down.load(Ordering::Relaxed) }
    }

    /// The last snapshot. What was kept of bodies that did not end is sent before it.
    pub(super) async fn close(&self, state: State) {
        for leg in [Leg::Request, Leg::Response] {
            self.leg(leg).flush().await;
        }
        let now = self.now();
        self.publish(|exchange| {
            exchange.times.closed = Some(now);
            exchange.state = state;
        })
        .await;
    }

    fn leg(&self, leg: Leg) -> &LegRecord {
        match leg {
            Leg::Request => &self.request,
            Leg::Response => &self.response,
        }
    }

    /// Puts the counters where the snapshot shows them.
    fn fill(&self, exchange: &mut Exchange) {
        if let Some(request) = &mut exchange.request {
            request.body = self.request.facts();
        }
        if let Some(response) = &mut exchange.response {
            response.body = self.response.facts();
        }
        if let Some(relayed) = &mut exchange.relayed {
            *relayed = self.relayed_so_far();
        }
    }
}

impl LegRecord {
    async fn flush(&self) {
        let mut copy = self.copy.lock().await;
        copy.flush().await;
        self.kept.store(copy.kept(), Ordering::Relaxed);
    }

    fn facts(&self) -> BodyFacts {
        BodyFacts {
            seen: self.seen.load(Ordering::Relaxed),
            kept: self.kept.load(Ordering::Relaxed),
            ended: self.ended.load(Ordering::Relaxed),
        }
    }
}

fn length(bytes: usize) -> u64 {
    u64::try_from(bytes).unwrap_or(u64::MAX)
}
