//! Rows as parts of conversations: who spoke with whom, and when.

use std::ops::Range;

use rusqlite::types::ValueRef;

use crate::model::{Level, Protocol, WallTime};

use super::columns::{self, Bits, bits};
use super::error::StoreError;
use super::reader::Reader;

/// What one row says of the conversation it belongs to. Text is from the wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Turn<'a> {
    /// Where it stands in the capture.
    pub position: u64,
    /// When it began.
    pub started: WallTime,
    /// How long it took, in microseconds; `None` in flight, and when that is not known.
    pub duration: Option<u64>,
    /// More may come.
    pub in_flight: bool,
    /// The conversation.
    pub protocol: Protocol,
    /// Device id; empty when unknown.
    pub device: &'a str,
    /// Client address without port.
    pub client: &'a str,
    /// SyncML session id; empty when there is none.
    pub session: &'a str,
    /// User; empty when unknown.
    pub user: &'a str,
    /// Host with unusual port.
    pub host: &'a str,
    /// Protocol version; empty when unknown.
    pub version: &'a str,
    /// ActiveSync command or SyncML commands, else the HTTP method.
    pub command: &'a str,
    /// The loudest level.
    pub level: Level,
}

impl Reader {
    /// Calls `visit` with the rows at these positions, in order.
    ///
    /// # Errors
    /// `Query`.
    pub fn turns(
        &self,
        positions: Range<u64>,
        visit: &mut dyn FnMut(Turn<'_>),
    ) -> Result<(), StoreError> {
        let range = self.clamp(positions)?;
        let mut statement = self.connection.prepare_cached(
            "SELECT position, started, duration, protocol, device, session, user, host, version,
             command, level, progress = 'in_flight', client FROM summary
             WHERE position >= ?1 AND position < ?2 ORDER BY position",
        )?;
        let mut found = statement.query((Bits(range.start), Bits(range.end)))?;
        while let Some(row) = found.next()? {
            let text = |column| match row.get_ref(column) {
                Ok(ValueRef::Text(text)) => std::str::from_utf8(text).unwrap_or_default(),
                _ => "",
            };
            let duration: Option<i64> = row.get(2)?;
            visit(Turn {
                position: bits(row, 0)?,
                started: WallTime(row.get(1)?),
                duration: duration.map(i64::cast_unsigned),
                in_flight: row.get(11)?,
                protocol: columns::protocol_named(text(3)),
                device: text(4),
                client: text(12),
                session: text(5),
                user: text(6),
                host: text(7),
                version: text(8),
                command: text(9),
                level: columns::level_numbered(row.get(10)?),
            });
        }
        Ok(())
    }

    /// The position of the oldest exchange in flight.
    ///
    /// # Errors
    /// `Query`.
    pub fn oldest_in_flight(&self) -> Result<Option<u64>, StoreError> {
        let sql = "SELECT position FROM exchange WHERE closed IS NULL ORDER BY position LIMIT 1";
        let mut statement = self.connection.prepare_cached(sql)?;
        let mut found = statement.query([])?;
        Ok(found.next()?.map(|row| bits(row, 0)).transpose()?)
    }
}
