//! Sizes, counts and times as people read them.

use std::fmt::Write;
use std::time::Duration;

/// Bytes with a binary unit and at most one decimal: `0`, `51`, `7.2K`, `20K`, `1.5M`, `300M`.
#[expect(clippy::cast_precision_loss, reason = "one decimal is shown")]
pub fn bytes(n: u64) -> String {
    const UNITS: [char; 5] = ['K', 'M', 'G', 'T', 'P'];
    if n < 1000 {
        return n.to_string();
    }
    let mut value = n as f64 / 1024.0;
    let mut unit = 0;
    while value >= 999.5 && unit + 1 < UNITS.len() {
        value /= 1024.0;
        unit += 1;
    }
    if value < 9.95 {
        format!("{value:.1}{}", UNITS[unit])
    } else {
        format!("{value:.0}{}", UNITS[unit])
    }
}

/// A number with thousands separated: `1,204`.
pub fn thousands(n: u64) -> String {
    let digits = n.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// A number with its noun: `1 byte`, `1,204 bytes`.
pub fn count(n: u64, noun: &str) -> String {
    let plural = match (n, noun) {
        (1, _) => noun.to_owned(),
        (_, noun) if noun.ends_with('y') && !noun.ends_with("ey") && !noun.ends_with("ay") => {
            format!("{}ies", &noun[..noun.len() - 1])
        }
        (_, noun) if noun.ends_with('s') => format!("{noun}es"),
        _ => format!("{noun}s"),
    };
    format!("{} {plural}", thousands(n))
}

/// How long something took or lasts, in at most two units: `12 ms`, `3.4 s`, `2m 05s`, `1h 07m`.
pub fn age(duration: Duration) -> String {
    let mut out = String::new();
    let seconds = duration.as_secs();
    let _ = if duration < Duration::from_millis(1) {
        write!(out, "{} µs", duration.as_micros())
    } else if seconds < 1 {
        write!(out, "{} ms", duration.as_millis())
    } else if seconds < 60 {
        write!(out, "{}.{} s", seconds, duration.subsec_millis() / 100)
    } else if seconds < 3600 {
        write!(out, "{}m {:02}s", seconds / 60, seconds % 60)
    } else {
        write!(out, "{}h {:02}m", seconds / 3600, seconds / 60 % 60)
    };
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_stay_short() {
        let shown: Vec<_> =
            [0, 51, 999, 1000, 7359, 20_480, 1_048_576, 314_572_800].map(bytes).into();
        assert_eq!(shown, ["0", "51", "999", "1.0K", "7.2K", "20K", "1.0M", "300M"]);
    }

    #[test]
    fn counts_and_ages() {
        assert_eq!(count(1, "byte"), "1 byte");
        assert_eq!(count(1204, "entry"), "1,204 entries");
        assert_eq!(count(2, "Status"), "2 Statuses");
        assert_eq!(count(2, "policy key"), "2 policy keys");
        let shown = [0, 12_000, 3_400_000, 125_000_000, 4_020_000_000]
            .map(|us| age(Duration::from_micros(us)));
        assert_eq!(shown, ["0 µs", "12 ms", "3.4 s", "2m 05s", "1h 07m"]);
    }
}
