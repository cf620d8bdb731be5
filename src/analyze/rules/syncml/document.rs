//! Rules about the document that a message is (MS-MDM 2.2, OMA DTD).

use crate::analyze::draft::clip;
use crate::analyze::rules::hit::Hit;
use crate::model::{Format, Grade, Leg, NodeId};

use super::elements::METINF;
use super::engine::{ExchangeRule, MessageRule, Said, Stage};

pub(super) const EXCHANGE_RULES: &[ExchangeRule] = &[("xml-root-name", other_root)];

pub(super) const RULES: &[MessageRule] = &[
    ("xml-well-formed", malformed),
    ("xml-no-doctype", doctype),
    ("xml-root-namespace", namespace),
    ("xml-root-namespace-case", namespace_case),
    ("xml-element-order", disordered),
    ("xml-unknown-element", unknown),
    ("xml-metinf-namespace", metinf_namespace),
    ("xml-metinf-namespace-variant", metinf_variant),
    ("xml-data-markup-namespace", inherited_markup),
    ("xml-syncml-children", children),
    ("xml-syncbody-empty", body_empty),
    ("xml-syncbody-missing", body_missing),
    ("xml-final-last", final_misplaced),
    ("xml-final-empty", final_filled),
    ("xml-element-repeated", repeated),
    ("xml-unknown-attribute", unknown_attribute),
];

const SYNCML: &str = "SYNCML:SYNCML1.2";

/// The namespace of `xmlns` declarations.
const XMLNS: &str = "http://www.w3.org/2000/xmlns/";

/// Nodes noted of one kind.
const NOTED: usize = 16;

fn other_root(stage: &Stage<'_, '_>) -> Option<Hit> {
    let exchange = stage.subject.exchange;
    stage.subject.documents().find_map(|(leg, document)| {
        let headers = match leg {
            Leg::Request => exchange.request.as_ref().map(|request| &request.headers),
            Leg::Response => exchange.response.as_ref().map(|response| &response.headers),
        };
        let media = headers.map(crate::model::Headers::media_type).unwrap_or_default();
        // What is encrypted, and signed as a whole, is no message to the eye.
        let layer = stage.subject.body(leg).and_then(|body| body.layer(document.layer));
        let readable = layer.is_some_and(|l| matches!(l.format, Format::Xml(_) | Format::Wbxml(_)));
        let meant = readable && media.starts_with("application/vnd.syncml");
        let name = document.root_name();
        (meant && name != "SyncML").then(|| {
            let hit = Hit::of_nodes(exchange.id, leg, &document, &[document.root()]);
            hit.unwrap_or_default().saying(clip(name))
        })
    })
}

impl Said<'_, '_> {
    /// True for XML as text: in WBXML namespaces come from code pages.
    fn is_xml(&self) -> bool {
        let layer =
            self.subject.body(self.leg).and_then(|body| body.layer(self.message.document.layer));
        layer.is_some_and(|layer| matches!(layer.format, Format::Xml(_)))
    }

    fn namespace(&self, id: NodeId) -> &str {
        let element = self.message.document.tree.element(id);
        element.map_or("", |element| element.namespace.as_str())
    }

    fn root_namespace(&self) -> &str {
        self.namespace(self.message.document.root())
    }

    fn first_nodes(&self, nodes: impl Iterator<Item = NodeId>) -> Option<Hit> {
        let nodes: Vec<NodeId> = nodes.take(NOTED).collect();
        self.nodes(&nodes)
    }
}

fn malformed(said: &Said<'_, '_>) -> Option<Hit> {
    let exchange = said.subject.exchange;
    let facts = match said.leg {
        Leg::Request => exchange.request.as_ref().map(|request| request.body),
        Leg::Response => exchange.response.as_ref().map(|response| response.body),
    };
    let whole = facts.is_some_and(|body| body.ended && !body.truncated());
    let layer = said.message.document.layer;
    let body = said.subject.body(said.leg);
    let problem = body
        .filter(|_| whole && said.is_xml())?
        .problems
        .iter()
        .find(|problem| problem.layer == layer && problem.grade == Grade::Broken)?;
    Some(said.half().saying(problem.text.clone()))
}

fn doctype(said: &Said<'_, '_>) -> Option<Hit> {
    let prolog = said.message.document.prolog();
    let declared = prolog.windows(9).take(PROLOG).any(|bytes| bytes == b"<!DOCTYPE");
    (said.is_xml() && declared).then(|| said.half())
}

/// Bytes of a prolog that are looked at.
const PROLOG: usize = 64 * 1024;

fn namespace(said: &Said<'_, '_>) -> Option<Hit> {
    let own = said.root_namespace();
    let other = said.is_xml() && !own.eq_ignore_ascii_case(SYNCML);
    let own = if own.is_empty() { "none" } else { own };
    let variant = VARIANTS.iter().any(|known| own.eq_ignore_ascii_case(known));
    let hit = || said.node(said.message.document.root()).saying(clip(own));
    other.then(|| hit().only_info(variant, "a variant that clients take"))
}

/// Namespaces of messages that samples of the field use beside the right one; Windows matches by name.
const VARIANTS: [&str; 4] = ["none", "SYNCML:SYNCML1.1", "SYNCML:SYNCML1.0", "SYNML:SYNML1.2"];

fn namespace_case(said: &Said<'_, '_>) -> Option<Hit> {
    let own = said.root_namespace();
    (own != SYNCML && own.eq_ignore_ascii_case(SYNCML))
        .then(|| said.node(said.message.document.root()).saying(clip(own)))
}

fn disordered(said: &Said<'_, '_>) -> Option<Hit> {
    said.own.iter().find_map(|own| {
        let order = &own.known?.order;
        if order.is_empty() { None } else { said.disordered(own.node, order) }
    })
}

fn unknown(said: &Said<'_, '_>) -> Option<Hit> {
    let document = said.message.document;
    let body = said.message.body;
    let strange = said.own.iter().filter(|own| {
        // Those in the place of commands have a rule of their own.
        let command = body == Some(own.around);
        own.known.is_none() && !command && !document.name(own.node).is_empty()
    });
    let nodes: Vec<NodeId> = strange.map(|own| own.node).take(NOTED).collect();
    let name = clip(document.name(*nodes.first()?));
    Some(said.nodes(&nodes)?.saying(name))
}

/// Elements of meta information: below Meta, with or without `MetInf` around them.
fn metinf<'s>(said: &'s Said<'_, '_>) -> impl Iterator<Item = NodeId> + 's {
    let own = said.own.iter().filter(|own| own.in_meta && own.known.is_some_and(|k| k.metinf));
    own.map(|own| own.node)
}

fn metinf_namespace(said: &Said<'_, '_>) -> Option<Hit> {
    if !said.is_xml() {
        return None;
    }
    let other = |id: &NodeId| !said.namespace(*id).trim().eq_ignore_ascii_case(METINF);
    said.first_nodes(metinf(said).filter(other))
}

fn metinf_variant(said: &Said<'_, '_>) -> Option<Hit> {
    let sloppy = |id: &NodeId| {
        let own = said.namespace(*id);
        own != METINF && own.trim().eq_ignore_ascii_case(METINF)
    };
    said.first_nodes(metinf(said).filter(sloppy))
}

fn inherited_markup(said: &Said<'_, '_>) -> Option<Hit> {
    let document = said.message.document;
    let root = said.root_namespace();
    if !said.is_xml() || root.is_empty() {
        return None;
    }
    let markup = said.own.iter().filter(|own| own.is("Data")).map(|own| own.node);
    let inner = markup.filter_map(|id| document.children(id).next());
    said.first_nodes(inner.filter(|id| said.namespace(*id) == root))
}

fn children(said: &Said<'_, '_>) -> Option<Hit> {
    let document = said.message.document;
    let names: Vec<&str> = document.children(document.root()).map(|id| document.name(id)).collect();
    // What is missing altogether has rules of its own.
    let good = matches!(names.as_slice(), [] | ["SyncHdr" | "SyncBody"] | ["SyncHdr", "SyncBody"]);
    (!good).then(|| said.node(document.root()).saying(clip(&names.join(", "))))
}

fn body_empty(said: &Said<'_, '_>) -> Option<Hit> {
    let body = said.message.body?;
    said.message.commands.is_empty().then(|| said.node(body))
}

fn body_missing(said: &Said<'_, '_>) -> Option<Hit> {
    let header = said.message.header?;
    said.message.body.is_none().then(|| said.node(header))
}

fn final_misplaced(said: &Said<'_, '_>) -> Option<Hit> {
    let message = said.message;
    let early = message.finals.iter().copied().filter(|id| message.last_in_body != Some(*id));
    said.first_nodes(early)
}

fn final_filled(said: &Said<'_, '_>) -> Option<Hit> {
    let document = said.message.document;
    let own = *said.message.finals.first()?;
    let full = document.children(own).next().is_some() || !document.text(own).is_empty();
    full.then(|| said.node(own))
}

fn repeated(said: &Said<'_, '_>) -> Option<Hit> {
    let document = said.message.document;
    // Items of Map and Search name several sources.
    let again = said.own.iter().filter(|own| own.again && document.name(own.around) != "Search");
    said.first_nodes(again.map(|own| own.node))
}

fn unknown_attribute(said: &Said<'_, '_>) -> Option<Hit> {
    let document = said.message.document;
    let strange = |id: &NodeId| {
        document.tree.element(*id).is_some_and(|element| {
            element.attributes.iter().any(|attribute| {
                let name = attribute.name.as_str().unwrap_or_default();
                // `lang` is a known typing error of the document.
                attribute.namespace.as_str() != XMLNS
                    && !matches!(name, "originalerror" | "lang" | "xmlns")
            })
        })
    };
    let own = said.own.iter().filter(|own| own.has_attributes).map(|own| own.node);
    said.first_nodes(own.filter(strange))
}
