//! From facts and bytes to everything that is said about an exchange.

use std::cell::Cell;
use std::fmt::Write as _;
use std::panic::{AssertUnwindSafe, catch_unwind};

use bytes::Bytes;

use crate::analyze;
use crate::analyze::Observation;
use crate::analyze::signature;
use crate::analyze::signature::Signature;
use crate::codec;
use crate::codec::cms::{CertificateId, Enveloped};
use crate::codec::{Hints, Opener, Opening, Progress};
use crate::model::{
    Annotated, BodyFacts, Carrier, Decoded, Detail, Exchange, Format, Grade, Headers, Holds, Layer,
    LayerId, Leg, Level, Problem, Row, Span, StepFinding, Summary,
};
use crate::render::{bytes, signature_lines};
use crate::seal::{Circumstances, Keyring, KnownCertificate};

use super::folds::Folds;

/// Version of decoder and analysis together: rows made by an older one are rebuilt. Raise it when
/// what a row says changes.
pub const DECODER_VERSION: u32 = 7;

/// Most bytes of one body that are decoded for its list line, so that no body holds up those
/// behind it for more than some milliseconds. The detail view decodes all of it.
pub(super) const ROW_LIMIT: usize = 1024 * 1024;

/// Everything about one exchange. The bodies are what the capture holds of them; `None` while there
/// is nothing of that leg.
pub fn detail_of(exchange: Exchange, request: Option<Bytes>, response: Option<Bytes>) -> Detail {
    detail_in_steps(exchange, request, response, Reading::default())
}

/// The same; `reading` says with which keys, and who is told how far large bodies are decoded.
pub(super) fn detail_in_steps(
    exchange: Exchange,
    request: Option<Bytes>,
    response: Option<Bytes>,
    reading: Reading<'_>,
) -> Detail {
    let decode = |leg, bytes| decode_in_steps(&exchange, leg, bytes, reading);
    let request = request.map(|bytes| decode(Leg::Request, bytes));
    let response = response.map(|bytes| decode(Leg::Response, bytes));
    let mut annotated = annotate(&exchange, request.as_ref(), response.as_ref());
    let bodies = [request.as_ref(), response.as_ref()];
    for signature in guarded(|| signatures(&exchange, bodies, reading)).unwrap_or_default() {
        let lines = signature_lines(&signature.report);
        annotated.overview.extend(lines.into_iter().map(|line| ("signature", line)));
    }
    Detail { exchange, request, response, annotated }
}

/// The signatures of an exchange, checked as the list has them: with the certificates of the exchanges
/// before it, which are looked for only when one is missing.
fn signatures(
    exchange: &Exchange,
    [request, response]: [Option<&Decoded>; 2],
    reading: Reading<'_>,
) -> Vec<Signature> {
    let none = Keyring::new();
    let keyring = reading.keyring.unwrap_or(&none);
    let check = |known: &[KnownCertificate]| {
        let (carrier, at) = (Carrier::Body, exchange.started);
        let circumstances = Circumstances { carrier, at, now: None, keyring, known };
        signature::in_exchange(exchange, request, response, &circumstances)
    };
    let found = check(&[]);
    let holds = found.iter().all(|signature| signature.report.holds == Holds::Valid);
    match reading.known.filter(|_| !holds) {
        Some(known) => check(&known()),
        None => found,
    }
}

/// Findings kept in one list line.
const FINDINGS: usize = 16;

/// The list line of an exchange whose bodies are decoded already, each up to [`ROW_LIMIT`], with what
/// `folds` know of the exchanges before it; says so when that was not all.
pub(super) fn row_of(
    exchange: &Exchange,
    request: Option<&Decoded>,
    response: Option<&Decoded>,
    folds: &mut Folds,
) -> Row {
    let (annotated, _) = tell(exchange, request, response, folds);
    let Annotated { mut summary, mut findings, .. } = annotated;
    findings.truncate(FINDINGS);
    let bodies =
        [exchange.request.as_ref().map(|r| r.body), exchange.response.as_ref().map(|r| r.body)];
    if bodies.into_iter().flatten().any(|body| body.kept > ROW_LIMIT as u64) {
        let gap = if summary.facts.is_empty() { "" } else { ", " };
        let _ = write!(summary.facts, "{gap}read up to {} only", bytes(ROW_LIMIT as u64));
    }
    let mut row = Row::new(exchange, summary);
    row.findings = findings;
    row
}

/// Says what one exchange means, and adds it to what is known of its device.
pub(super) fn tell(
    exchange: &Exchange,
    request: Option<&Decoded>,
    response: Option<&Decoded>,
    folds: &mut Folds,
) -> (Annotated, Option<Observation>) {
    let (annotated, observed, _) = observe(exchange, request, response, folds);
    (annotated, observed)
}

/// The same, with its signatures.
pub(super) fn observe(
    exchange: &Exchange,
    request: Option<&Decoded>,
    response: Option<&Decoded>,
    folds: &mut Folds,
) -> (Annotated, Option<Observation>, Vec<Signature>) {
    let Folds { sessions, signatures, .. } = folds;
    let seen = guarded(|| signatures.observe(exchange, request, response)).unwrap_or_default();
    let told = guarded(|| sessions.tell_knowing(exchange, request, response, &seen.keys()));
    let (mut annotated, mut observed) = told.unwrap_or_else(|| (unexplained(), None));
    // A body that is encrypted says nothing of its device, but its signature does.
    let device = observed.as_ref().map(|observed| observed.device.clone());
    if let Some(device) = device.or_else(|| sessions.owner(&seen.keys())) {
        signatures.bind(&device, exchange, &seen);
    }
    for signature in &seen.signatures {
        let facts = &mut annotated.summary.facts;
        let gap = if facts.is_empty() { "" } else { ", " };
        let _ = write!(facts, "{gap}signature {}", signature.report.holds.words());
    }
    if let Some(observed) = observed.as_mut().filter(|_| !seen.findings.is_empty()) {
        observed.step.findings.extend(seen.findings.iter().map(StepFinding::of));
        observed.findings.extend(seen.findings.iter().cloned());
    }
    annotated.also_found(seen.findings);
    (annotated, observed, seen.signatures)
}

/// Decodes one body with what its headers say about it.
pub(super) fn decode_leg(
    exchange: &Exchange,
    leg: Leg,
    bytes: Bytes,
    keyring: Option<&Keyring>,
) -> Decoded {
    decode_in_steps(exchange, leg, bytes, Reading { keyring, ..Reading::default() })
}

/// The same, with the keys of the run and the certificates that exchanges before it brought.
pub(super) fn decode_knowing(
    exchange: &Exchange,
    leg: Leg,
    bytes: Bytes,
    folds: &Folds,
) -> Decoded {
    let whose = |id: &CertificateId<'_>| folds.whose(id, exchange);
    let (keyring, whose): (_, Option<&Whose<'_>>) = (Some(&*folds.keyring), Some(&whose));
    decode_in_steps(exchange, leg, bytes, Reading { keyring, whose, ..Reading::default() })
}

/// How bodies are read.
#[derive(Clone, Copy, Default)]
pub(super) struct Reading<'a> {
    /// Who is told how far large bodies are decoded.
    pub(super) progress: Progress<'a>,
    /// Keys for what is encrypted.
    pub(super) keyring: Option<&'a Keyring>,
    /// Certificates that were seen before.
    pub(super) known: Option<&'a dyn Fn() -> Vec<KnownCertificate>>,
    /// Says whose certificates are, for the recipients of what is encrypted.
    pub(super) whose: Option<&'a Whose<'a>>,
}

/// Whose certificate it is that is named so.
pub(super) type Whose<'a> = dyn Fn(&CertificateId<'_>) -> Option<String> + 'a;

impl std::fmt::Debug for Reading<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Reading").field("keyring", &self.keyring).finish_non_exhaustive()
    }
}

/// Recipients of one body that are looked for among the certificates seen.
const RECIPIENTS: usize = 64;

/// What opens a body, and knows the certificates of the capture.
#[derive(Debug)]
struct Desk<'a> {
    reading: Reading<'a>,
    /// Recipients that may still be looked for.
    left: Cell<usize>,
}

impl Opener for Desk<'_> {
    fn open(&self, sealed: &Enveloped<'_>) -> Opening {
        match self.reading.keyring {
            Some(keyring) => keyring.open(sealed),
            None => Opening::Closed("no key was given".to_owned()),
        }
    }

    fn known(&self, id: &CertificateId<'_>) -> Option<String> {
        self.left.set(self.left.get().checked_sub(1)?);
        // What the capture tells says more: the device too.
        let seen = self.reading.whose.and_then(|whose| whose(id));
        seen.or_else(|| self.reading.keyring?.known(id))
    }
}

fn decode_in_steps(exchange: &Exchange, leg: Leg, bytes: Bytes, reading: Reading<'_>) -> Decoded {
    let none = Headers::default();
    let (headers, body) = match leg {
        Leg::Request => exchange.request.as_ref().map(|r| (&r.headers, r.body)),
        Leg::Response => exchange.response.as_ref().map(|r| (&r.headers, r.body)),
    }
    .unwrap_or((&none, BodyFacts::default()));
    let hints = Hints {
        content_type: headers.first("content-type").unwrap_or_default(),
        content_encoding: headers.first("content-encoding").unwrap_or_default(),
        target: exchange.request.as_ref().map_or("", |r| r.path_and_query()),
        leg: Some(leg),
        truncated: body.truncated() || !body.ended || (bytes.len() as u64) < body.seen,
        strict: false,
        progress: reading.progress,
    };
    let copy = bytes.clone();
    let desk = Desk { reading, left: Cell::new(RECIPIENTS) };
    guarded(|| codec::decode_opening(bytes, None, &hints, &desk))
        .unwrap_or_else(|| undecodable(copy))
}

pub(super) fn annotate(
    exchange: &Exchange,
    request: Option<&Decoded>,
    response: Option<&Decoded>,
) -> Annotated {
    guarded(|| analyze::annotate(exchange, request, response)).unwrap_or_else(unexplained)
}

fn unexplained() -> Annotated {
    Annotated {
        summary: Summary {
            facts: "synctap could not explain this exchange: please report it".to_owned(),
            level: Level::Alarm,
            ..Summary::default()
        },
        ..Annotated::default()
    }
}

/// Runs pure code that must not panic, and survives if it does: a week of traffic is worth more
/// than one body.
fn guarded<T>(work: impl FnOnce() -> T) -> Option<T> {
    catch_unwind(AssertUnwindSafe(work)).ok()
}

/// What is known before bodies are decoded: their bytes.
pub(super) fn undecoded(
    exchange: &Exchange,
    request: Option<&Bytes>,
    response: Option<&Bytes>,
) -> Detail {
    let body = |bytes: Option<&Bytes>| {
        let layers = vec![raw(bytes?.clone())];
        Some(Decoded { layers, problems: Vec::new() })
    };
    Detail {
        request: body(request),
        response: body(response),
        annotated: annotate(exchange, None, None),
        exchange: exchange.clone(),
    }
}

fn raw(bytes: Bytes) -> Layer {
    let format = if bytes.is_empty() { Format::Empty } else { Format::Binary("binary") };
    let (label, facts) = ("body".into(), Vec::new());
    Layer { label, origin: None, bytes, format, tree: None, facts }
}

fn undecodable(bytes: Bytes) -> Decoded {
    let span = Span::new(0, bytes.len());
    Decoded {
        layers: vec![raw(bytes)],
        problems: vec![Problem {
            layer: LayerId::BODY,
            span,
            grade: Grade::Broken,
            code: "decoder-failed",
            text: "the decoder failed on this body: please report it".to_owned(),
        }],
    }
}
