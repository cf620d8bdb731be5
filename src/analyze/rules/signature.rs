//! Rules about signatures (MS-MDM 2.1, RFC 5652).

use crate::analyze::draft::clip;
use crate::analyze::signature::{Memory, Orders, Sealed, Shape, Signature, by_tls};
use crate::model::{Carrier, Evidence, Exchange, Finding, Leg, SignatureReport, SignerReport};
use crate::seal::{KnownCertificate, sha256_hex};

use super::catalogue::text_of;
use super::engine::{Switches, finding, sort};
use super::hit::Hit;
use super::protection;

/// One exchange with its signatures.
#[derive(Debug, Clone, Copy)]
pub(in crate::analyze) struct SignedScene<'a> {
    pub(in crate::analyze) exchange: &'a Exchange,
    /// The header that carries a signature.
    pub(in crate::analyze) header: Option<Carrier>,
    pub(in crate::analyze) signatures: &'a [Signature],
    /// The session of the message that the device sent, if it is one.
    pub(in crate::analyze) session: Option<&'a str>,
    /// What is known of the device before.
    pub(in crate::analyze) memory: Option<&'a Memory>,
    /// A body of this capture was found before to be what was signed.
    pub(in crate::analyze) matched: bool,
    pub(in crate::analyze) known: &'a [KnownCertificate],
    /// Encrypted layers of both bodies.
    pub(in crate::analyze) sealed: &'a [Sealed],
    /// How the body of the request is protected.
    pub(in crate::analyze) shape: Shape,
    /// What the answer says about protection.
    pub(in crate::analyze) orders: Option<&'a Orders>,
    /// Thumbprints of certificates that servers put into the store of the system before.
    pub(in crate::analyze) installed: &'a [String],
}

pub(super) type SignatureRule = (&'static str, fn(&SignedScene<'_>) -> Option<Hit>);

const RULES: &[SignatureRule] = &[
    ("sig-header-name", header_name),
    ("sig-required-missing", required_missing),
    ("sig-every-message", every_message),
    ("sig-base64", base64),
    ("sig-cms-parse", cms_parse),
    ("sig-detached", detached),
    ("sig-digest-sha2", digest_sha2),
    ("sig-message-digest", message_digest),
    ("sig-body-changed", body_changed),
    ("sig-wrong-key", wrong_key),
    ("sig-signing-time", signing_time),
    ("sig-cert-in-attrs", certificate_missing),
    ("sig-cert-valid", certificate_valid),
    ("sig-cert-issuer", certificate_issuer),
    ("sig-multi-signer", multi_signer),
    ("sig-cert-equals-tls", certificate_equals_tls),
];

/// Ids of every rule here.
#[cfg(test)]
pub(super) fn ids() -> impl Iterator<Item = &'static str> {
    RULES.iter().chain(protection::RULES).map(|(id, _)| *id)
}

/// Everything that is found in the signatures of one exchange, loudest first.
pub(in crate::analyze) fn check_signatures(
    scene: &SignedScene<'_>,
    switches: &Switches,
) -> Vec<Finding> {
    let mut findings: Vec<Finding> = Vec::new();
    for (id, check) in RULES.iter().chain(protection::RULES) {
        if switches.is_off(id) {
            continue;
        }
        let hit = check(scene);
        findings.extend(hit.zip(text_of(id)).map(|(hit, text)| finding(text, hit)));
    }
    sort(&mut findings);
    findings
}

impl SignedScene<'_> {
    /// The signature in a header.
    fn in_header(&self) -> Option<&SignatureReport> {
        self.header?;
        self.signatures.first().map(|signature| &signature.report)
    }

    fn half(&self) -> Hit {
        Hit::half(self.exchange.id, Leg::Request)
    }

    /// The first signature for which one of these reasons is given, with its words.
    fn reason(&self, codes: &[&str]) -> Option<Hit> {
        self.signatures.iter().find_map(|signature| {
            let all = signature.report.all_reasons().chain(signature.report.all_remarks());
            let reason = all.into_iter().find(|reason| codes.contains(&reason.code))?;
            Some(self.at(signature).saying(clip(&reason.text)))
        })
    }

    fn at(&self, signature: &Signature) -> Hit {
        let (exchange, leg) = (self.exchange.id, signature.leg);
        let span = signature.report.span;
        let evidence = Evidence { exchange, leg, layer: signature.layer.0, span };
        Hit { evidence: vec![evidence], ..Hit::default() }
    }

    fn signers(&self) -> impl Iterator<Item = &SignerReport> {
        self.in_header().into_iter().flat_map(|report| &report.signers)
    }

    fn is_signed(&self) -> bool {
        self.signatures.iter().any(|signature| signature.leg == Leg::Request)
    }
}

fn header_name(scene: &SignedScene<'_>) -> Option<Hit> {
    (scene.header == Some(Carrier::MdmSignature)).then(|| scene.half())
}

fn required_missing(scene: &SignedScene<'_>) -> Option<Hit> {
    let session = scene.session.filter(|_| !scene.is_signed())?;
    let (told, mark) = scene.memory?.told.as_ref()?;
    // It holds from the next session on.
    (told != session && mark.until(scene.exchange).is_some()).then(|| scene.half().since(mark))
}

fn every_message(scene: &SignedScene<'_>) -> Option<Hit> {
    let session = scene.session.filter(|_| !scene.is_signed())?;
    let (signed, mark) = scene.memory?.signed.as_ref()?;
    (signed == session && mark.until(scene.exchange).is_some()).then(|| scene.half().since(mark))
}

fn base64(scene: &SignedScene<'_>) -> Option<Hit> {
    let report = scene.in_header()?;
    (report.has("not-base64") || report.has("empty")).then(|| scene.half())
}

fn cms_parse(scene: &SignedScene<'_>) -> Option<Hit> {
    scene.in_header()?;
    scene.reason(&["not-cms", "not-signed", "no-signer"])
}

fn detached(scene: &SignedScene<'_>) -> Option<Hit> {
    let report = scene.in_header().filter(|report| !report.signers.is_empty())?;
    (!report.detached).then(|| scene.half())
}

fn digest_sha2(scene: &SignedScene<'_>) -> Option<Hit> {
    let other = scene.signers().find(|s| !s.digest.starts_with("SHA-") || s.digest == "SHA-1")?;
    Some(scene.half().saying(clip(&other.digest)))
}

fn message_digest(scene: &SignedScene<'_>) -> Option<Hit> {
    if scene.matched { None } else { scene.reason(&["digest-mismatch", "digest-or-key"]) }
}

fn body_changed(scene: &SignedScene<'_>) -> Option<Hit> {
    if scene.matched { scene.reason(&["digest-mismatch", "digest-or-key"]) } else { None }
}

fn wrong_key(scene: &SignedScene<'_>) -> Option<Hit> {
    scene.reason(&["wrong-key"])
}

fn signing_time(scene: &SignedScene<'_>) -> Option<Hit> {
    if scene.signers().any(|signer| signer.signing_time.is_none()) {
        return Some(scene.half().saying("it is missing"));
    }
    scene.in_header()?;
    scene.reason(&["skew"])
}

fn certificate_missing(scene: &SignedScene<'_>) -> Option<Hit> {
    let report = scene.in_header().filter(|report| !report.signers.is_empty())?;
    let inside = scene.signers().all(|signer| {
        signer.certificate.as_ref().is_some_and(|c| c.source == "the signed attributes")
    });
    (report.certificates == 0 && !inside).then(|| scene.half())
}

fn certificate_valid(scene: &SignedScene<'_>) -> Option<Hit> {
    scene.reason(&["expired", "not-yet-valid"])
}

/// Compared with what was handed out at enrolment: certificates that may not issue others.
fn certificate_issuer(scene: &SignedScene<'_>) -> Option<Hit> {
    let own = scene.known.iter().filter(|known| known.handed_out && !known.trusted);
    let mut issued = own.map(|k| &k.certificate).filter(|c| !c.purposes.is_ca()).peekable();
    issued.peek()?;
    let issuers: Vec<&str> = issued.map(|certificate| certificate.issuer.as_str()).collect();
    let foreign = scene.signers().filter_map(|signer| signer.certificate.as_ref());
    let foreign = foreign.into_iter().find(|c| !issuers.contains(&c.issuer.as_str()))?;
    Some(scene.half().saying(clip(&foreign.issuer)))
}

/// Only where TLS shows a certificate at all: on the device's own connection, or by a gateway's word.
fn certificate_equals_tls(scene: &SignedScene<'_>) -> Option<Hit> {
    let tls = sha256_hex(by_tls(scene.exchange)?.certificate.der());
    let signers = scene.signers().filter_map(|signer| signer.certificate.as_ref());
    let mut signers = signers.peekable();
    let first = signers.peek()?.subject.clone();
    let differs = signers.all(|signer| signer.sha256 != tls);
    differs.then(|| scene.half().saying(clip(&first)))
}

fn multi_signer(scene: &SignedScene<'_>) -> Option<Hit> {
    scene.reason(&["several-signers"])
}
