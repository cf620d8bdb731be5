//! Bodies on their way: frame by frame, byte for byte, never collected.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http_body_util::BodyExt;
use hyper::body::{Body, Frame, Incoming, SizeHint};
use tokio::sync::mpsc;

use super::head;
use super::limits::FRAMES_IN_HAND;
use super::recorder::Recorder;
use super::tap::{Farewell, NextFlush};
use crate::model::Leg;

/// A body we send: none, one of our own, or one that is being forwarded.
pub(super) enum Outgoing {
    /// Nothing, and nothing is said about a length.
    Empty,
    /// Our own words.
    Own(Bytes),
    /// Frames from the other connection, and how the body ends if they do too early.
    Forwarded { frames: mpsc::Receiver<Piece>, ended: bool, cut: Option<CutSo> },
}

/// How a body ends whose sender broke off. The HTTP library forgets what it has not written when a
/// body fails, the head included.
pub(super) enum CutSo {
    /// By failing, after all that came before is written.
    AfterFlush(NextFlush),
    /// By the end of our direction alone: who closes a connection with unread bytes resets it, and
    /// what the peer has not read yet is lost. The connection lasts until the peer closes it, or who
    /// waits for the answer lets go.
    HalfClosed(Farewell),
}

/// A piece of a forwarded body.
pub(super) enum Piece {
    /// Data or trailers.
    Frame(Frame<Bytes>),
    /// The end as the sender's framing promised. Without it the body is cut.
    End,
}

/// The other side broke off: the connection must be cut so that nobody takes this for a whole body.
#[derive(Debug, thiserror::Error)]
#[error("the other side broke off")]
pub(super) struct Cut;

/// Why a body is not pumped any further.
pub(super) enum Pumped {
    /// Its end was reached and passed on.
    Ended,
    /// Nobody wants the rest.
    Unwanted,
    /// Its sender broke off.
    Broken,
}

impl Outgoing {
    /// A body to forward and the sender that feeds it.
    pub(super) fn forwarded() -> (mpsc::Sender<Piece>, Self) {
        let (sender, frames) = mpsc::channel(FRAMES_IN_HAND);
        (sender, Self::Forwarded { frames, ended: false, cut: None })
    }

    /// Says how a body that is cut is to end.
    pub(super) fn cut_so(&mut self, how: CutSo) {
        if let Self::Forwarded { cut, .. } = self {
            *cut = Some(how);
        }
    }
}

impl Body for Outgoing {
    type Data = Bytes;
    type Error = Cut;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Cut>>> {
        match &mut *self {
            Self::Empty | Self::Forwarded { ended: true, .. } => Poll::Ready(None),
            Self::Own(bytes) => {
                let bytes = std::mem::take(bytes);
                *self = Self::Empty;
                Poll::Ready(Some(Ok(Frame::data(bytes))))
            }
            Self::Forwarded { frames, ended, cut } => match ready!(frames.poll_recv(cx)) {
                Some(Piece::Frame(frame)) => Poll::Ready(Some(Ok(frame))),
                Some(Piece::End) => {
                    *ended = true;
                    Poll::Ready(None)
                }
                None => {
                    match cut {
                        None => {}
                        Some(CutSo::AfterFlush(flushed)) => ready!(flushed.poll()),
                        Some(CutSo::HalfClosed(farewell)) => {
                            farewell.say();
                            return Poll::Pending;
                        }
                    }
                    *ended = true;
                    Poll::Ready(Some(Err(Cut)))
                }
            },
        }
    }

    fn is_end_stream(&self) -> bool {
        match self {
            Self::Empty => true,
            Self::Own(bytes) => bytes.is_empty(),
            Self::Forwarded { ended, .. } => *ended,
        }
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Empty => SizeHint::with_exact(0),
            Self::Own(bytes) => SizeHint::with_exact(u64::try_from(bytes.len()).unwrap_or(0)),
            // The head says how long it is; the HTTP library follows the head.
            Self::Forwarded { .. } => SizeHint::default(),
        }
    }
}

/// Moves `body` to `sender` until either ends. A frame goes on first; its copy is kept after.
pub(super) async fn pump(
    recorder: &Recorder,
    leg: Leg,
    mut body: Incoming,
    sender: mpsc::Sender<Piece>,
) -> Pumped {
    loop {
        if body.is_end_stream() {
            break;
        }
        let frame = tokio::select! {
            frame = body.frame() => frame,
            () = sender.closed() => return Pumped::Unwanted,
        };
        let frame = match frame {
            None => break,
            Some(Err(_)) => return Pumped::Broken,
            Some(Ok(frame)) => frame,
        };
        let copy = frame.data_ref().cloned();
        if let Some(trailers) = frame.trailers_ref() {
            note_trailers(recorder, leg, trailers).await;
        }
        if sender.send(Piece::Frame(frame)).await.is_err() {
            return Pumped::Unwanted;
        }
        if let Some(copy) = copy {
            recorder.forwarded(leg, &copy).await;
        }
    }
    // A receiver that has counted the last byte does not wait to be told.
    let _ = sender.send(Piece::End).await;
    recorder.body_ended(leg).await;
    Pumped::Ended
}

async fn note_trailers(recorder: &Recorder, leg: Leg, trailers: &hyper::HeaderMap) {
    let trailers = head::from_map(trailers);
    recorder
        .note(|exchange| match leg {
            Leg::Request => {
                exchange.request.iter_mut().for_each(|r| r.trailers.clone_from(&trailers));
            }
            Leg::Response => {
                exchange.response.iter_mut().for_each(|r| r.trailers.clone_from(&trailers));
            }
        })
        .await;
}
