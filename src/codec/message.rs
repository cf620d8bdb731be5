//! What is inside a value in BER or DER: certificate, request, signed or encrypted message.

use crate::model::{Grade, Span};

use super::asn1::{Ber, oid_name};
use super::cms;
use super::cms::{Algorithm, Enveloped, Message, Recipient, Signed, SignerInfo};
use super::faults::Fault;
use super::x509;

type Facts = Vec<(&'static str, String)>;

/// Opens what is encrypted, for those who have keys. Implementations hold the keys; nothing here
/// ever sees them.
pub trait Opener: std::fmt::Debug {
    /// Tries every key on every recipient.
    fn open(&self, sealed: &Enveloped<'_>) -> Opening;

    /// Whose certificate this is, if it is known: for the recipients of what cannot be opened.
    fn known(&self, id: &cms::CertificateId<'_>) -> Option<String>;
}

/// What became of the attempt to open something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Opening {
    /// The content, and whose key opened it.
    Opened(Vec<u8>, String),
    /// Why it stays closed: no key fits, or the algorithm is unknown.
    Closed(String),
    /// A key fits, but what it gives is damaged.
    Damaged(String),
}

/// Something inside that is a layer of its own.
#[derive(Debug)]
pub(crate) struct Part {
    pub(crate) label: &'static str,
    /// Where it stands, or what it was made from.
    pub(crate) span: Span,
    /// Its bytes, when they are not those of the span.
    pub(crate) bytes: Option<Vec<u8>>,
}

/// The type of every message (RFC 5652 3).
const MESSAGE: &str = "ContentInfo";

/// What was read.
#[derive(Debug)]
pub(crate) struct Read {
    pub(crate) name: &'static str,
    /// The type of the value; empty when it is not known.
    pub(crate) of: &'static str,
    pub(crate) facts: Facts,
    pub(crate) inside: Vec<Part>,
    pub(crate) fault: Option<Fault>,
}

/// Says what the value is and what is inside.
pub(crate) fn read(ber: &Ber<'_>, opener: Option<&dyn Opener>) -> Read {
    let bytes = ber.bytes();
    let plain = |name, of, facts| Read { name, of, facts, inside: Vec::new(), fault: None };
    if let Some(facts) = x509::facts(bytes) {
        return plain("X.509 certificate", "Certificate", facts);
    }
    if let Some(facts) = x509::request_facts(bytes) {
        return plain("PKCS#10 request", "CertificationRequest", facts);
    }
    let likely = cms::is_likely(bytes);
    let mut read = match Message::of(ber) {
        Some(message) if likely => tell(&message, opener),
        _ => Read { fault: fault(ber, likely), ..plain("DER", "", Vec::new()) },
    };
    if read.fault.is_none() && ber.is_sound() && !ber.is_whole() {
        let span = Span::new(ber.end(), bytes.len());
        let text = format!("{} bytes follow the value", span.len());
        read.fault = Some(Fault { span, grade: Grade::Odd, code: "asn1-trailing", text });
    }
    read
}

/// Where reading stopped; a message that is none of the known layouts.
fn fault(ber: &Ber<'_>, message: bool) -> Option<Fault> {
    let grade = if message { Grade::Broken } else { Grade::Odd };
    if let Some(stop) = ber.stop() {
        let (span, text) = (Span::at(stop.at), stop.why.to_owned());
        return Some(Fault { span, grade, code: "asn1-damaged", text });
    }
    let text = "the message is not laid out as its type says".to_owned();
    let span = Span::new(0, ber.end());
    message.then_some(Fault { span, grade, code: "cms-layout", text })
}

fn tell(message: &Message<'_>, opener: Option<&dyn Opener>) -> Read {
    let name = message.name();
    match message {
        Message::Data(value) => {
            let (span, octets) = (value.content_span(), value.octets());
            let bytes = value.is_constructed().then(|| octets.into_owned());
            let part = Part { label: "content", span, bytes };
            Read { name, of: MESSAGE, facts: Vec::new(), inside: vec![part], fault: None }
        }
        Message::Signed(signed) => tell_signed(name, signed),
        Message::Enveloped(sealed) => tell_sealed(name, sealed, opener),
        Message::Other(oid) => {
            let facts = vec![("type", type_words(oid))];
            Read { name, of: MESSAGE, facts, inside: Vec::new(), fault: None }
        }
    }
}

fn tell_signed(name: &'static str, signed: &Signed<'_>) -> Read {
    let mut facts = vec![("content type", type_words(&signed.content.content_type))];
    let octets = signed.content.octets.as_ref();
    let size = octets.map_or_else(
        || "detached: it stands elsewhere".to_owned(),
        |octets| format!("{} bytes", octets.len()),
    );
    facts.push(("content", size));
    facts.extend(signed.signers.iter().flat_map(signer_facts));
    facts.push(("certificates", signed.certificates.len().to_string()));
    let mut inside = Vec::new();
    if let Some(octets) = octets.filter(|octets| !octets.is_empty()) {
        let span = signed.content.span;
        let raw = signed.content.value.map_or_else(|| octets.clone().into_owned(), <[u8]>::to_vec);
        let content = wrapped(&signed.content.content_type, raw);
        let same = content.len() == span.len() && signed.content.value.is_none();
        let bytes = (!same).then_some(content);
        inside.push(Part { label: "content", span, bytes });
    }
    inside.extend(certificates(&signed.certificates));
    Read { name, of: MESSAGE, facts, inside, fault: None }
}

fn signer_facts(signer: &SignerInfo<'_>) -> Facts {
    vec![
        ("signer", x509::id_words(&signer.id)),
        ("digest", signer.digest.name().to_owned()),
        ("signature", signer.algorithm.name().to_owned()),
    ]
}

fn certificates(list: &[(Span, &[u8])]) -> impl Iterator<Item = Part> {
    list.iter().map(|(span, _)| Part { label: "certificate", span: *span, bytes: None })
}

fn tell_sealed(name: &'static str, sealed: &Enveloped<'_>, opener: Option<&dyn Opener>) -> Read {
    let mut facts = vec![
        ("content type", type_words(&sealed.content_type)),
        ("cipher", sealed.cipher.name().to_owned()),
        ("size", format!("{} bytes", sealed.content.as_ref().map_or(0, |content| content.len()))),
    ];
    for recipient in &sealed.recipients {
        facts.extend(recipient_facts(recipient, opener));
    }
    facts.extend(sealed.signers.iter().flat_map(signer_facts));
    let mut inside: Vec<Part> = certificates(&sealed.certificates).collect();
    let mut fault = None;
    match opener.map(|opener| opener.open(sealed)) {
        Some(Opening::Opened(content, by)) => {
            facts.push(("opened", format!("with {by}")));
            // Under a type of its own only the content of the message is there.
            let content = wrapped(&sealed.content_type, content);
            inside.insert(0, Part { label: "opened", span: sealed.span, bytes: Some(content) });
        }
        Some(Opening::Closed(why)) => facts.push(("opened", format!("no: {why}"))),
        Some(Opening::Damaged(why)) => {
            facts.push(("opened", format!("no: {why}")));
            let (span, grade, code) = (sealed.span, Grade::Broken, "cms-damaged");
            fault = Some(Fault { span, grade, code, text: why });
        }
        None => facts.push(("opened", "no: no key was given".to_owned())),
    }
    Read { name, of: MESSAGE, facts, inside, fault }
}

fn recipient_facts(recipient: &Recipient<'_>, opener: Option<&dyn Opener>) -> Facts {
    let way = match recipient {
        Recipient::KeyTransport(_, algorithm) => algorithm.name().to_owned(),
        Recipient::KeyAgreement { algorithm, .. } => agreement_words(algorithm),
        Recipient::SharedKey(algorithm) => format!("a shared key, {}", algorithm.name()),
        Recipient::Password => "a password".to_owned(),
        Recipient::Other => "some other way".to_owned(),
    };
    let mut facts = Vec::new();
    for id in recipient.ids() {
        facts.push(("recipient", format!("{} ({way})", x509::id_words(id))));
        // A fact of its own: no issuer can be named so that it passes for it.
        let known = opener.and_then(|opener| opener.known(id));
        facts.extend(known.map(|known| ("known as", known)));
    }
    if facts.is_empty() {
        facts.push(("recipient", way));
    }
    facts
}

/// Agreement and key wrap (RFC 5753 7.2).
fn agreement_words(algorithm: &Algorithm<'_>) -> String {
    let ber = Ber::read(algorithm.parameters);
    let wrap = ber.root().and_then(Algorithm::of);
    match wrap {
        Some(wrap) => format!("{}, {}", algorithm.name(), wrap.name()),
        None => algorithm.name().to_owned(),
    }
}

fn type_words(oid: &str) -> String {
    oid_name(oid).unwrap_or(oid).to_owned()
}

/// A message inside another comes without its `ContentInfo`: puts it around again, so that it is
/// read like any other. Senders that put a whole `ContentInfo` inside need none.
fn wrapped(content_type: &str, content: Vec<u8>) -> Vec<u8> {
    let Some(oid) = message_oid(content_type).filter(|_| !cms::is_likely(&content)) else {
        return content;
    };
    if !Ber::read(&content).is_sound() {
        return content;
    }
    let mut out = vec![0x30, 0x80];
    out.extend_from_slice(oid);
    out.extend_from_slice(b"\xA0\x80");
    out.extend_from_slice(&content);
    out.extend_from_slice(&[0; 4]);
    out
}

/// The encoded identifier of a type of message other than data.
fn message_oid(content_type: &str) -> Option<&'static [u8]> {
    Some(match content_type {
        "1.2.840.113549.1.7.2" => b"\x06\x09\x2A\x86\x48\x86\xF7\x0D\x01\x07\x02",
        "1.2.840.113549.1.7.3" => b"\x06\x09\x2A\x86\x48\x86\xF7\x0D\x01\x07\x03",
        "1.2.840.113549.1.7.4" => b"\x06\x09\x2A\x86\x48\x86\xF7\x0D\x01\x07\x04",
        "1.2.840.113549.1.9.16.1.23" => b"\x06\x0B\x2A\x86\x48\x86\xF7\x0D\x01\x09\x10\x01\x17",
        _ => return None,
    })
}
