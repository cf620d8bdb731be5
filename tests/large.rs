//! Large and hostile bodies: read whole, or stopped, in memory that is in proportion. A process of
//! its own, as others measure theirs.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test may panic")]

#[expect(dead_code, reason = "benchmarks use the rest")]
#[path = "../benches/corpus/mod.rs"]
mod corpus;

use bytes::Bytes;
use synctap::codec::{Book, Hints, Preamble, decode, encode};
use synctap::model::{Decoded, Tree};
use synctap::render::{Secrets, xml};

/// Bytes that a decoded body holds beside the body itself: layers made from it, nodes, text that
/// is no slice of a layer.
fn held(decoded: &Decoded) -> usize {
    let trees = decoded.layers.iter().filter_map(|layer| layer.tree.as_ref());
    let trees = trees.map(Tree::memory);
    let layers = decoded.layers.iter().skip(1).map(|layer| layer.bytes.len());
    trees.sum::<usize>() + layers.sum::<usize>()
}

#[test]
fn ten_megabytes_are_read_whole_and_come_back() {
    let documents = corpus::documents(true);
    let document = documents.iter().find(|document| document.bytes.len() > 10 << 20).unwrap();
    let body = Bytes::from(document.bytes.clone());
    let decoded = decode(body.clone(), &Hints::default());
    assert_eq!(decoded.problems, []);
    assert!(held(&decoded) < 4 * body.len(), "{} MiB", held(&decoded) >> 20);
    let (_, tree, layer) = decoded.document().unwrap();
    let preamble = Preamble::of(layer, Book::by_key(document.key).unwrap()).unwrap();
    assert!(encode(tree, layer, &preamble).unwrap() == body);
    let all = [documents, corpus::small_messages()].concat();
    assert_eq!(corpus::hash(&all), corpus::HASH, "not the corpus of the published results");
}

/// The densest bodies: one node a byte, text from two bytes, layers from eight.
#[test]
fn memory_is_a_multiple_of_the_body_plus_ceilings() {
    let table = vec![b'a'; 60_000];
    let with_table = |body: &[u8]| {
        let mut all = b"\x03\x01\x6A\x83\xD4\x60".to_vec();
        all.extend_from_slice(&table);
        all.extend_from_slice(body);
        all
    };
    let empties = [&b"\x03\x01\x6A\x00\x45"[..], &b"\x05".repeat(200_000)].concat();
    let strings = with_table(&[&b"\x45"[..], &b"\x83\x00".repeat(100_000)].concat());
    let attributes = with_table(&[&b"\xC5"[..], &b"\x05".repeat(100_000)].concat());
    for body in [empties, strings, attributes] {
        let length = body.len();
        let decoded = decode(body.into(), &Hints::default());
        let limit = 120 * length + (16 << 20);
        assert!(held(&decoded) < limit, "{length}: {}", held(&decoded));
        assert!(decoded.layers[0].tree.is_some());
    }
}

/// A namespace that no prefix can stand for would be written on every element.
#[test]
fn a_long_namespace_is_not_written_without_end() {
    let space = "x".repeat(100_000);
    let elements = "<synctap:b/>".repeat(20_000);
    let body = format!("<a xmlns:synctap='urn:{space}'>{elements}</a>");
    let length = body.len();
    let decoded = decode(body.into(), &Hints::default());
    let text = xml(&decoded, decoded.main(), Secrets::Shown);
    assert!(text.len() < 10 * length, "{}", text.len());
    let again = decode(text.into(), &Hints::default());
    assert_eq!(again.problems, []);
}
