//! Integration tests: one binary, a module an area.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod captures;
mod decode;
mod families;
mod layers;
mod random;
mod robust;
mod round_trip;
mod xml;
