//! Windows on trees and XML show what the whole shows, and places are found both ways.

use std::collections::HashMap;

use synctap::codec::decode;
use synctap::model::{Decoded, LayerId, NodeId};
use synctap::render::{
    Hidden, IndexedXml, Outline, OutlineLine, OutlineOptions, Outlined, Secrets, XmlLine, outline,
    xml_lines,
};

use crate::captures;

fn check_tree(name: &str, decoded: &Decoded) {
    let options = OutlineOptions { layer_lines: 10, ..OutlineOptions::default() };
    let whole: Vec<OutlineLine> = outline(decoded, &[], options);
    let index = Outline::new(decoded, &[], options);
    let tree = Outlined::new(&index, Some(decoded), &[]);
    assert_eq!(tree.len(), whole.len(), "{name}");
    for (at, line) in whole.iter().enumerate() {
        assert_eq!(tree.line(at).as_ref(), Some(line), "{name}");
        let parent = whole[..at].iter().rposition(|before| before.depth < line.depth);
        assert_eq!(tree.parent(at), parent, "{name} line {at}: {}", line.text());
        let inside = whole[at + 1..].iter().take_while(|after| after.depth > line.depth).count();
        assert_eq!(tree.end(at), at + 1 + inside, "{name} line {at}");
        let Some(node) = line.node else { continue };
        assert_eq!(tree.position(line.layer, node), Some(at), "{name} line {at}");
        if let Some(found) = tree.at_offset(line.layer, line.span.start as usize) {
            let found = &whole[found];
            assert!(
                found.layer == line.layer && found.span.contains(line.span.start as usize),
                "{name} line {at}"
            );
        }
    }
    assert_eq!(tree.line(whole.len()), None);
}

/// Long lines are cut in a window.
fn assert_same_start(shown: &XmlLine, line: &XmlLine) {
    if line.text.len() <= 16 << 10 {
        assert_eq!(shown.text, line.text);
        return;
    }
    let (start, rest) = shown.text.rsplit_once("… (+").unwrap();
    assert!(line.text.starts_with(start) && start.len() > 16_000 && rest.ends_with(" bytes)"));
}

fn check_xml(name: &str, decoded: &Decoded, top: LayerId, secrets: Secrets) {
    let whole: Vec<XmlLine> = xml_lines(decoded, top, secrets);
    let hidden = Hidden::of(decoded, secrets);
    let index = IndexedXml::new(decoded, &hidden, top);
    assert_eq!(index.len(), whole.len(), "{name}");
    for start in (0..whole.len()).step_by(7) {
        let window = index.lines(decoded, &hidden, start..start + 9);
        let end = (start + 9).min(whole.len());
        assert_eq!(window.len(), end - start, "{name} from line {start}");
        for (shown, line) in window.iter().zip(&whole[start..end]) {
            assert_eq!((shown.layer, shown.node), (line.layer, line.node), "{name} from {start}");
            assert_same_start(shown, line);
        }
    }
    let mut first: HashMap<(LayerId, NodeId), usize> = HashMap::new();
    for (at, line) in whole.iter().enumerate() {
        if let Some(node) = line.node {
            first.entry((line.layer, node)).or_insert(at);
        }
    }
    for ((layer, node), at) in first {
        let found = index.position(decoded, &hidden, layer, node);
        assert_eq!(found, Some(at), "{name} layer {layer:?} node {node:?}");
    }
}

fn check(name: &str, decoded: &Decoded) {
    check_tree(name, decoded);
    for (id, layer) in decoded.ids() {
        if layer.tree.is_some() {
            check_xml(name, decoded, id, Secrets::Masked);
            check_xml(name, decoded, id, Secrets::Shown);
        }
    }
}

#[test]
fn of_every_capture() {
    for capture in captures::captures() {
        check(&capture.name, &capture.decode());
    }
}

#[test]
fn of_documents_with_everything_in_them() {
    let inner =
        "<!DOCTYPE x><x xmlns:n='urn:n' n:a='1'><n:y>two\nlines</n:y><!--c--><?p q?><z/></x>";
    let escaped = inner.replace('&', "&amp;").replace('<', "&lt;");
    for xml in [
        "<a/>".to_owned(),
        "<!--before--><a xmlns='urn:1'><b xmlns=''>t<c/>mixed</b></a><!--after-->".to_owned(),
        "<a>1</a><b>2</b>".to_owned(),
        "text alone <a/>".to_owned(),
        format!("<SyncML><Data>{escaped}</Data><Data>{escaped}</Data><End/></SyncML>"),
        format!("<SyncML><Item><Data><![CDATA[{inner}]]></Data></Item></SyncML>"),
        format!("<a xmlns='urn:1'>{}</a>", "<b>v</b>".repeat(300)),
        format!("<a>{}</a>", "<b><c>one\n\nthree</c></b>".repeat(50)),
        format!("{}deep{}", "<d><e/>".repeat(120), "</d>".repeat(120)),
        "<a><b>broken".to_owned(),
    ] {
        let hints = synctap::codec::Hints { content_type: "text/xml", ..Default::default() };
        check(&xml[..xml.len().min(60)], &decode(xml.clone().into(), &hints));
    }
}
