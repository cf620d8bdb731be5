//! Rules about the certificate request (MS-MDE2 3.4, MS-WSTEP).

use crate::analyze::draft::clip;
use crate::analyze::enrolment::{RequestKind, token};
use crate::analyze::rules::hit::Hit;
use crate::model::Leg;
use crate::seal::Proof;

use super::engine::{Enrolling, Rule};

pub(super) const RULES: &[Rule] = &[
    ("enr-tokentype", other_token),
    ("enr-requesttype", other_request),
    ("enr-bst-valuetype", unknown_blob),
    ("enr-csr-parse", unreadable),
    ("enr-csr-keysize", small_key),
    ("enr-csr-selfsig", unproved),
];

fn other_token(scene: &Enrolling<'_, '_>) -> Option<Hit> {
    let envelope = scene.request.as_ref()?.envelope;
    let node = envelope.find("TokenType")?;
    let text = envelope.text(node);
    let known = token(&text) == Some("TokenType");
    (!known).then(|| scene.node(Leg::Request, &envelope.document, node).saying(clip(&text)))
}

fn other_request(scene: &Enrolling<'_, '_>) -> Option<Hit> {
    let request = scene.request.as_ref().filter(|found| found.kind == RequestKind::Other)?;
    let document = &request.envelope.document;
    let node = request.envelope.find("RequestType")?;
    let text = clip(&request.envelope.text(node));
    Some(scene.node(Leg::Request, document, node).saying(text))
}

fn unknown_blob(scene: &Enrolling<'_, '_>) -> Option<Hit> {
    scene.both().find_map(|(leg, envelope)| {
        let document = &envelope.document;
        let mut tokens = document
            .elements()
            .filter(|id| document.name(*id).eq_ignore_ascii_case("BinarySecurityToken"));
        tokens.find_map(|node| {
            let kind = document.attribute(node, "ValueType").unwrap_or_default();
            let known = token(kind).is_some();
            (!known).then(|| scene.node(leg, document, node).saying(clip(kind)))
        })
    })
}

fn unreadable(scene: &Enrolling<'_, '_>) -> Option<Hit> {
    let request = scene.request.as_ref()?;
    let (node, decoded) = (request.blob?, scene.subject.body(Leg::Request)?);
    let document = &request.envelope.document;
    if is_cut(scene, Leg::Request) || request.pkcs10.is_some() || is_example(&document.text(node)) {
        return None;
    }
    let what = match request.kind {
        RequestKind::Renew if holds_pkcs7(request.bytes(decoded)) => return None,
        RequestKind::Renew => "no PKCS#7",
        RequestKind::Issue => "no PKCS#10",
        RequestKind::Other => return None,
    };
    Some(scene.node(Leg::Request, document, node).saying(what))
}

/// True for words that stand where an example leaves a value out, such as
/// `B64EncodedSampleBinarySecurityToken`.
pub(super) fn is_example(text: &str) -> bool {
    const WORDS: [&str; 5] = ["insert", "sample", "encoded", "b64", "base64"];
    let text = text.to_ascii_lowercase();
    text.len() < 200 && WORDS.iter().any(|word| text.contains(word))
}

/// True when the body was not kept whole.
pub(super) fn is_cut(scene: &Enrolling<'_, '_>, leg: Leg) -> bool {
    let exchange = scene.subject.exchange;
    let body = match leg {
        Leg::Request => exchange.request.as_ref().map(|request| request.body),
        Leg::Response => exchange.response.as_ref().map(|response| response.body),
    };
    body.is_none_or(|body| body.truncated() || !body.ended)
}

/// True for a `ContentInfo` with signed data (RFC 5652 §3, §5): the type stands near the beginning.
fn holds_pkcs7(der: Option<&[u8]>) -> bool {
    const SIGNED: &[u8] = b"\x06\x09\x2A\x86\x48\x86\xF7\x0D\x01\x07\x02";
    let Some(der) = der else { return false };
    let head = der.get(..32).unwrap_or(der);
    head.first() == Some(&0x30) && head.windows(SIGNED.len()).any(|window| window == SIGNED)
}

fn small_key(scene: &Enrolling<'_, '_>) -> Option<Hit> {
    let (request, demand) = (scene.request.as_ref()?, scene.demand?);
    let key = &request.pkcs10.as_ref()?.key;
    // Lengths of curves are of another kind.
    let small = key.kind == "RSA" && key.bits < demand.key_length;
    let words = || format!("{key}, at least {} demanded", demand.key_length);
    small.then(|| {
        let hit = scene.node(Leg::Request, &request.envelope.document, request.blob?);
        Some(hit.since(&demand.mark).saying(words()))
    })?
}

fn unproved(scene: &Enrolling<'_, '_>) -> Option<Hit> {
    let request = scene.request.as_ref()?;
    let der = request.bytes(scene.subject.body(Leg::Request)?)?;
    let wrong = Proof::of_request(der) == Some(Proof::Wrong);
    let node = request.blob.filter(|_| wrong)?;
    Some(scene.node(Leg::Request, &request.envelope.document, node))
}
