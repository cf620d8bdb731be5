//! What decoded bodies and heads answer to a filter.

use std::cell::{OnceCell, RefCell};

use crate::engine::meaning::decode_leg;
use crate::model::filter::{Field, Filter, Searched};
use crate::model::{
    Decoded, Exchange, Format, Header, Layer, Leg, NodeId, NodeKind, Row, Text, Tree,
};
use crate::store::{Reader, StoreError};

/// Most bytes of one body that a search looks through.
const SEARCH_LIMIT: usize = 16 * 1024 * 1024;

/// The row at a position if its exchange passes. One that cannot be read does not.
///
/// # Errors
/// `Query`.
pub(in crate::engine) fn passing(
    reader: &Reader,
    filter: &Filter,
    position: u64,
) -> Result<Option<Row>, StoreError> {
    let row = match reader.rows(&[position]) {
        Ok(rows) => rows.into_iter().next(),
        Err(error) => return unreadable(error).map(|_| None),
    };
    let Some(row) = row else { return Ok(None) };
    Ok(judge(reader, filter, &row)?.then_some(row))
}

/// Whether the exchange of a row passes: its bodies are read and decoded (the first 16 MiB of each)
/// only where the row cannot decide. One that cannot be read does not.
///
/// # Errors
/// `Query`.
pub(in crate::engine) fn judge(
    reader: &Reader,
    filter: &Filter,
    row: &Row,
) -> Result<bool, StoreError> {
    if let Some(passes) = filter.decide(row) {
        return Ok(passes);
    }
    let exchange = match reader.exchange(row.id) {
        Ok(Some(exchange)) => exchange,
        Ok(None) => return Ok(false),
        Err(error) => return unreadable(error),
    };
    let bodies = Bodies::new(reader, &exchange);
    let passes = filter.matches(row, &bodies);
    bodies.failed.into_inner().map_or(Ok(passes), Err)
}

fn unreadable(error: StoreError) -> Result<bool, StoreError> {
    if matches!(error, StoreError::Damaged { .. }) { Ok(false) } else { Err(error) }
}

/// The bodies and heads of one exchange, decoded when they are first asked about.
struct Bodies<'a> {
    reader: &'a Reader,
    exchange: &'a Exchange,
    request: OnceCell<Option<Decoded>>,
    response: OnceCell<Option<Decoded>>,
    /// Why a body could not be read.
    failed: RefCell<Option<StoreError>>,
}

impl<'a> Bodies<'a> {
    fn new(reader: &'a Reader, exchange: &'a Exchange) -> Self {
        let (request, response) = (OnceCell::new(), OnceCell::new());
        Self { reader, exchange, request, response, failed: RefCell::new(None) }
    }

    fn decoded(&self, leg: Leg) -> Option<&Decoded> {
        let (cell, present) = match leg {
            Leg::Request => (&self.request, self.exchange.request.is_some()),
            Leg::Response => (&self.response, self.exchange.response.is_some()),
        };
        let decode = || {
            let body = self.reader.body(self.exchange.id, leg, SEARCH_LIMIT);
            let kept = body.map_err(|error| *self.failed.borrow_mut() = Some(error)).ok();
            kept.map(|bytes| decode_leg(self.exchange, leg, bytes, None))
        };
        cell.get_or_init(|| present.then(decode).flatten()).as_ref()
    }

    fn layers(&self) -> impl Iterator<Item = &Layer> {
        let legs = [Leg::Request, Leg::Response].into_iter();
        legs.filter_map(|leg| self.decoded(leg)).flat_map(|decoded| &decoded.layers)
    }

    fn headers(&self) -> impl Iterator<Item = &Header> {
        let request = self.exchange.request.as_ref();
        let response = self.exchange.response.as_ref();
        let request = request.into_iter().flat_map(|r| r.headers.0.iter().chain(&r.trailers.0));
        let response = response.into_iter().flat_map(|r| r.headers.0.iter().chain(&r.trailers.0));
        request.chain(response)
    }
}

impl Searched for Bodies<'_> {
    fn any(&self, field: Field, visit: &mut dyn FnMut(&str) -> bool) -> bool {
        match field {
            Field::Header => {
                self.headers().any(|header| visit(&format!("{}: {}", header.name, header.value)))
            }
            Field::Tag => self.layers().any(|layer| tags(layer, visit)),
            Field::LocUri => self.layers().any(|layer| loc_uris(layer, visit)),
            Field::Body => self.layers().any(|layer| words(layer, visit)),
            _ => false,
        }
    }
}

fn tags(layer: &Layer, visit: &mut dyn FnMut(&str) -> bool) -> bool {
    let Some(tree) = &layer.tree else { return false };
    ids(tree).any(|id| tree.name(id).is_some_and(&mut *visit))
}

fn loc_uris(layer: &Layer, visit: &mut dyn FnMut(&str) -> bool) -> bool {
    let Some(tree) = &layer.tree else { return false };
    let mut named = ids(tree).filter(|id| tree.name(*id) == Some("LocURI"));
    named.any(|id| visit(&tree.text(id, &layer.bytes)))
}

/// The texts of a layer: of each element all characters directly inside, so that what stands on
/// both sides of a reference is one text; attribute values, comments; text that is no document.
fn words(layer: &Layer, visit: &mut dyn FnMut(&str) -> bool) -> bool {
    if let Some(tree) = &layer.tree {
        return tree.nodes().zip(ids(tree)).any(|(node, id)| match &node.kind {
            NodeKind::Element(element) => {
                let values = element.attributes.iter().map(|attribute| attribute.value);
                let mut texts = values.map(|value| Tree::resolve(&value, &layer.bytes));
                texts.any(|text| filled(text, visit)) || filled(&tree.text(id, &layer.bytes), visit)
            }
            // Inside an element they are part of its text.
            NodeKind::Text(text, _) if node.parent.is_none() => resolved(text, layer, visit),
            NodeKind::Text(..) => false,
            NodeKind::Instruction(text) => resolved(text, layer, visit),
            NodeKind::Opaque(span) | NodeKind::Comment(span) => {
                std::str::from_utf8(span.of(&layer.bytes)).is_ok_and(|text| filled(text, visit))
            }
        });
    }
    matches!(layer.format, Format::Text(_) | Format::Xml(_))
        && filled(&String::from_utf8_lossy(&layer.bytes), visit)
}

fn ids(tree: &Tree) -> impl Iterator<Item = NodeId> {
    (0..).map(NodeId).take(tree.len())
}

fn resolved(text: &Text<'_>, layer: &Layer, visit: &mut dyn FnMut(&str) -> bool) -> bool {
    filled(Tree::resolve(text, &layer.bytes), visit)
}

/// What is empty is no text.
fn filled(text: &str, visit: &mut dyn FnMut(&str) -> bool) -> bool {
    !text.is_empty() && visit(text)
}
