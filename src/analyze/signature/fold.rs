//! What is remembered of signatures across exchanges.

use std::collections::HashMap;
use std::sync::Arc;

use crate::analyze::document::{Document, Subject};
use crate::analyze::draft::clip;
use crate::analyze::flow::Mark;
use crate::analyze::rules::{SignedScene, Switches, check_signatures};
use crate::codec::Certificate;
use crate::codec::cms::CertificateId;
use crate::model::{
    Carrier, Decoded, Device, DeviceKey, Exchange, Finding, Holds, Leg, NodeId, WallTime,
};
use crate::seal::{Circumstances, Keyring, KnownCertificate, sha256_hex};

use super::bound::{Bound, Shown, ShownBy, device_certificate, of_signer};
use super::carrier::{Signature, carried, in_exchange};
use super::known::take_in;
use super::protection::{Orders, Sealed, sealed, shape};
use super::tls::by_tls;

/// Thumbprints remembered.
const INSTALLED: usize = 256;

/// Devices remembered; when there are more, all are forgotten.
const DEVICES: usize = 1_024;

/// A fold over the signatures of a capture: certificates seen so far, who was told to sign, who signs.
///
/// Memory is bounded: 256 certificates and 1,024 devices.
#[derive(Debug, Clone, Default)]
pub struct Signatures {
    switches: Switches,
    bound: Bound,
    keyring: Arc<Keyring>,
    known: Vec<KnownCertificate>,
    devices: HashMap<String, Memory>,
    /// A body in this capture was found to be what was signed.
    matched: bool,
    /// Thumbprints of certificates that servers put into the store of the system, lower case.
    installed: Vec<String>,
}

/// What is known of one device.
#[derive(Debug, Clone, Default)]
pub(in crate::analyze) struct Memory {
    /// It was told to sign, in this session.
    pub(in crate::analyze) told: Option<(String, Mark)>,
    /// How bodies are to be protected (`SecurityMode`), since this session.
    pub(in crate::analyze) mode: Option<(String, u8, Mark)>,
    /// It signed a message of this session.
    pub(in crate::analyze) signed: Option<(String, Mark)>,
}

/// What was seen of the signatures of one exchange.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SignaturesSeen {
    /// Each, checked.
    pub signatures: Vec<Signature>,
    /// What they break, loudest first.
    pub findings: Vec<Finding>,
    /// Certificates that the sender of the request proved to have.
    pub shown: Vec<Shown>,
    /// The answer orders the device to sign its messages from now on, or to do so no longer.
    pub order: Option<bool>,
}

impl SignaturesSeen {
    /// The keys that the sender of the request proved to have: SHA-256 of each public key, lower-case
    /// hex. What a gateway says is no proof.
    pub fn keys(&self) -> Vec<String> {
        let proved = self.shown.iter().filter(|shown| shown.by != ShownBy::Gateway);
        proved.map(|shown| shown.certificate.key_sha256.clone()).collect()
    }
}

impl Signatures {
    /// Nothing seen yet; with those who are trusted, and keys.
    pub fn with(keyring: Arc<Keyring>) -> Self {
        Self { keyring, ..Self::default() }
    }

    /// Nothing seen yet, and the rules with these ids are off.
    pub fn without<'a>(rules: impl IntoIterator<Item = &'a str>) -> Self {
        Self { switches: Switches::without(rules), ..Self::default() }
    }

    /// Remembers that what was seen of an exchange is of `device`.
    pub fn bind(&mut self, device: &DeviceKey, exchange: &Exchange, seen: &SignaturesSeen) {
        if exchange.in_flight() {
            return;
        }
        self.bound.bind(device, exchange.id, &seen.shown);
        if let Some(sign) = seen.order {
            self.bound.order(device, exchange.id, sign);
        }
    }

    /// Adds to what is known of a device the certificates that it used, and whether it is to sign.
    pub fn complete(&self, device: &mut Device) {
        self.bound.complete(device);
    }

    /// The devices that used a certificate, in no order.
    pub fn devices(&self) -> impl Iterator<Item = &DeviceKey> {
        self.bound.devices()
    }

    /// Certificates seen so far.
    pub fn known(&self) -> &[KnownCertificate] {
        &self.known
    }

    /// The certificate that is named so: among those seen so far, or shown in this exchange by TLS.
    pub fn named(&self, id: &CertificateId<'_>, exchange: &Exchange) -> Option<Certificate> {
        let seen = self.known.iter().map(|known| &known.certificate);
        let seen = seen.into_iter().find(|certificate| certificate.is(id)).cloned();
        seen.or_else(|| {
            let shown = by_tls(exchange)?.certificate;
            shown.is(id).then_some(shown)
        })
    }

    /// The device that showed that it has the key of this certificate.
    pub fn user_of(&self, certificate: &Certificate) -> Option<&DeviceKey> {
        self.bound.user_of(&sha256_hex(certificate.der()))
    }

    /// Takes in one exchange: its signatures, checked, and what they break.
    pub fn observe(
        &mut self,
        exchange: &Exchange,
        request: Option<&Decoded>,
        response: Option<&Decoded>,
    ) -> SignaturesSeen {
        let subject = Subject::new(exchange, request, response);
        let circumstances = Circumstances {
            carrier: Carrier::Body,
            at: WallTime::default(),
            now: None,
            keyring: &self.keyring,
            known: &self.known,
        };
        let signatures = in_exchange(exchange, request, response, &circumstances);
        let speaker = subject.request.and_then(|document| Speaker::of(exchange, &document));
        let memory = speaker.as_ref().and_then(|speaker| self.devices.get(&speaker.device));
        let legs = [(Leg::Request, request), (Leg::Response, response)];
        let bodies = legs.into_iter().filter_map(|(leg, body)| Some((leg, body?)));
        let sealed: Vec<Sealed> = bodies.flat_map(|(leg, body)| sealed(leg, body)).collect();
        let orders = subject.response.as_ref().map(Orders::of);
        let scene = SignedScene {
            sealed: &sealed,
            shape: request.map(shape).unwrap_or_default(),
            orders: orders.as_ref(),
            installed: &self.installed,
            exchange,
            header: carried(exchange).map(|(carrier, _)| carrier),
            signatures: &signatures,
            session: speaker.as_ref().map(|speaker| speaker.session.as_str()),
            memory,
            matched: self.matched,
            known: &self.known,
        };
        let findings = check_signatures(&scene, &self.switches);
        let order = subject.response.as_ref().and_then(order);
        let shown = shown(exchange, &signatures);
        if !exchange.in_flight() {
            take_in(&mut self.known, exchange, [request, response]);
            self.remember(&subject, &signatures, speaker, orders.unwrap_or_default(), order);
        }
        SignaturesSeen { signatures, findings, shown, order: order.map(|(_, sign)| sign) }
    }

    fn remember(
        &mut self,
        subject: &Subject<'_>,
        signatures: &[Signature],
        speaker: Option<Speaker>,
        orders: Orders,
        order: Option<(NodeId, bool)>,
    ) {
        let room = INSTALLED.saturating_sub(self.installed.len());
        self.installed.extend(orders.installed.into_iter().take(room));
        let over = |signature: &Signature| {
            signature.report.holds != Holds::Bad
                && signature.report.signers.iter().any(|signer| !signer.form.is_empty())
        };
        self.matched |= signatures.iter().any(over);
        let Some(Speaker { device, session }) = speaker else { return };
        if self.devices.len() >= DEVICES && !self.devices.contains_key(&device) {
            self.devices.clear();
        }
        let signed = signatures.iter().any(|signature| signature.leg == Leg::Request);
        let memory = self.devices.entry(device).or_default();
        if signed {
            let mark = Mark::leg(subject.exchange, Leg::Request);
            memory.signed = Some((session.clone(), mark));
        }
        if let Some((mode, node)) = orders.mode {
            let document = subject.response.as_ref();
            let mark = document.map(|d| Mark::node(subject.exchange, Leg::Response, d, Some(node)));
            memory.mode = mark.map(|mark| (session.clone(), mode, mark)).or(memory.mode.take());
        }
        if let Some((node, told)) = order {
            let document = subject.response.as_ref();
            let mark = document.map(|d| Mark::node(subject.exchange, Leg::Response, d, Some(node)));
            memory.told = mark.filter(|_| told).map(|mark| (session, mark));
        }
    }
}

/// The certificates whose keys the sender of the request proved to have.
fn shown(exchange: &Exchange, signatures: &[Signature]) -> Vec<Shown> {
    let own = signatures.iter().filter(|signature| signature.leg == Leg::Request);
    let signers = own.flat_map(|signature| &signature.report.signers);
    // What a wrong key signed is nobody's.
    let signers = signers.filter(|s| matches!(s.holds, Holds::Valid | Holds::Untrusted));
    let signers = signers.filter_map(|signer| signer.certificate.as_ref());
    let signed = signers.map(|c| Shown { certificate: of_signer(c), by: ShownBy::Signature });
    let tls = by_tls(exchange).map(|found| Shown {
        certificate: device_certificate(&found.certificate),
        by: if found.proved { ShownBy::Tls } else { ShownBy::Gateway },
    });
    tls.into_iter().chain(signed).collect()
}

/// Who speaks in a message, and in which session.
struct Speaker {
    device: String,
    session: String,
}

impl Speaker {
    fn of(exchange: &Exchange, document: &Document<'_>) -> Option<Self> {
        let root = document.root();
        let text = |path: &[&str]| document.text_at(root, path).map(|text| clip(&text));
        let source = text(&["SyncHdr", "Source", "LocURI"])?;
        let device = format!("{} {source}", exchange.authority()).to_lowercase();
        Some(Self { device, session: text(&["SyncHdr", "SessionID"]).unwrap_or_default() })
    }
}

/// Whether an answer orders messages to be signed, or no longer (`DMClient` `RequireMessageSigning`), and
/// where it says so.
fn order(document: &Document<'_>) -> Option<(NodeId, bool)> {
    const NAME: &str = "RequireMessageSigning";
    document.elements().find_map(|id| {
        let value = match document.name(id) {
            "parm" if document.attribute(id, "name") == Some(NAME) => {
                document.attribute(id, "value")?.to_owned()
            }
            "Item" => {
                let path = document.text_at(id, &["Target", "LocURI"])?;
                path.ends_with(NAME).then_some(())?;
                document.child_text(id, "Data")?.into_owned()
            }
            _ => return None,
        };
        Some((id, value.eq_ignore_ascii_case("true") || value == "1"))
    })
}
