//! The only room that knows everyone below: it wires the proxy to the codec, the analysis and the
//! store, and gives front ends one door.
//!
//! ```text
//!  proxy ──ProxyEvent──▶ pipeline ── put, append ──▶ store ── revision ──▶ viewer ──▶ front ends
//!                           └ meaning: decode + annotate, pure, guarded
//! ```
//!
//! What lives here: the pipeline's thread, the viewer, the rebuild of stale rows, starting and
//! stopping it all, lists by filter and order, groups by device and session. What does not: anything about bytes, sockets, SQL or screens.

mod device_states;
mod folds;
mod groups;
mod listing;
mod live;
mod lone_body;
mod meaning;
mod open;
mod pipeline;
mod rebuild;
mod signatures;
mod user;
mod viewer;
mod way;

pub use crate::model::SortBy;
pub use device_states::{DeviceBrief, Learned};
#[cfg(test)]
pub(crate) use groups::CannedGroups;
pub use groups::{
    DeviceGroup, GroupFacts, GroupLine, GroupName, Grouping, SessionGroup, SessionKind,
};
pub use listing::{Listing, ListingProgress, Order};
pub use live::{Live, LiveError, LiveSettings, open_capture, open_with_keys};
pub use lone_body::open_body;
pub use meaning::{DECODER_VERSION, detail_of};
pub use open::{ValuePlace, open_value};
pub use viewer::{DetailStep, EngineError, Status, Viewer};
pub use way::WayError;
