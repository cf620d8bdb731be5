//! Tree, XML and bytes move together, whichever leads, through layers of all kinds.

use std::io::Write as _;

use super::canned;
use super::stage::Stage;
use crate::engine::detail_of;
use crate::model::{
    BodyFacts, ConnId, Detail, Exchange, ExchangeId, Header, Headers, Kind, LayerId, Leg, NodeId,
    Request, Response, Span, State,
};
use crate::tui::prepared::Half;

/// A certificate of `CN=Lab Device`, in base64.
const CERTIFICATE: &str = "MIIBfzCCASWgAwIBAgIUf9fiD6+robRjIZFeu9M6ocs8+PQwCgYIKoZIzj0EAwIwFTETMBEGA1UEAwwK\
TGFiIERldmljZTAeFw0yNjExMjAxNzE4MDdaFw0zNjExMTcxNzE4MDdaMBUxEzARBgNVBAMMCkxhYiBEZXZpY2UwWTATBgcqhkjOPQIB\
BggqhkjOPQMBBwNCAAQ8SCCnBSbB5AJfXQB5EROmuOZg/ApNOrudtnbVuSJNmpiZ+6R7mJv2vvId1xLYc/q+oeEu4zwnYn2kV7ispSjK\
o1MwUTAdBgNVHQ4EFgQU5PLq+O+bS0SHPIxdiQRi8MH/yEMwHwYDVR0jBBgwFoAU5PLq+O+bS0SHPIxdiQRi8MH/yEMwDwYDVR0TAQH/\
BAUwAwEB/zAKBggqhkjOPQQDAgNIADBFAiAyPVdon2+HvYXDqr357aXyIntNyaK5QCRx6/Bt7IY0KgIhAO3pPLerdzAycZnVA++8DHgw\
AkexBsJyMTgUtcwHNtry";

/// An answer with this body, decoded by the product.
fn answer(media_type: &str, coding: &str, body: Vec<u8>) -> Detail {
    let mut exchange = Exchange::begin(ExchangeId(1), ConnId(1), Kind::Http, canned::NOW);
    let field = |name: &str, value: &str| Header { name: name.into(), value: value.into() };
    exchange.request = Some(Request { method: "POST".into(), ..Request::default() });
    let seen = body.len() as u64;
    exchange.response = Some(Response {
        status: 200,
        headers: Headers(vec![
            field("Content-Type", media_type),
            field("Content-Encoding", coding),
        ]),
        body: BodyFacts { seen, kept: seen, ended: true },
        ..Response::default()
    });
    exchange.state = State::Complete;
    detail_of(exchange, None, Some(body.into()))
}

/// gzip, in it SyncML as WBXML, in it XML as opaque bytes, in it a certificate in base64.
fn five_layers() -> Detail {
    let xml = format!(
        "<trust>\n <root>\n  <X509Certificate>{CERTIFICATE}</X509Certificate>\n </root>\n <n>1</n>\n</trust>"
    );
    let mut wbxml = vec![0x02, 0xA4, 0x01, 0x6A, 0x00];
    // SyncML, SyncBody, Add, Item, Data with an opaque value longer than 127 bytes.
    wbxml.extend([0x6D, 0x6B, 0x45, 0x54, 0x4F, 0xC3]);
    wbxml.extend([
        0x80 | u8::try_from(xml.len() >> 7).unwrap(),
        u8::try_from(xml.len() & 0x7F).unwrap(),
    ]);
    wbxml.extend(xml.bytes());
    wbxml.extend([0x01; 5]);
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    gzip.write_all(&wbxml).unwrap();
    answer("application/vnd.syncml+wbxml", "gzip", gzip.finish().unwrap())
}

/// SOAP, in it a provisioning document in base64.
fn enrolment() -> Detail {
    use base64::Engine as _;
    let inner = "<wap-provisioningdoc version=\"1.1\"><characteristic type=\"CertificateStore\">\
                 <parm name=\"a\" value=\"1\"/></characteristic></wap-provisioningdoc>";
    let inner = base64::engine::general_purpose::STANDARD.encode(inner);
    let soap = format!(
        "<s:Envelope xmlns:s=\"http://www.w3.org/2003/05/soap-envelope\"><s:Body><r><BinarySecurityToken \
         xmlns=\"http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd\">{inner}\
         </BinarySecurityToken><RequestID>0</RequestID></r></s:Body></s:Envelope>"
    );
    answer("application/soap+xml", "", soap.into_bytes())
}

fn open(detail: Detail, face: char) -> Stage {
    let mut stage = Stage::new(80, 24, vec![detail]);
    stage.keys("3<In>-");
    stage.keys(&face.to_string());
    stage
}

fn half(stage: &Stage) -> Half<'_> {
    stage.app.detail.shown().unwrap().half(Leg::Response)
}

/// What the tree has selected.
fn in_tree(stage: &Stage) -> (LayerId, Option<NodeId>, Span) {
    let line = stage.app.detail.leg(Leg::Response).tree.selected().unwrap();
    let tree = half(stage).tree();
    let (layer, node) = tree.place(line).unwrap();
    (layer, node, tree.span(line))
}

/// What the XML has selected.
fn in_xml(stage: &Stage) -> (LayerId, Option<NodeId>) {
    let at = stage.app.detail.leg(Leg::Response).xml.cursor();
    let line = half(stage).xml_line(in_tree(stage).0, at).unwrap();
    (line.layer, line.node)
}

/// The byte under the cursor of the dump, which is of the tree's layer.
fn in_hex(stage: &Stage) -> usize {
    stage.app.detail.leg(Leg::Response).hex.cursor()
}

/// All three agree: the byte is one of the node's, the XML line shows it or what it stands in.
fn assert_together(stage: &Stage) -> LayerId {
    let (layer, node, span) = in_tree(stage);
    assert!(span.contains(in_hex(stage)) || span.is_empty(), "{layer:?} {node:?} {span:?}");
    let decoded = half(stage).decoded.unwrap();
    let Some(node) = node else { return layer };
    // The declaration belongs to no node.
    let (of, Some(shown)) = in_xml(stage) else { return layer };
    let tree = decoded.layer(layer).unwrap().tree.as_ref().unwrap();
    let mut around = std::iter::successors(Some(node), |id| tree.parent(*id));
    assert!(of == layer && around.any(|id| id == shown), "{layer:?} {node:?}: {of:?} {shown:?}");
    layer
}

/// Presses a key until nothing moves any more; returns the layers that were passed through.
fn walk(stage: &mut Stage, key: &str) -> Vec<u32> {
    let mut layers = Vec::new();
    for _ in 0..4000 {
        layers.push(assert_together(stage).0);
        let before = (in_tree(stage), in_hex(stage), stage.app.detail.leg(Leg::Response).xml);
        stage.keys(key);
        if before == (in_tree(stage), in_hex(stage), stage.app.detail.leg(Leg::Response).xml) {
            break;
        }
    }
    layers.dedup();
    layers
}

#[test]
fn the_tree_leads_through_every_layer() {
    let mut stage = open(five_layers(), '4');
    let layers = half(&stage).decoded.unwrap().layers.iter();
    let labels: Vec<_> = layers.map(|layer| layer.label.clone()).collect();
    assert_eq!(labels, ["body", "gzip", "Data", "X509Certificate"]);
    stage.keys("g");
    assert_eq!(walk(&mut stage, "j"), [0, 1, 2, 3, 2], "in, and out again");
    assert_eq!(walk(&mut stage, "k"), [2, 3, 2, 1, 0]);
}

#[test]
fn xml_leads_through_every_document() {
    let mut stage = open(five_layers(), '5');
    stage.keys("g");
    assert_eq!(walk(&mut stage, "j"), [1, 2, 3, 2, 1], "the certificate is a tree too");
    let mut stage = open(enrolment(), '5');
    stage.keys("g");
    assert_eq!(walk(&mut stage, "j"), [0, 1, 0], "through base64");
}

#[test]
fn bytes_lead_within_their_layer() {
    for (detail, layers) in [(five_layers(), 4), (enrolment(), 2)] {
        for layer in 0..layers {
            let mut stage = open(detail.clone(), '4');
            stage.keys("g");
            while in_tree(&stage).0.0 != layer {
                stage.keys("j");
            }
            stage.keys("7g");
            let len = half(&stage).bytes(LayerId(layer)).len();
            assert_eq!((in_hex(&stage), walk(&mut stage, "l")), (0, vec![layer]));
            assert_eq!(in_hex(&stage), len - 1, "every byte was passed");
        }
    }
}

#[test]
fn the_node_of_a_byte_is_the_innermost() {
    let mut stage = open(enrolment(), '7');
    stage.keys("/RequestID<Enter>");
    let half = half(&stage);
    let (layer, node, _) = in_tree(&stage);
    let tree = half.decoded.unwrap().layer(layer).unwrap().tree.as_ref().unwrap();
    assert_eq!(tree.path(node.unwrap()).last(), Some(&"RequestID"));
    stage.keys("5j");
    let (_, node, _) = in_tree(&stage);
    let half = self::half(&stage);
    let tree = half.decoded.unwrap().layer(LayerId::BODY).unwrap().tree.as_ref().unwrap();
    assert_eq!(tree.path(node.unwrap()).last(), Some(&"r"), "the line below closes what is around");
}
