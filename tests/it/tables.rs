//! The token tables: how many rows each code page has, and since when ActiveSync elements exist.

use std::collections::BTreeMap;

use synctap::codec::Book;

/// ActiveSync: code page, tokens.
const EAS: [(u8, usize); 27] = [
    (0, 37),
    (1, 58),
    (2, 59),
    (3, 19),
    (4, 56),
    (5, 8),
    (6, 10),
    (7, 20),
    (8, 13),
    (9, 34),
    (10, 25),
    (11, 6),
    (12, 10),
    (13, 10),
    (14, 55),
    (15, 29),
    (16, 14),
    (17, 40),
    (18, 38),
    (19, 8),
    (20, 21),
    (21, 19),
    (22, 18),
    (23, 5),
    (24, 20),
    (25, 22),
    (254, 4),
];

/// Tags: table, code page, tokens.
const TAGS: [(&str, u8, usize); 77] = [
    ("channel11", 0, 4),
    ("channel12", 0, 4),
    ("co10", 0, 3),
    ("conml", 0, 56),
    ("devinf10", 0, 38),
    ("devinf11", 0, 38),
    ("devinf12", 0, 47),
    ("dmddf12", 2, 56),
    ("drmrel10", 0, 19),
    ("emn10", 0, 1),
    ("metinf10", 1, 16),
    ("metinf11", 1, 17),
    ("metinf12", 1, 22),
    ("ota70", 0, 3),
    ("prov10", 0, 3),
    ("prov10", 1, 2),
    ("prov10-wm", 200, 10),
    ("si10", 0, 4),
    ("sl10", 0, 1),
    ("syncml10", 0, 45),
    ("syncml11", 0, 47),
    ("syncml12", 0, 55),
    ("syncset10", 0, 20),
    ("uaprof", 0, 11),
    ("uaprof", 1, 56),
    ("uaprof", 2, 24),
    ("uaprof", 3, 15),
    ("uaprof", 4, 6),
    ("wml10", 0, 30),
    ("wml11", 0, 35),
    ("wml12", 0, 36),
    ("wml13", 0, 36),
    ("wta10", 0, 5),
    ("wtawml12", 0, 36),
    ("wtawml12", 1, 1),
    ("wvcsp10", 0, 58),
    ("wvcsp10", 1, 46),
    ("wvcsp10", 2, 56),
    ("wvcsp10", 3, 15),
    ("wvcsp10", 4, 27),
    ("wvcsp10", 5, 42),
    ("wvcsp10", 6, 21),
    ("wvcsp10", 7, 28),
    ("wvcsp11", 0, 57),
    ("wvcsp11", 1, 58),
    ("wvcsp11", 2, 59),
    ("wvcsp11", 3, 15),
    ("wvcsp11", 4, 28),
    ("wvcsp11", 5, 53),
    ("wvcsp11", 6, 22),
    ("wvcsp11", 7, 39),
    ("wvcsp11", 8, 5),
    ("wvcsp11", 9, 11),
    ("wvcsp11", 10, 3),
    ("wvcsp12", 0, 57),
    ("wvcsp12", 1, 58),
    ("wvcsp12", 2, 59),
    ("wvcsp12", 3, 16),
    ("wvcsp12", 4, 28),
    ("wvcsp12", 5, 54),
    ("wvcsp12", 6, 22),
    ("wvcsp12", 7, 39),
    ("wvcsp12", 8, 5),
    ("wvcsp12", 9, 11),
    ("wvcsp12", 10, 3),
    ("wvcsp13", 0, 56),
    ("wvcsp13", 1, 57),
    ("wvcsp13", 2, 54),
    ("wvcsp13", 3, 29),
    ("wvcsp13", 4, 25),
    ("wvcsp13", 5, 58),
    ("wvcsp13", 6, 24),
    ("wvcsp13", 7, 40),
    ("wvcsp13", 8, 10),
    ("wvcsp13", 9, 56),
    ("wvcsp13", 10, 20),
    ("wvcsp13", 11, 4),
];

/// Attribute starts, attribute values and extensions: table, code page, kind, tokens. Five of
/// `prov10` page 1 are left out: they collide with global tokens.
const ATTRIBUTES: [(&str, u8, &str, usize); 52] = [
    ("channel11", 0, "attrstart", 15),
    ("channel12", 0, "attrstart", 18),
    ("co10", 0, "attrstart", 5),
    ("co10", 0, "attrvalue", 4),
    ("drmrel10", 0, "attrstart", 3),
    ("drmrel10", 0, "attrvalue", 3),
    ("eas", 3, "attrstart", 1),
    ("emn10", 0, "attrstart", 9),
    ("emn10", 0, "attrvalue", 4),
    ("ota70", 0, "attrstart", 54),
    ("prov10", 0, "attrstart", 83),
    ("prov10", 0, "attrvalue", 60),
    ("prov10", 1, "attrstart", 68),
    ("prov10", 1, "attrvalue", 9),
    ("prov10-wm", 201, "attrstart", 50),
    ("prov10-wm", 201, "attrvalue", 19),
    ("prov10-wm", 202, "attrstart", 45),
    ("prov10-wm", 203, "attrstart", 53),
    ("prov10-wm", 204, "attrstart", 44),
    ("si10", 0, "attrstart", 14),
    ("si10", 0, "attrvalue", 4),
    ("sl10", 0, "attrstart", 8),
    ("sl10", 0, "attrvalue", 4),
    ("uaprof", 0, "attrstart", 12),
    ("uaprof", 0, "attrvalue", 10),
    ("uaprof", 1, "attrstart", 64),
    ("uaprof", 1, "attrvalue", 2),
    ("uaprof", 2, "attrstart", 22),
    ("uaprof", 2, "attrvalue", 2),
    ("uaprof", 3, "attrstart", 7),
    ("wml10", 0, "attrstart", 72),
    ("wml10", 0, "attrvalue", 29),
    ("wml11", 0, "attrstart", 78),
    ("wml11", 0, "attrvalue", 27),
    ("wml12", 0, "attrstart", 82),
    ("wml12", 0, "attrvalue", 27),
    ("wml13", 0, "attrstart", 85),
    ("wml13", 0, "attrvalue", 27),
    ("wta10", 0, "attrstart", 2),
    ("wtawml12", 0, "attrstart", 82),
    ("wtawml12", 0, "attrvalue", 27),
    ("wtawml12", 1, "attrstart", 29),
    ("wvcsp10", 0, "attrstart", 3),
    ("wvcsp10", 0, "attrvalue", 47),
    ("wvcsp10", 1, "attrvalue", 17),
    ("wvcsp10", 5, "attrvalue", 29),
    ("wvcsp11", 0, "attrstart", 6),
    ("wvcsp11", 0, "ext", 105),
    ("wvcsp12", 0, "attrstart", 6),
    ("wvcsp12", 0, "ext", 107),
    ("wvcsp13", 0, "attrstart", 9),
    ("wvcsp13", 0, "ext", 187),
];

/// The cells of the rows of a table.
fn rows(table: &'static str) -> impl Iterator<Item = Vec<&'static str>> {
    table.lines().filter(|line| !line.starts_with('#')).map(|line| line.split('\t').collect())
}

fn count<K: Ord>(keys: impl Iterator<Item = K>) -> BTreeMap<K, usize> {
    let mut counts = BTreeMap::new();
    for key in keys {
        *counts.entry(key).or_default() += 1;
    }
    counts
}

#[test]
fn every_page_has_its_rows() {
    let pages = rows(include_str!("../../src/codec/eas/pages.tsv"));
    let counts = count(pages.map(|cells| cells[0].parse().unwrap()));
    assert_eq!(counts, EAS.into_iter().collect());
    let tags = rows(include_str!("../../src/codec/wbxml/tags.tsv"));
    let counts = count(tags.map(|cells| (cells[0], cells[1].parse().unwrap())));
    assert_eq!(counts, TAGS.into_iter().map(|(table, page, n)| ((table, page), n)).collect());
    let attributes = rows(include_str!("../../src/codec/wbxml/attributes.tsv"));
    let counts = count(attributes.map(|cells| (cells[0], cells[1].parse().unwrap(), cells[3])));
    let expected = ATTRIBUTES.into_iter().map(|(table, page, kind, n)| ((table, page, kind), n));
    assert_eq!(counts, expected.collect());
}

/// What the tables hold is what the books answer.
#[test]
fn every_activesync_row_is_in_the_book() {
    let eas = Book::activesync();
    for cells in rows(include_str!("../../src/codec/eas/pages.tsv")) {
        let page = cells[0].parse().unwrap();
        let token = u8::from_str_radix(cells[2].trim_start_matches("0x"), 16).unwrap();
        let tag = eas.tag(page, token).unwrap();
        assert_eq!((tag.namespace, tag.name), (cells[1], cells[3]));
        assert_eq!((tag.first_version, tag.last_version), (cells[4], cells[5]));
    }
}

/// Names that are written as markup without a look.
#[test]
fn every_name_is_an_xml_name() {
    let start = |c: char| c.is_ascii_alphabetic() || c == '_';
    let good = |name: &str| {
        name.split(':').all(|part| {
            part.starts_with(start)
                && part.chars().all(|c| start(c) || c.is_ascii_digit() || matches!(c, '-' | '.'))
        })
    };
    for book in Book::all() {
        for (page, token) in (0..=255).flat_map(|page| (5..0x40).map(move |token| (page, token))) {
            if let Some(tag) = book.tag(page, token) {
                assert!(good(tag.name), "{}", tag.name);
                assert!(!tag.namespace.contains(['<', '&', '"']), "{}", tag.namespace);
            }
        }
        assert!(book.attributes().all(|(_, _, start)| good(start.name)), "{}", book.key);
    }
}

#[test]
fn elements_exist_since_and_until() {
    let eas = Book::activesync();
    let tag = |namespace, name| {
        let (page, token) = eas.tag_token(Some(namespace), name, 0).unwrap();
        eas.tag(page, token).unwrap()
    };
    let versions = ["2.5", "12.0", "12.1", "14.0", "14.1", "16.0", "16.1"];
    let known = |namespace, name| versions.map(|version| tag(namespace, name).exists_in(version));
    let since = |first: usize| std::array::from_fn(|at| Some(at >= first));
    assert_eq!(known("Provision", "PolicyKey"), since(0));
    assert_eq!(known("Provision", "AllowBluetooth"), since(2));
    assert_eq!(known("Settings", "RightsManagementInformation"), since(4));
    assert_eq!(known("Provision", "AccountOnlyRemoteWipe"), since(6));
    assert_eq!(tag("AirSync", "Sync").exists_in("fourteen"), None);
    // Every current element has a first version that is one of these.
    for cells in rows(include_str!("../../src/codec/eas/pages.tsv")) {
        if cells[6] == "current" {
            assert!(versions.contains(&cells[4]), "{cells:?}");
        }
        assert!(cells[5].is_empty() || versions.contains(&cells[5]), "{cells:?}");
    }
}
