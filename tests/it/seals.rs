//! Signed and encrypted messages made with openssl: every verdict and reason, everything opened, and
//! nothing valid that was touched.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::PathBuf;
use std::process::Command;
use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use synctap::codec::{Hints, decode, decode_opening, pem};
use synctap::engine::{DECODER_VERSION, open_with_keys};
use synctap::model::{
    BodyFacts, Carrier, ConnId, Decoded, Exchange, ExchangeId, Format, Header, Headers, Holds,
    Kind, Leg, Request, Response, Row, SignatureReport, State, Summary, WallTime,
};
use synctap::seal::{Circumstances, KeyError, Keyring, Over, read_header, verify};
use synctap::store::Store;

/// When everything of the fixtures is looked at; not before they were made.
const AT: &str = "2027-01-01T00:00:00Z";

fn folder(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(name)
}

fn message(name: &str) -> Vec<u8> {
    fs::read(folder("captures/cms").join(name)).unwrap_or_else(|e| panic!("{name}: {e}"))
}

fn identity(name: &str) -> Vec<u8> {
    fs::read(folder("certs").join(name)).unwrap_or_else(|e| panic!("{name}: {e}"))
}

/// What the tests trust, and these keys.
fn keyring(keys: &[&str]) -> Keyring {
    let mut keyring = Keyring::new();
    keyring.trust(&identity("test-ca.pem")).unwrap();
    for key in keys {
        assert_eq!(keyring.add_key(key, &identity(key), Some("test")), Ok(1), "{key}");
    }
    keyring
}

fn check(signature: &[u8], body: Option<&[u8]>, keyring: &Keyring) -> SignatureReport {
    let at = WallTime::parse_rfc3339(AT).unwrap();
    let now = Some(at);
    let known = Circumstances { carrier: Carrier::File, at, now, keyring, known: &[] };
    match read_header(signature) {
        Ok(read) => {
            let mut report = verify(&read.message, body.map(Over::Bytes), &known);
            report.remarks.extend(read.remarks);
            report
        }
        Err(reason) => SignatureReport::unchecked(Carrier::File, reason.code, reason.text),
    }
}

fn rows<const N: usize>(table: &str) -> Vec<[String; N]> {
    let text = String::from_utf8(message(table)).unwrap();
    let row = |line: &str| {
        let fields: Vec<String> = line.split('\t').map(str::to_owned).collect();
        fields.try_into().unwrap_or_else(|_| panic!("{line}"))
    };
    text.lines().skip(1).map(row).collect()
}

/// The openssl command; its absence fails where other programs are to be compared with.
fn openssl() -> bool {
    let there = Command::new("openssl").arg("version").output().is_ok_and(|o| o.status.success());
    let needed = std::env::var_os("SYNCTAP_PEERS").is_some();
    assert!(there || !needed, "openssl is not installed");
    there
}

#[test]
fn every_signature_has_its_verdict_and_reasons() {
    let keyring = keyring(&["server.key"]);
    let mut faults = Vec::new();
    for [name, signature, body, holds, codes, ..] in rows::<7>("signed.tsv") {
        let body = (body != "-").then(|| message(&body));
        let report = check(&message(&signature), body.as_deref(), &keyring);
        let mut found: Vec<&str> =
            report.all_reasons().chain(report.all_remarks()).map(|reason| reason.code).collect();
        found.sort_unstable();
        let verdict = serde_json::to_value(report.holds).unwrap();
        if verdict != holds.as_str() || found.join(" ") != codes {
            faults.push(format!("{name}: {verdict} {found:?}: {}", report.words()));
        }
    }
    assert!(faults.is_empty(), "\n{}", faults.join("\n"));
}

/// The words that a person reads, so that a change shows.
#[test]
fn what_is_said_of_each_signature() {
    let keyring = keyring(&["server.key"]);
    let mut said = String::new();
    for [name, signature, body, ..] in rows::<7>("signed.tsv") {
        let body = (body != "-").then(|| message(&body));
        let report = check(&message(&signature), body.as_deref(), &keyring);
        let _ = writeln!(said, "{name}: {}", report.words());
    }
    // Serial numbers are new each time the fixtures are made.
    let serial = regex::Regex::new("serial [0-9a-f]+").unwrap();
    insta::assert_snapshot!(serial.replace_all(&said, "serial …"));
}

#[test]
fn openssl_says_the_same() {
    if !openssl() {
        return;
    }
    for [name, signature, body, _, _, expected, note] in rows::<7>("signed.tsv") {
        if expected == "-" {
            continue;
        }
        let form = if signature == "good.pem" { "PEM" } else { "DER" };
        let mut command = Command::new("openssl");
        command.current_dir(folder("captures/cms"));
        command.args(["cms", "-verify", "-binary", "-inform", form, "-in", &signature]);
        command.args(["-CAfile", "../../certs/test-ca.pem", "-purpose", "any"]);
        command.args(["-out", "/dev/null"]);
        if body != "-" {
            command.args(["-content", &body]);
        }
        let holds = command.output().unwrap().status.success();
        assert_eq!(holds, expected == "holds", "{name} {note}");
    }
}

/// The document inside a message, if it was opened.
fn inside(decoded: &Decoded) -> Option<&[u8]> {
    let (id, ..) = decoded.document()?;
    let layer = decoded.layer(id)?;
    matches!(layer.format, Format::Xml("SyncML 1.2")).then_some(&layer.bytes)
}

#[test]
fn everything_that_can_be_opened_is() {
    let body = message("body.xml");
    for [name, key, ..] in rows::<4>("sealed.tsv") {
        let keyring = keyring(&[&key]);
        let decoded = decode_opening(message(&name).into(), None, &Hints::default(), &keyring);
        assert_eq!(inside(&decoded), Some(&*body), "{name} with {key}: {:?}", decoded.problems);
        assert!(decoded.problems.is_empty(), "{name}: {:?}", decoded.problems);
        let other = keyring_of_others(&key);
        let closed = decode_opening(message(&name).into(), None, &Hints::default(), &other);
        assert_eq!(inside(&closed), None, "{name} is opened without its key");
        assert!(closed.problems.is_empty(), "{name}: {:?}", closed.problems);
    }
}

/// Keys that are for nobody.
fn keyring_of_others(key: &str) -> Keyring {
    keyring(if key.contains("p256") { &["device-p256.key"] } else { &["device.key", "second.key"] })
}

#[test]
fn openssl_opens_the_same() {
    if !openssl() {
        return;
    }
    for [name, key, expected, _] in rows::<4>("sealed.tsv") {
        if expected == "-" {
            continue;
        }
        let certificate = format!("../../certs/{}", key.replace(".key", ".pem"));
        let mut command = Command::new("openssl");
        command.current_dir(folder("captures/cms"));
        command.args(["cms", "-decrypt", "-binary", "-inform", "DER", "-in", &name]);
        command.args(["-recip", &certificate, "-inkey", &format!("../../certs/{key}")]);
        let out = command.output().unwrap();
        assert_eq!(out.stdout, message("body.xml"), "{name}: {out:?}");
    }
}

#[test]
fn without_a_key_recipients_and_algorithms_are_told() {
    let decoded = decode(message("sealed-two.der").into(), &Hints::default());
    let facts: BTreeMap<_, _> = decoded.layers[0].facts.iter().cloned().collect();
    assert_eq!(facts["cipher"], "aes-256-cbc");
    assert_eq!(facts["opened"], "no: no key was given");
    let recipients = decoded.layers[0].facts.iter().filter(|(name, _)| *name == "recipient");
    assert_eq!(recipients.count(), 2);
    // A certificate that is known is named.
    let keyring = keyring(&["server.p12"]);
    let sealed = message("sealed-two.der");
    let decoded = decode_opening(sealed.into(), None, &Hints::default(), &keyring);
    let known = decoded.layers[0].facts.iter().filter(|(name, _)| *name == "known as");
    let known: Vec<&str> = known.map(|(_, text)| text.as_ref()).collect();
    assert!(matches!(known[..], [one] if one.starts_with("CN=server,")), "{known:?}");
}

#[test]
fn what_is_encrypted_in_an_unknown_way_says_so() {
    let keyring = keyring(&["server.key"]);
    let decoded =
        decode_opening(message("sealed-rc2.der").into(), None, &Hints::default(), &keyring);
    let facts: BTreeMap<_, _> = decoded.layers[0].facts.iter().cloned().collect();
    assert_eq!(facts["opened"], "no: the cipher rc2-cbc is not supported");
}

#[test]
fn key_files_say_what_is_wrong_with_them() {
    let add = |name: &str, password| Keyring::new().add_key(name, &identity(name), password);
    assert_eq!(add("server.p12", None), Err(KeyError::NeedsPassword));
    assert_eq!(add("server.p12", Some("no")), Err(KeyError::WrongPassword));
    assert_eq!(add("server-3des.p12", Some("no")), Err(KeyError::WrongPassword));
    assert_eq!(add("server-encrypted.key", None), Err(KeyError::NeedsPassword));
    assert_eq!(add("server-encrypted.key", Some("no")), Err(KeyError::WrongPassword));
    assert_eq!(add("server.pem", None), Err(KeyError::NoKey));
    for old in ["server-old.p12", "server-old.key"] {
        let error = add(old, Some("test")).unwrap_err();
        assert!(matches!(error, KeyError::OldCipher { .. }), "{old}: {error}");
    }
    assert_eq!(Keyring::new().trust(b"hello"), Err(KeyError::NoCertificate));
    assert_eq!(Keyring::new().trust(&identity("chain.p7b")), Ok(3));
}

#[test]
fn keys_are_not_printed() {
    let keyring = keyring(&["server.key", "server-p256.key"]);
    assert_eq!(format!("{keyring:?}"), "Keyring(2 keys, 1 trusted)");
}

/// Every file of the folder, whatever it is.
fn everything() -> Vec<Vec<u8>> {
    let files = fs::read_dir(folder("captures/cms")).unwrap().map(|e| e.unwrap().path());
    files.filter(|path| path.is_file()).map(|path| fs::read(path).unwrap()).collect()
}

/// Cut anywhere, a message is neither valid nor opened, and nothing panics.
#[test]
fn what_is_cut_is_never_valid() {
    let keyring = keyring(&["server.key"]);
    let body = message("body.xml");
    for name in ["good.der", "stream.der", "attached-stream.der", "p256.der"] {
        let whole = message(name);
        let body = (!name.starts_with("attached")).then_some(&*body);
        for end in 0..whole.len() {
            let report = check(&whole[..end], body, &keyring);
            assert_eq!(report.holds, Holds::Unchecked, "{name} cut at {end}: {}", report.words());
        }
    }
    for name in ["sealed-stream.der", "sealed-gcm.der", "signed-and-enveloped.der"] {
        let whole = message(name);
        for end in (0..whole.len()).step_by(3) {
            let cut = whole[..end].to_vec();
            let decoded = decode_opening(cut.into(), None, &Hints::default(), &keyring);
            assert_eq!(inside(&decoded), None, "{name} cut at {end}");
        }
    }
}

/// One bit turned in what is signed, or in the signature, is never valid.
#[test]
fn what_is_touched_is_never_valid() {
    let keyring = keyring(&[]);
    let (good, body) = (message("good.der"), message("body.xml"));
    for at in 0..body.len() {
        let mut touched = body.clone();
        touched[at] ^= 1;
        let report = check(&good, Some(&touched), &keyring);
        assert_eq!(report.holds, Holds::Bad, "body {at}: {}", report.words());
    }
    let original = check(&good, Some(&body), &keyring);
    for at in 0..good.len() {
        let mut touched = good.clone();
        touched[at] ^= 4;
        let report = check(&touched, Some(&body), &keyring);
        // What is not signed (a version, a set of digests, a second copy of an algorithm) may change.
        if report.holds == Holds::Valid {
            assert_eq!(report.signers[0].form, original.signers[0].form, "message {at}");
            assert_eq!(report.signers[0].certificate, original.signers[0].certificate);
            assert_eq!(report.signers[0].signing_time, original.signers[0].signing_time);
        }
    }
}

#[test]
fn hostile_bytes_are_survived() {
    let keyring = keyring(&["server.key", "server-p256.key"]);
    let mut state = 0x2545_F491_4F6C_DD1D_u64;
    let mut random = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state
    };
    for bytes in everything() {
        for _ in 0..12 {
            let mut changed = bytes.clone();
            for _ in 0..3 {
                let at = usize::try_from(random()).unwrap() % changed.len();
                changed[at] = u8::try_from(random() & 0xFF).unwrap();
            }
            let report = check(&changed, Some(b"other"), &keyring);
            assert_ne!(report.holds, Holds::Valid);
            let _ = decode_opening(changed.into(), None, &Hints::default(), &keyring);
        }
    }
}

/// A capture with one exchange: a signed message, answered by one that is encrypted.
fn capture(path: &std::path::Path, body: &[u8]) {
    let kept = |bytes: &[u8]| BodyFacts {
        seen: bytes.len() as u64,
        kept: bytes.len() as u64,
        ended: true,
    };
    let sealed = message("sealed-aes256.der");
    let at = WallTime::parse_rfc3339(AT).unwrap();
    let mut exchange = Exchange::begin(ExchangeId(1), ConnId(1), Kind::Http, at);
    let value = String::from_utf8(message("good.b64")).unwrap();
    exchange.request = Some(Request {
        method: "POST".into(),
        target: "/dm".into(),
        headers: Headers(vec![Header { name: "MS-Signature".into(), value }]),
        body: kept(body),
        ..Request::default()
    });
    exchange.response = Some(Response { status: 200, body: kept(&sealed), ..Response::default() });
    exchange.state = State::Complete;
    let store = Store::create(path, DECODER_VERSION).unwrap();
    let writer = store.writer();
    writer.append(ExchangeId(1), Leg::Request, body.to_vec().into(), || ());
    writer.append(ExchangeId(1), Leg::Response, sealed.into(), || ());
    let row = Row::new(&exchange, Summary::default());
    writer.put(exchange, row);
    store.close().unwrap();
}

#[test]
fn a_capture_is_verified_and_opened_and_keeps_no_key() {
    let folder = tempfile::tempdir().unwrap();
    for (name, holds) in [("body.xml", Holds::Valid), ("body-crlf.xml", Holds::Bad)] {
        let path = folder.path().join(name);
        capture(&path, &message(name));
        let store = Arc::new(Store::open(&path, DECODER_VERSION).unwrap());
        let keyring = Arc::new(keyring(&["server.key"]));
        let viewer = open_with_keys(store, &path, keyring).unwrap();
        let mut found = Vec::new();
        let told = viewer.signatures(&mut |exchange, signature| {
            found.push((exchange.id, signature.report.holds));
        });
        assert_eq!(found, [(ExchangeId(1), holds)]);
        // What a device signs with is its certificate; what nobody signed is not.
        let certificates = told.unwrap();
        assert_eq!(certificates.len(), usize::from(holds == Holds::Valid));
        let detail = viewer.detail(ExchangeId(1)).unwrap().unwrap();
        assert_eq!(inside(detail.response.as_ref().unwrap()), Some(&*message("body.xml")));
        let told = detail.annotated.overview.iter().find(|(key, _)| *key == "signature").unwrap();
        assert!(told.1.contains(holds.words()), "{told:?}");
        drop(viewer);
        let kept = fs::read(&path).unwrap();
        let der = pem(&identity("server.key")).next().unwrap().der;
        // The private parts stand at the end; the modulus is in the certificate too.
        let part = &der[der.len() - 200..der.len() - 168];
        assert!(!kept.windows(part.len()).any(|window| window == part));
    }
}

/// A capture of bodies: header fields of the request, request, answer.
fn captured(path: &std::path::Path, passed: Vec<(Headers, Vec<u8>, Vec<u8>)>) {
    let store = Store::create(path, DECODER_VERSION).unwrap();
    let writer = store.writer();
    let kept = |bytes: &[u8]| BodyFacts {
        seen: bytes.len() as u64,
        kept: bytes.len() as u64,
        ended: true,
    };
    for (id, (headers, asked, answer)) in (1..).zip(passed) {
        let at = WallTime::parse_rfc3339(AT).unwrap();
        let mut exchange = Exchange::begin(ExchangeId(id), ConnId(1), Kind::Http, at);
        let (method, target) = ("POST".to_owned(), "/dm".to_owned());
        let body = kept(&asked);
        exchange.request = Some(Request { method, target, headers, body, ..Request::default() });
        exchange.response =
            Some(Response { status: 200, body: kept(&answer), ..Response::default() });
        exchange.state = State::Complete;
        writer.append(ExchangeId(id), Leg::Request, asked.into(), || ());
        writer.append(ExchangeId(id), Leg::Response, answer.into(), || ());
        writer.put(exchange.clone(), Row::new(&exchange, Summary::default()));
    }
    store.close().unwrap();
}

/// The certificate of a signature came with an earlier exchange: list and detail say the same.
#[test]
fn every_view_knows_the_certificates_seen_before() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("known");
    let value = STANDARD.encode(message("nocerts.der"));
    let signature = Headers(vec![Header { name: "MS-Signature".into(), value }]);
    captured(
        &path,
        vec![
            (Headers::default(), Vec::new(), message("provisioning.xml")),
            (signature, message("body.xml"), Vec::new()),
        ],
    );
    let store = Arc::new(Store::open(&path, DECODER_VERSION).unwrap());
    let viewer = open_with_keys(store, &path, Arc::new(Keyring::new())).unwrap();
    let mut verified = Vec::new();
    viewer.signatures(&mut |_, signature| verified.push(signature.report.words())).unwrap();
    assert_eq!(verified, ["valid"]);
    let detail = viewer.detail(ExchangeId(2)).unwrap().unwrap();
    let told = detail.annotated.overview.iter().find(|(key, _)| *key == "signature").unwrap();
    assert_eq!(told.1, "MS-Signature: valid");
}

/// Bodies are encrypted for certificates that an earlier exchange put into a store: without a key it is
/// told whose they are, by issuer and serial number or key identifier, and nobody else's.
#[test]
fn recipients_are_known_by_the_certificates_of_the_capture() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("recipients");
    let handed = |name: &str| {
        let der = STANDARD.encode(pem(&identity(name)).next().unwrap().der);
        let parm = format!("<parm name=\"EncodedCertificate\" value=\"{der}\"/>");
        format!("<wap-provisioningdoc version=\"1.1\">{parm}</wap-provisioningdoc>").into_bytes()
    };
    let sealed = |name: &str| (Headers::default(), Vec::new(), message(name));
    let names = [
        ("sealed-aes256.der", 1),
        ("sealed-keyid.der", 1),
        ("sealed-two.der", 1),
        ("signed-and-enveloped.der", 1),
        ("sealed-gcm.der", 1),
        ("sealed-p256.der", 0),
    ];
    let mut passed = vec![(Headers::default(), Vec::new(), handed("server.pem"))];
    passed.extend(names.map(|(name, _)| sealed(name)));
    captured(&path, passed);
    let store = Arc::new(Store::open(&path, DECODER_VERSION).unwrap());
    let viewer = open_with_keys(store, &path, Arc::new(Keyring::new())).unwrap();
    for (id, (name, times)) in (2..).zip(names) {
        let detail = viewer.detail(ExchangeId(id)).unwrap().unwrap();
        let facts = &detail.response.as_ref().unwrap().layers[0].facts;
        let known = facts.iter().filter(|(name, _)| *name == "known as");
        let known: Vec<&str> = known.map(|(_, text)| text.as_ref()).collect();
        assert_eq!(known.len(), times, "{name}: {facts:?}");
        let row = detail.annotated.overview.iter().find(|(key, _)| *key == "encrypted").unwrap();
        assert_eq!(row.1.matches(", that is CN=server,").count(), times, "{name}: {row:?}");
        assert!(row.1.ends_with("; not opened: no key was given"), "{name}: {row:?}");
        let facts = &detail.annotated.summary.facts;
        assert_eq!(facts.contains("answer encrypted for CN=server,"), times == 1, "{facts}");
    }
}

/// A key that fits, over content that was touched: that is said, with the certificate named or not.
#[test]
fn what_is_damaged_is_not_called_somebody_else_s() {
    for (name, key) in [
        ("sealed-aes256.der", "server.key"),
        ("sealed-aes256.der", "server.p12"),
        ("sealed-gcm.der", "server.key"),
        ("sealed-p256-gcm.der", "server-p256.key"),
    ] {
        let mut touched = message(name);
        // Before the tag of authenticated content, and in the last block of the other.
        let at = touched.len() - if name.contains("gcm") { 40 } else { 5 };
        touched[at] ^= 1;
        let keyring = keyring(&[key]);
        let decoded = decode_opening(touched.into(), None, &Hints::default(), &keyring);
        assert_eq!(inside(&decoded), None, "{name}");
        assert!(decoded.is_broken(), "{name} with {key}: {:?}", decoded.layers[0].facts);
        let facts: BTreeMap<_, _> = decoded.layers[0].facts.iter().cloned().collect();
        assert!(facts["opened"].contains("damaged"), "{name} with {key}: {}", facts["opened"]);
    }
}
