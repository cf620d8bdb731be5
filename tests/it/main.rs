//! End-to-end tests: one binary, a module per area.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod failures;
mod http;
mod limits;
mod modes;
mod support;
mod tls;
