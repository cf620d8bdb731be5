//! ActiveSync: what a command asks, what the answer says, and how the policy key moves.
//!
//! `head` reads who speaks and which command, `exchange` dispatches; one file per family of
//! commands tells its story; `status`, `policy` and `values` read the tables.

mod autodiscover;
mod exchange;
mod folders;
mod head;
mod http;
mod items;
mod policy;
mod provision;
mod status;
mod sync;
mod values;

pub(super) use autodiscover::tell_json;
pub(super) use exchange::tell;
pub(super) use head::Head;
pub(super) use http::HTTP_STATUSES;
pub(super) use policy::{POLICIES, Policy, Verdict, weak};
pub(super) use provision::key_text;
pub(super) use status::{COMMAND_STATUSES, COMMON_STATUSES, PROVISION_STATUSES, StatusMeaning};
pub(super) use values::label as value_label;
