//! Trees to XML text and back.

use bytes::Bytes;
use synctap::codec::{DocumentType, Hints, decode, decode_as};
use synctap::model::{Decoded, Grade, LayerId, Name, NodeKind, Tree};
use synctap::render::{Secrets, xml, xml_lines, xml_of_tree};

use crate::captures::captures;

/// Reads `text` as XML; it must have no problem at all. What is inside its elements may have some.
pub(crate) fn assert_well_formed(text: &str, name: &str) -> Decoded {
    let decoded = decode_as(Bytes::from(text.to_owned()), DocumentType::Xml, &Hints::default());
    let own = decoded.problems.iter().find(|problem| problem.layer == LayerId::BODY);
    assert!(own.is_none(), "{name}: {own:?}\n{text}");
    decoded
}

/// Names, namespaces and texts in document order; white space that only indents is left out.
pub(crate) fn infoset(tree: &Tree, layer: &[u8]) -> Vec<String> {
    let mut items: Vec<String> = Vec::new();
    let mut text_open = false;
    for node in tree.nodes() {
        match &node.kind {
            NodeKind::Element(element) => {
                let name = match element.name {
                    Name::Known(name) | Name::Literal(name) => name.to_owned(),
                    Name::Unknown { page, token } => format!("unknown_p{page:02X}_t{token:02X}"),
                };
                items.push(format!("<{}:{name}>", element.namespace.as_str()));
                text_open = false;
            }
            NodeKind::Text(text, _) if text_open => {
                items.last_mut().unwrap().push_str(Tree::resolve(text, layer));
            }
            NodeKind::Text(text, _) => {
                items.push(Tree::resolve(text, layer).to_owned());
                text_open = true;
            }
            _ => {}
        }
    }
    items.retain(|item| !item.trim().is_empty());
    items
}

#[test]
fn captures_survive_xml() {
    let mut compared = 0;
    for capture in captures() {
        let decoded = capture.decode();
        for (id, layer) in decoded.ids() {
            let Some(tree) = &layer.tree else { continue };
            let again = assert_well_formed(&xml(&decoded, id, Secrets::Shown), &capture.name);
            let has_opaque = tree.nodes().any(|n| matches!(n.kind, NodeKind::Opaque(_)));
            let (_, other, bytes) = again.document().unwrap();
            if !has_opaque && tree.root().is_some() {
                assert_eq!(infoset(tree, &layer.bytes), infoset(other, bytes), "{}", capture.name);
                compared += 1;
            }
            let lines: Vec<_> =
                xml_lines(&decoded, id, Secrets::Shown).into_iter().map(|line| line.text).collect();
            let again = assert_well_formed(&lines.join("\n"), &capture.name);
            let (_, other, bytes) = again.document().unwrap();
            if !has_opaque {
                assert_eq!(infoset(tree, &layer.bytes), infoset(other, bytes), "{}", capture.name);
            }
        }
    }
    assert!(compared > 250, "{compared}");
}

#[test]
fn a_provision_answer_as_people_see_it() {
    let captures = captures();
    let capture =
        captures.iter().find(|c| c.name == "eas/zpush-14.0/003_Provision_response").unwrap();
    let decoded = capture.decode();
    let lines: Vec<_> =
        xml_lines(&decoded, LayerId::BODY, Secrets::Shown).into_iter().map(|l| l.text).collect();
    insta::assert_snapshot!(lines.join("\n"));
}

fn shown(layer: &'static [u8]) -> String {
    let eas = "eas".parse().unwrap();
    let decoded = decode_as(Bytes::from_static(layer), eas, &Hints::default());
    let (_, tree, bytes) = decoded.document().unwrap();
    xml_of_tree(tree, bytes)
}

#[test]
fn unknown_tokens_and_bytes_are_shown() {
    assert_eq!(
        shown(b"\x03\x01\x6A\x00\x45\x7F\x03a\x01\0\x01\x01\x01"),
        "<Sync xmlns=\"AirSync\"><unknown_p00_t3F>a␁</unknown_p00_t3F></Sync>"
    );
    assert_eq!(
        shown(b"\x03\x01\x6A\x00\x45\x00\x63\x45\xC3\x02\x00\xFF\x01\x01"),
        "<Sync xmlns=\"AirSync\"><unknown_p63_t05 xmlns=\"\" xmlns:synctap=\"urn:synctap:xml\" \
         synctap:opaque=\"base64\">AP8=</unknown_p63_t05></Sync>"
    );
    assert_eq!(
        shown(b"\x03\x01\x6A\x00\x45\xC3\x02\x00\xFF\x03x\0\x01"),
        "<Sync xmlns=\"AirSync\"><?opaque base64 AP8=?>x</Sync>"
    );
}

#[test]
fn hostile_names_and_several_roots() {
    let source = "<a:b xmlns:a='urn:a' xmlns:xml='urn:x' c:d='1' c:d='2' e='3'><f a:g='4' xmlns=''/></a:b>\
        <second/>text<?pi a?>";
    let decoded = decode(Bytes::from(source), &Hints::default());
    assert!(decoded.problems.iter().all(|problem| problem.grade == Grade::Odd));
    let text = xml(&decoded, LayerId::BODY, Secrets::Shown);
    assert_well_formed(&text, "hostile");
    assert_eq!(
        text,
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<document xmlns=\"urn:synctap:xml\">\
         <a:b xmlns:a=\"urn:a\" xmlns:c=\"urn:synctap:undeclared\" c:d=\"1\" e=\"3\">\
         <f xmlns=\"\" a:g=\"4\"/></a:b><second xmlns=\"\"/><?pi a?></document>\n"
    );
}

#[test]
fn a_literal_name_cannot_break_out() {
    // LITERAL_C names from the string table.
    let layer = b"\x03\x01\x6A\x0Ba><b \"\0c:d\0\x44\x00\x04\x07\x01";
    let decoded = decode_as(Bytes::from_static(layer), "eas".parse().unwrap(), &Hints::default());
    let text = xml(&decoded, LayerId::BODY, Secrets::Shown);
    assert_well_formed(&text, "literal");
    assert!(text.contains("<a_x003E__x003C_b_x0020__x0022_>"), "{text}");
}

#[test]
fn documents_inside_stand_inside() {
    let captures = captures();
    let capture = captures.iter().find(|c| c.name == "syncml/wbxml12/001_SyncML_request").unwrap();
    let decoded = capture.decode();
    let text = xml(&decoded, LayerId::BODY, Secrets::Shown);
    assert!(text.contains("<Data><DevInf xmlns=\"syncml:devinf\"><VerDTD>1.2</VerDTD>"), "{text}");
    let lines = xml_lines(&decoded, LayerId::BODY, Secrets::Shown);
    let inner = lines.iter().find(|line| line.text.contains("<DevInf")).unwrap();
    assert_eq!(inner.layer, LayerId(1));
    assert!(lines.iter().all(|line| !line.text.contains('\n')));
}
