//! A filter as a condition on the summary's columns.
//!
//! Text is compared by the filter's own code through an SQL function, so that the answer is the
//! same with and without a capture. Numbers are compared by `SQLite`, with a missing one (NULL)
//! failing every comparison, also under `not`.

use std::sync::Arc;

use rusqlite::functions::FunctionFlags;
use rusqlite::types::ValueRef;
use rusqlite::{Connection, functions::Context};

use crate::model::filter::{Bound, Expr, Field, FieldKind, Filter, NumberOp, TextOp, fold};

/// Parameters the caller binds before those of the condition: the range of positions.
const BEFORE: usize = 2;

/// What a row must fulfil; `?1` and `?2` are the first position and the one past the last.
#[derive(Debug)]
pub(super) struct Condition {
    pub(super) sql: String,
    /// Bound to `?3` and on.
    pub(super) numbers: Vec<i64>,
    /// What `passes(index, value, …)` asks.
    pub(super) tests: Vec<Test>,
}

/// A question about text.
#[derive(Debug, Clone)]
pub(super) enum Test {
    /// A value of a field of this kind.
    Value(FieldKind, TextOp),
    /// Values of which one contains the folded text, or is it as a number.
    Word(String),
    /// A value that begins with the folded text.
    Prefix(String),
}

impl Condition {
    /// The rows that pass `filter`, on this side of what rows cannot decide.
    pub(super) fn new(filter: &Filter, bound: Bound) -> Self {
        let mut condition = Self { sql: String::new(), numbers: Vec::new(), tests: Vec::new() };
        let sql = filter.expr.as_ref().map_or_else(always, |expr| condition.expr(expr, bound));
        condition.sql = match (filter.names_hidden(), sql) {
            (true, sql) => sql,
            (false, sql) if sql == always() => format!("NOT {}", is_set("hidden")),
            (false, sql) => format!("({sql}) AND NOT {}", is_set("hidden")),
        };
        condition
    }

    fn expr(&mut self, expr: &Expr, bound: Bound) -> String {
        match expr {
            Expr::And(all) => self.joined(all, bound, " AND ", always()),
            Expr::Or(all) => self.joined(all, bound, " OR ", never()),
            Expr::Not(inner) => format!("NOT ({})", self.expr(inner, bound.flip())),
            Expr::Is(field) => match field.kind() {
                FieldKind::Body => unknown(bound),
                FieldKind::Flag => column(*field),
                kind if kind.is_number() => format!("ifnull({} > 0, 0)", column(*field)),
                _ => format!("{} <> ''", column(*field)),
            },
            Expr::Text(field, _) if field.kind() == FieldKind::Body => unknown(bound),
            Expr::Text(field, op) => {
                let test = self.test(Test::Value(field.kind(), op.clone()));
                format!("passes({test}, {})", column(*field))
            }
            Expr::Number(field, op) if field.kind() == FieldKind::Flag => flag(*field, op),
            Expr::Number(field, op) => self.number(*field, op),
            // Bodies may contain any word.
            Expr::Word(_) if bound == Bound::Possible => always(),
            Expr::Word(word) => {
                let test = self.test(Test::Word(word.clone()));
                let (text, numbers) = Expr::word_fields();
                let columns: Vec<_> = text.iter().chain(numbers).map(|f| column(*f)).collect();
                format!("passes({test}, {})", columns.join(", "))
            }
        }
    }

    fn joined(&mut self, all: &[Expr], bound: Bound, with: &str, empty: String) -> String {
        let parts: Vec<_> = all.iter().map(|e| format!("({})", self.expr(e, bound))).collect();
        if parts.is_empty() { empty } else { parts.join(with) }
    }

    fn number(&mut self, field: Field, op: &NumberOp) -> String {
        let column = column(field);
        match op {
            NumberOp::In(values) => {
                let values: Vec<_> = values.iter().map(|value| self.bind(*value)).collect();
                format!("ifnull({column} IN ({}), 0)", values.join(", "))
            }
            NumberOp::Order(order, value) => {
                format!("ifnull({column} {} {}, 0)", order.symbol(), self.bind(*value))
            }
        }
    }

    fn bind(&mut self, value: u64) -> String {
        self.numbers.push(i64::try_from(value).unwrap_or(i64::MAX));
        format!("?{}", self.numbers.len() + BEFORE)
    }

    fn test(&mut self, test: Test) -> usize {
        self.tests.push(test);
        self.tests.len() - 1
    }
}

/// Gives `connection` the function `passes(index, value, …)` over these tests, in the place of
/// the ones before.
pub(super) fn register(connection: &Connection, tests: Vec<Test>) -> rusqlite::Result<()> {
    if tests.is_empty() {
        return Ok(());
    }
    let tests: Arc<[Test]> = tests.into();
    let flags = FunctionFlags::SQLITE_UTF8
        | FunctionFlags::SQLITE_DETERMINISTIC
        | FunctionFlags::SQLITE_DIRECTONLY;
    connection.create_scalar_function("passes", -1, flags, move |context| {
        let index = usize::try_from(context.get::<i64>(0)?).unwrap_or(usize::MAX);
        Ok(tests.get(index).is_some_and(|test| test.passes(context)))
    })
}

impl Test {
    fn passes(&self, context: &Context<'_>) -> bool {
        (1..context.len()).any(|index| match (context.get_raw(index), self) {
            (ValueRef::Text(bytes), test) => {
                test.text(std::str::from_utf8(bytes).unwrap_or_default())
            }
            (ValueRef::Integer(number), Self::Word(word)) => number.to_string() == *word,
            _ => false,
        })
    }

    fn text(&self, value: &str) -> bool {
        match self {
            Self::Value(kind, op) => op.holds(*kind, value),
            Self::Word(word) => fold(value).contains(word.as_str()),
            Self::Prefix(prefix) => fold(value).starts_with(prefix.as_str()),
        }
    }
}

/// The value of a row's field in SQL: text, a number or NULL, a flag as 0 or 1.
pub(super) fn column(field: Field) -> String {
    let column = match field {
        Field::Client => "client",
        Field::Command => "command",
        Field::Comment => {
            "ifnull((SELECT comment FROM mark WHERE mark.position = summary.position), '')"
        }
        Field::Device => "device",
        Field::Error => "cause",
        Field::Facts => "facts",
        Field::Hidden => return is_set("hidden"),
        Field::Host => "host",
        Field::Http => "http_status",
        Field::Id => {
            "(SELECT CASE WHEN id < 0 THEN 9223372036854775807 ELSE id END FROM exchange
             WHERE exchange.position = summary.position)"
        }
        Field::Kind => "kind",
        Field::Level => "level",
        Field::Mark => return is_set("marked"),
        Field::Method => "method",
        Field::Path => "path",
        Field::PolicyKey => "policy_key",
        Field::Protocol => "protocol",
        Field::RequestSize => "request_size",
        Field::ResponseSize => "response_size",
        Field::Session => "session",
        Field::Size => {
            "CASE WHEN request_size > 9223372036854775807 - response_size
             THEN 9223372036854775807 ELSE request_size + response_size END"
        }
        Field::State => {
            "CASE WHEN progress IN ('failed_client', 'failed_proxy', 'failed_server')
             THEN 'failed' ELSE progress END"
        }
        Field::Status => "status",
        Field::Time => "duration",
        Field::Truncated => "truncated",
        Field::User => "user",
        Field::Version => "version",
        Field::Body | Field::Header | Field::LocUri | Field::Tag => "NULL",
    };
    column.to_owned()
}

/// What the user said, as yes or no. Within the range alone, so that few marks lead to their rows
/// and many are not gathered for every chunk.
fn is_set(word: &str) -> String {
    format!(
        "(summary.position IN (SELECT position FROM mark
          WHERE {word} AND position >= ?1 AND position < ?2))"
    )
}

fn flag(field: Field, op: &NumberOp) -> String {
    match (op.holds(1), op.holds(0)) {
        (true, true) => always(),
        (true, false) => column(field),
        (false, true) => format!("NOT {}", column(field)),
        (false, false) => never(),
    }
}

fn unknown(bound: Bound) -> String {
    match bound {
        Bound::Possible => always(),
        Bound::Certain => never(),
    }
}

fn always() -> String {
    "1".to_owned()
}

fn never() -> String {
    "0".to_owned()
}
