//! Finding rows: by filter, by position, and the values there are.

use std::ops::Range;

use rusqlite::params_from_iter;

use crate::model::Row;
use crate::model::filter::{Bound, Field, FieldKind, Filter, fold};

use super::columns::{Bits, bits};
use super::condition::{self, Condition, Test, column};
use super::error::StoreError;
use super::reader::Reader;

/// Positions in one chunk: about ten milliseconds of work.
const CHUNK: u64 = 16_384;

/// Rows looked at for known values, the newest ones.
const RECENT: u64 = 20_000;

impl Reader {
    /// The positions in the range whose exchanges pass `filter` as far as their rows tell: all
    /// that pass, and where [`Filter::needs_bodies`] also those that only their bodies can rule
    /// out ([`Reader::certain`] says which of them need not be asked). Ascending.
    ///
    /// Costs the rows of the range: a caller asks for one [`Reader::chunk`] after another, and can
    /// show progress and stop between.
    ///
    /// # Errors
    /// `Query`.
    pub fn matching(&self, filter: &Filter, positions: Range<u64>) -> Result<Vec<u64>, StoreError> {
        self.bounded(filter, Bound::Possible, positions)
    }

    /// The next range to search, from this position on; `None` behind the last row. Begin with 0
    /// and go on with the end of the last range: that ends after as many ranges as there are rows
    /// for, also in a capture whose positions have holes.
    ///
    /// # Errors
    /// `Query`.
    pub fn chunk(&self, from: u64) -> Result<Option<Range<u64>>, StoreError> {
        let Ok(from) = i64::try_from(from) else { return Ok(None) };
        let sql = "SELECT min(position) FROM summary WHERE position >= ?1";
        let next: Option<i64> =
            self.connection.prepare_cached(sql)?.query_row([from], |row| row.get(0))?;
        Ok(next.map(i64::cast_unsigned).map(|start| start..start.saturating_add(CHUNK)))
    }

    /// The positions in the range whose exchanges pass `filter` whatever their bodies say: a part
    /// of [`Reader::matching`], the whole of it unless [`Filter::needs_bodies`]. Ascending.
    ///
    /// # Errors
    /// `Query`.
    pub fn certain(&self, filter: &Filter, positions: Range<u64>) -> Result<Vec<u64>, StoreError> {
        self.bounded(filter, Bound::Certain, positions)
    }

    /// The rows at these positions, in their order; positions that are not in the capture are left
    /// out. For a window of a filtered or sorted list.
    ///
    /// # Errors
    /// `Query`; `Damaged` when neither a row nor its exchange can be read.
    pub fn rows(&self, positions: &[u64]) -> Result<Vec<Row>, StoreError> {
        positions.iter().filter_map(|position| self.at(*position).transpose()).collect()
    }

    /// Exchanges deleted from view. While there are none and the filter is blank, the list is the
    /// whole capture, and [`Reader::window`] is all that is needed to show it.
    ///
    /// # Errors
    /// `Query`.
    pub fn hidden(&self) -> Result<u64, StoreError> {
        let sql = "SELECT count(*) FROM mark WHERE hidden";
        Ok(self.connection.prepare_cached(sql)?.query_row([], |row| bits(row, 0))?)
    }

    /// Whether [`Reader::hidden`] is not 0, for much less where much is.
    ///
    /// # Errors
    /// `Query`.
    pub fn any_hidden(&self) -> Result<bool, StoreError> {
        let sql = "SELECT EXISTS (SELECT 1 FROM mark WHERE hidden)";
        Ok(self.connection.prepare_cached(sql)?.query_row([], |row| row.get(0))?)
    }

    /// At most `limit` values of a text field, of `http` or of `policykey` that begin with `prefix`
    /// (without case), the most frequent first; none of other fields. Of the newest 20,000 rows, to
    /// be quick enough for completion.
    ///
    /// # Errors
    /// `Query`.
    pub fn distinct(
        &self,
        field: Field,
        prefix: &str,
        limit: usize,
    ) -> Result<Vec<String>, StoreError> {
        let value = match field.kind() {
            FieldKind::Text | FieldKind::Words => column(field),
            FieldKind::Key => format!("CAST({} AS TEXT)", column(field)),
            FieldKind::Number if field == Field::Http => {
                format!("CAST({} AS TEXT)", column(field))
            }
            _ => return Ok(Vec::new()),
        };
        condition::register(&self.connection, vec![Test::Prefix(fold(prefix).into_owned())])?;
        let sql = format!(
            "SELECT value FROM (SELECT {value} AS value FROM summary
             WHERE summary.position >= ?1 AND summary.position < ?2)
             WHERE value <> '' AND passes(0, value) GROUP BY value
             ORDER BY count(*) DESC, value LIMIT ?3"
        );
        let count = self.count()?;
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        let recent = (Bits(count.saturating_sub(RECENT)), Bits(count), limit);
        let mut statement = self.connection.prepare(&sql)?;
        let values = statement.query_map(recent, |row| row.get(0))?;
        Ok(values.collect::<rusqlite::Result<_>>()?)
    }

    fn bounded(
        &self,
        filter: &Filter,
        bound: Bound,
        positions: Range<u64>,
    ) -> Result<Vec<u64>, StoreError> {
        let range = self.clamp(positions)?;
        let condition = Condition::new(filter, bound);
        let sql = format!(
            "SELECT summary.position FROM summary
             WHERE summary.position >= ?1 AND summary.position < ?2 AND ({})
             ORDER BY summary.position",
            condition.sql
        );
        let numbers = self.prepare(&range, condition)?;
        let mut statement = self.connection.prepare(&sql)?;
        let found = statement.query_map(params_from_iter(numbers), |row| bits(row, 0))?;
        Ok(found.collect::<rusqlite::Result<_>>()?)
    }

    /// Positions there are.
    pub(super) fn clamp(&self, positions: Range<u64>) -> Result<Range<u64>, StoreError> {
        let end = positions.end.min(self.count()?);
        Ok(positions.start.min(end)..end)
    }

    /// Makes the condition's tests known; gives what to bind.
    pub(super) fn prepare(
        &self,
        range: &Range<u64>,
        condition: Condition,
    ) -> Result<Vec<i64>, StoreError> {
        condition::register(&self.connection, condition.tests)?;
        let mut numbers = vec![range.start.cast_signed(), range.end.cast_signed()];
        numbers.extend(condition.numbers);
        Ok(numbers)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rusqlite::{Connection, params};

    use super::*;
    use crate::model::filter::properties::valid_filter;
    use crate::model::{
        ExchangeId, Kind, Level, PolicyKey, Progress, Protocol, Side, SortBy, Summary, WallTime,
    };
    use crate::store::{Sorter, columns, migrate};

    fn text() -> impl Strategy<Value = String> {
        let known =
            vec!["", "", "a", "É", "é b c", "Policy 2", "142", "2", "B C", "\0x", "7", "14.1"];
        prop_oneof![
            8 => prop::sample::select(known).prop_map(str::to_owned),
            1 => any::<String>()
        ]
    }

    fn number() -> impl Strategy<Value = u64> {
        let known = [0, 1, 2, 7, 142, 4_096, 2_000_000, i64::MAX.unsigned_abs(), u64::MAX];
        prop_oneof![3 => prop::sample::select(known.to_vec()), 1 => any::<u64>()]
    }

    fn progress() -> impl Strategy<Value = Progress> {
        prop::sample::select(vec![
            Progress::InFlight,
            Progress::Complete,
            Progress::Failed(Side::Client),
            Progress::Failed(Side::Proxy),
            Progress::Failed(Side::Server),
            Progress::CutOff,
        ])
    }

    prop_compose! {
        fn summary()(
            (version, device, user, session) in (text(), text(), text(), text()),
            (command, status, facts) in (text(), text(), text()),
            key in prop::sample::select(vec![None, Some(0), Some(2), Some(449), Some(u32::MAX)]),
            protocol in prop::sample::select(vec![
                Protocol::Http, Protocol::ActiveSync, Protocol::SyncMl, Protocol::Enrolment
            ]),
            level in prop::sample::select(vec![
                Level::Info, Level::Notable, Level::Warning, Level::Alarm
            ]),
        ) -> Summary {
            let policy_key = key.map(PolicyKey);
            Summary {
                protocol, version, device, user, session, command, status, policy_key, facts, level,
                story: Vec::new(),
            }
        }
    }

    prop_compose! {
        fn a_row()(
            (request_size, response_size) in (number(), number()),
            duration in prop::option::of(number()),
            (truncated, marked, hidden) in any::<(bool, bool, bool)>(),
            (request_truncated, response_truncated) in any::<(bool, bool)>(),
            http_status in prop::sample::select(vec![None, Some(0), Some(200), Some(449)]),
            kind in prop::sample::select(vec![Kind::Http, Kind::Tunnel, Kind::Connection]),
            progress in progress(),
            (client, method, host) in (text(), text(), text()),
            (path, cause, comment) in (text(), text(), text()),
            (started, summary) in (any::<i64>(), summary()),
        ) -> Row {
            Row {
                id: ExchangeId(0), started: WallTime(started), kind, progress, client, method, host,
                path, http_status, request_size, response_size, truncated,
                request_truncated, response_truncated, duration, cause, summary,
                findings: Vec::new(), marked, comment, hidden,
            }
        }
    }

    /// A capture of these rows, which get ids that are not their positions.
    fn reader(rows: &mut [Row]) -> Reader {
        let mut connection = Connection::open_in_memory().unwrap();
        migrate::migrate(&mut connection, 0).unwrap();
        for (position, row) in (0_u64..).zip(rows.iter_mut()) {
            row.id = ExchangeId(if position == 1 { u64::MAX } else { position * 7 });
            let exchange = "INSERT INTO exchange VALUES (?1, ?2, NULL, '{}', NULL, NULL)";
            connection.execute(exchange, (Bits(position), Bits(row.id.0))).unwrap();
            columns::save_row(&connection, position, 7, row).unwrap();
            if row.marked || row.hidden || !row.comment.is_empty() {
                let said = params![Bits(position), row.marked, row.comment, row.hidden];
                connection.execute("INSERT INTO mark VALUES (?1, ?2, ?3, ?4)", said).unwrap();
            }
        }
        Reader::over(connection)
    }

    /// Positions of the rows that `wanted` picks.
    fn positions(rows: &[Row], wanted: impl Fn(&Row) -> bool) -> Vec<u64> {
        (0..).zip(rows).filter(|(_, row)| wanted(row)).map(|(position, _)| position).collect()
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(96) })]

        #[test]
        fn the_database_answers_as_the_filter_does(
            mut rows in prop::collection::vec(a_row(), 1..12),
            filters in prop::collection::vec(valid_filter(true), 1..8),
        ) {
            let reader = reader(&mut rows);
            for text in filters {
                let filter = Filter::parse(&text).unwrap();
                let possible = positions(&rows, |row| filter.decide(row) != Some(false));
                let certain = positions(&rows, |row| filter.decide(row) == Some(true));
                prop_assert_eq!(reader.matching(&filter, 0..99).unwrap(), possible, "{}", text);
                prop_assert_eq!(reader.certain(&filter, 0..99).unwrap(), certain, "{}", text);
            }
        }

        #[test]
        fn without_bodies_nothing_is_left_open(
            mut rows in prop::collection::vec(a_row(), 1..12),
            text in valid_filter(false),
        ) {
            let reader = reader(&mut rows);
            let filter = Filter::parse(&text).unwrap();
            prop_assert!(!filter.needs_bodies());
            let found = reader.matching(&filter, 0..99).unwrap();
            prop_assert_eq!(&found, &reader.certain(&filter, 0..99).unwrap());
            let found = reader.rows(&found).unwrap();
            let expected: Vec<_> =
                rows.iter().filter(|row| filter.decide(row) == Some(true)).cloned().collect();
            prop_assert_eq!(found, expected);
        }

        #[test]
        fn chunks_add_up_in_any_order(
            mut rows in prop::collection::vec(a_row(), 1..12),
            by in prop::sample::select(Field::ALL).prop_map(|facts| SortBy::Field(facts.field)),
            descending in any::<bool>(),
            middle in 0_u64..12,
        ) {
            let reader = reader(&mut rows);
            let blank = Filter::default();
            let whole = reader.sorted(&blank, by, descending).unwrap();
            let mut parts = Sorter::new(by, descending);
            parts.add_matching(&reader, &blank, 0..middle).unwrap();
            parts.add_matching(&reader, &blank, middle..99).unwrap();
            prop_assert_eq!(&parts.finish(), &whole);
            let mut given = Sorter::new(by, descending);
            given.add(&reader, &reader.matching(&blank, 0..99).unwrap()).unwrap();
            prop_assert_eq!(&given.finish(), &whole);
            let mut again = whole;
            again.sort_unstable();
            prop_assert_eq!(again, positions(&rows, |row| !row.hidden));
        }
    }

    fn plain(change: impl Fn(u64, &mut Row)) -> Vec<Row> {
        let of = |id| {
            let exchange = crate::store::sample::complete(id, 0, 0);
            let mut row = Row::new(&exchange, Summary::default());
            change(id, &mut row);
            row
        };
        (0..6).map(of).collect()
    }

    #[test]
    fn any_column_sorts() {
        let devices = ["b", "A10", "a9", "", "B", "a9"];
        let reader = reader(&mut plain(|id, row| {
            let index = usize::try_from(id).unwrap();
            row.summary.device = devices[index].to_owned();
            row.duration = (id != 2).then_some(10 - id);
            row.started = WallTime(if id == 4 { -5 } else { 5 });
            row.marked = id == 3;
        }));
        let sorted = |by, descending| reader.sorted(&Filter::default(), by, descending).unwrap();
        assert_eq!(sorted(SortBy::Field(Field::Device), false), [3, 2, 5, 1, 0, 4]);
        assert_eq!(sorted(SortBy::Field(Field::Device), true), [0, 4, 1, 2, 5, 3]);
        assert_eq!(sorted(SortBy::Field(Field::Time), false), [2, 5, 4, 3, 1, 0]);
        assert_eq!(sorted(SortBy::Started, false), [4, 0, 1, 2, 3, 5]);
        assert_eq!(sorted(SortBy::Field(Field::Mark), true), [3, 0, 1, 2, 4, 5]);
        assert_eq!(sorted(SortBy::Field(Field::Body), true), [0, 1, 2, 3, 4, 5]);
        let some = Filter::parse("device ~ ^a").unwrap();
        assert_eq!(reader.sorted(&some, SortBy::Field(Field::Device), true).unwrap(), [1, 2, 5]);
        let mut sparse = Sorter::new(SortBy::Field(Field::Device), false);
        sparse.add(&reader, &[0, 2, 5, 99_999]).unwrap();
        assert_eq!(sparse.finish(), [2, 5, 0]);
    }

    #[test]
    fn known_values_come_by_how_often_they_occur() {
        let hosts = ["b.example", "a.example", "Éa", "b.example", "", "éb"];
        let reader = reader(&mut plain(|id, row| {
            row.host = hosts[usize::try_from(id).unwrap()].to_owned();
            row.http_status = Some(if id < 2 { 449 } else { 200 });
        }));
        let known = |field, prefix| reader.distinct(field, prefix, 3).unwrap();
        assert_eq!(known(Field::Host, ""), ["b.example", "a.example", "Éa"]);
        assert_eq!(known(Field::Host, "É"), ["Éa", "éb"]);
        assert_eq!(known(Field::Http, ""), ["200", "449"]);
        assert_eq!(known(Field::Http, "4"), ["449"]);
        assert!(known(Field::Body, "").is_empty() && known(Field::Level, "").is_empty());
    }

    #[test]
    fn ranges_are_cut_to_what_there_is() {
        let reader = reader(&mut plain(|_, _| {}));
        let all = Filter::default();
        assert_eq!(reader.matching(&all, 2..4).unwrap(), [2, 3]);
        assert_eq!(reader.matching(&all, 4..u64::MAX).unwrap(), [4, 5]);
        assert!(reader.matching(&all, u64::MAX - 1..u64::MAX).unwrap().is_empty());
        #[expect(clippy::reversed_empty_ranges, reason = "a caller may be wrong")]
        let reversed = reader.matching(&all, 4..2).unwrap();
        assert!(reversed.is_empty());
        assert_eq!(reader.rows(&[5, 99, 0, u64::MAX]).unwrap().len(), 2);
    }

    #[test]
    fn chunks_leap_over_holes() {
        let reader = reader(&mut plain(|_, _| {}));
        let chunks = || {
            let next = |at: &u64| reader.chunk(*at).unwrap().map(|range| range.end);
            std::iter::successors(Some(0), next).count() - 1
        };
        assert_eq!(chunks(), 1);
        let far = "UPDATE summary SET position = 9000000000000000000 WHERE position = 5";
        reader.connection.execute(far, []).unwrap();
        assert_eq!(chunks(), 2);
        assert_eq!(reader.chunk(u64::MAX).unwrap(), None);
        assert_eq!(reader.chunk(6).unwrap().unwrap().start, 9_000_000_000_000_000_000);
    }

    #[test]
    fn few_marks_lead_to_their_rows() {
        let reader = reader(&mut plain(|id, row| row.marked = id == 3));
        let condition = Condition::new(&Filter::parse("mark").unwrap(), Bound::Possible);
        let sql = format!(
            "EXPLAIN QUERY PLAN SELECT summary.position FROM summary
             WHERE summary.position >= ?1 AND summary.position < ?2 AND ({})",
            condition.sql
        );
        let plan: String = reader.connection.query_row(&sql, (0, 99), |row| row.get(3)).unwrap();
        assert_eq!(plan, "SEARCH summary USING INTEGER PRIMARY KEY (rowid=?)");
    }
}
