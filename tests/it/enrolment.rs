//! Whole enrolments: what is said of each exchange, and what is opened.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use synctap::model::{Leg, Protocol};
use synctap::render::{OutlineOptions, Secrets, outline, outline_text};

use crate::conversation::{Turn, turns};
use crate::robust::spans_lie_inside;

fn conversation(name: &str) -> Vec<Turn> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("captures/enrolment");
    turns(&fs::read_to_string(folder.join(format!("{name}.txt"))).unwrap())
}

/// Lists, overviews and outlines of a conversation, as a reader sees them.
fn told(name: &str) -> String {
    let mut text = String::new();
    for turn in conversation(name) {
        let summary = &turn.annotated.summary;
        let (mark, command, status) = (summary.level.mark(), &summary.command, &summary.status);
        let request = turn.exchange.request.as_ref().unwrap();
        let _ = writeln!(text, "{mark} {} {command} [{status}] {}", request.method, summary.facts);
        for (label, row) in &turn.annotated.overview {
            let _ = writeln!(text, "    {label}: {row}");
        }
        for (leg, decoded) in [(Leg::Request, &turn.request), (Leg::Response, &turn.response)] {
            let Some(decoded) = decoded else { continue };
            assert_eq!(spans_lie_inside(decoded), Ok(()));
            let options =
                OutlineOptions { value_limit: 60, layer_lines: 2, ..OutlineOptions::default() };
            let notes = turn.annotated.notes(leg);
            let lines = outline_text(&outline(decoded, notes, options));
            for line in lines.lines().filter(|line| line.contains(" — ")) {
                let _ = writeln!(text, "  {} {}", leg.name(), line.trim_start());
            }
        }
    }
    text
}

#[test]
fn a_federated_enrolment() {
    insta::assert_snapshot!(told("federated"));
}

#[test]
fn an_enrolment_with_a_password() {
    insta::assert_snapshot!(told("on-premises"));
}

#[test]
fn a_renewal() {
    insta::assert_snapshot!(told("renewal"));
}

#[test]
fn refusals() {
    insta::assert_snapshot!(told("refused"));
}

#[test]
fn no_secret_is_shown_or_told() {
    for name in ["federated", "on-premises", "renewal", "refused"] {
        for turn in conversation(name) {
            assert!(!format!("{:?}", turn.annotated).contains("not-a-secret"), "{name}");
            for decoded in [&turn.request, &turn.response].into_iter().flatten() {
                let shown = |secrets| {
                    let options = OutlineOptions { secrets, value_limit: 9_999, layer_lines: 999 };
                    outline_text(&outline(decoded, &[], options))
                };
                let masked = shown(Secrets::Masked);
                for secret in ["not-a-secret", "bm90LWEtc2VjcmV0", "eyJhbGciOiJub25lIn0", "nonce"] {
                    assert!(!masked.contains(secret), "{name}: {secret} in {masked}");
                }
                assert!(!masked.contains("bm9uY2U="), "{name}: {masked}");
            }
        }
    }
}

#[test]
fn every_message_of_enrolment_is_known_as_such() {
    let protocols: Vec<Protocol> =
        conversation("federated").iter().map(|t| t.annotated.summary.protocol).collect();
    let enrolment = Protocol::Enrolment;
    let expected = [enrolment, enrolment, Protocol::Http, enrolment, enrolment];
    assert_eq!(protocols[..5], expected);
    assert!(protocols[5..].iter().all(|protocol| *protocol == Protocol::SyncMl));
}
