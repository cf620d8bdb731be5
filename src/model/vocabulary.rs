//! The names that the tag tokens of one document type stand for.

use super::piece::{BLOCK, Piece};

/// One tag token of a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TokenName {
    /// Element name.
    pub name: &'static str,
    /// Namespace; empty for none.
    pub namespace: &'static str,
    /// Documents of other kinds may stand in it.
    pub holds: bool,
    /// `<name>`, `</name>` and `<name xmlns="…">`, one behind the other, then blanks as many as a
    /// block has: what is needed of a name stands close together, and can be copied as blocks.
    markup: &'static str,
}

impl TokenName {
    fn new(name: &'static str, namespace: &'static str, holds: bool) -> Self {
        let blanks = " ".repeat(BLOCK);
        let markup = format!("<{name}></{name}><{name} xmlns=\"{namespace}\">{blanks}");
        Self { name, namespace, holds, markup: Box::leak(markup.into_boxed_str()) }
    }

    /// The start tag in XML, with or without a declaration of its namespace. Written so often that
    /// it is kept.
    #[inline]
    pub fn start(&self, declares: bool) -> Piece<'static> {
        if !declares {
            return Piece::inside(self.markup, 0, self.name.len() + 2);
        }
        let at = 2 * self.name.len() + 5;
        Piece::inside(self.markup, at, self.markup.len() - BLOCK - at)
    }

    /// The end tag in XML.
    #[inline]
    pub fn end(&self) -> Piece<'static> {
        Piece::inside(self.markup, self.name.len() + 2, self.name.len() + 3)
    }
}

/// Names by code page and token: what a [`Tree`](super::Tree) needs to keep two bytes of a name.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Vocabulary {
    /// Index: code page. Most are empty.
    pages: Vec<Vec<Option<TokenName>>>,
    /// Some names have a prefix (`o-ex:rights`).
    prefixed: bool,
}

impl Vocabulary {
    /// No names at all.
    pub const EMPTY: &'static Self = &Self { pages: Vec::new(), prefixed: false };

    /// What a tag token (without flag bits) stands for; `None` for one that is not in the table.
    #[inline]
    pub fn tag(&self, page: u8, token: u8) -> Option<&TokenName> {
        self.pages.get(usize::from(page))?.get(usize::from(token))?.as_ref()
    }

    /// The namespace of the elements on a page, if the page is known.
    pub fn page_namespace(&self, page: u8) -> Option<&'static str> {
        let mut rows = self.pages.get(usize::from(page))?.iter().flatten();
        rows.next().map(|tag| tag.namespace)
    }

    /// True when some names have a prefix and a colon.
    pub fn has_prefixes(&self) -> bool {
        self.prefixed
    }

    /// Adds a row, in the place of one with the same page and token. Names and namespaces need no
    /// escapes in XML. A few words of memory are never given back: vocabularies are made once.
    pub fn set(
        &mut self,
        (page, token): (u8, u8),
        name: &'static str,
        namespace: &'static str,
        holds: bool,
    ) {
        // One place for a page's namespace, so that comparing it compares places.
        let on_page = self.page_namespace(page).filter(|known| *known == namespace);
        let namespace = on_page.unwrap_or(namespace);
        let tag = TokenName::new(name, namespace, holds);
        self.prefixed |= name.contains(':');
        let (page, token) = (usize::from(page), usize::from(token));
        if self.pages.len() <= page {
            self.pages.resize(page + 1, Vec::new());
        }
        let rows = &mut self.pages[page];
        if rows.len() <= token {
            rows.resize(token + 1, None);
        }
        rows[token] = Some(tag);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_as_xml_has_them() {
        let mut vocabulary = Vocabulary::default();
        vocabulary.set((0, 5), "Sync", "AirSync", false);
        let tag = vocabulary.tag(0, 5).unwrap();
        assert_eq!(tag.start(false).as_str(), "<Sync>");
        assert_eq!(tag.start(true).as_str(), "<Sync xmlns=\"AirSync\">");
        assert_eq!(tag.end().as_str(), "</Sync>");
        let blocks = [tag.start(false), tag.start(true), tag.end()].map(Piece::block);
        assert!(blocks.iter().all(Option::is_some));
    }
}
