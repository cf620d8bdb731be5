//! Signatures of device management: which exchange carries one, and what became of it.

mod bound;
mod carrier;
mod fold;
mod known;
mod protection;

pub use bound::DeviceCertificate;
pub use carrier::{Signature, in_body, in_exchange};
pub(super) use fold::Memory;
pub use fold::{Signatures, SignaturesSeen};
pub(super) use protection::{Orders, Sealed, Shape};
