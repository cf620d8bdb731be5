//! Enrolment of Windows devices in management (MS-MDE2), and provisioning documents.
//!
//! ```text
//!  GET, Discover ─▶ GetPolicies ─▶ RequestSecurityToken ─▶ wap-provisioningdoc ─▶ management (syncml)
//!     discovery        policy          request, answer         provisioning
//!                        any of them may end in a SOAP fault ─▶ fault
//! ```
//!
//! `envelope` reads SOAP by names without case, `exchange` dispatches; one file a step tells its
//! story. `provisioning` reads what the device is given at the end, also when it comes alone, as in
//! OMA client provisioning. `fold` joins the
//! exchanges of one device, from discovery to management.

mod answer;
mod credentials;
mod discovery;
mod envelope;
mod exchange;
mod explain;
mod fault;
mod fold;
mod identity;
mod policy;
mod poll;
mod provisioning;
mod request;
mod table;

pub(super) use credentials::Credentials;
pub(super) use discovery::is_path as is_discovery_path;
pub(super) use envelope::{Envelope, Message};
pub(super) use exchange::{recognise, tell};
pub(super) use fault::Refusal;
pub(super) use fold::{Demand, Enrolments, Told};
pub(super) use provisioning::{Provisioning, Stored};
pub(super) use request::{RequestKind, TokenRequest};
pub(super) use table::{action, token};
