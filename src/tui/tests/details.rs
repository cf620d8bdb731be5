//! Pictures of every tab of the detail in every state an exchange can be in, at three sizes.

use std::fmt::Write as _;
use std::sync::Arc;

use super::canned;
use super::stage::Stage;
use crate::model::{Detail, ExchangeId};
use crate::render::Secrets;
use crate::tui::message::Message;
use crate::tui::prepared::Prepared;

/// The tabs, by the keys that turn to them.
const TABS: [(&str, &str); 5] =
    [("overview", "1"), ("tree", "34"), ("xml", "35"), ("headers", "36"), ("hex", "37")];

/// A usual, a small and a large screen; on the last the list stands beside.
const SIZES: [(u16, u16, &str); 3] = [(80, 24, "<In>-"), (60, 15, "<In>"), (160, 50, "<In>")];

/// The pictures of every tab, a file each.
fn pictures(state: &str, capture: &[Detail], prepare: impl Fn(&mut Stage)) {
    for (tab, keys) in TABS {
        let mut shown = String::new();
        for (width, height, enter) in SIZES {
            let mut stage = Stage::new(width, height, capture.to_vec());
            stage.keys(enter);
            stage.keys(keys);
            prepare(&mut stage);
            let _ = writeln!(shown, "{width} x {height}\n{}", stage.text(width, height));
        }
        insta::assert_snapshot!(format!("{tab}_{state}"), shown);
    }
}

#[test]
fn empty() {
    pictures("empty", &[], |_| ());
}

#[test]
fn one() {
    pictures("one", &[canned::provision(1)], |_| ());
}

#[test]
fn many() {
    pictures("many", &[canned::long(1)], |stage| stage.keys("<PgDn><PgDn>"));
}

#[test]
fn error() {
    pictures("error", &[canned::failed(1)], |_| ());
}

#[test]
fn truncated() {
    pictures("truncated", &[canned::truncated(1)], |_| ());
}

#[test]
fn in_flight() {
    pictures("in_flight", &[canned::ping(1)], |_| ());
}

#[test]
fn being_decoded() {
    let mut bodies = canned::truncated(2);
    let body = bodies.response.as_mut().unwrap();
    (body.layers[0].tree, body.problems) = (None, Vec::new());
    body.layers[0].format = crate::model::Format::Binary("binary");
    bodies.annotated.response.clear();
    pictures("decoding", &[canned::plain(1)], |stage| {
        stage.capture.push(canned::truncated(2));
        // The answer is not given yet: the query runs.
        stage.hold_details = true;
        stage.send(Message::Changed);
        stage.keys("J");
        let prepared = Prepared::undecoded(bodies.clone(), Secrets::Masked);
        stage.send(Message::Undecoded(Arc::new(prepared)));
        stage.send(Message::Decoding(ExchangeId(2), 1_258_291, 8_388_608));
    });
}
