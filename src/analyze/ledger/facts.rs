//! What the messages of a session tell about it as a whole.

use crate::analyze::document::Subject;
use crate::analyze::draft::clip;
use crate::analyze::flow::{Mark, over};
use crate::analyze::syncml::{Item, Message};
use crate::model::{Exchange, Leg};

/// Loud alerts remembered.
const LOUD: usize = 32;

/// Facts that later messages are compared with.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(in crate::analyze) struct Facts {
    /// `MDM-GenericAlert` of the first message that had it.
    pub(in crate::analyze) generic_alert: Option<(String, Mark)>,
    /// `client-request-id` of the first message that had it.
    pub(in crate::analyze) request_id: Option<(String, Mark)>,
    /// `./DevInfo/DevId` as the device told it.
    pub(in crate::analyze) device_id: Option<String>,
    /// Data of the synctype alert, lower case.
    pub(in crate::analyze) sync_type: Option<(String, Mark)>,
    /// `./DevDetail/SwV` as the device told it.
    pub(in crate::analyze) build: Option<String>,
    /// What the device told of itself: what, and the value.
    pub(in crate::analyze) told: Vec<(&'static str, String)>,
    /// Types of generic alerts that were fatal or critical, lower case.
    pub(in crate::analyze) loud: Vec<String>,
    /// Why the last message of the device got no message in return.
    pub(in crate::analyze) refused: Option<String>,
    /// Until when the server asked for patience (HTTP 429), in microseconds since 1970.
    pub(in crate::analyze) patience: Option<(i64, Mark)>,
}

impl Facts {
    /// Takes in a message.
    pub(super) fn follow(
        &mut self,
        subject: &Subject<'_>,
        leg: Leg,
        message: &Message<'_>,
        mark: Mark,
    ) {
        if leg == Leg::Response {
            return;
        }
        let request = subject.exchange.request.as_ref();
        let header = |name: &str| request.and_then(|r| r.headers.first(name)).map(clip);
        let first = |known: &mut Option<(String, Mark)>, value: Option<String>| {
            if known.is_none() {
                *known = value.map(|value| (value, mark));
            }
        };
        first(&mut self.generic_alert, header("MDM-GenericAlert"));
        first(&mut self.request_id, header("client-request-id"));
        for command in &message.commands {
            if matches!(command.verb, "Alert" | "Replace" | "Results") {
                for item in message.items(command) {
                    self.item(command.verb, item, mark);
                }
            }
        }
    }

    fn item(&mut self, verb: &str, item: &Item<'_>, mark: Mark) {
        let value = || item.data().map(|data| clip(&item.document.text(data)));
        if verb == "Alert" {
            let kind = item.meta_text("Type").to_ascii_lowercase();
            if kind == "com.microsoft.mdm.synctype" {
                self.sync_type = value().map(|value| (value.to_ascii_lowercase(), mark));
            }
            let kind = bare_type(&kind).to_owned();
            let importance = item.meta_text("Mark");
            if matches!(importance.as_ref(), "fatal" | "critical") && self.loud.len() < LOUD {
                self.loud.push(clip(&kind));
            }
            return;
        }
        let uri = item.uri().unwrap_or_default();
        if let Some(what) = told(uri) {
            let value = value().filter(|value| !value.is_empty());
            self.told.retain(|(known, _)| *known != what);
            self.told.extend(value.map(|value| (what, value)));
        }
        if uri.eq_ignore_ascii_case("./DevInfo/DevId") {
            self.device_id = value();
        } else if uri.eq_ignore_ascii_case("./DevDetail/SwV") {
            self.build = value();
        }
    }

    /// Takes in how HTTP answered; `message`: with a message.
    pub(super) fn answered(&mut self, exchange: &Exchange, message: bool) {
        self.refused = match (message, &exchange.response) {
            (true, _) => None,
            (false, Some(response)) if response.status != 200 => {
                Some(format!("the last answer was HTTP {}", response.status))
            }
            (false, Some(_)) => Some("the last answer was no message".to_owned()),
            (false, None) => Some("the last message got no answer".to_owned()),
        };
        let Some(response) = exchange.response.as_ref().filter(|r| r.status == 429) else {
            self.patience = None;
            return;
        };
        let seconds =
            response.headers.first("Retry-After").and_then(|s| s.trim().parse::<i64>().ok());
        self.patience = seconds.map(|seconds| {
            let until = over(exchange).0.saturating_add(seconds.saturating_mul(1_000_000));
            (until, Mark::leg(exchange, Leg::Response))
        });
    }
}

/// What a device tells of itself in a node (OMA `DevInfo` 1.2 5.3, `DevDetail` 1.2 5.3; `DevDetail`
/// CSP).
fn told(uri: &str) -> Option<&'static str> {
    const NODES: [(&str, &str); 14] = [
        ("DevInfo/DevId", "device id"),
        ("DevInfo/Man", "manufacturer"),
        ("DevInfo/Mod", "model"),
        ("DevInfo/DmV", "DM client"),
        ("DevInfo/Lang", "language"),
        ("DevDetail/DevTyp", "kind"),
        ("DevDetail/OEM", "OEM"),
        ("DevDetail/FwV", "firmware"),
        ("DevDetail/SwV", "software"),
        ("DevDetail/HwV", "hardware"),
        ("DevDetail/Ext/Microsoft/DeviceName", "name"),
        ("DevDetail/Ext/Microsoft/OSPlatform", "system"),
        ("DevDetail/Ext/Microsoft/ProcessorArchitecture", "processor"),
        ("DevDetail/Ext/Microsoft/CommercializationOperator", "operator"),
    ];
    let path = uri.strip_prefix("./").filter(|path| path.get(..3).is_some_and(is_dev))?;
    let path = path.trim_end_matches('/');
    NODES.iter().find(|(node, _)| node.eq_ignore_ascii_case(path)).map(|(_, what)| *what)
}

fn is_dev(start: &str) -> bool {
    start.eq_ignore_ascii_case("dev")
}

/// A type of a generic alert without the word before it that OMA DM wants (8.7.1.6).
fn bare_type(kind: &str) -> &str {
    let words = ["reversed-domain-name:", "content-type:"];
    words.iter().find_map(|word| kind.strip_prefix(word)).unwrap_or(kind).trim()
}

/// The types named by an `MDM-GenericAlert` header, lower case (MS-MDM 2.1).
pub(in crate::analyze) fn generic_alert_types(value: &str) -> Vec<String> {
    let parts = value.split(['<', '>']).map(str::trim).filter(|part| !part.is_empty());
    parts.map(|part| bare_type(&part.to_ascii_lowercase()).to_owned()).collect()
}
