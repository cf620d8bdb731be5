//! Times as numbers and in the compact form of ISO 8601.

use crate::model::WallTime;

/// Seconds between 1601, where `FILETIME` begins, and 1970.
const SINCE_1601: i64 = 11_644_473_600;

/// Years that a number is believed to mean.
const YEARS: std::ops::RangeInclusive<i32> = 1990..=2100;

/// The time that a value means: seconds (10 digits) or milliseconds (13) since 1970, a Windows
/// `FILETIME` (18 digits), or `20261120T140211Z` as ActiveSync and SyncML write it.
pub(super) fn explain(text: &str) -> Option<String> {
    if let Some(time) = compact(text) {
        return Some(format!("{}\n", time.rfc3339()));
    }
    if !text.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let number: i64 = text.parse().ok()?;
    let (micros, what) = match text.len() {
        10 => (number.checked_mul(1_000_000)?, "seconds since 1970"),
        13 => (number.checked_mul(1_000)?, "milliseconds since 1970"),
        18 => {
            let since_1601 = number.checked_div(10)?;
            (since_1601.checked_sub(SINCE_1601.checked_mul(1_000_000)?)?, "FILETIME")
        }
        _ => return None,
    };
    let time = WallTime(micros);
    // A policy key has ten digits too: what is said is how it could be read.
    let believed = YEARS.contains(&time.utc().year());
    believed.then(|| format!("{}, if {what}\n", time.rfc3339()))
}

/// `20261120T140211Z`, with milliseconds or without.
fn compact(text: &str) -> Option<WallTime> {
    let (date, clock) = text.strip_suffix('Z')?.split_once('T')?;
    let clock = clock.split('.').next()?;
    if date.len() != 8 || clock.len() != 6 {
        return None;
    }
    let part = |text: &str, range| text.get(range).map(str::to_owned);
    let full = format!(
        "{}-{}-{}T{}:{}:{}Z",
        part(date, 0..4)?,
        part(date, 4..6)?,
        part(date, 6..8)?,
        part(clock, 0..2)?,
        part(clock, 2..4)?,
        part(clock, 4..6)?
    );
    WallTime::parse_rfc3339(&full)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_form_is_known() {
        let said = |text: &str| explain(text).unwrap_or_default();
        assert_eq!(said("20261120T140211Z"), "2026-11-20T14:02:11Z\n");
        assert_eq!(said("20261120T140211.000Z"), "2026-11-20T14:02:11Z\n");
        assert_eq!(said("1795183331"), "2026-11-20T14:02:11Z, if seconds since 1970\n");
        assert_eq!(said("1795183331000"), "2026-11-20T14:02:11Z, if milliseconds since 1970\n");
        assert_eq!(said("134396569310000000"), "2026-11-20T14:02:11Z, if FILETIME\n");
    }

    #[test]
    fn other_numbers_and_bad_dates_are_none() {
        for text in
            ["", "12", "9999999999", "20261340T140211Z", "2026112éT140211Z", "999999999999999999"]
        {
            assert_eq!(explain(text), None, "{text}");
        }
    }
}
