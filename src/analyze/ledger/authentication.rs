//! Rounds of credentials inside SyncML (OMA DM Security 1.2.1, 5; OMA DM Protocol 1.2.1, 9).

use crate::analyze::document::Subject;
use crate::analyze::draft::clip;
use crate::analyze::flow::Mark;
use crate::analyze::syncml::{Message, meta};
use crate::model::{Leg, NodeId};

use super::digest::{Nonces, Passwords};
use super::mac::{Mac, whole_body};
use super::session::opposite;
use super::turn::Log;

/// Codes of one direction that are told.
const CODES: usize = 16;

/// Nonces of one direction that are compared.
const NONCES: usize = 16;

/// What one side did to prove who it is, and what it was answered.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(in crate::analyze) struct Proof {
    /// Kind of its last credentials (`auth-md5`); empty before the first.
    pub(in crate::analyze) kind: String,
    /// Kind of the last challenge.
    pub(in crate::analyze) asked: String,
    /// It sent credentials in its last message.
    pub(in crate::analyze) sent: bool,
    /// Codes its headers were answered with, once credentials were at stake.
    pub(in crate::analyze) codes: Vec<u16>,
    /// The nonce for its next credentials, as sent (base64).
    pub(in crate::analyze) nonce: Option<String>,
    /// The last nonce of an earlier session of the same device, as sent (base64).
    carried: Option<String>,
    /// Its last message carried `x-syncml-hmac`.
    mac: bool,
    /// Nonces it was given.
    nonces: Vec<String>,
    /// Whether its last MD5 credentials or MAC were right; `None` when that cannot be said.
    pub(super) verified: Option<bool>,
    /// Where it was refused last.
    pub(in crate::analyze) refused: Option<Mark>,
}

impl Proof {
    /// The code its last header with something at stake was answered with.
    pub(in crate::analyze) fn last(&self) -> Option<u16> {
        self.codes.last().copied()
    }

    /// In words: `auth-md5: 401, 212`.
    fn words(&self) -> String {
        let kind = if self.kind.is_empty() { &self.asked } else { &self.kind };
        let codes: Vec<String> = self.codes.iter().map(u16::to_string).collect();
        match (kind.is_empty(), codes.is_empty()) {
            (true, true) => String::new(),
            (_, true) => format!("{kind}, not answered"),
            (true, false) => codes.join(", "),
            (false, false) => format!("{kind}: {}{}", codes.join(", "), self.verdict()),
        }
    }

    /// What the next digest may be made with.
    fn nonces(&self) -> Nonces<'_> {
        Nonces { given: self.nonce.as_deref(), carried: self.carried.as_deref() }
    }

    const fn verdict(&self) -> &'static str {
        match self.verified {
            Some(true) => " (the digest is that of the password)",
            Some(false) => " (the digest is not that of the password)",
            None => "",
        }
    }
}

/// Both directions.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(in crate::analyze) struct Authentication {
    device: Proof,
    server: Proof,
}

/// What a message has to do with credentials, compared with what was before it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(in crate::analyze) struct Round {
    /// The message carries credentials.
    pub(in crate::analyze) sent: Option<NodeId>,
    /// Code that the header of this side's message before was answered with, when credentials were at
    /// stake.
    pub(in crate::analyze) before: Option<u16>,
    /// This side sent credentials before.
    pub(in crate::analyze) sent_before: bool,
    /// Another kind than before, without having been asked for it.
    pub(in crate::analyze) other_kind: Option<(String, String)>,
    /// A nonce that was given before is given again.
    pub(in crate::analyze) nonce_again: Option<NodeId>,
    /// Code of the answer to the other side's header in this message.
    pub(in crate::analyze) answers: Option<u16>,
    /// Whether its MD5 credentials are right; `None` when that cannot be said.
    pub(in crate::analyze) verified: Option<bool>,
    /// It carries `x-syncml-hmac`.
    pub(in crate::analyze) mac: bool,
    /// Whether that is right; `None` when that cannot be said.
    pub(in crate::analyze) mac_verified: Option<bool>,
}

impl Authentication {
    /// What the side that sends `leg` did.
    pub(in crate::analyze) fn of(&self, leg: Leg) -> &Proof {
        match leg {
            Leg::Request => &self.device,
            Leg::Response => &self.server,
        }
    }

    fn of_mut(&mut self, leg: Leg) -> &mut Proof {
        match leg {
            Leg::Request => &mut self.device,
            Leg::Response => &mut self.server,
        }
    }

    /// Goes on with the nonces that an earlier session of the same device ended with.
    pub(super) fn carry(&mut self, earlier: &Self) {
        let last = |proof: &Proof| proof.nonce.clone().or_else(|| proof.carried.clone());
        self.device.carried = last(&earlier.device);
        self.server.carried = last(&earlier.server);
    }

    /// Compares a message with what was before it.
    pub(super) fn before(
        &self,
        subject: &Subject<'_>,
        leg: Leg,
        message: &Message<'_>,
        passwords: &Passwords,
        log: &mut Log,
    ) {
        let proof = self.of(leg);
        let credentials = credentials(message);
        let round = &mut log.round;
        if let Some((node, kind)) = &credentials
            && kind == "auth-md5"
        {
            let sent = message.document.child_text(*node, "Data").unwrap_or_default();
            round.verified = passwords.verify(&message.source_name, &sent, proof.nonces(), None);
        }
        if let Some(mac) = Mac::of(subject, leg) {
            let body = whole_body(subject, leg).filter(|_| mac.is_md5());
            let nonces = proof.nonces();
            round.mac = true;
            round.mac_verified =
                body.and_then(|body| passwords.verify(mac.user, mac.code, nonces, Some(body)));
        }
        round.sent = credentials.as_ref().map(|(node, _)| *node);
        round.before = proof.last();
        round.sent_before = proof.sent;
        if let Some((_, kind)) = credentials
            && !proof.kind.is_empty()
            && proof.kind != kind
            && proof.asked != kind
        {
            round.other_kind = Some((proof.kind.clone(), kind));
        }
        let other = self.of(opposite(leg));
        for answer in header_answers(message) {
            round.answers = Some(answer.code);
            let nonce = answer.challenge.as_ref().and_then(|challenge| challenge.nonce.clone());
            if let Some((node, nonce)) = nonce
                && other.nonces.contains(&nonce)
            {
                round.nonce_again = Some(node);
            }
        }
    }

    /// Takes in a message.
    pub(super) fn after(&mut self, leg: Leg, message: &Message<'_>, mark: Mark, log: &Log) {
        let proof = self.of_mut(leg);
        let credentials = credentials(message);
        proof.verified = log.round.verified.or(log.round.mac_verified).or(proof.verified);
        proof.sent = credentials.is_some();
        proof.mac = log.round.mac;
        if proof.mac {
            "auth-MAC".clone_into(&mut proof.kind);
        }
        if let Some((_, kind)) = credentials {
            proof.kind = kind;
        }
        for answer in header_answers(message) {
            let other = self.of_mut(opposite(leg));
            let at_stake = other.sent
                || other.mac
                || answer.challenge.is_some()
                || matches!(answer.code, 401 | 407 | 212);
            if at_stake && other.codes.len() < CODES {
                other.codes.push(answer.code);
            }
            other.refused = matches!(answer.code, 401 | 407).then_some(mark);
            let Some(challenge) = answer.challenge else { continue };
            other.asked = challenge.kind;
            let Some((_, nonce)) = challenge.nonce else { continue };
            if other.nonces.len() < NONCES {
                other.nonces.push(nonce.clone());
            }
            other.nonce = Some(nonce);
        }
    }

    /// Both directions in words; empty when SyncML had no part in it.
    pub(super) fn words(&self) -> String {
        let (device, server) = (self.device.words(), self.server.words());
        if server.is_empty() { device } else { format!("{device}; server {server}") }
    }
}

/// A header's Status.
struct HeaderAnswer {
    code: u16,
    challenge: Option<Challenge>,
}

struct Challenge {
    kind: String,
    nonce: Option<(NodeId, String)>,
}

fn header_answers(message: &Message<'_>) -> impl Iterator<Item = HeaderAnswer> {
    let statuses = message.answers().filter(|(_, status)| !status.results && status.is_header());
    statuses.map(|(_, status)| {
        let document = &message.document;
        let challenge = status.challenge().map(|node| Challenge {
            kind: scheme(
                &meta(document, node, "Type").map(|id| document.text(id)).unwrap_or_default(),
            ),
            nonce: meta(document, node, "NextNonce").map(|id| (id, clip(&document.text(id)))),
        });
        HeaderAnswer { code: status.code().parse().unwrap_or_default(), challenge }
    })
}

/// The credentials of a message and their kind.
fn credentials(message: &Message<'_>) -> Option<(NodeId, String)> {
    let document = &message.document;
    let node = document.child(message.header?, "Cred")?;
    let kind = meta(document, node, "Type").map(|id| document.text(id)).unwrap_or_default();
    Some((node, scheme(&kind)))
}

/// `syncml:auth-md5` as `auth-md5`; without a type it is Basic.
fn scheme(kind: &str) -> String {
    match kind.trim().trim_start_matches("syncml:") {
        "" => "auth-basic".to_owned(),
        kind => clip(kind),
    }
}
