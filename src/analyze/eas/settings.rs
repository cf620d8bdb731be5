//! Settings: what is read and written, property by property (MS-ASCMD 2.2.1.18).

use crate::analyze::document::{Document, Subject};
use crate::analyze::draft::{Draft, clip, joined};
use crate::model::NodeId;

use super::values;

/// Properties of one request; the protocol has six.
const PROPERTIES: usize = 8;

/// Tells what is set and asked for: `set DeviceInformation`, `get UserInformation`.
pub(super) fn tell(subject: &Subject<'_>, draft: &mut Draft) {
    if let Some(request) = &subject.request {
        for property in request.children(request.root()).take(PROPERTIES) {
            let name = request.name(property);
            draft.fact(joined([verb(request, property), clip(name)], " "));
            match name {
                "Oof" => draft.fact(oof(request, property, "Set")),
                "DevicePassword" => draft.fact("recovery password for the server to keep"),
                _ => {}
            }
        }
    }
    let Some(response) = &subject.response else { return };
    if let Some(property) = response.child(response.root(), "Oof") {
        draft.fact(oof(response, property, "Get"));
    }
    let mails = ["UserInformation", "Get", "Accounts", "Account", "EmailAddresses"];
    let alone = ["UserInformation", "Get", "EmailAddresses"];
    let list = response
        .descend(response.root(), &mails)
        .or_else(|| response.descend(response.root(), &alone));
    if let Some(list) = list {
        let addresses = response.children(list).map(|id| clip(&response.text(id)));
        draft.row("addresses", joined(addresses.take(PROPERTIES), ", "));
    }
}

/// `out of office on`.
fn oof(document: &Document<'_>, property: NodeId, verb: &str) -> String {
    let Some(state) = document.text_at(property, &[verb, "OofState"]) else { return String::new() };
    let words = values::label("OofState", verb, &state);
    let time = |name: &str| document.text_at(property, &[verb, name]).map(|time| clip(&time));
    let words =
        words.map_or_else(|| format!("out of office state {}", clip(&state)), str::to_owned);
    match (time("StartTime"), time("EndTime")) {
        (Some(from), Some(to)) if state == "2" => format!("{words}: {from} to {to}"),
        _ => words,
    }
}

fn verb(document: &Document<'_>, property: NodeId) -> String {
    let is = |name: &str| document.child(property, name).is_some();
    if is("Set") {
        "set".to_owned()
    } else if is("Get") || document.children(property).next().is_none() {
        "get".to_owned()
    } else {
        String::new()
    }
}
