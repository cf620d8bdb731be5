//! The door for reading: windows of the list, and one exchange at a time.

use bytes::Bytes;
use rusqlite::{Connection, OptionalExtension, Params};

use crate::model::{Exchange, ExchangeId, Leg, Progress, Row, State, Summary};

use super::columns::{self, Bits, bits};
use super::connect::Source;
use super::error::StoreError;

/// A range of positions, by primary key: costs the rows it returns, wherever it begins.
pub(super) const WINDOW: &str = "SELECT summary.position, line, marked, comment, hidden \
    FROM summary LEFT JOIN mark ON mark.position = summary.position \
    WHERE summary.position >= ?1 ORDER BY summary.position LIMIT ?2";

/// One row by its position; the columns of [`WINDOW`].
const AT: &str = "SELECT summary.position, line, marked, comment, hidden \
    FROM summary LEFT JOIN mark ON mark.position = summary.position WHERE summary.position = ?1";

/// Reads a capture over a connection of its own; any number may exist, one thread uses each.
///
/// A reader sees what was committed when a call begins, never a part of a transaction. Every
/// method fails with [`StoreError::Query`] when `SQLite` does.
#[derive(Debug)]
pub struct Reader {
    pub(super) connection: Connection,
    decoder: u32,
    /// What is in flight was cut off.
    abandoned: bool,
}

impl Reader {
    pub(super) fn open(source: &Source, decoder: u32) -> Result<Self, StoreError> {
        Ok(Self { connection: source.reader()?, decoder, abandoned: source.is_abandoned() })
    }

    /// Reads what a test has put into a database of its own.
    #[cfg(test)]
    pub(super) fn over(connection: Connection) -> Self {
        Self { connection, decoder: 0, abandoned: false }
    }

    /// Exchanges in the capture.
    ///
    /// # Errors
    /// `Query`.
    pub fn count(&self) -> Result<u64, StoreError> {
        let count = self.one("SELECT max(position) + 1 FROM exchange", [], |row| {
            row.get::<_, Option<i64>>(0)
        })?;
        Ok(count.flatten().map_or(0, i64::cast_unsigned))
    }

    /// At most `limit` rows from position `offset` (0 = oldest) in the order in which exchanges
    /// were first put, also those deleted from view. Takes time and memory for the rows returned, not for those before them.
    ///
    /// # Errors
    /// `Query`; `Damaged` when neither a row nor its exchange can be read.
    pub fn window(&self, offset: u64, limit: usize) -> Result<Vec<Row>, StoreError> {
        let (Ok(offset), limit) = (i64::try_from(offset), limit_of(limit)) else {
            return Ok(Vec::new());
        };
        let mut statement = self.connection.prepare_cached(WINDOW)?;
        let mut found = statement.query((offset, limit))?;
        let mut rows = Vec::new();
        while let Some(row) = found.next()? {
            rows.extend(self.line(row)?);
        }
        Ok(rows)
    }

    /// Where an exchange stands in the list, for [`window`](Self::window).
    ///
    /// # Errors
    /// `Query`.
    pub fn position(&self, id: ExchangeId) -> Result<Option<u64>, StoreError> {
        self.one("SELECT position FROM exchange WHERE id = ?1", [Bits(id.0)], |row| bits(row, 0))
    }

    /// The row of one exchange.
    ///
    /// # Errors
    /// As [`window`](Self::window).
    pub fn row(&self, id: ExchangeId) -> Result<Option<Row>, StoreError> {
        match self.position(id)? {
            Some(position) => self.at(position),
            None => Ok(None),
        }
    }

    /// The row at a position.
    pub(super) fn at(&self, position: u64) -> Result<Option<Row>, StoreError> {
        let Ok(position) = i64::try_from(position) else { return Ok(None) };
        let mut statement = self.connection.prepare_cached(AT)?;
        let mut found = statement.query([position])?;
        match found.next()? {
            Some(row) => self.line(row),
            None => Ok(None),
        }
    }

    /// The facts of one exchange, with its heads as received.
    ///
    /// # Errors
    /// `Query`; `Damaged` when the facts cannot be read.
    pub fn exchange(&self, id: ExchangeId) -> Result<Option<Exchange>, StoreError> {
        self.load("id", id.0)
    }

    /// The first `limit` bytes of what is kept of a body; empty when there are none.
    ///
    /// # Errors
    /// `Query`.
    pub fn body(&self, id: ExchangeId, leg: Leg, limit: usize) -> Result<Bytes, StoreError> {
        let mut statement = self.connection.prepare_cached(
            "SELECT at, bytes FROM chunk WHERE exchange = ?1 AND leg = ?2 ORDER BY at",
        )?;
        let mut found = statement.query((Bits(id.0), columns::leg_number(leg)))?;
        let mut body = Vec::new();
        while body.len() < limit {
            let Some(row) = found.next()? else { break };
            // What is kept is the first bytes: after a hole there is nothing to show.
            if bits(row, 0)? != body.len() as u64 {
                break;
            }
            let piece = row.get_ref(1)?.as_bytes().unwrap_or_default();
            body.extend(piece.iter().take(limit - body.len()));
        }
        Ok(body.into())
    }

    /// At most `limit` exchanges that closed after close number `sequence`, in the order in which
    /// they closed, each with its number. Numbers count from 1 in a capture: begin with 0.
    ///
    /// # Errors
    /// `Query`.
    pub fn closed_after(
        &self,
        sequence: u64,
        limit: usize,
    ) -> Result<Vec<(u64, ExchangeId)>, StoreError> {
        let closed = self
            .connection
            .prepare_cached(
                "SELECT closed, id FROM exchange WHERE closed > ?1 ORDER BY closed LIMIT ?2",
            )?
            .query_map((Bits(sequence), limit_of(limit)), |row| {
                Ok((bits(row, 0)?, ExchangeId(bits(row, 1)?)))
            })?
            .collect::<rusqlite::Result<_>>()?;
        Ok(closed)
    }

    /// At most `limit` exchanges that are not over, the last to arrive first.
    ///
    /// # Errors
    /// `Query`.
    pub fn in_flight(&self, limit: usize) -> Result<Vec<ExchangeId>, StoreError> {
        let open = self
            .connection
            .prepare_cached(
                "SELECT id FROM exchange WHERE closed IS NULL ORDER BY position DESC LIMIT ?1",
            )?
            .query_map([limit_of(limit)], |row| bits(row, 0).map(ExchangeId))?
            .collect::<rusqlite::Result<_>>()?;
        Ok(open)
    }

    /// The highest close number; 0 when nothing has closed.
    ///
    /// # Errors
    /// `Query`.
    pub fn last_closed(&self) -> Result<u64, StoreError> {
        let last =
            self.one("SELECT coalesce(max(closed), 0) FROM exchange", [], |row| bits(row, 0))?;
        Ok(last.unwrap_or_default())
    }

    /// At most `limit` exchanges behind `after` in the list whose rows an older decoder made,
    /// oldest first. Begin with `ExchangeId(0)` and go on with the last one returned: that ends
    /// even if the rebuilt rows cannot be written.
    ///
    /// # Errors
    /// `Query`.
    pub fn stale_rows(
        &self,
        after: ExchangeId,
        limit: usize,
    ) -> Result<Vec<ExchangeId>, StoreError> {
        let any: Option<bool> = self.one(
            "SELECT EXISTS (SELECT 1 FROM summary WHERE decoder < ?1)",
            [self.decoder],
            |row| row.get(0),
        )?;
        if any != Some(true) {
            return Ok(Vec::new());
        }
        // `+decoder`: in list order by position, not sorted anew from the decoder's index.
        let stale = self
            .connection
            .prepare_cached(
                "SELECT exchange.id FROM summary JOIN exchange USING (position)
                 WHERE +decoder < ?1 AND summary.position >
                 coalesce((SELECT position FROM exchange WHERE id = ?2), -1)
                 ORDER BY summary.position LIMIT ?3",
            )?
            .query_map((self.decoder, Bits(after.0), limit_of(limit)), |row| {
                bits(row, 0).map(ExchangeId)
            })?
            .collect::<rusqlite::Result<_>>()?;
        Ok(stale)
    }

    /// A row from its cache; where that cannot be read, what the facts alone say. The user's words
    /// are added from their own table.
    fn line(&self, found: &rusqlite::Row<'_>) -> Result<Option<Row>, StoreError> {
        let line = found.get_ref(1)?.as_str().unwrap_or_default();
        let row = match serde_json::from_str::<Row>(line) {
            Ok(row) if self.abandoned && row.progress == Progress::InFlight => self
                .load("position", bits(found, 0)?)?
                .map(|exchange| Row::new(&exchange, row.summary)),
            Ok(row) => Some(row),
            Err(_) => self
                .load("position", bits(found, 0)?)?
                .map(|exchange| Row::new(&exchange, Summary::default())),
        };
        let Some(row) = row else { return Ok(None) };
        Ok(Some(Row {
            marked: found.get::<_, Option<bool>>(2)?.unwrap_or_default(),
            comment: found.get::<_, Option<String>>(3)?.unwrap_or_default(),
            hidden: found.get::<_, Option<bool>>(4)?.unwrap_or_default(),
            ..row
        }))
    }

    fn load(&self, key: &'static str, value: u64) -> Result<Option<Exchange>, StoreError> {
        let sql = format!("SELECT {} FROM exchange WHERE {key} = ?1", columns::EXCHANGE);
        let mut statement = self.connection.prepare_cached(&sql)?;
        let mut rows = statement.query([Bits(value)])?;
        let mut exchange = rows.next()?.map(columns::load_exchange).transpose()?;
        if let Some(exchange) = exchange.as_mut().filter(|e| self.abandoned && e.in_flight()) {
            exchange.state = State::CutOff;
        }
        Ok(exchange)
    }

    fn one<T>(
        &self,
        sql: &str,
        params: impl Params,
        read: impl FnOnce(&rusqlite::Row<'_>) -> rusqlite::Result<T>,
    ) -> Result<Option<T>, StoreError> {
        Ok(self.connection.prepare_cached(sql)?.query_row(params, read).optional()?)
    }
}

fn limit_of(limit: usize) -> i64 {
    i64::try_from(limit).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::{Store, sample};

    fn filled(count: u64) -> (tempfile::TempDir, Store, Reader) {
        let dir = tempfile::tempdir().unwrap();
        let store = sample::capture(dir.path());
        let writer = store.writer();
        for id in 1..=count {
            sample::record(&writer, id, b"request", b"response");
        }
        writer.flush();
        let reader = store.reader().unwrap();
        (dir, store, reader)
    }

    fn ids(rows: &[Row]) -> Vec<u64> {
        rows.iter().map(|row| row.id.0).collect()
    }

    #[test]
    fn windows_are_ranges_oldest_first() {
        let (_dir, _store, reader) = filled(10);
        assert_eq!(reader.count().unwrap(), 10);
        assert_eq!(ids(&reader.window(0, 3).unwrap()), [1, 2, 3]);
        assert_eq!(ids(&reader.window(8, 3).unwrap()), [9, 10]);
        assert!(reader.window(10, 3).unwrap().is_empty());
        assert!(reader.window(u64::MAX, usize::MAX).unwrap().is_empty());
        assert_eq!(reader.window(0, usize::MAX).unwrap().len(), 10);
        assert_eq!(reader.position(ExchangeId(9)).unwrap(), Some(8));
        assert_eq!(reader.position(ExchangeId(11)).unwrap(), None);
    }

    #[test]
    fn an_empty_capture_has_nothing() {
        let (_dir, store, reader) = filled(0);
        assert_eq!(reader.count().unwrap(), 0);
        assert!(reader.window(0, 5).unwrap().is_empty());
        assert_eq!(reader.exchange(ExchangeId(1)).unwrap(), None);
        assert_eq!(reader.row(ExchangeId(1)).unwrap(), None);
        assert!(reader.body(ExchangeId(1), Leg::Request, 9).unwrap().is_empty());
        assert_eq!(store.last_id(), ExchangeId(0));
    }

    #[test]
    fn a_window_searches_the_key_and_nothing_else() {
        let (_dir, _store, reader) = filled(1);
        let mut plan = Vec::new();
        let mut explain =
            reader.connection.prepare(&format!("EXPLAIN QUERY PLAN {WINDOW}")).unwrap();
        let mut steps = explain.query((0, 1)).unwrap();
        while let Some(step) = steps.next().unwrap() {
            plan.push(step.get::<_, String>(3).unwrap());
        }
        assert_eq!(
            plan,
            [
                "SEARCH summary USING INTEGER PRIMARY KEY (rowid>?)",
                "SEARCH mark USING INTEGER PRIMARY KEY (rowid=?) LEFT-JOIN"
            ]
        );
        assert!(!WINDOW.contains("OFFSET"));
    }

    #[test]
    fn a_body_is_joined_up_to_the_limit() {
        let (_dir, store, reader) = filled(0);
        let writer = store.writer();
        for piece in ["one ", "two ", "three"] {
            writer.append(ExchangeId(1), Leg::Response, piece.into(), || {});
        }
        writer.flush();
        let body = |limit| reader.body(ExchangeId(1), Leg::Response, limit).unwrap();
        assert_eq!(body(usize::MAX), "one two three");
        assert_eq!(body(6), "one tw");
        assert_eq!(body(8), "one two ");
        assert_eq!(body(0), "");
        assert_eq!(reader.body(ExchangeId(1), Leg::Request, 9).unwrap(), "");
    }

    #[test]
    fn a_body_with_a_hole_ends_before_it() {
        let (_dir, store, reader) = filled(0);
        store.sabotage(|connection| {
            let chunks = "INSERT INTO chunk VALUES (1, 0, 0, x'6162'), (1, 0, 3, x'6364')";
            connection.execute(chunks, []).unwrap();
        });
        store.writer().flush();
        assert_eq!(reader.body(ExchangeId(1), Leg::Request, 9).unwrap(), "ab");
    }

    #[test]
    fn closings_come_in_their_order() {
        let (_dir, store, reader) = filled(0);
        let writer = store.writer();
        for id in [1, 2, 3] {
            let open = sample::in_flight(id);
            writer.put(open.clone(), sample::row(&open));
        }
        for id in [2, 3, 1] {
            let closed = sample::complete(id, 0, 0);
            writer.put(closed.clone(), sample::row(&closed));
        }
        writer.flush();
        let after = |sequence, limit| reader.closed_after(sequence, limit).unwrap();
        assert_eq!(after(0, 2), [(1, ExchangeId(2)), (2, ExchangeId(3))]);
        assert_eq!(after(2, 2), [(3, ExchangeId(1))]);
        assert!(after(3, 2).is_empty());
    }

    #[test]
    fn rows_of_an_older_decoder_are_stale_until_rebuilt() {
        let (dir, store, reader) = filled(5);
        assert!(reader.stale_rows(ExchangeId(0), 9).unwrap().is_empty());
        drop((store, reader));
        let store = Store::open(&dir.path().join("a.synctap"), sample::DECODER + 1).unwrap();
        let reader = store.reader().unwrap();
        let stale = |after, limit| {
            let found = reader.stale_rows(ExchangeId(after), limit).unwrap();
            found.iter().map(|id| id.0).collect::<Vec<_>>()
        };
        assert_eq!(stale(0, 3), [1, 2, 3]);
        assert_eq!(stale(3, 3), [4, 5]);
        let mut row = reader.row(ExchangeId(2)).unwrap().unwrap();
        row.summary.command = "rebuilt".into();
        store.writer().put_row(row.clone());
        store.writer().flush();
        assert_eq!(stale(0, 9), [1, 3, 4, 5]);
        assert_eq!(reader.row(ExchangeId(2)).unwrap(), Some(row));
    }

    #[test]
    fn an_unreadable_row_falls_back_on_the_facts() {
        let (_dir, store, reader) = filled(2);
        store.sabotage(|connection| {
            connection.execute("UPDATE summary SET line = '{}' WHERE position = 0", []).unwrap();
        });
        store.writer().flush();
        let rows = reader.window(0, 2).unwrap();
        assert_eq!((rows[0].method.as_str(), rows[0].summary.device.as_str()), ("POST", ""));
        assert_eq!(rows[1].summary.device, "device #2");
    }

    #[test]
    fn unreadable_facts_are_an_error_of_that_exchange() {
        let (_dir, store, reader) = filled(2);
        store.sabotage(|connection| {
            connection.execute("UPDATE exchange SET facts = '[' WHERE id = 1", []).unwrap();
        });
        store.writer().flush();
        let error = reader.exchange(ExchangeId(1)).unwrap_err();
        assert!(matches!(error, StoreError::Damaged { id: ExchangeId(1), .. }), "{error}");
        assert!(reader.exchange(ExchangeId(2)).unwrap().is_some());
        assert_eq!(reader.window(0, 2).unwrap().len(), 2);
    }
}
