//! Whole enrolments: what is said of each exchange, and what is opened.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use synctap::analyze::Sessions;
use synctap::codec::x509::{Certificate, CertificateRequest};
use synctap::codec::{Hints, decode};
use synctap::model::{Device, Format, Leg, Protocol};
use synctap::render::{OutlineOptions, Secrets, device_lines, outline, outline_text, step_lines};
use synctap::seal::{Bootstrap, Integrity, Pin, Proof, sha1_hex};

use crate::conversation::{Turn, pki, turns};
use crate::robust::spans_lie_inside;

fn conversation(name: &str) -> Vec<Turn> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("captures/enrolment");
    turns(&fs::read_to_string(folder.join(format!("{name}.txt"))).unwrap())
}

/// Lists, overviews and outlines of a conversation, as a reader sees them.
fn told(name: &str) -> String {
    let mut text = String::new();
    for turn in conversation(name) {
        let summary = &turn.annotated.summary;
        let (mark, command, status) = (summary.level.mark(), &summary.command, &summary.status);
        let request = turn.exchange.request.as_ref().unwrap();
        let _ = writeln!(text, "{mark} {} {command} [{status}] {}", request.method, summary.facts);
        for (label, row) in &turn.annotated.overview {
            let _ = writeln!(text, "    {label}: {row}");
        }
        for (leg, decoded) in [(Leg::Request, &turn.request), (Leg::Response, &turn.response)] {
            let Some(decoded) = decoded else { continue };
            assert_eq!(spans_lie_inside(decoded), Ok(()));
            let options =
                OutlineOptions { value_limit: 60, layer_lines: 2, ..OutlineOptions::default() };
            let notes = turn.annotated.notes(leg);
            let lines = outline_text(&outline(decoded, notes, options));
            for line in lines.lines().filter(|line| line.contains(" — ")) {
                let _ = writeln!(text, "  {} {}", leg.name(), line.trim_start());
            }
        }
    }
    text
}

#[test]
fn a_federated_enrolment() {
    insta::assert_snapshot!(told("federated"));
}

#[test]
fn an_enrolment_with_a_password() {
    insta::assert_snapshot!(told("on-premises"));
}

#[test]
fn a_renewal() {
    insta::assert_snapshot!(told("renewal"));
}

#[test]
fn refusals() {
    insta::assert_snapshot!(told("refused"));
}

#[test]
fn no_secret_is_shown_or_told() {
    for name in ["federated", "on-premises", "renewal", "refused"] {
        for turn in conversation(name) {
            assert!(!format!("{:?}", turn.annotated).contains("not-a-secret"), "{name}");
            for decoded in [&turn.request, &turn.response].into_iter().flatten() {
                let shown = |secrets| {
                    let options = OutlineOptions {
                        secrets,
                        value_limit: 9_999,
                        layer_lines: 999,
                        only_inside: false,
                    };
                    outline_text(&outline(decoded, &[], options))
                };
                let masked = shown(Secrets::Masked);
                for secret in ["not-a-secret", "bm90LWEtc2VjcmV0", "eyJhbGciOiJub25lIn0", "nonce"] {
                    assert!(!masked.contains(secret), "{name}: {secret} in {masked}");
                }
                assert!(!masked.contains("bm9uY2U="), "{name}: {masked}");
            }
        }
    }
}

#[test]
fn every_message_of_enrolment_is_known_as_such() {
    let protocols: Vec<Protocol> =
        conversation("federated").iter().map(|t| t.annotated.summary.protocol).collect();
    let enrolment = Protocol::Enrolment;
    let expected = [enrolment, enrolment, Protocol::Http, enrolment, enrolment];
    assert_eq!(protocols[..5], expected);
    assert!(protocols[5..].iter().all(|protocol| *protocol == Protocol::SyncMl));
}

/// The devices of a conversation, with everything found in it.
fn folded(name: &str) -> (Vec<Device>, Vec<String>) {
    let mut sessions = Sessions::new();
    let mut found = Vec::new();
    for turn in conversation(name) {
        let (request, response) = (turn.request.as_ref(), turn.response.as_ref());
        let (annotated, _) = sessions.tell(&turn.exchange, request, response);
        found.extend(annotated.findings.into_iter().map(|finding| finding.id));
    }
    (sessions.devices(), found)
}

/// The story of each device, as `synctap timeline` draws it.
fn drawn(name: &str) -> String {
    let mut text = String::new();
    for device in folded(name).0 {
        let lines = device_lines(&device).into_iter().chain([String::new()]);
        for line in lines.chain(device.steps.iter().flat_map(step_lines)) {
            let _ = writeln!(text, "{line}");
        }
    }
    text
}

#[test]
fn one_story_from_discovery_to_management() {
    insta::assert_snapshot!(drawn("federated"));
}

/// How sessions are known to be of the enrolled device when its name, the id the server gave it and its
/// address are others, and this header is all that is left.
fn joined_by(header: &str) -> &'static str {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("captures/enrolment");
    let text = fs::read_to_string(folder.join("federated.txt")).unwrap();
    let (enrolment, management) = text.split_once("> POST https://dm.enrol.test").unwrap();
    let management = management
        .replace("5F1C2A7E0F3D4C559D0A7B1A0C9F2E11", "another-name")
        .replace(" Client-Request-Id=lab-0001", &format!(" from=10.9.9.9 {header}"));
    let mut sessions = Sessions::new();
    for turn in turns(&format!("{enrolment}> POST https://dm.enrol.test{management}")) {
        turn.observe(&mut sessions);
    }
    let device = sessions.devices().remove(0);
    device.enrolment.unwrap().joined
}

fn bearer(claims: &str) -> String {
    let claims = URL_SAFE_NO_PAD.encode(claims);
    format!("Authorization=Bearer%20eyJhbGciOiJub25lIn0.{claims}.c2ln")
}

#[test]
fn management_is_joined_by_token_and_certificate() {
    let own = "{\"deviceid\":\"8a4c1d9e-5b0f-4e56-9f3c-2f1e0d9c8b7a\"}";
    assert_eq!(joined_by(&bearer(own)), "the device id of its token");
    assert_eq!(joined_by(&bearer("{\"upn\":\"AL@enrol.test\"}")), "the user of its token");
    // The same user at another device.
    let other = "{\"upn\":\"al@enrol.test\",\"deviceid\":\"11111111-0000-4000-8000-000000000000\"}";
    assert_eq!(joined_by(&bearer(other)), "");
    assert_eq!(joined_by(&bearer("{\"upn\":\"bo@enrol.test\"}")), "");
    let certificate = STANDARD.encode([b"signature ".to_vec(), pki("device")].concat());
    assert_eq!(joined_by(&format!("MS-Signature={certificate}")), "the certificate it signs with");
    let certificate = STANDARD.encode(pki("expired"));
    assert_eq!(joined_by(&format!("MS-Signature={certificate}")), "");
}

#[test]
fn a_certificate_carries_the_signature_of_its_issuer() {
    let read = |name: &str| Certificate::of(&pki(name));
    let by = |name: &str, issuer: &str| Some(Proof::of_certificate(&read(name)?, &read(issuer)?));
    assert_eq!(by("device", "root"), Some(Proof::Right));
    assert_eq!(by("curve", "root"), Some(Proof::Right));
    assert_eq!(by("root", "root"), Some(Proof::Right));
    assert_eq!(by("forged", "root"), Some(Proof::Wrong));
    assert_eq!(by("device", "expired"), Some(Proof::Wrong));
    assert_eq!(by("device", "device.request"), None);
}

/// A document of OMA client provisioning; its codes are those of `openssl dgst -sha1 -mac HMAC`, with the PIN
/// 1234, the IMSI 123456789012345 as a SIM keeps it, and both.
#[test]
fn client_provisioning_in_wbxml_with_its_code() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("captures/enrolment");
    let body = fs::read(folder.join("bootstrap.wbxml")).unwrap();
    let check = |parameters: &str, pin: &str| {
        let media = format!("application/vnd.wap.connectivity-wbxml; {parameters}");
        let pin = Pin { user: pin, imsi: "123456789012345" };
        Bootstrap::of_content_type(&media).unwrap().verify(&body, pin)
    };
    for (parameters, pin) in [
        ("SEC=1; MAC=FE5230C02B4F597270E9026C0E4377925EE29187", "1234"),
        ("SEC=USERPIN; MAC=fe5230c02b4f597270e9026c0e4377925ee29187", "1234"),
        ("SEC=0; MAC=2d43f0f800ae3d5d340c6888053af22bb191de71", ""),
        ("SEC=USERNETWPIN;MAC=2677c6e73d4e52e91be5e2b59475ef2fbe6f625b", "1234"),
        ("SEC=3", "12344282"),
    ] {
        assert_eq!(check(parameters, pin), Integrity::Valid, "{parameters}");
    }
    assert_eq!(
        check("SEC=1; MAC=2d43f0f800ae3d5d340c6888053af22bb191de71", "1234"),
        Integrity::Invalid
    );
    let hints =
        Hints { content_type: "application/vnd.wap.connectivity-wbxml; SEC=1", ..Hints::default() };
    let decoded = decode(body.clone().into(), &hints);
    assert!(decoded.problems.is_empty(), "{:?}", decoded.problems);
    let (layer, tree, _) = decoded.document().unwrap();
    assert_eq!(tree.name(tree.root().unwrap()), Some("wap-provisioningdoc"));
    assert!(matches!(decoded.layer(layer).unwrap().format, Format::Wbxml(_)));
}

#[test]
fn a_refusal_ends_the_story() {
    insta::assert_snapshot!(drawn("refused"));
}

#[test]
fn a_renewal_is_the_same_device() {
    let (devices, _) = folded("renewal");
    let enrolment = devices[0].enrolment.as_ref().unwrap();
    assert_eq!((devices.len(), enrolment.renewals, enrolment.sessions), (1, 2, 1));
    // The second answer repeats the certificate of the first.
    let [own] = &devices[0].certificates[..] else { panic!("{devices:?}") };
    assert_eq!(own.sha1, sha1_hex(&pki("renewed")).to_uppercase());
    assert!(own.renewed_by.is_none() && own.key_requested == Some(true));
    assert!(devices[0].requests.iter().all(|asked| asked.answered));
}

#[test]
fn correct_enrolments_break_no_rule() {
    for name in ["federated", "on-premises", "renewal"] {
        let mut found = folded(name).1;
        found.retain(|id| id.starts_with("enr-") && id != "enr-password-cleartext");
        assert!(found.is_empty(), "{name}: {found:?}");
    }
}

#[test]
fn requests_prove_possession_of_their_key() {
    let proof = |name: &str| Proof::of_request(&pki(name)).unwrap();
    for name in ["device.request", "renewed.request", "small.request", "curve.request"] {
        assert_eq!(proof(name), Proof::Right, "{name}");
    }
    assert_eq!(proof("unproved.request"), Proof::Wrong);
    let request = CertificateRequest::of(&pki("device.request")).unwrap();
    let certificate = Certificate::of(&pki("device")).unwrap();
    assert_eq!(request.key, certificate.key);
    assert_eq!((request.key.bits, request.purposes.hardware_id.as_str()), (2048, "HW-LAB0001"));
    assert_eq!(request.purposes.extended, ["client authentication"]);
    assert_eq!(certificate.purposes.names, ["UPN al@enrol.test"]);
    let curve = Certificate::of(&pki("curve")).unwrap();
    assert_eq!((curve.key.to_string(), curve.key.bits), ("EC P-256".to_owned(), 256));
}

/// Every beginning of every certificate and request, and each of their bytes changed.
#[test]
fn broken_certificates_are_none_or_read() {
    for name in ["root", "device", "curve", "device.request", "curve.request", "renewal.p7"] {
        let der = pki(name);
        for end in 0..der.len() {
            assert!(Certificate::of(&der[..end]).is_none(), "{name} {end}");
            assert!(CertificateRequest::of(&der[..end]).is_none(), "{name} {end}");
        }
        for at in 0..der.len() {
            let mut der = der.clone();
            der[at] ^= [0xFF, 0x80, 0x01][at % 3];
            let _ = Certificate::of(&der);
            let _ = CertificateRequest::of(&der);
        }
    }
}

/// A message as `annotate_body` and `decode` take it.
fn outlined(text: &str) -> String {
    let decoded = decode(text.as_bytes().to_vec().into(), &Hints::default());
    assert_eq!(spans_lie_inside(&decoded), Ok(()));
    let notes = synctap::analyze::annotate_body(&decoded, None);
    outline_text(&outline(&decoded, &notes, OutlineOptions::default()))
}

#[test]
fn entities_are_never_expanded() {
    let text = "<!DOCTYPE s:Envelope [<!ENTITY a \"aaaaaaaaaa\"><!ENTITY b \"&a;&a;&a;&a;\">\
        <!ENTITY f SYSTEM \"file:///etc/passwd\">]>\
        <s:Envelope xmlns:s=\"http://www.w3.org/2003/05/soap-envelope\"><s:Body>\
        <Discover xmlns=\"http://schemas.microsoft.com/windows/management/2012/01/enrollment\">\
        <request><EmailAddress>&b;&f;</EmailAddress></request></Discover></s:Body></s:Envelope>";
    let shown = outlined(text);
    assert!(shown.contains("&b;") && shown.contains("&f;"), "{shown}");
    assert!(!shown.contains("aaaaaaaaaaaaaaaaaaaa") && !shown.contains("root:"), "{shown}");
}

#[test]
fn huge_and_broken_tokens_stay_bounded() {
    let response = |token: &str| {
        format!(
            "<s:Envelope xmlns:s=\"http://www.w3.org/2003/05/soap-envelope\"><s:Body>\
             <RequestSecurityTokenResponseCollection xmlns=\"http://docs.oasis-open.org/ws-sx/ws-trust/200512\">\
             <BinarySecurityToken>{token}</BinarySecurityToken>\
             </RequestSecurityTokenResponseCollection></s:Body></s:Envelope>"
        )
    };
    // Nine megabytes of base64 are not tried; deep nesting and many certificates end at a ceiling.
    let huge = response(&"QUJD".repeat((9 << 20) / 4));
    assert!(outlined(&huge).len() < 10_000);
    let nested = "<characteristic type=\"a\">".repeat(3_000);
    let document = format!("<wap-provisioningdoc>{nested}<parm name=\"a\" value=\"b\"/>");
    assert!(outlined(&document).contains("nested"));
    let certificate = base64(&pki("device"));
    let parm = format!(
        "<characteristic type=\"x\"><parm name=\"EncodedCertificate\" value=\"{certificate}\"/></characteristic>"
    );
    let many = format!(
        "<wap-provisioningdoc><characteristic type=\"CertificateStore\"><characteristic type=\"My\">{}</characteristic></characteristic></wap-provisioningdoc>",
        parm.repeat(400)
    );
    let decoded = decode(many.into_bytes().into(), &Hints::default());
    assert!(decoded.layers.len() <= 256, "{}", decoded.layers.len());
}

fn base64(bytes: &[u8]) -> String {
    use ::base64::Engine as _;
    ::base64::engine::general_purpose::STANDARD.encode(bytes)
}
