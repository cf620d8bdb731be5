//! synctap: an HTTPS inspection proxy for device provisioning traffic.
//!
//! ```text
//!  device ──TCP──▶ proxy ───────────────────────────────────────────▶ TCP ──▶ server
//!                    │ ProxyEvent (bounded; heads awaited, body copies never)
//!                    ▼
//!                 engine::pipeline   Exchange: facts ───────────────▶ store (SQLite)
//!                    │ codec::decode      bytes + tables → Decoded {layers, problems}
//!                    │ analyze::annotate  → Annotated {summary, notes, findings}
//!                    ▼ revision (watch: "something changed")
//!                 render                  rows, outline, hex, JSON: strings + roles
//!                    ├─▶ tui              App.update(Message) → Effect; view(&App, &mut Frame)
//!                    └─▶ cli              lines and NDJSON on stdout
//! ```
//!
//! One module a room, bottom to top; who may name whom is executed in `tests/architecture.rs`.

pub mod model;

pub mod codec;

pub mod seal;

pub mod analyze;
pub mod render;

pub mod pki;
pub mod store;

pub mod proxy;

pub mod engine;

pub mod cli;
pub mod tui;
