//! Lists of exchanges by filter and order, which follow the traffic.
//!
//! ```text
//!  front end ──▶ Listing ── window, count, position ──▶ board: positions in the order of the list
//!                   │ dropped: stop                        ▲ found, moved, gone; revision
//!                   └───────────────────▶ scanner, a thread of its own
//!                                            ├─ store: ranges of rows, by their columns
//!                                            ├─ bodies: decoded only where rows cannot decide
//!                                            └─ journal: which rows changed, judged again
//! ```
//!
//! What lives here: finding, ordering and following. What does not: what a filter means
//! ([`crate::model::filter`]), SQL ([`crate::store`]).
//!
//! A list holds 4 bytes an exchange it shows, 12 when it is sorted by a field (and each text it is
//! sorted by). The whole capture in its own order needs neither a scan nor memory.

mod board;
mod bodies;
mod handle;
mod keys;
mod made;
mod ranked;
mod scanner;
#[cfg(test)]
mod tests;
mod wanted;

pub use board::ListingProgress;
pub use handle::{Listing, Order};

pub(super) use board::Board;
pub(super) use bodies::{judge, passing};
pub(super) use made::Made;
pub(super) use scanner::Scanner;
pub(super) use wanted::Wanted;
