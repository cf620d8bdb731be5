//! Token tables as they are looked up: by code page, then token.

/// Rows by code page and token.
#[derive(Debug)]
pub(super) struct Pages<T> {
    /// Index: code page. Most are empty.
    pages: Vec<Vec<Option<T>>>,
}

impl<T> Default for Pages<T> {
    fn default() -> Self {
        Self { pages: Vec::new() }
    }
}

impl<T> Pages<T> {
    /// The row of a token.
    pub(super) fn row(&self, page: u8, token: u8) -> Option<&T> {
        self.pages.get(usize::from(page))?.get(usize::from(token))?.as_ref()
    }

    /// The rows of one page.
    pub(super) fn rows_of(&self, page: u8) -> impl Iterator<Item = (u8, &T)> {
        let rows = self.pages.get(usize::from(page)).into_iter().flatten();
        (0..=u8::MAX).zip(rows).filter_map(|(token, row)| Some((token, row.as_ref()?)))
    }

    /// All rows: page, token, row.
    pub(super) fn iter(&self) -> impl Iterator<Item = (u8, u8, &T)> {
        (0..=u8::MAX)
            .zip(&self.pages)
            .flat_map(|(page, _)| self.rows_of(page).map(move |(token, row)| (page, token, row)))
    }

    /// Adds a row, in the place of one with the same page and token.
    pub(super) fn set(&mut self, page: u8, token: u8, row: T) {
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
