//! HRESULT values: the table, and the ranges that are derived from other codes.

use std::collections::HashMap;
use std::sync::LazyLock;

use super::eas;
use super::syncml;
use super::table::rows;

const TABLE: &str = include_str!("tables/hresults.tsv");

/// One listed value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Hresult {
    pub(super) value: u32,
    pub(super) symbol: &'static str,
    pub(super) meaning: &'static str,
    pub(super) area: &'static str,
    /// Empty when documented; else how far to trust it.
    pub(super) certainty: &'static str,
    pub(super) source: &'static str,
}

/// Every listed value, ascending.
pub(super) static HRESULTS: LazyLock<Vec<Hresult>> = LazyLock::new(|| {
    rows::<6>(TABLE)
        .filter_map(|[value, symbol, meaning, area, certainty, source]| {
            let value = u32::from_str_radix(value.strip_prefix("0x")?, 16).ok()?;
            Some(Hresult { value, symbol, meaning, area, certainty, source })
        })
        .collect()
});

static BY_VALUE: LazyLock<HashMap<u32, &'static Hresult>> =
    LazyLock::new(|| HRESULTS.iter().map(|row| (row.value, row)).collect());

/// The listed row of `value`.
pub(super) fn listed(value: u32) -> Option<&'static Hresult> {
    BY_VALUE.get(&value).copied()
}

/// What `value` means: the table's words, else what its range says; with the source.
pub(super) fn meaning(value: u32) -> Option<(String, &'static str)> {
    if let Some(row) = listed(value) {
        let symbol =
            if row.symbol.is_empty() { String::new() } else { format!("{}: ", row.symbol) };
        let doubt =
            if row.certainty.is_empty() { String::new() } else { format!(" ({})", row.certainty) };
        return Some((format!("{symbol}{}{doubt}", row.meaning), row.source));
    }
    derived(value)
}

/// Ranges that carry a code of another table in their low bits.
fn derived(value: u32) -> Option<(String, &'static str)> {
    let (high, low) = (value & 0xFFFF_0000, value & 0xFFFF);
    match (high, low) {
        (0x8007_0000, _) => Some((format!("Win32 error {low}"), "winerror.h")),
        (0x8019_0000, 300..=599) => {
            let code = low.to_string();
            let known = eas::HTTP_STATUSES.iter().find(|row| row.code == code);
            let label = known.map(|row| format!(" {}", row.label)).unwrap_or_default();
            Some((format!("HTTP status {low}{label}"), "winerror.h"))
        }
        (0x8019_0000, 12_000..) => Some((format!("WinHTTP error {low}"), "winhttp.h")),
        (0x87D1_0000, 100..=599) => {
            let known = syncml::status_named(&low.to_string());
            let words = known.map(|row| format!(" {}: {}", row.name, row.meaning));
            let words = words.unwrap_or_default();
            Some((format!("SyncML status {low}{words} (as Intune reports it)"), "seen in practice"))
        }
        (0x8600_0000, 0x0C00..=0x0CFF) => {
            let code = (low - 0x0C00 + 101).to_string();
            let row = eas::COMMON_STATUSES.iter().find(|row| row.status.code == code)?.status;
            let text = format!(
                "ActiveSync status {code} {}: {} (uncertain: the range is inferred)",
                row.label, row.meaning
            );
            Some((text, row.source))
        }
        _ => None,
    }
}

/// Reads `0x80070032`, `80070032` with a letter or eight digits, or a signed or unsigned decimal.
pub(super) fn parse(text: &str) -> Option<u32> {
    let text = text.trim();
    let hex = text.strip_prefix("0x").or_else(|| text.strip_prefix("0X"));
    if let Some(hex) = hex {
        return (!hex.starts_with(['+', '-'])).then(|| u32::from_str_radix(hex, 16).ok())?;
    }
    if let Ok(signed) = text.parse::<i32>() {
        return Some(signed.cast_unsigned());
    }
    text.parse().ok()
}

/// `0x80070032`.
pub(super) fn hex(value: u32) -> String {
    format!("0x{value:08X}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analyze::table::check;

    #[test]
    fn the_table_parses() {
        assert_eq!(check(TABLE, "value symbol meaning area certainty source", 1), 808);
        assert_eq!(HRESULTS.len(), 808);
        assert!(HRESULTS.is_sorted_by_key(|row| row.value));
    }

    #[test]
    fn listed_values_win_over_ranges() {
        assert!(meaning(0x8007_00AA).unwrap().0.starts_with("ERROR_BUSY: resource in use"));
        assert_eq!(meaning(0x8007_FFF0).unwrap().0, "Win32 error 65520");
    }

    #[test]
    fn ranges_are_derived_and_marked() {
        assert_eq!(meaning(0x8019_01F5).unwrap().0, "HTTP status 501 Not Implemented");
        assert!(meaning(0x87D1_0194).unwrap().0.contains("404"));
        let (text, _) = meaning(0x8600_0C20).unwrap();
        assert!(text.starts_with("ActiveSync status 133 "), "{text}");
        assert!(text.contains("uncertain"), "{text}");
        assert_eq!(meaning(0x1234_5678), None);
    }

    #[test]
    fn every_spelling_is_read() {
        assert_eq!(parse("0x80070032"), Some(0x8007_0032));
        assert_eq!(parse("-2147024846"), Some(0x8007_0032));
        assert_eq!(parse("2147942450"), Some(0x8007_0032));
        assert_eq!(parse("0x"), None);
        assert_eq!(parse("0x1FFFFFFFF"), None);
        assert_eq!(parse("0x-1"), None);
    }
}
