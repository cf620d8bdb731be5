//! Bytes to trees and back.
//!
//! What lives here: undoing content codings and charsets, reading WBXML, XML, multipart, X.509
//! and the ActiveSync query, with the token tables as TSV files beside the code. What does not: what it
//! all means ([`crate::analyze`]) and how it is shown ([`crate::render`]).
//!
//! ```text
//! body ─▶ content codings ─▶ what is it? ─┬─▶ WBXML ─┐
//!          (a layer each)    (sniff)      ├─▶ XML ───┼─▶ tree ─▶ documents inside ─▶ layers
//!                                         ├─▶ parts ─┘           (children)         of their own
//!                                         └─▶ text, bytes
//! ```
//!
//! Everything is a function of bytes and tables. Nothing here fails: damage is a problem in the
//! result, at the byte where it was noticed, and what was understood is kept. Ceilings for hostile
//! input stand in `limits`.

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

pub mod asn1;
mod charset;
mod children;
pub mod cms;
mod content;
mod decode;
mod document_type;
mod eas;
mod faults;
mod leaf;
mod limits;
mod mail_header;
mod message;
mod mime;
mod multipart;
mod progress;
mod reader;
mod sniff;
mod transcode;
mod unwrap;
mod wbxml;
pub mod x509;
mod xml;

pub use decode::{Hints, decode, decode_as, decode_opening};
pub use document_type::{DocumentType, UnknownDocumentType};
pub use eas::{Command, Form, Query, QueryFault};
pub use leaf::open_value;
pub use message::{Opener, Opening};
pub use mime::base64_any;
pub use progress::Progress;
pub use wbxml::{
    AttributeStart, Book, Data, EncodeError, Event, EventKind, Events, Follows, Header, Preamble,
    PublicId, Tag, TagName, WbxmlError, WbxmlErrorKind, encode, note,
};
pub use x509::{Certificate, PemBlock, id_words, pem};
