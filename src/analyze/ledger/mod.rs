//! SyncML sessions across exchanges and connections, and the ledger of their commands.
//!
//! ```text
//!  Exchange + two Messages ──▶ Ledgers::observe ─┬▶ session        which session, retry or not
//!                                one Session     ├▶ pairing        Status and Results to commands
//!                                a conversation  ├▶ outcome        done, failed, rolled back: by whom
//!                                                ├▶ object         large objects in parts
//!                                                ├▶ authentication rounds of credentials
//!                                                ├▶ close          packages and verdict
//!                                                └▶ Turn: what the rules look at
//! ```
//!
//! A pure fold with bounded memory: it may begin anywhere in a session. What it did not see is not
//! held against anyone.

mod authentication;
mod close;
mod configuration;
mod digest;
mod entry;
mod facts;
mod mac;
mod managed;
mod object;
mod outcome;
mod pairing;
mod session;
mod sessions;
mod turn;

pub use configuration::{configuration_changes, configurations};
pub(in crate::analyze) use facts::generic_alert_types;
pub(in crate::analyze) use mac::Mac;
pub(in crate::analyze) use managed::Managed;
pub(in crate::analyze) use outcome::members;
pub(in crate::analyze) use pairing::normal;
pub(in crate::analyze) use sessions::{Ledgers, Observed, mode};
pub(in crate::analyze) use turn::Turn;
