//! What is remembered of a device between exchanges.

use crate::model::{
    Evidence, Exchange, ExchangeId, Leg, Policy, ProvisionState, Span, WallTime, WipeKind,
};

use crate::analyze::document::Document;
use crate::model::NodeId;

use super::habits::Habits;

/// When and where something was learnt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::analyze) struct Mark {
    pub(in crate::analyze) exchange: ExchangeId,
    /// When its answer was there: what began earlier could not know of it.
    pub(in crate::analyze) over: WallTime,
    leg: Leg,
    layer: u32,
    span: Span,
}

impl Mark {
    /// The whole of one leg.
    pub(in crate::analyze) fn leg(exchange: &Exchange, leg: Leg) -> Self {
        Self { exchange: exchange.id, over: over(exchange), leg, layer: 0, span: Span::default() }
    }

    /// One node of a leg.
    pub(in crate::analyze) fn node(
        exchange: &Exchange,
        leg: Leg,
        document: &Document<'_>,
        node: Option<NodeId>,
    ) -> Self {
        let span = node.and_then(|id| document.tree.get(id)).map_or(Span::default(), |n| n.span);
        Self { layer: document.layer.0, span, ..Self::leg(exchange, leg) }
    }

    /// As evidence of a finding.
    pub(in crate::analyze) fn evidence(&self) -> Evidence {
        Evidence { exchange: self.exchange, leg: self.leg, layer: self.layer, span: self.span }
    }

    /// Microseconds from then to the beginning of `exchange`; `None` when that began before.
    pub(in crate::analyze) fn until(&self, exchange: &Exchange) -> Option<i64> {
        let passed = exchange.started.0.saturating_sub(self.over.0);
        (passed >= 0).then_some(passed)
    }
}

/// When an exchange ended; when it began if that is not known.
pub(in crate::analyze) fn over(exchange: &Exchange) -> WallTime {
    let times = &exchange.times;
    let ended = times.response_end.or(times.closed).or(times.response_head).unwrap_or_default();
    let ended = i64::try_from(ended.0).unwrap_or(i64::MAX);
    WallTime(exchange.started.0.saturating_add(ended))
}

/// A key and where it was learnt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::analyze) struct KnownKey {
    /// Unsigned number, else as sent.
    pub(in crate::analyze) key: String,
    pub(in crate::analyze) mark: Mark,
    /// Learnt from a request that was served, not from the answer that gave it.
    pub(in crate::analyze) assumed: bool,
}

/// The last Provision that is to be tried again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::analyze) struct Failed {
    /// Provision Status, 2 or 3.
    pub(in crate::analyze) status: u16,
    /// Of the request's body.
    pub(in crate::analyze) fingerprint: u64,
    pub(in crate::analyze) mark: Mark,
}

/// Everything remembered of one device. `None` = not seen, or settled.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(in crate::analyze) struct Memory {
    pub(in crate::analyze) state: ProvisionState,
    pub(in crate::analyze) assumed: bool,
    /// State before the Provision in progress.
    pub(super) before: (ProvisionState, bool),
    /// Exchanges other than exempt ones.
    pub(in crate::analyze) commands: u64,
    /// The policy offered and not yet acknowledged, by its temporary key.
    pub(in crate::analyze) offer: Option<KnownKey>,
    /// The last temporary key.
    pub(in crate::analyze) temporary: Option<KnownKey>,
    /// The last final key.
    pub(in crate::analyze) known: Option<KnownKey>,
    /// Status of the last acknowledgement.
    pub(in crate::analyze) acknowledged: Option<String>,
    /// A demand to provision that the next command has to answer.
    pub(in crate::analyze) demand: Option<Mark>,
    /// Status 141: the next request has to carry a key.
    pub(in crate::analyze) key_demand: Option<Mark>,
    /// Policy Status 2.
    pub(in crate::analyze) no_policy: Option<Mark>,
    /// Status 5: the next command has to be an initial Provision.
    pub(in crate::analyze) mismatch: Option<Mark>,
    /// Policy Status 3, and the type that was asked for.
    pub(in crate::analyze) unknown_type: Option<(String, Mark)>,
    pub(in crate::analyze) failed: Option<Failed>,
    /// Rounds of Provision since the last command that succeeded.
    pub(in crate::analyze) rounds: u32,
    /// The last demand came although the request carried the final key.
    pub(in crate::analyze) refused: bool,
    /// Refusals in a row.
    pub(in crate::analyze) refusals: u32,
    /// `DeviceInformation` was sent.
    pub(in crate::analyze) device_information: bool,
    /// Provisioned, and no `DeviceInformation` so far.
    pub(in crate::analyze) information_due: Option<Mark>,
    /// Status 140, until the order is there.
    pub(in crate::analyze) wipe_demand: Option<Mark>,
    /// Status 140: the next command has to be Provision.
    pub(in crate::analyze) wipe_fetch: Option<Mark>,
    /// An order to wipe, until it is answered.
    pub(in crate::analyze) order: Option<(WipeKind, Mark)>,
    /// The device reported a failed wipe, and the answer had no order.
    pub(in crate::analyze) wipe_failed: Option<Mark>,
    /// The wipe is done.
    pub(in crate::analyze) wiped: Option<Mark>,
    pub(in crate::analyze) policy: Option<Policy>,
    pub(in crate::analyze) previous: Option<Policy>,
    pub(in crate::analyze) habits: Habits,
}
