//! Placing prepared text on the screen. Nothing here changes anything.

mod detail;
mod devices;
mod frame;
mod help;
mod hex;
mod list;
mod menu;
mod paint;
mod prompt;
mod status;
mod tree;

pub(crate) use frame::view;
pub(crate) use list::{GUTTER, list_columns};
