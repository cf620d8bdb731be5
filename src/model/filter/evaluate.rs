//! Whether an exchange passes a filter.

use super::expression::{Expr, Filter, NumberOp, TextOp};
use super::field::{Field, FieldKind};
use super::fold::{fold, natural_order};
use super::value::FieldValue;
use crate::model::Row;

/// What decoded bodies and heads answer to a filter. Written by whoever can decode.
pub trait Searched {
    /// Calls `visit` with each value of a [`FieldKind::Body`] field (element names for `tag`,
    /// `name: value` for `header`, decoded text for `body`, …) until it answers true; says whether
    /// it did.
    fn any(&self, field: Field, visit: &mut dyn FnMut(&str) -> bool) -> bool;
}

/// Which side of what rows cannot decide is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bound {
    /// What bodies may still turn out to pass counts as passing.
    Possible,
    /// Only what passes whatever bodies say.
    Certain,
}

impl Bound {
    /// The bound of what is negated.
    pub const fn flip(self) -> Self {
        match self {
            Self::Possible => Self::Certain,
            Self::Certain => Self::Possible,
        }
    }
}

/// Fields of rows that a bare word searches: text of the wire, and the user's.
pub(super) const WORD_TEXT: [Field; 12] = [
    Field::Command,
    Field::Device,
    Field::User,
    Field::Host,
    Field::Path,
    Field::Method,
    Field::Status,
    Field::Session,
    Field::Error,
    Field::Facts,
    Field::Client,
    Field::Comment,
];

/// Numbers that a bare word may be.
pub(super) const WORD_NUMBERS: [Field; 2] = [Field::Http, Field::PolicyKey];

/// Fields of decoded exchanges that a bare word searches.
const WORD_BODIES: [Field; 3] = [Field::Body, Field::Tag, Field::Header];

impl Filter {
    /// Whether the exchange of `row` passes, as far as the row tells: `None` when it depends on
    /// bodies. Then, and only then, [`Filter::matches`] asks for them.
    pub fn decide(&self, row: &Row) -> Option<bool> {
        if row.hidden && !self.names_hidden() {
            return Some(false);
        }
        self.expr.as_ref().map_or(Some(true), |expr| expr.holds(row, None))
    }

    /// Whether the exchange of `row` passes; `bodies` is asked only where the row cannot decide.
    pub fn matches(&self, row: &Row, bodies: &dyn Searched) -> bool {
        self.decide(row).unwrap_or_else(|| {
            let expr = self.expr.as_ref();
            expr.and_then(|expr| expr.holds(row, Some(bodies))).unwrap_or_default()
        })
    }
}

impl Expr {
    /// Fields of rows that a bare word searches: text first, then numbers it may be equal to.
    pub fn word_fields() -> (&'static [Field], &'static [Field]) {
        (&WORD_TEXT, &WORD_NUMBERS)
    }

    /// Three-valued (Kleene): `None` as long as it depends on bodies that are not given.
    fn holds(&self, row: &Row, bodies: Option<&dyn Searched>) -> Option<bool> {
        match self {
            Self::And(all) => until(all, false, row, bodies),
            Self::Or(all) => until(all, true, row, bodies),
            Self::Not(inner) => inner.holds(row, bodies).map(|holds| !holds),
            Self::Is(field) => match row.field(*field) {
                FieldValue::Text(text) => Some(!text.is_empty()),
                FieldValue::Number(number) => Some(number.is_some_and(|number| number > 0)),
                FieldValue::Body => bodies.map(|bodies| bodies.any(*field, &mut |_| true)),
            },
            Self::Text(field, op) => match row.field(*field) {
                FieldValue::Text(text) => Some(op.holds(field.kind(), text)),
                FieldValue::Number(_) => Some(false),
                FieldValue::Body => bodies
                    .map(|bodies| bodies.any(*field, &mut |text| op.holds(FieldKind::Body, text))),
            },
            Self::Number(field, op) => match row.field(*field) {
                FieldValue::Number(number) => Some(number.is_some_and(|number| op.holds(number))),
                FieldValue::Text(_) | FieldValue::Body => Some(false),
            },
            Self::Word(word) if in_row(row, word) => Some(true),
            Self::Word(word) => bodies.map(|bodies| {
                let mut contains = |text: &str| fold(text).contains(word.as_str());
                WORD_BODIES.iter().any(|field| bodies.any(*field, &mut contains))
            }),
        }
    }
}

/// Whether all hold (`ending` false) or any does (`ending` true).
fn until(all: &[Expr], ending: bool, row: &Row, bodies: Option<&dyn Searched>) -> Option<bool> {
    let mut decided = Some(!ending);
    for expr in all {
        match expr.holds(row, bodies) {
            Some(holds) if holds == ending => return Some(ending),
            Some(_) => {}
            None => decided = None,
        }
    }
    decided
}

fn in_row(row: &Row, word: &str) -> bool {
    let is = |field: &Field, text: &dyn Fn(&str) -> bool| match row.field(*field) {
        FieldValue::Text(value) => text(value),
        FieldValue::Number(Some(number)) => number.to_string() == word,
        FieldValue::Number(None) | FieldValue::Body => false,
    };
    let contains = |text: &str| fold(text).contains(word);
    WORD_TEXT.iter().chain(&WORD_NUMBERS).any(|field| is(field, &contains))
}

impl TextOp {
    /// Whether a value of a field of this kind passes.
    pub fn holds(&self, kind: FieldKind, value: &str) -> bool {
        match self {
            Self::Matches(pattern) => pattern.is_match(value),
            Self::Contains(wanted) => fold(value).contains(wanted.as_str()),
            Self::In(wanted) => {
                let value = fold(value);
                let is = |text: &str| wanted.iter().any(|wanted| wanted == text);
                is(&value) || kind == FieldKind::Words && value.split_whitespace().any(is)
            }
            // What has no value is neither before nor after.
            Self::Order(_, _) if value.is_empty() => false,
            Self::Order(order, wanted) => {
                let value = fold(value);
                let holds = |value: &str| order.holds(natural_order(value, wanted));
                if kind == FieldKind::Words && is_number(wanted) {
                    value.split_whitespace().any(|word| is_number(word) && holds(word))
                } else {
                    holds(&value)
                }
            }
        }
    }
}

impl NumberOp {
    /// Whether a number passes.
    pub fn holds(&self, number: u64) -> bool {
        match self {
            Self::In(wanted) => wanted.contains(&number),
            Self::Order(order, wanted) => order.holds(number.cmp(wanted)),
        }
    }
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{
        ConnId, Exchange, ExchangeId, Kind, PolicyKey, Progress, Protocol, Side, Summary, WallTime,
    };

    struct Bodies(&'static [(Field, &'static str)]);

    impl Searched for Bodies {
        fn any(&self, field: Field, visit: &mut dyn FnMut(&str) -> bool) -> bool {
            self.0.iter().any(|(known, text)| *known == field && visit(text))
        }
    }

    struct Never;

    impl Searched for Never {
        fn any(&self, field: Field, _: &mut dyn FnMut(&str) -> bool) -> bool {
            panic!("asked for {field:?}")
        }
    }

    fn row() -> Row {
        let exchange = Exchange::begin(ExchangeId(7), ConnId(1), Kind::Http, WallTime(0));
        let summary = Summary {
            protocol: Protocol::ActiveSync,
            version: "14.1".into(),
            device: "iPhone-Äß".into(),
            command: "Alert Replace".into(),
            status: "Policy 2".into(),
            policy_key: Some(PolicyKey(u32::MAX)),
            ..Summary::default()
        };
        Row {
            http_status: Some(449),
            duration: Some(1_500_000),
            request_size: 1_000,
            response_size: 3_096,
            host: "mail.example:8443".into(),
            ..Row::new(&exchange, summary)
        }
    }

    fn passes(text: &str) -> bool {
        Filter::parse(text).unwrap().matches(&row(), &Never)
    }

    #[test]
    fn values_compare_as_a_person_expects() {
        let yes = [
            "cmd = alert",
            "cmd = REPLACE",
            "cmd = 'alert replace'",
            "status = 2",
            "status < 3",
            "status = 'policy 2'",
            "http >= 400",
            "http in (200, 449)",
            "http:449",
            "version > 2.5",
            "version <= 14.1",
            "device = iphone-äß",
            "device ~ ^IPHONE-Ä",
            "size = 4k",
            "time > 1s",
            "time <= 1.5s",
            "policykey = -1",
            "policykey = 4294967295",
            "host = mail.example:8443",
            "host:EXAMPLE",
            "protocol = active-sync",
            "state != complete",
            "not mark",
            "mark = no",
            "level < notable",
            "4294967295",
            "449 mail.ex",
            "id = 7",
            "",
        ];
        for text in yes {
            assert!(passes(text), "{text}");
        }
        let no =
            ["status >= 100", "status = 1", "version < 9", "err", "mark", "user < x", "size>4K"];
        for text in no {
            assert!(!passes(text), "{text}");
        }
        let mut plain = row();
        plain.summary.status = "142".into();
        for text in ["status = 142", "status >= 140", "not status < 142", "status ~ ^14"] {
            assert!(Filter::parse(text).unwrap().matches(&plain, &Never), "{text}");
        }
    }

    #[test]
    fn a_missing_number_fails_every_comparison() {
        let mut row = row();
        row.http_status = None;
        let passes = |text| Filter::parse(text).unwrap().matches(&row, &Never);
        assert!(!passes("http >= 0") && !passes("http = 449") && !passes("http"));
        assert!(passes("http != 449"));
    }

    #[test]
    fn bodies_decide_only_what_rows_leave_open() {
        let decide = |text| Filter::parse(text).unwrap().decide(&row());
        assert_eq!(decide("tag:Wipe"), None);
        assert_eq!(decide("err and tag:Wipe"), Some(false));
        assert_eq!(decide("not err or tag:Wipe"), Some(true));
        assert_eq!(decide("not (err and tag:Wipe)"), Some(true));
        assert_eq!(decide("quota"), None);
        assert_eq!(decide("IPHONE"), Some(true));
        let bodies = Bodies(&[(Field::Tag, "RemoteWipe"), (Field::Body, "Quota Exceeded")]);
        let passes = |text| Filter::parse(text).unwrap().matches(&row(), &bodies);
        assert!(passes("tag:wipe") && passes("tag = remotewipe") && passes("quota"));
        assert!(passes("body ~ 'quota\\s+exc'") && passes("remotewipe"));
        assert!(!passes("not tag:wipe") && !passes("locuri:wipe") && passes("not nowhere"));
    }

    #[test]
    fn what_is_hidden_passes_only_when_asked_for() {
        let hidden = Row { hidden: true, ..row() };
        let passes = |text| Filter::parse(text).unwrap().matches(&hidden, &Never);
        assert!(!passes("") && !passes("http = 449") && !passes("tag:x"));
        assert!(passes("hidden") && passes("hidden = yes http = 449") && !passes("not hidden"));
        assert!(!Filter::parse("hidden").unwrap().matches(&row(), &Never));
    }

    #[test]
    fn failures_are_a_state() {
        let failed = Row { progress: Progress::Failed(Side::Client), ..row() };
        assert!(Filter::parse("state = failed level=alarm").unwrap().matches(&failed, &Never));
    }
}
