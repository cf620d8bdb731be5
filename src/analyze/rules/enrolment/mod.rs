//! Rules about enrolment: one file a step of it.
//!
//! A rule sees one exchange with everything read of it, and the certificate policy that an exchange
//! before it gave to the same device.

mod discovery;
mod engine;
mod envelope;
mod provisioning;
mod request;

#[cfg(test)]
pub(super) use engine::ids;
pub(in crate::analyze) use engine::{Enrolling, check_enrolment};
