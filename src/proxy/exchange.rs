//! One request and its answer, from the head to the last snapshot.
//!
//! Each exchange is a task of its own: when the device's connection dies, the HTTP library drops
//! what it was waiting for, and the task notices, tells the engine and lets go of the server.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Instant;

use bytes::Bytes;
use hyper::body::{Body, Incoming};
use hyper::{Request, Response};
use tokio::sync::oneshot;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use super::answer::Reply;
use super::body::{Cut, Outgoing};
use super::failure;
use super::forward;
use super::head;
use super::intent;
use super::intent::Intent;
use super::mode::split_authority;
use super::pages;
use super::recorder::{Moment, Recorder};
use super::serve::{Session, describe_target};
use super::target::Target;
use super::watch::RequestWatch;
use crate::model::Exchange;
use crate::model::Failure;
use crate::model::Kind;
use crate::model::Leg;
use crate::model::Request as Asked;
use crate::model::State;

/// A request the HTTP library handed out, with what was seen of it below.
pub(super) struct Arrived {
    pub(super) request: Request<Incoming>,
    /// Its head as received, parsed.
    pub(super) asked: Asked,
    pub(super) begun: Moment,
    handshake_done: Option<Instant>,
}

/// Answers one request.
///
/// # Errors
/// `Cut` when the device's connection must be closed instead.
pub(super) async fn handle(
    session: Arc<Session>,
    request: Request<Incoming>,
) -> Result<Response<Outgoing>, Cut> {
    if session.requests.fetch_add(1, Ordering::Relaxed) == 0 {
        session.trusted();
    }
    let raw = session.tap.with(RequestWatch::next_head);
    let (begun, handshake_done) = session.begin();
    let asked = asked(&request, raw.as_ref());
    if let Some(agent) = asked.headers.first("user-agent") {
        session.shared.systems.note(session.device.address.ip(), agent);
    }
    let arrived = Arrived { request, asked, begun, handshake_done };
    let gone = CancellationToken::new();
    let (reply, answer) = oneshot::channel();
    let task = run(Arc::clone(&session), arrived, Reply::new(reply), gone.clone());
    session.shared.scope.spawn(task);
    let leaving = gone.drop_guard();
    let answer = answer.await;
    leaving.disarm();
    answer.map_err(|_| Cut)
}

async fn run(session: Arc<Session>, arrived: Arrived, reply: Reply, gone: CancellationToken) {
    match intent::of(&session, &arrived) {
        Intent::Connect { host, port } => {
            intent::connect(session, arrived, host, port, reply).await;
        }
        Intent::Forward(target) => to_server(session, arrived, target, reply, gone).await,
        Intent::Page => pages::serve(&session, &arrived, reply),
        Intent::Refuse(failure) => refuse(&session, arrived, failure, reply).await,
    }
}

/// Answers with a failure of our own.
pub(super) async fn refuse(
    session: &Session,
    arrived: Arrived,
    failure: Failure,
    mut reply: Reply,
) {
    let failure = session.shared.advised(&session.device, failure);
    let (recorder, _) = begin(session, arrived, None).await;
    reply.apologise(&recorder, &failure).await;
    recorder.close(State::Failed(failure)).await;
}

async fn to_server(
    session: Arc<Session>,
    arrived: Arrived,
    target: Target,
    mut reply: Reply,
    gone: CancellationToken,
) {
    let (recorder, request) = begin(&session, arrived, Some(&target)).await;
    let outcome = tokio::select! {
        biased;
        () = session.shared.scope.cut.cancelled() => Err(failure::shutdown()),
        outcome = forward::forward(&session, &recorder, &target, request, &mut reply) => outcome,
        () = left(&session, &recorder, &gone) => Err(failure::client_gone()),
    };
    let state = match outcome {
        Ok(()) => State::Complete,
        Err(failure) => {
            reply.apologise(&recorder, &failure).await;
            State::Failed(failure)
        }
    };
    recorder.close(state).await;
}

/// Waits until the device is gone and nothing it sent is on its way any more.
async fn left(session: &Session, recorder: &Recorder, gone: &CancellationToken) {
    gone.cancelled().await;
    if !recorder.ended(Leg::Request) {
        sleep(session.shared.settings.limits.linger).await;
    }
}

/// The first snapshot. A request without a body has ended with its head.
async fn begin(
    session: &Session,
    arrived: Arrived,
    target: Option<&Target>,
) -> (Recorder, Request<Incoming>) {
    let Arrived { request, asked, begun, handshake_done } = arrived;
    let recorder = session.shared.record(&session.device, Kind::Http, begun);
    let now = recorder.now();
    let bodyless = request.body().is_end_stream();
    if bodyless {
        recorder.body_ended(Leg::Request).await;
    }
    recorder
        .publish(|exchange| {
            session.describe(exchange);
            match target {
                Some(target) => describe_target(exchange, target),
                None => describe_wish(exchange, &asked),
            }
            exchange.request = Some(asked);
            let times = &mut exchange.times;
            times.client_tls = handshake_done.map(|done| (done - begun.mono).into());
            times.request_head = Some(now);
            times.request_end = bodyless.then_some(now);
        })
        .await;
    (recorder, request)
}

/// Where a request that is refused wanted to go, as far as it says.
pub(super) fn describe_wish(exchange: &mut Exchange, asked: &Asked) {
    let wish = match asked.method.as_str() {
        "CONNECT" => split_authority(&asked.target),
        _ => asked.headers.first("host").and_then(split_authority),
    };
    if let Some((host, port)) = wish
        && exchange.host.is_empty()
    {
        exchange.host = host;
        exchange.port = port.unwrap_or(exchange.port);
    }
}

/// The head as received; as the HTTP library understood it when the two do not agree.
fn asked(request: &Request<Incoming>, raw: Option<&Bytes>) -> Asked {
    let seen = raw.and_then(head::request);
    match seen {
        Some(seen) if seen.method == request.method().as_str() => seen,
        _ => Asked {
            method: request.method().to_string(),
            target: request.uri().to_string(),
            version: format!("{:?}", request.version()),
            headers: head::from_map(request.headers()),
            ..Asked::default()
        },
    }
}
