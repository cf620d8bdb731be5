//! What an exchange means: words added to what the codec decoded.
//!
//! What lives here: notes on nodes, the summary a list shows, the facts of an overview, the tables
//! of policies, status codes, alerts, HRESULTs and configuration service providers, and the look-up
//! of a code or path in all of them. What does not: reading bytes ([`crate::codec`]), layout and
//! colours ([`crate::render`]), the order of exchanges on disk ([`crate::engine`]).
//!
//! ```text
//!  Exchange + Decoded ──▶ annotate ─┬▶ eas     commands, Provision phases, policies, Status
//!                                   ├▶ syncml  messages, commands, Status, Alert, LocURI
//!                                   ├▶ enrolment  discovery, policy, certificate, provisioning
//!                                   └▶ http    everything else, and every failure
//!                                        └▶ Draft ──▶ Annotated {summary, overview, notes}
//!  … + Annotated ──▶ Sessions ─┬▶ flow    devices of ActiveSync ──▶ Device
//!                              ├▶ ledger  SyncML sessions ──▶ SyncmlSession
//!                              ├▶ rules   catalogues and one function a row
//!                              └▶ Observation {device, step, findings}
//!  `165`, `0x80070032`, `./Vendor/…` ──▶ explain ──▶ [Explanation]
//! ```
//!
//! Everything is a pure function of its arguments and of the tables in `tables/` (TSV, last column
//! = source). `csp_nodes.tsv.gz` is packed because it is large: `zcat` shows it.

mod annotate;
mod body;
mod csp;
mod document;
mod draft;
mod eas;
mod elsewhere;
mod enrolment;
mod explain;
mod flow;
mod fold;
mod hresult;
mod http;
mod ledger;
mod meet;
mod rules;
mod sealed;
pub mod signature;
mod syncml;
mod table;

pub use annotate::annotate;
pub use body::{annotate_body, likely_leg};
pub use elsewhere::{Destination, Way, destinations};
pub use explain::{Explanation, explain};
pub use flow::Observation;
pub use fold::Sessions;
pub use ledger::{configuration_changes, configurations};
pub use rules::{RuleText, catalogue};
