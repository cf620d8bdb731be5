//! Certificates and the devices they belong to: requested, issued, shown by TLS, signed with.

use std::fs;
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use synctap::analyze::Sessions;
use synctap::analyze::signature::Signatures;
use synctap::model::{
    CertificateStanding, CertificateUse, ClientCertificate, Device, ExchangeId, Header, Leg, Tls,
    WallTime,
};
use synctap::render::{certificate_lines, device_facts};

use crate::conversation::{Turn, decoded, pki, turns};

/// The devices of a conversation, with what they were seen to do with certificates.
fn devices(turns: &[Turn]) -> Vec<Device> {
    let (mut sessions, mut signatures) = (Sessions::new(), Signatures::default());
    for turn in turns {
        let (request, response) = (turn.request.as_ref(), turn.response.as_ref());
        let seen = signatures.observe(&turn.exchange, request, response);
        let told = sessions.tell_knowing(&turn.exchange, request, response, &seen.keys());
        if let Some(observed) = told.1 {
            signatures.bind(&observed.device, &turn.exchange, &seen);
        }
    }
    let mut devices = sessions.devices();
    for device in &mut devices {
        sessions.complete(device, true);
        signatures.complete(device);
    }
    devices
}

fn enrolment(name: &str) -> Vec<Turn> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("captures/enrolment");
    turns(&fs::read_to_string(folder.join(format!("{name}.txt"))).unwrap())
}

/// Like the last exchange of an enrolment, from elsewhere, under another id.
fn elsewhere(turns: &[Turn], change: impl FnOnce(&mut synctap::model::Exchange)) -> Turn {
    let last = turns.last().unwrap();
    let mut exchange = last.exchange.clone();
    exchange.id = ExchangeId(exchange.id.0 + 1);
    exchange.started = WallTime(exchange.started.0 + 3_600_000_000);
    (exchange.client, exchange.host) = ("203.0.113.9:555".into(), "other.enrol.test".into());
    let request = exchange.request.as_mut().unwrap();
    request.headers.0.retain(|header| !header.name.eq_ignore_ascii_case("client-request-id"));
    let layer = &last.request.as_ref().unwrap().layers[0];
    let text = String::from_utf8(layer.bytes.to_vec()).unwrap();
    let from = text.find("<Source><LocURI>").unwrap() + "<Source><LocURI>".len();
    let to = from + text[from..].find('<').unwrap();
    let text = format!("{}other-id{}", &text[..from], &text[to..]);
    change(&mut exchange);
    let body = decoded(&exchange, text.into_bytes().into(), Leg::Request);
    Turn::told(exchange, Some(body), last.response.clone())
}

fn shows(name: &str) -> Tls {
    let client_certificate =
        Some(ClientCertificate { der: STANDARD.encode(pki(name)), ..ClientCertificate::default() });
    Tls { client_certificate, ..Tls::default() }
}

#[test]
fn a_device_is_known_by_the_certificate_it_was_issued() {
    let mut turns = enrolment("federated");
    turns.push(elsewhere(&turns, |exchange| exchange.client_tls = Some(shows("device"))));
    let found = devices(&turns);
    assert_eq!(found.len(), 1, "{found:#?}");
    let [own] = &found[0].certificates[..] else { panic!("{:?}", found[0].certificates) };
    assert_eq!((own.requested, own.issued), (Some(ExchangeId(5)), Some(ExchangeId(5))));
    assert_eq!(own.key_requested, Some(true));
    let last = turns.last().unwrap().exchange.id;
    assert_eq!(own.tls, Some(CertificateUse { first: last, last, times: 1 }));
    // RenewPeriod is 60 days.
    assert_eq!(own.not_after.0 - own.renewal.unwrap().0, 60 * 86_400_000_000);
    assert_eq!(own.standing(own.renewal.unwrap()), CertificateStanding::RenewalDue);
    let management = found[0].management.as_ref().unwrap();
    assert_eq!(management.sessions, 3);
    assert!(management.last.is_some());
}

#[test]
fn another_certificate_is_another_device() {
    let mut turns = enrolment("federated");
    turns.push(elsewhere(&turns, |exchange| exchange.client_tls = Some(shows("curve"))));
    let found = devices(&turns);
    assert_eq!(found.len(), 2, "{found:#?}");
    let other = &found[1];
    assert_eq!((other.key.device.as_str(), other.certificates.len()), ("other-id", 1));
    assert!(other.enrolment.is_none() && other.certificates[0].issued.is_none());
}

/// What a gateway says is told, and proves nothing.
#[test]
fn a_header_joins_no_device() {
    let mut turns = enrolment("federated");
    let value = format!(":{}:", STANDARD.encode(pki("device")));
    let header = Header { name: "Client-Cert".into(), value };
    turns.push(elsewhere(&turns, |exchange| {
        exchange.request.as_mut().unwrap().headers.0.push(header);
    }));
    let found = devices(&turns);
    assert_eq!(found.len(), 2);
    assert!(found[1].certificates[0].tls.is_some());
}

#[test]
fn what_a_device_signs_with_is_its_own() {
    let text = "signed\n\n> MS-Signature good.der body.xml device.pem\n< 200 order-signing.xml\n\
                > MS-Signature good.der body.xml\n< 200\n> MS-Signature wrong-key.der body.xml\n< 200\n";
    let found = devices(&turns(text));
    let [device] = &found[..] else { panic!("{found:#?}") };
    assert_eq!(device.key.device, "urn:uuid:device");
    let [own] = &device.certificates[..] else { panic!("{:?}", device.certificates) };
    let (first, last) = (ExchangeId(1), ExchangeId(2));
    assert_eq!(own.signed, Some(CertificateUse { first, last, times: 2 }), "not the wrong key's");
    assert_eq!(own.tls.map(|uses| uses.times), Some(1));
    assert_eq!(device.signing, Some(ExchangeId(1)));
    let told = certificate_lines(device).concat().join("\n");
    assert!(told.contains("signs messages (2 messages, #1 to #2)"), "{told}");
}

/// The sheet of a device, as the screen and the text front ends print it.
#[test]
fn what_is_said_of_an_enrolled_device() {
    let mut turns = enrolment("renewal");
    turns.push(elsewhere(&turns, |exchange| exchange.client_tls = Some(shows("renewed"))));
    let mut said = String::new();
    for device in devices(&turns) {
        for (what, text) in device_facts(&device) {
            said.push_str(format!("{what:<12} {text}").trim_end());
            said.push('\n');
        }
        said.push('\n');
    }
    insta::assert_snapshot!(said);
}
