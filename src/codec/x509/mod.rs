//! X.509 certificates and PKCS#10 requests: read into values, told as facts for people, and in PEM.
//!
//! One reader for all who ask: names, keys, validity and purposes are owned and ready to be compared,
//! and the parts that signatures are over are kept as they came. `x509-parser` reads the fields, the
//! reader of this room ([`crate::codec::asn1`]) finds the parts.

mod certificate;
mod extensions;
mod facts;
mod key;
mod name;
mod pem;
mod request;

pub use certificate::Certificate;
pub use extensions::Purposes;
pub(crate) use facts::{facts, request_facts};
pub use key::PublicKey;
pub use name::id_words;
pub use pem::{PemBlock, pem};
pub use request::CertificateRequest;
