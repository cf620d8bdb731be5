//! What decoded exchanges answer to a filter.

use crate::model::filter::{Field, Searched};
use crate::model::{Decoded, Detail, Format, Leg, NodeId, Tree};

/// A decoded exchange as the filter language sees it.
pub(super) struct Bodies<'a>(pub(super) &'a Detail);

impl Searched for Bodies<'_> {
    fn any(&self, field: Field, visit: &mut dyn FnMut(&str) -> bool) -> bool {
        let exchange = &self.0.exchange;
        if field == Field::Header {
            let request = exchange.request.as_ref().map(|request| &request.headers);
            let response = exchange.response.as_ref().map(|response| &response.headers);
            let mut headers = request.into_iter().chain(response).flat_map(|headers| &headers.0);
            return headers.any(|header| visit(&format!("{}: {}", header.name, header.value)));
        }
        let bodies = [Leg::Request, Leg::Response];
        bodies.into_iter().filter_map(|leg| self.0.decoded(leg)).any(|d| in_body(d, field, visit))
    }
}

fn in_body(decoded: &Decoded, field: Field, visit: &mut dyn FnMut(&str) -> bool) -> bool {
    decoded.layers.iter().any(|layer| match &layer.tree {
        Some(tree) => in_tree(tree, &layer.bytes, field, visit),
        None if field == Field::Body && matches!(layer.format, Format::Text(_)) => {
            visit(&String::from_utf8_lossy(&layer.bytes))
        }
        None => false,
    })
}

fn in_tree(tree: &Tree, bytes: &[u8], field: Field, visit: &mut dyn FnMut(&str) -> bool) -> bool {
    let mut ids = (0_u32..).map(NodeId).take(tree.len());
    ids.any(|id| match (field, tree.element(id)) {
        (Field::Tag, Some(_)) => tree.name(id).is_some_and(&mut *visit),
        (Field::LocUri, Some(_)) => tree.name(id) == Some("LocURI") && visit(&tree.text(id, bytes)),
        (Field::Body, None) => visit(&tree.text(id, bytes)),
        (Field::Body, Some(element)) => {
            element.attributes.iter().any(|attribute| visit(Tree::resolve(&attribute.value, bytes)))
        }
        _ => false,
    })
}
