//! One request there, and its answer back.

use std::sync::Arc;
use std::sync::PoisonError;

use hyper::body::{Body, Incoming};
use hyper::header::{CONTENT_LENGTH, HOST, HeaderValue};
use hyper::http::uri::{PathAndQuery, Uri};
use hyper::http::{request, response};
use hyper::upgrade::OnUpgrade;
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use tokio::sync::mpsc;
use tokio::time::timeout;

use super::answer::Reply;
use super::body::{CutSo, Outgoing, Piece, Pumped, pump};
use super::failure;
use super::head;
use super::hop;
use super::recorder::Recorder;
use super::relay::relay;
use super::serve::{Route, Session};
use super::tap::End;
use super::target::Target;
use super::upstream::Upstream;
use super::watch::AnswerWatch;
use crate::model::Failure;
use crate::model::Leg;
use crate::model::Response as Answer;
use crate::model::Side;

/// Forwards `request` to `target` and the answer to `reply`; returns when both bodies are through.
///
/// # Errors
/// What went wrong first, on whichever side.
pub(super) async fn forward(
    session: &Arc<Session>,
    recorder: &Recorder,
    target: &Target,
    request: Request<Incoming>,
    reply: &mut Reply,
) -> Result<(), Failure> {
    let _turn = session.turn.lock().await;
    let (mut parts, body) = request.into_parts();
    let promised = body.size_hint().exact();
    let upgrade = parts.extensions.remove::<OnUpgrade>();
    prepare(&mut parts, &session.route)?;
    let (frames, outgoing) = channel(&body);
    let outgoing = Request::from_parts(parts, outgoing);
    let up = async {
        let Some(frames) = frames else { return Ok(()) };
        let pumped = pump(recorder, Leg::Request, body, frames).await;
        request_over(session, recorder, pumped, promised).await
    };
    let down = async {
        let (response, upstream) = send(session, recorder, target, outgoing).await?;
        answer(session, recorder, response, upstream, upgrade, reply).await
    };
    let mut up = std::pin::pin!(up);
    let mut down = std::pin::pin!(down);
    let upstream = tokio::select! {
        sent = up.as_mut() => {
            if let Err(failure) = sent {
                // The server may read what came of the request before its connection is cut.
                let _ = timeout(session.shared.settings.limits.linger, down).await;
                return Err(failure);
            }
            down.await?
        }
        answered = down.as_mut() => {
            let upstream = answered?;
            up.await?;
            upstream
        }
    };
    if let Some(upstream) = upstream {
        let limit = session.shared.settings.limits.idle_upstreams;
        session.pool.lock().unwrap_or_else(PoisonError::into_inner).put(upstream, limit);
    }
    Ok(())
}

/// Origin form, hop-by-hop fields out; as `Host` the target's own where it names one (RFC 9112
/// §3.2.2), or the server's where the mode says so.
fn prepare(parts: &mut request::Parts, route: &Route) -> Result<(), Failure> {
    let named = parts.uri.authority().and_then(|authority| {
        let host = authority.as_str().rsplit('@').next().unwrap_or_default();
        HeaderValue::from_str(host).ok()
    });
    let path = parts.uri.path_and_query().cloned();
    let path = match path {
        // An absolute target may have a query and no path (RFC 9112 §3.2.1).
        Some(path) if path.as_str().starts_with('?') => {
            format!("/{}", path.as_str()).parse::<PathAndQuery>().ok()
        }
        Some(path) if !path.as_str().is_empty() => Some(path),
        _ => Some(PathAndQuery::from_static("/")),
    };
    parts.uri = path.map(Uri::from).ok_or_else(|| {
        failure::proxy("bad-target", "the request's target cannot be forwarded", "")
    })?;
    hop::strip_request(&mut parts.headers);
    let host = match route {
        Route::Fixed { host: Some(host), .. } => Some(host.clone()),
        _ => named,
    };
    if let Some(host) = host {
        parts.headers.insert(HOST, host);
    }
    Ok(())
}

/// The channel a body goes through; none for a body that is over before it began.
fn channel(body: &Incoming) -> (Option<mpsc::Sender<Piece>>, Outgoing) {
    if body.is_end_stream() {
        return (None, Outgoing::Empty);
    }
    let (frames, outgoing) = Outgoing::forwarded();
    (Some(frames), outgoing)
}

/// As [`channel`]; the device gets all that came before its connection is cut. An answer that says
/// it is empty keeps saying so in its own words: without a body the HTTP library would write the
/// length itself. 304 may tell the length of what it does not carry (RFC 9110 §8.6).
fn answer_channel(
    session: &Session,
    body: &Incoming,
    parts: &response::Parts,
) -> (Option<mpsc::Sender<Piece>>, Outgoing) {
    if !body.is_end_stream() {
        let (frames, mut outgoing) = Outgoing::forwarded();
        outgoing.cut_so(CutSo::AfterFlush(session.tap.next_flush()));
        return (Some(frames), outgoing);
    }
    match parts.headers.get(CONTENT_LENGTH) {
        Some(length) if length == "0" || parts.status == StatusCode::NOT_MODIFIED => {
            (None, Outgoing::forwarded().1)
        }
        _ => (None, Outgoing::Empty),
    }
}

async fn request_over(
    session: &Session,
    recorder: &Recorder,
    pumped: Pumped,
    promised: Option<u64>,
) -> Result<(), Failure> {
    match pumped {
        Pumped::Ended => {
            let now = recorder.now();
            recorder.publish(|exchange| exchange.times.request_end = Some(now)).await;
            Ok(())
        }
        // The server has heard enough; its answer says why.
        Pumped::Unwanted => Ok(()),
        Pumped::Broken => {
            let seen = recorder.seen(Leg::Request);
            Err(failure::body_cut(Side::Client, session.tap.end(), seen, promised))
        }
    }
}

/// Sends the request over the idle connection to that server or over a new one. A connection that
/// turns out to be closed before anything was sent is replaced once.
async fn send(
    session: &Arc<Session>,
    recorder: &Recorder,
    target: &Target,
    mut request: Request<Outgoing>,
) -> Result<(Response<Incoming>, Upstream), Failure> {
    let idle = session.pool.lock().unwrap_or_else(PoisonError::into_inner).take(target);
    if let Some(mut upstream) = idle
        && upstream.sender.ready().await.is_ok()
    {
        recorder.note(|exchange| upstream.describe(exchange)).await;
        match send_on(upstream, request).await {
            Ok(answered) => return Ok(answered),
            Err(Unanswered::Unsent(unsent, _)) => request = *unsent,
            Err(Unanswered::Failed(failure)) => return Err(failure),
        }
    }
    let upstream = Upstream::open(&session.shared, target, recorder).await?;
    // A poll may wait for an hour from here: say now where it waits.
    recorder.publish(|exchange| upstream.describe(exchange)).await;
    match send_on(upstream, request).await {
        Ok(answered) => Ok(answered),
        Err(Unanswered::Failed(failure) | Unanswered::Unsent(_, failure)) => Err(failure),
    }
}

enum Unanswered {
    /// Not a byte of it left, and why: a server that wants a client certificate may say so first.
    Unsent(Box<Request<Outgoing>>, Failure),
    Failed(Failure),
}

async fn send_on(
    mut upstream: Upstream,
    mut request: Request<Outgoing>,
) -> Result<(Response<Incoming>, Upstream), Unanswered> {
    upstream.tap.with(AnswerWatch::arm);
    request.body_mut().cut_so(CutSo::HalfClosed(upstream.tap.farewell()));
    match upstream.sender.try_send_request(request).await {
        Ok(response) => Ok((response, upstream)),
        Err(mut error) => {
            let unsent = error.take_message();
            let failure = unanswered(&upstream, &error.into_error());
            Err(match unsent {
                Some(unsent) => Unanswered::Unsent(Box::new(unsent), failure),
                None => Unanswered::Failed(failure),
            })
        }
    }
}

fn unanswered(upstream: &Upstream, error: &hyper::Error) -> Failure {
    let end = upstream.tap.end();
    if let Some(End::Broken(_, text, Some(_))) = &end
        && upstream.asked_for_certificate()
    {
        return failure::client_certificate_wanted(text);
    }
    let start = upstream.tap.with(|watch| watch.start().to_vec());
    failure::no_answer(error, end, &start)
}

/// Passes the answer on; returns the connection if it can be used again.
async fn answer(
    session: &Session,
    recorder: &Recorder,
    mut response: Response<Incoming>,
    upstream: Upstream,
    device_upgrade: Option<OnUpgrade>,
    reply: &mut Reply,
) -> Result<Option<Upstream>, Failure> {
    let switching = response.status() == StatusCode::SWITCHING_PROTOCOLS;
    let server_upgrade = switching.then(|| hyper::upgrade::on(&mut response));
    let (mut parts, body) = response.into_parts();
    let promised = body.size_hint().exact();
    let answer = recorded(&upstream, &parts);
    let now = recorder.now();
    recorder
        .publish(|exchange| {
            exchange.response = Some(answer);
            exchange.times.response_head = Some(now);
        })
        .await;
    hop::strip_response(&mut parts.headers, switching);
    let (frames, outgoing) = answer_channel(session, &body, &parts);
    if !reply.send(Response::from_parts(parts, outgoing)) {
        return Err(failure::client_gone());
    }
    let pumped = if let Some(frames) = frames {
        pump(recorder, Leg::Response, body, frames).await
    } else {
        recorder.body_ended(Leg::Response).await;
        Pumped::Ended
    };
    match pumped {
        Pumped::Ended => {
            let now = recorder.now();
            recorder.note(|exchange| exchange.times.response_end = Some(now)).await;
            let read = upstream.tap.with(|watch| watch.after_head());
            if let Some(promised) = promised
                && read > promised
                && !switching
            {
                return Err(failure::body_long(promised, read - promised));
            }
        }
        Pumped::Unwanted => return Err(failure::client_gone()),
        Pumped::Broken => {
            let seen = recorder.seen(Leg::Response);
            return Err(failure::body_cut(Side::Server, upstream.tap.end(), seen, promised));
        }
    }
    match (device_upgrade, server_upgrade) {
        (Some(device), Some(server)) => {
            switched(session, recorder, device, server).await?;
            Ok(None)
        }
        _ => Ok(Some(upstream)),
    }
}

/// What follows 101: bytes of another protocol.
async fn switched(
    session: &Session,
    recorder: &Recorder,
    device: OnUpgrade,
    server: OnUpgrade,
) -> Result<(), Failure> {
    let server = server.await.map_err(|error| {
        failure::server("upgrade-failed", format!("the server did not switch: {error}"), "")
    })?;
    let device = device.await.map_err(|_| failure::client_gone())?;
    let tick = session.shared.settings.limits.tick;
    relay(recorder, TokioIo::new(device), TokioIo::new(server), tick).await
}

/// The head as received; as the HTTP library understood it when it was not seen.
fn recorded(upstream: &Upstream, parts: &response::Parts) -> Answer {
    let (raw, interim) = upstream.tap.with(AnswerWatch::take);
    let seen = raw.as_ref().and_then(head::response);
    let answer = match seen {
        Some(seen) if seen.status == parts.status.as_u16() => seen,
        _ => Answer {
            status: parts.status.as_u16(),
            reason: parts.status.canonical_reason().unwrap_or_default().to_owned(),
            version: format!("{:?}", parts.version),
            headers: head::from_map(&parts.headers),
            ..Answer::default()
        },
    };
    Answer { interim, ..answer }
}
