//! Integration tests: one binary, a module an area.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test may panic")]

mod advice;
mod annotate;
mod binary;
mod bindings;
mod browser;
mod captures;
mod certificates;
mod choosing;
mod conversation;
#[expect(dead_code, reason = "benchmarks use the rest")]
#[path = "../../benches/corpus/mod.rs"]
mod corpus;
mod decode;
mod demo;
mod devices;
mod differential;
mod disk;
mod docs;
mod encode;
mod enrolment;
mod every_type;
mod failures;
mod families;
mod finds;
mod half_close;
mod http;
mod key_secrecy;
mod layers;
mod ledger;
mod limits;
mod listing;
mod load;
mod management;
mod modes;
mod namespace;
mod pages;
mod playback;
mod quirks;
mod random;
mod reported;
mod robust;
mod round_trip;
mod rules;
mod screen;
mod seals;
mod signed;
mod support;
mod tables;
mod terminal;
mod tls;
mod ways;
mod windows;
mod xml;
