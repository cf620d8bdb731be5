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
//! what (`keys`), where things are drawn (`layout`, `view`) and in which style (`theme`). What does
//! not: words ([`crate::render`] prepares them, cleaned of what could act on a terminal) and
//! queries ([`crate::engine::Viewer`] answers them). `update` and `view` are synchronous and do no
//! I/O; only `run` and `terminal` touch the world.

mod app;
mod fit;
mod keys;
mod layout;
mod load;
mod message;
mod overlays;
mod pace;
mod panes;
mod prepared;
mod run;
mod terminal;
mod theme;
mod view;

#[cfg(test)]
mod tests;

pub use app::TuiSettings;
pub use run::run;
