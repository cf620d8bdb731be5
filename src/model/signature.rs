//! What became of a signature: a verdict, and why.

use serde::Serialize;

use super::clock::WallTime;
use super::span::Span;

/// Whether a signature holds, best first. `Valid` needs the cryptography and the certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Holds {
    /// It was made by the key of a certificate that is trusted and in date, over these bytes.
    Valid,
    /// It was made by the key of its certificate over these bytes, but the certificate is expired,
    /// not valid yet, or of an unknown issuer.
    Untrusted,
    /// It could not be checked: no certificate, an unknown algorithm, a body that is not whole.
    Unchecked,
    /// It was not made over these bytes, or not by that key.
    Bad,
}

impl Holds {
    /// As a person says it.
    pub const fn words(self) -> &'static str {
        match self {
            Self::Valid => "valid",
            Self::Untrusted => "not trusted",
            Self::Unchecked => "could not check",
            Self::Bad => "BAD",
        }
    }
}

/// Something that the verdict rests on, or that is worth knowing beside it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Reason {
    /// Stable id, such as `digest-mismatch`.
    pub code: &'static str,
    /// One sentence without a full stop.
    pub text: String,
}

/// The certificate of a signer or recipient as far as people look at it.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct SignerCertificate {
    /// Subject, RFC 4514 style.
    pub subject: String,
    /// Issuer, RFC 4514 style.
    pub issuer: String,
    /// Serial number, lower-case hex.
    pub serial: String,
    /// Valid from.
    #[serde(serialize_with = "super::clock::as_text")]
    pub not_before: WallTime,
    /// Valid until.
    #[serde(serialize_with = "super::clock::as_text")]
    pub not_after: WallTime,
    /// Thumbprint: SHA-1 of its DER bytes in upper-case hex.
    pub sha1: String,
    /// SHA-256 of its DER bytes, lower-case hex.
    pub sha256: String,
    /// Kind and length of its key: `RSA 2048`.
    pub key: String,
    /// SHA-256 of its `SubjectPublicKeyInfo`, lower-case hex.
    pub key_sha256: String,
    /// Where it was found: `the message`, `--trust`, `exchange #4`, ….
    pub source: String,
    /// Subjects from its issuer to what is trusted.
    pub chain: Vec<String>,
}

/// One signature of one signer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SignerReport {
    /// Whether it holds.
    pub holds: Holds,
    /// Why, the gravest first; empty when it is valid.
    pub reasons: Vec<Reason>,
    /// Worth knowing, whatever the verdict.
    pub remarks: Vec<Reason>,
    /// How the signer names its certificate.
    pub signer: String,
    /// That certificate, if it was found.
    pub certificate: Option<SignerCertificate>,
    /// Digest of the content (`sha256`).
    pub digest: String,
    /// How it was signed (`rsaEncryption`, `rsassaPss with a salt of 222 bytes`).
    pub algorithm: String,
    /// When the signer says that it signed.
    #[serde(serialize_with = "super::clock::as_text_if_any")]
    pub signing_time: Option<WallTime>,
    /// Seconds from the signing time to the arrival; negative when the signer's clock is ahead.
    pub skew: Option<i64>,
    /// What of the body the signature is over: `the body as sent`; empty when it is over none of it.
    pub form: String,
}

/// What a signature stands in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Carrier {
    /// A header field `MS-Signature`.
    MsSignature,
    /// A header field `MDM-Signature`.
    MdmSignature,
    /// A body that holds what it signs.
    Body,
    /// A file.
    File,
}

impl Carrier {
    /// As a person says it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::MsSignature => "MS-Signature",
            Self::MdmSignature => "MDM-Signature",
            Self::Body => "signed body",
            Self::File => "signature",
        }
    }
}

/// Everything said about one signed message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SignatureReport {
    /// What it stands in.
    pub carrier: Carrier,
    /// The verdict on all signers together: the worst of theirs.
    pub holds: Holds,
    /// Why, of the message as a whole: it could not be read, it has no signer, ….
    pub reasons: Vec<Reason>,
    /// Worth knowing, whatever the verdict.
    pub remarks: Vec<Reason>,
    /// Each signer.
    pub signers: Vec<SignerReport>,
    /// Certificates that came with it.
    pub certificates: usize,
    /// What is signed stands elsewhere.
    pub detached: bool,
    /// Where the message stands in its layer; empty for a header.
    #[serde(skip)]
    pub span: Span,
}

impl SignatureReport {
    /// A message that could not be checked, and why.
    pub fn unchecked(carrier: Carrier, code: &'static str, text: impl Into<String>) -> Self {
        Self {
            carrier,
            holds: Holds::Unchecked,
            reasons: vec![Reason { code, text: text.into() }],
            remarks: Vec::new(),
            signers: Vec::new(),
            certificates: 0,
            detached: false,
            span: Span::default(),
        }
    }

    /// All reasons, those of the whole first.
    pub fn all_reasons(&self) -> impl Iterator<Item = &Reason> {
        self.reasons.iter().chain(self.signers.iter().flat_map(|signer| &signer.reasons))
    }

    /// All remarks, those of the whole first.
    pub fn all_remarks(&self) -> impl Iterator<Item = &Reason> {
        self.remarks.iter().chain(self.signers.iter().flat_map(|signer| &signer.remarks))
    }

    /// True when a reason with this code stands anywhere in it.
    pub fn has(&self, code: &str) -> bool {
        self.all_reasons().chain(self.all_remarks()).any(|reason| reason.code == code)
    }

    /// The verdict in one line: `BAD: the body is not what was signed`.
    pub fn words(&self) -> String {
        let reasons: Vec<&str> = self.all_reasons().map(|reason| reason.text.as_str()).collect();
        if reasons.is_empty() {
            let form = self.signers.first().map_or("", |signer| signer.form.as_str());
            let mut words = self.holds.words().to_owned();
            if !matches!(form, "" | "the body as sent" | "what it holds") {
                words = format!("{words}, over {form}");
            }
            // What may be overlooked in a note.
            let loud = ["weak-digest", "expired-since"];
            let loud = self.all_remarks().find(|remark| loud.contains(&remark.code));
            return match loud {
                Some(remark) => format!("{words}, but {}", remark.text),
                None => words,
            };
        }
        format!("{}: {}", self.holds.words(), reasons.join("; "))
    }
}
