//! A SyncML session as the analysis knows it, and the ledger of its commands.

use std::borrow::Cow;

use serde::Serialize;

use super::annotation::{Finding, Level};
use super::clock::WallTime;
use super::device::SessionBrief;
use super::ids::{ExchangeId, Leg};

/// How a session stands (OMA DM Protocol 1.2.1, 8).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum SessionVerdict {
    /// More may come.
    #[default]
    Open,
    /// The server closed it and nothing is pending.
    Complete,
    /// One side sent alert 1223.
    Aborted,
    /// Credentials were refused for good.
    AuthFailed,
    /// It stopped with commands unanswered or a package unfinished.
    Interrupted,
}

impl SessionVerdict {
    /// As a person says it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Complete => "complete",
            Self::Aborted => "ABORTED",
            Self::AuthFailed => "AUTHENTICATION FAILED",
            Self::Interrupted => "INTERRUPTED",
        }
    }
}

/// Who started a session (alert 1200 or 1201).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Initiator {
    /// Not told.
    #[default]
    Unknown,
    /// The device.
    Client,
    /// The server, by a notification outside of HTTP.
    Server,
}

/// What became of a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// No answer yet.
    #[default]
    Waiting,
    /// Carried out.
    Done,
    /// Accepted; the result comes later (202), or only a part was stored so far (213).
    Accepted,
    /// Refused or failed.
    Failed,
    /// Carried out and undone, as the group around it failed (216).
    RolledBack,
    /// Left out, as another command of the group failed (215), or cancelled.
    NotExecuted,
    /// The session ended, or its package, without an answer.
    Unanswered,
    /// No answer is owed.
    NotOwed,
}

impl Outcome {
    /// As a person says it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Done => "done",
            Self::Accepted => "accepted",
            Self::Failed => "FAILED",
            Self::RolledBack => "ROLLED BACK",
            Self::NotExecuted => "NOT EXECUTED",
            Self::Unanswered => "UNANSWERED",
            Self::NotOwed => "no answer owed",
        }
    }

    /// True when what was asked for did not happen.
    pub const fn is_bad(self) -> bool {
        matches!(self, Self::Failed | Self::RolledBack | Self::NotExecuted | Self::Unanswered)
    }
}

/// One item of a command or of its results. All text is from the wire.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct LedgerItem {
    /// What it is about: target, else source address; empty when neither was sent.
    pub uri: String,
    /// `Meta/Type`; empty when absent.
    pub kind: Cow<'static, str>,
    /// `Meta/Format`; empty when absent.
    pub format: Cow<'static, str>,
    /// The value, at most 160 characters; `None` when there was no `Data`.
    pub value: Option<String>,
    /// What the value means by the table of nodes; empty when nothing is known.
    pub meaning: String,
    /// Its own status, when one was given for this item alone.
    pub code: Cow<'static, str>,
    /// What a document in its value sets or tells (declared configuration); the first 64.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub parts: Vec<Self>,
}

/// One `Status` of a command.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Answer {
    /// The exchange that brought it.
    pub exchange: ExchangeId,
    /// `MsgID` of the message that brought it.
    pub message: Cow<'static, str>,
    /// Status code.
    pub code: Cow<'static, str>,
    /// Its name; empty for a code in no table.
    pub name: &'static str,
    /// The items it is for; empty for the command as a whole.
    pub refs: Vec<String>,
    /// `msft:originalerror` as `0x` and eight digits, or as sent; empty when absent.
    pub error: String,
    /// What that means; empty when nothing is known.
    pub error_meaning: String,
}

/// A command and what became of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LedgerEntry {
    /// The exchange that carried it.
    pub exchange: ExchangeId,
    /// Who sent it: the request is the device's.
    pub leg: Leg,
    /// `MsgID` of its message.
    pub message: Cow<'static, str>,
    /// Its `CmdID`; empty when it has none.
    pub command: Cow<'static, str>,
    /// `Replace`, `Get`, ….
    pub verb: &'static str,
    /// Alert code of an Alert; empty otherwise.
    pub alert: String,
    /// Name of that code; empty for one in no table.
    pub alert_name: &'static str,
    /// Place of the Atomic, Sequence or Sync around it in the ledger.
    pub within: Option<u32>,
    /// How many of those are around it.
    pub depth: u32,
    /// Its items; of a long list the first 64.
    pub items: Vec<LedgerItem>,
    /// Items it had in all.
    pub item_count: u64,
    /// Its Status commands; the first 16.
    pub answers: Vec<Answer>,
    /// What its Results carried; the first 64 items.
    pub results: Vec<LedgerItem>,
    /// What became of it.
    pub outcome: Outcome,
    /// Why, where that is more than the status says: `rolled back because Replace 4 failed with 500`.
    pub why: String,
    /// It was answered more often than once for the same item.
    pub twice: bool,
    /// What it does that cannot be taken back; empty for most.
    pub danger: &'static str,
    /// How much attention it wants.
    pub level: Level,
}

impl LedgerEntry {
    /// The code that decides: the first that is no success, else the first; empty without one.
    pub fn code(&self) -> &str {
        let bad = self.answers.iter().find(|answer| !answer.code.starts_with(['1', '2']));
        bad.or(self.answers.first()).map_or("", |answer| &*answer.code)
    }
}

/// One message of a session.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SyncmlMessage {
    /// The exchange that carried it.
    pub exchange: ExchangeId,
    /// Who sent it: the request is the device's.
    pub leg: Leg,
    /// `MsgID`.
    pub id: String,
    /// Package of OMA DM (1 to 4); 0 in data synchronisation.
    pub package: u8,
    /// The message ends its package.
    pub last: bool,
    /// It was sent again with the same bytes.
    pub retry: bool,
    /// What it holds: `Alert 1201, Replace, Final`.
    pub outline: String,
    /// Bytes at the end of its body that were not read: what stands in them is not told. Left out in
    /// JSON when there are none.
    #[serde(skip_serializing_if = "is_zero")]
    pub unread: u64,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde wants a reference")]
fn is_zero(number: &u64) -> bool {
    *number == 0
}

/// One session of one device with one server.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SyncmlSession {
    /// Host with unusual port, lower case.
    pub host: String,
    /// The device's address in the header, as sent.
    pub device: String,
    /// `SessionID`.
    pub id: String,
    /// `mode` of the URL (`Machine`, `Maintenance`); empty when absent.
    pub mode: String,
    /// User, when one was named.
    pub user: String,
    /// `DM/1.2`, `SyncML/1.2`, ….
    pub protocol: String,
    /// `XML` or `WBXML`.
    pub encoding: &'static str,
    /// When its first exchange began.
    pub started: WallTime,
    /// When its last exchange ended.
    pub ended: WallTime,
    /// Its first exchange.
    pub first: ExchangeId,
    /// Its last exchange.
    pub last: ExchangeId,
    /// Who started it.
    pub initiator: Initiator,
    /// How it stands.
    pub verdict: SessionVerdict,
    /// Why, in words.
    pub why: String,
    /// Its beginning was not seen.
    pub partial: bool,
    /// The management phase began: a device package after the first was seen.
    pub managed: bool,
    /// How the device proved who it is, in words; empty when it did not by SyncML.
    pub authentication: String,
    /// Messages in the order seen; of a long session the first 1,000.
    pub messages: Vec<SyncmlMessage>,
    /// Messages that were sent again.
    pub retries: u64,
    /// Commands in the order seen, a group before its members.
    pub entries: Vec<LedgerEntry>,
    /// Commands no longer held, or never taken in.
    pub dropped: u64,
    /// Findings in its exchanges.
    pub findings: u64,
    /// The rules they are of, in the order first found; at most 64.
    pub rules: Vec<RuleCount>,
}

/// How often a rule was found broken, or worth knowing of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RuleCount {
    /// Id of the rule.
    pub id: String,
    /// How much attention it wants at most.
    pub level: Level,
    /// Times.
    pub count: u64,
}

/// Rules told of one session.
const RULES: usize = 64;

impl SyncmlSession {
    /// Commands of one side with this outcome.
    pub fn count(&self, leg: Leg, outcome: Outcome) -> usize {
        self.entries.iter().filter(|entry| entry.leg == leg && entry.outcome == outcome).count()
    }

    /// The same in few words.
    pub fn brief(&self) -> SessionBrief {
        let of_server = |outcomes: &[Outcome]| {
            let own = self.entries.iter().filter(|entry| entry.leg == Leg::Response);
            own.filter(|entry| outcomes.contains(&entry.outcome)).count() as u64
        };
        SessionBrief {
            id: self.id.clone(),
            protocol: self.protocol.clone(),
            host: self.host.clone(),
            user: self.user.clone(),
            started: self.started,
            first: self.first,
            end: self.last,
            verdict: self.verdict,
            why: self.why.clone(),
            authentication: self.authentication.clone(),
            done: of_server(&[Outcome::Done, Outcome::Accepted]),
            failed: of_server(&[
                Outcome::Failed,
                Outcome::RolledBack,
                Outcome::NotExecuted,
                Outcome::Unanswered,
            ]),
            waiting: of_server(&[Outcome::Waiting]),
        }
    }

    /// Adds what was found in one of its exchanges.
    pub fn add_findings(&mut self, findings: &[Finding]) {
        for finding in findings {
            self.findings += 1;
            if let Some(rule) = self.rules.iter_mut().find(|rule| rule.id == finding.id) {
                rule.count += 1;
                rule.level = rule.level.max(finding.level);
            } else if self.rules.len() < RULES {
                let (id, level) = (finding.id.clone(), finding.level);
                self.rules.push(RuleCount { id, level, count: 1 });
            }
        }
    }

    /// True when it has a message in this exchange, as far as its messages are told.
    pub fn holds(&self, exchange: ExchangeId) -> bool {
        (self.first..=self.last).contains(&exchange)
            && self.messages.iter().any(|message| message.exchange == exchange)
    }

    /// True for OMA device management, false for data synchronisation.
    pub fn is_dm(&self) -> bool {
        !self.protocol.starts_with("SyncML/")
    }
}
