//! The configuration of a device as its management sessions tell it.

use serde::Serialize;

use super::ids::ExchangeId;

/// How a value of a node is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Known {
    /// The server set it, and the device took it.
    Set,
    /// The server asked, and the device told it.
    Read,
    /// The server ran it.
    Run,
    /// The server removed it.
    Removed,
}

impl Known {
    /// As a person says it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Set => "set",
            Self::Read => "read",
            Self::Run => "run",
            Self::Removed => "removed",
        }
    }
}

/// One node of the management tree with what is known of it, and by which command.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ConfigurationNode {
    /// Its address as first written.
    pub path: String,
    /// How it is known.
    pub known: Known,
    /// Its value, at most 160 characters; `None` when there is none.
    pub value: Option<String>,
    /// What the value means by the table of nodes; empty when nothing is known.
    pub meaning: String,
    /// The value before the session that changed it last; `None` when it was not known.
    pub before: Option<String>,
    /// Number of that session in [`Configuration::sessions`], from 0.
    pub changed: usize,
    /// Number of the session that told it last, from 0.
    pub told: usize,
    /// The exchange that carried the command.
    pub exchange: ExchangeId,
    /// `MsgID` of its message.
    pub message: String,
    /// Its `CmdID`.
    pub command: String,
    /// The status it was answered with.
    pub status: String,
}

/// The configuration of one device.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Configuration {
    /// Host of the server.
    pub host: String,
    /// The device's address.
    pub device: String,
    /// The sessions it is known from, oldest first: `SessionID` and first exchange.
    pub sessions: Vec<(String, ExchangeId)>,
    /// Nodes in the order of their paths; at most 4,096.
    pub nodes: Vec<ConfigurationNode>,
    /// Nodes beyond that.
    pub dropped: u64,
}

/// One node whose value is another in one configuration than in another.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ConfigurationChange {
    /// Its address as first written.
    pub path: String,
    /// The value there; `None` when the node is not known there, or was removed.
    pub before: Option<ConfigurationNode>,
    /// The value here; likewise.
    pub after: Option<ConfigurationNode>,
}
