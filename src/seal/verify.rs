//! Signed messages: every signer, one verdict.

use std::borrow::Cow;

use crate::codec::Certificate;
use crate::codec::asn1::Ber;
use crate::codec::cms::{Enveloped, Message, SignerInfo, is_likely};
use crate::model::{
    Carrier, Decoded, Holds, Reason, SignatureReport, SignerCertificate, Span, WallTime,
};

use super::form::{Form, FormKind, forms, forms_of_bytes};
use super::keyring::{Keyring, KnownCertificate, Unsealed};
use super::signer::{Bench, check_signer};

/// Signers of one message that are checked.
const SIGNERS: usize = 16;

/// Certificates of one message that are looked at.
const CERTIFICATES: usize = 64;

/// What is known when a signature is checked.
#[derive(Debug, Clone, Copy)]
pub struct Circumstances<'a> {
    /// Where the signature stands.
    pub carrier: Carrier,
    /// When it arrived.
    pub at: WallTime,
    /// The present, when there is one: certificates that expired since are told.
    pub now: Option<WallTime>,
    /// Who is trusted, and keys.
    pub keyring: &'a Keyring,
    /// Certificates seen elsewhere.
    pub known: &'a [KnownCertificate],
}

/// What a detached signature is over.
#[derive(Debug, Clone, Copy)]
pub enum Over<'a> {
    /// These bytes.
    Bytes(&'a [u8]),
    /// This body.
    Body(&'a Decoded),
    /// What the message itself holds: these bytes and no others.
    Inside(&'a [u8]),
}

impl<'a> Over<'a> {
    /// All forms, as sent first.
    pub(super) fn forms(self) -> Vec<Form<'a>> {
        match self {
            Self::Bytes(bytes) => forms_of_bytes(bytes),
            Self::Body(decoded) => forms(decoded),
            Self::Inside(_) => Vec::new(),
        }
    }

    /// The bytes as sent.
    pub(super) fn sent(self) -> Form<'a> {
        let (name, bytes): (_, &[u8]) = match self {
            Self::Bytes(bytes) => ("the body as sent", bytes),
            Self::Body(decoded) => {
                let body = decoded.layers.first();
                ("the body as sent", body.map_or(&[][..], |layer| &layer.bytes))
            }
            Self::Inside(bytes) => ("what it holds", bytes),
        };
        let kind = FormKind::Signed;
        Form { name, bytes: Cow::Borrowed(bytes), kind }
    }
}

/// Checks every signature of a message in BER. `over` is what it is over when that stands elsewhere;
/// without it the message must hold what it signs.
pub fn verify(
    message: &[u8],
    over: Option<Over<'_>>,
    circumstances: &Circumstances<'_>,
) -> SignatureReport {
    let carrier = circumstances.carrier;
    let ber = Ber::read(message);
    match Message::of(&ber) {
        Some(Message::Signed(signed)) => {
            let inside = signed.content.octets.as_deref();
            let mut report = SignatureReport::unchecked(carrier, "", "");
            report.detached = inside.is_none();
            let Some(over) = over.or(inside.map(Over::Inside)) else {
                let text = "what is signed stands elsewhere, and is not at hand";
                return SignatureReport::unchecked(carrier, "no-content", text);
            };
            let certificates = read(&signed.certificates);
            report.certificates = signed.certificates.len();
            let bench = Bench {
                over,
                content_type: &signed.content.content_type,
                certificates: &certificates,
                circumstances,
                unsealed: None,
            };
            judge(report, &signed.signers, &bench)
        }
        Some(Message::Enveloped(sealed)) if !sealed.signers.is_empty() => {
            sealed_and_signed(&sealed, over, circumstances)
        }
        Some(other) => {
            let text = format!("{} holds no signature", other.name());
            SignatureReport::unchecked(carrier, "not-signed", text)
        }
        None => {
            let why = ber.stop().map_or("it is laid out in no known way", |stop| stop.why);
            let what = if is_likely(message) {
                "the signature is cut off or damaged"
            } else {
                "the signature is no cryptographic message"
            };
            SignatureReport::unchecked(carrier, "not-cms", format!("{what}: {why}"))
        }
    }
}

/// PKCS#7's `signedAndEnvelopedData`: what is signed is known once it is opened. As with what a signed
/// message holds, a body that was sent beside it is what counts.
fn sealed_and_signed(
    sealed: &Enveloped<'_>,
    over: Option<Over<'_>>,
    circumstances: &Circumstances<'_>,
) -> SignatureReport {
    let carrier = circumstances.carrier;
    let unsealed = match circumstances.keyring.unseal(sealed) {
        Ok(unsealed) => unsealed,
        Err(why) => {
            let text = format!("what is signed is encrypted: {}", why.text());
            return SignatureReport::unchecked(carrier, "not-opened", text);
        }
    };
    let mut report = SignatureReport::unchecked(carrier, "", "");
    let certificates = read(&sealed.certificates);
    report.certificates = sealed.certificates.len();
    let bench = Bench {
        over: over.unwrap_or(Over::Inside(&unsealed.content)),
        content_type: &sealed.content_type,
        certificates: &certificates,
        circumstances,
        unsealed: Some((sealed, &unsealed)),
    };
    judge(report, &sealed.signers, &bench)
}

fn read(certificates: &[(Span, &[u8])]) -> Vec<Certificate> {
    let first = certificates.iter().take(CERTIFICATES);
    first.filter_map(|(_, der)| Certificate::of(der)).collect()
}

fn judge(
    mut report: SignatureReport,
    signers: &[SignerInfo<'_>],
    bench: &Bench<'_>,
) -> SignatureReport {
    report.reasons.clear();
    if signers.is_empty() {
        let text = "the message has no signer".to_owned();
        report.reasons.push(Reason { code: "no-signer", text });
    }
    if signers.len() > SIGNERS {
        let text = format!("{} signers, {SIGNERS} are checked", signers.len());
        report.reasons.push(Reason { code: "too-many", text });
    }
    report.signers = signers.iter().take(SIGNERS).map(|s| check_signer(s, bench)).collect();
    let worst = report.signers.iter().map(|signer| signer.holds).max();
    let whole = if report.reasons.is_empty() { Holds::Valid } else { Holds::Unchecked };
    report.holds = worst.unwrap_or(Holds::Unchecked).max(whole);
    if signers.len() > 1 {
        let text = format!("several signers: {}", signers.len());
        report.remarks.push(Reason { code: "several-signers", text });
        // Whose reason it is must be seen.
        for signer in &mut report.signers {
            let who = signer.certificate.as_ref().map_or(&signer.signer, |c| &c.subject);
            for reason in &mut signer.reasons {
                reason.text = format!("of {who}: {}", reason.text);
            }
        }
    }
    let is_used = |certificate: &&Certificate| {
        let used = |told: &SignerCertificate| {
            told.serial == certificate.serial_hex() && told.issuer == certificate.issuer
                || told.chain.contains(&certificate.subject)
        };
        report.signers.iter().any(|signer| signer.certificate.as_ref().is_some_and(used))
    };
    let extra = bench.certificates.iter().filter(|certificate| !is_used(certificate)).count();
    if extra > 0 {
        let text = format!("certificates that no signer needs: {extra}");
        report.remarks.push(Reason { code: "extra-certificates", text });
    }
    report
}

/// What a `signedAndEnvelopedData` gave.
pub(super) type Opened<'a> = (&'a Enveloped<'a>, &'a Unsealed);
