//! The screen: panes, keys and views over a capture, live or opened.
//!
//! ```text
//!  terminal ──key, mouse, resize──▶ run ──Message──▶ App::update ──Effect──▶ run ──▶ Viewer
//!                                    ▲                   │                     (off this thread)
//!                                    │                   ▼                          │
//!                                 pixels ◀── view(&App, &mut Frame)                 │
//!                                    └──────────── Window, Detail, Status ◀─────────┘
//! ```
//!
//! What lives here: what is selected, scrolled and folded (`panes`, `overlays`), which key means
//! what (`keys`) and what that does (`act`, `pointer`), where things are drawn (`layout`, `view`) and in which style (`theme`). What does
//! not: words ([`crate::render`] prepares them, cleaned of what could act on a terminal) and
//! queries ([`crate::engine::Viewer`] answers them). `update` and `view` are synchronous and do no
//! I/O; only `run`, `work`, `files`, `memory`, `program` and
//! `terminal` touch the world.

mod act;
mod action;
mod answers;
mod app;
mod asking;
mod command;
mod copy;
mod edit;
mod files;
mod fit;
mod footer;
mod groups;
mod hits;
mod keys;
mod layout;
mod listing;
mod load;
mod lookup;
mod memory;
mod message;
mod offscreen;
mod overlays;
mod pace;
mod palette;
mod panes;
mod pointer;
mod prepared;
mod program;
mod rehearsal;
mod run;
mod search;
mod settings;
mod sheets;
mod signals;
mod standing;
mod telling;
mod terminal;
mod theme;
mod typing;
mod view;
mod work;

#[cfg(test)]
mod tests;

pub use keys::{KeyError, Keymap, keys_page};
pub use offscreen::Offscreen;
pub use palette::{Depth, Palette};
pub use rehearsal::Rehearsal;
pub use run::run;
pub use settings::TuiSettings;
