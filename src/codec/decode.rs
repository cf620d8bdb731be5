//! The front door: a body and what is known about it in, layers and problems out.

use bytes::Bytes;

use crate::model::{Decoded, Leg};

use super::document_type::DocumentType;
use super::message::Opener;
use super::progress::Progress;
use super::unwrap::Unwrapping;

/// What is known about a body beside its bytes; all of it may be absent or wrong.
#[derive(Debug, Clone, Copy, Default)]
pub struct Hints<'a> {
    /// `Content-Type` as sent, parameters included; empty when absent.
    pub content_type: &'a str,
    /// `Content-Encoding` as sent; empty when absent.
    pub content_encoding: &'a str,
    /// Path and query of the request.
    pub target: &'a str,
    /// Which half of the exchange; `None` for a lone body.
    pub leg: Option<Leg>,
    /// The capture holds only the first bytes: an early end is expected.
    pub truncated: bool,
    /// Deviations from the WBXML grammar that were read all the same are problems too.
    pub strict: bool,
    /// Who is told how far a large document is read.
    pub progress: Progress<'a>,
}

/// Unwraps and decodes a body as far as it can be. Never fails: what is wrong is a problem.
pub fn decode(body: Bytes, hints: &Hints<'_>) -> Decoded {
    Unwrapping::new(hints, None).run(body)
}

/// The same, but what is under the content codings is read as `document_type`, whatever it says.
pub fn decode_as(body: Bytes, document_type: DocumentType, hints: &Hints<'_>) -> Decoded {
    Unwrapping::new(hints, Some(document_type)).run(body)
}

/// The same as [`decode`], or as [`decode_as`] with a type; what is encrypted is opened by `opener`
/// where it can be.
pub fn decode_opening(
    body: Bytes,
    document_type: Option<DocumentType>,
    hints: &Hints<'_>,
    opener: &dyn Opener,
) -> Decoded {
    Unwrapping::new(hints, document_type).opening(Some(opener)).run(body)
}
