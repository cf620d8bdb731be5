//! An exchange made ready to be looked at: everything that takes as long as the bodies are large.
//!
//! Built off the screen's thread; afterwards every view is a window on these lines.

use crate::engine::ValuePlace;
use crate::model::{Decoded, Detail, ExchangeId, LayerId, Leg, Level, Span, State, WallTime};
use crate::render::{
    OutlineLine, OutlineOptions, SecretPlaces, Secrets, XmlLine, age, clean, count, headers,
    outline, overview, xml_lines,
};

/// Longest value of a tree, in characters: more than a screen shows at once.
const VALUE_LIMIT: usize = 4096;

/// Most lines of a text or binary layer in a tree; the hex view has them all.
const LAYER_LINES: usize = 10_000;

/// The lines of one exchange.
#[derive(Debug)]
pub(crate) struct Prepared {
    /// What they were made from.
    pub(crate) detail: Detail,
    /// Whether secrets stand in them.
    pub(crate) secrets: Secrets,
    /// Values that the user opened.
    pub(crate) opened: Vec<ValuePlace>,
    /// Labels and texts of the overview.
    pub(crate) overview: Vec<(String, String)>,
    request: LegLines,
    response: LegLines,
}

/// The lines of one half.
#[derive(Debug, Default)]
pub(crate) struct LegLines {
    /// The annotated tree.
    pub(crate) tree: Vec<OutlineLine>,
    /// Documents as XML; one inside another is part of that.
    xml: Vec<Document>,
    /// Names and values of the header fields.
    pub(crate) headers: Vec<(String, String)>,
    /// Where secrets are, while they are masked.
    pub(crate) secret: SecretPlaces,
}

/// A document as XML.
#[derive(Debug)]
struct Document {
    lines: Vec<XmlLine>,
    /// The layers its lines belong to.
    layers: Vec<LayerId>,
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
            detail,
        }
    }

    /// Which exchange.
    pub(crate) fn id(&self) -> ExchangeId {
        self.detail.exchange.id
    }

    /// The lines of one half.
    pub(crate) fn leg(&self, leg: Leg) -> &LegLines {
        match leg {
            Leg::Request => &self.request,
            Leg::Response => &self.response,
        }
    }

    /// The bytes of a layer; empty when there is none.
    pub(crate) fn bytes(&self, leg: Leg, layer: LayerId) -> &[u8] {
        let layer = self.detail.decoded(leg).and_then(|decoded| decoded.layer(layer));
        layer.map(|layer| &*layer.bytes).unwrap_or_default()
    }

    /// Bytes of the largest layer of one half.
    pub(crate) fn largest_layer(&self, leg: Leg) -> usize {
        let layers = self.detail.decoded(leg).into_iter().flat_map(|decoded| &decoded.layers);
        layers.map(|layer| layer.bytes.len()).max().unwrap_or(0)
    }

    /// `gzip, 234 bytes, selected 0x1a..0x2f (22 bytes)`.
    pub(crate) fn place(&self, leg: Leg, layer: LayerId, span: Span) -> String {
        let Some(found) = self.detail.decoded(leg).and_then(|decoded| decoded.layer(layer)) else {
            return String::new();
        };
        let of = format!("{}, {}", clean(&found.label), count(found.bytes.len() as u64, "byte"));
        if span.is_empty() {
            return format!("{of}, selected 0x{:x}", span.start);
        }
        let selected = count(span.len() as u64, "byte");
        format!("{of}, selected 0x{:x}..0x{:x} ({selected})", span.start, span.end - 1)
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
        let options =
            OutlineOptions { value_limit: VALUE_LIMIT, layer_lines: LAYER_LINES, secrets };
        let secret = SecretPlaces::of(decoded, secrets);
        let tree = outline(decoded, detail.annotated.notes(leg), options);
        let mut xml: Vec<Document> = Vec::new();
        for (id, _) in decoded.ids().filter(|(_, layer)| layer.tree.is_some()) {
            if xml.iter().all(|document| !document.layers.contains(&id)) {
                xml.push(Document::new(xml_lines(decoded, id, secrets)));
            }
        }
        Self { tree, xml, headers, secret }
    }

    /// The XML in which a layer stands, or the first when it stands in none; empty when there is
    /// no document.
    pub(crate) fn xml(&self, layer: LayerId) -> &[XmlLine] {
        let own = self.xml.iter().find(|document| document.layers.contains(&layer));
        own.or_else(|| self.xml.first()).map(|document| &*document.lines).unwrap_or_default()
    }
}

impl Document {
    fn new(lines: Vec<XmlLine>) -> Self {
        let mut layers: Vec<LayerId> = lines.iter().map(|line| line.layer).collect();
        layers.sort_unstable();
        layers.dedup();
        Self { lines, layers }
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
