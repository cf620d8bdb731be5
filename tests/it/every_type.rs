//! Every token of every document type: as XML through libwbxml's `xml2wbxml`, and back through us.

use std::fmt::Write as _;
use std::process::Command;

use bytes::Bytes;
use synctap::codec::{Book, DocumentType, Hints, Preamble, decode, decode_as, encode};
use synctap::model::{NodeKind, Tree};
use synctap::render::{Secrets, xml};

use crate::differential::has_peer;
use crate::xml::infoset;

/// Document types that libwbxml does not know by their public identifier; it takes them for
/// another and writes all their names as literals.
const UNKNOWN_TO_PEER: [&str; 3] = ["metinf10", "wvcsp10", "wvcsp13"];

/// Elements of one document type, each with a text, then one for each attribute and value token.
fn document(book: &Book) -> Option<String> {
    let root = if book.is_activesync() { "Sync" } else { book.root };
    if book.fpi.is_empty() || root.is_empty() {
        return None;
    }
    let tags: Vec<_> = (0..=u8::MAX)
        .flat_map(|page| (5..0x40).map(move |token| (page, token)))
        .filter_map(|(page, token)| Some(*book.tag(page, token)?))
        .collect();
    let own = tags.iter().find(|tag| tag.name == root).map_or("", |tag| tag.namespace);
    let mut text = format!(
        "<!DOCTYPE {root} PUBLIC \"{}\" \"{}\">\n<{root}{}",
        book.fpi, book.system_id, DECLARED
    );
    let _ = write!(text, "{}>", declaration(own, ""));
    for tag in tags.iter().filter(|tag| tag.name != root) {
        let value = value_of(book, tag.name);
        let _ =
            write!(text, "<{}{}>{value}</{}>", tag.name, declaration(tag.namespace, own), tag.name);
    }
    let holder = tags.iter().find(|tag| tag.name != root).map_or(root, |tag| tag.name);
    for (_, _, start) in book.attributes().filter(|(_, _, start)| !start.name.contains("xmlns")) {
        let value = if IS_TIME.contains(&start.name) {
            "1999-06-25T15:23:15Z".to_owned()
        } else {
            format!("{}v", escaped(start.prefix))
        };
        let _ = write!(text, "<{holder} {}=\"{value}\"/>", start.name);
    }
    if let Some((_, _, start)) = book.attributes().find(|(_, _, start)| is_free(start.name)) {
        for (_, _, value) in book.values() {
            let _ = write!(text, "<{holder} {}=\"p{}q\"/>", start.name, escaped(value));
        }
    }
    let _ = write!(text, "</{root}>");
    Some(text)
}

const DECLARED: &str = " xmlns:o-ex=\"http://odrl.net/1.1/ODRL-EX\" \
xmlns:o-dd=\"http://odrl.net/1.1/ODRL-DD\" xmlns:ds=\"http://www.w3.org/2000/09/xmldsig#/\"";

const IS_TIME: [&str; 3] = ["created", "si-expires", "timestamp"];

fn is_free(name: &str) -> bool {
    !name.contains("xmlns") && !IS_TIME.contains(&name)
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('"', "&quot;")
}

fn declaration(namespace: &str, around: &str) -> String {
    if namespace == around { String::new() } else { format!(" xmlns=\"{namespace}\"") }
}

/// What Wireless Village packs has to be a number or a time.
fn value_of(book: &Book, name: &str) -> &'static str {
    match name {
        _ if !book.key.starts_with("wvcsp") => "a &amp; é",
        "DateTime" | "DeliveryTime" => "20011019T125031Z",
        _ => "86400",
    }
}

/// `xml2wbxml` in this version; `None` when it cannot.
fn peer(source: &str, version: &str, table: bool) -> Option<Vec<u8>> {
    let folder = tempfile::tempdir().unwrap();
    let (input, output) = (folder.path().join("in"), folder.path().join("out"));
    std::fs::write(&input, source).unwrap();
    let mut command = Command::new("xml2wbxml");
    command.args(["-k", "-v", version]);
    if !table {
        command.arg("-n");
    }
    command.arg("-o").args([&output, &input]).output().unwrap();
    std::fs::read(&output).ok().filter(|bytes| !bytes.is_empty())
}

/// Names and texts; namespaces only where the table gives them: literal names have none.
fn items(tree: &Tree, layer: &[u8]) -> Vec<String> {
    let local = |item: String| match item.strip_prefix('<') {
        Some(name) => name.rsplit(':').next().unwrap_or_default().to_owned(),
        None => item,
    };
    let mut items: Vec<_> = infoset(tree, layer).into_iter().map(local).collect();
    for node in tree.nodes() {
        let NodeKind::Element(element) = node.kind else { continue };
        for attribute in element.attributes.iter() {
            // The peer joins the namespace of `xml:lang` and its name into one literal.
            let name = attribute.name.as_str().unwrap_or("?").rsplit('|').next().unwrap();
            if !name.contains("xmlns") && !attribute.namespace.as_str().contains("xmlns") {
                items.push(format!("{name}={}", Tree::resolve(&attribute.value, layer)));
            }
        }
    }
    items
}

fn of_xml(text: &str) -> Vec<String> {
    let parsed = decode_as(Bytes::from(text.to_owned()), DocumentType::Xml, &Hints::default());
    let (_, tree, bytes) = parsed.document().unwrap();
    items(tree, bytes)
}

/// What `decode --xml` prints is taken back by `encode`, for each document type.
#[test]
fn xml_of_every_type_is_accepted_back() {
    for book in Book::all() {
        let Some(source) = document(book) else { continue };
        let source = source.split_once('\n').unwrap().1.to_owned();
        let parsed = decode_as(source.clone().into(), DocumentType::Xml, &Hints::default());
        let (_, tree, bytes) = parsed.document().unwrap();
        let wbxml = Bytes::from(encode(tree, bytes, &Preamble::canonical(book)).unwrap());
        let decoded = decode_as(wbxml.clone(), DocumentType::Wbxml(book), &Hints::default());
        assert!(!decoded.is_broken(), "{}: {:?}", book.key, decoded.problems);
        let text = xml(&decoded, decoded.main(), Secrets::Shown);
        assert_eq!(of_xml(&text), of_xml(&source), "{}", book.key);
        let again = decode_as(text.into(), DocumentType::Xml, &Hints::default());
        let (_, tree, bytes) = again.document().unwrap();
        let second = encode(tree, bytes, &Preamble::canonical(book)).unwrap();
        assert!(second == wbxml, "{}", book.key);
    }
}

/// A type that the peer takes for another: every name is a literal, and each is read.
#[test]
fn documents_of_literals_alone_are_recognised() {
    if !has_peer() {
        return;
    }
    for key in UNKNOWN_TO_PEER {
        let source = document(Book::by_key(key).unwrap()).unwrap();
        let bytes = peer(&source, "1.3", true).unwrap();
        let decoded = decode(bytes.into(), &Hints::default());
        assert!(decoded.document().is_some() && !decoded.is_broken(), "{key}");
    }
}
