//! The names that the tag tokens of one document type stand for.

/// One tag token of a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TokenName {
    /// Element name.
    pub name: &'static str,
    /// Namespace; empty for none.
    pub namespace: &'static str,
}

/// Names by code page and token: what a [`Tree`](super::Tree) needs to keep two bytes of a name.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Vocabulary {
    /// Index: code page. Most are empty.
    pages: Vec<Vec<Option<TokenName>>>,
}

impl Vocabulary {
    /// No names.
    pub(super) const EMPTY: &'static Self = &Self { pages: Vec::new() };

    /// What a tag token (without flag bits) stands for; `None` for one that is not in the table.
    #[inline]
    pub fn tag(&self, page: u8, token: u8) -> Option<TokenName> {
        *self.pages.get(usize::from(page))?.get(usize::from(token))?
    }

    /// The namespace of the elements on a page, if the page is known.
    pub fn page_namespace(&self, page: u8) -> Option<&'static str> {
        let mut rows = self.pages.get(usize::from(page))?.iter().flatten();
        rows.next().map(|tag| tag.namespace)
    }

    /// Adds a row, in the place of one with the same page and token.
    pub fn set(&mut self, page: u8, token: u8, tag: TokenName) {
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
