//! Finding heads in what passes a tap.

use std::collections::VecDeque;

use bytes::{Bytes, BytesMut};

use super::framing::{Chunk, Framing};
use super::head::{self, BodyLength};
use super::limits::QUOTE_BYTES;
use super::tap::Watch;

/// Watches requests: finds where each begins and keeps its head.
#[derive(Debug)]
pub(super) struct RequestWatch {
    state: RequestState,
    heads: VecDeque<Bytes>,
    limit: usize,
    start: Bytes,
    overrun: bool,
}

#[derive(Debug)]
enum RequestState {
    Head {
        bytes: Vec<u8>,
        searched: usize,
    },
    Body(Framing),
    /// What comes is not understood, or not ours to understand (after CONNECT).
    Lost,
}

impl RequestWatch {
    /// Keeps heads of at most `limit` bytes.
    pub(super) fn new(limit: usize) -> Self {
        Self {
            state: RequestState::begin(),
            heads: VecDeque::new(),
            limit,
            start: Bytes::new(),
            overrun: false,
        }
    }

    /// The head of the next request handed out by the HTTP library.
    pub(super) fn next_head(&mut self) -> Option<Bytes> {
        self.heads.pop_front()
    }

    /// The first bytes of what the HTTP library stumbled over, for a sentence about it: a head it
    /// did not hand out, else whatever came last.
    pub(super) fn start(&self) -> &[u8] {
        let bytes = match (self.heads.front(), &self.state) {
            (Some(head), _) => &head[..],
            (None, RequestState::Head { bytes, .. }) => bytes,
            (None, _) => &self.start[..],
        };
        &bytes[..bytes.len().min(QUOTE_BYTES)]
    }

    /// True when some, but not all, of a head was read.
    pub(super) fn in_head(&self) -> bool {
        matches!(&self.state, RequestState::Head { bytes, .. } if !bytes.is_empty())
    }

    /// True when what could not be understood came in one go with the end of a body. It did not if
    /// the head before that body is what the HTTP library refused: nobody took it.
    pub(super) fn overrun(&self) -> bool {
        self.overrun && self.heads.is_empty()
    }

    fn lose(&mut self, bytes: &[u8]) {
        self.start = Bytes::copy_from_slice(&bytes[..bytes.len().min(QUOTE_BYTES)]);
        self.state = RequestState::Lost;
    }

    /// Looks at bytes of a head; returns those after it.
    fn in_head_step<'a>(
        &mut self,
        mut bytes: Vec<u8>,
        searched: usize,
        fresh: &'a [u8],
    ) -> &'a [u8] {
        // Empty lines before a request are skipped (RFC 9112 §2.2).
        let odd = if bytes.is_empty() {
            fresh.iter().take_while(|b| matches!(b, b'\r' | b'\n')).count()
        } else {
            0
        };
        let fresh = &fresh[odd..];
        let before = bytes.len();
        bytes.extend_from_slice(fresh);
        let end = head::head_end(&bytes, searched);
        if end.unwrap_or(bytes.len()) > self.limit {
            self.lose(&bytes);
            return &[];
        }
        let Some(end) = end else {
            self.state = RequestState::Head { searched: bytes.len(), bytes };
            return &[];
        };
        bytes.truncate(end);
        self.whole_head(bytes);
        &fresh[end - before..]
    }

    fn whole_head(&mut self, bytes: Vec<u8>) {
        let raw = Bytes::from(bytes);
        let Some(request) = head::request(&raw) else { return self.lose(&raw) };
        self.overrun = false;
        self.state = match head::request_body_length(&request.headers) {
            _ if request.method == "CONNECT" => RequestState::Lost,
            BodyLength::Known(0) => RequestState::begin(),
            BodyLength::Known(length) => RequestState::Body(Framing::Length(length)),
            BodyLength::Chunked => RequestState::Body(Framing::Chunked(Chunk::START)),
        };
        self.heads.push_back(raw);
    }

    /// One step; returns the bytes still to be looked at.
    fn step<'a>(&mut self, fresh: &'a [u8]) -> &'a [u8] {
        match &mut self.state {
            RequestState::Lost => &[],
            RequestState::Body(framing) => {
                let Some((count, over)) = framing.take(fresh) else {
                    self.lose(fresh);
                    return &[];
                };
                if over {
                    self.state = RequestState::begin();
                    self.overrun = fresh.len() > count;
                }
                &fresh[count..]
            }
            RequestState::Head { bytes, searched } => {
                let (bytes, searched) = (std::mem::take(bytes), *searched);
                self.in_head_step(bytes, searched, fresh)
            }
        }
    }
}

impl RequestState {
    fn begin() -> Self {
        Self::Head { bytes: Vec::new(), searched: 0 }
    }
}

impl Watch for RequestWatch {
    fn read(&mut self, bytes: &[u8]) {
        // Every step takes bytes or all of them: a body that is waited for is not empty.
        let mut rest = bytes;
        while !rest.is_empty() {
            rest = self.step(rest);
        }
    }

    fn between(&self) -> bool {
        matches!(&self.state, RequestState::Head { bytes, .. } if bytes.is_empty())
    }
}

/// Watches answers, one at a time: from the moment it is armed until a final head was seen.
#[derive(Debug)]
pub(super) struct AnswerWatch {
    armed: bool,
    bytes: BytesMut,
    searched: usize,
    interim: Vec<u16>,
    head: Option<Bytes>,
    after: u64,
    limit: usize,
}

impl AnswerWatch {
    /// Keeps heads of at most `limit` bytes.
    pub(super) fn new(limit: usize) -> Self {
        Self {
            armed: false,
            bytes: BytesMut::new(),
            searched: 0,
            interim: Vec::new(),
            head: None,
            after: 0,
            limit,
        }
    }

    /// A request is about to be sent: what comes next is its answer.
    pub(super) fn arm(&mut self) {
        *self = Self { armed: true, ..Self::new(self.limit) };
    }

    /// The answer's head as received, and the status codes of interim answers before it.
    pub(super) fn take(&mut self) -> (Option<Bytes>, Vec<u16>) {
        (self.head.take(), std::mem::take(&mut self.interim))
    }

    /// Bytes read since the end of the answer's head; line ends behind a body do not count, as old
    /// servers send some.
    pub(super) fn after_head(&self) -> u64 {
        self.after
    }

    fn count(&mut self, bytes: &[u8]) {
        let blank = bytes.len() <= 2 && bytes.iter().all(|byte| matches!(byte, b'\r' | b'\n'));
        if !blank {
            self.after = self.after.saturating_add(u64::try_from(bytes.len()).unwrap_or(u64::MAX));
        }
    }

    /// The first bytes of a head that is not complete, or that the HTTP library did not take, for a
    /// sentence about it.
    pub(super) fn start(&self) -> &[u8] {
        let bytes = self.head.as_deref().unwrap_or(&self.bytes);
        &bytes[..bytes.len().min(QUOTE_BYTES)]
    }
}

impl Watch for AnswerWatch {
    fn read(&mut self, bytes: &[u8]) {
        if !self.armed {
            return self.count(bytes);
        }
        self.bytes.extend_from_slice(bytes);
        while self.armed {
            let Some(end) = head::head_end(&self.bytes, self.searched) else {
                self.searched = self.bytes.len();
                self.armed = self.bytes.len() <= self.limit;
                return;
            };
            // A copy: the head must not hold on to the body that was read with it.
            let raw = Bytes::copy_from_slice(&self.bytes.split_to(end));
            self.searched = 0;
            match head::response(&raw) {
                Some(head) if head.status < 200 && head.status != 101 => {
                    self.interim.push(head.status);
                }
                Some(_) => {
                    self.armed = false;
                    let body = std::mem::take(&mut self.bytes);
                    self.head = Some(raw);
                    self.count(&body);
                }
                None => {
                    self.armed = false;
                    self.bytes = BytesMut::from(&raw[..raw.len().min(QUOTE_BYTES)]);
                }
            }
        }
    }

    fn between(&self) -> bool {
        !self.armed
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMIT: usize = 1000;

    fn heads(bytes: &[u8], step: usize) -> Vec<Bytes> {
        let mut watch = RequestWatch::new(LIMIT);
        bytes.chunks(step).for_each(|piece| watch.read(piece));
        std::iter::from_fn(|| watch.next_head()).collect()
    }

    #[test]
    fn every_head_is_found_between_the_bodies() {
        let one = "POST /1 HTTP/1.1\r\nX-A: 1\r\nx-a: 2\r\nContent-Length: 20\r\n\r\n";
        let two = "PUT /2 HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n";
        let three = "GET /3 HTTP/1.1\r\nHost: h\r\n\r\n";
        let all =
            format!("\r\n{one}GET /no HTTP/1.1\r\n\r\n{two}3\r\nabc\r\n0\r\n\r\n{three}{three}");
        for step in [1, 2, 5, 17, 10_000] {
            assert_eq!(heads(all.as_bytes(), step), [one, two, three, three], "step {step}");
        }
    }

    #[test]
    fn flipped_and_missing_bytes_never_panic() {
        let all = b"\r\nPUT / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n\r\nGET / HTTP/1.1\r\n\r\n";
        for at in 0..all.len() {
            let mut bad = all.to_vec();
            bad[at] ^= 0x2a;
            for step in [1, 3, 100] {
                assert!(heads(&bad, step).len() <= 2);
                heads(&all[at..], step);
                let mut answers = AnswerWatch::new(LIMIT);
                answers.arm();
                bad.chunks(step).for_each(|piece| answers.read(piece));
            }
        }
    }

    #[test]
    fn nonsense_and_long_heads_are_let_go() {
        assert_eq!(heads(b"\x00\x01\x02\r\n\r\nGET / HTTP/1.1\r\n\r\n", 3), [] as [&str; 0]);
        let long = format!("GET /{} HTTP/1.1\r\n\r\nGET / HTTP/1.1\r\n\r\n", "x".repeat(LIMIT));
        assert_eq!(heads(long.as_bytes(), 7), [] as [&str; 0]);
        let mut watch = RequestWatch::new(LIMIT);
        watch.read(b"hello wor");
        assert_eq!((watch.start(), watch.in_head()), (&b"hello wor"[..], true));
    }

    #[test]
    fn an_answer_is_caught_after_its_interim_answers() {
        for step in [1, 4, 1000] {
            let mut watch = AnswerWatch::new(LIMIT);
            watch.read(b"stray bytes before anything was asked");
            watch.arm();
            let all = b"HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 200 OK\r\nA: b\r\n\r\nbody\r\n\r\n";
            all.chunks(step).for_each(|piece| watch.read(piece));
            let (head, interim) = watch.take();
            assert_eq!(head.unwrap(), "HTTP/1.1 200 OK\r\nA: b\r\n\r\n");
            assert_eq!(interim, [103]);
        }
    }
}
