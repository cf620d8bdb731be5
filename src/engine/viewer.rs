//! What a front end may ask.

use std::cell::OnceCell;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;

use tokio::sync::watch;

use crate::analyze::Observation;
use crate::codec::Progress;
use crate::codec::cms::CertificateId;
use crate::model::{Detail, Device, Exchange, ExchangeId, Leg, Row, SyncmlSession, WallTime};
use crate::proxy::{Covered, Mode, Monitor, Origin, lan_addresses};
use crate::seal::{Keyring, KnownCertificate};
use crate::store::{Reader, Store, StoreError};

use super::device_states::{DeviceBrief, Learned, Story};
use super::meaning::{Reading, detail_in_steps, undecoded};
use super::way::WayError;

/// Most bytes of one body that a detail view decodes.
pub(super) const DETAIL_LIMIT: usize = 64 * 1024 * 1024;

/// Bytes of the bodies of an exchange from which decoding is told of.
const LARGE: usize = 256 * 1024;

/// How far the bodies of an exchange are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DetailStep {
    /// They are read, and each is one layer of bytes as yet.
    Bodies(Box<Detail>),
    /// A document in them is being decoded.
    Decoding {
        /// Bytes read of it.
        done: usize,
        /// All of its bytes.
        all: usize,
    },
}

/// Something that could not be read from the capture.
#[derive(Debug, thiserror::Error)]
#[error("cannot read the capture: {0}")]
pub struct EngineError(#[from] StoreError);

/// The state of the whole, for a status line.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Status {
    /// Ways in and where they listen: `regular@127.0.0.1:8080`; empty for an opened file.
    pub listeners: Vec<String>,
    /// The capture's file name.
    pub capture: String,
    /// Device connections open now.
    pub connections: u64,
    /// Exchanges in the capture.
    pub recorded: u64,
    /// Exchanges with a truncated body.
    pub truncated: u64,
    /// Exchanges that could not be recorded whole; 0 unless something is wrong.
    pub lost: u64,
    /// `--insecure-upstream` is on.
    pub insecure_upstream: bool,
    /// Since when and why nothing is recorded at the moment, if so.
    pub trouble: Option<String>,
}

/// A front end's window on a capture. Cheap to clone; every call blocks for the length of a query
/// (about a millisecond; [`Viewer::detail`] decodes and takes as long as the bodies are large), so
/// a UI calls it off its own thread.
#[derive(Clone)]
pub struct Viewer {
    shared: Arc<Shared>,
}

struct Shared {
    /// Two connections, so that a large body being decoded does not hold up the list.
    list: Mutex<Reader>,
    details: Mutex<Reader>,
    /// What is known of the devices so far.
    story: Mutex<Story>,
    store: Arc<Store>,
    capture: String,
    running: Option<Running>,
    /// Keys of this run.
    keyring: Arc<Keyring>,
    /// Threads of lists. They end when their list is dropped, which is before this is.
    scanners: Mutex<Vec<JoinHandle<()>>>,
}

impl Drop for Shared {
    /// Waits for the threads, so that none keeps the capture open.
    fn drop(&mut self) {
        let scanners = self.scanners.get_mut().unwrap_or_else(PoisonError::into_inner);
        for scanner in scanners.drain(..) {
            // It tells of its own failure.
            let _ = scanner.join();
        }
    }
}

/// What a viewer knows of the proxy behind its capture.
pub(super) struct Running {
    /// `--insecure-upstream` is on.
    pub(super) insecure: bool,
    pub(super) monitor: Monitor,
    /// URLs of the proxy's own pages.
    pub(super) pages: Vec<String>,
}

impl Running {
    /// Ways in and where they listen, those added since the start too.
    fn listeners(&self) -> Vec<String> {
        let open = self.monitor.listeners();
        open.iter().map(|(mode, address)| format!("{}@{address}", mode.way)).collect()
    }
}

impl Viewer {
    /// A window on `store`, for a capture without traffic.
    ///
    /// # Errors
    /// When the capture cannot be read.
    pub fn of_capture(store: Arc<Store>, capture: String) -> Result<Self, EngineError> {
        Self::of_proxy(store, capture, None, Arc::default())
    }

    /// A window on `store`, to which a proxy adds.
    pub(super) fn of_proxy(
        store: Arc<Store>,
        capture: String,
        running: Option<Running>,
        keyring: Arc<Keyring>,
    ) -> Result<Self, EngineError> {
        let shared = Shared {
            list: Mutex::new(store.reader()?),
            details: Mutex::new(store.reader()?),
            story: Mutex::new(Story::new(store.reader()?, &keyring, running.is_none())),
            store,
            capture,
            running,
            keyring,
            scanners: Mutex::default(),
        };
        Ok(Self { shared: Arc::new(shared) })
    }

    /// Number of exchanges.
    ///
    /// # Errors
    /// When the capture cannot be read; so for all calls below.
    pub fn count(&self) -> Result<u64, EngineError> {
        Ok(self.list().count()?)
    }

    /// At most `limit` rows from position `offset` (0 = oldest), oldest first.
    ///
    /// # Errors
    /// When the capture cannot be read.
    pub fn window(&self, offset: u64, limit: usize) -> Result<Vec<Row>, EngineError> {
        Ok(self.list().window(offset, limit)?)
    }

    /// Where an exchange stands in the list.
    ///
    /// # Errors
    /// When the capture cannot be read.
    pub fn position(&self, id: ExchangeId) -> Result<Option<u64>, EngineError> {
        Ok(self.list().position(id)?)
    }

    /// The list line of one exchange.
    ///
    /// # Errors
    /// When the capture cannot be read.
    pub fn row(&self, id: ExchangeId) -> Result<Option<Row>, EngineError> {
        Ok(self.list().row(id)?)
    }

    /// Exchanges in the order they closed, from the one after `sequence`: (sequence, id).
    ///
    /// # Errors
    /// When the capture cannot be read.
    pub fn closed_after(
        &self,
        sequence: u64,
        limit: usize,
    ) -> Result<Vec<(u64, ExchangeId)>, EngineError> {
        Ok(self.list().closed_after(sequence, limit)?)
    }

    /// The facts of one exchange, without its bodies.
    ///
    /// # Errors
    /// When the capture cannot be read.
    pub fn exchange(&self, id: ExchangeId) -> Result<Option<Exchange>, EngineError> {
        Ok(lock(&self.shared.details).exchange(id)?)
    }

    /// Everything about one exchange, decoded anew.
    ///
    /// # Errors
    /// When the capture cannot be read.
    pub fn detail(&self, id: ExchangeId) -> Result<Option<Detail>, EngineError> {
        self.detail_in_steps(id, &|_| ())
    }

    /// The same; of large bodies (256 KiB and more together) `tell` hears before and while they are
    /// decoded.
    ///
    /// # Errors
    /// When the capture cannot be read.
    pub fn detail_in_steps(
        &self,
        id: ExchangeId,
        tell: &dyn Fn(DetailStep),
    ) -> Result<Option<Detail>, EngineError> {
        let (exchange, request, response, row) = {
            let reader = lock(&self.shared.details);
            let Some(exchange) = reader.exchange(id)? else { return Ok(None) };
            let body = |leg, present: bool| {
                present.then(|| reader.body(id, leg, DETAIL_LIMIT)).transpose()
            };
            let request = body(Leg::Request, exchange.request.is_some())?;
            let response = body(Leg::Response, has_response_body(&exchange))?;
            (exchange, request, response, reader.row(id)?)
        };
        let size: usize = [&request, &response].into_iter().flatten().map(bytes::Bytes::len).sum();
        if size >= LARGE {
            let bodies = undecoded(&exchange, request.as_ref(), response.as_ref());
            tell(DetailStep::Bodies(Box::new(bodies)));
        }
        let told = |done, all| tell(DetailStep::Decoding { done, all });
        let progress = Progress::new(&told);
        let known = || self.certificates_before(id);
        let taken_in = OnceCell::new();
        let whole = exchange.clone();
        let whose = |id: &CertificateId<'_>| {
            taken_in.get_or_init(|| self.catch_up());
            lock(&self.shared.story).whose(id, &whole)
        };
        let keyring = Some(&*self.shared.keyring);
        let reading = Reading { progress, keyring, known: Some(&known), whose: Some(&whose) };
        let mut detail = detail_in_steps(exchange, request, response, reading);
        // The list also knows what came before.
        if let Some(row) = row {
            let annotated = &mut detail.annotated;
            let story = row.summary.story;
            annotated.overview.extend(story.iter().map(|text| ("story", text.clone())));
            annotated.summary.story = story;
            if !row.findings.is_empty() {
                annotated.found(row.findings);
            }
        }
        Ok(Some(detail))
    }

    /// Certificates that exchanges before this one brought. What cannot be read is not known.
    fn certificates_before(&self, id: ExchangeId) -> Vec<KnownCertificate> {
        self.catch_up();
        lock(&self.shared.story).certificates_before(id)
    }

    /// Takes in what ended since, for its certificates.
    fn catch_up(&self) {
        if let Err(error) = lock(&self.shared.story).catch_up(&mut |_| ()) {
            tracing::warn!(%error, "certificates seen before are not known");
        }
    }

    /// Every device seen so far, the first seen first: what ended since the last call is added to what
    /// was known, so that only the first call on a large capture takes long.
    ///
    /// # Errors
    /// When the capture cannot be read.
    pub fn device_states(&self) -> Result<Vec<Device>, EngineError> {
        let mut story = self.shared.story.lock().unwrap_or_else(PoisonError::into_inner);
        story.catch_up(&mut |_| ())?;
        Ok(story.devices()?)
    }

    /// Every SyncML session seen so far with its ledger, in the order in which they began; as
    /// [`Viewer::device_states`], only the first call on a large capture takes long. In a capture to
    /// which nothing is added any more, what waits for an answer counts as never answered.
    ///
    /// # Errors
    /// When the capture cannot be read.
    pub fn syncml_sessions(&self) -> Result<Vec<SyncmlSession>, EngineError> {
        let mut story = self.shared.story.lock().unwrap_or_else(PoisonError::into_inner);
        story.catch_up(&mut |_| ())?;
        Ok(story.syncml_sessions())
    }

    /// What is known so far of every device, in few words. Takes in at most about `most` exchanges
    /// more than the last call, so that a large capture is learned in steps.
    ///
    /// # Errors
    /// When the capture cannot be read.
    pub fn learn_devices(&self, most: usize) -> Result<Learned<Vec<DeviceBrief>>, EngineError> {
        self.learn(most, Story::briefs)
    }

    /// The same in full of the devices with this id (in any case): one for each user and host.
    ///
    /// # Errors
    /// When the capture cannot be read.
    pub fn learn_device(&self, id: &str, most: usize) -> Result<Learned<Vec<Device>>, EngineError> {
        self.learn(most, |story| story.called(id))
    }

    /// The SyncML session of an exchange with its ledger, as far as the capture was taken in.
    ///
    /// # Errors
    /// When the capture cannot be read.
    pub fn learn_syncml_session(
        &self,
        id: ExchangeId,
        most: usize,
    ) -> Result<Learned<Option<SyncmlSession>>, EngineError> {
        self.learn(most, |story| Ok(story.syncml_session(id)))
    }

    fn learn<T>(
        &self,
        most: usize,
        ask: impl FnOnce(&Story) -> Result<T, StoreError>,
    ) -> Result<Learned<T>, EngineError> {
        let mut story = self.shared.story.lock().unwrap_or_else(PoisonError::into_inner);
        story.go_on(most, &mut |_| ())?;
        let [read, of] = story.progress()?;
        Ok(Learned { known: ask(&story)?, read, of })
    }

    /// Folds the whole capture anew and tells each exchange of a device, in the order in which they
    /// ended. Returns the devices as they stand at its end, and the SyncML sessions.
    ///
    /// # Errors
    /// When the capture cannot be read.
    pub fn history(
        &self,
        tell: &mut dyn FnMut(Observation),
    ) -> Result<(Vec<Device>, Vec<SyncmlSession>), EngineError> {
        let mut story = self.new_story()?;
        story.catch_up(tell)?;
        Ok((story.devices()?, story.syncml_sessions()))
    }

    fn new_story(&self) -> Result<Story, StoreError> {
        let settled = self.shared.running.is_none();
        Ok(Story::new(self.shared.store.reader()?, &self.shared.keyring, settled))
    }

    /// The state of the whole.
    pub fn status(&self) -> Status {
        let store = self.shared.store.status();
        let running = self.shared.running.as_ref();
        Status {
            listeners: running.map(Running::listeners).unwrap_or_default(),
            capture: self.shared.capture.clone(),
            connections: running.map_or(0, |running| running.monitor.connections()),
            recorded: store.recorded,
            truncated: store.truncated,
            lost: store.lost,
            insecure_upstream: running.is_some_and(|running| running.insecure),
            trouble: store.trouble.map(|why| since(store.trouble_since, &why)),
        }
    }

    /// URLs of synctap's own pages (the certificate, the steps for each system), those that other
    /// devices can reach first; empty for an opened file and for reverse listeners alone.
    pub fn pages(&self) -> &[String] {
        self.shared.running.as_ref().map_or(&[], |running| &running.pages)
    }

    /// Addresses at which other devices may reach this machine; none for an opened file.
    pub fn lan_addresses(&self) -> Vec<IpAddr> {
        self.shared.running.as_ref().map(|_| lan_addresses()).unwrap_or_default()
    }

    /// From now on TLS to `host` (no port) is passed on unread, or opened again, whatever the flags
    /// say. Connections that are open stay as they are. False for an opened file: nothing is
    /// running.
    pub fn set_passthrough(&self, host: &str, passthrough: bool) -> bool {
        let running = self.shared.running.as_ref();
        running.inspect(|running| running.monitor.set_passthrough(host, passthrough)).is_some()
    }

    /// Why TLS to `host` (no port) would be passed on unread now; `None` when it would be opened, or
    /// nothing is running.
    pub fn passthrough(&self, host: &str) -> Option<String> {
        self.shared.running.as_ref()?.monitor.passthrough(host)
    }

    /// Opens a further way in, as `--mode` spells it, under the rules of the start; it shows in
    /// [`Status::listeners`]. Returns where it listens.
    ///
    /// # Errors
    /// `NotRunning` for an opened file; `Mode` and `Proxy` when it cannot be opened.
    pub fn add_mode(&self, spec: &str) -> Result<SocketAddr, WayError> {
        let running = self.shared.running.as_ref().ok_or(WayError::NotRunning)?;
        Ok(running.monitor.add_mode(&spec.trim().parse::<Mode>()?)?)
    }

    /// Sees to it that what devices say to `server` (`https://HOST[:PORT]`, or the host alone) can
    /// pass by, by a reverse listener if there is none yet. What is left to do is in its `Display`.
    ///
    /// # Errors
    /// As [`Viewer::add_mode`].
    pub fn cover(&self, server: &str) -> Result<Covered, WayError> {
        let running = self.shared.running.as_ref().ok_or(WayError::NotRunning)?;
        let server = server.trim();
        let url = if server.contains("://") { server.into() } else { format!("https://{server}") };
        Ok(running.monitor.cover(&url.parse::<Origin>()?)?)
    }

    /// Changes when rows, details or the status may have changed.
    pub fn revision(&self) -> watch::Receiver<u64> {
        self.shared.store.changes()
    }

    /// The rows at these positions; those that cannot be read are left out.
    pub(super) fn rows_at(&self, positions: &[u64]) -> Result<Vec<Row>, EngineError> {
        let reader = self.list();
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

    pub(super) fn list(&self) -> MutexGuard<'_, Reader> {
        lock(&self.shared.list)
    }

    pub(super) fn details(&self) -> MutexGuard<'_, Reader> {
        lock(&self.shared.details)
    }

    pub(super) fn keyring(&self) -> &Arc<Keyring> {
        &self.shared.keyring
    }

    pub(super) fn store(&self) -> &Store {
        &self.shared.store
    }

    /// Waits for this thread at the end.
    pub(super) fn keep(&self, scanner: JoinHandle<()>) {
        let mut scanners = self.shared.scanners.lock().unwrap_or_else(PoisonError::into_inner);
        scanners.retain(|scanner| !scanner.is_finished());
        scanners.push(scanner);
    }

    /// The threads of lists.
    #[cfg(test)]
    pub(super) fn threads(&self) -> Vec<JoinHandle<()>> {
        let mut scanners = self.shared.scanners.lock().unwrap_or_else(PoisonError::into_inner);
        std::mem::take(&mut scanners)
    }
}

impl std::fmt::Debug for Viewer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Viewer").field("capture", &self.shared.capture).finish_non_exhaustive()
    }
}

/// An answer in flight is decoded once bytes of it are kept.
fn has_response_body(exchange: &Exchange) -> bool {
    exchange.response.as_ref().is_some_and(|r| !exchange.in_flight() || r.body.kept > 0)
}

/// The reason with the time it began, in UTC.
fn since(when: Option<WallTime>, why: &str) -> String {
    let Some(when) = when else { return why.to_owned() };
    let (hour, minute, second) = when.utc().time().as_hms();
    format!("since {hour:02}:{minute:02}:{second:02} UTC: {why}")
}

/// A reader has no state that a panic elsewhere could spoil.
fn lock<T>(shared: &Mutex<T>) -> MutexGuard<'_, T> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}
