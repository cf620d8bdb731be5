//! Integration tests: one binary, a module an area.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test may panic")]

mod annotate;
mod binary;
mod captures;
mod decode;
mod docs;
mod failures;
mod families;
mod http;
mod layers;
mod limits;
mod listing;
mod modes;
mod playback;
mod random;
mod robust;
mod round_trip;
mod screen;
mod support;
mod terminal;
mod tls;
mod xml;
