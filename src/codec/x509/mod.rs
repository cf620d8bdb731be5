//! X.509 certificates and PKCS#10 requests as values: who, which key, what for, until when.
//!
//! Reading is left to `x509-parser`; what is kept is owned, clipped and ready to be compared. PEM and
//! the layers of a body are read elsewhere in this room.

mod extensions;
mod identity;
mod key;

pub use extensions::Purposes;
pub use identity::{Certificate, CertificateRequest};
pub use key::PublicKey;
