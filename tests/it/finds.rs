//! What fuzzing found, kept: `fuzz/finds/TARGET-NAME`, read as its target reads it.

use std::path::Path;

use bytes::Bytes;
use synctap::codec::{Book, DocumentType, Hints, decode, decode_as};
use synctap::model::Decoded;
use synctap::render::{Secrets, xml};

#[test]
fn finds_stay_found() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/finds");
    let mut seen = 0;
    for entry in std::fs::read_dir(folder).unwrap().map(Result::unwrap) {
        let name = entry.file_name().into_string().unwrap();
        let data = std::fs::read(entry.path()).unwrap();
        let target = name.split('-').next().unwrap();
        check(&read(target, &data), &name);
        seen += 1;
    }
    assert!(seen >= 3, "{seen}");
}

fn read(target: &str, data: &[u8]) -> Decoded {
    let books = Book::all();
    let (choice, rest) = data.split_first().unwrap();
    let body = Bytes::copy_from_slice(rest);
    match target {
        "multipart" => {
            let content_type = "application/vnd.ms-sync.multipart";
            let hints = Hints { content_type, strict: true, ..Hints::default() };
            decode(Bytes::copy_from_slice(data), &hints)
        }
        "round_trip" => {
            let book = &books[usize::from(*choice) % books.len()];
            decode_as(body, DocumentType::Wbxml(book), &Hints::default())
        }
        "nested" => decode(nested(*choice, rest).into(), &Hints::default()),
        "decode" => decode(body, &Hints { strict: true, ..Hints::default() }),
        "xml" => decode_as(body, DocumentType::Xml, &Hints::default()),
        other => panic!("{other}"),
    }
}

/// As in `fuzz/fuzz_targets/nested.rs`.
fn nested(choice: u8, inner: &[u8]) -> Vec<u8> {
    let places: [(&[u8], usize); 3] = [
        (b"\x02\xA4\x01\x6A\x00\x6D\x6B\x62\x54\x4F", 5),
        (b"\x03\x01\x6A\x00\x00\x0E\x45\x46\x47\x4A", 4),
        (b"\x03\x01\x6A\x00\x00\x15\x45\x50", 2),
    ];
    let (before, open) = places[usize::from(choice) % places.len()];
    let mut body = before.to_vec();
    if choice & 0x80 == 0 {
        let septet = |shift: usize| u8::try_from((inner.len() >> shift) & 0x7F).unwrap();
        body.extend([0xC3, 0x80 | septet(7), septet(0)]);
        body.extend(inner);
    } else {
        body.push(3);
        body.extend(inner.iter().filter(|byte| **byte != 0));
        body.push(0);
    }
    body.extend(std::iter::repeat_n(1, open));
    body
}

fn check(decoded: &Decoded, name: &str) {
    crate::robust::spans_lie_inside(decoded).unwrap_or_else(|fault| panic!("{name}: {fault}"));
    for (id, layer) in decoded.ids() {
        if layer.tree.is_some() {
            crate::xml::assert_well_formed(&xml(decoded, id, Secrets::Shown), name);
        }
        let broken = decoded
            .problems
            .iter()
            .any(|p| p.layer == id && p.grade == synctap::model::Grade::Broken);
        if let (Some(bytes), false) = (crate::round_trip::encode_again(layer), broken) {
            assert_eq!(bytes, layer.bytes, "{name}");
        }
    }
}
