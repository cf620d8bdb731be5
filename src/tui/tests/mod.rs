//! The screen without a terminal: scripts of messages, and pictures of every view.

mod actions;
mod bytes;
mod canned;
mod details;
mod document;
mod groups;
mod hits;
mod linked;
mod managed;
mod script;
mod stage;
mod views;
