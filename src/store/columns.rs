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
        Protocol::Enrolment => "enrolment",
    }
}

/// Reads what [`protocol`] wrote.
pub(super) fn protocol_named(name: &str) -> Protocol {
    match name {
        "activesync" => Protocol::ActiveSync,
        "syncml" => Protocol::SyncMl,
        "enrolment" => Protocol::Enrolment,
        _ => Protocol::Http,
    }
}

/// Reads what [`level`] wrote.
pub(super) fn level_numbered(number: i64) -> Level {
    match number {
        ..=0 => Level::Info,
        1 => Level::Notable,
        2 => Level::Warning,
        3.. => Level::Alarm,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::model::{
        CertificateFacts, ClientCertificate, ConnId, Failure, Header, Headers, MonoTime, PolicyKey,
        Relayed, Request, Response, Scheme, State, Summary, Times, Tls, Verdict, WallTime,
    };
    use crate::store::migrate;

    fn text() -> impl Strategy<Value = String> {
        prop_oneof![Just(String::new()), any::<String>(), Just("\0\u{1b}[31m\u{202e}é".to_owned())]
    }

    fn maybe<T: std::fmt::Debug>(
        inner: impl Strategy<Value = T>,
    ) -> impl Strategy<Value = Option<T>> {
        proptest::option::of(inner)
    }

    fn headers() -> impl Strategy<Value = Headers> {
        let header = (text(), text()).prop_map(|(name, value)| Header { name, value });
        proptest::collection::vec(header, 0..3).prop_map(Headers)
    }

    fn body() -> impl Strategy<Value = BodyFacts> {
        any::<(u64, u64, bool)>().prop_map(|(seen, kept, ended)| BodyFacts { seen, kept, ended })
    }

    fn raw() -> impl Strategy<Value = Bytes> {
        any::<Vec<u8>>().prop_map(Bytes::from)
    }

    fn request() -> impl Strategy<Value = Request> {
        (text(), text(), headers(), raw(), body(), headers()).prop_map(
            |(method, target, headers, raw, body, trailers)| {
                let version = "HTTP/1.1".to_owned();
                Request { method, target, version, headers, raw, body, trailers }
            },
        )
    }

    fn response() -> impl Strategy<Value = Response> {
        (any::<u16>(), text(), headers(), raw(), body(), headers(), any::<bool>()).prop_map(
            |(status, reason, headers, raw, body, trailers, ours)| {
                let version = "HTTP/1.0".to_owned();
                Response {
                    status,
                    reason,
                    version,
                    headers,
                    raw,
                    body,
                    trailers,
                    interim: vec![100, 103],
                    ours,
                }
            },
        )
    }

    fn tls() -> impl Strategy<Value = Tls> {
        (text(), maybe(text()), any::<(i64, i64)>(), text()).prop_map(
            |(name, sni, (not_before, not_after), why)| Tls {
                version: "TLSv1.3".to_owned(),
                suite: name.clone(),
                sni,
                alpn_offered: vec![name.clone()],
                alpn: Some(name.clone()),
                chain: vec![CertificateFacts {
                    subject: name.clone(),
                    issuer: name.clone(),
                    names: vec![name.clone()],
                    not_before: WallTime(not_before),
                    not_after: WallTime(not_after),
                    sha256: name,
                }],
                client_certificate_asked: true,
                client_certificate: Some(ClientCertificate {
                    facts: CertificateFacts::default(),
                    der: why.clone(),
                }),
                verdict: if why.is_empty() { Verdict::Verified } else { Verdict::Unverified(why) },
            },
        )
    }

    fn side() -> impl Strategy<Value = Side> {
        prop_oneof![Just(Side::Client), Just(Side::Proxy), Just(Side::Server)]
    }

    fn state() -> impl Strategy<Value = State> {
        let failure = (side(), text(), text(), text()).prop_map(|(side, code, cause, advice)| {
            State::Failed(Failure { side, code, cause, advice })
        });
        prop_oneof![Just(State::InFlight), Just(State::Complete), Just(State::CutOff), failure]
    }

    fn a_kind() -> impl Strategy<Value = Kind> {
        prop_oneof![Just(Kind::Http), Just(Kind::Tunnel), Just(Kind::Connection)]
    }

    fn times() -> impl Strategy<Value = Times> {
        any::<(Option<u64>, Option<u64>)>().prop_map(|(first, last)| Times {
            request_head: first.map(MonoTime),
            closed: last.map(MonoTime),
            ..Times::default()
        })
    }

    prop_compose! {
        fn exchange()(
            (id, conn, started, port) in any::<(u64, u64, i64, u16)>(),
            (kind, state, times) in (a_kind(), state(), times()),
            (mode, client, host) in (text(), text(), text()),
            server in maybe(text()),
            (client_tls, server_tls) in (maybe(tls()), maybe(tls())),
            (request, response) in (maybe(request()), maybe(response())),
            relayed in any::<Option<(u64, u64)>>(),
        ) -> Exchange {
            Exchange {
                id: ExchangeId(id), conn: ConnId(conn), kind, other_modes: vec![mode.clone()], mode,
                started: WallTime(started),
                client, server, scheme: Scheme::Tcp, host, port, client_tls, server_tls, request,
                response, relayed: relayed.map(|(up, down)| Relayed { up, down }),
                passthrough: relayed.map(|(up, _)| up.to_string()), times, state,
            }
        }
    }

    fn progress_of() -> impl Strategy<Value = Progress> {
        prop_oneof![
            Just(Progress::InFlight),
            Just(Progress::Complete),
            Just(Progress::CutOff),
            side().prop_map(Progress::Failed)
        ]
    }

    fn level_and_protocol() -> impl Strategy<Value = (Level, Protocol)> {
        let levels = prop_oneof![
            Just(Level::Info),
            Just(Level::Notable),
            Just(Level::Warning),
            Just(Level::Alarm)
        ];
        let protocols = prop_oneof![
            Just(Protocol::Http),
            Just(Protocol::ActiveSync),
            Just(Protocol::SyncMl),
            Just(Protocol::Enrolment)
        ];
        (levels, protocols)
    }

    prop_compose! {
        fn summary()(
            (version, device, user, session) in (text(), text(), text(), text()),
            (command, status, facts) in (text(), text(), text()),
            policy_key in any::<Option<u32>>(),
            (level, protocol) in level_and_protocol(),
        ) -> Summary {
            Summary {
                protocol, version, device, user, session, command, status,
                policy_key: policy_key.map(PolicyKey), facts, level, story: Vec::new(),
            }
        }
    }

    prop_compose! {
        fn a_row()(
            (id, request_size, response_size) in any::<(u64, u64, u64)>(),
            (started, truncated, http_status) in any::<(i64, bool, Option<u16>)>(),
            (request_truncated, response_truncated) in any::<(bool, bool)>(),
            duration in any::<Option<u64>>(),
            (kind, progress) in (a_kind(), progress_of()),
            (client, method, host, path, cause) in (text(), text(), text(), text(), text()),
            summary in summary(),
        ) -> Row {
            Row {
                id: ExchangeId(id), started: WallTime(started), kind, progress, client, method,
                host, path, http_status, request_size, response_size, truncated,
                request_truncated, response_truncated, duration, cause,
                summary, findings: Vec::new(), marked: false, comment: String::new(), hidden: false,
            }
        }
    }

    fn database() -> Connection {
        let mut connection = Connection::open_in_memory().unwrap();
        migrate::migrate(&mut connection, 0).unwrap();
        connection
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(64) })]

        #[test]
        fn an_exchange_comes_back_as_it_was(
            exchange in exchange(),
            closed in any::<Option<u64>>(),
        ) {
            let connection = database();
            save_exchange(&connection, 5, closed, &exchange).unwrap();
            // Saving again updates in place.
            save_exchange(&connection, 5, closed, &exchange).unwrap();
            let sql = format!("SELECT {EXCHANGE} FROM exchange WHERE id = ?1");
            let found = connection
                .query_row(&sql, [Bits(exchange.id.0)], |row| Ok(load_exchange(row).unwrap()))
                .unwrap();
            prop_assert_eq!(found, exchange);
        }

        #[test]
        fn a_row_comes_back_as_it_was(row in a_row()) {
            let connection = database();
            save_row(&connection, 5, 7, &row).unwrap();
            let line: String =
                connection.query_row("SELECT line FROM summary", [], |row| row.get(0)).unwrap();
            prop_assert_eq!(serde_json::from_str::<Row>(&line).unwrap(), row);
        }
    }

    #[test]
    fn filters_find_the_columns_under_their_names() {
        let connection = database();
        let mut exchange = crate::store::sample::complete(3, 10, 20);
        exchange.state = State::Failed(Failure {
            side: Side::Server,
            code: "upstream-refused".into(),
            cause: "refused".into(),
            advice: String::new(),
        });
        let summary = Summary {
            protocol: Protocol::ActiveSync,
            version: "14.1".into(),
            device: "dev".into(),
            user: "u".into(),
            session: "s".into(),
            command: "Sync".into(),
            status: "142".into(),
            policy_key: Some(PolicyKey(u32::MAX)),
            facts: "key".into(),
            level: Level::Info,
            story: vec!["polls the Outbox".into()],
        };
        save_row(&connection, 0, 7, &Row::new(&exchange, summary)).unwrap();
        let condition = "protocol = 'activesync' AND version = '14.1' AND device = 'dev' \
            AND user = 'u' AND session = 's' AND command = 'Sync' AND status = '142' \
            AND policy_key = 4294967295 AND facts = 'key' AND level = 3 AND cause = 'refused' \
            AND progress = 'failed_server' AND kind = 'http' AND host = 'mail.example' \
            AND path = '/Microsoft-Server-ActiveSync?Cmd=Sync&n=3' AND method = 'POST' \
            AND client = '192.0.2.7' AND http_status = 200 AND request_size = 10 \
            AND response_size = 20 AND duration = 1234 AND NOT truncated AND decoder = 7 \
            AND started = 1700000000000000";
        let sql = format!("SELECT count(*) FROM summary WHERE {condition}");
        let found: u32 = connection.query_row(&sql, [], |row| row.get(0)).unwrap();
        assert_eq!(found, 1);
    }
}
