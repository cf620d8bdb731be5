//! How a device tells where it wants to go: one file for each mode.

mod admin;
mod connect;
mod passthrough;
mod regular;
mod reverse;

pub(super) use admin::admin;
pub(super) use connect::connect;
pub(super) use regular::{Intent, of, regular};
pub(super) use reverse::reverse;
