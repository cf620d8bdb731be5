//! A client that ends its own direction and still waits for the answer (RFC 9293 §3.6).
//!
//! On the wire it looks like a client that went away: either way a FIN comes, or TLS's farewell.
//! The one that went away shows it as soon as it is written to. So while a request waits for its
//! answer the end of the stream is held back for a while, counted anew from every write that went
//! well; only then the client counts as gone. The HTTP library's own switch would hold it back for
//! as long as the answer takes, which for a poll is an hour.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use futures_util::task::AtomicWaker;
use hyper::body::{Body, Frame, SizeHint};
use tokio::time::{Instant, Sleep, sleep};

use super::body::{Cut, Outgoing};

/// Requests of a connection whose answers are not through.
#[derive(Debug, Clone, Default)]
pub(super) struct Answers(Arc<UnderWay>);

#[derive(Debug, Default)]
struct UnderWay {
    count: AtomicUsize,
    /// Whoever waits to be told the end.
    reader: AtomicWaker,
}

/// One of them, until it is dropped.
#[derive(Debug)]
pub(super) struct Answering(Answers);

impl Answers {
    /// One more is under way.
    pub(super) fn begin(&self) -> Answering {
        self.0.count.fetch_add(1, Ordering::Relaxed);
        Answering(self.clone())
    }

    fn any(&self) -> bool {
        self.0.count.load(Ordering::Acquire) > 0
    }
}

impl Drop for Answering {
    fn drop(&mut self) {
        let Answers(under_way) = &self.0;
        if under_way.count.fetch_sub(1, Ordering::AcqRel) == 1 {
            under_way.reader.wake();
        }
    }
}

/// The end of a client's stream, held back while answers are under way.
#[derive(Debug)]
pub(super) struct HalfClose {
    answers: Answers,
    patience: Duration,
    over: Option<Pin<Box<Sleep>>>,
}

impl HalfClose {
    /// Waits for `patience` after the end, and after each write behind it.
    pub(super) fn new(answers: Answers, patience: Duration) -> Self {
        Self { answers, patience, over: None }
    }

    /// The stream has ended; ready when that is to be told.
    pub(super) fn poll_end(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let Answers(under_way) = &self.answers;
        // Before the look: an answer may end in between.
        under_way.reader.register(cx.waker());
        if !self.answers.any() {
            return Poll::Ready(());
        }
        let patience = self.patience;
        let over = self.over.get_or_insert_with(|| Box::pin(sleep(patience)));
        over.as_mut().poll(cx)
    }

    /// Something was written: a client that went away would have refused it, now or next time.
    pub(super) fn wrote(&mut self) {
        if let Some(over) = &mut self.over {
            over.as_mut().reset(Instant::now() + self.patience);
        }
    }
}

/// An answer's body; the answer is under way until this is dropped.
pub(super) struct Held {
    body: Outgoing,
    _answering: Answering,
}

impl Held {
    /// Holds `answering` for as long as `body` is needed.
    pub(super) fn new(body: Outgoing, answering: Answering) -> Self {
        Self { body, _answering: answering }
    }
}

impl Body for Held {
    type Data = Bytes;
    type Error = Cut;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Cut>>> {
        Pin::new(&mut self.body).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn the_end_is_told_when_nobody_waits_or_nothing_moved() {
        const PATIENCE: Duration = Duration::from_secs(5);
        let answers = Answers::default();
        let mut half = HalfClose::new(answers.clone(), PATIENCE);
        let answering = answers.begin();
        let begun = Instant::now();
        let half_way = tokio::time::timeout(
            PATIENCE / 2,
            futures_util::future::poll_fn(|cx| half.poll_end(cx)),
        );
        assert!(half_way.await.is_err(), "an answer is under way");
        half.wrote();
        futures_util::future::poll_fn(|cx| half.poll_end(cx)).await;
        let waited = begun.elapsed();
        assert!(waited > PATIENCE && waited < PATIENCE * 2, "counted anew from the write");
        let mut half = HalfClose::new(answers.clone(), PATIENCE);
        let begun = Instant::now();
        let answered = async {
            sleep(PATIENCE / 5).await;
            drop(answering);
        };
        let ended = futures_util::future::poll_fn(|cx| half.poll_end(cx));
        tokio::join!(answered, ended);
        assert!(begun.elapsed() < PATIENCE / 2, "nobody waits any more");
    }
}
