//! Certificates we make and certificates we judge.
//!
//! What lives here: the authority in its folder, the leaves minted under it, the roots an upstream
//! is judged by, the taking of what devices show, the facts of any certificate, and the two ends of an enrolment that the demonstration
//! plays. What does not: sockets and handshakes ([`crate::proxy`]). No private key leaves this room
//! except into a TLS configuration; that of the demonstration's device also into what opens messages.

mod any_client;
mod authority;
mod client;
mod cms;
mod error;
mod facts;
mod files;
mod install;
mod leaf;
mod trust;

pub use any_client::AnyClient;
pub use authority::{Authority, AuthorityFacts, AuthorityWarning};
pub use client::{ClientAuthority, ClientKey, seal_for};
pub use error::PkiError;
pub use facts::certificate_facts;
pub use leaf::{KeyKind, Leaf, LeafMint};
pub use trust::{UpstreamTrust, Witness, Witnessed, crypto_provider};
