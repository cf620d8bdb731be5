//! The names that the tag tokens of one document type stand for.

/// One tag token of a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TokenName {
    /// Element name.
    pub name: &'static str,
    /// Namespace; empty for none.
    pub namespace: &'static str,
    /// Documents of other kinds may stand in it.
    pub holds: bool,
    /// `<name>`.
    plain: &'static str,
    /// `<name xmlns="…">`.
    declaring: &'static str,
    /// `</name>`.
    end: &'static str,
}

impl TokenName {
    /// The start tag in XML, with or without a declaration of its namespace. Written so often that
    /// it is kept.
    #[inline]
    pub fn start(&self, declares: bool) -> &'static str {
        if declares { self.declaring } else { self.plain }
    }

    /// The end tag in XML.
    #[inline]
    pub fn end(&self) -> &'static str {
        self.end
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
        let plain = leak(format!("<{name}>"));
        let declaring = leak(format!("<{name} xmlns=\"{namespace}\">"));
        let end = leak(format!("</{name}>"));
        let tag = TokenName { name, namespace, holds, plain, declaring, end };
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

fn leak(text: String) -> &'static str {
    Box::leak(text.into_boxed_str())
}
