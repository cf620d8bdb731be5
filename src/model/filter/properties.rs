//! What holds for every text.

use proptest::prelude::*;

use super::{Expr, Field, Filter, FilterError, Validity, complete};

/// Text made of what filters are made of, right or wrong.
pub(crate) fn filter_text() -> impl Strategy<Value = String> {
    let name = prop::sample::select(Field::ALL).prop_map(|facts| facts.name.to_owned());
    let operator = prop::sample::select(&["=", "!=", "<", "<=", ">", ">=", "~", "!~", ":", "=="]);
    let piece = prop::sample::select(&[
        "and", "or", "not", "in", "(", ")", ",", "!", "\"", "'", "\\", "yes", "warning", "4k",
        "2s", "449", "1", "x", "É", "ς", "^a", "(b|c)", "[", "(a, b)", "\u{202e}", "Policy 2",
        "failed",
    ]);
    let part = prop_oneof![
        3 => (name.clone(), operator.clone().prop_map(str::to_owned)).prop_map(|(n, o)| n + &o),
        2 => name,
        1 => operator.prop_map(str::to_owned),
        6 => piece.prop_map(str::to_owned),
        1 => any::<String>(),
    ];
    let space = prop::sample::select(&[" ", " ", "", "\t"]);
    prop::collection::vec((part, space), 0..12).prop_map(|parts| {
        parts.into_iter().flat_map(|(part, space)| [part, space.to_owned()]).collect()
    })
}

/// Filters that can be read, of fields that `wanted` names.
pub(crate) fn valid_filter(bodies: bool) -> impl Strategy<Value = String> {
    let fields: Vec<_> = Field::ALL
        .iter()
        .filter(|f| bodies || f.kind != super::FieldKind::Body)
        .map(|f| f.field)
        .collect();
    let leaf = (
        prop::sample::select(fields),
        prop::sample::select(&["=", "!=", "<", ">=", "~", "!~", ":", "in", ""]),
        prop::sample::select(&[
            "a", "É", "\"\"", "2", "142", "b c", "0", "449", "yes", "alarm", "failed", "http",
            "4k", "μ",
        ]),
    )
        .prop_map(move |(field, operator, value)| {
            let value = if value.contains(' ') { format!("'{value}'") } else { value.to_owned() };
            let text = match operator {
                "in" => format!("{} in ({value}, 7)", field.name()),
                "" => field.name().to_owned(),
                _ => format!("{} {operator} {value}", field.name()),
            };
            // Not every operator and value goes with every field.
            if Filter::parse(&text).is_ok() { text } else { field.name().to_owned() }
        });
    let leaf = if bodies {
        prop_oneof![8 => leaf, 1 => Just("\"É\"".to_owned())].boxed()
    } else {
        // A field of bodies alone, and a bare word, ask bodies.
        leaf.boxed()
    };
    leaf.prop_recursive(4, 12, 3, |inner| {
        prop_oneof![
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("({a} and {b})")),
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("({a} or {b})")),
            inner.prop_map(|a| format!("not {a}")),
        ]
    })
}

fn is_inside(error: &FilterError, text: &str) -> bool {
    text.is_char_boundary(error.at)
        && text.is_char_boundary(error.end)
        && error.at <= error.end
        && !error.message.is_empty()
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(512) })]

    #[test]
    fn no_text_breaks_the_parser(text in prop_oneof![filter_text(), any::<String>()]) {
        match Filter::parse(&text) {
            Ok(filter) => {
                let printed = filter.to_string();
                let again = Filter::parse(&printed);
                prop_assert_eq!(again.map(|filter| filter.expr), Ok(filter.expr), "{}", printed);
            }
            Err(error) => prop_assert!(is_inside(&error, &text), "{:?}", error),
        }
    }

    #[test]
    fn completions_fit_their_place(text in filter_text(), cursor in 0_usize..80) {
        let mut known = |_: Field, _: &str| vec!["a b".to_owned(), "É".to_owned()];
        for offer in complete(&text, cursor, &mut known) {
            prop_assert!(offer.from <= offer.to);
            prop_assert!(text.is_char_boundary(offer.from) && text.is_char_boundary(offer.to));
        }
    }

    #[test]
    fn what_was_meant_to_be_valid_is(text in valid_filter(true)) {
        prop_assert!(Filter::parse(&text).is_ok(), "{}", text);
    }
}

#[test]
fn errors_say_what_and_where() {
    let error = |text: &str| {
        let error = Filter::parse(text).unwrap_err();
        (error.message, error.at, error.end, error.unfinished)
    };
    let cases = [
        ("host", None),
        ("host =", Some(("expected a value", 6, 6, true))),
        ("hosst = x", Some(("`hosst` is not a field: did you mean `host`?", 0, 5, false))),
        (
            "Exchange:x",
            Some(("`Exchange` is not a field: quote it to search for the text", 0, 8, false)),
        ),
        ("http ~ 4..", Some(("`http` is a number: use `=`, `!=`, `<`, `>` or `in`", 5, 6, false))),
        ("http = x and y", Some(("`http` is compared with a number", 7, 8, false))),
        (
            "level = warn",
            Some(("`level` is compared with info, notable, warning or alarm", 8, 12, true)),
        ),
        (
            "state = done x",
            Some(("`state` is one of in_flight, complete, failed, cut_off", 8, 12, false)),
        ),
        ("tag < x", Some(("`tag` has no order: use `:`, `=` or `~`", 4, 5, false))),
        ("(err", Some(("expected `)`", 4, 4, true))),
        ("err)", Some(("this `)` closes nothing", 3, 4, false))),
        ("err and", Some(("expected a field, a word to search for or `(`", 7, 7, true))),
        ("and err", Some(("`and` needs something before it", 0, 3, false))),
        ("= x", Some(("`=` needs a field before it", 0, 1, false))),
        ("host in x", Some(("expected `(` and a list of values after `in`", 8, 9, false))),
        ("host in (a b)", Some(("expected `,` or `)`", 11, 12, false))),
        ("é \"a", Some(("this quote is never closed", 3, 5, true))),
        (
            "host ~ [ x",
            Some(("not a regular expression: use `:` to search for plain text", 7, 8, false)),
        ),
    ];
    for (text, wanted) in cases {
        let Some((message, at, end, unfinished)) = wanted else {
            Filter::parse(text).unwrap();
            continue;
        };
        assert_eq!(error(text), (message.to_owned(), at, end, unfinished), "{text}");
    }
}

#[test]
fn and_binds_closer_than_or() {
    let same = |a: &str, b: &str| {
        assert_eq!(Filter::parse(a).unwrap().expr, Filter::parse(b).unwrap().expr, "{a}");
    };
    same("err mark or user", "(err and mark) or user");
    same("err or mark user", "err or (mark and user)");
    same("!err mark", "(not err) and mark");
    same("host not in (a)", "not host = A");
    same("http == 4", "http = 4");
    assert!(
        matches!(Filter::parse("a \"b\" 'not'").unwrap().expr, Some(Expr::And(all)) if all.len() == 3)
    );
}

#[test]
fn ceilings_hold() {
    let nested = |n: usize| format!("{}err{}", "(".repeat(n), ")".repeat(n));
    Filter::parse(&nested(31)).unwrap();
    assert!(Filter::parse(&nested(32)).unwrap_err().message.starts_with("more than 32 levels"));
    assert!(Filter::parse(&"not ".repeat(1_000_000)).is_err());
    Filter::parse(&"a ".repeat(256)).unwrap();
    assert!(Filter::parse(&"a ".repeat(257)).unwrap_err().message.starts_with("more than 256"));
    let list = format!("host in (a{})", ",a".repeat(300));
    assert!(Filter::parse(&list).unwrap_err().message.starts_with("more than 256"));
    assert!(Filter::parse("host ~ (\\pL{99}){99}").is_err(), "not supported, or too large");
    assert!(Filter::parse("host ~ ((a{99}){99}){99}").is_err());
    assert!(Filter::parse(&"x".repeat(70_000)).is_err());
}

#[test]
fn typing_is_judged_kindly() {
    assert_eq!(Filter::check("  "), Validity::Blank);
    assert!(matches!(Filter::check("host = a"), Validity::Valid(_)));
    for text in ["host =", "err and", "(err", "host = \"a", "level = al", "not", "host in (a,"] {
        assert!(matches!(Filter::check(text), Validity::Unfinished(_)), "{text}");
    }
    for text in ["http ~ 4", "err )", "or err", "htp = 4 x"] {
        assert!(matches!(Filter::check(text), Validity::Wrong(_)), "{text}");
    }
}
