//! Bytes to trees to bytes.

use bytes::Bytes;
use synctap::codec::{
    Book, DocumentType, Events, Header, Hints, Preamble, decode, decode_as, encode, note,
};
use synctap::model::{Decoded, Format, Layer, LayerId, Name, Namespace, NodeId, Written};
use synctap::render::{Secrets, xml, xml_exact};

use crate::captures::captures;
use crate::random::shape;
use crate::xml::infoset;

pub(crate) fn encode_again(layer: &Layer) -> Option<Vec<u8>> {
    let Format::Wbxml(name) = layer.format else { return None };
    let book = Book::by_name(name).unwrap();
    let preamble = Preamble::of(&layer.bytes, book).ok()?;
    Some(encode(layer.tree.as_ref()?, &layer.bytes, &preamble).unwrap())
}

/// Every WBXML document of the captures is canonical: it comes back byte for byte, those inside
/// others too. The two garbage bodies are not documents.
#[test]
fn captures_come_back_byte_for_byte() {
    let mut compared = 0;
    for capture in captures() {
        let decoded = capture.decode();
        if decoded.is_broken() {
            continue;
        }
        for layer in &decoded.layers {
            if let Some(bytes) = encode_again(layer) {
                assert_eq!(bytes, layer.bytes, "{}", capture.name);
                compared += 1;
            }
        }
    }
    assert!(compared > 260, "{compared}");
}

/// Through XML: what was binary is WBXML again with the same names, text and structure.
#[test]
fn xml_becomes_wbxml_again() {
    let mut same = 0;
    for capture in captures() {
        let decoded = capture.decode();
        let (Some((id, ..)), false) = (decoded.document(), decoded.is_broken()) else { continue };
        let layer = decoded.layer(id).unwrap();
        let Format::Wbxml(name) = layer.format else { continue };
        let book = Book::by_name(name).unwrap();
        let text = xml(&decoded, id, Secrets::Shown);
        let again = decode_as(Bytes::from(text.clone()), DocumentType::Xml, &Hints::default());
        let (_, tree, bytes) = again.document().unwrap();
        let encoded = encode(tree, bytes, &Preamble::canonical(book)).unwrap();
        let third = decode_as(encoded.clone().into(), DocumentType::Wbxml(book), &Hints::default());
        assert!(third.problems.is_empty(), "{}: {:?}", capture.name, third.problems);
        let fourth = xml(&third, third.main(), Secrets::Shown);
        let fourth = decode_as(Bytes::from(fourth), DocumentType::Xml, &Hints::default());
        let (_, other, other_bytes) = fourth.document().unwrap();
        assert_eq!(infoset(tree, bytes), infoset(other, other_bytes), "{}", capture.name);
        same += usize::from(encoded == layer.bytes);
    }
    // Which strings were opaque is not in the XML, so SyncML differs.
    assert!(same > 150, "{same}");
}

/// As `decode --xml` prints it and `encode` reads it: the same bytes, whatever encoder they are of.
#[test]
fn exact_xml_becomes_the_same_bytes() {
    let mut compared = 0;
    for capture in captures() {
        let decoded = capture.decode();
        let (Some((id, ..)), false) = (decoded.document(), decoded.is_broken()) else { continue };
        if let Some(encoded) = through_exact_xml(&decoded, id) {
            assert!(encoded == decoded.layer(id).unwrap().bytes, "{}", capture.name);
            compared += 1;
        }
    }
    assert!(compared > 260, "{compared}");
}

/// A WBXML layer as exact XML, and encoded again.
pub(crate) fn through_exact_xml(decoded: &Decoded, id: LayerId) -> Option<Vec<u8>> {
    let Format::Wbxml(name) = decoded.layer(id)?.format else { return None };
    let book = Book::by_name(name).unwrap();
    let text = xml_exact(decoded, id, Secrets::Shown, &|id| note(decoded, id, true));
    let again = decode_as(Bytes::from(text.clone()), DocumentType::Xml, &Hints::default());
    let (_, tree, bytes) = again.document().unwrap();
    // What is said beside names and text is no part of them.
    let plain = xml(decoded, id, Secrets::Shown);
    let plain = decode_as(Bytes::from(plain), DocumentType::Xml, &Hints::default());
    let (_, plain_tree, plain_bytes) = plain.document().unwrap();
    assert_eq!(infoset(tree, bytes), infoset(plain_tree, plain_bytes), "{text}");
    Some(encode(tree, bytes, &Preamble::for_xml(tree, bytes, book)).unwrap())
}

/// What XML alone does not say of the header: version, names, charset, string table.
#[test]
fn exact_xml_says_how_the_header_was_written() {
    comes_back_exactly(&[
        ("canonical", b"\x03\x01\x6A\x00\x00\x0D\x05".to_vec(), "<Ping xmlns=\"Ping\"/>"),
        (
            "version and name",
            b"\x01\x00\x00\x6A\x1E-//SYNCML//DTD SyncML 1.1//EN\0\x6D\x12\x01".to_vec(),
            "<?wbxml version=\"1.1\" public-id=\"-//SYNCML//DTD SyncML 1.1//EN\"?>\n\
             <SyncML xmlns=\"SYNCML:SYNCML1.1\"><Final/></SyncML>",
        ),
        ("version 1.0", b"\x00\x06\x00\x85\x09\x03a\0\x05\x01".to_vec(), "<?wbxml version=\"1.0\" charset=\"none\"?>\n<sl href=\"http://a\" action=\"execute-low\"/>"),
        ("charset", b"\x03\x06\x04\x00\x85\x09\x03\xE9\0\x05\x01".to_vec(), "<?wbxml charset=\"4\"?>\n<sl href=\"http://\u{E9}\" action=\"execute-low\"/>"),
        (
            "name without its end",
            b"\x02\x00\x00\x6A\x1D-//SYNCML//DTD SyncML 1.1//EN\x6D\x12\x01".to_vec(),
            "<?wbxml public-id=\"-//SYNCML//DTD SyncML 1.1//EN\" terminated=\"no\"?>\n\
             <SyncML xmlns=\"SYNCML:SYNCML1.1\"><Final/></SyncML>",
        ),
        (
            "string table",
            b"\x03\x05\x6A\x09one\0four\0\x45\xC6\x0C\x83\x00\x03 or \0\x83\x04\x01\x83\x04\x01\x01".to_vec(),
            "<?wbxml strings=\"b25lAGZvdXIA\"?>\n<si><indication href=\"http://one or four\">four</indication></si>",
        ),
    ]);
}

/// What it does not say of the content: opaque characters, strings of no characters, tags with content
/// and nothing in it, white space, entities, literals, documents inside with headers of their own.
#[test]
fn exact_xml_says_how_the_content_was_written() {
    let inner = b"\x03\x00\x00\x6A\x1B-//OMA//DTD-DM-DDF 1.2//EN\0\x00\x02\x60\x77\x03a\0\x01\x01";
    let length = u8::try_from(inner.len()).unwrap();
    let nested = [
        b"\x02\xA4\x01\x6A\x00\x6D\x6B\x62\x54\x4F\xC3",
        &[length][..],
        inner,
        b"\xC3\x02\r\n\x01\x01\x01\x01\x01",
    ];
    comes_back_exactly(&[
        (
            "opaque",
            b"\x02\xA4\x01\x6A\x00\x6D\x6C\x71\xC3\x031.2\x01\x72\xC3\x03a\r\n\x01\x01\x01".to_vec(),
            "<SyncML xmlns=\"SYNCML:SYNCML1.2\"><SyncHdr><VerDTD><![CDATA[1.2]]></VerDTD>\
             <VerProto><![CDATA[]]>a&#13;\n</VerProto></SyncHdr></SyncML>",
        ),
        (
            "empty strings",
            b"\x02\xA4\x01\x6A\x00\x6D\x6C\x71\x03\0\x01\x32\x01\x01".to_vec(),
            "<?wbxml empty=\"string\"?>\n<SyncML xmlns=\"SYNCML:SYNCML1.2\"><SyncHdr>\
             <VerDTD></VerDTD><VerProto/></SyncHdr></SyncML>",
        ),
        (
            "empty content",
            b"\x03\x01\x6A\x00\x45\x5C\x4F\x01\x01\x01".to_vec(),
            "<?wbxml empty=\"content\"?>\n<Sync xmlns=\"AirSync\"><Collections><Collection/>\
             </Collections></Sync>",
        ),
        (
            "the second example of the specification, read as what it is not",
            b"\x01\x01\x6A\x12abc\0 Enter name: \0\x47\xC5\x09\x83\x00\x05\x01\x88\x06\x86\x08\x03xyz\0\x85\x03/s\0\x01\x83\x04\x86\x07\x0A\x03N\0\x01\x01\x01".to_vec(),
            "<?wbxml version=\"1.1\" strings=\"YWJjACBFbnRlciBuYW1lOiAA\"?>\n<Add xmlns=\"AirSync\">\
             <Sync unknown_p00_a09=\"abc\" unknown_p00_a05=\"\"><Change \
             unknown_p00_a06=\"unknown_p00_v86\" unknown_p00_a08=\"xyzunknown_p00_v85/s\"/> Enter name: \
             <Responses unknown_p00_a07=\"\" unknown_p00_a0A=\"N\"/></Sync></Add>",
        ),
        (
            "entities, as in its first",
            b"\x01\x01\x03\x00\x47\x46\x03 X\0\x02\x81\x20\x03=\0\x02\x81\x20\x03 1 \0\x01\x01".to_vec(),
            "<?wbxml version=\"1.1\" charset=\"3\" entities=\"160\"?>\n<Add xmlns=\"AirSync\">\
             <Responses> X\u{A0}=\u{A0} 1 </Responses></Add>",
        ),
        (
            "literals that have tokens",
            b"\x03\x01\x6A\x05Ping\0\x00\x0D\x45\x04\x00\x01".to_vec(),
            "<?wbxml strings=\"UGluZwA=\" literals=\"Ping\"?>\n<Ping xmlns=\"Ping\">\
             <Ping xmlns=\"\"/></Ping>",
        ),
        (
            "a document inside",
            nested.concat(),
            "<SyncML xmlns=\"SYNCML:SYNCML1.2\"><SyncBody><Results><Item><Data>\
             <?wbxml type=\"dmddf12\" version=\"1.3\"?><MgmtTree xmlns=\"syncml:dmddf1.2\">\
             <VerDTD>a</VerDTD></MgmtTree><![CDATA[]]>&#13;\n</Data></Item></Results></SyncBody></SyncML>",
        ),
    ]);
}

/// Reads documents: name, bytes, exact XML without its declaration; then back.
fn comes_back_exactly(documents: &[(&str, Vec<u8>, &str)]) {
    for (name, bytes, expected) in documents {
        let decoded = decode(bytes.clone().into(), &Hints::default());
        let id = decoded.main();
        let text = xml_exact(&decoded, id, Secrets::Shown, &|id| note(&decoded, id, true));
        assert_eq!(text.split_once('\n').unwrap().1.trim_end(), *expected, "{name}");
        assert_eq!(through_exact_xml(&decoded, id).unwrap(), *bytes, "{name}");
    }
}

/// What is masked must not stand in a string table.
#[test]
fn a_string_table_is_kept_back_with_the_secrets() {
    let body = b"\x03\x05\x6A\x04one\0\x45\xC6\x0C\x83\x00\x01\x83\x00\x01\x01";
    let decoded = decode(Bytes::from_static(body), &Hints::default());
    assert_eq!(note(&decoded, decoded.main(), false), None);
    assert_eq!(note(&decoded, decoded.main(), true).unwrap(), "wbxml strings=\"b25lAA==\"");
}

/// All that a document may hold: table strings, entities, opaque, literals, attributes, pages.
#[test]
fn the_whole_grammar_comes_back() {
    let layer: &[u8] = b"\x03\x00\x00\x6A\x2B-//WAPFORUM//DTD PROV 1.0//EN\0name\0literal\0\
        \xC5\x46\x01\
        \xC6\x00\x01\x55\x01\
        \x87\x00\x00\x11\x03x\0\x83\x1E\x01\
        \x87\x04\x23\x02\x81\x20\x01\
        \x04\x23\x44\x23\x83\x1E\x03y\0\x02\x26\xC3\x02\x00\xFF\x01\
        \x07\x47\x01\x01\x01";
    let decoded = decode(Bytes::from_static(layer), &Hints::default());
    assert_eq!(decoded.problems, []);
    assert_eq!(decoded.layers[0].format, Format::Wbxml("wap-provisioningdoc"));
    let again = encode_again(&decoded.layers[0]).unwrap();
    assert_eq!(again, layer);
}

/// A damaged body that can still be read is written so that it reads the same.
#[test]
fn odd_documents_read_the_same_when_written_again() {
    let mut odd = 0;
    for capture in captures().iter().filter(|capture| capture.body.len() < 1500) {
        for at in (4..capture.body.len()).step_by(3) {
            let mut body = capture.body.to_vec();
            body[at] ^= [0x83, 0x40, 0x07][at % 3];
            let decoded = decode(body.into(), &capture.hints());
            let layer = &decoded.layers[0];
            if decoded.is_broken() || layer.tree.is_none() {
                continue;
            }
            let Some(bytes) = encode_again(layer) else { continue };
            let again = decode(bytes.into(), &capture.hints());
            let (before, after) = (layer.tree.as_ref().unwrap(), again.layers[0].tree.as_ref());
            let after = shape(after.unwrap(), &again.layers[0].bytes);
            assert_eq!(shape(before, &layer.bytes), after, "{} at {at}", capture.name);
            odd += 1;
        }
    }
    assert!(odd > 1000, "{odd}");
}

/// What no encoder has to write and some do: page switches that change nothing or come twice, one
/// before END, long integers, equal strings at two offsets, bytes behind the root, unlisted pages.
#[test]
fn needless_bytes_come_back() {
    let layers: [&[u8]; 8] = [
        b"\x03\x01\x6A\x00\x00\x00\x00\x0E\x00\x0E\x45\x00\x0E\x4B\x031\0\x00\x05\x01\x01",
        b"\x03\x81\x00\x80\x6A\x80\x00\x05",
        b"\x03\x01\x6A\x06a\0a\0b\0\x45\x4B\x83\x80\x02\x01\x4B\x83\x80\x80\x00\x01\x01",
        b"\x03\x01\x6A\x00\x45\xC3\x80\x80\x01\xFF\x02\x80\x41\x01",
        b"\x03\x01\x6A\x00\x05trailing\0\x01",
        b"\x03\x01\x6A\x00\x45\x00\x63\x7F\x03x\0\x01\x3F\x85\x07\x03y\0\x01\x01",
        b"\x03\x01\x6A\x04ab\0\0\x44\x00\x04\x80\x00\x01\x43\x04\x00\x03z\0\x01",
        b"\x03\x01\x6A\x00\x85\x00\x07\x00\x00\x06\x00\x09\x01\x00\x07",
    ];
    for layer in layers {
        let hints = Hints { content_type: "application/vnd.ms-sync.wbxml", ..Hints::default() };
        let decoded = decode(Bytes::from_static(layer), &hints);
        assert!(!decoded.is_broken(), "{layer:02X?}: {:?}", decoded.problems);
        assert_eq!(encode_again(&decoded.layers[0]).unwrap(), layer, "{layer:02X?}");
        let strict = decode(Bytes::from_static(layer), &Hints { strict: true, ..hints });
        assert!(strict.problems.len() > decoded.problems.len() || !decoded.problems.is_empty());
    }
}

/// A changed tree is written as it is now, not as it was.
#[test]
fn a_changed_tree_is_not_written_from_its_bytes() {
    let layer = b"\x03\x01\x6A\x00\x45\x4B\x031\0\x01\x00\x00\x05\x01";
    let decoded = decode(Bytes::from_static(layer), &Hints::default());
    let mut tree = decoded.layers[0].tree.clone().unwrap();
    tree.set_text(NodeId(2), "22", Written::Plain);
    tree.rename(NodeId(3), Name::Known("PolicyKey"), Namespace::NONE, Some((14, 0x09)));
    let preamble = Preamble::of(layer, Book::activesync()).unwrap();
    let written = encode(&tree, layer, &preamble).unwrap();
    assert_eq!(written, b"\x03\x01\x6A\x00\x45\x4B\x0322\0\x01\x00\x0E\x09\x01");
}

/// Header, tokens, and what follows the document: every byte belongs to exactly one.
#[test]
fn every_byte_belongs_to_one_token() {
    for capture in captures() {
        let Ok(header) = Header::read(&capture.body) else { continue };
        let mut events = Events::new(&capture.body, header.body, 1);
        let mut at = header.body;
        while let Some(Ok(event)) = events.next() {
            assert_eq!(event.span.range().start, at, "{}", capture.name);
            at = event.span.range().end;
        }
        assert_eq!(at, events.at(), "{}", capture.name);
    }
}
