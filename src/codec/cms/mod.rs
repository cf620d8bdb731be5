//! Cryptographic messages (CMS, RFC 5652; PKCS#7, RFC 2315) taken apart: who signed, for whom it is
//! encrypted, with what, and where every part stands.
//!
//! What lives here: the structures, as sent. What does not: whether a signature holds and what is
//! inside what is encrypted ([`crate::seal`]). BER with indefinite lengths and strings in pieces is
//! read as well as DER. Nothing here fails half-way: a message is read whole or is none.

mod attributes;
mod enveloped;
mod identifier;
mod message;
mod signed;

pub use attributes::{Attribute, Attributes};
pub use enveloped::{Envelope, Enveloped, Recipient, RecipientKey};
pub use identifier::{Algorithm, CertificateId};
pub use message::{Message, is_likely};
pub use signed::{Content, Signed, SignerInfo};
