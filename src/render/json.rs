//! The public JSON shape: one object an exchange, documented in `docs/reference/json.md`.
//!
//! Fields are only ever added within one [`SCHEMA`]; a removal or a change of meaning raises it.

use std::collections::HashMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde_json::{Map, Value, json};

use crate::model::{
    Attribute, BodyFacts, Decoded, Detail, Failure, Format, Grade, Headers, Layer, LayerId, Leg,
    Name, NodeId, NodeKind, Note, Span, State, Tls, Tree,
};

use super::hidden::{Hidden, HiddenIn};
use super::secret_text::masked_text;
use super::secrets::{MASK, Secrets, mask_header, mask_url};

/// Version of the shape, in every object as `schema`.
pub const SCHEMA: u32 = 1;

/// One exchange as a JSON object: facts, summary, overview, findings and both decoded bodies.
pub fn json(detail: &Detail, secrets: Secrets) -> Value {
    let exchange = &detail.exchange;
    let annotated = &detail.annotated;
    let overview: Map<String, Value> =
        annotated.overview.iter().map(|(k, v)| ((*k).to_owned(), json!(v))).collect();
    let mut out = json!({
        "schema": SCHEMA,
        "id": exchange.id,
        "conn": exchange.conn,
        "kind": exchange.kind,
        "state": state_name(&exchange.state),
        "started": exchange.started.rfc3339(),
        "mode": exchange.mode,
        "client": exchange.client,
        "server": exchange.server,
        "url": mask_url(&exchange.url(), secrets),
        "host": exchange.host,
        "port": exchange.port,
        "client_tls": exchange.client_tls.as_ref().map(tls_json),
        "server_tls": exchange.server_tls.as_ref().map(tls_json),
        "times_us": exchange.times,
        "relayed": exchange.relayed,
        "summary": annotated.summary,
        "overview": overview,
        "findings": annotated.findings,
        "request": Value::Null,
        "response": Value::Null,
    });
    if let State::Failed(failure) = &exchange.state {
        out["failure"] = failure_json(failure);
    }
    if let Some(request) = &exchange.request {
        out["request"] = json!({
            "method": request.method,
            "target": mask_url(&request.target, secrets),
            "version": request.version,
            "headers": headers_json(&request.headers, secrets),
            "trailers": headers_json(&request.trailers, secrets),
            "body": body_json(request.body),
            "decoded": decoded_json(detail, Leg::Request, secrets),
        });
    }
    if let Some(response) = &exchange.response {
        out["response"] = json!({
            "status": response.status,
            "reason": response.reason,
            "version": response.version,
            "written_by_synctap": response.ours,
            "headers": headers_json(&response.headers, secrets),
            "trailers": headers_json(&response.trailers, secrets),
            "body": body_json(response.body),
            "decoded": decoded_json(detail, Leg::Response, secrets),
        });
    }
    out
}

/// A decoded body as JSON: its layers with their trees, and its problems.
pub fn json_decoded(decoded: &Decoded, notes: &[Note], secrets: Secrets) -> Value {
    let hidden = Hidden::of(decoded, secrets);
    let mut by_node: HashMap<(LayerId, NodeId), Vec<&Note>> = HashMap::new();
    for note in notes {
        by_node.entry((note.layer, note.node)).or_default().push(note);
    }
    let layers: Vec<Value> = decoded
        .ids()
        .map(|(id, layer)| layer_json(id, layer, &by_node, hidden.layer(id)))
        .collect();
    let problems: Vec<Value> = decoded
        .problems
        .iter()
        .map(|p| {
            json!({
                "layer": p.layer.0,
                "span": span_json(p.span),
                "grade": match p.grade { Grade::Odd => "odd", Grade::Broken => "broken" },
                "code": p.code,
                "text": p.text,
            })
        })
        .collect();
    json!({ "layers": layers, "problems": problems })
}

fn decoded_json(detail: &Detail, leg: Leg, secrets: Secrets) -> Value {
    let notes = detail.annotated.notes(leg);
    detail.decoded(leg).map_or(Value::Null, |decoded| json_decoded(decoded, notes, secrets))
}

/// TLS facts with the times of certificates as text, like every other point in time.
fn tls_json(tls: &Tls) -> Value {
    let mut out = json!(tls);
    for (at, certificate) in tls.chain.iter().enumerate() {
        out["chain"][at]["not_before"] = certificate.not_before.rfc3339().into();
        out["chain"][at]["not_after"] = certificate.not_after.rfc3339().into();
    }
    if let Some(own) = &tls.client_certificate {
        out["client_certificate"]["facts"]["not_before"] = own.facts.not_before.rfc3339().into();
        out["client_certificate"]["facts"]["not_after"] = own.facts.not_after.rfc3339().into();
    }
    out
}

fn state_name(state: &State) -> &'static str {
    match state {
        State::InFlight => "in_flight",
        State::Complete => "complete",
        State::Failed(_) => "failed",
        State::CutOff => "cut_off",
    }
}

fn failure_json(failure: &Failure) -> Value {
    json!({
        "side": failure.side,
        "code": failure.code,
        "cause": failure.cause,
        "advice": failure.advice,
    })
}

fn headers_json(headers: &Headers, secrets: Secrets) -> Value {
    headers.0.iter().map(|h| json!([h.name, mask_header(&h.name, &h.value, secrets)])).collect()
}

fn body_json(body: BodyFacts) -> Value {
    json!({
        "size": body.seen,
        "kept": body.kept,
        "truncated": body.truncated(),
        "ended": body.ended,
    })
}

fn span_json(span: Span) -> Value {
    json!([span.start, span.end])
}

/// The fact that follows a recipient whose certificate is known.
const KNOWN_AS: &str = "known as";

/// Each recipient of an encrypted message, which the facts by name cannot hold.
fn recipients(layer: &Layer) -> Vec<Value> {
    let mut all: Vec<Value> = Vec::new();
    for (name, text) in &layer.facts {
        match (*name, all.last_mut()) {
            ("recipient", _) => all.push(json!({ "recipient": text })),
            (KNOWN_AS, Some(last)) => last["known_as"] = json!(text),
            _ => {}
        }
    }
    all
}

fn layer_json(
    id: LayerId,
    layer: &Layer,
    notes: &HashMap<(LayerId, NodeId), Vec<&Note>>,
    hidden: &HiddenIn,
) -> Value {
    let encoding = match layer.format {
        Format::Empty => "empty",
        Format::Wrapper(_) => "wrapper",
        Format::Wbxml(_) => "wbxml",
        Format::Xml(_) => "xml",
        Format::Text(_) => "text",
        Format::Binary(_) => "binary",
    };
    let facts = layer.facts.iter().filter(|(name, _)| *name != KNOWN_AS);
    let facts: Map<String, Value> = facts.map(|(k, v)| ((*k).to_owned(), json!(v))).collect();
    let mut out = json!({
        "layer": id.0,
        "label": layer.label,
        "encoding": encoding,
        "format": layer.format.label(),
        "size": layer.bytes.len(),
        "facts": facts,
    });
    let recipients = recipients(layer);
    if !recipients.is_empty() {
        out["recipients"] = recipients.into();
    }
    if let Some(origin) = layer.origin {
        out["from"] = json!({
            "layer": origin.layer.0,
            "span": span_json(origin.span),
            "node": origin.node.map(|n| n.0),
        });
    }
    match (&layer.tree, &layer.format) {
        (Some(tree), _) => out["tree"] = tree_json(id, layer, tree, notes, hidden),
        (None, Format::Text(_) | Format::Binary(_)) if hidden.content() => {
            out["text"] = json!(MASK);
            out["masked"] = json!(true);
        }
        (None, Format::Text(_)) => {
            out["text"] = json!(masked_text(&layer.bytes, 0..layer.bytes.len(), hidden.spans()));
            if !hidden.spans().is_empty() {
                out["masked"] = json!(true);
            }
        }
        (None, Format::Binary(_)) => out["base64"] = json!(BASE64.encode(&layer.bytes)),
        (None, _) => {}
    }
    out
}

/// The tree as nested objects, built without recursion: a node is complete when the walk passes its
/// end, and is then handed to the one around it.
fn tree_json(
    id: LayerId,
    layer: &Layer,
    tree: &Tree,
    notes: &HashMap<(LayerId, NodeId), Vec<&Note>>,
    hidden: &HiddenIn,
) -> Value {
    let mut roots = Vec::new();
    let mut open: Vec<(usize, Map<String, Value>, Vec<Value>)> = Vec::new();
    let close = |open: &mut Vec<(usize, Map<String, Value>, Vec<Value>)>,
                 roots: &mut Vec<Value>| {
        let Some((_, mut object, children)) = open.pop() else { return };
        if !children.is_empty() {
            object.insert("children".into(), children.into());
        }
        match open.last_mut() {
            Some((_, _, siblings)) => siblings.push(object.into()),
            None => roots.push(object.into()),
        }
    };
    for (index, node) in tree.nodes().enumerate() {
        while open.last().is_some_and(|(end, ..)| *end <= index) {
            close(&mut open, &mut roots);
        }
        let node_id = NodeId(u32::try_from(index).unwrap_or(u32::MAX));
        let mut object = node_json(layer, node_id, &node.kind, hidden);
        object.insert("node".into(), json!(index));
        object.insert("span".into(), span_json(node.span));
        if let Some(notes) = notes.get(&(id, node_id)) {
            let said: Vec<Value> =
                notes.iter().map(|n| json!({ "level": n.level, "text": n.text })).collect();
            object.insert("notes".into(), said.into());
        }
        open.push((node.end.index(), object, Vec::new()));
    }
    while !open.is_empty() {
        close(&mut open, &mut roots);
    }
    roots.into()
}

fn node_json(
    layer: &Layer,
    id: NodeId,
    kind: &NodeKind<'_>,
    hidden: &HiddenIn,
) -> Map<String, Value> {
    let mut object = Map::new();
    if !matches!(kind, NodeKind::Element(_)) && hidden.value(id) {
        let key = match kind {
            NodeKind::Opaque(_) => "opaque",
            NodeKind::Comment(_) => "comment",
            NodeKind::Instruction(_) => "instruction",
            _ => "text",
        };
        object.insert(key.into(), json!(MASK));
        object.insert("masked".into(), json!(true));
        return object;
    }
    match kind {
        NodeKind::Element(element) => {
            object.insert("name".into(), json!(name_text(element.name)));
            if !element.namespace.as_str().is_empty() {
                object.insert("ns".into(), json!(element.namespace.as_str()));
            }
            if let Some((page, token)) = element.token {
                object.insert("token".into(), json!([page, token]));
            }
            if !element.attributes.is_empty() {
                let value = |at: usize, a: &Attribute<'_>| {
                    let plain = Tree::resolve(&a.value, &layer.bytes);
                    if hidden.attribute(id, at) { MASK.to_owned() } else { plain.to_owned() }
                };
                let attributes = element.attributes.iter().enumerate();
                let attributes =
                    attributes.map(|(at, a)| json!([name_text(a.name), value(at, &a)]));
                object.insert("attributes".into(), attributes.collect());
            }
        }
        NodeKind::Text(text, _) => {
            object.insert("text".into(), json!(Tree::resolve(text, &layer.bytes)));
        }
        NodeKind::Opaque(span) => {
            let bytes = span.of(&layer.bytes);
            match std::str::from_utf8(bytes) {
                Ok(text) if super::printable(bytes) => object.insert("opaque".into(), json!(text)),
                _ => object.insert("opaque_base64".into(), json!(BASE64.encode(bytes))),
            };
        }
        NodeKind::Comment(span) => {
            let text = String::from_utf8_lossy(span.of(&layer.bytes));
            object.insert("comment".into(), json!(text));
        }
        NodeKind::Instruction(text) => {
            object.insert("instruction".into(), json!(Tree::resolve(text, &layer.bytes)));
        }
    }
    object
}

fn name_text(name: Name<'_>) -> String {
    match name {
        Name::Known(name) | Name::Literal(name) => name.to_owned(),
        Name::Unknown { page, token } => format!("unknown_p{page}_t{token:02X}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{CertificateFacts, WallTime};

    #[test]
    fn each_recipient_is_told_with_what_is_known_of_it() {
        let texts = [("recipient", "one"), (KNOWN_AS, "CN=one"), ("recipient", "two")];
        let layer = Layer {
            label: "body".into(),
            origin: None,
            bytes: bytes::Bytes::new(),
            format: Format::Binary("CMS EnvelopedData"),
            tree: None,
            facts: texts.map(|(name, text)| (name, text.into())).to_vec(),
        };
        let told = json!(recipients(&layer));
        let one = json!({ "recipient": "one", "known_as": "CN=one" });
        assert_eq!(told, json!([one, { "recipient": "two" }]));
    }

    #[test]
    fn points_in_time_are_text() {
        let certificate = CertificateFacts {
            not_after: WallTime(1_700_000_000_000_000),
            ..CertificateFacts::default()
        };
        let tls = tls_json(&Tls { chain: vec![certificate], ..Tls::default() });
        assert_eq!(tls["chain"][0]["not_after"], WallTime(1_700_000_000_000_000).rfc3339());
        assert!(tls["chain"][0]["not_before"].is_string());
        assert_eq!(tls["chain"].as_array().map(Vec::len), Some(1));
    }
}
