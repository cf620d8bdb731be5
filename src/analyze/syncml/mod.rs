//! SyncML: data synchronisation and OMA DM, in XML and WBXML alike.
//!
//! `message` reads one message, `status` and `alert` explain its codes, `auth` the credentials and
//! challenges, `loc_uri` the nodes it touches; `exchange` puts the two messages of one exchange
//! together.

mod alert;
mod auth;
mod exchange;
mod loc_uri;
mod message;
mod status;

pub(super) use alert::{ALERT_TYPES, ALERTS};
pub(super) use exchange::{recognise, tell};
pub(super) use status::{STATUSES, named as status_named};
