//! Signatures of device management: which exchange carries one, and what became of it.

mod carrier;

pub use carrier::{Signature, carried, in_body, in_exchange};
