//! Every captured body through the front door of the codec.

use synctap::codec::{Hints, decode};
use synctap::model::{Decoded, Format, Grade};

use crate::captures::captures;

/// Grade, code and first byte of a problem.
type Known = (Grade, &'static str, u32);

/// The bodies that are broken on purpose, and the problems each has: grade, code, first byte.
const BROKEN: [(&str, &[Known]); 2] = [
    ("eas/sogo-14.1/068_FolderSync_garbage_request", GARBAGE),
    ("eas/zpush-14.0/056_FolderSync_request", GARBAGE),
];

/// `03 01 6A 00 FF FF FF`: an unknown root with attributes, then a value without a name.
const GARBAGE: &[Known] =
    &[(Grade::Odd, "wbxml-unknown-token", 4), (Grade::Broken, "wbxml-attribute-value", 5)];

#[test]
fn only_the_broken_bodies_have_problems() {
    let mut faults = Vec::new();
    for capture in captures() {
        let decoded = capture.decode();
        let found: Vec<_> =
            decoded.problems.iter().map(|p| (p.grade, p.code, p.span.start)).collect();
        let broken = BROKEN.iter().find(|(name, _)| *name == capture.name);
        let expected = broken.map_or(&[][..], |(_, problems)| problems);
        if found != expected {
            faults.push(format!("{}: {:?}", capture.name, decoded.problems));
        }
    }
    assert!(faults.is_empty(), "\n{}", faults.join("\n"));
}

#[test]
fn every_body_is_what_it_is() {
    for capture in captures() {
        let decoded = capture.decode();
        let format = &decoded.layers[0].format;
        let expected = match (capture.content_type.as_str(), &capture.body[..]) {
            (_, []) => Format::Empty,
            ("application/vnd.ms-sync.wbxml", [0x03, ..]) => Format::Wbxml("ActiveSync"),
            ("application/vnd.ms-sync.multipart", _) => Format::Wrapper("multipart"),
            ("application/vnd.syncml+wbxml", _) => Format::Wbxml("SyncML 1.2"),
            ("application/vnd.syncml+xml", _) => Format::Xml("SyncML 1.2"),
            (_, [b'G', b'I', b'F', ..]) => Format::Binary("GIF"),
            (html, _) if html.starts_with("text/html") => Format::Text("HTML"),
            ("text/xml" | "application/vnd.ms-sync.wbxml", _) => Format::Xml("XML"),
            _ => Format::Text("text"),
        };
        assert_eq!(*format, expected, "{} ({})", capture.name, capture.content_type);
    }
}

/// XML where the command wants WBXML is XML; under the WBXML media type that is a problem.
#[test]
fn xml_under_the_wbxml_media_type() {
    let captures = captures();
    let capture =
        captures.iter().find(|c| c.name == "eas/zpush-14.0/058_FolderSync_request").unwrap();
    let hints = Hints { content_type: "application/vnd.ms-sync.wbxml", ..capture.hints() };
    let decoded = decode(capture.body.clone(), &hints);
    assert_eq!(decoded.layers[0].format, Format::Xml("XML"));
    let found: Vec<_> = decoded.problems.iter().map(|p| (p.grade, p.code, p.span.start)).collect();
    assert_eq!(found, [(Grade::Odd, "media-type", 0)]);
}

/// A body as the command line gets it: nothing is known but its bytes.
fn lone(body: &[u8]) -> Decoded {
    decode(body.to_vec().into(), &Hints::default())
}

#[test]
fn every_body_is_recognised_without_its_headers() {
    for capture in captures() {
        let decoded = lone(&capture.body);
        let known = BROKEN.iter().any(|(name, _)| *name == capture.name);
        assert_eq!(decoded.problems.is_empty(), !known, "{}: {:?}", capture.name, decoded.problems);
    }
}

#[test]
fn latin_1_is_transcoded_once() {
    let decoded = lone(b"<?xml version=\"1.0\" encoding=\"ISO-8859-1\"?><a>caf\xe9</a>");
    assert_eq!(decoded.problems, []);
    assert_eq!(decoded.layers.len(), 2);
    let (_, tree, bytes) = decoded.document().unwrap();
    assert_eq!(tree.text(tree.root().unwrap(), bytes), "café");
}

#[test]
fn a_broken_header_is_still_activesync() {
    let decoded = lone(b"\x03\x01\x6a\xff\xff\xff\xff\x7faaaa");
    assert_eq!(decoded.layers[0].format, Format::Wbxml("ActiveSync"));
    assert!(decoded.is_broken());
    assert_eq!(decoded.problems[0].span.start, 3);
}
