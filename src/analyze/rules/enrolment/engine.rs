//! Every rule about enrolment with its function, and the turn they take.

use crate::analyze::document::{Document, Subject};
use crate::analyze::enrolment::{Demand, Envelope, Message, Provisioning, TokenRequest};
use crate::analyze::rules::catalogue::text_of;
use crate::analyze::rules::engine::{Switches, finding, sort};
use crate::analyze::rules::hit::Hit;
use crate::model::{Decoded, Finding, Leg, NodeId};

use super::{discovery, envelope, provisioning, request};

/// One exchange of enrolment as a rule sees it.
#[derive(Debug)]
pub(in crate::analyze) struct Enrolling<'s, 'a> {
    pub(super) subject: &'s Subject<'a>,
    envelopes: [Option<Envelope<'a>>; 2],
    /// The certificate request, when the exchange is one.
    pub(super) request: Option<TokenRequest<'a>>,
    /// Every provisioning document.
    pub(super) documents: Vec<Given<'a>>,
    /// What the certificate policy demanded before; `None` when no exchange before told.
    pub(super) demand: Option<&'s Demand>,
}

/// A provisioning document and the body it came in.
#[derive(Debug)]
pub(super) struct Given<'a> {
    pub(super) leg: Leg,
    pub(super) decoded: &'a Decoded,
    pub(super) document: Provisioning<'a>,
}

/// A rule by its id.
pub(super) type Rule = (&'static str, fn(&Enrolling<'_, '_>) -> Option<Hit>);

const RULES: [&[Rule]; 4] =
    [discovery::RULES, envelope::RULES, provisioning::RULES, request::RULES];

/// Ids of every rule that has a function.
#[cfg(test)]
pub(in crate::analyze::rules) fn ids() -> impl Iterator<Item = &'static str> {
    RULES.into_iter().flatten().map(|(id, _)| *id)
}

/// Everything that is found in one exchange, loudest first.
pub(in crate::analyze) fn check_enrolment(
    scene: &Enrolling<'_, '_>,
    switches: &Switches,
) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (id, check) in RULES.into_iter().flatten().filter(|(id, _)| !switches.is_off(id)) {
        let Some(hit) = check(scene) else { continue };
        findings.extend(text_of(id).map(|text| finding(text, hit)));
    }
    sort(&mut findings);
    findings
}

impl<'s, 'a> Enrolling<'s, 'a> {
    /// An exchange, and what was demanded of it before.
    pub(in crate::analyze) fn new(subject: &'s Subject<'a>, demand: Option<&'s Demand>) -> Self {
        let envelopes = Envelope::both(subject);
        let request = envelopes[0]
            .filter(|envelope| envelope.message == Message::Request)
            .map(|envelope| TokenRequest::of(envelope, subject.body(Leg::Request)));
        let given = |leg: Leg| {
            let decoded = subject.body(leg);
            decoded.into_iter().flat_map(move |decoded| {
                Provisioning::all(decoded).map(move |document| Given { leg, decoded, document })
            })
        };
        let documents = given(Leg::Request).chain(given(Leg::Response)).collect();
        Self { subject, envelopes, request, documents, demand }
    }

    /// The envelopes there are, request first.
    pub(super) fn both(&self) -> impl Iterator<Item = (Leg, &Envelope<'a>)> {
        [Leg::Request, Leg::Response]
            .into_iter()
            .zip(&self.envelopes)
            .filter_map(|(leg, found)| found.as_ref().map(|envelope| (leg, envelope)))
    }

    /// The envelope that carries this message.
    pub(super) fn message(&self, message: Message) -> Option<(Leg, &Envelope<'a>)> {
        self.both().find(|(_, envelope)| envelope.message == message)
    }

    /// One half of the exchange as a whole.
    pub(super) fn half(&self, leg: Leg) -> Hit {
        Hit::half(self.subject.exchange.id, leg)
    }

    /// One node.
    pub(super) fn node(&self, leg: Leg, document: &Document<'_>, node: NodeId) -> Hit {
        let hit = Hit::of_nodes(self.subject.exchange.id, leg, document, &[node]);
        hit.unwrap_or_else(|| self.half(leg))
    }
}
