//! What happened, what it means, and how large it was.

use std::fmt::Write;

use crate::model::{
    Decoded, Detail, Exchange, FindingSide, Format, Grade, Kind, Leg, Level, State,
};

use crate::render::clean;
use crate::render::secrets::{Secrets, mask_url};
use crate::render::units::{bytes, count};

/// The overview's lines; all clean. Empty labels continue the line above.
pub fn overview(detail: &Detail, secrets: Secrets) -> Vec<(String, String)> {
    let exchange = &detail.exchange;
    let mut lines = Lines::default();
    // The analysis has more to say about an answer than its status line.
    let explained = detail.annotated.overview.iter().any(|(label, _)| *label == "answer");
    lines.outcome(exchange, explained, secrets);
    for (label, text) in &detail.annotated.overview {
        lines.add(label, text);
    }
    for finding in &detail.annotated.findings {
        let text = format!(
            "{} {} {}: {} ({}, {})",
            finding.level.mark(),
            finding.requirement.name(),
            side_name(finding.side),
            finding.text,
            finding.id,
            finding.clause
        );
        lines.add("finding", text.trim_start());
    }
    lines.problems("request", detail.request.as_ref());
    lines.problems("response", detail.response.as_ref());
    lines.bodies(detail);
    lines.peers(exchange);
    lines.times(exchange);
    lines.0
}

/// Whose duty, as one says it.
const fn side_name(side: FindingSide) -> &'static str {
    match side {
        FindingSide::Client => "device",
        FindingSide::Server => "server",
        FindingSide::Both => "both",
    }
}

/// Lines being collected.
#[derive(Default)]
pub(super) struct Lines(pub(super) Vec<(String, String)>);

impl Lines {
    /// Adds a line, cleaned.
    pub(super) fn add(&mut self, label: &str, text: &str) {
        self.0.push((label.to_owned(), clean(text).into_owned()));
    }

    fn outcome(&mut self, exchange: &Exchange, explained: bool, secrets: Secrets) {
        let request = exchange.request.as_ref();
        let method = request.map_or(
            match exchange.kind {
                Kind::Tunnel => "tunnel to",
                _ => "connection to",
            },
            |r| r.method.as_str(),
        );
        let url = exchange.url();
        let url = mask_url(&url, secrets);
        self.add("exchange", &format!("{} {method} {url}", exchange.id));
        if let Some(response) = exchange.response.as_ref().filter(|_| !explained) {
            let ours = if response.ours { " (written by synctap)" } else { "" };
            self.add(
                "answer",
                &format!("{} {} {}{ours}", response.version, response.status, response.reason),
            );
        }
        match &exchange.state {
            State::InFlight => self.add("state", "in flight"),
            State::Complete => {}
            State::CutOff => {
                self.add("state", "cut off: synctap was stopped while this was in flight");
            }
            State::Failed(failure) => {
                let mark = Level::Alarm.mark();
                self.add(
                    "failed",
                    &format!(
                        "{mark} {} side: {} ({})",
                        failure.side.name(),
                        failure.cause,
                        failure.code
                    ),
                );
                if !failure.advice.is_empty() {
                    self.add("try", &failure.advice);
                }
            }
        }
    }

    fn problems(&mut self, leg: &str, decoded: Option<&Decoded>) {
        for problem in decoded.into_iter().flat_map(|d| &d.problems) {
            let mark = match problem.grade {
                Grade::Odd => Level::Warning.mark(),
                Grade::Broken => Level::Alarm.mark(),
            };
            self.add(
                "problem",
                &format!("{mark} {leg} body, byte {}: {}", problem.span.start, problem.text),
            );
        }
    }

    fn bodies(&mut self, detail: &Detail) {
        let exchange = &detail.exchange;
        let legs = [
            (Leg::Request, exchange.request.as_ref().map(|r| (r.body, r.headers.media_type()))),
            (Leg::Response, exchange.response.as_ref().map(|r| (r.body, r.headers.media_type()))),
        ];
        for (leg, facts) in legs {
            let Some((body, media_type)) = facts else { continue };
            let mut text = count(body.seen, "byte");
            if let Some((coding, size)) = detail.decoded(leg).and_then(unpacked) {
                let _ = write!(text, " of {coding}, {} unpacked", count(size, "byte"));
            }
            if !media_type.is_empty() {
                let _ = write!(text, ", {media_type}");
            }
            if body.truncated() {
                let _ =
                    write!(text, ", truncated: only the first {} kept", count(body.kept, "byte"));
            } else if !body.ended && body.seen > 0 && !exchange.in_flight() {
                text.push_str(", cut short");
            }
            self.add(leg.name(), &text);
        }
        if let Some(relayed) = exchange.relayed {
            let text = format!("{} up, {} down, not read", bytes(relayed.up), bytes(relayed.down));
            self.add("relayed", &text);
        }
    }
}

/// The content coding of a body, and its bytes without it.
fn unpacked(decoded: &Decoded) -> Option<(&'static str, u64)> {
    let Format::Wrapper(coding) = decoded.layers.first()?.format else { return None };
    let inner = decoded.layer(decoded.main())?;
    inner.origin.map(|_| (coding, inner.bytes.len() as u64))
}
