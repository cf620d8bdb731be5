//! Canonical WBXML, as servers and devices write it.

use std::collections::HashMap;

use synctap::codec::Book;

/// Writes one document.
#[derive(Debug)]
pub(crate) struct Writer {
    book: &'static Book,
    tokens: HashMap<(&'static str, &'static str), (u8, u8)>,
    page: u8,
    out: Vec<u8>,
}

impl Writer {
    /// A document of the type `key` that begins with `header`.
    pub(crate) fn new(key: &str, header: &[u8]) -> Self {
        let book = Book::by_key(key).expect("a document type");
        Self { book, tokens: HashMap::new(), page: 0, out: header.to_vec() }
    }

    /// `<name>` and its content.
    pub(crate) fn element(
        &mut self,
        space: &'static str,
        name: &'static str,
        content: impl FnOnce(&mut Self),
    ) {
        self.tag(space, name, 0x40);
        content(self);
        self.out.push(0x01);
    }

    /// `<name>text</name>`.
    pub(crate) fn text(&mut self, space: &'static str, name: &'static str, text: &str) {
        self.element(space, name, |writer| writer.string(text));
    }

    /// `<name>` around opaque bytes.
    pub(crate) fn opaque(&mut self, space: &'static str, name: &'static str, bytes: &[u8]) {
        self.element(space, name, |writer| {
            writer.out.push(0xC3);
            writer.integer(bytes.len());
            writer.out.extend_from_slice(bytes);
        });
    }

    /// `<name/>`.
    pub(crate) fn empty(&mut self, space: &'static str, name: &'static str) {
        self.tag(space, name, 0);
    }

    /// Bytes so far.
    pub(crate) fn len(&self) -> usize {
        self.out.len()
    }

    /// The document.
    pub(crate) fn finish(self) -> Vec<u8> {
        self.out
    }

    fn string(&mut self, text: &str) {
        self.out.push(0x03);
        self.out.extend_from_slice(text.as_bytes());
        self.out.push(0);
    }

    fn tag(&mut self, space: &'static str, name: &'static str, flags: u8) {
        let (book, page) = (self.book, self.page);
        let found = self.tokens.entry((space, name)).or_insert_with(|| {
            book.tag_token(Some(space), name, page).unwrap_or_else(|| panic!("{space}:{name}"))
        });
        let (page, token) = *found;
        if page != self.page {
            self.out.extend([0x00, page]);
            self.page = page;
        }
        self.out.push(token | flags);
    }

    fn integer(&mut self, value: usize) {
        let septet = |shift: u32| u8::try_from((value >> shift) & 0x7F).unwrap_or(0);
        for shift in [21, 14, 7] {
            if value >> shift != 0 {
                self.out.push(septet(shift) | 0x80);
            }
        }
        self.out.push(septet(0));
    }
}
