//! Notes on a body of which nothing else is known.

use crate::model::{
    Annotated, ConnId, Decoded, Exchange, ExchangeId, Format, Kind, Leg, NodeId, Note, Request,
    Response, Tree, WallTime,
};

use super::annotate::tell;
use super::document::{Document, Subject};
use super::{eas, syncml};

/// Notes on a lone body, read as `leg` or as the half of an exchange that it looks like.
pub fn annotate_body(decoded: &Decoded, leg: Option<Leg>) -> Vec<Note> {
    let Some((id, tree, _)) = decoded.document() else { return Vec::new() };
    let leg = leg.unwrap_or_else(|| likely_leg(decoded));
    if let Some(part) = syncml::tell_part(leg, decoded) {
        return if leg == Leg::Request { part.request } else { part.response };
    }
    let mut exchange = Exchange::begin(ExchangeId(0), ConnId(0), Kind::Http, WallTime(0));
    let root = tree.root().and_then(|root| tree.name(root)).unwrap_or_default();
    let format = decoded.layer(id).map(|layer| &layer.format);
    // The command of an ActiveSync body is the name of its root.
    let target = match format {
        Some(Format::Wbxml("ActiveSync")) => format!("/Microsoft-Server-ActiveSync?Cmd={root}"),
        _ => String::from("/"),
    };
    exchange.request = Some(Request { method: "POST".into(), target, ..Request::default() });
    match leg {
        Leg::Request => notes(&exchange, Some(decoded), None).request,
        Leg::Response => {
            exchange.response = Some(Response { status: 200, ..Response::default() });
            notes(&exchange, None, Some(decoded)).response
        }
    }
}

/// What is said of an exchange that is made up: no rule can tell from it whether something is wrong.
fn notes(exchange: &Exchange, request: Option<&Decoded>, response: Option<&Decoded>) -> Annotated {
    let subject = Subject::new(exchange, request, response);
    let head = eas::Head::of(&subject);
    tell(&subject, &syncml::messages(&subject), head.as_ref(), eas::FolderNames::default())
}

/// Which half of an exchange a lone body seems to be; the request when nothing tells.
pub fn likely_leg(decoded: &Decoded) -> Leg {
    let Some(document) = Document::of(decoded) else { return Leg::Request };
    if document.root_name() != "SyncML" {
        return guess(document.tree);
    }
    // Both halves of a session carry statuses; a server has a URL, a device has a number.
    let address = |name| {
        let path = ["SyncHdr", name, "LocURI"];
        document.text_at(document.root(), &path).unwrap_or_default().contains("://")
    };
    if address("Source") && !address("Target") { Leg::Response } else { Leg::Request }
}

/// An answer says how it went; a request does so only when it acknowledges a policy or a wipe.
fn guess(tree: &Tree) -> Leg {
    let ids = (0..).map(NodeId).take(tree.len());
    let says = ids.filter(|id| matches!(tree.name(*id), Some("Status" | "EASProvisionDoc")));
    let acknowledges = |id: &NodeId| {
        let around =
            tree.get(*id).and_then(|node| node.parent).and_then(|parent| tree.name(parent));
        matches!(around, Some("Policy" | "RemoteWipe" | "AccountOnlyRemoteWipe"))
    };
    let root = tree.root().and_then(|root| tree.name(root));
    match root {
        Some("wap-provisioningdoc") => Leg::Response,
        Some(name) if name.eq_ignore_ascii_case("Envelope") => guess_envelope(tree),
        _ if says.filter(|id| !acknowledges(id)).count() > 0 => Leg::Response,
        _ => Leg::Request,
    }
}

/// The element in the body of an envelope says what it is.
fn guess_envelope(tree: &Tree) -> Leg {
    let mut ids = (0..).map(NodeId).take(tree.len()).filter_map(|id| tree.name(id));
    let name = ids.find(|name| name.eq_ignore_ascii_case("Body")).and_then(|_| ids.next());
    let name = name.unwrap_or_default().to_ascii_lowercase();
    let answers = name.contains("response") || name.contains("fault");
    if answers { Leg::Response } else { Leg::Request }
}
