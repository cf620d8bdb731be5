//! The only room that knows everyone below.

mod viewer;

pub use viewer::{EngineError, Status, Viewer};
