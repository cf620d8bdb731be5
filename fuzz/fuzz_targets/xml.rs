//! XML to a tree, to WBXML, and to XML again.
#![no_main]

use bytes::Bytes;
use libfuzzer_sys::fuzz_target;
use synctap::codec::{Book, DocumentType, Hints, Preamble, decode_as, encode};

fuzz_target!(|data: &[u8]| {
    let Some((choice, text)) = data.split_first() else { return };
    let body = Bytes::copy_from_slice(text);
    let decoded = decode_as(body, DocumentType::Xml, &Hints::default());
    oracle::check(&decoded);
    let Some((_, tree, bytes)) = decoded.document() else { return };
    let books = Book::all();
    let book = &books[usize::from(*choice) % books.len()];
    let Ok(written) = encode(tree, bytes, &Preamble::canonical(book)) else { return };
    let again = decode_as(written.into(), DocumentType::Wbxml(book), &Hints::default());
    oracle::check(&again);
    oracle::comes_back(&again);
});
