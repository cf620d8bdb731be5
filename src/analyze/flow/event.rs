//! What one exchange is to the state machine: a question and an answer.

use std::borrow::Cow;

use crate::analyze::document::{Document, Subject};
use crate::analyze::eas::{Head, is_wipe};
use crate::model::{NodeId, PolicyKey, WipeKind};

/// What a request is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::analyze) enum Ask {
    /// OPTIONS, Autodiscover, Ping: no policy key is expected (MS-ASPROV 3.1.5.1).
    Exempt,
    /// Any other command but Provision.
    Command,
    /// Provision that asks for the policy.
    Initial,
    /// Provision that says what became of the policy.
    Acknowledge,
    /// Provision with an empty root: asks for a wipe order.
    WipeQuery,
    /// Provision that answers a wipe order; true when it reports success.
    WipeReport(bool),
}

impl Ask {
    /// True for every form of Provision.
    pub(in crate::analyze) fn is_provision(self) -> bool {
        !matches!(self, Self::Exempt | Self::Command)
    }

    pub(in crate::analyze) fn of(
        subject: &Subject<'_>,
        head: &Head,
        provision: Option<&Provision<'_>>,
    ) -> Self {
        match head.command.as_str() {
            "OPTIONS" | "Autodiscover" | "Ping" => return Self::Exempt,
            "Provision" => {}
            _ => return Self::Command,
        }
        let Some(message) = provision else {
            return if subject.request_is_empty() { Self::WipeQuery } else { Self::Initial };
        };
        if let Some(wipe) = message.wipes.first() {
            let status = message.document.child_text(*wipe, "Status");
            Self::WipeReport(status.as_deref() == Some("1"))
        } else if message.policy_child("PolicyKey").is_some() {
            Self::Acknowledge
        } else if message.document.children(message.root).next().is_none() {
            Self::WipeQuery
        } else {
            Self::Initial
        }
    }
}

/// What an answer is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::analyze) enum Reply {
    /// There is none.
    None,
    /// An error that says nothing about provisioning.
    Failed,
    /// A command was answered normally.
    Served,
    /// HTTP 449, or Status 141 to 144.
    Demand,
    /// Status 140.
    WipeDemand,
    /// A policy with a temporary key.
    Offer,
    /// Policy Status 2.
    NoPolicy,
    /// A final key.
    Final,
    /// Status 165.
    WantsDeviceInformation,
    /// Provision Status 2 or 3: correct it, or try again.
    Retry,
    /// Policy Status 3.
    UnknownType,
    /// Status 126 to 131, 139, 145, 177, or Policy Status 4.
    Refused,
    /// Status 5 of Policy or Provision.
    Mismatch,
    /// An order to wipe.
    Directive(WipeKind),
    /// Provision Status 1 and nothing else.
    Plain,
}

impl Reply {
    pub(in crate::analyze) fn of(
        subject: &Subject<'_>,
        ask: Ask,
        provision: Option<&Provision<'_>>,
    ) -> Self {
        match subject.http_status() {
            None => return Self::None,
            Some(449) => return Self::Demand,
            Some(200) => {}
            Some(_) => return Self::Failed,
        }
        if let Some(message) = provision {
            return Self::of_provision(ask, message);
        }
        let status = subject
            .response
            .as_ref()
            .and_then(|document| document.child_text(document.root(), "Status"));
        match status.as_deref() {
            Some("140") => Self::WipeDemand,
            Some("141" | "142" | "143" | "144") => Self::Demand,
            _ if ask.is_provision() => Self::Failed,
            _ => Self::Served,
        }
    }

    fn of_provision(ask: Ask, message: &Provision<'_>) -> Self {
        if let Some(wipe) = message.wipes.first() {
            return Self::Directive(wipe_kind(message.document.name(*wipe)));
        }
        match message.status().parse::<u16>() {
            Ok(140) => return Self::WipeDemand,
            Ok(141..=144) => return Self::Demand,
            Ok(165) => return Self::WantsDeviceInformation,
            Ok(126..=131 | 139 | 145 | 177) => return Self::Refused,
            Ok(2 | 3) if message.policies.is_none() => return Self::Retry,
            Ok(5) => return Self::Mismatch,
            _ => {}
        }
        match message.policy_text("Status").as_ref() {
            "2" => Self::NoPolicy,
            "3" => Self::UnknownType,
            "4" => Self::Refused,
            "5" => Self::Mismatch,
            _ if message.policy_child("PolicyKey").is_none() => Self::Plain,
            _ if ask == Ask::Acknowledge => Self::Final,
            _ => Self::Offer,
        }
    }
}

/// The kind of wipe an element orders.
fn wipe_kind(name: &str) -> WipeKind {
    if name == "AccountOnlyRemoteWipe" { WipeKind::Account } else { WipeKind::Device }
}

/// A Provision body, of either leg.
#[derive(Debug, Clone)]
pub(in crate::analyze) struct Provision<'a> {
    pub(in crate::analyze) document: Document<'a>,
    pub(in crate::analyze) root: NodeId,
    pub(in crate::analyze) policies: Option<NodeId>,
    /// Every Policy; more than the first are rare.
    pub(in crate::analyze) policy: Vec<NodeId>,
    pub(in crate::analyze) device_information: Option<NodeId>,
    /// Elements that order or answer a wipe.
    pub(in crate::analyze) wipes: Vec<NodeId>,
}

impl<'a> Provision<'a> {
    /// Reads `document` when its root is Provision.
    pub(in crate::analyze) fn of(document: Option<&Document<'a>>) -> Option<Self> {
        let document = *document?;
        let root = document.root();
        if document.root_name() != "Provision" {
            return None;
        }
        let policies = document.child(root, "Policies");
        Some(Self {
            document,
            root,
            policies,
            policy: policies.map(|id| document.named(id, "Policy").collect()).unwrap_or_default(),
            device_information: document.child(root, "DeviceInformation"),
            wipes: document.children(root).filter(|id| is_wipe(document.name(*id))).collect(),
        })
    }

    /// Provision/Status; empty when there is none.
    pub(in crate::analyze) fn status(&self) -> Cow<'a, str> {
        self.document.child_text(self.root, "Status").unwrap_or_default()
    }

    /// A child of the first Policy.
    pub(in crate::analyze) fn policy_child(&self, name: &str) -> Option<NodeId> {
        self.document.child(*self.policy.first()?, name)
    }

    /// The text of a child of the first Policy; empty when there is none.
    pub(in crate::analyze) fn policy_text(&self, name: &str) -> Cow<'a, str> {
        self.policy_child(name).map(|id| self.document.text(id)).unwrap_or_default()
    }

    /// The kind a wipe element orders or answers.
    pub(in crate::analyze) fn wipe_kind(&self) -> Option<WipeKind> {
        self.wipes.first().map(|id| wipe_kind(self.document.name(*id)))
    }

    /// The policy document of the first Policy.
    pub(in crate::analyze) fn settings(&self) -> Option<NodeId> {
        self.document.child(self.policy_child("Data")?, "EASProvisionDoc")
    }
}

/// The policy key as a request carries it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::analyze) enum SentKey {
    /// No header, no field.
    Absent,
    /// An empty header.
    Empty,
    /// A number; 0 means none.
    Number(u32),
    /// Something else.
    Text(String),
}

impl SentKey {
    pub(in crate::analyze) fn of(head: &Head) -> Self {
        match (head.policy_key, head.key_text.as_str()) {
            (Some(PolicyKey(key)), _) => Self::Number(key),
            (None, "none") => Self::Absent,
            (None, "empty") => Self::Empty,
            (None, text) => Self::Text(text.to_owned()),
        }
    }

    /// True when it says that the device holds none.
    pub(in crate::analyze) fn is_none(&self) -> bool {
        matches!(self, Self::Absent | Self::Empty | Self::Number(0))
    }

    /// As keys are kept: an unsigned number, else the text; empty for no key and for 0.
    pub(in crate::analyze) fn text(&self) -> String {
        match self {
            Self::Absent | Self::Empty | Self::Number(0) => String::new(),
            Self::Number(key) => key.to_string(),
            Self::Text(text) => text.clone(),
        }
    }
}
