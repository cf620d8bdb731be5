//! Exchanges that keep coming.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use synctap::model::{Row, State};
use synctap::store::{Store, Writer};

use crate::generated::{exchange, summary};

/// Arrivals in a second.
const RATE: u32 = 500;

/// Exchanges that come: in flight first, closed a little later.
pub(crate) struct Traffic {
    over: Arc<AtomicBool>,
    thread: thread::JoinHandle<()>,
}

impl Traffic {
    /// From now on they come.
    pub(crate) fn start(store: &Store) -> Self {
        let (writer, mut id) = (store.writer(), store.last_id().0);
        let over = Arc::new(AtomicBool::new(false));
        let stop = Arc::clone(&over);
        let thread = thread::spawn(move || {
            let began = Instant::now();
            let mut sent = 0_u32;
            while !stop.load(Ordering::Relaxed) {
                let due = began.elapsed().as_secs_f64() * f64::from(RATE);
                while f64::from(sent) < due {
                    id += 1;
                    sent += 1;
                    arrive(&writer, id);
                }
                thread::sleep(Duration::from_millis(2));
            }
        });
        Self { over, thread }
    }

    /// No more come.
    pub(crate) fn stop(self) {
        self.over.store(true, Ordering::Relaxed);
        self.thread.join().unwrap();
    }
}

fn arrive(writer: &Writer, id: u64) {
    let mut open = exchange(id);
    open.state = State::InFlight;
    open.response = None;
    open.times.closed = None;
    let row = Row::new(&open, summary(id));
    writer.put(open, row);
    let closing = id.saturating_sub(100).max(1);
    let closed = exchange(closing);
    let row = Row::new(&closed, summary(closing));
    writer.put(closed, row);
}

/// A memory figure of the process in MiB: `VmRSS:`, what it has now; `VmHWM:`, the most it had.
pub(crate) fn resident(what: &str) -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with(what)).unwrap_or_default();
    let kib = line.split_whitespace().nth(1).and_then(|kib| kib.parse::<u64>().ok());
    kib.unwrap_or_default() / 1024
}
