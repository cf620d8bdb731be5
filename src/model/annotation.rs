//! Words added to what was decoded: notes on nodes, findings, and the summary a list shows.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use super::decoded::{Decoded, LayerId};
use super::exchange::Exchange;
use super::ids::{ExchangeId, Leg, PolicyKey};
use super::node::NodeId;
use super::span::Span;

/// How much attention something wants. Never shown by colour alone.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// Plain information.
    #[default]
    Info,
    /// Something changed state or is worth a look (a new policy key, an unusual status).
    Notable,
    /// Odd, or an error that the protocol knows how to go on from.
    Warning,
    /// A failure, damage, or something destructive (a remote wipe).
    Alarm,
}

impl Level {
    /// The mark beside a row or line; a space for plain information.
    pub const fn mark(self) -> char {
        match self {
            Self::Info => ' ',
            Self::Notable => '+',
            Self::Warning => '!',
            Self::Alarm => 'X',
        }
    }
}

/// A sentence about one node of a decoded body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    /// The layer the node is in.
    pub layer: LayerId,
    /// The node.
    pub node: NodeId,
    /// How much attention it wants.
    pub level: Level,
    /// What it means, without a full stop.
    pub text: Cow<'static, str>,
}

/// Whose duty a rule is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FindingSide {
    /// The device.
    Client,
    /// The server.
    Server,
    /// Either.
    Both,
}

/// How strongly the specification words a rule (RFC 2119; its NOT forms too).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Requirement {
    /// MUST, or a plain normative statement.
    Must,
    /// SHOULD.
    Should,
    /// Worth knowing; breaks nothing.
    #[default]
    #[serde(rename = "info")]
    Info,
}

impl Requirement {
    /// As written in the specification; `info` for none.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Must => "MUST",
            Self::Should => "SHOULD",
            Self::Info => "info",
        }
    }
}

/// Where the evidence of a finding stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Evidence {
    /// The exchange.
    pub exchange: ExchangeId,
    /// Which half.
    pub leg: Leg,
    /// The layer of that body.
    pub layer: u32,
    /// The bytes in that layer.
    pub span: Span,
}

/// Something that breaks a rule or deserves attention.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// Stable id of the rule.
    pub id: String,
    /// How strongly the rule is worded.
    #[serde(default)]
    pub requirement: Requirement,
    /// How much attention it wants.
    pub level: Level,
    /// Whose duty the rule is about.
    pub side: FindingSide,
    /// Specification and section.
    pub clause: String,
    /// One sentence without a full stop.
    pub text: String,
    /// Where to look; may be empty.
    pub evidence: Vec<Evidence>,
}

/// Which conversation an exchange belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Protocol {
    /// Nothing we know more about.
    #[default]
    Http,
    /// Exchange ActiveSync.
    ActiveSync,
    /// SyncML data synchronisation or OMA DM.
    SyncMl,
    /// Enrolment in management (MS-MDE2), or a provisioning document.
    Enrolment,
}

/// What an exchange is about, for one line of a list and for filters. All text is for display and
/// comes from the wire: sanitise before it reaches a terminal.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Summary {
    /// The conversation.
    pub protocol: Protocol,
    /// Protocol version (`14.1`, `1.2`); empty when unknown.
    pub version: String,
    /// Device id; empty when unknown.
    pub device: String,
    /// User; empty when unknown.
    pub user: String,
    /// Session (SyncML session id); empty when there is none.
    pub session: String,
    /// ActiveSync command, or the SyncML commands of the message; the HTTP method otherwise.
    pub command: String,
    /// Status inside the protocol (`1`, `142`, `Policy 2`), as opposed to HTTP's; empty when none.
    pub status: String,
    /// Policy key the request was sent with.
    pub policy_key: Option<PolicyKey>,
    /// What one would tell a colleague: `key 0 -> 1307199584, policy downloaded`.
    pub facts: String,
    /// What only the exchanges before it explain, a sentence each.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub story: Vec<String>,
    /// The loudest level of everything said about this exchange.
    pub level: Level,
}

/// Everything said about one exchange.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Annotated {
    /// The list's line.
    pub summary: Summary,
    /// Facts of the overview, in display order: (`command`, `Provision, phase acknowledge`), ….
    pub overview: Vec<(&'static str, String)>,
    /// Notes on the request's nodes, in document order.
    pub request: Vec<Note>,
    /// Notes on the answer's nodes, in document order.
    pub response: Vec<Note>,
    /// Findings, loudest first.
    pub findings: Vec<Finding>,
}

impl Annotated {
    /// Puts in what was found, loudest first; the whole is at least as loud.
    pub fn found(&mut self, findings: Vec<Finding>) {
        let level = &mut self.summary.level;
        *level = findings.iter().map(|finding| finding.level).fold(*level, Level::max);
        self.findings = findings;
    }

    /// Puts in what was found beside that, loudest first; the whole is at least as loud.
    pub fn also_found(&mut self, findings: Vec<Finding>) {
        let mut all = std::mem::take(&mut self.findings);
        all.extend(findings);
        all.sort_by_key(|finding| std::cmp::Reverse(finding.level));
        self.found(all);
    }

    /// The notes of one leg.
    pub fn notes(&self, leg: Leg) -> &[Note] {
        match leg {
            Leg::Request => &self.request,
            Leg::Response => &self.response,
        }
    }
}

/// An exchange with everything that was made of it: what a detail view shows and JSON prints.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Detail {
    /// The facts.
    pub exchange: Exchange,
    /// The request's body, once it ended (or as far as it got).
    pub request: Option<Decoded>,
    /// The answer's body, once it ended (or as far as it got).
    pub response: Option<Decoded>,
    /// What it means.
    pub annotated: Annotated,
}

impl Detail {
    /// The decoded body of one leg.
    pub fn decoded(&self, leg: Leg) -> Option<&Decoded> {
        match leg {
            Leg::Request => self.request.as_ref(),
            Leg::Response => self.response.as_ref(),
        }
    }
}
