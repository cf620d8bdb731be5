//! Rules about SyncML: one file a section of the catalogue.
//!
//! Three kinds: of the exchange as HTTP carries it, of one message, and of a message in its session
//! (a [`Turn`](crate::analyze::ledger::Turn)). Rules for device management alone are marked `DM` in
//! `catalogue.tsv`: data synchronisation has other habits.

mod answers;
mod carriage;
mod commands;
mod declared;
mod document;
mod elements;
mod engine;
mod header;
mod http;
mod opening;
mod session;
mod statuses;
mod values;

#[cfg(test)]
pub(super) use engine::ids;
pub(in crate::analyze) use engine::{check_messages, check_turns};
