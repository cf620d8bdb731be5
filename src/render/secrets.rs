//! Which values of a decoded body are secrets.

use std::collections::HashSet;

use crate::model::{Decoded, Element, Layer, LayerId, Node, NodeId, NodeKind, Span, Tree};

use super::headers::MASK;
use super::xml::XmlLine;

/// Elements whose text is a secret: `EASSettings`, `ItemOperations` and `Search` passwords
/// (MS-ASCMD), WS-Security, device tokens.
const ELEMENTS: &[&str] = &[
    "password",
    "recoverypassword",
    "binarysecuritytoken",
    "accesstoken",
    "authtoken",
    "devicetoken",
];

/// Last segments of management paths whose data is a secret (DM account object and kin).
const PATHS: &[&str] = &[
    "aauthsecret",
    "password",
    "pwd",
    "clientsecret",
    "presharedkey",
    "authsecret",
    "pfxcertpassword",
];

/// `parm` names of a provisioning document whose value is a secret (OMA CP).
const PARMS: &[&str] = &["AAUTHSECRET", "AUTHSECRET", "AUTH-PW", "PROXY-PW", "PASSWORD"];

/// The secrets of a body: nodes whose value must be masked, and the bytes where they stand.
#[derive(Debug, Clone, Default)]
pub struct SecretPlaces {
    nodes: HashSet<(LayerId, NodeId)>,
    spans: Vec<(LayerId, Span)>,
}

impl SecretPlaces {
    /// Finds them: passwords and tokens by element name, credentials of SyncML (`Cred/Data`), data
    /// of management paths such as `…/AAuthSecret`, values of `parm` elements such as `AAUTHSECRET`.
    pub fn of(decoded: &Decoded) -> Self {
        let mut places = Self::default();
        for (id, layer) in decoded.ids() {
            let Some(tree) = &layer.tree else { continue };
            for (index, node) in (0_u32..).zip(tree.nodes()) {
                let NodeKind::Element(element) = &node.kind else { continue };
                if is_secret(tree, layer, NodeId(index), element) {
                    places.add(decoded, id, tree, NodeId(index), node);
                }
            }
        }
        places
    }

    /// True when the value of this node, or the value that it is, is a secret.
    pub fn has(&self, layer: LayerId, node: NodeId) -> bool {
        self.nodes.contains(&(layer, node))
    }

    /// True when there are none.
    pub fn is_empty(&self) -> bool {
        self.nodes.is_empty()
    }

    /// True when this byte of a layer belongs to a secret.
    pub fn covers(&self, layer: LayerId, offset: usize) -> bool {
        self.spans.iter().any(|(of, span)| *of == layer && span.contains(offset))
    }

    /// XML lines with the text of secret elements masked.
    pub fn mask_xml(&self, lines: Vec<XmlLine>) -> Vec<XmlLine> {
        let mut out: Vec<XmlLine> = Vec::with_capacity(lines.len());
        for line in lines {
            let Some(node) = line.node.filter(|node| self.has(line.layer, *node)) else {
                out.push(line);
                continue;
            };
            // A value over several lines becomes one.
            match out.last_mut().filter(|last| (last.layer, last.node) == (line.layer, Some(node)))
            {
                Some(last) => last.text.push_str(&line.text),
                None => out.push(line),
            }
        }
        for line in &mut out {
            if line.node.is_some_and(|node| self.has(line.layer, node)) {
                line.text = masked_line(&line.text);
            }
        }
        out
    }

    fn add(&mut self, decoded: &Decoded, id: LayerId, tree: &Tree, node: NodeId, of: &Node) {
        self.nodes.insert((id, node));
        for child in node.0 + 1..of.end.0 {
            self.nodes.insert((id, NodeId(child)));
            if let Some(value) = tree.get(NodeId(child)) {
                self.cover(decoded, id, value.span);
            }
        }
        for attribute in tree.element(node).into_iter().flat_map(|e| &e.attributes) {
            self.cover(decoded, id, attribute.span);
        }
    }

    /// Takes in bytes of a layer, and the same bytes of the layers they were lifted from unchanged.
    fn cover(&mut self, decoded: &Decoded, id: LayerId, span: Span) {
        let (mut id, mut span) = (id, span);
        loop {
            self.spans.push((id, span));
            let Some(layer) = decoded.layer(id) else { return };
            let Some(origin) = layer.origin else { return };
            if origin.span.len() != layer.bytes.len() {
                return;
            }
            let start = origin.span.start as usize;
            let shifted = |at: u32| start.saturating_add(at as usize);
            (id, span) = (origin.layer, Span::new(shifted(span.start), shifted(span.end)));
        }
    }
}

fn is_secret(tree: &Tree, layer: &Layer, id: NodeId, element: &Element) -> bool {
    let Some(name) = tree.name(id) else { return false };
    if ELEMENTS.iter().any(|secret| name.eq_ignore_ascii_case(secret)) {
        return true;
    }
    if name == "parm" {
        return element.attributes.iter().any(|attribute| {
            let value = Tree::resolve(&attribute.value, &layer.bytes);
            PARMS.iter().any(|secret| value.eq_ignore_ascii_case(secret))
        });
    }
    let parent = tree.get(id).and_then(|node| node.parent);
    name == "Data" && parent.is_some_and(|parent| is_credential(tree, layer, parent))
}

/// True for `Cred`, and for an `Item` whose path names a secret.
fn is_credential(tree: &Tree, layer: &Layer, parent: NodeId) -> bool {
    match tree.name(parent) {
        Some("Cred") => true,
        Some("Item") => ["Target", "Source"].iter().any(|end| {
            tree.descend(parent, &[end, "LocURI"]).is_some_and(|uri| {
                let path = tree.text(uri, &layer.bytes);
                let last = path.trim_end_matches('/').rsplit('/').next().unwrap_or_default();
                PATHS.iter().any(|secret| last.eq_ignore_ascii_case(secret))
            })
        }),
        _ => false,
    }
}

/// The tags stay, what stands between them goes; of a `parm` only the name stays.
fn masked_line(line: &str) -> String {
    match (line.find('>'), line.rfind("</")) {
        (Some(open), Some(close)) if open < close => {
            format!("{}{MASK}{}", &line[..=open], &line[close..])
        }
        _ => match line.find("value=") {
            Some(at) => format!("{}value=\"{MASK}\"/>", &line[..at]),
            None => line.to_owned(),
        },
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;
    use crate::model::{Attribute, Format, Name, Namespace, Origin, Text, Written};

    /// Elements by depth, with a text inside where there is one; bytes are the texts one after another.
    fn layer(rows: &[(usize, &'static str, &str)]) -> Layer {
        let mut tree = Tree::new();
        let mut bytes = String::new();
        let mut open: Vec<(usize, NodeId)> = Vec::new();
        for (depth, name, text) in rows {
            while open.last().is_some_and(|(other, _)| other >= depth) {
                let (_, id) = open.pop().unwrap();
                tree.close(id, bytes.len());
            }
            let span = Span::at(bytes.len());
            let element = Element {
                name: Name::Known(name),
                namespace: Namespace::NONE,
                token: None,
                attributes: Vec::new(),
                tag: span,
            };
            let parent = open.last().map(|(_, id)| *id);
            let id = tree.push(NodeKind::Element(element), span, parent);
            if !text.is_empty() {
                let span = Span::new(bytes.len(), bytes.len() + text.len());
                bytes.push_str(text);
                tree.push(NodeKind::Text(Text::Slice(span), Written::Plain), span, Some(id));
            }
            open.push((*depth, id));
        }
        while let Some((_, id)) = open.pop() {
            tree.close(id, bytes.len());
        }
        Layer {
            label: "body".into(),
            origin: None,
            bytes: Bytes::from(bytes),
            format: Format::Xml("SyncML 1.2"),
            tree: Some(tree),
            facts: Vec::new(),
        }
    }

    fn masked(layer: &Layer) -> Vec<String> {
        let decoded = Decoded { layers: vec![layer.clone()], problems: Vec::new() };
        let places = SecretPlaces::of(&decoded);
        let tree = layer.tree.as_ref().unwrap();
        let ids = (0..).map(NodeId).take(tree.len());
        let texts = ids.filter(|id| tree.element(*id).is_none() && places.has(LayerId::BODY, *id));
        texts.map(|id| tree.text(id, &layer.bytes).into_owned()).collect()
    }

    #[test]
    fn credentials_and_paths_of_secrets_are_found_and_policies_are_not() {
        let found = masked(&layer(&[
            (0, "SyncML", ""),
            (1, "Cred", ""),
            (2, "Data", "YWxpY2U6c2VjcmV0"),
            (1, "Item", ""),
            (2, "Target", ""),
            (3, "LocURI", "./SyncML/DMAcc/x/AppAuth/1/AAuthSecret"),
            (2, "Data", "hush"),
            (1, "Item", ""),
            (2, "Target", ""),
            (3, "LocURI", "./Vendor/MSFT/Policy/Config/DeviceLock/DevicePasswordEnabled"),
            (2, "Data", "0"),
            (1, "DevicePasswordEnabled", "1"),
            (1, "Password", "1234"),
        ]));
        assert_eq!(found, ["YWxpY2U6c2VjcmV0", "hush", "1234"]);
    }

    #[test]
    fn the_bytes_are_covered_through_layers() {
        let inner = layer(&[(0, "Set", ""), (1, "Password", "1234")]);
        let mut inner = inner;
        inner.origin = Some(Origin { layer: LayerId::BODY, span: Span::new(10, 14), node: None });
        let mut outer = layer(&[(0, "SyncML", "0123456789....")]);
        outer.tree = None;
        let places =
            SecretPlaces::of(&Decoded { layers: vec![outer, inner], problems: Vec::new() });
        let covered: Vec<_> = (0..16).filter(|at| places.covers(LayerId::BODY, *at)).collect();
        assert_eq!(covered, [10, 11, 12, 13]);
        assert!(places.covers(LayerId(1), 0) && !places.is_empty());
    }

    #[test]
    fn parm_values_are_secrets_by_their_name() {
        let mut with = layer(&[(0, "parm", "")]);
        let attribute = |name: &'static str, value: &str| Attribute {
            name: Name::Known(name),
            namespace: Namespace::NONE,
            value: Text::Owned(value.into()),
            span: Span::default(),
        };
        let tree = with.tree.take().unwrap();
        let mut element = tree.element(NodeId(0)).unwrap().clone();
        element.attributes = vec![attribute("name", "AAUTHSECRET"), attribute("value", "hush")];
        let mut tree = Tree::new();
        let id = tree.push(NodeKind::Element(element), Span::default(), None);
        tree.close(id, 0);
        with.tree = Some(tree);
        let places = SecretPlaces::of(&Decoded { layers: vec![with], problems: Vec::new() });
        assert!(places.has(LayerId::BODY, NodeId(0)));
        let masked = masked_line("  <parm name=\"AAUTHSECRET\" value=\"hush\"/>");
        assert_eq!(masked, "  <parm name=\"AAUTHSECRET\" value=\"********\"/>");
    }

    #[test]
    fn xml_keeps_its_tags() {
        assert_eq!(masked_line("  <Data x=\"1\">a&gt;b</Data>"), "  <Data x=\"1\">********</Data>");
    }
}
