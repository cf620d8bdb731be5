//! Refusals: which reason, which HRESULT the device shows for it, and what to do (MS-MDE2 2.2.10).

use crate::analyze::draft::{Draft, clip, joined};
use crate::model::{Leg, Level, NodeId};

use super::envelope::Envelope;
use super::table::{self, FaultCode};

/// A fault as far as it could be read.
#[derive(Debug, Clone)]
pub(in crate::analyze) struct Refusal {
    /// The innermost value of the code.
    pub(in crate::analyze) subcode: Option<(NodeId, String)>,
    /// `ErrorType` of the detail, which says more than the subcode.
    pub(in crate::analyze) error_type: Option<(NodeId, String)>,
    reason: String,
    trace: String,
}

impl Refusal {
    pub(in crate::analyze) fn of(envelope: &Envelope<'_>) -> Self {
        let clipped = |id: NodeId| clip(&envelope.text(id));
        let detail = envelope.find("Detail");
        let in_detail = |name| {
            let inside = |id: &NodeId| detail.is_none_or(|detail| *id > detail);
            envelope.all(name).find(inside).filter(|id| !envelope.text(*id).is_empty())
        };
        let subcode = envelope
            .find("Subcode")
            .and_then(|id| envelope.child(id, "Value"))
            .or_else(|| envelope.descend(&["Code", "Value"]))
            .or_else(|| envelope.descend(&["faultcode"]));
        let reason = envelope.find("Text").or_else(|| envelope.find("faultstring"));
        let message = in_detail("Message");
        Self {
            subcode: subcode.map(|id| (id, clipped(id))),
            error_type: in_detail("ErrorType").map(|id| (id, clipped(id))),
            reason: message.or(reason).map(clipped).unwrap_or_default(),
            trace: in_detail("TraceId").map(clipped).unwrap_or_default(),
        }
    }

    /// What the device makes of it, by the more telling of the two names, and the node it stands in.
    pub(in crate::analyze) fn code(&self) -> Option<(NodeId, &'static FaultCode)> {
        [&self.error_type, &self.subcode].into_iter().flatten().find_map(|(id, name)| {
            let code = table::fault(name)?;
            Some((*id, code))
        })
    }

    /// The name of the reason as the server wrote it.
    fn name(&self) -> String {
        let named = self.code().map(|(_, code)| code.name.to_owned());
        let written =
            self.error_type.as_ref().or(self.subcode.as_ref()).map(|(_, name)| name.clone());
        named.or(written).unwrap_or_default()
    }
}

/// Says why enrolment ends here.
pub(super) fn tell(envelope: &Envelope<'_>, draft: &mut Draft) {
    let refusal = Refusal::of(envelope);
    draft.raise(Level::Warning);
    draft.summary.status = refusal.name();
    if let Some((node, code)) = refusal.code() {
        let FaultCode { hresult, symbol, meaning, advice, .. } = *code;
        draft.headline(format!("refused: {meaning} ({hresult})"));
        draft.row("fault", format!("{}: {hresult} {symbol}, {meaning}", code.name));
        draft.row("what to do", advice);
        let text = format!("{hresult} {symbol}: {meaning}; {advice}");
        draft.note(Leg::Response, &envelope.document, node, Level::Warning, text);
    } else {
        let words = joined([refusal.name(), refusal.reason.clone()], ": ");
        draft.headline(format!("refused: {words}"));
        draft.row("fault", words);
        draft.row("what to do", "not a reason of MS-MDE2 2.2.10: look into the log of the server");
    }
    draft.row("server says", refusal.reason);
    draft.row("trace id", refusal.trace);
}
