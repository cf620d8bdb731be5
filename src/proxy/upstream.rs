//! A connection to a server that belongs to one connection of a device.
//!
//! One for each device connection and server, so that it is known which socket, certificate and
//! timing an exchange had, and logins that belong to a connection (NTLM, Negotiate) keep working.

use std::net::SocketAddr;
use std::sync::Arc;

use hyper::client::conn::http1::{self, SendRequest};
use hyper_util::rt::TokioIo;
use tokio_util::sync::{CancellationToken, DropGuard};

use super::body::Outgoing;
use super::dial;
use super::failure;
use super::recorder::Recorder;
use super::shared::Shared;
use super::tap::{Tap, Tapped};
use super::target::Target;
use super::watch::AnswerWatch;
use super::wire::Wire;
use crate::model::Exchange;
use crate::model::Failure;
use crate::model::Scheme;
use crate::model::Tls;
use crate::pki::Witness;

/// A connection to a server, ready for one request at a time. Closed when dropped.
pub(super) struct Upstream {
    pub(super) target: Target,
    pub(super) sender: SendRequest<Outgoing>,
    pub(super) tap: Tap<AnswerWatch>,
    address: String,
    tls: Option<Tls>,
    witness: Option<Arc<Witness>>,
    _open: DropGuard,
}

/// Idle connections of one device connection, oldest first.
#[derive(Default)]
pub(super) struct Pool(Vec<Upstream>);

impl Pool {
    /// Takes the idle connection to `target`, if there is one that still lives.
    pub(super) fn take(&mut self, target: &Target) -> Option<Upstream> {
        self.0.retain(|upstream| !upstream.sender.is_closed());
        let at = self.0.iter().position(|upstream| upstream.target == *target)?;
        Some(self.0.remove(at))
    }

    /// Puts a connection back; the oldest goes when there are more than `limit`.
    pub(super) fn put(&mut self, upstream: Upstream, limit: usize) {
        self.0.push(upstream);
        if self.0.len() > limit {
            self.0.remove(0);
        }
    }
}

impl Upstream {
    /// Connects to `target`; the recorder learns when each step was done.
    ///
    /// # Errors
    /// The failure of whichever step.
    pub(super) async fn open(
        shared: &Arc<Shared>,
        target: &Target,
        recorder: &Recorder,
    ) -> Result<Self, Failure> {
        let stream = dial::connect(shared, target).await?;
        let address = stream.peer_addr().ok();
        let connected = recorder.now();
        let server = address.map(|address: SocketAddr| address.to_string());
        recorder
            .note(|exchange| {
                exchange.times.connected = Some(connected);
                exchange.server.clone_from(&server);
            })
            .await;
        let (wire, tls, witness) = if target.scheme == Scheme::Https {
            match dial::secure(shared, target, stream).await {
                Ok(secured) => (secured.wire, Some(secured.tls), Some(secured.witness)),
                Err((failure, tls)) => {
                    recorder.note(|exchange| exchange.server_tls = Some(tls)).await;
                    return Err(failure);
                }
            }
        } else {
            (Wire::new(stream), None, None)
        };
        if tls.as_ref().is_some_and(|tls| tls.client_certificate_asked) {
            shared.asking.note(&target.host);
        }
        if tls.is_some() {
            let secured = recorder.now();
            recorder.note(|exchange| exchange.times.server_tls = Some(secured)).await;
        }
        let upstream = Self::speak(shared, target, wire).await?;
        Ok(Self { address: server.unwrap_or_default(), tls, witness, ..upstream })
    }

    /// Which connection an exchange goes over.
    pub(super) fn describe(&self, exchange: &mut Exchange) {
        exchange.server = Some(self.address.clone());
        exchange.server_tls.clone_from(&self.tls);
    }

    /// True when the server asked for a certificate of the client.
    pub(super) fn asked_for_certificate(&self) -> bool {
        self.witness.as_ref().is_some_and(|witness| witness.seen().client_certificate_asked)
    }

    async fn speak(shared: &Arc<Shared>, target: &Target, wire: Wire) -> Result<Self, Failure> {
        let limits = &shared.settings.limits;
        let (io, tap) = Tapped::new(wire, AnswerWatch::new(limits.head_bytes));
        let (sender, connection) = http1::Builder::new()
            .preserve_header_case(true)
            .max_headers(limits.headers)
            .max_header_size(limits.head_bytes)
            .max_buf_size(limits.head_bytes.max(8 * 1024))
            .handshake::<_, Outgoing>(TokioIo::new(io))
            .await
            .map_err(|error| failure::server("upstream-failed", error.to_string(), ""))?;
        let open = CancellationToken::new();
        let (closed, cut) = (open.clone(), shared.scope.cut.clone());
        shared.scope.spawn(async move {
            tokio::select! {
                // How it ended is told by the request that was on it, and by the tap.
                _ = connection.with_upgrades() => {}
                () = closed.cancelled() => {}
                () = cut.cancelled() => {}
            }
        });
        Ok(Self {
            target: target.clone(),
            sender,
            tap,
            address: String::new(),
            tls: None,
            witness: None,
            _open: open.drop_guard(),
        })
    }
}
