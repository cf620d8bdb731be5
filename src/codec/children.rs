//! Documents inside documents: what stands in text and opaque nodes, by the element around them.

use bytes::Bytes;

use crate::model::{NodeId, NodeKind, Span, Text, Tree};

use super::cms;
use super::limits;
use super::mime;
use super::sniff;
use super::wbxml;
use super::x509;
use super::xml;

/// A document found in a node of another.
#[derive(Debug)]
pub(crate) struct Child {
    /// The text or opaque node it stands in.
    pub(crate) node: NodeId,
    /// The bytes it was made from.
    pub(crate) span: Span,
    /// Its own bytes.
    pub(crate) bytes: Bytes,
    /// Its media type, lower case; may be empty.
    pub(crate) media_type: String,
    /// The name of the element around it.
    pub(crate) label: String,
}

/// The documents inside `tree`, in document order; with `among` in those of its nodes alone.
pub(crate) fn find(tree: &Tree, layer: &Bytes, among: Option<&[NodeId]>) -> Vec<Child> {
    match among {
        // Parameters are no texts, and not listed.
        Some(nodes) if !is_provisioning(tree) => find_in(tree, layer, nodes.iter().copied()),
        _ => find_in(tree, layer, (0..).map(NodeId).take(tree.len())),
    }
}

fn find_in(tree: &Tree, layer: &Bytes, among: impl Iterator<Item = NodeId>) -> Vec<Child> {
    let mut found = Vec::new();
    let provisions = is_provisioning(tree);
    for id in among {
        let child = match tree.is_element(id) {
            true if provisions && tree.name(id) == Some("parm") => parm(tree, layer, id),
            true => None,
            false => text(tree, layer, id),
        };
        found.extend(child);
        if found.len() >= limits::LAYERS {
            break;
        }
    }
    found
}

/// True for a provisioning document, whose parameters may hold others.
fn is_provisioning(tree: &Tree) -> bool {
    tree.root().and_then(|root| tree.name(root)) == Some("wap-provisioningdoc")
}

/// What stands in a text or opaque node.
fn text(tree: &Tree, layer: &Bytes, id: NodeId) -> Option<Child> {
    let parent = tree.parent(id)?;
    let place = place(tree, layer, parent)?;
    let node = tree.get(id)?;
    let holder = Holder { tree, layer, parent, span: node.span };
    let (span, bytes, media_type) = holder.open(place, &node.kind)?;
    let label = tree.name(parent).unwrap_or_default().to_owned();
    Some(Child { node: id, span, bytes, media_type, label })
}

/// What stands in the `value` of a provisioning document's `parm` (OMA-WAP-TS-ProvCont 4.6): a
/// certificate in base64 (`CertificateStore` CSP), or XML.
fn parm(tree: &Tree, layer: &Bytes, id: NodeId) -> Option<Child> {
    let element = tree.element(id)?;
    let named = |name: &str| element.attributes.iter().find(|a| a.name.as_str() == Some(name));
    let value = named("value")?;
    let name = Tree::resolve(&named("name")?.value, layer);
    let (bytes, span) = match value.value {
        Text::Slice(span) => (layer.slice(span.range()), span),
        Text::Owned(text) => (Bytes::copy_from_slice(text.as_bytes()), value.span),
    };
    if bytes.len() > limits::EMBEDDED_BYTES {
        return None;
    }
    let bytes = match name {
        "EncodedCertificate" => {
            let der = mime::base64(&bytes)?;
            x509::facts(&der).map(|_| der.into())?
        }
        _ if sniff::looks_like_xml(&bytes) && xml::is_document(&bytes) => bytes,
        _ => return None,
    };
    let (media_type, label) = (String::new(), clip_name(name));
    Some(Child { node: id, span, bytes, media_type, label })
}

/// A name from the body, cut to [`limits::NAME_BYTES`].
fn clip_name(name: &str) -> String {
    name.chars().take(limits::NAME_BYTES).collect()
}

/// What an element is known to hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    /// `Data` of SyncML and of Provision: documents of all kinds.
    Document,
    /// An internet message.
    Message,
    /// Bytes: opaque, or as base64.
    Bytes,
    /// An image, in the same forms.
    Image,
    /// A certificate, or nothing.
    Certificate,
}

/// True for the names of all elements that may hold a document.
pub(super) fn may_hold(name: &str) -> bool {
    is_token(name)
        || matches!(
            name,
            "Certificate"
                | "Content"
                | "Data"
                | "MIMEData"
                | "Mime"
                | "MiniCertificate"
                | "Picture"
                | "X509Certificate"
        )
}

/// The token of WS-Security, which some servers write in lower case.
fn is_token(name: &str) -> bool {
    const NAME: &str = "BinarySecurityToken";
    name.len() == NAME.len() && name.eq_ignore_ascii_case(NAME)
}

/// By namespace and name of the element (MS-ASCMD 2.2.3, MS-ASAIRS 2.2.2, MS-MDE2 3.4.4.1).
fn place(tree: &Tree, layer: &[u8], id: NodeId) -> Option<Place> {
    let (name, space) = match tree.bare(id) {
        Some(tag) => (tag.name, tag.namespace),
        None => (tree.name(id)?, tree.element(id)?.namespace.as_str()),
    };
    match (name, space) {
        ("Data", "" | "Provision") => Some(Place::Document),
        ("Data", _) if is_syncml(space) => Some(Place::Document),
        // Body/Type 4: the message as it is (MS-ASAIRS 2.2.2.41.4).
        ("Data", "AirSyncBase") => {
            let body = tree.parent(id)?;
            let kind = tree.child(body, "Type")?;
            (tree.text(kind, layer) == "4").then_some(Place::Message)
        }
        ("Mime", "ComposeMail") | ("MIMEData", "Email") => Some(Place::Message),
        ("Content", "AirSyncBase") | ("Data", "ItemOperations") => Some(Place::Bytes),
        (name, _) if is_token(name) => Some(Place::Bytes),
        ("Data", "GAL" | "ResolveRecipients") | ("Picture", "Contacts") => Some(Place::Image),
        ("Certificate" | "MiniCertificate", "ResolveRecipients" | "ValidateCert") => {
            Some(Place::Certificate)
        }
        ("X509Certificate", _) => Some(Place::Certificate),
        _ => None,
    }
}

fn is_syncml(namespace: &str) -> bool {
    namespace.get(..7).is_some_and(|start| start.eq_ignore_ascii_case("SYNCML:"))
}

type Found = (Span, Bytes, String);

/// A node that may hold a document.
struct Holder<'a> {
    tree: &'a Tree,
    layer: &'a Bytes,
    parent: NodeId,
    span: Span,
}

impl Holder<'_> {
    fn open(&self, place: Place, kind: &NodeKind<'_>) -> Option<Found> {
        let (span, bytes, stands) = match kind {
            NodeKind::Opaque(span) | NodeKind::Text(Text::Slice(span), _) => {
                (*span, span.of(self.layer), true)
            }
            NodeKind::Text(Text::Owned(text), _) => (self.span, text.as_bytes(), false),
            _ => return None,
        };
        if bytes.len() > limits::EMBEDDED_BYTES {
            return None;
        }
        let is_opaque = matches!(kind, NodeKind::Opaque(_));
        // Nearly all are no documents: nothing is kept of those.
        let copy = || Bytes::copy_from_slice(bytes);
        let whole = || if stands { self.layer.slice(span.range()) } else { copy() };
        let plain = || if is_opaque { Some(whole()) } else { Some(mime::base64(bytes)?.into()) };
        let (bytes, media_type) = match place {
            Place::Document => self.document(bytes, is_opaque, whole)?,
            Place::Message => {
                mime::is_likely(bytes).then(|| (whole(), "message/rfc822".to_owned()))?
            }
            Place::Bytes => {
                let bytes = plain()?;
                let bytes = twice(&bytes).unwrap_or(bytes);
                let media_type = self.content_type();
                let chance = wbxml::is_likely(&bytes) && !wbxml::is_sound(&bytes, &media_type);
                (!bytes.is_empty() && !chance).then_some((bytes, media_type))?
            }
            Place::Image => {
                let bytes = plain()?;
                (!bytes.is_empty()).then(|| (bytes, "image/*".to_owned()))?
            }
            Place::Certificate => {
                let bytes = plain()?;
                x509::facts(&bytes).map(|_| (bytes, String::new()))?
            }
        };
        Some((span, bytes, media_type))
    }

    /// The document that `bytes` are, or are base64 of, and its media type.
    fn document(
        &self,
        bytes: &[u8],
        is_opaque: bool,
        whole: impl Fn() -> Bytes,
    ) -> Option<(Bytes, String)> {
        let media_type = || self.meta("Type").unwrap_or_default();
        if is_opaque || sniff::looks_like_xml(bytes) {
            let media_type = media_type();
            return is_document(bytes, &media_type).then(|| (whole(), media_type));
        }
        if sniff::looks_like_pem(bytes) {
            return Some((whole(), String::new()));
        }
        // Credentials are base64 too, and stay as they are.
        if self.is_in_item() && self.meta("Format").is_some_and(|format| format == "b64") {
            let bytes = Bytes::from(mime::base64(bytes)?);
            return (!bytes.is_empty()).then(|| (bytes, media_type()));
        }
        None
    }

    fn is_in_item(&self) -> bool {
        let item = self.tree.parent(self.parent);
        item.is_some_and(|item| self.tree.name(item) == Some("Item"))
    }

    /// The `ContentType` beside the element.
    fn content_type(&self) -> String {
        let found = (|| {
            let around = self.tree.parent(self.parent)?;
            let id = self.tree.child(around, "ContentType")?;
            Some(self.tree.text(id, self.layer).trim().to_ascii_lowercase())
        })();
        found.unwrap_or_default()
    }

    /// The `Meta/Type` or `Meta/Format` that holds for a `Data` element: of its item, else of the
    /// command around it.
    fn meta(&self, name: &str) -> Option<String> {
        let Self { tree, layer, parent, .. } = *self;
        let mut at = tree.parent(parent);
        for _ in 0..2 {
            let around = at?;
            let mut first = tree.children(around).take(limits::META_SIBLINGS);
            let found = first.find(|id| tree.name(*id) == Some("Meta")).and_then(|meta| {
                // Some encoders wrap the MetInf elements, most do not.
                tree.child(meta, name).or_else(|| tree.descend(meta, &["MetInf", name]))
            });
            if let Some(found) = found {
                return Some(tree.text(found, layer).trim().to_ascii_lowercase());
            }
            at = tree.parent(around);
        }
        None
    }
}

/// DER in base64 inside base64: so a renewal by hand sends its PKCS#7 (MS-MDE2 3.4).
fn twice(bytes: &[u8]) -> Option<Bytes> {
    let der = bytes.starts_with(b"MI").then(|| mime::base64(bytes))??;
    matches!(der.as_slice(), [0x30, 0x81 | 0x82, ..]).then(|| der.into())
}

/// True when `bytes` are a document that can be read without damage.
fn is_document(bytes: &[u8], media_type: &str) -> bool {
    if sniff::looks_like_xml(bytes) {
        return xml::is_document(bytes);
    }
    // Encoders write `+xml` over WBXML: the bytes decide.
    wbxml::is_likely(bytes)
        || cms::is_likely(bytes)
        || x509::facts(bytes).is_some()
        || sniff::is_wbxml_type(media_type) && wbxml::is_sound(bytes, media_type)
}
