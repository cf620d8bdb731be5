//! The TSV files beside this one, as books.

use std::sync::LazyLock;

use crate::model::Vocabulary;

use super::book::{AttributeStart, Book, Tag};
use super::pages::Pages;

/// Short name of the ActiveSync tables.
pub(super) const EAS: &str = "eas";
const DOCTYPES: &str = include_str!("doctypes.tsv");
const TAGS: &str = include_str!("tags.tsv");
const ATTRIBUTES: &str = include_str!("attributes.tsv");
const EAS_PAGES: &str = include_str!("../eas/pages.tsv");

/// The ActiveSync tables.
pub(super) static ACTIVESYNC: LazyLock<&'static Book> = LazyLock::new(|| {
    // The table's row is proved by a test; an empty book reads every token as unknown.
    static EMPTY: LazyLock<Book> =
        LazyLock::new(|| book_of([EAS, "ActiveSync", "", "", "", "", "", ""]));
    Book::by_key(EAS).unwrap_or(&EMPTY)
});

/// Every document type, read on first use.
pub(super) static BOOKS: LazyLock<Vec<Book>> = LazyLock::new(|| {
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
