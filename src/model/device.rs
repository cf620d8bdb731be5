//! A device as the analysis knows it: a fold over everything it was seen to exchange.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::annotation::{Finding, Level};
use super::certificate::{CertificateRequested, DeviceCertificate};
use super::clock::WallTime;
use super::ids::ExchangeId;
use super::syncml::SessionVerdict;

/// Who a device is: the same in both forms of the query and on every connection.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
pub struct DeviceKey {
    /// Host with unusual port, lower case.
    pub host: String,
    /// User without domain, lower case; empty when no request named one.
    pub user: String,
    /// Device id, lower case; a binary one as hex.
    pub device: String,
}

impl fmt::Display for DeviceKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (device, user, host) = (&self.device, &self.user, &self.host);
        if user.is_empty() {
            write!(f, "{device} at {host}")
        } else {
            write!(f, "{device} of {user} at {host}")
        }
    }
}

/// Where a device stands in ActiveSync provisioning (MS-ASPROV 3.1.5.1, 3.2.5.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ProvisionState {
    /// Nothing seen yet, or the capture began in the middle.
    #[default]
    Unknown,
    /// Sends no key, and the server has not asked for one.
    Unprovisioned,
    /// The server demands provisioning.
    Demanded,
    /// Asked for the policy; no answer yet.
    Downloading,
    /// Holds a policy and a temporary key.
    PolicyOffered,
    /// Acknowledged the policy; no answer yet.
    Acking,
    /// Holds a final key.
    Provisioned,
    /// The server has no policy for it.
    NoPolicy,
    /// Asked whether it is to be wiped; no answer yet.
    WipeQuery,
    /// Refused: only an administrator can help.
    Refused,
    /// Told to ask for a wipe order.
    WipeDemanded,
    /// Ordered to wipe.
    WipeDirected,
    /// Answered the wipe order.
    WipeAcked,
    /// Reported the wipe as done.
    Wiped,
}

impl ProvisionState {
    /// Every state, in the order of a device's life.
    pub const ALL: [Self; 14] = [
        Self::Unknown,
        Self::Unprovisioned,
        Self::Demanded,
        Self::Downloading,
        Self::PolicyOffered,
        Self::Acking,
        Self::Provisioned,
        Self::NoPolicy,
        Self::WipeQuery,
        Self::Refused,
        Self::WipeDemanded,
        Self::WipeDirected,
        Self::WipeAcked,
        Self::Wiped,
    ];

    /// As a person says it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Unknown => "unknown",
            Self::Unprovisioned => "unprovisioned",
            Self::Demanded => "provisioning demanded",
            Self::Downloading => "downloading policy",
            Self::PolicyOffered => "policy offered",
            Self::Acking => "acknowledging",
            Self::Provisioned => "provisioned",
            Self::NoPolicy => "no policy",
            Self::WipeQuery => "asking for a wipe order",
            Self::Refused => "refused",
            Self::WipeDemanded => "WIPE DEMANDED",
            Self::WipeDirected => "WIPE ORDERED",
            Self::WipeAcked => "WIPE ACKNOWLEDGED",
            Self::Wiped => "WIPED",
        }
    }

    /// True from the demand of a wipe to its end.
    pub const fn is_wipe(self) -> bool {
        matches!(self, Self::WipeDemanded | Self::WipeDirected | Self::WipeAcked | Self::Wiped)
    }
}

/// What a wipe takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WipeKind {
    /// All data of the device (`RemoteWipe`).
    Device,
    /// The data of one account (`AccountOnlyRemoteWipe`, protocol 16.1).
    Account,
}

impl WipeKind {
    /// As a person says it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Device => "remote wipe",
            Self::Account => "account-only wipe",
        }
    }
}

/// How far a wipe got.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Wipe {
    /// What it takes; `None` while only demanded.
    pub kind: Option<WipeKind>,
    /// The exchange that ordered it, or demanded to ask for the order.
    pub ordered: ExchangeId,
    /// The exchange in which the device answered, and whether it reported success.
    pub reported: Option<(ExchangeId, bool)>,
}

/// What a policy key was for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum KeyRole {
    /// Sent by the device before anything was seen of where it came from.
    Sent,
    /// Comes with a policy, for its acknowledgement only.
    Temporary,
    /// For every command from then on.
    Final,
    /// Comes with the answer that there is no policy.
    WithoutPolicy,
}

impl KeyRole {
    /// As a person says it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Sent => "as sent",
            Self::Temporary => "temporary",
            Self::Final => "final",
            Self::WithoutPolicy => "without a policy",
        }
    }
}

/// One key of a device's history.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyStep {
    /// The key: an unsigned number, or the text as sent when it is none.
    pub key: String,
    /// What it was for.
    pub role: KeyRole,
    /// The exchange it was first seen in.
    pub exchange: ExchangeId,
}

/// One setting of a policy.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Setting {
    /// Element name; of version 2.5 the characteristic and parameter.
    pub name: String,
    /// Value as sent; empty for an empty element; entries of a list joined with `, `.
    pub value: String,
    /// The entries of a list (of hashes or applications), each as sent; at most 40.
    pub entries: Vec<String>,
    /// What it does to the device.
    pub meaning: String,
    /// It takes something from the user.
    pub restrictive: bool,
    /// The protocol version that brought it; empty when not known.
    pub introduced: String,
    /// The first of the exchanges in a row that carried this value.
    pub since: ExchangeId,
}

/// A policy as one exchange delivered it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Policy {
    /// The exchange that delivered it.
    pub exchange: ExchangeId,
    /// The exchange in which the device said that it applies it, wholly or in part.
    pub acknowledged: Option<ExchangeId>,
    /// Its settings in the order sent.
    pub settings: Vec<Setting>,
    /// Settings that it leaves out and whose absence has a meaning of its own.
    pub absent: Vec<Setting>,
}

/// A long poll in flight.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Waiting {
    /// The Ping.
    pub exchange: ExchangeId,
    /// When it began.
    pub since: WallTime,
    /// How long the device is ready to wait, in seconds; `None` when it repeats its last Ping.
    pub heartbeat: Option<u32>,
}

/// A folder of a device.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Folder {
    /// Id the server gave it.
    pub id: String,
    /// Id of the folder around it; `0` at the top.
    pub parent: String,
    /// Name for people.
    pub name: String,
    /// Type as a number (MS-ASCMD 2.2.3.186).
    pub kind: String,
    /// Type in words; empty for an unknown one.
    pub label: String,
    /// The last SyncKey the server gave for it; empty before the first.
    pub sync_key: String,
}

/// One exchange in the history of a device.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Step {
    /// Which exchange.
    pub exchange: ExchangeId,
    /// When it began.
    pub started: WallTime,
    /// How long it took, in microseconds; 0 when it did not end.
    pub duration: u64,
    /// What the device sent: `FolderSync, key 0`.
    pub request: String,
    /// What came back: `HTTP 449`, `status 142 DeviceNotProvisioned`, `ok`.
    pub response: String,
    /// What it tells: the facts of the list.
    pub facts: String,
    /// The step of the published provisioning walk that the request is, and the answer; empty when
    /// it is none.
    pub walk: [&'static str; 2],
    /// State before and after.
    pub states: [ProvisionState; 2],
    /// The state after is concluded from the middle of a conversation, not seen to come about.
    pub assumed: bool,
    /// What was found in it; as JSON the ids.
    pub findings: Vec<StepFinding>,
}

/// A finding in one exchange, by its rule.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct StepFinding {
    /// Id of the rule.
    pub id: String,
    /// How much attention it wants.
    #[serde(skip)]
    pub level: Level,
}

impl StepFinding {
    /// Of the whole finding.
    pub fn of(finding: &Finding) -> Self {
        Self { id: finding.id.clone(), level: finding.level }
    }
}

/// How a device came to be managed (MS-MDE2), and what it does since.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Enrolment {
    /// Who enrolled it; empty when not told.
    pub user: String,
    /// Name of the device; empty when not told.
    pub name: String,
    /// The exchange that gave it its certificate; `None` when none did.
    pub enrolled: Option<ExchangeId>,
    /// How often that was renewed.
    pub renewals: u32,
    /// The exchange that refused it, and the reason; `None` once it was enrolled.
    pub refused: Option<(ExchangeId, String)>,
    /// Address of the management server; empty when not told.
    pub server: String,
    /// When it asks for work, in words; empty when not told.
    pub schedule: String,
    /// The first exchange in which it was managed.
    pub first_session: Option<ExchangeId>,
    /// Sessions in which it was managed.
    pub sessions: u64,
    /// The id of the last of them.
    pub last_session: String,
    /// How its sessions are known to be its own: `its certificate`, `device id`, `the id the server
    /// gave it`, `the certificate it signs with`, `the device id of its token`, `the user of its
    /// token`, `server and address`; empty before the first.
    pub joined: &'static str,
}

/// What is known of a device from the SyncML sessions in which it is managed or synchronised.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Management {
    /// What the device told of itself (`./DevInfo`, `./DevDetail`), in the order of the table: what,
    /// and the value; each the newest.
    pub told: Vec<(&'static str, String)>,
    /// Sessions seen.
    pub sessions: u64,
    /// The last session.
    pub last: Option<SessionBrief>,
}

/// A SyncML session in few words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SessionBrief {
    /// `SessionID`.
    pub id: String,
    /// `DM/1.2`, `SyncML/1.2`, ….
    pub protocol: String,
    /// Host with unusual port, lower case.
    pub host: String,
    /// User, when one was named.
    pub user: String,
    /// When it began.
    pub started: WallTime,
    /// Its first exchange.
    pub first: ExchangeId,
    /// Its last exchange.
    pub end: ExchangeId,
    /// How it stands.
    pub verdict: SessionVerdict,
    /// Why, in words.
    pub why: String,
    /// How the device proved who it is, in words; empty when it did not by SyncML.
    pub authentication: String,
    /// Commands of the server that were carried out.
    pub done: u64,
    /// Commands of the server that were refused, failed, undone or not answered.
    pub failed: u64,
    /// Commands of the server that wait for an answer.
    pub waiting: u64,
}

/// Everything known of one device.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Device {
    /// Who it is.
    pub key: DeviceKey,
    /// Where it stands.
    pub state: ProvisionState,
    /// The state is concluded from the middle of a conversation, not seen to come about.
    pub assumed: bool,
    /// Protocol version of its last request.
    pub version: String,
    /// Device type.
    pub device_type: String,
    /// User agent.
    pub user_agent: String,
    /// Its keys, oldest first; of a long history the last ones.
    pub keys: Vec<KeyStep>,
    /// The last wipe, if any was demanded.
    pub wipe: Option<Wipe>,
    /// The policy it was given last.
    pub policy: Option<Policy>,
    /// The policy before that.
    pub previous: Option<Policy>,
    /// Its folders, in the order told; at most 256.
    pub folders: Vec<Folder>,
    /// How it was enrolled, and what it does since; `None` when that was not seen.
    pub enrolment: Option<Enrolment>,
    /// What its SyncML sessions tell; `None` when it had none.
    pub management: Option<Management>,
    /// Its certificates, the first seen first; at most 32.
    pub certificates: Vec<DeviceCertificate>,
    /// Certificates it asked for; the last 16.
    pub requests: Vec<CertificateRequested>,
    /// The exchange in which it was ordered to sign its messages, when it is.
    pub signing: Option<ExchangeId>,
    /// A Ping in flight.
    pub waiting: Option<Waiting>,
    /// Command of the last exchange.
    pub last_command: String,
    /// The last exchange.
    pub last: ExchangeId,
    /// When its first exchange began.
    pub first_seen: WallTime,
    /// When its last exchange began.
    pub last_seen: WallTime,
    /// Exchanges seen to their end.
    pub exchanges: u64,
    /// Findings so far.
    pub findings: u64,
    /// Its last exchanges, oldest first.
    pub steps: Vec<Step>,
}

impl Device {
    /// A device of which nothing is known but who it is and when it was first seen.
    pub fn new(key: DeviceKey, first_seen: WallTime) -> Self {
        Self {
            key,
            state: ProvisionState::Unknown,
            assumed: false,
            version: String::new(),
            device_type: String::new(),
            user_agent: String::new(),
            keys: Vec::new(),
            wipe: None,
            policy: None,
            previous: None,
            folders: Vec::new(),
            enrolment: None,
            management: None,
            certificates: Vec::new(),
            requests: Vec::new(),
            signing: None,
            waiting: None,
            last_command: String::new(),
            last: ExchangeId(0),
            first_seen,
            last_seen: first_seen,
            exchanges: 0,
            findings: 0,
            steps: Vec::new(),
        }
    }
}

impl Device {
    /// True for a device that was seen to speak ActiveSync.
    pub fn is_activesync(&self) -> bool {
        self.enrolment.is_none() && self.management.is_none()
    }

    /// Where it stands, in words: the state of ActiveSync provisioning, of enrolment, or of its last
    /// SyncML session.
    pub fn standing(&self) -> String {
        let assumed = if self.assumed { " (assumed)" } else { "" };
        let session = self.management.as_ref().and_then(|management| management.last.as_ref());
        match (&self.enrolment, session) {
            (Some(Enrolment { enrolled: Some(at), .. }), _) => format!("enrolled in {at}"),
            (Some(Enrolment { refused: Some((at, why)), .. }), _) => {
                format!("enrolment REFUSED in {at}: {why}")
            }
            (Some(_), _) => "asked for a certificate, and got none".to_owned(),
            (None, Some(last)) => format!("last session {}", last.verdict.name()),
            (None, None) if self.management.is_some() => "managed".to_owned(),
            (None, None) => format!("{}{assumed}", self.state.name()),
        }
    }
}

/// One difference between two policies.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PolicyChange {
    /// The setting.
    pub name: String,
    /// As it was; `None` when it was not there.
    pub before: Option<Setting>,
    /// As it is; `None` when it is gone.
    pub after: Option<Setting>,
}

impl Policy {
    /// What differs in `self` from `before`, in the order of `self`, what is gone last.
    pub fn changes_since(&self, before: &Self) -> Vec<PolicyChange> {
        let find = |settings: &[Setting], name: &str| {
            settings.iter().find(|setting| setting.name == name).cloned()
        };
        let mut changes = Vec::new();
        for after in &self.settings {
            let old = find(&before.settings, &after.name);
            let same = |old: &Setting| old.value == after.value && old.entries == after.entries;
            if old.as_ref().is_none_or(|old| !same(old)) {
                let name = after.name.clone();
                changes.push(PolicyChange { name, before: old, after: Some(after.clone()) });
            }
        }
        let gone = before.settings.iter().filter(|old| find(&self.settings, &old.name).is_none());
        changes.extend(gone.map(|old| PolicyChange {
            name: old.name.clone(),
            before: Some(old.clone()),
            after: None,
        }));
        changes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn policy(pairs: &[(&str, &str)]) -> Policy {
        let setting = |(name, value): &(&str, &str)| Setting {
            name: (*name).into(),
            value: (*value).into(),
            since: ExchangeId(1),
            ..Setting::default()
        };
        let settings = pairs.iter().map(setting).collect();
        Policy { exchange: ExchangeId(1), acknowledged: None, settings, absent: Vec::new() }
    }

    #[test]
    fn changes_name_what_is_new_other_and_gone() {
        let before = policy(&[("a", "1"), ("b", "2"), ("c", "3")]);
        let after = policy(&[("c", "3"), ("b", "9"), ("d", "4")]);
        let told: Vec<_> = after
            .changes_since(&before)
            .into_iter()
            .map(|c| (c.name, c.before.map(|s| s.value), c.after.map(|s| s.value)))
            .collect();
        let own = |text: &str| Some(text.to_owned());
        assert_eq!(
            told,
            [
                ("b".to_owned(), own("2"), own("9")),
                ("d".to_owned(), None, own("4")),
                ("a".to_owned(), own("1"), None)
            ]
        );
        assert!(after.changes_since(&after).is_empty());
    }
}
