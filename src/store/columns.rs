//! Exchanges and rows as columns, and back.

use bytes::Bytes;
use rusqlite::types::ToSqlOutput;
use rusqlite::{Connection, Row as SqlRow, ToSql};

use crate::model::{
    BodyFacts, Exchange, ExchangeId, Kind, Leg, Level, Progress, Protocol, Row, Side,
};

use super::error::StoreError;

/// A 64-bit number whose bits are stored as a signed one, `SQLite`'s only kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Bits(pub(super) u64);

impl ToSql for Bits {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(self.0.cast_signed().into())
    }
}

/// Reads what [`Bits`] wrote.
pub(super) fn bits(row: &SqlRow<'_>, column: usize) -> rusqlite::Result<u64> {
    row.get(column).map(i64::cast_unsigned)
}

/// A leg as stored.
pub(super) const fn leg_number(leg: Leg) -> u8 {
    match leg {
        Leg::Request => 0,
        Leg::Response => 1,
    }
}

/// The facts of one leg's body, when that leg's head was read.
pub(super) fn body_of(exchange: &Exchange, leg: Leg) -> Option<BodyFacts> {
    match leg {
        Leg::Request => exchange.request.as_ref().map(|request| request.body),
        Leg::Response => exchange.response.as_ref().map(|response| response.body),
    }
}

/// Replaces the facts of one leg's body, if there is such a leg.
pub(super) fn set_body(exchange: &mut Exchange, leg: Leg, facts: BodyFacts) {
    let body = match leg {
        Leg::Request => exchange.request.as_mut().map(|request| &mut request.body),
        Leg::Response => exchange.response.as_mut().map(|response| &mut response.body),
    };
    if let Some(body) = body {
        *body = facts;
    }
}

/// Writes the exchange at `position`, new or known.
pub(super) fn save_exchange(
    connection: &Connection,
    position: u64,
    closed: Option<u64>,
    exchange: &Exchange,
) -> rusqlite::Result<()> {
    let head = |raw: &Bytes| (!raw.is_empty()).then(|| raw.to_vec());
    connection
        .prepare_cached(
            "INSERT INTO exchange (position, id, closed, facts, request_head, response_head)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6)
             ON CONFLICT (position) DO UPDATE SET closed = excluded.closed,
             facts = excluded.facts, request_head = excluded.request_head,
             response_head = excluded.response_head",
        )?
        .execute(rusqlite::params![
            Bits(position),
            Bits(exchange.id.0),
            closed.map(Bits),
            json(exchange)?,
            exchange.request.as_ref().and_then(|request| head(&request.raw)),
            exchange.response.as_ref().and_then(|response| head(&response.raw)),
        ])?;
    Ok(())
}

/// The columns [`load_exchange`] reads, in its order.
pub(super) const EXCHANGE: &str = "id, facts, request_head, response_head";

/// Reads an exchange from a result row of [`EXCHANGE`].
pub(super) fn load_exchange(row: &SqlRow<'_>) -> Result<Exchange, StoreError> {
    let id = ExchangeId(bits(row, 0)?);
    let facts: String = row.get(1)?;
    let mut exchange: Exchange =
        serde_json::from_str(&facts).map_err(|source| StoreError::Damaged { id, source })?;
    exchange.id = id;
    if let Some(request) = &mut exchange.request {
        request.raw = row.get::<_, Option<Vec<u8>>>(2)?.unwrap_or_default().into();
    }
    if let Some(response) = &mut exchange.response {
        response.raw = row.get::<_, Option<Vec<u8>>>(3)?.unwrap_or_default().into();
    }
    Ok(exchange)
}

/// Writes the summary of the exchange at `position`, new or known.
pub(super) fn save_row(
    connection: &Connection,
    position: u64,
    decoder: u32,
    row: &Row,
) -> rusqlite::Result<()> {
    let summary = &row.summary;
    connection
        .prepare_cached(
            "INSERT OR REPLACE INTO summary (position, decoder, line, started, kind, progress,
             level, truncated, client, method, host, path, http_status, request_size,
             response_size, duration, cause, protocol, version, device, user, session, command,
             status, policy_key, facts)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17,
             ?18, ?19, ?20, ?21, ?22, ?23, ?24, ?25, ?26)",
        )?
        .execute(rusqlite::params![
            Bits(position),
            decoder,
            json(row)?,
            row.started.0,
            kind(row.kind),
            progress(row.progress),
            level(row.level()),
            row.truncated,
            row.client,
            row.method,
            row.host,
            row.path,
            row.http_status,
            capped(row.request_size),
            capped(row.response_size),
            row.duration.map(capped),
            row.cause,
            protocol(summary.protocol),
            summary.version,
            summary.device,
            summary.user,
            summary.session,
            summary.command,
            summary.status,
            summary.policy_key.map(|key| key.0),
            summary.facts,
        ])?;
    Ok(())
}

fn json(value: &impl serde::Serialize) -> rusqlite::Result<String> {
    serde_json::to_string(value)
        .map_err(|error| rusqlite::Error::ToSqlConversionFailure(error.into()))
}

/// For comparing, where order matters more than the last bit.
fn capped(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

const fn kind(kind: Kind) -> &'static str {
    match kind {
        Kind::Http => "http",
        Kind::Tunnel => "tunnel",
        Kind::Connection => "connection",
    }
}

const fn progress(progress: Progress) -> &'static str {
    match progress {
        Progress::InFlight => "in_flight",
        Progress::Complete => "complete",
        Progress::Failed(Side::Client) => "failed_client",
        Progress::Failed(Side::Proxy) => "failed_proxy",
        Progress::Failed(Side::Server) => "failed_server",
        Progress::CutOff => "cut_off",
    }
}

const fn level(level: Level) -> u8 {
    match level {
        Level::Info => 0,
        Level::Notable => 1,
        Level::Warning => 2,
        Level::Alarm => 3,
    }
}

const fn protocol(protocol: Protocol) -> &'static str {
    match protocol {
        Protocol::Http => "http",
        Protocol::ActiveSync => "activesync",
        Protocol::SyncMl => "syncml",
    }
}
