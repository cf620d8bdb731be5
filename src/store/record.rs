//! What one operation does to the file, inside its caller's transaction.

use std::borrow::Cow;

use rusqlite::{Connection, OptionalExtension, TransactionBehavior};

use crate::model::{BodyFacts, Exchange, ExchangeId, Leg, Row, State};

use super::columns::{self, Bits, bits};
use super::error::StoreError;

/// Longest piece of a body in one row, in bytes. A longer one is split.
pub(super) const PIECE: usize = 128 << 10;
/// Exchanges marked as cut off in one transaction.
const MARK_BATCH: u32 = 256;
/// The decoder version of rows that must be made again in any case.
const NO_DECODER: u32 = 0;

/// What operations changed, to be told once they are committed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Tally {
    /// New exchanges.
    pub(super) recorded: u64,
    /// Exchanges that came to be truncated, less those that no longer are.
    pub(super) truncated: i64,
    /// Operations given up.
    pub(super) lost: u64,
    /// The largest id seen.
    pub(super) last_id: ExchangeId,
}

impl Tally {
    /// Adds what was counted elsewhere.
    pub(super) fn add(&mut self, other: Self) {
        self.recorded += other.recorded;
        self.truncated += other.truncated;
        self.lost += other.lost;
        self.last_id = self.last_id.max(other.last_id);
    }
}

/// Writes with one connection, in whatever transaction it is in.
#[derive(Debug, Clone, Copy)]
pub(super) struct Recorder<'c> {
    /// The connection.
    pub(super) connection: &'c Connection,
    /// The version of the decoder that makes rows now.
    pub(super) decoder: u32,
}

/// What the file knows of an exchange already.
pub(super) struct Known {
    pub(super) position: u64,
    closed: Option<u64>,
    truncated: bool,
}

impl Recorder<'_> {
    /// Writes an exchange and its row, new or known. `lossy` says of which legs bytes are known to
    /// be missing. One that is closed stays so: a state in flight after that is not written.
    pub(super) fn put(
        self,
        exchange: &Exchange,
        row: &Row,
        lossy: impl Fn(Leg) -> bool,
    ) -> rusqlite::Result<Tally> {
        let known = self.known(exchange.id)?;
        let was_closed = known.as_ref().and_then(|known| known.closed);
        if was_closed.is_some() && exchange.in_flight() {
            return Ok(Tally::default());
        }
        let honest = self.honest(exchange, lossy)?;
        let row = match &honest {
            Cow::Borrowed(_) => Cow::Borrowed(row),
            Cow::Owned(exchange) => Cow::Owned(row.anew(exchange)),
        };
        let position = match &known {
            Some(known) => known.position,
            None => self.number("SELECT coalesce(max(position) + 1, 0) FROM exchange")?,
        };
        let closed = match was_closed {
            None if !exchange.in_flight() => Some(self.next_close()?),
            closed => closed,
        };
        columns::save_exchange(self.connection, position, closed, &honest)?;
        columns::save_row(self.connection, position, self.decoder, &row)?;
        let before = known.as_ref().is_some_and(|known| known.truncated);
        Ok(Tally {
            recorded: u64::from(known.is_none()),
            truncated: i64::from(row.truncated) - i64::from(before),
            lost: 0,
            last_id: exchange.id,
        })
    }

    /// Replaces the summary of a known exchange; its row is made of the facts in the file.
    pub(super) fn put_row(self, row: &Row) -> rusqlite::Result<Tally> {
        let Some(known) = self.known(row.id)? else { return Ok(Tally::default()) };
        let line = match self.exchange(row.id)? {
            Some(exchange) => Cow::Owned(row.anew(&exchange)),
            None => Cow::Borrowed(row),
        };
        columns::save_row(self.connection, known.position, self.decoder, &line)?;
        let truncated = i64::from(line.truncated) - i64::from(known.truncated);
        Ok(Tally { truncated, ..Tally::default() })
    }

    /// Adds bytes to the end of a body. False when the exchange is closed: nothing was written.
    pub(super) fn append(self, id: ExchangeId, leg: Leg, bytes: &[u8]) -> rusqlite::Result<bool> {
        if self.known(id)?.is_some_and(|known| known.closed.is_some()) {
            return Ok(false);
        }
        let mut at = self.stored(id, leg)?;
        let mut insert = self.connection.prepare_cached(
            "INSERT INTO chunk (exchange, leg, at, bytes) VALUES (?1, ?2, ?3, ?4)",
        )?;
        for piece in bytes.chunks(PIECE) {
            insert.execute((Bits(id.0), columns::leg_number(leg), Bits(at), piece))?;
            at = at.saturating_add(piece.len() as u64);
        }
        Ok(true)
    }

    /// Bytes of a body in the file.
    fn stored(self, id: ExchangeId, leg: Leg) -> rusqlite::Result<u64> {
        let end = self
            .connection
            .prepare_cached(
                "SELECT at + length(bytes) FROM chunk WHERE exchange = ?1 AND leg = ?2
                 ORDER BY at DESC LIMIT 1",
            )?
            .query_row((Bits(id.0), columns::leg_number(leg)), |row| bits(row, 0))
            .optional()?;
        Ok(end.unwrap_or(0))
    }

    /// The exchange with `kept` as it is in the file: always once it is closed; in flight only
    /// where bytes were lost, because others may still be on their way.
    fn honest(
        self,
        exchange: &Exchange,
        lossy: impl Fn(Leg) -> bool,
    ) -> rusqlite::Result<Cow<'_, Exchange>> {
        let mut honest = Cow::Borrowed(exchange);
        for leg in [Leg::Request, Leg::Response] {
            let Some(claimed) = columns::body_of(exchange, leg) else { continue };
            if exchange.in_flight() && !lossy(leg) {
                continue;
            }
            let kept = self.stored(exchange.id, leg)?;
            let actual = BodyFacts { kept, seen: claimed.seen.max(kept), ..claimed };
            if actual != claimed {
                columns::set_body(honest.to_mut(), leg, actual);
            }
        }
        Ok(honest)
    }

    pub(super) fn known(self, id: ExchangeId) -> rusqlite::Result<Option<Known>> {
        self.connection
            .prepare_cached(
                "SELECT position, closed, coalesce(truncated, 0)
                 FROM exchange LEFT JOIN summary USING (position) WHERE id = ?1",
            )?
            .query_row([Bits(id.0)], |row| {
                Ok(Known {
                    position: bits(row, 0)?,
                    closed: row.get::<_, Option<i64>>(1)?.map(i64::cast_unsigned),
                    truncated: row.get(2)?,
                })
            })
            .optional()
    }

    /// The stored exchange; `None` also when its facts cannot be read.
    fn exchange(self, id: ExchangeId) -> rusqlite::Result<Option<Exchange>> {
        let sql = format!("SELECT {} FROM exchange WHERE id = ?1", columns::EXCHANGE);
        let mut statement = self.connection.prepare_cached(&sql)?;
        let mut rows = statement.query([Bits(id.0)])?;
        match rows.next()?.map(columns::load_exchange) {
            Some(Ok(exchange)) => Ok(Some(exchange)),
            Some(Err(StoreError::Query { source })) => Err(source),
            Some(Err(_)) | None => Ok(None),
        }
    }

    fn next_close(self) -> rusqlite::Result<u64> {
        self.number("SELECT coalesce(max(closed), 0) + 1 FROM exchange")
    }

    fn number(self, sql: &str) -> rusqlite::Result<u64> {
        self.connection.prepare_cached(sql)?.query_row([], |row| bits(row, 0))
    }
}

/// Closes what was in flight when the last writer ended: nobody will bring the rest. Rows of such
/// exchanges are made again, because the file may hold more of the body than when they were made.
pub(super) fn cut_off(connection: &mut Connection) -> rusqlite::Result<()> {
    loop {
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let recorder = Recorder { connection: &transaction, decoder: NO_DECODER };
        let open = recorder.in_flight()?;
        for (position, id) in &open {
            recorder.cut_off_one(*position, *id)?;
        }
        transaction.commit()?;
        if open.is_empty() {
            return Ok(());
        }
    }
}

impl Recorder<'_> {
    fn in_flight(self) -> rusqlite::Result<Vec<(u64, ExchangeId)>> {
        self.connection
            .prepare_cached(
                "SELECT position, id FROM exchange WHERE closed IS NULL ORDER BY position LIMIT ?1",
            )?
            .query_map([MARK_BATCH], |row| Ok((bits(row, 0)?, ExchangeId(bits(row, 1)?))))?
            .collect()
    }

    fn cut_off_one(self, position: u64, id: ExchangeId) -> rusqlite::Result<()> {
        let closed = self.next_close()?;
        let Some(mut exchange) = self.exchange(id)? else {
            // Unreadable facts are left for the reader to report; closed, or we would never end.
            self.connection
                .prepare_cached("UPDATE exchange SET closed = ?2 WHERE position = ?1")?
                .execute([Bits(position), Bits(closed)])?;
            return Ok(());
        };
        exchange.state = State::CutOff;
        let exchange = self.honest(&exchange, |_| true)?;
        let line: Option<String> = self
            .connection
            .prepare_cached("SELECT line FROM summary WHERE position = ?1")?
            .query_row([Bits(position)], |row| row.get(0))
            .optional()?;
        let row: Option<Row> = line.and_then(|line| serde_json::from_str(&line).ok());
        let summary = row.map(|row| row.summary).unwrap_or_default();
        columns::save_exchange(self.connection, position, Some(closed), &exchange)?;
        columns::save_row(self.connection, position, self.decoder, &Row::new(&exchange, summary))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::{migrate, sample};

    fn database() -> Connection {
        let mut connection = Connection::open_in_memory().unwrap();
        migrate::migrate(&mut connection, 0).unwrap();
        connection
    }

    fn recorder(connection: &Connection) -> Recorder<'_> {
        Recorder { connection, decoder: 7 }
    }

    fn put(recorder: Recorder<'_>, exchange: &Exchange) -> Tally {
        recorder.put(exchange, &sample::row(exchange), |_| false).unwrap()
    }

    fn response_body(recorder: Recorder<'_>, id: u64) -> BodyFacts {
        recorder.exchange(ExchangeId(id)).unwrap().unwrap().response.unwrap().body
    }

    #[test]
    fn a_known_id_is_updated_in_its_place() {
        let connection = database();
        let recorder = recorder(&connection);
        assert_eq!(put(recorder, &sample::in_flight(3)).recorded, 1);
        assert_eq!(put(recorder, &sample::in_flight(1)).recorded, 1);
        let closed = sample::complete(3, 0, 0);
        assert_eq!(put(recorder, &closed).recorded, 0);
        assert_eq!(recorder.exchange(ExchangeId(3)).unwrap().unwrap(), closed);
        let known = recorder.known(ExchangeId(3)).unwrap().unwrap();
        assert_eq!((known.position, known.closed), (0, Some(1)));
    }

    #[test]
    fn a_closed_exchange_keeps_its_number_and_stays_closed() {
        let connection = database();
        let recorder = recorder(&connection);
        put(recorder, &sample::complete(1, 0, 0));
        put(recorder, &sample::complete(2, 0, 0));
        put(recorder, &sample::complete(1, 0, 0));
        put(recorder, &sample::in_flight(1));
        let known = recorder.known(ExchangeId(1)).unwrap().unwrap();
        assert_eq!(known.closed, Some(1));
        assert!(!recorder.exchange(ExchangeId(1)).unwrap().unwrap().in_flight());
    }

    #[test]
    fn kept_is_what_the_file_has_once_closed() {
        let connection = database();
        let recorder = recorder(&connection);
        recorder.append(ExchangeId(1), Leg::Response, b"0123456789").unwrap();
        let tally = put(recorder, &sample::complete(1, 0, 25));
        assert_eq!(tally.truncated, 1);
        let body = response_body(recorder, 1);
        assert_eq!(body, BodyFacts { seen: 25, kept: 10, ended: true });
        let level: u8 =
            connection.query_row("SELECT level FROM summary", [], |row| row.get(0)).unwrap();
        assert_eq!(level, 1, "a truncated body is worth a look");
        assert_eq!(put(recorder, &sample::complete(1, 0, 10)).truncated, -1);
    }

    #[test]
    fn what_is_on_its_way_is_believed_unless_bytes_were_lost() {
        let connection = database();
        let recorder = recorder(&connection);
        let mut exchange = sample::complete(1, 0, 25);
        exchange.state = State::InFlight;
        put(recorder, &exchange);
        assert_eq!(response_body(recorder, 1).kept, 25);
        let lossy = |leg| leg == Leg::Response;
        recorder.put(&exchange, &sample::row(&exchange), lossy).unwrap();
        assert_eq!(response_body(recorder, 1).kept, 0);
    }

    #[test]
    fn long_bytes_are_split_and_closed_bodies_take_no_more() {
        let connection = database();
        let recorder = recorder(&connection);
        let bytes = vec![7; PIECE * 2 + 1];
        assert!(recorder.append(ExchangeId(1), Leg::Request, &bytes).unwrap());
        let pieces: Vec<u64> = connection
            .prepare("SELECT length(bytes) FROM chunk ORDER BY at")
            .unwrap()
            .query_map([], |row| bits(row, 0))
            .unwrap()
            .map(Result::unwrap)
            .collect();
        assert_eq!(pieces, [PIECE as u64, PIECE as u64, 1]);
        put(recorder, &sample::complete(1, bytes.len() as u64, 0));
        assert!(!recorder.append(ExchangeId(1), Leg::Request, b"late").unwrap());
        assert_eq!(recorder.stored(ExchangeId(1), Leg::Request).unwrap(), bytes.len() as u64);
    }

    #[test]
    fn a_rebuilt_row_follows_the_facts_in_the_file() {
        let connection = database();
        let recorder = recorder(&connection);
        put(recorder, &sample::complete(1, 0, 25));
        let mut row = sample::row(&sample::complete(1, 0, 25));
        row.summary.command = "Sync".into();
        assert!(!row.truncated);
        recorder.put_row(&row).unwrap();
        let found: (bool, String) = connection
            .query_row("SELECT truncated, command FROM summary", [], |r| Ok((r.get(0)?, r.get(1)?)))
            .unwrap();
        assert_eq!(found, (true, "Sync".into()));
        row.id = ExchangeId(99);
        assert_eq!(recorder.put_row(&row).unwrap(), Tally::default());
    }

    #[test]
    fn what_was_in_flight_is_cut_off_with_what_the_file_has() {
        let mut connection = database();
        let first = recorder(&connection);
        put(first, &sample::in_flight(1));
        put(first, &sample::complete(2, 0, 0));
        first.append(ExchangeId(1), Leg::Request, b"half a bo").unwrap();
        cut_off(&mut connection).unwrap();
        let recorder = recorder(&connection);
        let exchange = recorder.exchange(ExchangeId(1)).unwrap().unwrap();
        assert_eq!(exchange.state, State::CutOff);
        let body = exchange.request.unwrap().body;
        assert_eq!(body, BodyFacts { seen: 9, kept: 9, ended: false });
        let (progress, device, decoder): (String, String, u32) = connection
            .query_row("SELECT progress, device, decoder FROM summary LIMIT 1", [], |row| {
                Ok((row.get(0)?, row.get(1)?, row.get(2)?))
            })
            .unwrap();
        assert_eq!((progress.as_str(), device.as_str()), ("cut_off", "device #1"));
        assert_eq!(decoder, NO_DECODER, "to be made again");
        assert_eq!(recorder.known(ExchangeId(1)).unwrap().unwrap().closed, Some(2));
        assert_eq!(recorder.exchange(ExchangeId(2)).unwrap().unwrap().state, State::Complete);
    }

    #[test]
    fn cutting_off_ends_on_facts_that_cannot_be_read() {
        let mut connection = database();
        for id in 1..=u64::from(MARK_BATCH) + 5 {
            put(recorder(&connection), &sample::in_flight(id));
        }
        connection.execute("UPDATE exchange SET facts = '{' WHERE id % 2", []).unwrap();
        cut_off(&mut connection).unwrap();
        let open = "SELECT count(*) FROM exchange WHERE closed IS NULL";
        let open: u32 = connection.query_row(open, [], |row| row.get(0)).unwrap();
        assert_eq!(open, 0);
    }
}
