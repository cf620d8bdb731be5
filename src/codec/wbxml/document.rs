//! A whole WBXML document: header, document type, tree.

use std::borrow::Cow;

use crate::codec::charset::Charset;
use crate::codec::faults::{Fault, Faults};
use crate::codec::limits;
use crate::codec::progress::Progress;
use crate::codec::reader::Reader;
use crate::model::{Grade, NodeId, Span, Tree};

use super::book::Book;
use super::header::{Header, PublicId, mb_u32};
use super::strict;
use super::token::{HAS_ATTRIBUTES, LITERAL, SWITCH_PAGE, TOKEN_BITS};
use super::tree::{self, Bounds};

/// A document as far as it could be read.
#[derive(Debug)]
pub(crate) struct Document {
    /// The token tables that were used.
    pub(crate) book: &'static Book,
    /// What was understood; may be empty.
    pub(crate) tree: Tree,
    /// The nodes that may be documents of their own, in order.
    pub(crate) holders: Vec<NodeId>,
    /// Version, public id, charset, string table.
    pub(crate) facts: Vec<(&'static str, Cow<'static, str>)>,
    /// What was wrong.
    pub(crate) faults: Vec<Fault>,
}

/// What is known beside the bytes.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Outside<'a> {
    /// Media type without parameters, lower case; may be empty.
    pub(crate) media_type: &'a str,
    /// Charset named by the transport; may be empty.
    pub(crate) charset: &'a str,
    /// Tables to use whatever the document says.
    pub(crate) book: Option<&'static Book>,
    /// The end may be missing.
    pub(crate) truncated: bool,
    /// Nodes it may have.
    pub(crate) nodes: usize,
    /// Deviations from the grammar are reported too.
    pub(crate) strict: bool,
    /// Who is told how far it is read.
    pub(crate) progress: Progress<'a>,
}

/// Reads a document. `None` without a header or tables to read it by is a fault of its own, so
/// there is always a document.
pub(crate) fn read(layer: &[u8], outside: &Outside<'_>) -> Document {
    let mut faults = Faults::default();
    let fallback = outside.book.or_else(|| by_media_type(outside.media_type));
    let header = match Header::read(layer) {
        Ok(header) => header,
        Err(error) => {
            let span = Span::new(error.at, layer.len());
            if outside.truncated && error.kind.is_early_end() {
                faults.odd(span, error.kind.code(), error.kind.to_string());
            } else {
                faults.broken(span, error.kind.code(), error.kind.to_string());
            }
            let book = fallback.unwrap_or_else(Book::activesync);
            let faults = faults.into_list();
            return Document {
                book,
                tree: Tree::new(),
                holders: Vec::new(),
                facts: Vec::new(),
                faults,
            };
        }
    };
    if header.version > 3 {
        let text = format!("WBXML version {} is not known", header.version_text());
        faults.odd(Span::new(0, 1), "wbxml-version", text);
    }
    if header.version == 0 && header.charset.is_some() {
        let text = "version 1.0 has no charset, and here is one: libwbxml writes it so";
        faults.odd(Span::new(0, header.table.range().start), "wbxml-version", text);
    }
    let charset = charset(&header, outside.charset, &mut faults);
    let book = outside
        .book
        .or_else(|| by_header(layer, &header, charset, &mut faults))
        .or(fallback.filter(|book| fits_root(layer, &header, book)))
        .or_else(|| by_root(layer, &header))
        .or(fallback)
        .unwrap_or_else(Book::activesync);
    let book = wireless_village(layer, &header, book).unwrap_or(book);
    let facts = facts(layer, &header, charset);
    let bounds = Bounds { truncated: outside.truncated, nodes: outside.nodes };
    let meter = outside.progress.of(layer.len());
    let (tree, holders) = tree::build(layer, &header, (book, charset), bounds, meter, &mut faults);
    if outside.strict {
        strict::check(layer, &header, book, charset, &mut faults);
    }
    Document { book, tree, holders, facts, faults: faults.into_list() }
}

/// WBXML 1.3, public id unknown, UTF-8 (MS-ASWBXML 2.1).
const ACTIVESYNC_PROLOGUE: &[u8] = &[0x03, 0x01, 0x6A];

/// True when `layer` begins like a WBXML document that a table can read: for bodies without a
/// usable media type.
///
/// A header with a charset and a number that cannot be chance is enough, so that a document with a
/// broken body is still one; others have to go on with a root that the tables know.
pub(crate) fn is_likely(layer: &[u8]) -> bool {
    // What every ActiveSync body begins with is one, however its header goes on.
    let Ok(header) = Header::read(layer) else { return layer.starts_with(ACTIVESYNC_PROLOGUE) };
    let charset = header.charset.filter(|mib| *mib != 0);
    if header.version > 3 || charset.is_some_and(|mib| Charset::by_mib(mib).is_none()) {
        return false;
    }
    match header.public_id {
        PublicId::Number(1) => {
            header.version > 0 && charset.is_some() || by_root(layer, &header).is_some()
        }
        PublicId::Number(number) => Book::by_public_id(number).is_some_and(|book| {
            number > 0xFF && charset.is_some()
                || fits_root(layer, &header, book)
                || charset == Some(106) && literal_root(layer, &header).is_some_and(is_plain_name)
        }),
        PublicId::Table(_) => {
            let charset = charset.and_then(Charset::by_mib).unwrap_or_else(Charset::utf8);
            by_header(layer, &header, charset, &mut Faults::default()).is_some()
                || header.charset == Some(106) && by_root(layer, &header).is_some()
        }
    }
}

fn by_header(
    layer: &[u8],
    header: &Header,
    charset: &Charset,
    faults: &mut Faults,
) -> Option<&'static Book> {
    match header.public_id {
        // "Unknown or missing".
        PublicId::Number(1) => None,
        PublicId::Number(number) => {
            let book = Book::by_public_id(number);
            if book.is_none() {
                let text = format!("public id 0x{number:X} is not known");
                faults.odd(Span::new(1, 2), "wbxml-public-id", text);
            }
            book
        }
        PublicId::Table(offset) => {
            let Some(span) = header.table_string(layer, offset, charset.terminator) else {
                let text = format!(
                    "the public id's offset {offset} is outside the string table of {} bytes",
                    header.table.len()
                );
                faults.broken(Span::new(1, 3), "wbxml-string-offset", text);
                return None;
            };
            let (fpi, _) = charset.decode(span.of(layer));
            // Meters have been seen that write the number there.
            let number = match span.of(layer) {
                [high, low] => Book::by_public_id(u32::from(u16::from_be_bytes([*high, *low]))),
                _ => None,
            };
            if number.is_some() {
                let text =
                    "the number of a public id stands in the string table, as if it were text";
                faults.odd(span, "wbxml-public-id", text);
                return number;
            }
            let book = Book::by_fpi(&fpi);
            if book.is_none() {
                faults.odd(span, "wbxml-public-id", format!("public id `{fpi}` is not known"));
            }
            book
        }
    }
}

/// The newest document type of a media type; `+xml` forms count, as encoders mislabel them.
fn by_media_type(media_type: &str) -> Option<&'static Book> {
    let found = Book::by_media_type(media_type).next();
    found.or_else(|| {
        let base = media_type.strip_suffix("+xml")?;
        Book::by_media_type(&format!("{base}+wbxml")).next()
    })
}

/// The document type whose root stands here; ActiveSync first.
fn by_root(layer: &[u8], header: &Header) -> Option<&'static Book> {
    const CANDIDATES: [&str; 8] =
        ["eas", "syncml12", "devinf12", "dmddf12", "metinf12", "prov10", "ota70", "syncset10"];
    // These have the token of ActiveSync's Sync, and attributes, which that hardly ever has.
    let known = match layer.get(header.body..).unwrap_or_default() {
        [0x45, 0xC6, ..] => Book::by_key("ota70"),
        // The attribute is `version`.
        [0xC5, 0x45 | 0x46, ..] => Book::by_key("prov10"),
        // These are no command of ActiveSync.
        [0x49 | 0xC9, ..] => Book::by_key("wvcsp12"),
        [0x7F, ..] => Book::by_key("wml13"),
        _ => None,
    };
    if known.is_some() {
        return known;
    }
    CANDIDATES
        .iter()
        .filter_map(|key| Book::by_key(key))
        .find(|book| fits_root(layer, header, book))
}

/// True when the first tag of the body is a root of this document type.
fn fits_root(layer: &[u8], header: &Header, book: &Book) -> bool {
    let mut reader = Reader::from(layer, header.body);
    let mut page = 0;
    while reader.peek() == Some(SWITCH_PAGE) {
        reader.byte();
        page = reader.byte().unwrap_or(0);
    }
    let token = reader.byte().unwrap_or(0) & TOKEN_BITS;
    if token != LITERAL {
        return book.is_root(page, token);
    }
    let root = book.root.rsplit(':').next().unwrap_or_default().as_bytes();
    literal_root(layer, header)
        .is_some_and(|name| !name.is_empty() && (name == root || name == book.root.as_bytes()))
}

/// The name of the first tag of the body, when it is a literal: encoders write documents of types
/// they do not know so, under the public id of another.
fn literal_root<'a>(layer: &'a [u8], header: &Header) -> Option<&'a [u8]> {
    let mut reader = Reader::from(layer, header.body);
    while reader.peek() == Some(SWITCH_PAGE) {
        reader.take(2)?;
    }
    if reader.byte()? & TOKEN_BITS != LITERAL {
        return None;
    }
    let offset = mb_u32(&mut reader, "").ok()?;
    Some(header.table_string(layer, offset, 1)?.of(layer))
}

/// True for a name of letters, digits and a few signs, as element names are.
fn is_plain_name(name: &[u8]) -> bool {
    name.first().is_some_and(u8::is_ascii_alphabetic)
        && name.iter().all(|byte| byte.is_ascii_alphanumeric() || b"-_.:".contains(byte))
}

/// The version of a Wireless Village document by its first attribute, the namespace: peers of
/// 1.1, 1.2 and 1.3 all send the public id of 1.1.
fn wireless_village(layer: &[u8], header: &Header, book: &Book) -> Option<&'static Book> {
    if !book.key.starts_with("wvcsp") {
        return None;
    }
    match layer.get(header.body..)? {
        [root, 0x05 | 0x08 | 0x0B, 0x03, b'1', b'.', minor, 0, ..]
            if root & HAS_ATTRIBUTES != 0 =>
        {
            match minor {
                b'1' => Book::by_key("wvcsp11"),
                b'2' => Book::by_key("wvcsp12"),
                b'3' => Book::by_key("wvcsp13"),
                _ => None,
            }
        }
        _ => None,
    }
}

fn charset(header: &Header, outside: &str, faults: &mut Faults) -> &'static Charset {
    let declared = header.charset.filter(|mib| *mib != 0);
    let found = match declared {
        Some(mib) => Charset::by_mib(mib),
        None => Charset::by_name(outside).or_else(|| Some(Charset::utf8())),
    };
    if !found.is_some_and(Charset::is_readable) {
        let mib = declared.unwrap_or_default();
        let text = format!("charset {mib} cannot be read, UTF-8 is assumed");
        faults.odd(Span::new(0, header.body), "wbxml-charset", text);
    }
    found.unwrap_or_else(Charset::utf8)
}

fn facts(
    layer: &[u8],
    header: &Header,
    charset: &Charset,
) -> Vec<(&'static str, Cow<'static, str>)> {
    let public_id = match header.public_id {
        PublicId::Number(1) => "0x1 (unknown or missing)".into(),
        PublicId::Number(number) => {
            let known = Book::by_public_id(number);
            known.map_or_else(
                || format!("0x{number:X} (not known)").into(),
                |book| book.public_id_words.as_str().into(),
            )
        }
        PublicId::Table(offset) => {
            let fpi = header.table_string(layer, offset, charset.terminator);
            fpi.map_or_else(
                || format!("string {offset}").into(),
                |fpi| charset.decode(fpi.of(layer)).0.into_owned().into(),
            )
        }
    };
    let declared = match header.charset {
        None => format!("{} (version 1.0 has no field)", charset.name).into(),
        Some(0) => format!("{} (0: not given)", charset.name).into(),
        Some(106) => "UTF-8 (106)".into(),
        Some(mib) => format!("{} ({mib})", charset.name).into(),
    };
    // Nearly all documents have none; formatting takes as long as reading some of them.
    let length = match header.table.len() {
        0 => "0 bytes".into(),
        length => format!("{length} bytes").into(),
    };
    vec![
        ("WBXML version", header.version_text()),
        ("public id", public_id),
        ("charset", declared),
        ("string table", length),
    ]
}

/// True when `layer` reads as a document of this media type without damage.
pub(crate) fn is_sound(layer: &[u8], media_type: &str) -> bool {
    let nodes = limits::NODES;
    let (book, truncated, strict, progress) = (None, false, false, Progress::default());
    let outside = Outside { media_type, charset: "", book, truncated, nodes, strict, progress };
    let document = read(layer, &outside);
    !document.tree.is_empty() && document.faults.iter().all(|fault| fault.grade == Grade::Odd)
}
