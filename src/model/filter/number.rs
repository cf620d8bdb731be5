//! Values of number fields, as typed and as printed.

use super::field::FieldKind;
use crate::model::Level;

/// Largest value: what a capture can order.
const LARGEST: u64 = i64::MAX.unsigned_abs();

/// Every level by name, quiet to loud.
const LEVELS: [(&str, Level); 4] = [
    ("info", Level::Info),
    ("notable", Level::Notable),
    ("warning", Level::Warning),
    ("alarm", Level::Alarm),
];

const BYTES: &[(&str, u64)] = &[
    ("", 1),
    ("b", 1),
    ("k", 1 << 10),
    ("kb", 1 << 10),
    ("kib", 1 << 10),
    ("m", 1 << 20),
    ("mb", 1 << 20),
    ("mib", 1 << 20),
    ("g", 1 << 30),
    ("gb", 1 << 30),
    ("gib", 1 << 30),
];

const MICROSECONDS: &[(&str, u64)] = &[
    ("", 1_000_000),
    ("us", 1),
    ("µs", 1),
    ("ms", 1_000),
    ("s", 1_000_000),
    ("m", 60_000_000),
    ("min", 60_000_000),
    ("h", 3_600_000_000),
];

/// Reads a value into the unit of its field (bytes, microseconds, rank, 0 or 1).
pub(super) fn read(kind: FieldKind, text: &str) -> Option<u64> {
    let text = text.to_lowercase();
    let value = match kind {
        FieldKind::Flag => match text.as_str() {
            "yes" | "true" | "on" | "1" => Some(1),
            "no" | "false" | "off" | "0" => Some(0),
            _ => None,
        },
        FieldKind::Level => {
            LEVELS.iter().find(|(name, _)| *name == text).map(|(_, level)| rank(*level))
        }
        FieldKind::Size => scaled(&text, BYTES),
        FieldKind::Duration => scaled(&text, MICROSECONDS),
        // Some servers print policy keys signed: the same 32 bits.
        FieldKind::Key => match text.parse::<i32>() {
            Ok(signed) => Some(u64::from(signed.cast_unsigned())),
            Err(_) => text.parse().ok(),
        },
        _ => text.parse().ok(),
    };
    value.filter(|value| *value <= LARGEST)
}

/// Prints what [`read`] reads.
pub(super) fn print(kind: FieldKind, value: u64) -> String {
    match kind {
        FieldKind::Flag => if value == 0 { "no" } else { "yes" }.to_owned(),
        FieldKind::Level => {
            let named = LEVELS.iter().find(|(_, level)| rank(*level) == value);
            named.map_or("alarm", |(name, _)| name).to_owned()
        }
        FieldKind::Duration => format!("{value}us"),
        _ => value.to_string(),
    }
}

/// A level as a number, for comparing.
pub(super) fn rank(level: Level) -> u64 {
    match level {
        Level::Info => 0,
        Level::Notable => 1,
        Level::Warning => 2,
        Level::Alarm => 3,
    }
}

/// A decimal number with a unit.
fn scaled(text: &str, units: &[(&str, u64)]) -> Option<u64> {
    let end = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let (number, name) = text.split_at(end);
    let unit = units.iter().find(|(unit, _)| *unit == name.trim_start())?.1;
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    if whole.is_empty() && fraction.is_empty() {
        return None;
    }
    let whole = if whole.is_empty() { 0 } else { whole.parse::<u64>().ok()? };
    let mut value = whole.checked_mul(unit)?;
    // Numerator and denominator of the place: 1.5K is 1024 + 5 * 1024 / 10.
    let (mut parts, mut place) = (0_u128, 1_u128);
    for digit in fraction.chars().take(18) {
        parts = parts * 10 + u128::from(digit.to_digit(10)?);
        place *= 10;
    }
    let rest = parts * u128::from(unit) / place;
    value = value.checked_add(u64::try_from(rest).ok()?)?;
    fraction.chars().all(|c| c.is_ascii_digit()).then_some(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_scale() {
        let size = |text| read(FieldKind::Size, text);
        assert_eq!((size("512"), size("4K"), size("1.5k")), (Some(512), Some(4096), Some(1536)));
        assert_eq!(
            (size("1 MiB"), size("x"), size(""), size(".")),
            (Some(1 << 20), None, None, None)
        );
        assert_eq!(size("1.2.3"), None);
        assert_eq!(size("99999999999g"), None);
        let time = |text| read(FieldKind::Duration, text);
        assert_eq!((time("2"), time("250ms")), (Some(2_000_000), Some(250_000)));
        assert_eq!(
            (time(".5s"), time("1m"), time("7us")),
            (Some(500_000), Some(60_000_000), Some(7))
        );
        assert_eq!(read(FieldKind::Number, "9223372036854775808"), None);
    }

    #[test]
    fn a_policy_key_may_be_signed() {
        assert_eq!(read(FieldKind::Key, "-1"), Some(4_294_967_295));
        assert_eq!(read(FieldKind::Key, "3942919513"), Some(3_942_919_513));
        assert_eq!(read(FieldKind::Number, "-1"), None);
    }
}
