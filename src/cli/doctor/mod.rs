//! What may stand between a device and this machine, and how far devices got.
//!
//! What lives here: checks of this machine, and a reading of a capture. Each ends in one line: fine,
//! worth a look, or in the way, with what to do. What does not: printing them.

mod certificates;
mod check;
mod clock;
mod machine;
mod seen;
mod terminal;
mod trust;

pub(super) use certificates::certificates;
pub(super) use check::{Check, Verdict};
pub(super) use clock::against_servers;
pub(super) use machine::{Patient, examine, settings_file, settings_mistake};
pub(super) use seen::devices;
