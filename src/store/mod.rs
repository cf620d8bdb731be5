//! Captures on disk: one `SQLite` file each, bodies in it as chunk rows.
//!
//! What lives here: creating, opening and closing that file, writing exchanges to it from one
//! thread, and reading windows of it. What does not: what bodies mean. An exchange is stored as
//! facts; the summary rows that lists show are a cache in the same file, marked with the version
//! of the decoder that made them, and rebuilt by the engine when that is older.
//!
//! ```text
//!  engine ──Writer──▶ queue (bounded) ──▶ writer thread ──▶ one transaction ──▶ FILE (+ -wal)
//!                                              │ after the commit
//!                                              ├─▶ changes (watch), status
//!  front ends ◀──Reader (own connection)───────┴── sees committed transactions only
//! ```
//!
//! **Durability.** Write-ahead log, `synchronous = NORMAL`: what a reader has seen survives the
//! death of the process at any moment; the last transactions may be lost when the machine loses
//! power, the file stays whole. Operations are committed in the order they were queued, so an
//! exchange that shows as closed has all its body bytes in the file. Closing folds the log into
//! the file, which can then be copied alone. An exchange still in flight when the process died is
//! found as cut off by whoever opens the capture next.
//!
//! **One writer.** A lock file (`FILE-lock`) beside the capture keeps a second process from
//! writing, and from marking exchanges as cut off that are alive; it may still read.
//!
//! **Trouble.** When a write fails (disk full, an I/O error, another program's lock), the writer
//! goes on taking from its queue, so that recording never stops the traffic:
//! - a body chunk that failed is given up and counted in [`StoreStatus::lost`]; the rest of that
//!   body is given up too, because what is kept is always the first bytes. The exchange's `kept`
//!   is corrected to what is in the file, so the body shows as truncated;
//! - an exchange that failed is held back (the newest state of at most 256) and tried again before
//!   each batch and once a second: [`StoreStatus::waiting`]. Beyond that it counts as lost;
//! - [`StoreStatus::trouble`] holds the reason from the first failure until a batch succeeds
//!   entirely and nothing is waiting.
//!
//! **The user's words** (marks, comments, what is deleted from view) stand in a table of their own:
//! they are no cache and no fact of the wire, so neither rebuilding rows nor new states of an
//! exchange touch them.
//!
//! **Finding.** The list is addressed by position, dense from 0. A filter or an order gives another
//! list of positions, made by whoever shows it, chunk by chunk ([`Reader::chunk`],
//! [`Reader::matching`], [`Sorter`]), so that a million rows can be searched in the background with
//! progress, and stopped. What was found stays true by asking [`Journal`] which rows changed.
//!
//! A capture may come from anyone: text and blobs in it are bounded, triggers in it are off, its
//! schema is not trusted to call functions, and facts that cannot be read are an error of that one
//! exchange.

mod backlog;
mod capture;
mod columns;
mod condition;
mod connect;
mod conversation;
mod error;
mod journal;
mod lock;
mod marks;
mod migrate;
mod reader;
mod record;
#[cfg(test)]
mod sample;
mod search;
mod sort;
mod status;
mod temporary;
mod thread;
mod writer;

pub use capture::Store;
pub use connect::{Access, ReadOnlyCause};
pub use conversation::Turn;
pub use error::StoreError;
pub use journal::{Journal, Touched};
pub use reader::Reader;
pub use sort::{SortValue, Sorter};
pub use status::StoreStatus;
pub use writer::Writer;
