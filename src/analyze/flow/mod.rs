//! Conversations across exchanges: what a device was told, and where that leaves it.
//!
//! ```text
//!  Exchange + Decoded ──▶ Sessions::observe ─┬▶ event        what was asked, what was answered
//!                            one Memory      ├▶ rules        what breaks a rule, given the Memory
//!                            a device        ├▶ transitions  the next state
//!                                            └▶ Observation {device, step, findings}
//! ```
//!
//! A pure fold with bounded memory: it may begin anywhere in a conversation. What it did not see
//! it assumes at most, and says so; no finding rests on what was not seen.

mod event;
mod habits;
mod keys;
mod machine;
mod mailbox;
mod memory;
mod nameless;
mod option_sets;
mod policy;
mod relay;
mod sessions;
mod step;
mod story;
mod transitions;
mod walk;

pub(super) use event::{Ask, Provision, Reply, SentKey};
pub(super) use machine::fingerprint;
pub(super) use memory::{Mark, Memory, over};
pub use sessions::Observation;
pub(super) use sessions::Sessions;
