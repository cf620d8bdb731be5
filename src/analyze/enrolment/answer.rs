//! The answer to a certificate request: what the device is given (MS-WSTEP 3.1.4.1.1.2,
//! MS-MDE2 2.2.9).

use crate::analyze::draft::{Draft, clip};
use crate::model::{Decoded, Leg, Level, WallTime};

use super::envelope::Envelope;
use super::explain::{self, Setting};
use super::provisioning::Provisioning;
use super::request::TokenRequest;

/// Says what came back.
pub(super) fn tell(
    envelope: &Envelope<'_>,
    decoded: Option<&Decoded>,
    request: Option<&TokenRequest<'_>>,
    now: WallTime,
    draft: &mut Draft,
) {
    if let Some((node, text)) =
        envelope.find("DispositionMessage").map(|id| (id, envelope.text(id)))
        && !text.is_empty()
    {
        draft.row("disposition", clip(&text));
        draft.note(Leg::Response, &envelope.document, node, Level::Info, "what the CA says");
    }
    let Some(decoded) = decoded else { return };
    let requested = request.and_then(|request| request.pkcs10.as_ref()).map(|pkcs10| &pkcs10.key);
    let setting = Setting { leg: Leg::Response, decoded, now, requested };
    let mut documents = Provisioning::all(decoded).peekable();
    if documents.peek().is_none() {
        draft.fact("no provisioning document");
        draft.raise(Level::Warning);
    }
    for document in documents {
        explain::tell(&document, setting, draft);
    }
}
