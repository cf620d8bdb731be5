//! `explain`: one question, every table at hand.
//!
//! `look_up` tells numbers, paths and names apart; one file each searches the tables for them.

mod code;
mod look_up;
mod name;
mod path;

pub use look_up::{Explanation, explain};
