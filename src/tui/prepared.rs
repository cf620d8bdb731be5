//! An exchange made ready to be looked at: everything that takes as long as the bodies are large.
//!
//! Built off the screen's thread; afterwards every view asks for the lines in its window, which are
//! made when they are asked for. What is kept beside the bodies is 16 bytes a line of a tree, and less
//! for XML.

use std::ops::Range;
use std::sync::{Arc, Mutex, PoisonError};

use crate::engine::ValuePlace;
use crate::model::{
    Decoded, Detail, ExchangeId, LayerId, Leg, Level, NodeId, Note, Span, State, WallTime,
};
use crate::render::{
    Hidden, IndexedXml, Outline, OutlineOptions, Outlined, SecretPlaces, Secrets, XmlLine, age,
    clean, count, each_xml_line, headers, overview,
};

/// Longest value of a tree, in characters: more than a screen shows at once.
const VALUE_LIMIT: usize = 4096;

/// Most lines of a text or binary layer in a tree; the hex view has them all.
const LAYER_LINES: usize = 10_000;

/// Lines of XML made beyond those in sight, so that small movements make none.
const AHEAD: usize = 64;

/// The lines of one exchange.
#[derive(Debug)]
pub(crate) struct Prepared {
    /// What they are made from.
    pub(crate) detail: Detail,
    /// Whether secrets stand in them.
    pub(crate) secrets: Secrets,
    /// Values that the user opened.
    pub(crate) opened: Vec<ValuePlace>,
    /// Labels and texts of the overview.
    pub(crate) overview: Vec<(String, String)>,
    /// Bodies are bytes as yet: they are being decoded.
    pub(crate) undecoded: bool,
    request: LegLines,
    response: LegLines,
}

/// What is known of the lines of one half.
#[derive(Debug, Default)]
struct LegLines {
    tree: Outline,
    /// Documents as XML; one inside another is part of that.
    xml: Vec<IndexedXml>,
    /// The lines of XML made last: which document, the first, and they.
    window: Mutex<(usize, usize, Arc<[XmlLine]>)>,
    headers: Vec<(String, String)>,
    /// Where secrets are, while they are masked.
    secret: SecretPlaces,
}

/// One half of a prepared exchange.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Half<'a> {
    lines: &'a LegLines,
    /// Its body, if there is one.
    pub(crate) decoded: Option<&'a Decoded>,
    notes: &'a [Note],
}

impl Prepared {
    /// Prepares every line of `detail`.
    pub(crate) fn new(detail: Detail, secrets: Secrets) -> Self {
        Self {
            overview: overview(&detail, secrets),
            request: LegLines::new(&detail, Leg::Request, secrets),
            response: LegLines::new(&detail, Leg::Response, secrets),
            secrets,
            opened: Vec::new(),
            undecoded: false,
            detail,
        }
    }

    /// Prepares `detail` whose bodies are yet to be decoded: its header fields and bytes.
    pub(crate) fn undecoded(detail: Detail, secrets: Secrets) -> Self {
        let half =
            |leg| LegLines { headers: headers(&detail, leg, secrets), ..LegLines::default() };
        Self {
            overview: overview(&detail, secrets),
            request: half(Leg::Request),
            response: half(Leg::Response),
            secrets,
            opened: Vec::new(),
            undecoded: true,
            detail,
        }
    }

    /// Which exchange.
    pub(crate) fn id(&self) -> ExchangeId {
        self.detail.exchange.id
    }

    /// One half.
    pub(crate) fn half(&self, leg: Leg) -> Half<'_> {
        let lines = match leg {
            Leg::Request => &self.request,
            Leg::Response => &self.response,
        };
        let (decoded, notes) = (self.detail.decoded(leg), self.detail.annotated.notes(leg));
        Half { lines, decoded, notes }
    }

    /// Why one half has no body to show.
    pub(crate) fn missing(&self, leg: Leg, now: WallTime) -> String {
        let exchange = &self.detail.exchange;
        let head = match leg {
            Leg::Request => exchange.request.is_some(),
            Leg::Response => exchange.response.is_some(),
        };
        match (&exchange.state, leg, head) {
            (State::InFlight, Leg::Request, _) => "the request has not ended yet".to_owned(),
            (State::InFlight, Leg::Response, false) => {
                let micros = now.0.saturating_sub(exchange.started.0).max(0).unsigned_abs();
                let waited = age(std::time::Duration::from_micros(micros));
                format!("waiting for the answer for {waited}")
            }
            (State::InFlight, Leg::Response, true) => "the answer has not ended yet".to_owned(),
            (State::Failed(failure), _, _) => {
                format!("nothing to show: {}", clean(&failure.cause))
            }
            (State::CutOff, _, _) => "nothing to show: cut off when synctap was stopped".to_owned(),
            (State::Complete, _, true) => "no body".to_owned(),
            (State::Complete, leg, false) => format!("no {}", leg.name()),
        }
    }

    /// The loudest thing said about one half, for the mark on its tab.
    pub(crate) fn level(&self, leg: Leg) -> Level {
        let noted = self.detail.annotated.notes(leg).iter().map(|note| note.level).max();
        let broken = self.detail.decoded(leg).is_some_and(Decoded::is_broken);
        let said = noted.unwrap_or_default();
        if broken { Level::Alarm } else { said }
    }
}

impl LegLines {
    fn new(detail: &Detail, leg: Leg, secrets: Secrets) -> Self {
        let headers = headers(detail, leg, secrets);
        let Some(decoded) = detail.decoded(leg) else {
            return Self { headers, ..Self::default() };
        };
        let options = OutlineOptions {
            value_limit: VALUE_LIMIT,
            layer_lines: LAYER_LINES,
            secrets,
            only_inside: false,
        };
        let tree = Outline::new(decoded, detail.annotated.notes(leg), options);
        let secret = SecretPlaces::of(decoded, tree.hidden());
        let mut xml: Vec<IndexedXml> = Vec::new();
        for (id, _) in decoded.ids().filter(|(_, layer)| layer.tree.is_some()) {
            if xml.iter().all(|document| !document.has(id)) {
                xml.push(IndexedXml::new(decoded, tree.hidden(), id));
            }
        }
        Self { tree, xml, headers, secret, window: Mutex::default() }
    }
}

impl<'a> Half<'a> {
    /// The annotated tree; without lines when there is no body, or it is yet to be decoded.
    pub(crate) fn tree(self) -> Outlined<'a> {
        Outlined::new(&self.lines.tree, self.decoded, self.notes)
    }

    /// Names and values of the header fields.
    pub(crate) fn headers(self) -> &'a [(String, String)] {
        &self.lines.headers
    }

    /// What is masked.
    pub(crate) fn hidden(self) -> &'a Hidden {
        self.lines.tree.hidden()
    }

    /// True when this byte belongs to a secret that is masked.
    pub(crate) fn is_secret(self, layer: LayerId, offset: usize) -> bool {
        self.lines.secret.covers(layer, offset)
    }

    /// The bytes of a layer; empty when there is none.
    pub(crate) fn bytes(self, layer: LayerId) -> &'a [u8] {
        let layer = self.decoded.and_then(|decoded| decoded.layer(layer));
        layer.map(|layer| &*layer.bytes).unwrap_or_default()
    }

    /// Bytes of the largest layer.
    pub(crate) fn largest_layer(self) -> usize {
        let layers = self.decoded.into_iter().flat_map(|decoded| &decoded.layers);
        layers.map(|layer| layer.bytes.len()).max().unwrap_or(0)
    }

    /// `gzip, 234 bytes, selected 0x1a..0x2f (22 bytes)`.
    pub(crate) fn place(self, layer: LayerId, span: Span) -> String {
        let Some(found) = self.decoded.and_then(|decoded| decoded.layer(layer)) else {
            return String::new();
        };
        let of = format!("{}, {}", clean(&found.label), count(found.bytes.len() as u64, "byte"));
        if span.is_empty() {
            return format!("{of}, selected 0x{:x}", span.start);
        }
        let selected = count(span.len() as u64, "byte");
        format!("{of}, selected 0x{:x}..0x{:x} ({selected})", span.start, span.end - 1)
    }

    /// Lines of the XML in which a layer stands; 0 when there is no document.
    pub(crate) fn xml_len(self, layer: LayerId) -> usize {
        self.document(layer).map_or(0, |at| self.lines.xml[at].len())
    }

    /// Some of these lines, from the first on, and where they begin in what is returned.
    pub(crate) fn xml(self, layer: LayerId, range: Range<usize>) -> (Arc<[XmlLine]>, usize) {
        let none = || (Arc::from([]), 0);
        let (Some(at), Some(decoded)) = (self.document(layer), self.decoded) else { return none() };
        let range = range.start..range.end.min(self.lines.xml[at].len());
        let mut window = self.lines.window.lock().unwrap_or_else(PoisonError::into_inner);
        let (of, first, lines) = &*window;
        if *of != at || range.start < *first || range.end > first + lines.len() {
            let start = range.start.saturating_sub(AHEAD);
            let lines = self.lines.xml[at].lines(decoded, self.hidden(), start..range.end + AHEAD);
            *window = (at, start, lines.into());
        }
        let (_, first, lines) = &*window;
        (Arc::clone(lines), range.start.saturating_sub(*first))
    }

    /// One line of the XML in which a layer stands.
    pub(crate) fn xml_line(self, layer: LayerId, at: usize) -> Option<XmlLine> {
        let (lines, first) = self.xml(layer, at..at + 1);
        lines.get(first).cloned()
    }

    /// The first line of that XML that shows a node.
    pub(crate) fn xml_position(self, layer: LayerId, node: NodeId) -> Option<usize> {
        let document = &self.lines.xml[self.document(layer)?];
        document.position(self.decoded?, self.hidden(), layer, node)
    }

    /// Calls `each` with the number and text of every line of that XML until it returns false.
    pub(crate) fn each_xml_line(self, layer: LayerId, each: &mut dyn FnMut(usize, &str) -> bool) {
        let (Some(at), Some(decoded)) = (self.document(layer), self.decoded) else { return };
        let top = self.lines.xml[at].top();
        let mut number = 0;
        each_xml_line(decoded, self.hidden(), top, &mut |line| {
            number += 1;
            each(number - 1, &line.text)
        });
    }

    /// The outermost layer of the XML in which a layer stands.
    pub(crate) fn xml_top(self, layer: LayerId) -> Option<LayerId> {
        self.document(layer).map(|at| self.lines.xml[at].top())
    }

    /// The document in which a layer stands, or the first when it stands in none.
    fn document(self, layer: LayerId) -> Option<usize> {
        let own = self.lines.xml.iter().position(|document| document.has(layer));
        own.or(if self.lines.xml.is_empty() { None } else { Some(0) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{
        Annotated, ConnId, Exchange, Failure, Kind, Request, Response, Side, State,
    };

    fn prepared(change: impl FnOnce(&mut Exchange)) -> Prepared {
        let mut exchange =
            Exchange::begin(ExchangeId(1), ConnId(1), Kind::Http, WallTime(1_000_000));
        change(&mut exchange);
        let annotated = Annotated::default();
        Prepared::new(
            Detail { exchange, request: None, response: None, annotated },
            Secrets::Masked,
        )
    }

    #[test]
    fn a_half_without_body_says_why() {
        let now = WallTime(3_500_000);
        let in_flight = prepared(|e| e.request = Some(Request::default()));
        assert_eq!(in_flight.missing(Leg::Request, now), "the request has not ended yet");
        assert_eq!(in_flight.missing(Leg::Response, now), "waiting for the answer for 2.5 s");
        let answering = prepared(|e| e.response = Some(Response::default()));
        assert_eq!(answering.missing(Leg::Response, now), "the answer has not ended yet");
        let failed = prepared(|e| {
            let (code, advice) = (String::new(), String::new());
            let failure = Failure { side: Side::Server, code, cause: "gone\u{7}".into(), advice };
            e.state = State::Failed(failure);
        });
        assert_eq!(failed.missing(Leg::Response, now), "nothing to show: gone\u{2407}");
        let complete = prepared(|e| e.state = State::Complete);
        assert_eq!(complete.missing(Leg::Response, now), "no response");
    }

    #[test]
    fn a_clock_that_stepped_back_is_no_negative_age() {
        let in_flight = prepared(|_| {});
        let before = WallTime(0);
        assert_eq!(in_flight.missing(Leg::Response, before), "waiting for the answer for 0 µs");
    }
}
