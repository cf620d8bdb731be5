//! Rules about the header of one message (MS-MDM 2.2.3, OMA-DMRP 6.1).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::analyze::draft::clip;
use crate::analyze::rules::hit::Hit;
use crate::analyze::syncml::meta;
use crate::model::{Leg, NodeId};

use super::engine::{MessageRule, Said};

pub(super) const RULES: &[MessageRule] = &[
    ("hdr-verdtd", dtd_version),
    ("hdr-verproto", protocol_version),
    ("hdr-sessionid-length", session_too_long),
    ("hdr-sessionid-format", session_odd),
    ("hdr-msgid-numeric", message_not_numeric),
    ("hdr-target-source-present", address_missing),
    ("hdr-target-is-server", other_server),
    ("hdr-cred-only-synchdr", credentials_on_command),
    ("hdr-cred-format-b64", credentials_without_format),
    ("hdr-cred-type-known", credentials_unknown),
    ("hdr-cred-basic-cleartext", credentials_basic),
    ("hdr-md5-length", digest_length),
    ("hdr-meta-ignored", meta_of_server),
    ("hdr-maxmsgsize-numeric", limit_not_numeric),
    ("xml-synchdr-present", header_missing),
    ("xml-synchdr-required", field_missing),
    ("xml-synchdr-order", disordered),
];

/// The fields of the header in their order (MS-MDM 2.2.4.2, OMA DTD).
const ORDER: [&str; 10] = [
    "VerDTD",
    "VerProto",
    "SessionID",
    "MsgID",
    "Target",
    "Source",
    "RespURI",
    "NoResp",
    "Cred",
    "Meta",
];

/// Characters from which a session id is reported: the unit of the limit of 4 is unclear.
const SESSION_CHARS: usize = 8;

fn other(said: &Said<'_, '_>, name: &str, value: &str, wanted: &str) -> Option<Hit> {
    (!value.is_empty() && value != wanted).then(|| said.field(name).saying(value.to_owned()))
}

/// OMA DM 1.1.2 goes with SyncML 1.1: an older protocol, not a mistake.
fn is_older(said: &Said<'_, '_>) -> bool {
    said.message.version == "1.1" && said.message.protocol == "DM/1.1"
}

const OLDER: &str = "this is OMA DM 1.1.2, which Windows does not speak";

fn dtd_version(said: &Said<'_, '_>) -> Option<Hit> {
    Some(other(said, "VerDTD", &said.message.version, "1.2")?.only_info(is_older(said), OLDER))
}

fn protocol_version(said: &Said<'_, '_>) -> Option<Hit> {
    let hit = other(said, "VerProto", &said.message.protocol, "DM/1.2")?;
    Some(hit.only_info(is_older(said), OLDER))
}

fn session_too_long(said: &Said<'_, '_>) -> Option<Hit> {
    let session = &said.message.session;
    (session.len() > SESSION_CHARS).then(|| said.field("SessionID").saying(session.clone()))
}

fn session_odd(said: &Said<'_, '_>) -> Option<Hit> {
    let session = &said.message.session;
    let odd = !session.is_empty() && !session.bytes().all(|byte| byte.is_ascii_hexdigit());
    odd.then(|| said.field("SessionID").saying(session.clone()))
}

fn message_not_numeric(said: &Said<'_, '_>) -> Option<Hit> {
    let id = &said.message.id;
    let good = id.bytes().all(|byte| byte.is_ascii_digit()) && !id.starts_with('0');
    (!id.is_empty() && !good).then(|| said.field("MsgID").saying(id.clone()))
}

fn address_missing(said: &Said<'_, '_>) -> Option<Hit> {
    let header = said.message.header?;
    let empty = |name: &str| {
        let node = said.message.document.child(header, name)?;
        said.message.document.text_at(node, &["LocURI"]).is_none().then_some(node)
    };
    let nodes: Vec<NodeId> = ["Target", "Source"].into_iter().filter_map(empty).collect();
    said.nodes(&nodes)
}

fn other_server(said: &Said<'_, '_>) -> Option<Hit> {
    let exchange = said.subject.exchange;
    let target = &said.message.target;
    let bare = |url: &str| {
        let url = url.to_lowercase();
        let url = url.split_once("://").map_or(url.as_str(), |(_, rest)| rest).to_owned();
        url.split('?').next().unwrap_or_default().trim_end_matches('/').replace(":443", "")
    };
    let absolute = target.contains("://");
    (said.leg == Leg::Request && absolute && bare(target) != bare(&exchange.url()))
        .then(|| said.field("Target").saying(target.clone()))
}

fn credentials_on_command(said: &Said<'_, '_>) -> Option<Hit> {
    let document = &said.message.document;
    // A Status may carry those of the server (OMA DTD).
    let own = said.message.commands.iter().filter(|command| command.verb != "Status");
    let nodes: Vec<NodeId> =
        own.filter_map(|command| document.child(command.node, "Cred")).collect();
    said.nodes(&nodes)
}

/// The credentials of the header, with their kind without `syncml:`.
fn credentials(said: &Said<'_, '_>) -> Option<(NodeId, String)> {
    let node = said.message.document.child(said.message.header?, "Cred")?;
    let kind = said.text(meta(&said.message.document, node, "Type"));
    Some((node, kind.trim().trim_start_matches("syncml:").to_owned()))
}

fn credentials_without_format(said: &Said<'_, '_>) -> Option<Hit> {
    let (node, kind) = credentials(said)?;
    let format = said.text(meta(&said.message.document, node, "Format"));
    (kind == "auth-md5" && format != "b64").then(|| said.node(node))
}

fn credentials_unknown(said: &Said<'_, '_>) -> Option<Hit> {
    let (node, kind) = credentials(said)?;
    let known = matches!(kind.as_str(), "" | "auth-basic" | "auth-md5" | "auth-MAC" | "auth-X509");
    (!known).then(|| said.node(node).saying(clip(&kind)))
}

fn credentials_basic(said: &Said<'_, '_>) -> Option<Hit> {
    let (node, kind) = credentials(said)?;
    matches!(kind.as_str(), "" | "auth-basic").then(|| said.node(node))
}

fn digest_length(said: &Said<'_, '_>) -> Option<Hit> {
    let (node, _) = credentials(said).filter(|(_, kind)| kind == "auth-md5")?;
    let data = said.message.document.child(node, "Data")?;
    let digest = STANDARD.decode(said.message.document.text(data).as_bytes());
    let length = digest.map(|digest| digest.len()).ok();
    // The binary form holds the digest itself.
    let raw = said.message.document.opaque(data).is_some_and(|bytes| bytes.len() == 16);
    (length != Some(16) && !raw).then(|| said.node(data))
}

fn meta_of_server(said: &Said<'_, '_>) -> Option<Hit> {
    let node = said.message.document.child(said.message.header?, "Meta")?;
    (said.leg == Leg::Response).then(|| said.node(node))
}

fn limit_not_numeric(said: &Said<'_, '_>) -> Option<Hit> {
    let header = said.message.header?;
    let document = &said.message.document;
    let bad = |name: &str| {
        let node = meta(document, header, name)?;
        let positive = document.text(node).parse::<u64>().is_ok_and(|limit| limit > 0);
        (!positive).then_some(node)
    };
    let nodes: Vec<NodeId> = ["MaxMsgSize", "MaxObjSize"].into_iter().filter_map(bad).collect();
    said.nodes(&nodes)
}

fn header_missing(said: &Said<'_, '_>) -> Option<Hit> {
    said.message.header.is_none().then(|| said.node(said.message.document.root()))
}

fn field_missing(said: &Said<'_, '_>) -> Option<Hit> {
    let header = said.message.header?;
    let missing = |name: &&&str| said.message.document.child(header, name).is_none();
    let names: Vec<&str> = ORDER.iter().take(6).filter(missing).copied().collect();
    (!names.is_empty()).then(|| said.node(header).saying(format!("no {}", names.join(", "))))
}

fn disordered(said: &Said<'_, '_>) -> Option<Hit> {
    said.disordered(said.message.header?, &ORDER)
}
