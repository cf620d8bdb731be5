//! Rules about bodies that are signed or encrypted as a whole (MS-MDM 2.1).

use crate::analyze::draft::clip;
use crate::analyze::signature::Sealed;
use crate::model::{Carrier, Evidence, Leg};

use super::hit::Hit;
use super::signature::{SignatureRule, SignedScene};

pub(super) const RULES: &[SignatureRule] = &[
    ("env-mode-mismatch", other_shape),
    ("env-digest-sha256", other_digest),
    ("env-recipient-known", unknown_recipient),
    ("env-weak-cipher", weak_cipher),
    ("env-opaque", opaque),
    ("env-cert-before-enable", before_certificate),
    ("env-server-cert-delete", certificate_removed),
];

fn at(scene: &SignedScene<'_>, sealed: &Sealed) -> Hit {
    let (exchange, leg, layer) = (scene.exchange.id, sealed.leg, sealed.layer.0);
    let evidence = Evidence { exchange, leg, layer, span: crate::model::Span::default() };
    Hit { evidence: vec![evidence], ..Hit::default() }
}

/// It holds from the next session on; what stands inside something not opened is not known.
fn other_shape(scene: &SignedScene<'_>) -> Option<Hit> {
    let session = scene.session?;
    let (told, mode, mark) = scene.memory?.mode.as_ref()?;
    mark.until(scene.exchange).filter(|_| told != session)?;
    let (sign, encrypt) = (mode & 1 != 0, mode & 2 != 0);
    let fits = scene.shape.signed == sign && scene.shape.encrypted == encrypt;
    let words = match (sign, encrypt) {
        (false, false) => "none was ordered",
        (true, false) => "it is to be signed",
        (false, true) => "it is to be encrypted",
        (true, true) => "it is to be signed and encrypted",
    };
    (!fits).then(|| Hit::half(scene.exchange.id, Leg::Request).since(mark).saying(words))
}

fn other_digest(scene: &SignedScene<'_>) -> Option<Hit> {
    let bodies = scene.signatures.iter().filter(|own| own.report.carrier == Carrier::Body);
    bodies.into_iter().find_map(|signature| {
        let other = signature.report.signers.iter().find(|signer| {
            let digest = signer.digest.replace('-', "");
            !digest.is_empty() && !digest.eq_ignore_ascii_case("sha256")
        })?;
        Some(Hit::half(scene.exchange.id, signature.leg).saying(clip(&other.digest)))
    })
}

/// Only where a certificate was handed out: for that of the server and for that of the device.
fn unknown_recipient(scene: &SignedScene<'_>) -> Option<Hit> {
    let handed = || scene.known.iter().filter(|known| known.handed_out && !known.trusted);
    handed().next()?;
    let is_known = |recipient: &String| {
        handed().any(|known| recipient.contains(&known.certificate.serial_hex()))
    };
    scene.sealed.iter().find_map(|sealed| {
        let named = |text: &&String| text.starts_with("serial ");
        let other = sealed.recipients.iter().filter(named).find(|text| !is_known(text))?;
        Some(at(scene, sealed).saying(other.clone()))
    })
}

fn weak_cipher(scene: &SignedScene<'_>) -> Option<Hit> {
    let weak = |cipher: &str| {
        let cipher = cipher.to_ascii_lowercase();
        ["des", "rc2", "rc4"].iter().any(|name| cipher.starts_with(name))
    };
    let sealed = scene.sealed.iter().find(|sealed| weak(&sealed.cipher))?;
    Some(at(scene, sealed).saying(sealed.cipher.clone()))
}

fn opaque(scene: &SignedScene<'_>) -> Option<Hit> {
    let sealed = scene.sealed.iter().find(|sealed| !sealed.closed.is_empty())?;
    Some(at(scene, sealed).saying(sealed.closed.clone()))
}

fn before_certificate(scene: &SignedScene<'_>) -> Option<Hit> {
    let orders = scene.orders?;
    let (mode, _) = orders.mode.filter(|(mode, _)| *mode > 0)?;
    let none = scene.installed.is_empty() && orders.installed.is_empty();
    let half = || Hit::half(scene.exchange.id, Leg::Response);
    none.then(|| half().saying(format!("SecurityMode {mode}")))
}

/// The certificate that bodies are encrypted for, while they are.
fn certificate_removed(scene: &SignedScene<'_>) -> Option<Hit> {
    let orders = scene.orders?;
    let (_, mode, mark) = scene.memory?.mode.as_ref().filter(|(_, mode, _)| *mode > 0)?;
    let known = |(name, _): &&(String, _)| scene.installed.contains(name);
    let (removed, _) = orders.removed.iter().find(known).filter(|_| *mode > 0)?;
    Some(Hit::half(scene.exchange.id, Leg::Response).since(mark).saying(removed.clone()))
}
