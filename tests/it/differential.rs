//! The same documents through `wbxml2xml` of libwbxml (Debian `libwbxml2-utils`): same names,
//! namespaces, text and structure, but for what stands in the lists below.

use std::collections::BTreeMap;
use std::process::Command;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use synctap::codec::{DocumentType, Hints, decode, decode_as};
use synctap::model::{Decoded, Format};
use synctap::render::{Secrets, xml};

use crate::captures::captures;
use crate::corpus;
use crate::xml::infoset;

/// Names that differ: namespace, ours, theirs. MS-ASWBXML 22.2 and the schemas of the command
/// pages are right; libwbxml has those of their older revisions.
const NAMES: [(&str, &str, &str); 25] = [
    ("Calendar", "Timezone", "TimeZone"),
    ("Calendar", "DtStamp", "DTStamp"),
    ("Calendar", "Email", "Attendee_Email"),
    ("Calendar", "Name", "Attendee_Name"),
    ("Calendar", "AttendeeType", "Attendee_Type"),
    ("Calendar", "AttendeeStatus", "Attendee_Status"),
    ("Calendar", "Interval", "Recurrence_Interval"),
    ("Calendar", "Occurrences", "Recurrence_Occurrences"),
    ("Calendar", "DayOfWeek", "Recurrence_DayOfWeek"),
    ("Calendar", "Type", "Recurrence_Type"),
    ("Calendar", "OrganizerName", "Organizer_Name"),
    ("Calendar", "OrganizerEmail", "Organizer_Email"),
    ("ComposeMail", "Mime", "MIME"),
    ("Contacts", "BusinessAddressState", "BusinessState"),
    ("Contacts", "BusinessAddressCountry", "BusinessCountry"),
    ("Contacts", "BusinessAddressPostalCode", "BusinessPostalCode"),
    ("Contacts", "BusinessAddressCity", "BusinessCity"),
    ("Contacts", "BusinessAddressStreet", "BusinessStreet"),
    ("Email", "ReplyTo", "Reply-To"),
    ("Email", "Status", "FlagStatus"),
    ("Email", "DtStamp", "DTStamp"),
    ("Provision", "RequireStorageCardEncryption", "DeviceEncryptionEnabled"),
    ("Settings", "SMTPAddress", "SmtpAddress"),
    ("Tasks", "UtcStartDate", "UTCStartDate"),
    ("Tasks", "UtcDueDate", "UTCDueDate"),
];

/// Namespaces that differ: ours, theirs, who is right and why.
const NAMESPACES: [(&str, &str, &str); 1] =
    [("GAL", "Gal", "ours: section 2.1.2.1.17 and the schema of MS-ASWBXML say GAL")];

/// Elements whose opaque content libwbxml writes as base64 even when it is text: namespace, name.
/// Either is right; text is what a person wants to read.
const BASE64: [(&str, &str); 3] =
    [("ComposeMail", "Mime"), ("Email2", "ConversationId"), ("Email2", "ConversationIndex")];

/// Bodies that libwbxml cannot read, and why.
const UNREADABLE: [(&str, &str); 2] = [
    ("eas/sogo-14.1/068_FolderSync_garbage_request", GARBAGE),
    ("eas/zpush-14.0/056_FolderSync_request", GARBAGE),
];

const GARBAGE: &str =
    "ours: the root is kept, the byte that breaks is named; theirs stops with nothing";

/// Values that libwbxml changes: ours, theirs, why ours is right.
const VALUES: [(&str, &str, &str); 1] = [(
    "application/vnd.syncml-devinf+wbxml",
    "application/vnd.syncml-devinf+xml",
    "the document inside stands there as XML in both; ours keeps the type that was sent",
)];

/// What both made of one document.
struct Pair {
    name: String,
    ours: Vec<String>,
    theirs: Option<Vec<String>>,
}

/// Whether there is something to compare with. `cargo test` needs nothing but the toolchain, and
/// says what it leaves out; where `SYNCTAP_PEERS` is set (`.ci/run` sets it) a missing peer fails.
#[expect(clippy::print_stderr, reason = "what is left out must be seen")]
pub(crate) fn has_peer() -> bool {
    let found = Command::new("wbxml2xml").arg("-h").output().is_ok();
    let wanted = std::env::var_os("SYNCTAP_PEERS").is_some();
    assert!(found || !wanted, "`wbxml2xml` is missing: apt-get install libwbxml2-utils");
    if !found {
        eprintln!("left out: `wbxml2xml` is missing: apt-get install libwbxml2-utils");
    }
    found
}

#[test]
fn captures_agree_with_libwbxml() {
    if !has_peer() {
        return;
    }
    let mut compared = 0;
    let mut faults = Vec::new();
    for capture in captures() {
        let decoded = capture.decode();
        let Some(key) = key(&decoded) else { continue };
        let pair = pair(&capture.name, &decoded, key, &capture.body);
        compare(&pair, &mut faults);
        compared += 1;
    }
    assert!(compared > 200, "{compared}");
    report(faults);
}

#[test]
fn the_generated_corpus_agrees_with_libwbxml() {
    if !has_peer() {
        return;
    }
    let mut documents = corpus::documents(false);
    documents.extend(corpus::small_messages());
    let mut faults = Vec::new();
    // Each `wbxml2xml` is a process: a few hundred of the small ones do.
    let few = documents.iter().enumerate().filter(|(number, _)| *number < 3 || number % 25 == 0);
    for (number, document) in few {
        let body = Bytes::from(document.bytes.clone());
        let decoded = decode(body.clone(), &Hints::default());
        assert_eq!(decoded.problems, [], "{}", document.name);
        let name = format!("{} {number}", document.name);
        let named: DocumentType = document.key.parse().unwrap();
        let DocumentType::Wbxml(book) = named else { panic!("{}", document.key) };
        assert_eq!(decoded.layers[0].format, Format::Wbxml(book.name));
        let key = key(&decoded).unwrap();
        compare(&pair(&name, &decoded, key, &body), &mut faults);
    }
    report(faults);
}

/// The language option of libwbxml for a body that is one WBXML document.
fn key(decoded: &Decoded) -> Option<&'static str> {
    match decoded.layers.first()?.format {
        Format::Wbxml("ActiveSync") => Some("ACTIVESYNC"),
        Format::Wbxml("SyncML 1.2") => Some("SYNCML12"),
        _ => None,
    }
}

fn pair(name: &str, decoded: &Decoded, key: &str, body: &[u8]) -> Pair {
    let folder = tempfile::tempdir().unwrap();
    let (input, output) = (folder.path().join("in"), folder.path().join("out"));
    std::fs::write(&input, body).unwrap();
    let run = Command::new("wbxml2xml")
        .args(["-k", "-m", "0", "-l", key, "-o"])
        .args([&output, &input])
        .output()
        .expect("`wbxml2xml` is missing: apt-get install libwbxml2-utils");
    let theirs = run.status.success().then(|| std::fs::read_to_string(&output).ok()).flatten();
    let ours = items(&xml(decoded, decoded.main(), Secrets::Shown));
    Pair { name: name.to_owned(), ours, theirs: theirs.map(|text| items(&text)) }
}

fn items(text: &str) -> Vec<String> {
    let decoded = decode_as(Bytes::from(text.to_owned()), DocumentType::Xml, &Hints::default());
    let (_, tree, layer) = decoded.document().expect("a document");
    infoset(tree, layer)
}

fn compare(pair: &Pair, faults: &mut Vec<String>) {
    let Pair { name, ours, theirs } = pair;
    let listed = UNREADABLE.iter().any(|(known, _)| known == name);
    let Some(theirs) = theirs else {
        if !listed {
            faults.push(format!("{name}: libwbxml cannot read it"));
        }
        return;
    };
    if listed {
        faults.push(format!("{name}: libwbxml can read it"));
    }
    if ours.len() != theirs.len() {
        let at = ours.iter().zip(theirs).position(|(one, two)| !is_same("", one, two));
        let at = at.unwrap_or(ours.len().min(theirs.len()));
        faults.push(format!(
            "{} against {} items: {:?} / {:?} in {name}",
            ours.len(),
            theirs.len(),
            ours.get(at),
            theirs.get(at)
        ));
        return;
    }
    let mut around = "";
    for (one, two) in ours.iter().zip(theirs) {
        if !is_same(around, one, two) {
            let cut = |text: &str| text.chars().take(60).collect::<String>();
            faults.push(format!("{around} {:?} / {:?}", cut(one), cut(two)));
        }
        if one.starts_with('<') {
            around = one;
        }
    }
}

fn is_same(around: &str, ours: &str, theirs: &str) -> bool {
    if let (Some(one), Some(two)) = (element(ours), element(theirs)) {
        let space = two.0.trim_end_matches(':');
        let same_space = one.0 == space
            || NAMESPACES.iter().any(|(known, other, _)| (*known, *other) == (one.0, space));
        let same_name = one.1 == two.1 || NAMES.contains(&(one.0, one.1, two.1));
        return same_space && same_name;
    }
    // libwbxml writes a bare CR, which a parser has to turn into LF; here it is `&#13;`.
    let lines = ours.replace("\r\n", "\n").replace('\r', "\n");
    let is_base64 = element(around).is_some_and(|name| BASE64.contains(&name));
    lines == theirs
        || is_base64 && STANDARD.decode(theirs).is_ok_and(|bytes| bytes == ours.as_bytes())
        || VALUES.iter().any(|(known, other, _)| (*known, *other) == (ours, theirs))
}

/// Namespace and name of an item `<namespace:name>`.
fn element(item: &str) -> Option<(&str, &str)> {
    item.strip_prefix('<')?.strip_suffix('>')?.rsplit_once(':')
}

fn report(faults: Vec<String>) {
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for fault in faults {
        *counts.entry(fault).or_default() += 1;
    }
    let lines: Vec<_> = counts.iter().map(|(fault, count)| format!("{count} x {fault}")).collect();
    assert!(lines.is_empty(), "\n{}", lines.join("\n"));
}
