//! Exchanges by device and session.
//!
//! ```text
//!  listing::scanner ── every row: place; what passes: show ──▶ Groups ──▶ lines, folded or not ──▶ Grouping ──▶ front end
//! ```
//!
//! What lives here: which group an exchange belongs to, what is folded, which line shows what. What
//! does not: finding and following ([`crate::engine::listing`]), which makes groups as it makes
//! lists.
//!
//! Groups hold 9 bytes an exchange: where it belongs, and its place among those shown.

#[cfg(test)]
mod canned;
mod handle;
mod lines;
mod made;
mod name;
mod pages;

pub use handle::{DeviceGroup, GroupFacts, GroupLine, GroupName, Grouping, SessionGroup};
pub use name::SessionKind;

#[cfg(test)]
pub(crate) use canned::CannedGroups;
pub(super) use made::{Groups, Unfolded};
