//! The demonstration: a device and a server of our own, with the real proxy between them.
//!
//! ```text
//!  Device ──CONNECT, TLS──▶ proxy (as for anyone) ──TLS──▶ Servers
//!    └ story: 142, download, acknowledge, FolderSync, wipe, base64 query    provisioning
//!    └ windows: enrolment, and signed conversations with its manager        office
//!    └ mishap: one failure of each kind
//! ```
//!
//! What lives here: both ends, and what they say to each other. What does not: any way around the
//! proxy. Device and server speak over loopback sockets, each with an authority of its own in a
//! folder that is removed at the end.

mod body;
mod device;
mod mishap;
mod office;
mod provisioning;
mod server;
mod stage;
mod story;
mod template;
mod windows;
mod wire;

pub(super) use mishap::{Mishap, Ways};
pub(super) use stage::{DemoError, Stage};
