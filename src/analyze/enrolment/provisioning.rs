//! `wap-provisioningdoc`: characteristics and parameters, as a tree of types (OMA-WAP-TS-ProvCont 4.5).

use std::borrow::Cow;
use std::collections::HashMap;

use bytes::Bytes;

use crate::analyze::document::Document;
use crate::codec::x509::Certificate;
use crate::model::{Decoded, LayerId, NodeId};
use crate::seal::{Proof, sha1_hex};

use super::poll::Poll;

/// Characteristics and parameters read of one document, each.
const PARTS: usize = 10_000;

/// Certificates of one name that a signature is checked with.
const ISSUERS: usize = 8;

/// Characteristics open at once.
const DEPTH: usize = 32;

/// A parameter.
#[derive(Debug, Clone)]
pub(in crate::analyze) struct Parm<'a> {
    pub(in crate::analyze) node: NodeId,
    pub(in crate::analyze) name: &'a str,
    /// Empty too when there is no value: a flag.
    pub(in crate::analyze) value: &'a str,
    /// The characteristic around it, by its place in the list.
    pub(in crate::analyze) of: usize,
}

/// A characteristic.
#[derive(Debug, Clone)]
pub(in crate::analyze) struct Characteristic<'a> {
    pub(in crate::analyze) node: NodeId,
    pub(in crate::analyze) kind: &'a str,
    parent: Option<usize>,
}

/// A provisioning document.
#[derive(Debug, Clone)]
pub(in crate::analyze) struct Provisioning<'a> {
    pub(in crate::analyze) document: Document<'a>,
    pub(in crate::analyze) characteristics: Vec<Characteristic<'a>>,
    pub(in crate::analyze) parms: Vec<Parm<'a>>,
    /// Layers made from parameters.
    opened: HashMap<NodeId, LayerId>,
}

impl<'a> Provisioning<'a> {
    /// Every provisioning document of a body.
    pub(in crate::analyze) fn all(decoded: &'a Decoded) -> impl Iterator<Item = Self> {
        Document::all(decoded).filter_map(|document| Self::of(document, decoded))
    }

    fn of(document: Document<'a>, decoded: &Decoded) -> Option<Self> {
        if document.root_name() != "wap-provisioningdoc" {
            return None;
        }
        let opened = decoded.ids().filter_map(|(id, layer)| {
            let origin = layer.origin.filter(|origin| origin.layer == document.layer)?;
            Some((origin.node?, id))
        });
        let opened = opened.collect();
        let mut found = Self { document, characteristics: Vec::new(), parms: Vec::new(), opened };
        found.read();
        Some(found)
    }

    fn read(&mut self) {
        let document = self.document;
        let attribute = |id, name| document.attribute(id, name).unwrap_or_default();
        let mut open: Vec<(usize, NodeId)> = Vec::new();
        for id in document.elements() {
            while open.last().is_some_and(|(_, end)| *end <= id) {
                open.pop();
            }
            let around = open.last().map(|(at, _)| *at);
            match document.name(id) {
                "characteristic" if open.len() < DEPTH && self.characteristics.len() < PARTS => {
                    let end = document.tree.get(id).map_or(id, |node| node.end);
                    open.push((self.characteristics.len(), end));
                    let kind = attribute(id, "type").trim();
                    self.characteristics.push(Characteristic { node: id, kind, parent: around });
                }
                "parm" if self.parms.len() < PARTS => {
                    let Some(of) = around else { continue };
                    let (name, value) = (attribute(id, "name").trim(), attribute(id, "value"));
                    self.parms.push(Parm { node: id, name, value, of });
                }
                _ => {}
            }
        }
    }

    /// The types from the outermost to the characteristic at `at`.
    pub(in crate::analyze) fn path(&self, at: usize) -> Vec<&'a str> {
        let up = |at: &usize| self.characteristics.get(*at)?.parent;
        let mut path: Vec<&str> = std::iter::successors(Some(at), up)
            .filter_map(|at| self.characteristics.get(at))
            .map(|found| found.kind)
            .collect();
        path.reverse();
        path
    }

    /// A parameter of the characteristic at `at`, by its name without case, with blanks trimmed.
    pub(in crate::analyze) fn parm(&self, at: usize, name: &str) -> Option<&Parm<'a>> {
        self.parms.iter().find(|parm| parm.of == at && parm.name.eq_ignore_ascii_case(name))
    }

    /// The value of such a parameter; empty when there is none.
    pub(in crate::analyze) fn value(&self, at: usize, name: &str) -> &'a str {
        self.parm(at, name).map(|parm| parm.value.trim()).unwrap_or_default()
    }

    /// The characteristics directly inside the one at `at`.
    pub(in crate::analyze) fn inside(&self, at: usize) -> impl Iterator<Item = usize> + '_ {
        let all = self.characteristics.iter().enumerate().skip(at);
        all.filter(move |(_, found)| found.parent == Some(at)).map(|(at, _)| at)
    }

    /// Every characteristic whose path fits: `*` stands for any one type.
    pub(in crate::analyze) fn at_path<'s>(
        &'s self,
        path: &'s [&'s str],
    ) -> impl Iterator<Item = usize> + 's {
        (0..self.characteristics.len()).filter(move |at| {
            let found = self.path(*at);
            let fits = |(wanted, kind): (&&str, &&str)| {
                *wanted == "*" || wanted.eq_ignore_ascii_case(kind)
            };
            found.len() == path.len() && path.iter().zip(&found).all(fits)
        })
    }

    /// The type of the characteristic at `at`.
    pub(in crate::analyze) fn kind(&self, at: usize) -> &'a str {
        self.characteristics.get(at).map(|found| found.kind).unwrap_or_default()
    }

    /// The node of the characteristic at `at`.
    pub(in crate::analyze) fn node(&self, at: usize) -> NodeId {
        self.characteristics.get(at).map_or(self.document.root(), |found| found.node)
    }

    /// Every certificate to be stored, in document order (`CertificateStore` CSP).
    pub(in crate::analyze) fn certificates(&self, decoded: &Decoded) -> Vec<Stored<'a>> {
        let encoded = self.parms.iter().filter(|parm| parm.name == "EncodedCertificate");
        let stored = encoded.filter_map(|parm| {
            let path = self.path(parm.of);
            let (thumbprint, around) = path.split_last()?;
            let (_, store) = around.split_first()?;
            let layer = self.opened.get(&parm.node).copied();
            let layer = layer.and_then(|id| decoded.layer(id));
            let certificate = layer.and_then(|layer| Certificate::of(&layer.bytes));
            let known = layer.filter(|_| certificate.is_some());
            let known_der = known.map(|layer| layer.bytes.clone()).unwrap_or_default();
            let sha1 = known.map(|layer| sha1_hex(&layer.bytes).to_uppercase());
            Some(Stored {
                node: self.node(parm.of),
                parm: parm.node,
                store: store.join("/"),
                thumbprint,
                value: parm.value,
                certificate,
                der: known_der,
                sha1: sha1.unwrap_or_default(),
            })
        });
        stored.collect()
    }

    /// The layer made from a parameter.
    pub(in crate::analyze) fn opened(&self, parm: NodeId) -> Option<LayerId> {
        self.opened.get(&parm).copied()
    }

    /// The accounts for device management: `APPLICATION` with the id `w7`.
    pub(in crate::analyze) fn accounts(&self) -> impl Iterator<Item = Account<'a, '_>> {
        let all = (0..self.characteristics.len()).filter(|at| {
            self.kind(*at).eq_ignore_ascii_case("APPLICATION")
                && self.value(*at, "APPID").eq_ignore_ascii_case("w7")
        });
        all.map(|at| Account { document: self, at })
    }

    /// How many days before its end a certificate is to be renewed (`RenewPeriod`, MS-MDE2 3.6); of the
    /// machine's own store, else of the user's.
    pub(in crate::analyze) fn renewal_days(&self) -> Option<i64> {
        let path = ["CertificateStore", "My", "WSTEP", "Renew"];
        let days = self.at_path(&path).find_map(|at| self.parm(at, "RenewPeriod"))?;
        days.value.trim().parse().ok().filter(|days| (0..=36_500).contains(days))
    }

    /// `DMClient/Provider/{id}`.
    pub(in crate::analyze) fn providers(&self) -> impl Iterator<Item = usize> + '_ {
        self.at_path(&["DMClient", "Provider", "*"])
    }

    /// When the device of a provider asks for work; empty when nothing is said.
    pub(in crate::analyze) fn schedule(&self, provider: usize) -> (Option<NodeId>, String) {
        let Some(poll) = self.inside(provider).find(|at| self.kind(*at) == "Poll") else {
            return (None, String::new());
        };
        let value = |name: &str| self.parm(poll, name).map(|parm| Cow::Borrowed(parm.value));
        (Some(self.node(poll)), Poll::of(value).words())
    }
}

/// A certificate to be stored.
#[derive(Debug, Clone)]
pub(in crate::analyze) struct Stored<'a> {
    /// The characteristic named after it.
    pub(in crate::analyze) node: NodeId,
    /// The parameter that holds it.
    pub(in crate::analyze) parm: NodeId,
    /// `Root/System`, `CA/System`, `My/User`.
    pub(in crate::analyze) store: String,
    /// The name it is given: its SHA-1.
    pub(in crate::analyze) thumbprint: &'a str,
    value: &'a str,
    /// `None` when it could not be read.
    pub(in crate::analyze) certificate: Option<Certificate>,
    /// Its bytes; empty when it could not be read.
    pub(in crate::analyze) der: Bytes,
    /// SHA-1 of its bytes in upper-case hex, by which Windows names it; empty when it could not be
    /// read.
    pub(in crate::analyze) sha1: String,
}

impl Stored<'_> {
    /// True for the store of the device's own certificates.
    pub(in crate::analyze) fn is_own(&self) -> bool {
        self.is_in("My")
    }

    /// True for a store by the first name of its path.
    pub(in crate::analyze) fn is_in(&self, store: &str) -> bool {
        self.store.split('/').next().is_some_and(|name| name.eq_ignore_ascii_case(store))
    }

    /// Whether the certificate was signed by the one among `others` that its issuer names, or by itself;
    /// `None` when that is not among them.
    pub(in crate::analyze) fn issued_by(&self, others: &[Self]) -> Option<Proof> {
        let own = self.certificate.as_ref()?;
        let others = others.iter().filter_map(|other| other.certificate.as_ref());
        let named = others.filter(|issuer| issuer.subject_name() == own.issuer_name());
        let proofs = named.take(ISSUERS).map(|issuer| Proof::of_certificate(own, issuer));
        // Two of one name: the one that fits counts.
        proofs.reduce(|best, next| if best == Proof::Right { best } else { next })
    }

    /// True when what stands there is no certificate at all, such as the words of an example.
    pub(in crate::analyze) fn is_placeholder(&self) -> bool {
        // Every certificate is a SEQUENCE of more than 127 bytes.
        !self.value.trim_start().starts_with("MI")
    }
}

/// An account for device management.
#[derive(Debug, Clone, Copy)]
pub(in crate::analyze) struct Account<'a, 's> {
    document: &'s Provisioning<'a>,
    pub(in crate::analyze) at: usize,
}

impl<'a, 's> Account<'a, 's> {
    /// A parameter of the account itself.
    pub(in crate::analyze) fn value(&self, name: &str) -> &'a str {
        self.document.value(self.at, name)
    }

    /// The address of the server, and the node it stands in; in `APPADDR` in the form of OMA.
    pub(in crate::analyze) fn address(&self) -> Option<&'s Parm<'a>> {
        let inside = || {
            let inner =
                self.document.inside(self.at).find(|at| self.document.kind(*at) == "APPADDR");
            self.document.parm(inner?, "ADDR")
        };
        self.document.parm(self.at, "ADDR").or_else(inside)
    }

    /// `APPAUTH`: the characteristics with credentials.
    pub(in crate::analyze) fn credentials(&self) -> impl Iterator<Item = usize> + 's {
        let document = self.document;
        let inside = document.inside(self.at);
        inside.filter(|at| document.kind(*at).eq_ignore_ascii_case("APPAUTH"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analyze::document::sketch;

    const TEXT: &str = "<wap-provisioningdoc><characteristic type=\"CertificateStore\"><characteristic type=\"Root\"><characteristic type=\"System\"><characteristic type=\"AB\"><parm name=\"EncodedCertificate\" value=\"words\"/></characteristic></characteristic></characteristic></characteristic><characteristic type=\"APPLICATION\"><parm name=\"APPID\" value=\"w7\"/><characteristic type=\"APPADDR\"><parm name=\"ADDR\" value=\"https://dm\"/></characteristic><characteristic type=\"APPAUTH\"/></characteristic><characteristic type=\"DMClient\"><characteristic type=\"Provider\"><characteristic type=\"P\"><characteristic type=\"Poll\"><parm name=\"PollOnLogin\" value=\"true\"/></characteristic></characteristic></characteristic></characteristic></wap-provisioningdoc>";

    #[test]
    fn certificates_accounts_and_providers_are_found() {
        let decoded = sketch::decoded(TEXT);
        let document = Provisioning::all(&decoded).next().unwrap();
        let stored = document.certificates(&decoded);
        assert_eq!((stored[0].store.as_str(), stored[0].thumbprint), ("Root/System", "AB"));
        assert!(stored[0].is_placeholder() && !stored[0].is_own());
        let account = document.accounts().next().unwrap();
        assert_eq!(account.address().unwrap().value, "https://dm");
        assert_eq!(account.credentials().count(), 1);
        let provider = document.providers().next().unwrap();
        assert_eq!(document.kind(provider), "P");
        assert_eq!(document.schedule(provider).1, "at each login");
    }

    #[test]
    fn other_documents_are_none() {
        assert!(Provisioning::all(&sketch::decoded("<a/>")).next().is_none());
    }
}
