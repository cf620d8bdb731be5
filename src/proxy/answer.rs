//! What we say ourselves when there is nothing to pass on.

use bytes::Bytes;
use hyper::header::{CONNECTION, CONTENT_TYPE, HeaderValue};
use hyper::{Response, StatusCode};
use tokio::sync::oneshot;

use super::body::Outgoing;
use super::head;
use super::recorder::Recorder;
use crate::model::Failure;
use crate::model::Leg;
use crate::model::Response as Answer;
use crate::model::Side;

/// The way back to the device, good for one answer.
pub(super) struct Reply(Option<oneshot::Sender<Response<Outgoing>>>);

impl Reply {
    pub(super) fn new(sender: oneshot::Sender<Response<Outgoing>>) -> Self {
        Self(Some(sender))
    }

    /// Sends the answer's head; false when the device is gone, or had its answer.
    pub(super) fn send(&mut self, response: Response<Outgoing>) -> bool {
        self.0.take().is_some_and(|sender| sender.send(response).is_ok())
    }

    /// Tells the device what failed, unless it had an answer or is to blame itself for going away.
    pub(super) async fn apologise(&mut self, recorder: &Recorder, failure: &Failure) {
        let Some(status) = status(failure) else { return };
        if self.0.is_none() {
            return;
        }
        let text = text(failure);
        let response = own(status, text.clone());
        let answer = Answer {
            status: status.as_u16(),
            reason: status.canonical_reason().unwrap_or_default().to_owned(),
            version: "HTTP/1.1".into(),
            headers: head::from_map(response.headers()),
            ours: true,
            ..Answer::default()
        };
        recorder.note(|exchange| exchange.response = Some(answer)).await;
        self.send(response);
        recorder.forwarded(Leg::Response, &text).await;
        recorder.body_ended(Leg::Response).await;
    }
}

/// An answer of ours in plain text. The connection ends with it: what the device was about to send
/// is of no use any more.
fn own(status: StatusCode, text: Bytes) -> Response<Outgoing> {
    let mut response = Response::new(Outgoing::Own(text));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
    headers.insert(CONNECTION, HeaderValue::from_static("close"));
    response
}

fn text(failure: &Failure) -> Bytes {
    let advice =
        if failure.advice.is_empty() { String::new() } else { format!("{}\n", failure.advice) };
    format!("synctap: {}\n{advice}", failure.cause).into()
}

/// The status for a failure; `None` when nobody is there to read it.
fn status(failure: &Failure) -> Option<StatusCode> {
    Some(match (failure.side, failure.code.as_str()) {
        (_, "proxy-loop") => StatusCode::LOOP_DETECTED,
        (_, "not-a-proxy-request" | "bad-target" | "malformed-request") => StatusCode::BAD_REQUEST,
        (Side::Client, _) | (_, "shutdown") => return None,
        (_, "upstream-timeout" | "upstream-tls-timeout") => StatusCode::GATEWAY_TIMEOUT,
        _ => StatusCode::BAD_GATEWAY,
    })
}
