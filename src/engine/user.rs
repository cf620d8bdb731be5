//! What the user says of exchanges, asks of their bodies, and types.

use bytes::Bytes;

use crate::model::filter::{Field, Filter};
use crate::model::{ExchangeId, Leg, Marking, Row};

use super::listing::{judge, passing};
use super::viewer::{EngineError, Viewer};

/// Most bytes of one body that are read at once to be saved: 1 GiB.
const BODY_LIMIT: usize = 1 << 30;

/// Positions looked at in one step of a search.
const SEARCH_STEP: u64 = 1_024;

/// The user's words are kept in the capture. They show once they are committed, a moment later; in a
/// capture that can only be read they are lost, and [`Viewer::status`] says so.
impl Viewer {
    /// Marks an exchange, or takes the mark away.
    pub fn mark(&self, id: ExchangeId, marked: bool) {
        self.say(id, Marking { marked: Some(marked), ..Marking::default() });
    }

    /// Puts words to an exchange, of which the first 4 KiB are kept; empty ones take them away.
    pub fn comment(&self, id: ExchangeId, text: String) {
        self.say(id, Marking { comment: Some(text), ..Marking::default() });
    }

    /// Deletes exchanges from view. They stay in the capture.
    pub fn hide(&self, ids: &[ExchangeId]) {
        for id in ids {
            self.say(*id, Marking { hidden: Some(true), ..Marking::default() });
        }
    }

    /// Deletes from view everything there is now. It stays in the capture.
    pub fn clear(&self) {
        let last = || -> Result<Option<Row>, EngineError> {
            let last = self.count()?.saturating_sub(1);
            Ok(self.window(last, 1)?.pop())
        };
        match last() {
            Ok(Some(row)) => self.store().writer().hide_through(row.id),
            Ok(None) => {}
            Err(error) => tracing::warn!(%error, "the view is not cleared"),
        }
    }

    /// Takes back everything that was deleted from view.
    pub fn show_all(&self) {
        self.store().writer().show_all();
    }

    /// At most `limit` values of a field that begin with `prefix` (without case), the most frequent
    /// of the newest 20,000 exchanges first; none of fields that have no such values. For completion.
    ///
    /// # Errors
    /// When the capture cannot be read.
    pub fn known_values(
        &self,
        field: Field,
        prefix: &str,
        limit: usize,
    ) -> Result<Vec<String>, EngineError> {
        Ok(self.list().distinct(field, prefix, limit)?)
    }

    /// What the capture holds of a body, as received: content codings and all, at most the first
    /// 1 GiB. For saving.
    ///
    /// # Errors
    /// When the capture cannot be read.
    pub fn body(&self, id: ExchangeId, leg: Leg) -> Result<Bytes, EngineError> {
        Ok(self.details().body(id, leg, BODY_LIMIT)?)
    }

    /// Whether the exchange of a row passes a filter; its bodies are decoded only where the row
    /// cannot decide. One whose facts cannot be read does not.
    ///
    /// # Errors
    /// When the capture cannot be read.
    pub fn passes(&self, filter: &Filter, row: &Row) -> Result<bool, EngineError> {
        Ok(judge(&self.details(), filter, row)?)
    }

    /// The next exchanges that pass a filter, oldest first, and where to go on: begin with 0; `None`
    /// when everything was looked at. Looks at about a thousand exchanges a call. Those that cannot
    /// be read are left out.
    ///
    /// # Errors
    /// When the capture cannot be read.
    pub fn search(
        &self,
        filter: &Filter,
        from: u64,
    ) -> Result<Option<(Vec<Row>, u64)>, EngineError> {
        let reader = self.details();
        let Some(chunk) = reader.chunk(from)? else { return Ok(None) };
        let next = chunk.end.min(chunk.start.saturating_add(SEARCH_STEP));
        let mut found = Vec::new();
        for position in reader.matching(filter, chunk.start..next)? {
            found.extend(passing(&reader, filter, position)?);
        }
        Ok(Some((found, next)))
    }

    /// Takes over what `marking` says of an exchange; what it leaves open stays.
    pub fn say(&self, id: ExchangeId, marking: Marking) {
        self.store().writer().mark(id, marking);
    }
}
