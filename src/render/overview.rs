//! Everything known of an exchange beside its bodies, as (label, text) lines.

use std::fmt::Write;

use crate::model::{
    CertificateFacts, Decoded, Detail, Exchange, FindingSide, Grade, Kind, Level, MonoTime, State,
    Times, Tls, Verdict,
};

use super::clean;
use super::secrets::{Secrets, mask_url};
use super::units::{age, bytes, count};

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
    lines.bodies(exchange);
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

#[derive(Default)]
struct Lines(Vec<(String, String)>);

impl Lines {
    fn add(&mut self, label: &str, text: &str) {
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

    fn bodies(&mut self, exchange: &Exchange) {
        let legs = [
            ("request", exchange.request.as_ref().map(|r| (r.body, r.headers.media_type()))),
            ("response", exchange.response.as_ref().map(|r| (r.body, r.headers.media_type()))),
        ];
        for (leg, facts) in legs {
            let Some((body, media_type)) = facts else { continue };
            let mut text = count(body.seen, "byte");
            if !media_type.is_empty() {
                let _ = write!(text, ", {media_type}");
            }
            if body.truncated() {
                let _ =
                    write!(text, ", truncated: only the first {} kept", count(body.kept, "byte"));
            } else if !body.ended && body.seen > 0 && !exchange.in_flight() {
                text.push_str(", cut short");
            }
            self.add(leg, &text);
        }
        if let Some(relayed) = exchange.relayed {
            let text = format!("{} up, {} down, not read", bytes(relayed.up), bytes(relayed.down));
            self.add("relayed", &text);
        }
    }

    fn peers(&mut self, exchange: &Exchange) {
        self.add(
            "client",
            &format!("{} ({}), by {}", exchange.client, exchange.conn, exchange.mode),
        );
        if let Some(tls) = &exchange.client_tls {
            self.tls(tls, "shown");
        }
        if let Some(server) = &exchange.server {
            self.add("server", server);
        }
        if let Some(tls) = &exchange.server_tls {
            self.tls(tls, "chain");
        }
    }

    fn tls(&mut self, tls: &Tls, chain: &str) {
        // What was passed on unread has a name, and neither version nor suite.
        let spoken = format!("{} {}", tls.version, tls.suite);
        let verdict = match &tls.verdict {
            Verdict::None => String::new(),
            Verdict::Verified => "certificate verified".to_owned(),
            Verdict::Unverified(reason) => format!("CERTIFICATE NOT VERIFIED: {reason}"),
        };
        let name = tls.sni.as_ref().map(|sni| format!("SNI {sni}")).unwrap_or_default();
        let protocol = tls.alpn.as_ref().map(|alpn| format!("ALPN {alpn}")).unwrap_or_default();
        let parts = [spoken.trim(), &name, &protocol, &verdict];
        let parts: Vec<_> = parts.into_iter().filter(|part| !part.is_empty()).collect();
        if !parts.is_empty() {
            self.add("tls", &parts.join(", "));
        }
        for certificate in &tls.chain {
            self.add(chain, &certificate_line(certificate));
        }
    }

    fn times(&mut self, exchange: &Exchange) {
        self.add("started", &exchange.started.rfc3339());
        let times = &exchange.times;
        let steps: [(&str, Option<MonoTime>); 8] = [
            ("client TLS", times.client_tls),
            ("request head", times.request_head),
            ("request end", times.request_end),
            ("connected", times.connected),
            ("server TLS", times.server_tls),
            ("answer head", times.response_head),
            ("answer end", times.response_end),
            ("closed", times.closed),
        ];
        let known = steps.iter().filter_map(|(name, at)| Some((name, (*at)?)));
        let text: Vec<_> =
            known.map(|(name, at)| format!("{name} {}", age(at.duration()))).collect();
        if !text.is_empty() {
            self.add("timing", &text.join(", "));
            let drawn = waterfall(times);
            if !drawn.is_empty() {
                self.add("", &drawn);
            }
        }
    }
}

/// Cells of the waterfall.
const WATERFALL: u64 = 48;

/// Where the time went, a letter a step: `[TTRCCSSSSWWWWWWWWWA]`, in order, as long as they took.
fn waterfall(times: &Times) -> String {
    let steps = [
        ('T', "TLS with the device", times.client_tls),
        ('R', "request", times.request_end.or(times.request_head)),
        ('C', "connecting", times.connected),
        ('S', "TLS with the server", times.server_tls),
        ('W', "waiting", times.response_head),
        ('A', "answer", times.response_end),
    ];
    let all = steps.iter().filter_map(|(_, _, at)| *at).map(|at| at.0).max().unwrap_or(0).max(1);
    let (mut bar, mut legend) = (String::new(), Vec::new());
    let (mut before, mut drawn) = (0, 0);
    for (letter, name, at) in steps {
        let Some(at) = at else { continue };
        let took = at.0.saturating_sub(before);
        // Every step that took time is seen; the last ones give way to that.
        let end = at.0.saturating_mul(WATERFALL).div_ceil(all).max(drawn + u64::from(took > 0));
        bar.extend((drawn..end).map(|_| letter));
        (before, drawn) = (before.max(at.0), end.max(drawn));
        legend.push(format!("{letter} {name} {}", age(std::time::Duration::from_micros(took))));
    }
    if legend.is_empty() {
        return String::new();
    }
    format!("[{bar}] {}", legend.join(", "))
}

fn certificate_line(certificate: &CertificateFacts) -> String {
    let day = |time: crate::model::WallTime| time.utc().date().to_string();
    format!(
        "{}, issued by {}, {} to {}, SHA-256 {}",
        certificate.subject,
        certificate.issuer,
        day(certificate.not_before),
        day(certificate.not_after),
        certificate.sha256.get(..16).unwrap_or(&certificate.sha256),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_waterfall_shows_every_step_in_proportion() {
        let times = Times {
            request_end: Some(MonoTime(1_000)),
            connected: Some(MonoTime(1_010)),
            response_head: Some(MonoTime(40_000)),
            response_end: Some(MonoTime(80_000)),
            ..Times::default()
        };
        let line = waterfall(&times);
        let bar = line.split(']').next().unwrap();
        assert_eq!(bar.len(), 1 + 48, "{line}");
        assert_eq!((bar.matches('R').count(), bar.matches('C').count()), (1, 1));
        assert_eq!((bar.matches('W').count(), bar.matches('A').count()), (22, 24));
        assert!(line.contains("C connecting 10 µs, W waiting 38 ms"), "{line}");
    }

    #[test]
    fn a_name_alone_is_all_that_is_said_of_tls_passed_on() {
        let tls = Tls { sni: Some("h.example".into()), ..Tls::default() };
        let mut lines = Lines::default();
        lines.tls(&tls, "chain");
        assert_eq!(lines.0.len(), 1);
        assert_eq!(lines.0[0].1, "SNI h.example");
    }

    #[test]
    fn clocks_that_lie_do_no_harm() {
        let times = Times {
            request_end: Some(MonoTime(u64::MAX)),
            response_head: Some(MonoTime(5)),
            ..Times::default()
        };
        assert!(waterfall(&times).len() < 200);
        assert!(waterfall(&Times::default()).is_empty());
    }
}
