//! Encrypted messages: `EnvelopedData` (RFC 5652 6), `AuthEnvelopedData` (RFC 5083) and PKCS#7's
//! `signedAndEnvelopedData` (RFC 2315 11).

use std::borrow::Cow;

use crate::codec::asn1::Value;
use crate::model::Span;

use super::attributes::Attributes;
use super::identifier::{Algorithm, CertificateId};
use super::signed::{SignerInfo, certificates};

/// Which kind of encrypted message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Envelope {
    /// Encrypted for its recipients.
    Enveloped,
    /// Encrypted with a tag that shows changes.
    AuthEnveloped,
    /// Encrypted and signed in one (PKCS#7 only).
    SignedAndEnveloped,
}

/// Encrypted content and for whom.
#[derive(Debug, Clone)]
pub struct Enveloped<'b> {
    /// Which kind.
    pub kind: Envelope,
    /// Who can open it.
    pub recipients: Vec<Recipient<'b>>,
    /// Type of what is inside, in numbers with dots.
    pub content_type: String,
    /// How it is encrypted.
    pub cipher: Algorithm<'b>,
    /// The encrypted octets, put together; `None` when they stand elsewhere.
    pub content: Option<Cow<'b, [u8]>>,
    /// Where they stand.
    pub span: Span,
    /// Authenticated together with the content.
    pub attributes: Option<Attributes<'b>>,
    /// The tag of `AuthEnvelopedData`; empty otherwise.
    pub mac: Cow<'b, [u8]>,
    /// Certificates that came with it.
    pub certificates: Vec<(Span, &'b [u8])>,
    /// Signers of `signedAndEnvelopedData`.
    pub signers: Vec<SignerInfo<'b>>,
}

/// How one or more recipients get the key of the content (RFC 5652 6.2).
#[derive(Debug, Clone)]
pub enum Recipient<'b> {
    /// Encrypted with the recipient's public key.
    KeyTransport(RecipientKey<'b>, Algorithm<'b>),
    /// Wrapped with a key agreed on.
    KeyAgreement {
        /// The sender's public key: algorithm and point. `None` when it is named by certificate.
        originator: Option<(Algorithm<'b>, &'b [u8])>,
        /// Key material of the sender.
        ukm: Option<Cow<'b, [u8]>>,
        /// Agreement and derivation; the key wrap is its parameter.
        algorithm: Algorithm<'b>,
        /// Each recipient.
        keys: Vec<RecipientKey<'b>>,
    },
    /// Wrapped with a key both have.
    SharedKey(Algorithm<'b>),
    /// Wrapped with a key derived from a password.
    Password,
    /// Some other way.
    Other,
}

/// The encrypted key for one certificate.
#[derive(Debug, Clone)]
pub struct RecipientKey<'b> {
    /// Whose.
    pub id: CertificateId<'b>,
    /// The content's key, encrypted.
    pub encrypted: Cow<'b, [u8]>,
}

impl<'b> Enveloped<'b> {
    /// Reads the SEQUENCE.
    pub(super) fn of(kind: Envelope, value: Value<'b>) -> Option<Self> {
        value.child(0)?.number()?;
        // An OriginatorInfo may stand before the recipients.
        let originator = (kind != Envelope::SignedAndEnveloped).then(|| value.field(0)).flatten();
        let mut parts = value.children().skip(1).skip_while(|child| child.is_field(0));
        let recipients = parts.next().filter(|set| set.is(17))?;
        let recipients = recipients.children().map(Recipient::of).collect::<Option<_>>()?;
        if kind == Envelope::SignedAndEnveloped {
            parts.next().filter(|digests| digests.is(17))?;
        }
        let info = parts.next()?;
        let field = info.field(0);
        let mut found = Self {
            kind,
            recipients,
            content_type: info.child(0)?.oid()?,
            cipher: Algorithm::of(info.child(1)?)?,
            content: field.map(Value::octets),
            span: field.map_or_else(|| Span::at(info.span().range().end), Value::content_span),
            attributes: None,
            mac: Cow::Borrowed(&[]),
            certificates: Vec::new(),
            signers: Vec::new(),
        };
        match kind {
            Envelope::Enveloped => {}
            Envelope::AuthEnveloped => {
                found.attributes = value.field(1).map(Attributes::of);
                found.mac = value.children().find(|child| child.is(4))?.octets();
            }
            Envelope::SignedAndEnveloped => {
                found.certificates = value.field(0).map(certificates).unwrap_or_default();
                let signers = parts.find(|child| child.is(17))?;
                found.signers = signers.children().map(SignerInfo::of).collect::<Option<_>>()?;
            }
        }
        if let Some(set) = originator.and_then(|info| info.field(0)) {
            found.certificates = certificates(set);
        }
        Some(found)
    }
}

impl<'b> Recipient<'b> {
    fn of(value: Value<'b>) -> Option<Self> {
        if value.is(16) {
            value.child(0)?.number()?;
            let id = CertificateId::of(value.child(1)?)?;
            let algorithm = Algorithm::of(value.child(2)?)?;
            let encrypted = value.child(3)?.octets();
            return Some(Self::KeyTransport(RecipientKey { id, encrypted }, algorithm));
        }
        match value.tag().1 {
            1 => Self::agreement(value),
            2 => Some(Self::SharedKey(Algorithm::of(value.child(2)?)?)),
            3 => Some(Self::Password),
            _ => Some(Self::Other),
        }
    }

    fn agreement(value: Value<'b>) -> Option<Self> {
        let by_key = value.field(0)?.child(0)?;
        let originator = by_key
            .is_field(1)
            .then(|| Some((Algorithm::of(by_key.child(0)?)?, by_key.child(1)?.bits()?)));
        let keys = value.children().last()?;
        let read = |key: Value<'b>| {
            let id = key.child(0)?;
            // RecipientKeyIdentifier: the key identifier is its first part.
            let id = if id.is_field(0) {
                CertificateId::KeyId(id.child(0)?.octets())
            } else {
                CertificateId::of(id)?
            };
            Some(RecipientKey { id, encrypted: key.child(1)?.octets() })
        };
        let algorithm = value.children().skip(2).find(|child| child.is(16))?;
        Some(Self::KeyAgreement {
            originator: originator.flatten(),
            ukm: value.field(1).and_then(|field| field.child(0)).map(Value::octets),
            algorithm: Algorithm::of(algorithm)?,
            keys: keys.children().map(read).collect::<Option<_>>()?,
        })
    }

    /// The certificates named.
    pub fn ids(&self) -> impl Iterator<Item = &CertificateId<'b>> {
        let keys = match self {
            Self::KeyTransport(key, _) => std::slice::from_ref(key),
            Self::KeyAgreement { keys, .. } => keys,
            Self::SharedKey(_) | Self::Password | Self::Other => &[],
        };
        keys.iter().map(|key| &key.id)
    }
}
