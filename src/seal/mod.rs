//! Seals: whether signatures hold, and what is inside what is encrypted.
//!
//! What lives here: checking signatures and the chain of a certificate, private keys from files, and
//! opening messages with them. What does not: how messages are laid out ([`crate::codec::cms`]), which
//! exchange carries a signature ([`crate::analyze`]).
//!
//! ```text
//!  key files ──▶ Keyring ──▶ Opener ──▶ codec ──▶ layers
//!  --trust   ──▶    │
//!  CMS + forms of the body + known certificates + two times ──▶ verify ──▶ SignatureReport
//! ```
//!
//! A function of its arguments: the time is passed in, keys are given as bytes. All cryptography is
//! aws-lc-rs, which is why this is a room of its own beside the codec. Nothing is ever called valid
//! but by its answer. What cannot be checked is said to be unchecked, never bad.

// Every number here is a peer's: no index, sum or cast may panic or wrap. Tests may.
#![cfg_attr(
    not(test),
    deny(
        clippy::arithmetic_side_effects,
        clippy::as_conversions,
        clippy::indexing_slicing,
        clippy::panic,
        clippy::string_slice,
        clippy::unreachable
    )
)]

mod agreement;
mod algorithm;
mod bootstrap;
mod chain;
mod check;
mod cipher;
mod form;
mod header;
mod key;
mod key_file;
mod keyring;
mod open;
mod password;
mod pkcs12;
mod proof;
mod signer;
mod verify;

pub use algorithm::{sha1_hex, sha256_hex};
pub use bootstrap::{Bootstrap, Integrity, Pin};
pub use form::{Form, FormKind, forms, forms_of_bytes};
pub use header::{HeaderValue, read_header};
pub use key_file::KeyError;
pub use keyring::{Keyring, KnownCertificate};
pub use proof::Proof;
pub use verify::{Circumstances, Over, verify};
