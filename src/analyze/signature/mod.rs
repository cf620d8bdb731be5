//! Signatures of device management: which exchange carries one, and what became of it; and the
//! certificates that devices prove to have, by a signature or by TLS.

mod bound;
mod carrier;
mod fold;
mod known;
mod protection;
mod tls;

pub(super) use bound::device_certificate;
pub use bound::{Shown, ShownBy};
pub use carrier::{Signature, in_body, in_exchange};
pub(super) use fold::Memory;
pub use fold::{Signatures, SignaturesSeen};
pub(super) use protection::{Orders, Sealed, Shape};
pub(super) use tls::by_tls;
