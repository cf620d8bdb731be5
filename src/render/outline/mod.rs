//! The annotated outline of a decoded body: one line a node, notes beside it, children of opened
//! values below it.
//!
//! An [`Outline`] knows which line speaks of what (16 bytes a line) and keeps no text; lines are made
//! of the body when they are asked for, so that a screen pays for those in sight alone.

mod index;
mod line;
mod outlined;
mod piece;

pub use index::{Outline, OutlineOptions};
pub use outlined::{Outlined, outline, outline_text};
pub use piece::{OutlineLine, Piece, Role};
