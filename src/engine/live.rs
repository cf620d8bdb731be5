//! A running proxy with everything behind it, started and stopped in the right order.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread::JoinHandle;

use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use crate::model::ExchangeId;
use crate::pki::Authority;
use crate::proxy;
use crate::proxy::{Proxy, ProxyError};
use crate::seal::Keyring;
use crate::store::{Store, StoreError};

use super::meaning::DECODER_VERSION;
use super::viewer::{EngineError, Running, Viewer};
use super::{pipeline, rebuild};

/// Events between the proxy and the pipeline; body bytes among them have a budget of their own.
const EVENT_QUEUE: usize = 1024;

/// What a run needs.
#[derive(Debug)]
pub struct LiveSettings {
    /// Ways in, limits, trust.
    pub proxy: proxy::Settings,
    /// The certificate authority that signs what devices see.
    pub ca: Authority,
    /// The capture, appended to if it exists.
    pub capture: PathBuf,
    /// The capture's file may grow to this many bytes; beyond it traffic goes on unrecorded.
    pub capture_limit: Option<u64>,
}

/// Why a run could not start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LiveError {
    /// The capture cannot be used.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The capture cannot be read.
    #[error(transparent)]
    Engine(#[from] EngineError),
    /// The proxy cannot listen.
    #[error(transparent)]
    Proxy(#[from] ProxyError),
    /// A thread cannot be started.
    #[error("cannot start a thread")]
    Thread(#[source] std::io::Error),
}

/// A running proxy. Call [`Live::stop`]: dropping it loses what is in flight.
pub struct Live {
    viewer: Viewer,
    last_closed: u64,
    store: Arc<Store>,
    proxy: Option<tokio::task::JoinHandle<()>>,
    pipeline: Option<JoinHandle<()>>,
    shutdown: CancellationToken,
}

impl Live {
    /// Listens, opens the capture, and begins to record. Cancelling `shutdown` begins the end.
    /// A capture that did not exist is not made when an address cannot be had.
    ///
    /// # Errors
    /// When the capture cannot be used or an address cannot be listened on.
    pub async fn start(
        settings: LiveSettings,
        shutdown: CancellationToken,
    ) -> Result<Self, LiveError> {
        Self::start_with(settings, Arc::default(), shutdown).await
    }

    /// The same; what is encrypted is opened with the keys of `keyring`.
    ///
    /// # Errors
    /// As [`Live::start`].
    pub async fn start_with(
        settings: LiveSettings,
        keyring: Arc<Keyring>,
        shutdown: CancellationToken,
    ) -> Result<Self, LiveError> {
        let insecure = settings.proxy.insecure_upstream;
        let (events, inbox) = mpsc::channel(EVENT_QUEUE);
        let proxy = Proxy::bind(settings.proxy, Arc::new(settings.ca), events).await?;
        let store = Arc::new(Store::create(&settings.capture, DECODER_VERSION)?);
        store.limit(settings.capture_limit);
        let last_closed = store.reader()?.last_closed()?;
        proxy.number_from(ExchangeId(store.last_id().0 + 1));
        let name = file_name(&settings.capture);
        let running = Running { insecure, monitor: proxy.monitor(), pages: proxy.pages() };
        let viewer =
            Viewer::of_proxy(Arc::clone(&store), name, Some(running), Arc::clone(&keyring))?;
        let pipeline =
            pipeline::spawn(inbox, store.writer(), store.reader()?, Arc::clone(&keyring));
        let pipeline = pipeline.map_err(LiveError::Thread)?;
        rebuild::spawn(store.reader()?, store.writer(), keyring).map_err(LiveError::Thread)?;
        let (proxy, pipeline) = (Some(tokio::spawn(proxy.run(shutdown.clone()))), Some(pipeline));
        Ok(Self { viewer, last_closed, store, proxy, pipeline, shutdown })
    }

    /// The window of front ends on it.
    pub fn viewer(&self) -> Viewer {
        self.viewer.clone()
    }

    /// The last close sequence of what the capture held before this run.
    pub fn last_closed(&self) -> u64 {
        self.last_closed
    }

    /// From here on the capture's file may grow to `bytes`, or without a limit. Exchanges that found
    /// no room (the newest state of at most 256) are recorded when there is room again.
    pub fn limit_capture(&self, bytes: Option<u64>) {
        self.store.limit(bytes);
    }

    /// Stops accepting, lets exchanges end (a few seconds at most) and writes everything. What is
    /// read afterwards is all there is.
    pub async fn drain(&mut self) {
        self.shutdown.cancel();
        if let Some(proxy) = self.proxy.take()
            && let Err(error) = proxy.await
        {
            tracing::error!(%error, "the proxy did not end by itself");
        }
        let Some(pipeline) = self.pipeline.take() else { return };
        let ended = tokio::task::spawn_blocking(move || pipeline.join().is_ok()).await;
        if !ended.unwrap_or(false) {
            tracing::error!("the pipeline did not end by itself");
        }
    }

    /// [`Live::drain`]s what is left and closes the capture. Drop every [`Viewer`] before: as long
    /// as one is left the capture stays open.
    ///
    /// # Errors
    /// When the capture cannot be closed as it should; what was shown as complete is in it.
    pub async fn stop(mut self) -> Result<(), StoreError> {
        self.drain().await;
        let Self { store, viewer, .. } = self;
        drop(viewer);
        let close = move || Arc::into_inner(store).map_or(Ok(()), Store::close);
        tokio::task::spawn_blocking(close).await.unwrap_or(Ok(()))
    }
}

/// A window on an existing capture; rows of an older decoder are rebuilt behind it.
///
/// # Errors
/// When it cannot be read.
pub fn open_capture(store: Arc<Store>, file: &Path) -> Result<Viewer, EngineError> {
    open_with_keys(store, file, Arc::default())
}

/// The same; what is encrypted is opened with the keys of `keyring`. Rows that were made without them
/// stay as they are.
///
/// # Errors
/// When it cannot be read.
pub fn open_with_keys(
    store: Arc<Store>,
    file: &Path,
    keyring: Arc<Keyring>,
) -> Result<Viewer, EngineError> {
    // What is rebuilt goes into the capture: it is not to depend on keys that happen to be here.
    if let Err(error) = rebuild::spawn(store.reader()?, store.writer(), Arc::default()) {
        tracing::warn!(%error, "rows of an older version are not rebuilt");
    }
    Viewer::of_proxy(store, file_name(file), None, keyring)
}

fn file_name(file: &Path) -> String {
    file.file_name().unwrap_or(file.as_os_str()).to_string_lossy().into_owned()
}
