//! ASN.1 values as BER and DER (X.690): a reader that knows the bytes of every value, indefinite
//! lengths included, and the tree a person looks at.
//!
//! What lives here: tag and length, navigation, object identifiers by name, primitive values as
//! text. What does not: what a value means, which is said by those who know its type
//! ([`crate::codec::cms`], certificates). `oids.tsv` holds the names of `OpenSSL`'s registry
//! (`openssl list -objects`) for the arcs that certificates and messages use; `fields.tsv` holds the
//! fields of the types in them.

mod fields;
mod oid;
mod reader;
mod text;
mod tree;
mod value;
mod write;

pub use oid::oid_name;
pub use reader::{Ber, Class};
pub use text::hex;
pub(crate) use tree::tree;
pub use value::Value;
pub use write::write;
