//! Integration tests: one binary, a module an area.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test may panic")]

mod annotate;
mod binary;
mod captures;
#[path = "../../benches/corpus/mod.rs"]
mod corpus;
mod decode;
mod differential;
mod docs;
mod failures;
mod families;
mod finds;
mod http;
mod layers;
mod limits;
mod modes;
mod playback;
mod random;
mod robust;
mod round_trip;
mod support;
mod tls;
mod xml;
