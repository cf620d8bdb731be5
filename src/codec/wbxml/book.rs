//! Token tables: one [`Book`] a document type, read from the TSV files on first use.

use std::sync::LazyLock;

use crate::codec::children;
use crate::model::Vocabulary;

/// The token tables of one document type, and how it is recognised.
#[derive(Debug)]
pub struct Book {
    /// Short name for `--as`: `eas`, `syncml12`.
    pub key: &'static str,
    /// Name for people: `ActiveSync`, `SyncML 1.2`.
    pub name: &'static str,
    /// Registered public id; `None` for document types without one.
    pub public_id: Option<u32>,
    /// Formal public identifier, as specified.
    pub fpi: &'static str,
    /// The registered public id and the formal one, for people.
    pub(super) public_id_words: String,
    /// Formal public identifiers that encoders write instead.
    other_fpis: Vec<&'static str>,
    /// Root element; empty when there are many (ActiveSync).
    pub root: &'static str,
    /// Media types, lower case.
    pub media_types: Vec<&'static str>,
    /// System identifier of the XML form's document type declaration; may be empty.
    pub system_id: &'static str,
    /// Tables of other names that belong to this document type too.
    includes: Vec<&'static str>,
    tags: Pages<Tag>,
    vocabulary: Vocabulary,
    attributes: Pages<AttributeStart>,
    values: Pages<&'static str>,
    extensions: Vec<(u32, &'static str)>,
    /// Names that other tools and older revisions have for tags: page, token, name.
    aliases: Vec<(u8, u8, &'static str)>,
}

/// What a tag token means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tag {
    /// Element name.
    pub name: &'static str,
    /// Namespace; empty for none.
    pub namespace: &'static str,
    /// First ActiveSync protocol version with this element (2.5 means "2.5 or before"); empty
    /// outside ActiveSync and where it is not known.
    pub first_version: &'static str,
    /// Last one; empty while current.
    pub last_version: &'static str,
    /// The content is bytes, written as `OPAQUE`.
    pub opaque: bool,
}

impl Tag {
    /// True when this element exists in an ActiveSync protocol version (`12.1`); `None` when the
    /// version is no number, or the tables do not say since when the element exists.
    ///
    /// A first version of 2.5 counts as "always": the tables begin there.
    pub fn exists_in(&self, version: &str) -> Option<bool> {
        let asked = version_number(version)?;
        let first = version_number(self.first_version)?;
        let last = version_number(self.last_version);
        let since = self.first_version == "2.5" || first <= asked;
        Some(since && last.is_none_or(|last| asked <= last))
    }
}

/// `14.1` as major and minor.
fn version_number(text: &str) -> Option<(u8, u8)> {
    let (major, minor) = text.split_once('.')?;
    Some((major.parse().ok()?, minor.parse().ok()?))
}

/// What an attribute start token means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AttributeStart {
    /// Attribute name.
    pub name: &'static str,
    /// How the value begins.
    pub prefix: &'static str,
}

impl Book {
    /// Every document type.
    pub fn all() -> &'static [Self] {
        &BOOKS
    }

    /// The ActiveSync tables.
    pub fn activesync() -> &'static Self {
        &ACTIVESYNC
    }

    /// By its short name, in any case.
    pub fn by_key(key: &str) -> Option<&'static Self> {
        BOOKS.iter().find(|book| book.key.eq_ignore_ascii_case(key))
    }

    /// By its name for people, which a layer's format carries.
    pub fn by_name(name: &str) -> Option<&'static Self> {
        BOOKS.iter().find(|book| book.name == name)
    }

    /// By registered public id.
    pub fn by_public_id(public_id: u32) -> Option<&'static Self> {
        BOOKS.iter().find(|book| book.public_id == Some(public_id))
    }

    /// By formal public identifier, in any case and with any spaces.
    pub fn by_fpi(fpi: &str) -> Option<&'static Self> {
        let fpi: String = fpi.split_ascii_whitespace().collect();
        let is_it = |known: &str| {
            let known = known.chars().filter(|c| *c != ' ');
            !fpi.is_empty()
                && known
                    .map(|c| c.to_ascii_lowercase())
                    .eq(fpi.chars().map(|c| c.to_ascii_lowercase()))
        };
        BOOKS.iter().find(|book| is_it(book.fpi) || book.other_fpis.iter().any(|fpi| is_it(fpi)))
    }

    /// All with this media type (without parameters, lower case), newest version first.
    pub fn by_media_type(media_type: &str) -> impl Iterator<Item = &'static Self> {
        BOOKS.iter().rev().filter(move |book| book.media_types.contains(&media_type))
    }

    /// True for ActiveSync.
    pub fn is_activesync(&self) -> bool {
        self.key == EAS
    }

    /// The meaning of a tag token (without flag bits).
    pub fn tag(&self, page: u8, token: u8) -> Option<&Tag> {
        self.tags.row(page, token)
    }

    /// The names of the tag tokens alone, as trees keep them.
    pub fn vocabulary(&self) -> &Vocabulary {
        &self.vocabulary
    }

    /// The namespaces of the elements; some more than once.
    pub fn namespaces(&self) -> impl Iterator<Item = &'static str> {
        self.tags.iter().map(|(_, _, tag)| tag.namespace)
    }

    fn set_tag(&mut self, page: u8, token: u8, tag: Tag) {
        let Tag { name, namespace, .. } = tag;
        self.vocabulary.set((page, token), name, namespace, children::may_hold(name));
        self.tags.set(page, token, tag);
    }

    /// The token of an element, preferring `page`, and its own name to what others call it.
    pub fn tag_token(&self, namespace: Option<&str>, name: &str, page: u8) -> Option<(u8, u8)> {
        let is_in = |tag: &Tag| namespace.is_none_or(|n| n.eq_ignore_ascii_case(tag.namespace));
        let fits = |tag: &Tag| tag.name == name && is_in(tag);
        let on_page = self.tags.rows_of(page).find(|(_, tag)| fits(tag));
        let found = on_page.map(|(token, _)| (page, token));
        let anywhere = || self.tags.iter().find(|(_, _, tag)| fits(tag));
        found.or_else(|| anywhere().map(|(page, token, _)| (page, token))).or_else(|| {
            let known = self.aliases.iter().filter(|(page, token, alias)| {
                *alias == name && self.tag(*page, *token).is_some_and(is_in)
            });
            let nearest = known.min_by_key(|(on, token, _)| (*on != page, *on, *token));
            nearest.map(|(page, token, _)| (*page, *token))
        })
    }

    /// The token of an element that the table lists with a prefix (`o-ex:rights`), by its local
    /// name.
    pub fn prefixed_tag_token(&self, local: &str) -> Option<(u8, u8)> {
        let fits = |tag: &Tag| tag.name.split_once(':').is_some_and(|(_, name)| name == local);
        self.tags.iter().find(|(_, _, tag)| fits(tag)).map(|(page, token, _)| (page, token))
    }

    /// The meaning of an attribute start token.
    pub fn attribute(&self, page: u8, token: u8) -> Option<&AttributeStart> {
        self.attributes.row(page, token)
    }

    /// All attribute start tokens: page, token, meaning.
    pub fn attributes(&self) -> impl Iterator<Item = (u8, u8, &AttributeStart)> {
        self.attributes.iter()
    }

    /// The piece of text that an attribute value token stands for.
    pub fn value(&self, page: u8, token: u8) -> Option<&'static str> {
        self.values.row(page, token).copied()
    }

    /// All attribute value tokens: page, token, text.
    pub fn values(&self) -> impl Iterator<Item = (u8, u8, &'static str)> {
        self.values.iter().map(|(page, token, text)| (page, token, *text))
    }

    /// The text that `EXT_T_0` with this operand stands for (Wireless Village).
    pub fn extension(&self, operand: u32) -> Option<&'static str> {
        self.extensions.iter().find(|(code, _)| *code == operand).map(|(_, text)| *text)
    }

    /// True when this document type has extension values.
    pub fn has_extensions(&self) -> bool {
        !self.extensions.is_empty()
    }

    /// True when opaque content may be a packed number or time (Wireless Village).
    pub(super) fn has_packed_values(&self) -> bool {
        self.key.starts_with("wvcsp")
    }

    /// True when an attribute's value is a packed time (`%Datetime` of SI 1.0 and EMN 1.0).
    pub(super) fn has_times(&self, attribute: &str) -> bool {
        matches!(self.key, "si10" | "emn10")
            && matches!(attribute, "created" | "si-expires" | "timestamp")
    }

    /// The operand of `EXT_T_0` that stands for `text` (Wireless Village).
    pub(super) fn extension_of(&self, text: &str) -> Option<u32> {
        self.extensions.iter().find(|(_, known)| *known == text).map(|(code, _)| *code)
    }

    /// True when `EXT` tokens are WML variables.
    pub fn has_variables(&self) -> bool {
        self.key.starts_with("wml") || self.key.starts_with("wta")
    }

    /// The document type whose documents, with this root, stand in elements of this one as bytes:
    /// device information in SyncML.
    pub(super) fn inner(&self, root: &str) -> Option<&'static Self> {
        let version = self.key.strip_prefix("syncml").filter(|_| root == "DevInf")?;
        Self::by_key(&format!("devinf{version}"))
    }

    /// True when a document may begin with this tag.
    pub fn is_root(&self, page: u8, token: u8) -> bool {
        let Some(tag) = self.tag(page, token) else { return false };
        if self.is_activesync() { eas_root(page, tag.name) } else { tag.name == self.root }
    }
}

/// Root elements of ActiveSync bodies: the commands (MS-ASCMD 2.2.1) and the page they stand on.
fn eas_root(page: u8, name: &str) -> bool {
    matches!(
        (page, name),
        (0, "Sync")
            | (5, "MoveItems")
            | (6, "GetItemEstimate")
            | (7, "FolderSync" | "FolderCreate" | "FolderDelete" | "FolderUpdate")
            | (8, "MeetingResponse")
            | (10, "ResolveRecipients")
            | (11, "ValidateCert")
            | (13, "Ping")
            | (14, "Provision")
            | (15, "Search")
            | (18, "Settings")
            | (20, "ItemOperations")
            | (21, "SendMail" | "SmartForward" | "SmartReply")
            | (25, "Find")
    )
}

/// Rows by code page and token.
#[derive(Debug)]
struct Pages<T> {
    /// Index: code page. Most are empty.
    pages: Vec<Vec<Option<T>>>,
}

impl<T> Default for Pages<T> {
    fn default() -> Self {
        Self { pages: Vec::new() }
    }
}

impl<T> Pages<T> {
    fn row(&self, page: u8, token: u8) -> Option<&T> {
        self.pages.get(usize::from(page))?.get(usize::from(token))?.as_ref()
    }

    fn rows_of(&self, page: u8) -> impl Iterator<Item = (u8, &T)> {
        let rows = self.pages.get(usize::from(page)).into_iter().flatten();
        (0..=u8::MAX).zip(rows).filter_map(|(token, row)| Some((token, row.as_ref()?)))
    }

    fn iter(&self) -> impl Iterator<Item = (u8, u8, &T)> {
        (0..=u8::MAX)
            .zip(&self.pages)
            .flat_map(|(page, _)| self.rows_of(page).map(move |(token, row)| (page, token, row)))
    }

    fn set(&mut self, page: u8, token: u8, row: T) {
        let (page, token) = (usize::from(page), usize::from(token));
        while self.pages.len() <= page {
            self.pages.push(Vec::new());
        }
        let Some(rows) = self.pages.get_mut(page) else { return };
        while rows.len() <= token {
            rows.push(None);
        }
        if let Some(slot) = rows.get_mut(token) {
            *slot = Some(row);
        }
    }
}

const EAS: &str = "eas";
const DOCTYPES: &str = include_str!("doctypes.tsv");
const TAGS: &str = include_str!("tags.tsv");
const ATTRIBUTES: &str = include_str!("attributes.tsv");
const EAS_PAGES: &str = include_str!("../eas/pages.tsv");

static ACTIVESYNC: LazyLock<&'static Book> = LazyLock::new(|| {
    // The table's row is proved by a test; an empty book reads every token as unknown.
    static EMPTY: LazyLock<Book> =
        LazyLock::new(|| book_of([EAS, "ActiveSync", "", "", "", "", "", ""]));
    Book::by_key(EAS).unwrap_or(&EMPTY)
});

static BOOKS: LazyLock<Vec<Book>> = LazyLock::new(|| {
    let mut books: Vec<_> =
        rows(DOCTYPES).filter_map(|cells| cells.try_into().ok()).map(book_of).collect();
    for cells in rows(TAGS) {
        for book in takers(&mut books, &cells) {
            add_tag(book, &cells);
        }
    }
    for cells in rows(ATTRIBUTES) {
        for book in takers(&mut books, &cells) {
            add_attribute(book, &cells);
        }
    }
    if let Some(eas) = books.iter_mut().find(|book| book.is_activesync()) {
        for cells in rows(EAS_PAGES) {
            add_eas(eas, &cells);
        }
    }
    books
});

/// The rows of a table as cells.
fn rows(table: &'static str) -> impl Iterator<Item = Vec<&'static str>> {
    table.lines().filter(|line| !line.starts_with('#')).map(|line| line.split('\t').collect())
}

/// The books that the table named in the first cell belongs to.
fn takers<'a>(books: &'a mut [Book], cells: &[&'static str]) -> impl Iterator<Item = &'a mut Book> {
    let table = cells.first().copied().unwrap_or_default();
    books.iter_mut().filter(move |book| book.key == table || book.includes.contains(&table))
}

fn book_of(cells: [&'static str; 8]) -> Book {
    let [key, name, public_id, fpi, root, media_types, includes, system_id] = cells;
    let list = |cell: &'static str| cell.split(';').filter(|name| !name.is_empty());
    let mut fpis = list(fpi);
    let fpi = fpis.next().unwrap_or_default();
    let public_id = hex(public_id);
    let number = public_id.unwrap_or_default();
    Book {
        key,
        name,
        public_id,
        public_id_words: format!("0x{number:X} ({fpi})"),
        fpi,
        other_fpis: fpis.collect(),
        root,
        media_types: list(media_types).collect(),
        includes: list(includes).collect(),
        system_id,
        tags: Pages::default(),
        vocabulary: Vocabulary::default(),
        attributes: Pages::default(),
        values: Pages::default(),
        extensions: Vec::new(),
        aliases: Vec::new(),
    }
}

fn add_tag(book: &mut Book, cells: &[&'static str]) -> Option<()> {
    let [_, page, token, name, namespace, ..] = cells else { return None };
    let tag = Tag { name, namespace, first_version: "", last_version: "", opaque: false };
    book.set_tag(page.parse().ok()?, byte(token)?, tag);
    Some(())
}

fn add_eas(book: &mut Book, cells: &[&'static str]) -> Option<()> {
    let [page, namespace, token, name, first_version, last_version, _, content, aliases, ..] =
        cells
    else {
        return None;
    };
    let (page, token) = (page.parse().ok()?, byte(token)?);
    let opaque = *content == "opaque";
    let tag = Tag { name, namespace, first_version, last_version, opaque };
    book.set_tag(page, token, tag);
    let aliases = aliases.split(';').filter(|alias| !alias.is_empty());
    book.aliases.extend(aliases.map(|alias| (page, token, alias)));
    Some(())
}

fn add_attribute(book: &mut Book, cells: &[&'static str]) -> Option<()> {
    let [_, page, token, kind, name, value, ..] = cells else { return None };
    let page = page.parse().ok()?;
    match *kind {
        "attrstart" => {
            book.attributes.set(page, byte(token)?, AttributeStart { name, prefix: value });
        }
        "attrvalue" => book.values.set(page, byte(token)?, value),
        "ext" => book.extensions.push((hex(token)?, value)),
        _ => return None,
    }
    Some(())
}

fn hex(text: &str) -> Option<u32> {
    u32::from_str_radix(text.strip_prefix("0x")?, 16).ok()
}

fn byte(text: &str) -> Option<u8> {
    u8::try_from(hex(text)?).ok()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_row_parses() {
        assert_eq!(BOOKS.len(), rows(DOCTYPES).count());
        let mut book = book_of([""; 8]);
        for cells in rows(TAGS) {
            assert!(add_tag(&mut book, &cells).is_some(), "{cells:?}");
        }
        for cells in rows(ATTRIBUTES) {
            assert!(add_attribute(&mut book, &cells).is_some(), "{cells:?}");
        }
        for cells in rows(EAS_PAGES) {
            assert!(add_eas(&mut book, &cells).is_some(), "{cells:?}");
        }
    }

    #[test]
    fn keys_are_unique_and_tokens_in_range() {
        let mut seen = BTreeSet::new();
        for cells in rows(TAGS) {
            let token = byte(cells[2]).unwrap();
            assert!((5..=0x3F).contains(&token), "{cells:?}");
            assert!(seen.insert((cells[0], "tag", cells[1], u32::from(token))), "{cells:?}");
        }
        for cells in rows(EAS_PAGES) {
            let token = byte(cells[2]).unwrap();
            assert!((5..=0x3F).contains(&token), "{cells:?}");
            assert!(seen.insert((EAS, "tag", cells[0], u32::from(token))), "{cells:?}");
        }
        for cells in rows(ATTRIBUTES) {
            let token = hex(cells[2]).unwrap();
            let fits = match cells[3] {
                "attrstart" => token & 0x80 == 0 && token & 0x3F > 4,
                "attrvalue" => token & 0x80 != 0 && token & 0x3F > 4 && token < 256,
                _ => true,
            };
            assert!(fits, "{cells:?}");
            let kind = if cells[3] == "ext" { "ext" } else { "attribute" };
            assert!(seen.insert((cells[0], kind, cells[1], token)), "{cells:?}");
        }
        let mut keys = BTreeSet::new();
        assert!(BOOKS.iter().all(|book| keys.insert(book.key)));
        let mut ids = BTreeSet::new();
        assert!(BOOKS.iter().filter_map(|book| book.public_id).all(|id| ids.insert(id)));
    }

    #[test]
    fn every_table_belongs_to_a_book() {
        let tables: BTreeSet<_> =
            rows(TAGS).chain(rows(ATTRIBUTES)).map(|cells| cells[0]).collect();
        let mut named: BTreeSet<&str> = rows(DOCTYPES).map(|cells| cells[0]).collect();
        named.extend(rows(DOCTYPES).flat_map(|cells| cells[6].split(';')));
        assert!(tables.is_subset(&named), "{:?}", tables.difference(&named));
    }

    #[test]
    fn counts_per_activesync_page() {
        let eas = Book::by_key("eas").unwrap();
        let counts: Vec<_> = (0..=25).map(|page| eas.tags.rows_of(page).count()).collect();
        let facts: Vec<_> = (0..=25)
            .map(|page| rows(EAS_PAGES).filter(|cells| cells[0] == page.to_string()).count())
            .collect();
        assert_eq!(counts, facts);
        assert_eq!(counts.iter().sum::<usize>() + 4, 658);
    }

    #[test]
    fn known_tokens() {
        let eas = Book::by_key("EAS").unwrap();
        let key = eas.tag(14, 0x09).unwrap();
        assert_eq!((key.namespace, key.name), ("Provision", "PolicyKey"));
        assert_eq!(eas.tag_token(Some("provision"), "PolicyKey", 0), Some((14, 0x09)));
        assert!(eas.is_root(14, 0x05) && !eas.is_root(14, 0x09));
        let syncml = Book::by_public_id(0x1201).unwrap();
        assert_eq!(syncml.name, "SyncML 1.2");
        assert_eq!(syncml.tag(1, 0x13).unwrap().namespace, "syncml:metinf");
        assert!(syncml.is_root(0, 0x2D));
        assert_eq!(Book::by_fpi("-//SyncML//DTD SyncML 1.1//EN").unwrap().key, "syncml11");
        let media_type = Book::by_media_type("application/vnd.syncml+wbxml").next().unwrap();
        assert_eq!(media_type.key, "syncml12");
        let start = Book::by_key("prov10").unwrap().attribute(0, 0x50).unwrap();
        assert_eq!((start.name, start.prefix), ("type", ""));
    }
}
