//! What is selected, scrolled and folded: one state machine a pane, without pixels.
//!
//! A pane knows its height, so that only the lines in sight are fetched and drawn.

mod columns;
mod detail;
mod folds;
mod hex;
mod leg;
mod list;
mod pairs;
mod scroll;
mod seek;
mod tree;

pub(crate) use columns::{Column, Placed, place};
pub(crate) use detail::DetailPane;
pub(crate) use hex::revealed;
pub(crate) use leg::page;
pub(crate) use list::ListPane;
pub(crate) use pairs::Pairs;
pub(crate) use scroll::Scroll;
pub(crate) use seek::Sought;
pub(crate) use tree::indent;
