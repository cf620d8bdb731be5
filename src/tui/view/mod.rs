//! Placing prepared text on the screen. Nothing here changes anything.

mod detail;
mod frame;
mod group;
mod help;
mod hex;
mod list;
mod menu;
mod paint;
mod prompt;
mod sheet;
mod status;
mod tree;

pub(crate) use frame::view;
pub(crate) use list::{gutter, list_columns};
