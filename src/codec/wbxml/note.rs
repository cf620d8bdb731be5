//! How a document was written, beside its names and text: a processing instruction before its root
//! in XML, so that what is read back from there comes out as the same bytes.
//!
//! ```text
//! <?wbxml version="1.3" public-id="-//SYNCML//DTD SyncML 1.1//EN" empty="string"?>
//! ```
//!
//! Only what differs from [`Preamble::canonical`] is said; most documents have no such instruction.

use std::collections::BTreeSet;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::model::{Decoded, Format, LayerId, Name, NodeKind, Tree, Written};

use super::book::Book;
use super::header::{Header, PublicId};
use super::naming;
use super::preamble::{Declared, Empty, Preamble};

/// The target of the instruction.
const TARGET: &str = "wbxml";

/// Names that a note says are literals.
const LITERALS: usize = 256;

/// Characters that a note says are entities.
const ENTITIES: usize = 64;

/// Longest string table that is kept, in bytes.
const TABLE: usize = 64 << 10;

/// How the WBXML document in a layer was written, as the text of a processing instruction; `None`
/// for other layers, and when nothing needs to be said. `strings` allows its string table to stand
/// there, in base64: it may hold secrets.
pub fn note(decoded: &Decoded, id: LayerId, strings: bool) -> Option<String> {
    let layer = decoded.layer(id)?;
    let Format::Wbxml(name) = layer.format else { return None };
    let (book, tree) = (Book::by_name(name)?, layer.tree.as_ref()?);
    let header = Header::read(&layer.bytes).ok()?;
    let around = layer.origin.filter(|origin| origin.node.is_some());
    let around = around.and_then(|origin| match decoded.layer(origin.layer)?.format {
        Format::Wbxml(name) => Book::by_name(name),
        _ => None,
    });
    let canonical = Preamble::canonical(book);
    let mut note = Note::default();
    if around
        .is_some_and(|around| around.inner(book.root).is_none_or(|known| known.key != book.key))
    {
        note.add("type", book.key);
    }
    if header.version != canonical.version {
        note.add("version", &header.version_text());
    }
    note.header(&layer.bytes, &header, &canonical, strings)?;
    let literals = literals(tree, book);
    if !literals.is_empty() {
        note.add("literals", &literals.join(" "));
    }
    let entities = entities(tree);
    if !entities.is_empty() {
        note.add("entities", &entities.join(" "));
    }
    match Empty::of(tree) {
        Empty::Bare => {}
        Empty::String => note.add("empty", "string"),
        Empty::Content => note.add("empty", "content"),
    }
    if book.attributes().any(|(_, _, start)| start.name == "xmlns") {
        match Declared::of(tree) {
            Declared::All => {}
            Declared::Root => note.add("namespaces", "root"),
            Declared::None => note.add("namespaces", "none"),
        }
    }
    (!note.0.is_empty()).then(|| format!("{TARGET}{}", note.0))
}

/// The names of elements that stand as literals though a token has them: encoders whose tables are
/// older write such.
fn literals(tree: &Tree, book: &'static Book) -> Vec<String> {
    let mut found = BTreeSet::new();
    for node in tree.nodes() {
        if let NodeKind::Element(element) = &node.kind
            && let Name::Literal(name) = element.name
            && found.len() < LITERALS
            && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.:".contains(&byte))
            && naming::token(book, "", name, 0).is_some()
        {
            found.insert(name.to_owned());
        }
    }
    found.into_iter().collect()
}

/// The code points that stand as entities in the content.
fn entities(tree: &Tree) -> Vec<String> {
    let mut found = BTreeSet::new();
    for node in tree.nodes() {
        if let NodeKind::Text(_, Written::Entity(code)) = node.kind
            && char::from_u32(code).is_some()
            && found.len() < ENTITIES
        {
            found.insert(code);
        }
    }
    found.iter().map(u32::to_string).collect()
}

/// The instruction being made.
#[derive(Debug, Default)]
struct Note(String);

impl Note {
    fn add(&mut self, name: &str, value: &str) {
        for piece in [" ", name, "=\"", value, "\""] {
            self.0.push_str(piece);
        }
    }

    /// Public id, charset and string table; `None` when they cannot stand in an instruction.
    fn header(
        &mut self,
        layer: &[u8],
        header: &Header,
        canonical: &Preamble,
        strings: bool,
    ) -> Option<()> {
        let table = header.table.of(layer);
        let mut implied = canonical.table.as_slice();
        let text;
        if header.public_id != canonical.public_id || header.table.of(layer) != implied {
            match header.public_id {
                PublicId::Number(number) => {
                    implied = &[];
                    if header.public_id != canonical.public_id {
                        self.add("public-id", &format!("0x{number:X}"));
                    }
                }
                PublicId::Table(offset) => {
                    let fpi = header.table_string(layer, offset, 1)?.of(layer);
                    let good = |byte: &u8| {
                        byte.is_ascii_graphic() && !b"\"?<>&".contains(byte) || *byte == b' '
                    };
                    let fpi = std::str::from_utf8(fpi)
                        .ok()
                        .filter(|fpi| fpi.bytes().all(|b| good(&b)))?;
                    // Some phones leave the terminator out.
                    let end = if table == fpi.as_bytes() { "" } else { "\0" };
                    text = format!("{fpi}{end}").into_bytes();
                    implied = &text;
                    self.add("public-id", fpi);
                    if end.is_empty() {
                        self.add("terminated", "no");
                    }
                }
            }
        }
        if header.charset != canonical.charset {
            let mib = header.charset.map_or_else(|| "none".to_owned(), |mib| mib.to_string());
            self.add("charset", &mib);
        }
        if table != implied && table.len() <= TABLE && strings {
            self.add("strings", &STANDARD.encode(table));
        }
        Some(())
    }
}

impl Preamble {
    /// The header for a tree of XML: [`Preamble::canonical`], changed as the instruction before its
    /// root says that it was written (`decode --xml` prints such).
    pub fn for_xml(tree: &Tree, layer: &[u8], book: &'static Book) -> Self {
        let mut preamble = Self::canonical(book);
        for id in tree.roots().take_while(|id| !tree.is_element(*id)) {
            if let Some(NodeKind::Instruction(text)) = tree.get(id).map(|node| node.kind)
                && is_note(Tree::resolve(&text, layer))
            {
                preamble.apply(Tree::resolve(&text, layer));
            }
        }
        preamble
    }

    /// Takes over what a note says; what it says wrongly is left out.
    pub(super) fn apply(&mut self, note: &str) {
        if let Some(table) = value(note, "strings").and_then(|text| STANDARD.decode(text).ok()) {
            self.table = table;
            self.reuse = true;
        }
        if let Some(version) = value(note, "version").and_then(version) {
            self.version = version;
        }
        match value(note, "charset") {
            Some("none") => self.charset = None,
            Some(mib) => self.charset = mib.parse().ok().or(self.charset),
            None => {}
        }
        if let Some(id) = value(note, "public-id") {
            let end: &[u8] = if value(note, "terminated") == Some("no") { b"" } else { b"\0" };
            self.set_public_id(id, end);
        }
        let names = value(note, "literals").unwrap_or_default().split(' ').take(LITERALS);
        self.literals = names.filter(|name| !name.is_empty()).map(str::to_owned).collect();
        let codes = value(note, "entities").unwrap_or_default().split(' ').take(ENTITIES);
        self.entities = codes.filter_map(|code| char::from_u32(code.parse().ok()?)).collect();
        match value(note, "empty") {
            Some("string") => self.empty = Empty::String,
            Some("content") => self.empty = Empty::Content,
            _ => {}
        }
        match value(note, "namespaces") {
            Some("root") => self.declared = Declared::Root,
            Some("none") => self.declared = Declared::None,
            _ => {}
        }
    }

    fn set_public_id(&mut self, id: &str, end: &[u8]) {
        if let Some(digits) = id.strip_prefix("0x") {
            if let Ok(number) = u32::from_str_radix(digits, 16)
                && number > 0
            {
                self.public_id = PublicId::Number(number);
                self.table.truncate(if self.reuse { self.table.len() } else { 0 });
            }
            return;
        }
        let string = [id.as_bytes(), end].concat();
        if !self.reuse {
            self.table.clone_from(&string);
        }
        let offset = self.table.windows(string.len()).position(|window| window == string);
        if let Some(offset) = offset.and_then(|offset| u32::try_from(offset).ok()) {
            self.public_id = PublicId::Table(offset);
        }
    }
}

/// The document type that a note before an element inside another document names.
pub(super) fn inner_book(note: &str) -> Option<&'static Book> {
    value(note, "type").and_then(Book::by_key)
}

/// True for the text of a processing instruction that is a note.
pub(super) fn is_note(text: &str) -> bool {
    text.strip_prefix(TARGET).is_some_and(|rest| rest.is_empty() || rest.starts_with(' '))
}

/// The value of a pseudo-attribute.
fn value<'a>(note: &'a str, name: &str) -> Option<&'a str> {
    let mut rest = note.strip_prefix(TARGET)?;
    while let Some((key, tail)) = rest.split_once("=\"") {
        let (value, after) = tail.split_once('"')?;
        if key.trim() == name {
            return Some(value);
        }
        rest = after;
    }
    None
}

/// `1.3` as the version byte.
fn version(text: &str) -> Option<u8> {
    let (major, minor) = text.split_once('.')?;
    let (major, minor): (u8, u8) = (major.parse().ok()?, minor.parse().ok()?);
    let high = major.checked_sub(1).filter(|major| *major < 16)?;
    (minor < 16).then_some(high.wrapping_shl(4) | minor)
}
