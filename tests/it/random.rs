//! Random trees: written, read, written again.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use proptest::collection::vec;
use proptest::prelude::*;
use synctap::codec::{Book, DocumentType, Form, Hints, Preamble, Query, decode, decode_as, encode};
use synctap::model::{
    Attributes, Element, Name, Namespace, NodeId, NodeKind, Span, Text, Tree, Written,
};
use synctap::render::{Secrets, xml};

/// A node to be.
#[derive(Debug, Clone)]
enum Plan {
    Element(u8, u8, Vec<Plan>),
    Literal(String, Vec<Plan>),
    Text(String),
    Entity(char),
    Opaque(Vec<u8>),
}

fn plan() -> impl Strategy<Value = Plan> {
    let leaf = prop_oneof![
        "[^\u{0}]{0,12}".prop_map(Plan::Text),
        any::<char>().prop_map(Plan::Entity),
        vec(any::<u8>(), 0..20).prop_map(Plan::Opaque),
    ];
    leaf.prop_recursive(6, 60, 6, |inner| {
        prop_oneof![
            4 => (any::<u8>(), 5..0x40_u8, vec(inner.clone(), 0..6))
                .prop_map(|(page, token, children)| Plan::Element(page, token, children)),
            1 => ("[a-z]{1,5}", vec(inner, 0..4))
                .prop_map(|(name, children)| Plan::Literal(name, children)),
        ]
    })
}

/// Opaque bytes have to lie in the layer, so they are collected there.
fn build(plan: &Plan, parent: Option<NodeId>, tree: &mut Tree, layer: &mut Vec<u8>) {
    let element = |name, token| {
        let (namespace, attributes) = (Namespace::NONE, Attributes::NONE);
        NodeKind::Element(Element { name, namespace, token, attributes, tag: Span::default() })
    };
    let owned;
    let (kind, children): (_, &[Plan]) = match plan {
        Plan::Element(page, token, children) => {
            let name = Name::Unknown { page: *page, token: *token };
            (element(name, Some((*page, *token))), children)
        }
        Plan::Literal(name, children) => {
            owned = format!("_{name}");
            (element(Name::Literal(&owned), None), children)
        }
        Plan::Text(text) => (NodeKind::Text(Text::Owned(text), Written::InlineString), &[]),
        Plan::Entity(c) => {
            owned = c.to_string();
            (NodeKind::Text(Text::Owned(&owned), Written::Entity(u32::from(*c))), &[])
        }
        Plan::Opaque(bytes) => {
            let start = layer.len();
            layer.extend(bytes);
            (NodeKind::Opaque(Span::new(start, layer.len())), &[])
        }
    };
    let id = tree.push(kind, Span::default(), parent);
    for child in children {
        build(child, Some(id), tree, layer);
    }
    tree.close(id, 0);
}

/// Shape, names by token, text and bytes.
pub(crate) fn shape(tree: &Tree, layer: &[u8]) -> Vec<String> {
    let nodes = (0..).map(NodeId).zip(tree.nodes());
    nodes
        .map(|(id, node)| {
            let what = match &node.kind {
                NodeKind::Element(Element { token: Some(token), .. }) => format!("{token:?}"),
                NodeKind::Element(Element { name, .. }) => format!("{name:?}"),
                NodeKind::Text(text, Written::Entity(code)) => {
                    format!("entity {code} {:?}", Tree::resolve(text, layer))
                }
                NodeKind::Text(text, _) => format!("text {:?}", Tree::resolve(text, layer)),
                NodeKind::Opaque(span) => format!("opaque {:?}", span.of(layer)),
                other => format!("{other:?}"),
            };
            format!("{} {what}", tree.depth(id))
        })
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(256) })]

    #[test]
    fn trees_come_back(children in vec(plan(), 0..6)) {
        let root = Plan::Element(0, 5, children);
        let (mut tree, mut layer) = (Tree::new(), Vec::new());
        build(&root, None, &mut tree, &mut layer);
        let book = Book::activesync();
        let written = encode(&tree, &layer, &Preamble::canonical(book)).unwrap();
        let bytes = Bytes::from(written);
        let decoded = decode_as(bytes.clone(), DocumentType::Wbxml(book), &Hints::default());
        prop_assert!(!decoded.is_broken(), "{:?}", decoded.problems);
        let (id, again, again_layer) = decoded.document().unwrap();
        prop_assert_eq!(shape(&tree, &layer), shape(again, again_layer));
        let preamble = Preamble::of(&bytes, book).unwrap();
        prop_assert_eq!(&encode(again, again_layer, &preamble).unwrap()[..], &bytes[..]);
        crate::xml::assert_well_formed(&xml(&decoded, id, Secrets::Shown), "random tree");
    }

    #[test]
    fn any_bytes_are_survived(body in vec(any::<u8>(), 0..200), header in 0..4_usize) {
        let headers: [&[u8]; 4] = [b"", b"\x03\x01\x6A\x00", b"\x02\xA4\x01\x6A\x00", b"<a b='"];
        let body = [headers[header], &body].concat();
        let decoded = decode(body.into(), &Hints::default());
        prop_assert!(crate::robust::spans_lie_inside(&decoded).is_ok());
        for (id, _) in decoded.ids().filter(|(_, layer)| layer.tree.is_some()) {
            crate::xml::assert_well_formed(&xml(&decoded, id, Secrets::Shown), "random bytes");
        }
    }

    #[test]
    fn any_query_is_survived(query in ".{0,80}", bytes in vec(any::<u8>(), 0..60)) {
        let form = Query::of_target(&format!("/Microsoft-Server-ActiveSync?{query}")).form;
        prop_assert!(form != Form::None || query.trim().is_empty() || query.starts_with('#'));
        let parsed = Query::parse(&STANDARD.encode(&bytes));
        prop_assert!(bytes.is_empty() || parsed.form == Form::Base64);
    }
}
