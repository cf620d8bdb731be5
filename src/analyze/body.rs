//! Notes on a body of which nothing else is known.

use crate::model::{
    ConnId, Decoded, Exchange, ExchangeId, Format, Kind, Leg, NodeId, Note, Request, Response,
    Tree, WallTime,
};

use super::annotate::annotate;
use super::syncml;

/// Notes on a lone body, read as `leg` or as the half of an exchange that it looks like.
pub fn annotate_body(decoded: &Decoded, leg: Option<Leg>) -> Vec<Note> {
    let Some((id, tree, _)) = decoded.document() else { return Vec::new() };
    let leg = leg.unwrap_or_else(|| guess(tree));
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
        Leg::Request => annotate(&exchange, Some(decoded), None).request,
        Leg::Response => {
            exchange.response = Some(Response { status: 200, ..Response::default() });
            annotate(&exchange, None, Some(decoded)).response
        }
    }
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
        // Both halves of a session carry statuses: read it as the device's.
        Some("SyncML") => Leg::Request,
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
