//! Where the time went, and how it ended.

use crate::model::{Exchange, Kind, MonoTime, State, Times};
use crate::render::units::age;

use super::lines::Lines;

impl Lines {
    /// Adds when it began, how long each step took, and how it ended.
    pub(super) fn times(&mut self, exchange: &Exchange) {
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
        if exchange.state == State::Complete {
            self.add("ended", ended(exchange));
        }
    }
}

/// How it ended, when all went well.
fn ended(exchange: &Exchange) -> &'static str {
    match (exchange.kind, &exchange.response) {
        (Kind::Http, Some(response)) if response.body.ended => "the answer was passed on whole",
        (Kind::Http, Some(_)) => "the answer's head was passed on, its body did not end",
        (Kind::Http, None) => "without an answer",
        (Kind::Tunnel | Kind::Connection, _) => "both sides closed",
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
