//! Integration tests: one binary, a module an area.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test may panic")]

mod annotate;
mod binary;
mod captures;
mod choosing;
mod decode;
mod demo;
mod docs;
mod failures;
mod families;
mod http;
mod layers;
mod limits;
mod load;
mod modes;
mod pages;
mod playback;
mod random;
mod robust;
mod round_trip;
mod support;
mod tls;
mod xml;
