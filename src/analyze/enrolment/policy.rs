//! The certificate policy: what the request is to be like (MS-XCEP 3.1.4.1).

use crate::analyze::draft::{Draft, clip, joined, labelled};
use crate::model::{Leg, Level};

use super::envelope::Envelope;
use super::poll::duration;
use super::table;

/// What a policy asks of the certificate request.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(in crate::analyze) struct CertificatePolicy {
    /// Least key length in bits.
    pub(in crate::analyze) key_length: Option<usize>,
    /// Hash algorithm by name or object identifier; empty when not stated.
    pub(in crate::analyze) hash: String,
    providers: String,
    validity: Option<u64>,
    renewal: Option<u64>,
}

impl CertificatePolicy {
    /// Reads the first policy of an answer.
    pub(in crate::analyze) fn of(envelope: &Envelope<'_>) -> Self {
        let number = |name| envelope.value(name).parse().ok();
        Self {
            key_length: envelope.value("minimalKeyLength").parse().ok(),
            hash: hash(envelope),
            providers: providers(envelope),
            validity: number("validityPeriodSeconds"),
            renewal: number("renewalPeriodSeconds"),
        }
    }
}

/// The object identifier that the policy's hash reference points to.
fn hash(envelope: &Envelope<'_>) -> String {
    let wanted = envelope.value("hashAlgorithmOIDReference");
    if wanted.is_empty() {
        return String::new();
    }
    let mut known = envelope.all("oID");
    let found = known.find(|id| {
        let reference = envelope.child(*id, "oIDReferenceID");
        reference.is_some_and(|reference| envelope.text(reference) == wanted)
    });
    let Some(found) = found else { return format!("reference {}, not in the list", clip(&wanted)) };
    let text = |name| envelope.child(found, name).map(|id| envelope.text(id)).unwrap_or_default();
    let (oid, name) = (text("value"), text("defaultName"));
    match table::algorithm(&oid) {
        Some(known) => format!("{known} ({})", clip(&oid)),
        None => joined([clip(&name), format!("({})", clip(&oid))], " "),
    }
}

fn providers(envelope: &Envelope<'_>) -> String {
    let providers = envelope.all("provider").map(|id| clip(&envelope.text(id)));
    joined(providers.take(8), ", ")
}

/// Says what the policy asks for.
pub(super) fn tell_response(envelope: &Envelope<'_>, draft: &mut Draft) {
    let policy = CertificatePolicy::of(envelope);
    let days = |seconds: Option<u64>| seconds.map(duration).unwrap_or_default();
    let key = policy.key_length.map(|bits| format!("key of {bits} bits or more"));
    let parts = [
        key.unwrap_or_default(),
        labelled("hash", &policy.hash),
        labelled("kept in", &policy.providers),
        labelled("valid for", &days(policy.validity)),
        labelled("renewed", &labelled_after(&days(policy.renewal))),
    ];
    let words = joined(parts, ", ");
    draft.fact(words.clone());
    draft.row("certificate policy", words);
    for (name, text) in [
        ("validityPeriodSeconds", days(policy.validity)),
        ("renewalPeriodSeconds", days(policy.renewal)),
        ("hashAlgorithmOIDReference", policy.hash.clone()),
        ("minimalKeyLength", "least key length in bits".to_owned()),
    ] {
        let Some(node) = envelope.find(name).filter(|id| !envelope.text(*id).is_empty()) else {
            continue;
        };
        draft.note(Leg::Response, &envelope.document, node, Level::Info, text);
    }
}

fn labelled_after(days: &str) -> String {
    if days.is_empty() { String::new() } else { format!("{days} before the end") }
}
