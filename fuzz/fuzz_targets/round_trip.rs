//! Bytes to a tree to bytes: the first byte chooses the document type.
#![no_main]

use libfuzzer_sys::fuzz_target;
use synctap::codec::{Book, DocumentType, Hints, decode_as};

fuzz_target!(|data: &[u8]| {
    let Some((choice, body)) = data.split_first() else { return };
    let books = Book::all();
    let book = &books[usize::from(*choice) % books.len()];
    let body = bytes::Bytes::copy_from_slice(body);
    let decoded = decode_as(body, DocumentType::Wbxml(book), &Hints::default());
    oracle::check(&decoded);
    oracle::comes_back(&decoded);
});
