//! `SignedData` (RFC 5652 5) and the signers that PKCS#7 also puts elsewhere.

use std::borrow::Cow;

use crate::codec::asn1::Value;
use crate::model::Span;

use super::attributes::Attributes;
use super::identifier::{Algorithm, CertificateId};

/// What is inside a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Content<'b> {
    /// Its type, in numbers with dots.
    pub content_type: String,
    /// Its octets, put together when they came in pieces; `None` when they stand elsewhere (detached).
    pub octets: Option<Cow<'b, [u8]>>,
    /// Where they stand.
    pub span: Span,
    /// The whole value, when it is no string of octets: PKCS#7 allows any (RFC 2315 9.3).
    pub value: Option<&'b [u8]>,
}

/// Signed content.
#[derive(Debug, Clone)]
pub struct Signed<'b> {
    /// What is signed.
    pub content: Content<'b>,
    /// Certificates that came with it, each with its place.
    pub certificates: Vec<(Span, &'b [u8])>,
    /// Who signed.
    pub signers: Vec<SignerInfo<'b>>,
}

/// One signature (RFC 5652 5.3).
#[derive(Debug, Clone)]
pub struct SignerInfo<'b> {
    /// Its certificate.
    pub id: CertificateId<'b>,
    /// Digest of the content.
    pub digest: Algorithm<'b>,
    /// Signed together with the digest.
    pub attributes: Option<Attributes<'b>>,
    /// How it was signed.
    pub algorithm: Algorithm<'b>,
    /// The signature.
    pub signature: Cow<'b, [u8]>,
    /// Where all of it stands.
    pub span: Span,
}

impl<'b> Signed<'b> {
    /// Reads the SEQUENCE.
    pub(super) fn of(value: Value<'b>) -> Option<Self> {
        value.child(0)?.number()?;
        value.child(1).filter(|digests| digests.is(17))?;
        let content = content(value.child(2)?)?;
        let certificates = value.field(0).map(certificates).unwrap_or_default();
        let signers = value.children().skip(3).find(|child| child.is(17))?;
        let signers = signers.children().map(SignerInfo::of).collect::<Option<_>>()?;
        Some(Self { content, certificates, signers })
    }
}

/// Reads an `EncapsulatedContentInfo`. PKCS#7 allows any value in it; its octets are then the
/// content of that value (RFC 2315 9.3).
fn content(value: Value<'_>) -> Option<Content<'_>> {
    let content_type = value.child(0)?.oid()?;
    let Some(inner) = value.field(0).and_then(|field| field.child(0)) else {
        let span = Span::at(value.span().range().end);
        return Some(Content { content_type, octets: None, span, value: None });
    };
    let span = inner.content_span();
    if inner.is(4) {
        return Some(Content { content_type, octets: Some(inner.octets()), span, value: None });
    }
    let (octets, value) = (Some(Cow::Borrowed(inner.content())), Some(inner.raw()));
    Some(Content { content_type, octets, span, value })
}

/// The X.509 certificates of a set; other kinds are left out.
pub(super) fn certificates(value: Value<'_>) -> Vec<(Span, &[u8])> {
    let plain = value.children().filter(|child| child.is(16));
    plain.map(|child| (child.span(), child.raw())).collect()
}

impl<'b> SignerInfo<'b> {
    /// Reads the SEQUENCE.
    pub(super) fn of(value: Value<'b>) -> Option<Self> {
        let mut parts = value.children();
        parts.next()?.number()?;
        let id = CertificateId::of(parts.next()?)?;
        let digest = Algorithm::of(parts.next()?)?;
        let mut next = parts.next()?;
        let attributes = next.is_field(0).then(|| Attributes::of(next));
        if attributes.is_some() {
            next = parts.next()?;
        }
        let algorithm = Algorithm::of(next)?;
        let signature = parts.next().filter(|value| value.is(4))?.octets();
        Some(Self { id, digest, attributes, algorithm, signature, span: value.span() })
    }
}
