//! X.509 certificates and requests: as facts for people, taken apart for signatures, and in PEM.

mod facts;
mod parts;
mod pem;

pub(crate) use facts::{facts, request_facts};
pub use parts::{Certificate, id_words};
pub use pem::{PemBlock, pem};
