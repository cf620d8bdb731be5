//! What must hold whatever the bytes were.

use bytes::Bytes;
use synctap::codec::{Book, DocumentType, Events, Header, Hints, Preamble, decode, decode_as, encode, note};
use synctap::model::{Decoded, Format, Grade, Layer, LayerId, NodeKind, Span, Text, Tree};
use synctap::render::{Secrets, xml, xml_exact};

/// A body with a content type.
pub fn read(body: &[u8], content_type: &str) -> Decoded {
    let body = Bytes::copy_from_slice(body);
    let decoded = decode(body, &Hints { content_type, strict: true, ..Hints::default() });
    check(&decoded);
    decoded
}

/// Every span lies in its layer, children in their parent; every tree is well-formed XML.
pub fn check(decoded: &Decoded) {
    for problem in &decoded.problems {
        inside(problem.span, decoded.layer(problem.layer).unwrap());
    }
    for (id, layer) in decoded.ids() {
        if let Some(origin) = layer.origin {
            inside(origin.span, decoded.layer(origin.layer).unwrap());
        }
        if let Some(tree) = &layer.tree {
            check_tree(tree, layer);
            let text = xml(decoded, id, Secrets::Shown);
            let again = decode_as(text.clone().into(), DocumentType::Xml, &Hints::default());
            // What is inside its elements may have problems of its own.
            let own = again.problems.iter().find(|problem| problem.layer == LayerId::BODY);
            assert!(own.is_none(), "{own:?}\n{text}");
        }
    }
}

fn check_tree(tree: &Tree, layer: &Layer) {
    for node in tree.nodes() {
        inside(node.span, layer);
        if let Some(parent) = node.parent.and_then(|parent| tree.get(parent)) {
            assert!(parent.span.start <= node.span.start && node.span.end <= parent.span.end);
        }
        if let NodeKind::Text(Text::Slice(span), _) = node.kind {
            inside(span, layer);
            std::str::from_utf8(span.of(&layer.bytes)).unwrap();
        }
    }
}

fn inside(span: Span, layer: &Layer) {
    assert!(span.start <= span.end && span.range().end <= layer.bytes.len(), "{span:?}");
}

/// Every byte of the document belongs to one token: header, events, what was not read.
pub fn tokens_cover(layer: &[u8], terminator: usize) {
    let Ok(header) = Header::read(layer) else { return };
    let mut events = Events::new(layer, header.body, terminator);
    let mut at = header.body;
    while let Some(event) = events.next() {
        let Ok(event) = event else { break };
        assert_eq!(event.span.range().start, at);
        assert!(event.span.range().end > at, "no progress");
        at = event.span.range().end;
        assert_eq!(at, events.at());
    }
    assert!(at <= layer.len());
}

/// WBXML layers come back: byte for byte without damage, else as the same tree.
pub fn comes_back(decoded: &Decoded) {
    for (id, layer) in decoded.ids() {
        let (Format::Wbxml(name), Some(tree)) = (&layer.format, &layer.tree) else { continue };
        let book = Book::by_name(name).unwrap();
        let Ok(preamble) = Preamble::of(&layer.bytes, book) else { continue };
        let Ok(written) = encode(tree, &layer.bytes, &preamble) else { continue };
        let broken = decoded.problems.iter().any(|problem| {
            problem.layer == id && problem.grade == Grade::Broken
        });
        if !broken {
            assert_eq!(written, layer.bytes);
        }
        through_xml(decoded, id, book);
        let kind = DocumentType::Wbxml(book);
        let again = decode_as(written.clone().into(), kind, &Hints::default());
        let Some(other) = again.layers.first().and_then(|layer| layer.tree.as_ref()) else {
            panic!("nothing came back");
        };
        let third = encode(other, &written, &Preamble::of(&written, book).unwrap()).unwrap();
        assert_eq!(third, written, "what was written is stable");
    }
}

/// What `decode --xml` prints can be read and encoded.
fn through_xml(decoded: &Decoded, id: LayerId, book: &'static Book) {
    let text = xml_exact(decoded, id, Secrets::Shown, &|id| note(decoded, id, true));
    let read = decode_as(text.clone().into(), DocumentType::Xml, &Hints::default());
    let own = read.problems.iter().find(|problem| problem.layer == LayerId::BODY);
    assert!(own.is_none(), "{own:?}\n{text}");
    let Some((_, tree, bytes)) = read.document() else { return };
    let preamble = Preamble::for_xml(tree, bytes, book);
    let _ = encode(tree, bytes, &preamble).map(|written| {
        decode_as(written.into(), DocumentType::Wbxml(book), &Hints::default())
    });
}
