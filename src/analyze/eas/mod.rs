//! ActiveSync: what a command asks, what the answer says, and how the policy key moves.
//!
//! `head` reads who speaks and which command, `exchange` dispatches; one file per family of
//! commands tells its story; `status`, `policy` and `values` read the tables.

mod autodiscover;
mod command_table;
mod exchange;
mod folders;
mod head;
mod http;
mod items;
mod mail;
mod names;
mod policy;
mod policy_document;
mod provision;
mod query;
mod settings;
mod status;
mod status_table;
mod sync;
mod values;
mod waiting;

pub(super) use autodiscover::tell_json;
pub(super) use command_table::{COMMANDS, CommandRow};
pub(super) use exchange::tell;
pub(super) use head::Head;
pub(super) use http::{HTTP_STATUSES, seconds as retry_seconds};
pub(super) use names::FolderNames;
pub(super) use policy::{POLICIES, Policy, weak};
pub(super) use policy_document::{Told, WAP_ROOT, absent, parameters, settings};
pub(super) use provision::{is_wipe, key_text, parse_key};
pub(super) use status_table::{
    COMMAND_STATUSES, COMMON_STATUSES, PROVISION_STATUSES, StatusMeaning,
};
pub(super) use sync::{collections, is_sms};
pub(super) use values::label as value_label;
pub(super) use waiting::watched;
