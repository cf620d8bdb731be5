//! SyncML: data synchronisation and OMA DM, in XML and WBXML alike.
//!
//! `message`, `item` and `answer` read one message, everything in it resolved once; `status` and `alert`
//! explain its codes, `auth` the credentials and challenges, `loc_uri` the nodes it touches, `declared`
//! documents of declared configuration, `danger` which commands destroy;
//! `exchange` puts the two messages of one exchange together. What messages of a session mean for
//! each other is told by [`super::ledger`].

mod alert;
mod answer;
mod auth;
mod danger;
mod declared;
mod exchange;
mod item;
mod loc_uri;
mod message;
mod status;
mod token;

pub(super) use alert::{ALERT_TYPES, ALERTS, alert_type};
pub(super) use answer::Status;
pub(super) use danger::Danger;
pub(super) use declared::{Declared, DeclaredKind, Setting, may_declare, scenario};
pub(super) use exchange::{messages, recognise, tell, tell_part};
pub(super) use item::{Address, Item, meta};
pub(super) use message::{Command, Message};
pub(super) use status::{STATUSES, named as status_named};
pub(super) use token::Token;
