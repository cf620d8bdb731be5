//! Which values of a decoded body are secret.

use std::collections::HashSet;
use std::sync::LazyLock;

use crate::model::{Attribute, Decoded, Element, Layer, LayerId, NodeId, NodeKind, Span, Tree};

use super::secret_text::secret_spans;
use super::secrets::{Secrets, TABLE};

/// What is not shown of a body.
#[derive(Debug, Default)]
pub struct Hidden {
    layers: Vec<HiddenIn>,
}

/// The bytes where the secrets of a body stand, for views of bytes.
#[derive(Debug, Clone, Default)]
pub struct SecretPlaces {
    /// By layer and start; those of one layer do not touch.
    spans: Vec<(LayerId, Span)>,
}

impl SecretPlaces {
    /// Where the bytes of what is `hidden` in `decoded` stand.
    pub fn of(decoded: &Decoded, hidden: &Hidden) -> Self {
        let mut places = Self::default();
        for (id, layer) in decoded.ids() {
            let inside = hidden.layer(id);
            if inside.whole {
                places.cover(decoded, id, Span::new(0, layer.bytes.len()));
            }
            for span in &inside.spans {
                places.cover(decoded, id, *span);
            }
            let Some(tree) = &layer.tree else { continue };
            for node in &inside.values {
                if let Some(node) = tree.get(*node) {
                    places.cover(decoded, id, node.span);
                }
            }
            for (element, at) in &inside.attributes {
                let attribute = tree.element(*element).and_then(|e| e.attributes.get(*at));
                if let Some(attribute) = attribute {
                    places.cover(decoded, id, attribute.span);
                }
            }
        }
        places.join();
        places
    }

    /// True when this byte of a layer belongs to a secret.
    pub fn covers(&self, layer: LayerId, offset: usize) -> bool {
        let starts = |(of, span): &(LayerId, Span)| (*of, span.start as usize) <= (layer, offset);
        let after = self.spans.partition_point(starts);
        let last = after.checked_sub(1).and_then(|at| self.spans.get(at));
        last.is_some_and(|(of, span)| *of == layer && span.contains(offset))
    }

    fn join(&mut self) {
        self.spans.sort_unstable();
        self.spans.dedup_by(|(of, span), (before, around)| {
            let joined = of == before && span.start <= around.end;
            if joined {
                *around = around.join(*span);
            }
            joined
        });
    }

    /// Takes in bytes of a layer, and those of the layers around it that they were made from: the
    /// same bytes where they were lifted out unchanged, else all that the layer was made from.
    fn cover(&mut self, decoded: &Decoded, id: LayerId, span: Span) {
        let (mut id, mut span) = (id, span);
        loop {
            self.spans.push((id, span));
            let Some(layer) = decoded.layer(id) else { return };
            let Some(origin) = layer.origin else { return };
            let start = origin.span.start as usize;
            let shifted = |at: u32| start.saturating_add(at as usize);
            span = if origin.span.len() == layer.bytes.len() {
                Span::new(shifted(span.start), shifted(span.end))
            } else {
                origin.span
            };
            id = origin.layer;
        }
    }
}

/// What is not shown of one layer.
#[derive(Debug, Default)]
pub(super) struct HiddenIn {
    /// All of it: it was made of a secret.
    whole: bool,
    /// Its bytes as they stand: a secret was found further inside.
    raw: bool,
    values: HashSet<NodeId>,
    /// Bytes of a text that is no document, in order.
    spans: Vec<Span>,
    /// By element and place in its list.
    attributes: HashSet<(NodeId, usize)>,
}

impl Hidden {
    /// What is secret in `decoded`, if secrets are masked. Linear in its size.
    pub fn of(decoded: &Decoded, secrets: Secrets) -> Self {
        let mut layers: Vec<HiddenIn> = Vec::new();
        if secrets == Secrets::Masked {
            for layer in &decoded.layers {
                let whole = layer.origin.is_some_and(|origin| {
                    let around = layers.get(origin.layer.index());
                    around.is_some_and(|l| l.whole || origin.node.is_some_and(|n| l.hides(n)))
                });
                layers.push(HiddenIn::of(layer, whole));
            }
            spread(decoded, &mut layers);
        }
        Self { layers }
    }

    /// True when this node is a secret value, or an element with one directly inside.
    pub fn has(&self, decoded: &Decoded, layer: LayerId, node: NodeId) -> bool {
        let tree = decoded.layer(layer).and_then(|layer| layer.tree.as_ref());
        let mut inside = tree.into_iter().flat_map(|tree| tree.children(node));
        let hidden = self.layer(layer);
        hidden.value(node) || inside.any(|child| hidden.value(child))
    }

    /// What is hidden of one layer.
    pub(super) fn layer(&self, id: LayerId) -> &HiddenIn {
        self.layers.get(id.index()).unwrap_or(HiddenIn::nothing())
    }
}

/// Hides what a secret was found in where it stands unopened, innermost first.
fn spread(decoded: &Decoded, layers: &mut [HiddenIn]) {
    for (at, layer) in decoded.layers.iter().enumerate().rev() {
        let secret = layers.get(at).is_some_and(HiddenIn::has_any);
        let Some(origin) = layer.origin.filter(|_| secret) else { continue };
        let Some(around) = layers.get_mut(origin.layer.index()) else { continue };
        match origin.node {
            Some(node) => around.hide(decoded.layer(origin.layer), node),
            None => around.raw = true,
        }
    }
}

impl HiddenIn {
    /// Everything is shown.
    pub(super) fn nothing() -> &'static Self {
        static NOTHING: LazyLock<HiddenIn> = LazyLock::new(HiddenIn::default);
        &NOTHING
    }

    fn of(layer: &Layer, whole: bool) -> Self {
        let mut hidden = Self { whole, ..Self::default() };
        match &layer.tree {
            _ if whole => {}
            Some(tree) => hidden.search(tree, &layer.bytes),
            None => hidden.spans = secret_spans(layer),
        }
        hidden
    }

    /// True when the layer's bytes are not shown as they are.
    pub(super) fn content(&self) -> bool {
        self.whole || self.raw
    }

    /// True for a text, opaque, comment or instruction that is not shown.
    pub(super) fn value(&self, node: NodeId) -> bool {
        self.whole || self.values.contains(&node)
    }

    /// True when the attribute at place `at` of an element's list is not shown.
    pub(super) fn attribute(&self, element: NodeId, at: usize) -> bool {
        self.whole || self.attributes.contains(&(element, at))
    }

    /// The bytes that are not shown of a text that is no document, in order.
    pub(super) fn spans(&self) -> &[Span] {
        &self.spans
    }

    /// True when a layer made from this node is not shown: its text, or an attribute of it.
    fn hides(&self, node: NodeId) -> bool {
        self.value(node) || self.attributes.iter().any(|(of, _)| *of == node)
    }

    /// Hides a node; of an element all attributes.
    fn hide(&mut self, layer: Option<&Layer>, node: NodeId) {
        let tree = layer.and_then(|layer| layer.tree.as_ref());
        match tree.and_then(|tree| tree.element(node)) {
            Some(element) => {
                self.attributes.extend(attribute(&element, "value").map(|(at, _)| (node, at)));
            }
            None => {
                self.values.insert(node);
            }
        }
    }

    /// True when something is not shown.
    pub(super) fn has_any(&self) -> bool {
        self.whole
            || self.raw
            || !self.values.is_empty()
            || !self.attributes.is_empty()
            || !self.spans.is_empty()
    }

    fn search(&mut self, tree: &Tree, layer: &[u8]) {
        let mut open: Vec<Open> = Vec::new();
        for (index, node) in (0_u32..).zip(tree.nodes()) {
            let id = NodeId(index);
            while open.last().is_some_and(|around| around.end <= id) {
                open.pop();
            }
            let around = open.last().copied().unwrap_or_default();
            match &node.kind {
                NodeKind::Element(element) => {
                    if around.secret {
                        self.attributes.extend((0..element.attributes.len()).map(|at| (id, at)));
                    } else if let Some(at) = secret_parm(tree, id, element, layer) {
                        self.attributes.insert((id, at));
                    }
                    open.push(Open::of(tree, id, layer, around, node.end));
                }
                _ if around.secret => {
                    self.values.insert(id);
                }
                _ => {}
            }
        }
    }
}

/// An element around the place of the search.
#[derive(Debug, Clone, Copy)]
struct Open {
    end: NodeId,
    /// Everything inside is secret.
    secret: bool,
    /// A `Data` child is secret: it is an item that names a secret node or type.
    data: bool,
    /// Items inside are about a secret node (a `Status` with its `TargetRef`).
    items: bool,
}

impl Default for Open {
    fn default() -> Self {
        Self { end: NodeId(0), secret: false, data: false, items: false }
    }
}

impl Open {
    fn of(tree: &Tree, id: NodeId, layer: &[u8], around: Self, end: NodeId) -> Self {
        let name = tree.name(id).unwrap_or_default();
        let secret = around.secret
            || around.data && name == "Data"
            || name == "URI" && is_secret_setting(tree, id, layer)
            || TABLE.has_element(&names_outwards(tree, id));
        let data = name == "Item" && (around.items || is_secret_item(tree, id, layer));
        let items = name == "Status" && names_node(tree, id, layer, ["TargetRef", "SourceRef"]);
        Self { end, secret, data, items }
    }
}

/// The names of `id` and the elements around it.
fn names_outwards(tree: &Tree, id: NodeId) -> impl Iterator<Item = &str> + Clone {
    std::iter::successors(Some(id), |id| tree.parent(*id))
        .map(|id| tree.name(id).unwrap_or_default())
}

/// True for a setting of a declared configuration whose node is secret: the path of `URI` goes on from
/// the name of the `CSP` around it.
fn is_secret_setting(tree: &Tree, id: NodeId, layer: &[u8]) -> bool {
    let text = |id: NodeId, name| {
        let element = tree.element(id)?;
        Some(Tree::resolve(&attribute(&element, name)?.1.value, layer).to_owned())
    };
    let Some(path) = text(id, "path") else { return false };
    let csp = tree.parent(id).and_then(|around| text(around, "name")).unwrap_or_default();
    TABLE.has_node(&format!("{csp}/{path}"))
}

/// True for an item whose target or source is a secret node, or whose type is one.
fn is_secret_item(tree: &Tree, item: NodeId, layer: &[u8]) -> bool {
    tree.children(item).any(|child| match tree.name(child) {
        Some("Target" | "Source") => names_node(tree, child, layer, ["LocURI"]),
        Some("Meta") => tree.child(child, "Type").is_some_and(|kind| {
            let text = tree.text(kind, layer);
            TABLE.has_type(&text)
        }),
        _ => false,
    })
}

/// True when a child element called one of `names` holds the path of a secret node.
fn names_node<const N: usize>(tree: &Tree, id: NodeId, layer: &[u8], names: [&str; N]) -> bool {
    tree.children(id).any(|child| {
        tree.name(child).is_some_and(|name| names.contains(&name))
            && TABLE.has_node(&tree.text(child, layer))
    })
}

/// The place of the value of a provisioning document's `parm` that is a secret node, by its name and
/// the characteristics around it (OMA-WAP-TS-ProvCont 4.5, 4.6), or of an input of a page that is a
/// password or has a secret name (HTML, 4.10.5).
fn secret_parm(tree: &Tree, id: NodeId, element: &Element<'_>, layer: &[u8]) -> Option<usize> {
    let (at, _) = attribute(element, "value")?;
    let name = attribute(element, "name").map(|(_, name)| name);
    if element.name.as_str().is_some_and(|name| name.eq_ignore_ascii_case("input")) {
        let kind = attribute(element, "type").map(|(_, kind)| kind);
        let password = kind
            .is_some_and(|kind| Tree::resolve(&kind.value, layer).eq_ignore_ascii_case("password"));
        let named = name.is_some_and(|name| TABLE.has_parameter(Tree::resolve(&name.value, layer)));
        return (password || named).then_some(at);
    }
    let around = std::iter::successors(tree.get(id)?.parent, |id| tree.get(*id)?.parent);
    let types = around.filter_map(|id| attribute(&tree.element(id)?, "type"));
    let path = std::iter::once(name?).chain(types.map(|(_, kind)| kind));
    TABLE.has_path(&path.map(|part| Tree::resolve(&part.value, layer))).then_some(at)
}

/// An attribute by its name, with its place in the list.
fn attribute<'a>(element: &Element<'a>, name: &str) -> Option<(usize, Attribute<'a>)> {
    let mut attributes = element.attributes.iter().enumerate();
    attributes.find(|(_, attribute)| attribute.name.as_str() == Some(name))
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;
    use crate::model::{Attributes, Format, Name, Namespace, Origin, Text, Written};
    use crate::render::{OutlineOptions, json_decoded, outline, outline_text, xml, xml_lines};

    const SECRET: &str = "c2VjcmV0";

    /// `("Name", text, children)`, without children a text alone.
    fn add(tree: &mut Tree, parent: Option<NodeId>, path: &str, text: &str) -> NodeId {
        let mut at = parent;
        for name in path.split('/') {
            let known = at.and_then(|at| tree.child(at, name)).filter(|_| name != "Item");
            at = known.or_else(|| {
                let element = Element {
                    name: Name::Literal(name),
                    namespace: Namespace::NONE,
                    token: None,
                    attributes: Attributes::NONE,
                    tag: Span::default(),
                };
                Some(tree.push(NodeKind::Element(element), Span::default(), at))
            });
        }
        let kind = NodeKind::Text(Text::Owned(text), Written::Plain);
        let id = tree.push(kind, Span::default(), at);
        let mut around = at;
        while let Some(open) = around {
            tree.close(open, 0);
            around = tree.parent(open);
        }
        id
    }

    fn layer(format: Format, bytes: &'static [u8], tree: Option<Tree>) -> Layer {
        let bytes = Bytes::from_static(bytes);
        Layer { label: "body".into(), origin: None, bytes, format, tree, facts: Vec::new() }
    }

    fn document(tree: Tree) -> Decoded {
        let layers = vec![layer(Format::Xml("XML"), b"", Some(tree))];
        Decoded { layers, problems: Vec::new() }
    }

    /// Everything that is ever printed of a body.
    fn printed(decoded: &Decoded, secrets: Secrets) -> Vec<String> {
        let options = OutlineOptions { secrets, ..OutlineOptions::default() };
        let lines = xml_lines(decoded, LayerId::BODY, secrets);
        vec![
            outline_text(&outline(decoded, &[], options)),
            json_decoded(decoded, &[], secrets).to_string(),
            xml(decoded, LayerId::BODY, secrets),
            lines.into_iter().map(|line| line.text).collect(),
        ]
    }

    /// The secret is printed only when asked for; `rest` always.
    fn assert_masked(decoded: &Decoded, rest: &str) {
        for (shown, masked) in
            printed(decoded, Secrets::Shown).iter().zip(printed(decoded, Secrets::Masked))
        {
            assert!(shown.is_empty() || shown.contains(SECRET), "{shown}");
            assert!(!masked.contains(SECRET), "{masked}");
            assert!(masked.is_empty() || masked.contains(rest), "{masked}");
        }
    }

    #[test]
    fn credentials_of_the_header() {
        let mut tree = Tree::new();
        add(&mut tree, None, "SyncHdr/Cred/Meta/Type", "syncml:auth-basic");
        add(&mut tree, Some(NodeId(0)), "Cred/Data", SECRET);
        assert_masked(&document(tree), "auth-basic");
    }

    #[test]
    fn data_of_secret_nodes_and_types_alone() {
        for (secret, item, what) in [
            (true, "Item/Target/LocURI", "./Vendor/MSFT/EMAIL2/x/AUTHSECRET"),
            (true, "Item/Source/LocURI", "./Vendor/MSFT/Accounts/Users/al/Password"),
            (true, "Item/Meta/Type", "com.microsoft/MDM/AADUserToken"),
            (false, "Item/Target/LocURI", "./Vendor/MSFT/EMAIL2/x/AUTHNAME"),
        ] {
            let mut tree = Tree::new();
            let named = add(&mut tree, None, &format!("Replace/{item}"), what);
            assert_eq!(tree.path(named)[1], "Item");
            add(&mut tree, Some(NodeId(1)), "Data", SECRET);
            add(&mut tree, Some(NodeId(0)), "Item/Data", "plain");
            if secret {
                assert_masked(&document(tree), "plain");
            } else {
                let shown = printed(&document(tree), Secrets::Masked);
                assert!(shown.iter().all(|text| text.contains(SECRET)), "{what}");
            }
        }
        let mut tree = Tree::new();
        add(&mut tree, None, "Status/TargetRef", "./SyncML/DMAcc/a/AppAuth/b/AAuthSecret");
        add(&mut tree, Some(NodeId(0)), "Item/Data", SECRET);
        assert_masked(&document(tree), "TargetRef");
    }

    #[test]
    fn attributes_of_provisioning_documents() {
        let attribute = |name, value| Attribute {
            name: Name::Known(name),
            namespace: Namespace::NONE,
            value: Text::Owned(value),
            span: Span::default(),
        };
        let mut tree = Tree::new();
        let element = Element {
            name: Name::Known("parm"),
            namespace: Namespace::NONE,
            token: None,
            attributes: Attributes::NONE,
            tag: Span::default(),
        };
        let parm = tree.push(NodeKind::Element(element), Span::default(), None);
        tree.add_attribute(parm, attribute("name", "AAUTHSECRET"));
        tree.add_attribute(parm, attribute("value", SECRET));
        tree.close(parm, 0);
        assert_masked(&document(tree), "AAUTHSECRET");
    }

    #[test]
    fn forms_and_what_they_stand_in() {
        let format = Format::Text("form");
        let decoded = Decoded {
            layers: vec![layer(format.clone(), b"user=al&password=c2VjcmV0&x=1", None)],
            problems: Vec::new(),
        };
        assert_masked(&decoded, "user=al&password=********&x=1");
        let mut inner = layer(format, b"user=al&password=c2VjcmV0", None);
        inner.origin = Some(Origin { layer: LayerId(0), span: Span::default(), node: None });
        let outer = layer(Format::Text("text"), b"> user=al&password=c2VjcmV0", None);
        let decoded = Decoded { layers: vec![outer, inner], problems: Vec::new() };
        assert_masked(&decoded, "user=al");
    }

    #[test]
    fn json_pages_and_keys_of_texts() {
        for (words, bytes, rest) in [
            ("JSON", &br#"{"user":"al","access_token":"c2VjcmV0"}"#[..], "al"),
            ("HTML", b"<input name=wresult value='c2VjcmV0'><b>plain</b>", "plain"),
            ("text", b"-----BEGIN PRIVATE KEY-----\nc2VjcmV0\n-----END PRIVATE KEY-----", "END"),
        ] {
            let layers = vec![layer(Format::Text(words), bytes, None)];
            let decoded = Decoded { layers, problems: Vec::new() };
            assert_masked(&decoded, rest);
            let places = SecretPlaces::of(&decoded, &Hidden::of(&decoded, Secrets::Masked));
            let masked: Vec<u8> = (0..bytes.len())
                .filter(|at| places.covers(LayerId::BODY, *at))
                .map(|at| bytes[at])
                .collect();
            assert_eq!(masked, SECRET.as_bytes(), "{words}: bytes are masked too");
        }
    }

    #[test]
    fn a_nonce_that_comes_next() {
        let mut tree = Tree::new();
        add(&mut tree, None, "Chal/Meta/Format", "b64");
        add(&mut tree, Some(NodeId(0)), "Meta/NextNonce", SECRET);
        assert_masked(&document(tree), "b64");
    }

    #[test]
    fn what_was_opened_is_masked_where_it_stands_and_below() {
        let mut inside = Tree::new();
        add(&mut inside, None, "Cred/Data", SECRET);
        add(&mut inside, Some(NodeId(0)), "Meta", "kept");
        let mut outside = Tree::new();
        let node = add(&mut outside, None, "Item/Data", "<Cred><Data>c2VjcmV0</Data></Cred>");
        let mut decoded = document(outside);
        let mut inner = layer(Format::Xml("XML"), b"", Some(inside));
        inner.origin = Some(Origin { layer: LayerId(0), span: Span::default(), node: Some(node) });
        decoded.layers.push(inner);
        assert_masked(&decoded, "********");
        let json = json_decoded(&decoded, &[], Secrets::Masked).to_string();
        assert!(json.contains("kept"), "{json}");
    }
}
