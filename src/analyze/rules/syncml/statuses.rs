//! Rules about the answers and alerts of one message (MS-MDM 2.2.6.1, 2.2.7.2, 2.2.7.8).

use crate::analyze::draft::clip;
use crate::analyze::hresult;
use crate::analyze::rules::hit::Hit;
use crate::analyze::syncml::{ALERTS, Item, Status, meta, status_named};
use crate::model::{Leg, NodeId};

use super::engine::{MessageRule, Said};

pub(super) const RULES: &[MessageRule] = &[
    ("cmdref-present-status", reference_missing),
    ("cmdref-zero-synchdr", header_mislabelled),
    ("msgref-present-status", message_reference_missing),
    ("msgref-default-results", results_without_message),
    ("cmdref-default-results", results_without_command),
    ("cmd-name-list", unlisted_verb),
    ("status-first-synchdr", header_not_first),
    ("status-data-numeric", code_not_numeric),
    ("status-data-known", code_unknown),
    ("status-no-status-for-results-200", needless_status),
    ("status-on-status", status_about_status),
    ("status-originalerror", original_error),
    ("status-chal-with-401-407", challenge_missing),
    ("status-chal-nonce", bad_challenge),
    ("status-only-message-client", needless_message),
    ("status-cmd-present", verb_missing),
    ("status-data-present", code_missing),
    ("status-results-placement", nested_answer),
    ("results-after-status", results_first),
    ("results-source-present", results_without_source),
    ("results-source-relative", results_absolute),
    ("results-data-present", results_without_data),
    ("results-cmd-present", results_without_verb),
    ("alert-code-known", alert_unknown),
    ("alert-data-present", alert_without_code),
    ("alert-1224-item", event_incomplete),
    ("alert-1226-shape", generic_incomplete),
    ("alert-1226-client-only", generic_of_server),
    ("alert-1226-type-urn", type_no_urn),
    ("alert-1226-mark", mark_unknown),
    ("alert-loginstatus-values", login_unknown),
    ("alert-synctype-values", sync_unknown),
    ("alert-deviceprep-values", preparation_unknown),
    ("alert-correlator", correlator),
    ("alert-1223-final", abort_without_final),
    ("alert-1222-shape", next_with_more),
    ("pkg1-devinfo-spelling", devinfo_spelling),
    ("pkg1-no-status", status_in_first),
];

/// Every Status, or every Results, that fits.
fn answers(said: &Said<'_, '_>, verb: &str, fits: impl Fn(&Status<'_>) -> bool) -> Option<Hit> {
    let results = verb == "Results";
    let own = said.message.answers().filter(|(_, status)| status.results == results);
    let nodes: Vec<NodeId> =
        own.filter(|(_, status)| fits(status)).map(|(_, status)| status.node).collect();
    said.nodes(&nodes)
}

fn reference_missing(said: &Said<'_, '_>) -> Option<Hit> {
    answers(said, "Status", |status| status.command().is_empty() && status.verb() != "SyncHdr")
}

fn header_mislabelled(said: &Said<'_, '_>) -> Option<Hit> {
    answers(said, "Status", |status| {
        let (reference, verb) = (status.command(), status.verb());
        !reference.is_empty() && !verb.is_empty() && (reference == "0") != (verb == "SyncHdr")
    })
}

fn message_reference_missing(said: &Said<'_, '_>) -> Option<Hit> {
    answers(said, "Status", |status| status.message().is_empty())
}

fn results_without_message(said: &Said<'_, '_>) -> Option<Hit> {
    answers(said, "Results", |status| status.message().is_empty())
}

fn results_without_command(said: &Said<'_, '_>) -> Option<Hit> {
    answers(said, "Results", |status| status.command().is_empty())
}

fn unlisted_verb(said: &Said<'_, '_>) -> Option<Hit> {
    let known = [
        "", "Add", "Atomic", "Delete", "Exec", "Get", "Replace", "Results", "Status", "Alert",
        "Sequence", "SyncHdr",
    ];
    answers(said, "Status", |status| !known.contains(&status.verb()))
}

fn header_not_first(said: &Said<'_, '_>) -> Option<Hit> {
    let statuses: Vec<&Status<'_>> = said
        .message
        .answers()
        .filter(|(_, status)| !status.results)
        .map(|(_, status)| status)
        .collect();
    let (first, rest) = statuses.split_first()?;
    let later = rest.iter().find(|status| status.is_header())?;
    (!first.is_header()).then(|| said.node(later.node))
}

fn code_not_numeric(said: &Said<'_, '_>) -> Option<Hit> {
    answers(said, "Status", |status| {
        let code = status.code();
        let digits = code.bytes().all(|byte| byte.is_ascii_digit());
        !code.is_empty() && (code.len() != 3 || !digits)
    })
}

fn code_unknown(said: &Said<'_, '_>) -> Option<Hit> {
    answers(said, "Status", |status| {
        let code = status.code();
        code.len() == 3
            && code.bytes().all(|byte| byte.is_ascii_digit())
            && status_named(code).is_none()
    })
}

fn needless_status(said: &Said<'_, '_>) -> Option<Hit> {
    answers(said, "Status", |status| {
        said.leg == Leg::Response && status.verb() == "Results" && status.code() == "200"
    })
}

fn status_about_status(said: &Said<'_, '_>) -> Option<Hit> {
    answers(said, "Status", |status| status.verb() == "Status")
}

fn original_error(said: &Said<'_, '_>) -> Option<Hit> {
    let found = said.message.answers().find_map(|(_, status)| {
        let error = status.error()?;
        let words = match hresult::parse(error) {
            Some(value) => {
                let meaning = hresult::meaning(value).map(|(text, _)| text).unwrap_or_default();
                format!("{} {meaning}", hresult::hex(value))
            }
            None => clip(error),
        };
        Some((status.node, words))
    });
    let (node, words) = found?;
    Some(said.node(node).saying(words))
}

fn challenge_missing(said: &Said<'_, '_>) -> Option<Hit> {
    answers(said, "Status", |status| {
        status.is_header() && matches!(status.code(), "401" | "407") && status.challenge().is_none()
    })
}

fn bad_challenge(said: &Said<'_, '_>) -> Option<Hit> {
    let document = &said.message.document;
    answers(said, "Status", |status| {
        status.challenge().is_some_and(|challenge| {
            let text = |name: &str| said.text(meta(document, challenge, name));
            let kind = text("Type").to_lowercase();
            let nonce = meta(document, challenge, "NextNonce").is_some();
            (kind.ends_with("md5") || kind.ends_with("mac")) && !(nonce && text("Format") == "b64")
        })
    })
}

fn needless_message(said: &Said<'_, '_>) -> Option<Hit> {
    let [only] = said.message.commands.as_slice() else { return None };
    let (_, status) = said.message.answers().next()?;
    // 212 is the device's word on the server's credentials.
    let empty = said.leg == Leg::Request
        && only.verb == "Status"
        && status.is_header()
        && status.code() == "200"
        && !said.message.has_credentials();
    // The server's message that it answers asked for nothing: what it asked is told by its session.
    empty.then(|| said.half())
}

fn verb_missing(said: &Said<'_, '_>) -> Option<Hit> {
    answers(said, "Status", |status| status.verb().is_empty())
}

fn code_missing(said: &Said<'_, '_>) -> Option<Hit> {
    answers(said, "Status", |status| status.code().is_empty())
}

fn nested_answer(said: &Said<'_, '_>) -> Option<Hit> {
    let nested =
        said.message.commands.iter().filter(|command| {
            matches!(command.verb, "Status" | "Results") && command.within.is_some()
        });
    let nodes: Vec<NodeId> = nested.map(|command| command.node).collect();
    said.nodes(&nodes)
}

fn results_first(said: &Said<'_, '_>) -> Option<Hit> {
    let mut waiting: Vec<(NodeId, &str, &str)> = Vec::new();
    for (_, status) in said.message.answers() {
        let place = (status.message(), status.command());
        if status.results {
            waiting.push((status.node, place.0, place.1));
        } else if let Some((node, ..)) =
            waiting.iter().find(|(_, message, command)| (*message, *command) == place)
        {
            return Some(said.node(*node));
        }
        if waiting.len() > WAITING {
            break;
        }
    }
    None
}

/// Results compared with what follows them.
const WAITING: usize = 256;

fn results_items(said: &Said<'_, '_>, fits: impl Fn(&Item<'_>) -> bool) -> Option<Hit> {
    let items = said.items(|command| command.verb == "Results");
    let nodes: Vec<NodeId> = items.filter(|item| fits(item)).map(|item| item.node).collect();
    said.nodes(&nodes)
}

fn results_without_source(said: &Said<'_, '_>) -> Option<Hit> {
    results_items(said, |item| item.source().is_none())
}

fn results_absolute(said: &Said<'_, '_>) -> Option<Hit> {
    results_items(said, |item| said.text(item.source()).contains("://"))
}

fn results_without_data(said: &Said<'_, '_>) -> Option<Hit> {
    results_items(said, |item| item.data().is_none())
}

fn results_without_verb(said: &Said<'_, '_>) -> Option<Hit> {
    answers(said, "Results", |status| status.verb().is_empty())
}

/// Every Alert that fits, by its code.
fn alerts(said: &Said<'_, '_>, fits: impl Fn(&str, NodeId) -> bool) -> Option<Hit> {
    let alerts = said.message.commands.iter().filter(|command| command.verb == "Alert");
    let found = alerts.filter(|alert| fits(&alert.data, alert.node));
    let nodes: Vec<NodeId> = found.map(|alert| alert.node).collect();
    said.nodes(&nodes)
}

fn alert_unknown(said: &Said<'_, '_>) -> Option<Hit> {
    alerts(said, |code, _| {
        let known = ALERTS.iter().find(|row| row.code == code);
        let mdm = matches!(code, "1200" | "1201" | "1222" | "1223" | "1224" | "1225" | "1226");
        !code.is_empty() && (known.is_none() || !mdm)
    })
}

fn alert_without_code(said: &Said<'_, '_>) -> Option<Hit> {
    alerts(said, |code, _| code.is_empty())
}

/// Items of alerts with this code that fit.
fn alert_items(said: &Said<'_, '_>, code: &str, fits: impl Fn(&Item<'_>) -> bool) -> Option<Hit> {
    let items = said.items(|command| command.verb == "Alert" && command.data == code);
    let nodes: Vec<NodeId> = items.filter(|item| fits(item)).map(|item| item.node).collect();
    said.nodes(&nodes)
}

fn event_incomplete(said: &Said<'_, '_>) -> Option<Hit> {
    let document = &said.message.document;
    let bare = alerts(said, |code, id| code == "1224" && document.child(id, "Item").is_none());
    // The sample of MS-MDM 15.0 has the Type outside of Meta.
    let beside = |item: &Item<'_>| document.child(item.node, "Type").is_some();
    bare.or_else(|| {
        alert_items(said, "1224", |item| {
            item.data().is_none() || (item.meta("Type").is_none() && !beside(item))
        })
    })
}

fn generic_incomplete(said: &Said<'_, '_>) -> Option<Hit> {
    let document = &said.message.document;
    let bare = alerts(said, |code, id| code == "1226" && document.child(id, "Item").is_none());
    bare.or_else(|| {
        alert_items(said, "1226", |item| {
            item.data().is_none() || item.meta("Type").is_none() || item.meta("Format").is_none()
        })
    })
}

fn generic_of_server(said: &Said<'_, '_>) -> Option<Hit> {
    alerts(said, |code, _| said.leg == Leg::Response && code == "1226")
}

fn type_no_urn(said: &Said<'_, '_>) -> Option<Hit> {
    alert_items(said, "1226", |item| {
        let kind = item.meta_text("Type").to_lowercase();
        let urn = kind.starts_with("content-type:") || kind.starts_with("reversed-domain-name:");
        !kind.is_empty() && !urn
    })
}

fn mark_unknown(said: &Said<'_, '_>) -> Option<Hit> {
    let known =
        ["", "fatal", "critical", "minor", "warning", "informational", "harmless", "indeterminate"];
    alert_items(said, "1226", |item| !known.contains(&item.meta_text("Mark").as_ref()))
}

/// Events of a type whose data is none of the known values, compared without case.
fn event_values(said: &Said<'_, '_>, kind: &str, known: &[&str]) -> Option<Hit> {
    alert_items(said, "1224", |item| {
        let value = said.text(item.data());
        item.meta_text("Type").eq_ignore_ascii_case(kind)
            && !known.iter().any(|own| own.eq_ignore_ascii_case(&value))
    })
}

fn login_unknown(said: &Said<'_, '_>) -> Option<Hit> {
    event_values(said, "com.microsoft/MDM/LoginStatus", &["user", "others", "none"])
}

fn sync_unknown(said: &Said<'_, '_>) -> Option<Hit> {
    event_values(said, "com.microsoft.mdm.synctype", &["user", "device", "mixed"])
}

fn preparation_unknown(said: &Said<'_, '_>) -> Option<Hit> {
    let states =
        ["PendingProvisioning", "Bootstrapping", "ExecutingProvisioning", "ProvisioningComplete"];
    event_values(said, "com.microsoft/MDM/DevicePrepSync", &states)
}

fn correlator(said: &Said<'_, '_>) -> Option<Hit> {
    let document = &said.message.document;
    let commands = said.message.commands.iter();
    let nodes: Vec<NodeId> =
        commands.filter_map(|command| document.child(command.node, "Correlator")).collect();
    said.nodes(&nodes)
}

fn abort_without_final(said: &Said<'_, '_>) -> Option<Hit> {
    alerts(said, |code, _| code == "1223" && !said.message.ends_package)
}

fn next_with_more(said: &Said<'_, '_>) -> Option<Hit> {
    let message = said.message;
    let others = message.commands.iter().any(|c| !matches!(c.verb, "Status" | "Alert"));
    let more = others || message.ends_package;
    alerts(said, |code, _| said.leg == Leg::Response && code == "1222" && more)
}

fn devinfo_spelling(said: &Said<'_, '_>) -> Option<Hit> {
    if said.leg == Leg::Response {
        return None;
    }
    let items = said.items(|command| command.verb == "Replace");
    let nodes: Vec<NodeId> = items
        .filter(|item| {
            let uri = item.uri().unwrap_or_default();
            let path = item.found().map_or("", |found| found.node().path);
            let known = [
                "./DevInfo/DevId",
                "./DevInfo/Man",
                "./DevInfo/Mod",
                "./DevInfo/DmV",
                "./DevInfo/Lang",
            ];
            let meant = known.into_iter().chain([path]).find(|own| own.eq_ignore_ascii_case(uri));
            meant.is_some_and(|own| own != uri)
        })
        .map(|item| item.node)
        .collect();
    said.nodes(&nodes)
}

fn status_in_first(said: &Said<'_, '_>) -> Option<Hit> {
    let first = said.leg == Leg::Request && said.message.id == "1";
    answers(said, "Status", |_| first)
}
