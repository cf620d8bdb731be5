//! HTTP/1.1 with the device, and what to make of connections that never got that far.

use std::pin::pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use hyper::header::HeaderValue;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::time::sleep;

use super::body::Cut;
use super::exchange;
use super::failure;
use super::half_close::{Answers, HalfClose, Held};
use super::head;
use super::pages;
use super::recorder::Moment;
use super::shared::{Device, Handshake, Shared};
use super::tap::{End, Tap, Tapped};
use super::target::Target;
use super::upstream::Pool;
use super::watch::RequestWatch;
use super::wire::Wire;
use crate::model::Exchange;
use crate::model::Failure;
use crate::model::Request as Asked;
use crate::model::Scheme;
use crate::model::Tls;

/// Where the requests of a connection go.
#[derive(Debug, Clone)]
pub(super) enum Route {
    /// Each request names its server (RFC 9112 §3.2.2, §3.2.3).
    Named,
    /// All to this server, with this `Host` if it is not the device's.
    Fixed { target: Target, host: Option<HeaderValue> },
    /// To nobody: synctap's own pages. `tunnelled`: asked for through the proxy.
    Pages { tunnelled: bool },
}

/// A connection that speaks HTTP: the device's own, or what was inside its tunnel or TLS.
pub(super) struct Session {
    pub(super) shared: Arc<Shared>,
    pub(super) device: Arc<Device>,
    pub(super) route: Route,
    pub(super) tls: Option<Tls>,
    pub(super) tap: Tap<RequestWatch>,
    pub(super) requests: AtomicU64,
    pub(super) pool: Mutex<Pool>,
    /// Held from taking an upstream connection to putting it back. The device may send its next
    /// request before the last exchange has put its connection back; a new one would lose what
    /// servers tie to a connection (NTLM, Negotiate).
    pub(super) turn: tokio::sync::Mutex<()>,
    handshake: Mutex<Option<Handshake>>,
}

/// The first request counts its time from the TLS handshake, if it follows within this time.
const HANDSHAKE_BELONGS: Duration = Duration::from_secs(1);

impl Session {
    /// When the exchange of a request that was just read began, and when the handshake before it
    /// was done.
    pub(super) fn begin(&self) -> (Moment, Option<Instant>) {
        let mut handshake = self.handshake.lock().unwrap_or_else(PoisonError::into_inner);
        match handshake.take() {
            Some(before) if before.done.elapsed() < HANDSHAKE_BELONGS => {
                (before.begun, Some(before.done))
            }
            _ => (Moment::now(), None),
        }
    }

    /// The device sent a request: it took our certificate.
    pub(super) fn trusted(&self) {
        if let (Route::Fixed { target, .. }, Some(tls)) = (&self.route, &self.tls) {
            self.shared.choice.accepted(tls.sni.as_deref().unwrap_or(target.display_host()));
        }
    }

    /// What is known of every exchange of this connection.
    pub(super) fn describe(&self, exchange: &mut Exchange) {
        exchange.client_tls.clone_from(&self.tls);
        if let Route::Fixed { target, .. } = &self.route {
            describe_target(exchange, target);
        } else {
            exchange.scheme = Scheme::Http;
            exchange.port = 80;
        }
        if let Route::Pages { .. } = self.route {
            describe_target(exchange, &pages_target(self.tls.is_some()));
        }
    }
}

/// Where an exchange goes.
pub(super) fn describe_target(exchange: &mut Exchange, target: &Target) {
    exchange.scheme = target.scheme;
    target.display_host().clone_into(&mut exchange.host);
    exchange.port = target.port;
}

/// synctap's own pages, as if they were a server.
pub(super) fn pages_target(secure: bool) -> Target {
    if secure {
        Target::tunnelled(pages::HOST, 443, Some(pages::HOST))
    } else {
        Target::plain(pages::HOST, 80, Scheme::Http)
    }
}

/// Serves HTTP/1.1 on `wire` until the connection ends. Boxed: a tunnel inside serves again.
pub(super) fn serve(
    shared: Arc<Shared>,
    device: Arc<Device>,
    route: Route,
    wire: Wire,
    tls: Option<(Tls, Handshake)>,
) -> futures_util::future::BoxFuture<'static, ()> {
    Box::pin(async move {
        let begun = tls.as_ref().map_or_else(Moment::now, |(_, handshake)| handshake.begun);
        let limits = &shared.settings.limits;
        let (io, tap) = Tapped::new(wire, RequestWatch::new(limits.head_bytes));
        let answers = Answers::default();
        let io = io.half_closing(HalfClose::new(answers.clone(), limits.half_closed));
        let (tls, handshake) = tls.unzip();
        let session = Arc::new(Session {
            shared,
            device,
            route,
            tls,
            tap,
            requests: AtomicU64::new(0),
            pool: Mutex::default(),
            turn: tokio::sync::Mutex::default(),
            handshake: Mutex::new(handshake),
        });
        let Some(ended) = run(&session, io, answers).await else { return };
        if let Some(failure) = diagnose(&session, &ended) {
            let shared = &session.shared;
            if let (Route::Fixed { target, .. }, Some(tls)) = (&session.route, &session.tls) {
                shared.choice.learn(target.display_host(), tls.sni.as_deref(), &failure);
            }
            let refused = refused(&session, &failure);
            let describe = |exchange: &mut Exchange| {
                session.describe(exchange);
                if let Some(asked) = refused {
                    exchange::describe_wish(exchange, &asked);
                    exchange.request = Some(asked);
                }
            };
            shared.connection_failed(&session.device, begun, failure, describe).await;
        }
    })
}

enum Ended {
    Done(Result<(), hyper::Error>),
    NoHeadInTime,
}

/// `None` when it was cut.
async fn run(session: &Arc<Session>, io: Tapped<RequestWatch>, answers: Answers) -> Option<Ended> {
    let limits = &session.shared.settings.limits;
    let scope = &session.shared.scope;
    let service = {
        let session = Arc::clone(session);
        service_fn(move |request| {
            let answering = answers.begin();
            let answered = exchange::handle(Arc::clone(&session), request);
            async { Ok::<_, Cut>(answered.await?.map(|body| Held::new(body, answering))) }
        })
    };
    let connection = http1::Builder::new()
        .preserve_header_case(true)
        .auto_date_header(false)
        .keep_alive(true)
        .max_headers(limits.headers)
        .max_header_size(limits.head_bytes)
        .max_buf_size(limits.head_bytes.max(8 * 1024))
        .header_read_timeout(None)
        .serve_connection(TokioIo::new(io), service)
        .with_upgrades();
    let mut connection = pin!(connection);
    let mut first_head = pin!(sleep(limits.first_head));
    let (mut waiting, mut draining) = (true, false);
    loop {
        tokio::select! {
            biased;
            () = scope.cut.cancelled() => return None,
            done = connection.as_mut() => return Some(Ended::Done(done)),
            () = scope.drain.cancelled(), if !draining => {
                draining = true;
                connection.as_mut().graceful_shutdown();
            }
            () = first_head.as_mut(), if waiting => {
                waiting = false;
                if session.requests.load(Ordering::Relaxed) == 0 {
                    return Some(Ended::NoHeadInTime);
                }
            }
        }
    }
}

/// The head that the HTTP library refused, as far as it can be read.
fn refused(session: &Session, failure: &Failure) -> Option<Asked> {
    if failure.code != "malformed-request" {
        return None;
    }
    session.tap.with(RequestWatch::next_head).as_ref().and_then(head::request)
}

/// Why a connection ended, if that is worth a row of its own. What went wrong during a request is
/// told by that request's exchange.
fn diagnose(session: &Session, ended: &Ended) -> Option<Failure> {
    let served = session.requests.load(Ordering::Relaxed) > 0;
    match ended {
        Ended::NoHeadInTime => return Some(failure::head_timeout()),
        Ended::Done(Err(error)) if error.is_parse() => {
            let (start, overrun) =
                session.tap.with(|watch| (watch.start().to_vec(), watch.overrun()));
            return Some(failure::malformed_request(error, &start, overrun));
        }
        Ended::Done(_) => {}
    }
    if session.tap.with(|watch| watch.in_head()) {
        let cause = "the client closed the connection in the middle of a request's head";
        return Some(failure::client("client-aborted", cause, ""));
    }
    if served || session.tls.is_none() || session.shared.scope.drain.is_cancelled() {
        return None;
    }
    Some(match session.tap.end() {
        Some(End::Broken(_, _, Some(alert))) => failure::rejected(alert),
        _ => failure::closed_before_request(),
    })
}
