//! Damaged bodies: no panic, and every span lies in its layer.

use std::collections::HashSet;
use std::iter::StepBy;
use std::ops::Range;
use std::path::{Path, PathBuf};

use bytes::Bytes;
use synctap::codec::{Hints, decode};
use synctap::model::{Decoded, Headers, Leg, NodeKind, Span, Text};
use synctap::render::{Secrets, xml};

use crate::captures::{Capture, captures};
use crate::conversation::{Turn, reading, turns};

/// Bodies up to this size are damaged at every byte, larger ones at six or so places.
const EVERY_BYTE: usize = 4096;

/// Of the bodies in conversations written as text, and of signed messages, all much alike, every so
/// many bytes; where in them differs from one to the next.
const STRIDE: usize = 37;

/// Folders of conversations written as text.
const CONVERSATIONS: [&str; 5] = ["enrolment", "reported", "rules", "sessions", "walks"];

#[test]
fn every_prefix() {
    for (capture, places) in distinct() {
        for length in places {
            check(&capture, capture.body.slice(..length));
        }
    }
}

#[test]
fn every_flipped_byte() {
    for (capture, places) in distinct() {
        for at in places {
            let mut body = capture.body.to_vec();
            // In turn: all bits, the top bit (attributes, long integers), the lowest.
            body[at] ^= [0xFF, 0x80, 0x01][at % 3];
            check(&capture, body.into());
        }
    }
}

/// All bodies that differ, each with the places at which it is damaged.
fn distinct() -> Vec<(Capture, StepBy<Range<usize>>)> {
    let mut seen = HashSet::new();
    let mut is_new = |capture: &Capture| seen.insert(capture.body.clone());
    let mut found = Vec::new();
    for capture in captures().into_iter().filter(&mut is_new) {
        let length = capture.body.len();
        let step = if length <= EVERY_BYTE { 1 } else { length / 6 };
        found.push((capture, (0..length).step_by(step)));
    }
    assert!(found.len() > 250, "{}", found.len());
    let others = conversations().into_iter().chain(messages());
    for (number, capture) in others.filter(&mut is_new).enumerate() {
        let length = capture.body.len();
        found.push((capture, (number % STRIDE % length.max(1)..length).step_by(STRIDE)));
    }
    assert!(found.len() > 900, "{}", found.len());
    found
}

/// The bodies of the conversations written as text, of rules both readings.
fn conversations() -> Vec<Capture> {
    let mut found = Vec::new();
    for folder in CONVERSATIONS {
        for path in files(folder, "txt") {
            let text = std::fs::read_to_string(&path).unwrap();
            let name = format!("{folder}/{}", path.file_stem().unwrap().display());
            for bad in [true, false] {
                found.extend(
                    turns(&reading(&text, bad)).iter().flat_map(|turn| bodies(&name, turn)),
                );
            }
        }
    }
    found
}

/// The bodies of one exchange.
fn bodies(name: &str, turn: &Turn) -> Vec<Capture> {
    let request = turn.exchange.request.as_ref();
    let headers = request.map(|head| &head.headers);
    let answered = turn.exchange.response.as_ref().map(|head| &head.headers);
    let halves = [
        (Leg::Request, headers, turn.request.as_ref()),
        (Leg::Response, answered, turn.response.as_ref()),
    ];
    let capture = |(leg, headers, decoded): (Leg, Option<&Headers>, Option<&Decoded>)| {
        let field = |name| headers.and_then(|headers| headers.first(name)).unwrap_or_default();
        Some(Capture {
            name: name.to_owned(),
            body: decoded?.layers.first()?.bytes.clone(),
            content_type: field("content-type").to_owned(),
            content_encoding: field("content-encoding").to_owned(),
            target: request.map(|head| head.target.clone()).unwrap_or_default(),
            leg,
        })
    };
    halves.into_iter().filter_map(capture).collect()
}

/// Signed and encrypted messages, certificates and requests.
fn messages() -> Vec<Capture> {
    let found = files("cms", "der").into_iter().chain(files("enrolment/pki", "der"));
    let capture = |path: PathBuf| Capture {
        name: path.display().to_string(),
        body: std::fs::read(path).unwrap().into(),
        content_type: String::new(),
        content_encoding: String::new(),
        target: String::new(),
        leg: Leg::Request,
    };
    found.map(capture).collect()
}

fn files(folder: &str, extension: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("captures").join(folder);
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut found: Vec<_> =
        entries.filter(|path| path.extension().is_some_and(|known| known == extension)).collect();
    found.sort();
    assert!(!found.is_empty());
    found
}

fn check(capture: &Capture, body: Bytes) {
    let hints = Hints { truncated: false, ..capture.hints() };
    let decoded = decode(body, &hints);
    if let Err(fault) = spans_lie_inside(&decoded) {
        panic!("{}: {fault}", capture.name);
    }
}

/// Every span of every node, problem and origin lies in its layer, children in their parent.
pub(crate) fn spans_lie_inside(decoded: &Decoded) -> Result<(), String> {
    for problem in &decoded.problems {
        let layer = decoded.layer(problem.layer).ok_or("a problem without a layer")?;
        inside(problem.span, layer.bytes.len(), &problem.text)?;
    }
    for layer in &decoded.layers {
        if let Some(origin) = layer.origin {
            let below = decoded.layer(origin.layer).ok_or("an origin without a layer")?;
            inside(origin.span, below.bytes.len(), &layer.label)?;
        }
        let Some(tree) = &layer.tree else { continue };
        for node in tree.nodes() {
            inside(node.span, layer.bytes.len(), &layer.label)?;
            if let Some(parent) = node.parent.and_then(|parent| tree.get(parent)) {
                let (outer, inner) = (parent.span, node.span);
                if inner.start < outer.start || inner.end > outer.end {
                    return Err(format!("{inner:?} is not inside its parent {outer:?}"));
                }
            }
            let texts: Vec<Text<'_>> = match &node.kind {
                NodeKind::Element(element) => {
                    inside(element.tag, layer.bytes.len(), "tag")?;
                    element.attributes.iter().map(|attribute| attribute.value).collect()
                }
                NodeKind::Text(text, _) | NodeKind::Instruction(text) => vec![*text],
                NodeKind::Opaque(span) | NodeKind::Comment(span) => {
                    inside(*span, layer.bytes.len(), "bytes")?;
                    Vec::new()
                }
            };
            for text in texts {
                if let Text::Slice(span) = text {
                    inside(span, layer.bytes.len(), "text")?;
                    std::str::from_utf8(span.of(&layer.bytes)).map_err(|e| e.to_string())?;
                }
            }
        }
    }
    Ok(())
}

fn inside(span: Span, length: usize, what: &str) -> Result<(), String> {
    let fits = span.start <= span.end && span.range().end <= length;
    if fits { Ok(()) } else { Err(format!("{span:?} of {what} is beyond {length}")) }
}

/// Damaged bodies are well-formed XML all the same: sampled, as each is parsed again.
#[test]
fn damage_gives_well_formed_xml() {
    let mut checked = 0;
    for capture in captures() {
        let step = (capture.body.len() / 8).max(31);
        for at in (4..capture.body.len()).step_by(step) {
            let mut body = capture.body.to_vec();
            body[at] ^= 0xC5;
            let decoded = decode(body.into(), &capture.hints());
            for (id, _) in decoded.ids().filter(|(_, layer)| layer.tree.is_some()) {
                let text = xml(&decoded, id, Secrets::Shown);
                crate::xml::assert_well_formed(&text, &capture.name);
                checked += 1;
            }
        }
    }
    assert!(checked > 1000, "{checked}");
}

/// Documents made to cost much more than their size: each is stopped by a ceiling.
#[test]
fn amplifiers_are_stopped() {
    let eas = |table: &[u8], body: &[u8]| {
        let septet = |shift: usize| u8::try_from((table.len() >> shift) & 0x7F).unwrap();
        let length = [septet(14) | 0x80, septet(7) | 0x80, septet(0)];
        [b"\x03\x01\x6A", &length[..], table, body].concat()
    };
    let table = vec![b'a'; 100_000];
    let strings = eas(&table, &[b"\x45".to_vec(), b"\x83\x00".repeat(500_000)].concat());
    let names = eas(&table, &[b"\x45".to_vec(), b"\x04\x00".repeat(100_000)].concat());
    let value = eas(&table, &[b"\xC5\x06".to_vec(), b"\x83\x00".repeat(500_000)].concat());
    let empties = eas(b"", &[b"\x45".to_vec(), b"\x05".repeat(3_000_000)].concat());
    let instructions = eas(b"", &[b"\x45".to_vec(), b"\x43\x01".repeat(3_000_000)].concat());
    let deep = eas(b"", &b"\x45".repeat(100_000));
    // 150 parts that each are the whole body.
    let mut parts = 150_u32.to_le_bytes().to_vec();
    for _ in 0..150 {
        parts.extend(0_u32.to_le_bytes());
        parts.extend(4_000_000_u32.to_le_bytes());
    }
    parts.resize(4_000_000, b'x');
    let multipart = "application/vnd.ms-sync.multipart";
    for (body, content_type, code) in [
        (strings, "", "wbxml-amplification"),
        (names, "", "wbxml-amplification"),
        (value, "", "wbxml-amplification"),
        (empties, "", "wbxml-nodes"),
        (instructions, "", "wbxml-nodes"),
        (deep, "", "wbxml-depth"),
        (parts, multipart, "layers"),
    ] {
        let hints = Hints { content_type, ..Hints::default() };
        let decoded = decode(body.into(), &hints);
        let codes: Vec<_> = decoded.problems.iter().map(|problem| problem.code).collect();
        assert!(codes.contains(&code), "{code}: {codes:?}");
        assert!(decoded.problems.len() <= 400);
    }
}
