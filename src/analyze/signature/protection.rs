//! Bodies that are signed or encrypted as a whole (MS-MDM 2.1; `DMClient` `EnhancedAppLayerSecurity`), and
//! what devices were told of it.

use crate::analyze::document::Document;
use crate::analyze::draft::clip;
use crate::model::{Decoded, Format, LayerId, Leg, NodeId};

/// Encrypted layers of one body that are looked at.
const LAYERS: usize = 8;

/// Recipients of one layer that are looked at.
const RECIPIENTS: usize = 16;

/// An encrypted layer, as far as it can be read without a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::analyze) struct Sealed {
    pub(in crate::analyze) leg: Leg,
    pub(in crate::analyze) layer: LayerId,
    /// Cipher of the content (`aes-256-cbc`).
    pub(in crate::analyze) cipher: String,
    /// For whom, as `serial … of …`.
    pub(in crate::analyze) recipients: Vec<String>,
    /// Why it was not opened; empty when it was.
    pub(in crate::analyze) closed: String,
}

/// How the body of a message is protected as it came.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(in crate::analyze) struct Shape {
    pub(in crate::analyze) signed: bool,
    pub(in crate::analyze) encrypted: bool,
}

/// Every encrypted layer of a body.
pub(super) fn sealed(leg: Leg, decoded: &Decoded) -> Vec<Sealed> {
    let found = decoded.ids().filter_map(|(id, layer)| {
        let Format::Binary(name) = layer.format else { return None };
        is_sealed(name).then_some(())?;
        let facts = layer.facts.iter();
        let text = |wanted: &str| {
            let found = facts.clone().find(|(name, _)| *name == wanted);
            found.map(|(_, text)| clip(text)).unwrap_or_default()
        };
        let recipients = facts.clone().filter(|(name, _)| *name == "recipient").take(RECIPIENTS);
        let closed = text("opened");
        Some(Sealed {
            leg,
            layer: id,
            cipher: text("cipher"),
            recipients: recipients.map(|(_, text)| clip(text)).collect(),
            closed: closed.strip_prefix("no: ").unwrap_or_default().to_owned(),
        })
    });
    found.take(LAYERS).collect()
}

fn is_sealed(name: &str) -> bool {
    matches!(name, "CMS EnvelopedData" | "CMS AuthEnvelopedData" | "PKCS#7 signedAndEnvelopedData")
}

/// How a body is protected: by all layers around the message.
pub(super) fn shape(decoded: &Decoded) -> Shape {
    let names = decoded.layers.iter().filter_map(|layer| match layer.format {
        Format::Binary(name) => Some(name),
        _ => None,
    });
    names.fold(Shape::default(), |shape, name| Shape {
        signed: shape.signed || matches!(name, "CMS SignedData" | "PKCS#7 signedAndEnvelopedData"),
        encrypted: shape.encrypted || is_sealed(name),
    })
}

/// What a server says about protection in one answer.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(in crate::analyze) struct Orders {
    /// `SecurityMode`: 1 sign, 2 encrypt, 3 both; and where.
    pub(in crate::analyze) mode: Option<(u8, NodeId)>,
    /// Thumbprints of certificates put into the store of the system, lower case.
    pub(in crate::analyze) installed: Vec<String>,
    /// Those taken away, and where.
    pub(in crate::analyze) removed: Vec<(String, NodeId)>,
}

/// Certificates of one answer that are noted.
const CERTIFICATES: usize = 32;

impl Orders {
    /// Reads an answer: a message or a provisioning document.
    pub(super) fn of(document: &Document<'_>) -> Self {
        let mut orders = Self::default();
        for id in document.elements() {
            match document.name(id) {
                "parm" => orders.parm(document, id),
                "Item" => orders.item(document, id),
                _ => {}
            }
        }
        orders
    }

    fn parm(&mut self, document: &Document<'_>, id: NodeId) {
        match document.attribute(id, "name") {
            Some("SecurityMode") => {
                let value = document.attribute(id, "value").unwrap_or_default();
                self.mode = value.trim().parse().ok().map(|mode| (mode, id)).or(self.mode);
            }
            Some("EncodedCertificate") if self.installed.len() < CERTIFICATES => {
                let kind = |id| document.attribute(id, "type").unwrap_or_default();
                let around = std::iter::successors(document.parent(id), |id| document.parent(*id));
                let path: Vec<&str> = around.map(kind).take(3).collect();
                if let [thumbprint, "System", "My"] = path[..] {
                    self.installed.push(clip(thumbprint).to_lowercase());
                }
            }
            _ => {}
        }
    }

    fn item(&mut self, document: &Document<'_>, id: NodeId) {
        let path = document.text_at(id, &["Target", "LocURI"]).unwrap_or_default();
        let mut parts = path.split('/');
        let names = ["SecurityMode", "CertificateStore", "Cert0", "Cert1"];
        if !parts.any(|part| names.iter().any(|name| part.eq_ignore_ascii_case(name))) {
            return;
        }
        let path = path.to_lowercase();
        let verb = document.parent_name(id);
        let writes = matches!(verb, "Add" | "Replace");
        if path.ends_with("/enhancedapplayersecurity/securitymode") && writes {
            let value = document.child_text(id, "Data").and_then(|text| text.parse().ok());
            self.mode = value.map(|mode| (mode, id)).or(self.mode);
        } else if path.contains("/enhancedapplayersecurity/cert") {
            // The certificate itself, or the name of one that is there already.
            if writes && self.installed.is_empty() {
                self.installed.push("named".to_owned());
            }
        } else if let Some((_, rest)) = path.split_once("/certificatestore/my/system/") {
            let thumbprint = clip(rest.split('/').next().unwrap_or_default());
            if writes && self.installed.len() < CERTIFICATES {
                self.installed.push(thumbprint);
            } else if verb == "Delete" && self.removed.len() < CERTIFICATES {
                self.removed.push((thumbprint, id));
            }
        }
    }
}
