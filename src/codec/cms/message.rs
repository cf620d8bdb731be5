//! `ContentInfo` (RFC 5652 3): which kind of message it is.

use crate::codec::asn1::{Ber, Value};

use super::enveloped::{Envelope, Enveloped};
use super::signed::Signed;

/// A message by its type.
#[derive(Debug, Clone)]
pub enum Message<'b> {
    /// Bare octets (1.2.840.113549.1.7.1).
    Data(Value<'b>),
    /// Signed (…1.7.2).
    Signed(Signed<'b>),
    /// Encrypted (…1.7.3, …1.7.4, …1.9.16.1.23).
    Enveloped(Box<Enveloped<'b>>),
    /// A type that is named but not taken apart.
    Other(String),
}

const DATA: &str = "1.2.840.113549.1.7.1";
const SIGNED: &str = "1.2.840.113549.1.7.2";
const ENVELOPED: &str = "1.2.840.113549.1.7.3";
const SIGNED_AND_ENVELOPED: &str = "1.2.840.113549.1.7.4";
const AUTH_ENVELOPED: &str = "1.2.840.113549.1.9.16.1.23";

impl<'b> Message<'b> {
    /// Reads the message in `ber`. `None` when it is not whole, or no message.
    pub fn of(ber: &'b Ber<'_>) -> Option<Self> {
        let root = ber.root().filter(|root| ber.is_sound() && root.is(16))?;
        let oid = root.child(0)?.oid()?;
        let content = root.field(0)?.child(0)?;
        let sealed = |kind| Some(Self::Enveloped(Box::new(Enveloped::of(kind, content)?)));
        match oid.as_str() {
            DATA => Some(Self::Data(content)),
            SIGNED => Signed::of(content).map(Self::Signed),
            ENVELOPED => sealed(Envelope::Enveloped),
            SIGNED_AND_ENVELOPED => sealed(Envelope::SignedAndEnveloped),
            AUTH_ENVELOPED => sealed(Envelope::AuthEnveloped),
            _ => Some(Self::Other(oid)),
        }
    }

    /// What it is called.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Data(_) => "CMS Data",
            Self::Signed(_) => "CMS SignedData",
            Self::Enveloped(sealed) => match sealed.kind {
                Envelope::Enveloped => "CMS EnvelopedData",
                Envelope::AuthEnveloped => "CMS AuthEnvelopedData",
                Envelope::SignedAndEnveloped => "PKCS#7 signedAndEnvelopedData",
            },
            Self::Other(_) => "CMS",
        }
    }
}

/// True for bytes that begin like a message: a SEQUENCE whose first value is one of the types above.
pub fn is_likely(bytes: &[u8]) -> bool {
    const PKCS7: &[u8] = b"\x06\x09\x2A\x86\x48\x86\xF7\x0D\x01\x07";
    const AUTH: &[u8] = b"\x06\x0B\x2A\x86\x48\x86\xF7\x0D\x01\x09\x10\x01\x17";
    let inner = match bytes {
        [0x30, length, rest @ ..] if *length <= 0x80 => Some(rest),
        [0x30, length, rest @ ..] => rest.get(usize::from(length & 0x7F)..),
        _ => None,
    };
    inner.is_some_and(|inner| inner.starts_with(PKCS7) || inner.starts_with(AUTH))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_are_recognised_by_their_first_bytes() {
        let oid = b"\x06\x09\x2A\x86\x48\x86\xF7\x0D\x01\x07\x03";
        for head in
            [&b"\x30\x80"[..], b"\x30\x50", b"\x30\x82\x01\x00", b"\x30\x84\x00\x00\x01\x00"]
        {
            assert!(is_likely(&[head, oid].concat()), "{head:02x?}");
        }
        assert!(!is_likely(b"\x30\x82\x01\x00\x30\x82"));
        assert!(!is_likely(b"\x30\xFF"));
        assert!(!is_likely(b""));
    }

    #[test]
    fn what_is_cut_is_no_message() {
        let bytes = b"\x30\x0F\x06\x09\x2A\x86\x48\x86\xF7\x0D\x01\x07\x01\xA0\x02\x04\x00";
        assert!(matches!(Message::of(&Ber::read(bytes)), Some(Message::Data(_))));
        for end in 0..bytes.len() {
            assert!(Message::of(&Ber::read(&bytes[..end])).is_none(), "{end}");
        }
    }
}
