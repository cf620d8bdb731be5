//! Collects what the proxy tells, and checks the promises every exchange is under.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use synctap::model::{Exchange, ExchangeId, Leg, State};
use synctap::proxy::ProxyEvent;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;
use tokio::time::timeout;

use super::PATIENCE;

/// Everything told so far.
pub(crate) struct Events {
    seen: Arc<Mutex<Seen>>,
    changed: watch::Receiver<()>,
    task: JoinHandle<()>,
}

#[derive(Default)]
struct Seen {
    snapshots: Vec<Exchange>,
    latest: HashMap<ExchangeId, Exchange>,
    bodies: HashMap<(ExchangeId, Leg), Vec<u8>>,
    kept: HashMap<(ExchangeId, Leg), u64>,
}

/// Larger bodies are counted, not collected: the tests measure the process they run in.
const COLLECTED: usize = 8 * 1024 * 1024;

impl Events {
    pub(crate) fn collect(mut events: mpsc::Receiver<ProxyEvent>) -> Self {
        let seen = Arc::new(Mutex::new(Seen::default()));
        let (change, changed) = watch::channel(());
        let told = Arc::clone(&seen);
        let task = tokio::spawn(async move {
            while let Some(event) = events.recv().await {
                told.lock().unwrap().add(event);
                change.send_replace(());
            }
        });
        Self { seen, changed, task }
    }

    /// Waits for an exchange whose latest snapshot is as wanted.
    pub(crate) async fn wait(&self, wanted: impl Fn(&Exchange) -> bool) -> Exchange {
        let mut changed = self.changed.clone();
        let waiting = async {
            loop {
                changed.borrow_and_update();
                if let Some(found) = self.all().into_iter().find(|e| wanted(e)) {
                    return found;
                }
                changed.changed().await.unwrap();
            }
        };
        let found = timeout(PATIENCE, waiting).await;
        found.unwrap_or_else(|_| panic!("no such exchange among {:#?}", self.all()))
    }

    /// Waits for the failure with this code.
    pub(crate) async fn failed(&self, code: &str) -> Exchange {
        self.wait(|e| matches!(&e.state, State::Failed(failure) if failure.code == code)).await
    }

    /// Waits until exchange `id` closed.
    pub(crate) async fn closed(&self, id: u64) -> Exchange {
        self.wait(|e| e.id == ExchangeId(id) && !e.in_flight()).await
    }

    /// Latest snapshots, by number.
    pub(crate) fn all(&self) -> Vec<Exchange> {
        let mut all: Vec<_> = self.seen.lock().unwrap().latest.values().cloned().collect();
        all.sort_by_key(|exchange| exchange.id);
        all
    }

    /// Every snapshot of one exchange, in the order told.
    pub(crate) fn snapshots(&self, id: ExchangeId) -> Vec<Exchange> {
        let seen = self.seen.lock().unwrap();
        seen.snapshots.iter().filter(|e| e.id == id).cloned().collect()
    }

    pub(crate) fn body(&self, id: ExchangeId, leg: Leg) -> Vec<u8> {
        self.seen.lock().unwrap().bodies.get(&(id, leg)).cloned().unwrap_or_default()
    }

    /// Waits for the proxy to let go of its end.
    pub(crate) async fn end(&mut self) {
        timeout(PATIENCE, &mut self.task).await.unwrap().unwrap();
    }
}

impl Seen {
    fn add(&mut self, event: ProxyEvent) {
        match event {
            ProxyEvent::Exchange(exchange) => {
                self.check(&exchange);
                self.latest.insert(exchange.id, (*exchange).clone());
                self.snapshots.push(*exchange);
            }
            ProxyEvent::Body { id, leg, bytes } => {
                assert!(!bytes.is_empty());
                // A snapshot comes before any body.
                let before = &self.latest[&id];
                assert!(before.in_flight(), "no bytes after the last snapshot");
                *self.kept.entry((id, leg)).or_default() += bytes.len() as u64;
                let body = self.bodies.entry((id, leg)).or_default();
                if body.len() < COLLECTED {
                    body.extend_from_slice(&bytes);
                }
            }
        }
    }

    /// What every snapshot must keep to.
    fn check(&self, now: &Exchange) {
        let kept = |leg| self.kept.get(&(now.id, leg)).copied().unwrap_or_default();
        for (leg, body) in [
            (Leg::Request, now.request.as_ref().map(|r| r.body)),
            (Leg::Response, now.response.as_ref().map(|r| r.body)),
        ] {
            let Some(body) = body else { continue };
            assert!(body.kept <= body.seen, "{body:?}");
            if body.ended || !now.in_flight() {
                assert_eq!(body.kept, kept(leg), "kept bytes come before the snapshot: {now:?}");
            }
        }
        let Some(before) = self.latest.get(&now.id) else { return };
        assert!(before.in_flight(), "closed twice: {now:?}");
        assert!(before.response.is_none() || now.response.is_some());
        let ended = |e: &Exchange| e.request.as_ref().is_some_and(|r| r.body.ended);
        assert!(!ended(before) || ended(now));
    }
}
