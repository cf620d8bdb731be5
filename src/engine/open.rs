//! Opening a value of a decoded exchange, as somebody asked for.

use crate::codec;
use crate::model::{Decoded, Detail, LayerId, Leg, NodeId, NodeKind, Origin, Span, Tree};

/// A value of an exchange: a text or opaque node, or the element whose only content it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ValuePlace {
    /// Which half.
    pub leg: Leg,
    /// The layer of that body.
    pub layer: LayerId,
    /// The node.
    pub node: NodeId,
}

/// Opens a value: what is found in it stands in `detail` as layers of its own, below the node. False
/// when nothing is, or when something is open there already.
pub fn open_value(detail: &mut Detail, place: ValuePlace) -> bool {
    let decoded = match place.leg {
        Leg::Request => detail.request.as_mut(),
        Leg::Response => detail.response.as_mut(),
    };
    decoded.is_some_and(|decoded| open(decoded, place))
}

fn open(decoded: &mut Decoded, place: ValuePlace) -> bool {
    let Some((node, span, value)) = value(decoded, place) else { return false };
    let origin = Origin { layer: place.layer, span, node: Some(node) };
    let there = |origin: Origin| origin.layer == place.layer && origin.node == Some(node);
    if decoded.layers.iter().any(|layer| layer.origin.is_some_and(there)) {
        return false;
    }
    let Some(found) = codec::open_value(&value) else { return false };
    let Ok(base) = u32::try_from(decoded.layers.len()) else { return false };
    let moved = |id: LayerId| LayerId(id.0.saturating_add(base));
    decoded.layers.extend(found.layers.into_iter().map(|mut layer| {
        let inner = layer.origin.map(|inner| Origin { layer: moved(inner.layer), ..inner });
        layer.origin = inner.or(Some(origin));
        layer
    }));
    decoded.problems.extend(found.problems.into_iter().map(|mut problem| {
        problem.layer = moved(problem.layer);
        problem
    }));
    true
}

/// The node that holds the value, where it stands, and its bytes.
fn value(decoded: &Decoded, place: ValuePlace) -> Option<(NodeId, Span, Vec<u8>)> {
    let layer = decoded.layer(place.layer)?;
    let tree = layer.tree.as_ref()?;
    let node = tree.children(place.node).next().filter(|_| tree.element(place.node).is_some());
    let node = node.unwrap_or(place.node);
    let found = tree.get(node)?;
    let bytes = match &found.kind {
        NodeKind::Text(text, _) => Tree::resolve(text, &layer.bytes).as_bytes().to_vec(),
        NodeKind::Opaque(span) => span.of(&layer.bytes).to_vec(),
        NodeKind::Element(_) | NodeKind::Comment(_) | NodeKind::Instruction(_) => return None,
    };
    Some((node, found.span, bytes))
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;
    use crate::codec::Hints;
    use crate::model::{Annotated, ConnId, Exchange, ExchangeId, Kind, WallTime};

    fn detail(xml: &'static str) -> Detail {
        let exchange = Exchange::begin(ExchangeId(1), ConnId(1), Kind::Http, WallTime(0));
        let hints = Hints { content_type: "text/xml", ..Hints::default() };
        let response = Some(codec::decode(Bytes::from_static(xml.as_bytes()), &hints));
        Detail { exchange, request: None, response, annotated: Annotated::default() }
    }

    #[test]
    fn what_is_found_stands_below_its_node() {
        let mut detail = detail("<a><b>PHg+YWxpY2U8L3g+</b></a>");
        let place = ValuePlace { leg: Leg::Response, layer: LayerId::BODY, node: NodeId(1) };
        assert!(open_value(&mut detail, place));
        let decoded = detail.response.as_ref().unwrap();
        let child = &decoded.layers[1];
        assert_eq!((&*child.label, &*child.bytes), ("base64", &b"<x>alice</x>"[..]));
        let origin = child.origin.unwrap();
        assert_eq!((origin.layer, origin.node), (LayerId::BODY, Some(NodeId(2))));
        assert!(!open_value(&mut detail, place), "it is open already");
    }

    #[test]
    fn what_is_no_value_is_not_opened() {
        let mut detail = detail("<a><b>plain</b></a>");
        for node in 0..9 {
            let place = ValuePlace { leg: Leg::Response, layer: LayerId::BODY, node: NodeId(node) };
            assert!(!open_value(&mut detail, place));
            assert!(!open_value(&mut detail, ValuePlace { leg: Leg::Request, ..place }));
            assert!(!open_value(&mut detail, ValuePlace { layer: LayerId(7), ..place }));
        }
    }
}
