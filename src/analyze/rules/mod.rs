//! Findings: what breaks a rule, or deserves attention.
//!
//! A rule is a row of `catalogue.tsv` (id, side, requirement, attention, versions, sentence, what is
//! known to look like it without being it, source) and one function of the same id. It sees one
//! exchange and, when there is one, what is remembered of the device before it; it answers with
//! where to look. Rules know nothing of each other. A rule that needs what was not seen says nothing.

mod answer;
mod catalogue;
mod device_information;
mod enforce;
mod engine;
mod enrolment;
mod habit;
mod hit;
mod key;
mod order;
mod protection;
mod request;
mod server;
mod settings;
mod signature;
mod status;
mod structure;
mod syncml;
mod wipe;

pub use catalogue::{RuleText, catalogue};
pub(super) use engine::{Switches, check};
pub(super) use enrolment::{Enrolling, check_enrolment};
pub(super) use hit::Scene;
pub(super) use signature::{SignedScene, check_signatures};
pub(super) use syncml::{check_messages, check_turns};
