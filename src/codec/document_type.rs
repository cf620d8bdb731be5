//! The names a user may force a reading with.

use std::str::FromStr;

use super::wbxml::Book;

/// What a body is to be read as, whatever it says of itself.
#[derive(Debug, Clone, Copy)]
pub enum DocumentType {
    /// WBXML with these token tables.
    Wbxml(&'static Book),
    /// `application/vnd.ms-sync.multipart`.
    Multipart,
    /// XML.
    Xml,
    /// Text.
    Text,
    /// Bytes.
    Binary,
}

impl DocumentType {
    /// Every name that parses, the table's own before the short forms.
    pub fn names() -> impl Iterator<Item = &'static str> {
        let books = Book::all().iter().map(|book| book.key);
        let short = SHORT.iter().map(|(name, _)| *name);
        books.chain(short).chain(OTHER.iter().map(|(name, _)| *name))
    }
}

impl PartialEq for DocumentType {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Wbxml(one), Self::Wbxml(two)) => one.key == two.key,
            (Self::Multipart, Self::Multipart)
            | (Self::Xml, Self::Xml)
            | (Self::Text, Self::Text)
            | (Self::Binary, Self::Binary) => true,
            _ => false,
        }
    }
}

impl Eq for DocumentType {}

/// A name that is no document type.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unknown document type `{0}`")]
pub struct UnknownDocumentType(pub String);

impl FromStr for DocumentType {
    type Err = UnknownDocumentType;

    /// Reads a name in any case.
    fn from_str(name: &str) -> Result<Self, Self::Err> {
        let lower = name.trim().to_ascii_lowercase();
        if let Some((_, kind)) = OTHER.iter().find(|(other, _)| *other == lower) {
            return Ok(*kind);
        }
        let key = SHORT.iter().find(|(short, _)| *short == lower).map_or(&*lower, |(_, key)| key);
        Book::by_key(key).map(Self::Wbxml).ok_or_else(|| UnknownDocumentType(name.to_owned()))
    }
}

const OTHER: [(&str, DocumentType); 4] = [
    ("xml", DocumentType::Xml),
    ("text", DocumentType::Text),
    ("multipart", DocumentType::Multipart),
    ("binary", DocumentType::Binary),
];

/// Short forms and the key of the newest version they mean.
const SHORT: [(&str, &str); 19] = [
    ("activesync", "eas"),
    ("airsync", "eas"),
    ("syncml", "syncml12"),
    ("metinf", "metinf12"),
    ("devinf", "devinf12"),
    ("ddf", "dmddf12"),
    ("tnds", "dmddf12"),
    ("prov", "prov10"),
    ("si", "si10"),
    ("sl", "sl10"),
    ("co", "co10"),
    ("emn", "emn10"),
    ("drmrel", "drmrel10"),
    ("wml", "wml13"),
    ("wta", "wtawml12"),
    ("channel", "channel12"),
    ("ota", "ota70"),
    ("syncset", "syncset10"),
    ("wv", "wvcsp12"),
];

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_name_parses_and_is_unique() {
        let mut seen = BTreeSet::new();
        for name in DocumentType::names() {
            assert!(seen.insert(name), "{name}");
            assert!(name.to_uppercase().parse::<DocumentType>().is_ok(), "{name}");
        }
        assert_eq!("wbxml".parse::<DocumentType>(), Err(UnknownDocumentType("wbxml".into())));
        assert_eq!("prov".parse::<DocumentType>(), "prov10".parse());
    }
}
