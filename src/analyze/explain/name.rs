//! Names: policies, commands, headers, elements, statuses, alert types, error symbols.

use std::sync::LazyLock;

use crate::analyze::draft::joined;
use crate::analyze::eas::{self, COMMANDS, Policy};
use crate::analyze::hresult;
use crate::analyze::syncml;
use crate::analyze::table::rows;
use crate::codec::Book;

use super::code;
use super::look_up::{Explanation, Lines};

const HEADERS: &str = include_str!("../tables/headers.tsv");
const ELEMENTS: &str = include_str!("../tables/syncml_elements.tsv");

/// Code pages of ActiveSync (MS-ASWBXML 2.1.2.1).
const PAGES: std::ops::RangeInclusive<u8> = 0..=25;

/// Tokens of one code page (WBXML 1.3 section 5.8.2).
const TOKENS: std::ops::RangeInclusive<u8> = 0x05..=0x3F;

static HEADER_ROWS: LazyLock<Vec<[&'static str; 8]>> = LazyLock::new(|| rows(HEADERS).collect());
static ELEMENT_ROWS: LazyLock<Vec<[&'static str; 10]>> = LazyLock::new(|| rows(ELEMENTS).collect());

/// Everything called `name`, compared without case.
pub(super) fn explain(name: &str) -> Vec<Explanation> {
    let mut found: Vec<Explanation> = Vec::new();
    found.extend(Policy::named(name).map(policy));
    found.extend(command(name));
    found.extend(headers(name));
    found.extend(activesync_element(name));
    found.extend(syncml_element(name));
    found.extend(statuses(name));
    found.extend(alerts(name));
    found.extend(symbols(name));
    found
}

fn policy(policy: &'static Policy) -> Explanation {
    let needs = if policy.needs.is_empty() {
        String::new()
    } else {
        format!("{} is 0 or absent", policy.needs)
    };
    Lines::new(format!("{} in {}, {}", policy.element, policy.parent, policy.data_type))
        .list(policy.labels.split(';').filter_map(|label| label.split_once('=')))
        .add("allowed", &policy.allowed.words())
        .add("unit", policy.unit)
        .add("when absent", policy.when_absent)
        .add("when empty", policy.when_empty)
        .add("ignored when", &needs)
        .add("applies when", policy.condition)
        .add("since version", policy.first_version)
        .add("note", policy.notes)
        .done("ActiveSync policy", policy.element, policy.source)
}

/// The command, and the statuses it may answer with.
fn command(name: &str) -> Option<Explanation> {
    let row = COMMANDS.iter().find(|row| row.name.eq_ignore_ascii_case(name))?;
    let mut explanation = row.explanation();
    explanation.table = "ActiveSync command";
    row.name.clone_into(&mut explanation.key);
    let mut seen = Vec::new();
    for status in eas::COMMAND_STATUSES.iter().filter(|status| status.context.0 == row.name) {
        // The same code stands once for each parent element.
        if !seen.contains(&(status.code, status.label)) {
            seen.push((status.code, status.label));
            explanation.lines.push(format!("status {}", status.sentence()));
        }
    }
    Some(explanation)
}

fn headers(name: &str) -> impl Iterator<Item = Explanation> {
    HEADER_ROWS
        .iter()
        .filter(move |row| row[0].split(" / ").any(|own| own.eq_ignore_ascii_case(name)))
        .map(|[header, direction, place, required, values, meaning, notes, source]| {
            Lines::new(*meaning)
                .add("direction", direction)
                .add("on", place)
                .add("required", required)
                .add("values", values)
                .add("note", notes)
                .done("ActiveSync header", header, source)
        })
}

/// The code pages that have an element of this name.
fn activesync_element(name: &str) -> Option<Explanation> {
    let book = Book::activesync();
    let mut lines = Vec::new();
    for (page, token) in PAGES.flat_map(|page| TOKENS.map(move |token| (page, token))) {
        let Some(tag) = book.tag(page, token) else { continue };
        if tag.name.eq_ignore_ascii_case(name) {
            lines.push(format!("{}: page {page}, token 0x{token:02X}", tag.namespace));
        }
    }
    (!lines.is_empty()).then(|| Lines(lines).done("ActiveSync element", name, "MS-ASWBXML 2.1.2.1"))
}

fn syncml_element(name: &str) -> impl Iterator<Item = Explanation> {
    ELEMENT_ROWS.iter().filter(move |row| row[0].eq_ignore_ascii_case(name)).map(
        |[name, namespace, page, token, kind, content, cardinality, restriction, notes, source]| {
            let place = if token.is_empty() {
                String::new()
            } else {
                format!("page {page}, token 0x{token}")
            };
            Lines::new(format!("{namespace} {name}, {kind}"))
                .add("WBXML", &place)
                .add("content", content)
                .add("how often", cardinality)
                .add("restriction", restriction)
                .add("note", notes)
                .done("SyncML element", name, source)
        },
    )
}

/// Statuses by their label: each as its number is explained.
fn statuses(name: &str) -> Vec<Explanation> {
    let named =
        eas::COMMON_STATUSES.iter().filter(|row| row.status.label.eq_ignore_ascii_case(name));
    let mut found: Vec<Explanation> = named
        .flat_map(|row| {
            let number = row.status.code.parse().unwrap_or(0);
            code::explain(row.status.code, number).into_iter().take(1)
        })
        .collect();
    for explanation in &mut found {
        if let Some(first) = explanation.lines.first_mut() {
            first.insert_str(0, &format!("{} ", explanation.key));
        }
    }
    let syncml = syncml::STATUSES.iter().filter(|row| row.name.eq_ignore_ascii_case(name));
    found.extend(syncml.map(|row| {
        Lines::new(format!("{} {}: {}", row.code, row.name, row.meaning))
            .add("on Windows", row.windows)
            .done("SyncML status", row.code, row.source)
    }));
    found
}

fn alerts(name: &str) -> impl Iterator<Item = Explanation> {
    syncml::ALERT_TYPES
        .iter()
        .filter(move |row| {
            let bare = row.name.trim_start_matches("Reversed-Domain-Name:");
            row.name.eq_ignore_ascii_case(name) || bare.eq_ignore_ascii_case(name)
        })
        .map(|row| {
            Lines::new(row.meaning)
                .add("alert", row.alert)
                .add("data", row.values)
                .add("care", if row.secret { "the data is a secret" } else { "" })
                .done("SyncML alert type", row.name, row.source)
        })
}

fn symbols(name: &str) -> impl Iterator<Item = Explanation> {
    let named = hresult::HRESULTS.iter().filter(move |row| row.symbol.eq_ignore_ascii_case(name));
    named.map(|row| {
        let first = joined([hresult::hex(row.value), row.meaning.to_owned()], " ");
        Lines::new(first)
            .add("area", row.area)
            .add("certainty", row.certainty)
            .done("HRESULT", row.symbol, row.source)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analyze::table::check;

    #[test]
    fn the_tables_parse() {
        let headers = "header direction where required values meaning notes source";
        assert_eq!(check(HEADERS, headers, 2), 43);
        let elements =
            "name namespace page token kind content cardinality restriction notes source";
        assert_eq!(check(ELEMENTS, elements, 2), 73);
    }

    #[test]
    fn an_element_names_all_its_pages() {
        let found = explain("Status");
        let pages = found.iter().find(|found| found.table == "ActiveSync element").unwrap();
        assert!(
            pages.lines.iter().any(|line| line == "Provision: page 14, token 0x0B"),
            "{pages:?}"
        );
        assert!(pages.lines.len() > 5);
        assert!(found.iter().any(|found| found.table == "SyncML element"));
    }
}
