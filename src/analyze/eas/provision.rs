//! Provision: which phase a request is in, what the answer makes of it, and remote wipes
//! (MS-ASPROV 3.1.5.1, 3.2.5.1).

use std::borrow::Cow;

use crate::analyze::document::{Document, Subject};
use crate::analyze::draft::{Draft, clip, joined};
use crate::model::{Leg, Level, NodeId, PolicyKey};

use super::head::Head;
use super::policy_document::{self, WAP_ROOT};

/// What a Provision request wants.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    /// Asks for the policy.
    Initial,
    /// Says what became of the policy, with the temporary key.
    Acknowledge,
    /// An empty element: a client told to wipe asks for the directive.
    WipeQuery,
    /// Says what became of a wipe.
    WipeAcknowledge,
}

impl Phase {
    fn of(request: &Document<'_>) -> Self {
        let root = request.root();
        let wipe = request.children(root).any(|id| is_wipe(request.name(id)));
        let policy = request.descend(root, &["Policies", "Policy"]);
        if wipe {
            Self::WipeAcknowledge
        } else if policy.is_some_and(|id| request.child(id, "PolicyKey").is_some()) {
            Self::Acknowledge
        } else if request.children(root).next().is_none() {
            Self::WipeQuery
        } else {
            Self::Initial
        }
    }

    /// Its name in the overview.
    fn name(self) -> &'static str {
        match self {
            Self::Initial => "initial",
            Self::Acknowledge => "acknowledge",
            Self::WipeQuery => "wipe query",
            Self::WipeAcknowledge => "wipe acknowledge",
        }
    }
}

/// Tells a Provision exchange: phase, policy, key.
pub(super) fn tell(subject: &Subject<'_>, head: &Head, draft: &mut Draft) {
    let phase = subject.request.as_ref().map(Phase::of);
    let answer = subject.response.as_ref().map(Answer::of);
    tell_keys(subject, head, phase, answer.as_ref(), draft);
    if let (Some(request), Some(Phase::Acknowledge)) = (&subject.request, phase) {
        note_acknowledged_key(request, draft);
    }
    let happened = match (phase, &answer) {
        (_, Some(answer)) if answer.policy_status.as_deref() == Some("2") => "no policy",
        (Some(Phase::Acknowledge), Some(answer)) if answer.key.is_some() => "policy acknowledged",
        (Some(Phase::Acknowledge), None) => "acknowledging the policy",
        (Some(Phase::Initial) | None, Some(answer)) if answer.policy.is_some() => {
            "policy downloaded"
        }
        (Some(Phase::Initial), None) => "asking for the policy",
        (Some(Phase::WipeQuery), _) => "asking for a wipe directive",
        _ => "",
    };
    draft.fact(happened);
    let name = phase.map(Phase::name).unwrap_or_default();
    draft.row("phase", joined([name.to_owned(), happened.to_owned()], ": "));
    if let Some(document) = &subject.response {
        tell_answer(subject, document, draft);
    }
}

/// What a Provision answer carries.
#[derive(Debug, Clone)]
struct Answer {
    policy_status: Option<String>,
    key: Option<String>,
    key_node: Option<NodeId>,
    policy: Option<NodeId>,
}

impl Answer {
    fn of(document: &Document<'_>) -> Self {
        let policy = document.descend(document.root(), &["Policies", "Policy"]);
        let text =
            |name: &str| policy.and_then(|id| document.child_text(id, name)).map(Cow::into_owned);
        Self {
            policy_status: text("Status"),
            key: text("PolicyKey"),
            key_node: policy.and_then(|id| document.child(id, "PolicyKey")),
            policy: policy.and_then(|id| document.child(id, "Data")),
        }
    }

    /// What the key of this answer is for.
    fn key_kind(&self) -> (&'static str, &'static str) {
        if self.policy.is_some() {
            ("temporary", "temporary key: to be used in the acknowledgement only")
        } else if self.policy_status.as_deref() == Some("2") {
            // Some servers send a random key beside "no policy".
            ("without a policy", "a key without a policy: its value does not matter")
        } else {
            ("final", "final key: to be sent with every command from now on")
        }
    }
}

/// `key 0 -> 1307199584`, in the facts and, with its kind, in the overview.
fn tell_keys(
    subject: &Subject<'_>,
    head: &Head,
    phase: Option<Phase>,
    answer: Option<&Answer>,
    draft: &mut Draft,
) {
    let before = head.key_words();
    let Some((answer, key)) = answer.and_then(|answer| Some((answer, answer.key.as_deref()?)))
    else {
        if subject.http_status().is_none() || phase.is_some() {
            draft.fact(format!("key {before}"));
        }
        draft.row("policy key", before);
        return;
    };
    let after = key_text(key);
    let (kind, text) = answer.key_kind();
    draft.fact(format!("key {before} -> {after}"));
    draft.row("policy key", format!("{before} -> {after} ({kind})"));
    draft.raise(Level::Notable);
    if let (Some(document), Some(node)) = (&subject.response, answer.key_node) {
        draft.note(Leg::Response, document, node, Level::Notable, text);
    }
}

/// The key as an unsigned number when it is one in either spelling; else as sent.
pub(in crate::analyze) fn key_text(text: &str) -> String {
    match parse_key(text) {
        Some(key) => key.to_string(),
        None => clip(text),
    }
}

/// Reads a policy key; some servers print it signed.
pub(in crate::analyze) fn parse_key(text: &str) -> Option<PolicyKey> {
    let signed = || text.parse::<i32>().ok().map(i32::cast_unsigned);
    text.parse::<u32>().ok().or_else(signed).map(PolicyKey)
}

fn note_acknowledged_key(request: &Document<'_>, draft: &mut Draft) {
    let Some(node) = request.descend(request.root(), &["Policies", "Policy", "PolicyKey"]) else {
        return;
    };
    let text = "the temporary key of the policy that is acknowledged";
    draft.note(Leg::Request, request, node, Level::Info, text);
}

/// The policy, in the answer's own words.
fn tell_answer(subject: &Subject<'_>, document: &Document<'_>, draft: &mut Draft) {
    if let Some(digest) = policy_document::annotate(Leg::Response, document, draft) {
        draft.row("policy", digest.words());
    } else if let Some(inner) = subject.inside(Leg::Response, WAP_ROOT) {
        let digest = policy_document::annotate_wap(Leg::Response, &inner, draft);
        draft.row("policy", format!("of version 2.5: {}", digest.words()));
    }
}

/// True for an element that orders or answers a wipe (MS-ASPROV 2.2.2.1, 2.2.2.46).
pub(in crate::analyze) fn is_wipe(name: &str) -> bool {
    matches!(name, "RemoteWipe" | "AccountOnlyRemoteWipe")
}

/// What a client does next after a success of Provision: that depends on what else the answer carries.
/// `None` where the table knows (MS-ASPROV 3.1.5.1).
pub(super) fn next_step(leg: Leg, document: &Document<'_>, status: NodeId) -> Option<&'static str> {
    let root = document.root();
    if leg != Leg::Response || document.root_name() != "Provision" || document.text(status) != "1" {
        return None;
    }
    let at_root = document.parent(status) == Some(root);
    if !at_root && document.parent_name(status) != "Policy" {
        return None;
    }
    let policy = if at_root {
        document.descend(root, &["Policies", "Policy"])
    } else {
        document.parent(status)
    };
    let has = |name: &str| policy.is_some_and(|id| document.child(id, name).is_some());
    let wipe = document.children(root).any(|id| is_wipe(document.name(id)));
    Some(match (at_root, has("Data")) {
        (true, _) if wipe => "carry out the wipe directive carried in the reply",
        (true, true) => "apply the policy carried in the reply",
        (false, true) => "apply the policy and acknowledge it with the temporary key",
        (false, false) if has("PolicyKey") => "store the final key",
        _ => "",
    })
}

/// Remote wipes, wherever they stand: notes, a headline, an alarm.
pub(super) fn wipes(subject: &Subject<'_>, draft: &mut Draft) {
    for (leg, document) in subject.documents() {
        for id in document.elements().filter(|id| is_wipe(document.name(*id))) {
            let account = document.name(id) == "AccountOnlyRemoteWipe";
            let kind = if account { "ACCOUNT-ONLY WIPE" } else { "REMOTE WIPE" };
            let (fact, text) = match leg {
                Leg::Response => (format!("{kind} ordered"), ordered(account)),
                Leg::Request => {
                    (acknowledged(kind, &document, id), "the device answers a wipe order")
                }
            };
            draft.note(leg, &document, id, Level::Alarm, text);
            draft.row("wipe", fact.clone());
            draft.headline(fact);
        }
    }
}

fn ordered(account: bool) -> &'static str {
    if account {
        "account-only wipe ordered: the device is to delete all data of this account, then acknowledge"
    } else {
        "remote wipe ordered: the device is to delete ALL its data, then acknowledge"
    }
}

fn acknowledged(kind: &str, document: &Document<'_>, id: NodeId) -> String {
    match document.child_text(id, "Status").as_deref() {
        Some("1") => format!("{kind} reported done"),
        Some("2") => format!("{kind} reported FAILED"),
        Some(other) => format!("{kind} reported with status {}", clip(other)),
        None => joined([kind.to_owned(), "acknowledged".to_owned()], " "),
    }
}
