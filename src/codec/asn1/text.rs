//! Primitive values as people read them.

use std::fmt::Write as _;

use crate::model::WallTime;

/// Most bytes of an object identifier that are read.
const OID_BYTES: usize = 128;

/// An object identifier (X.690 8.19) in numbers with dots; `None` when it is none.
pub(super) fn oid(content: &[u8]) -> Option<String> {
    if content.is_empty() || content.len() > OID_BYTES || content.last()? & 0x80 != 0 {
        return None;
    }
    let mut out = String::new();
    let mut arc = 0_u128;
    for byte in content {
        arc = arc.checked_mul(128)?.checked_add(u128::from(byte & 0x7F))?;
        if byte & 0x80 != 0 {
            continue;
        }
        if out.is_empty() {
            let first = arc.checked_div(40)?.min(2);
            let second = arc.checked_sub(first.checked_mul(40)?)?;
            let _ = write!(out, "{first}.{second}");
        } else {
            let _ = write!(out, ".{arc}");
        }
        arc = 0;
    }
    Some(out)
}

/// A time with a year of this many digits (X.680 46, 47): `YYMMDDhhmm[ss][.f](Z|+hhmm|-hhmm)`.
pub(super) fn time(content: &[u8], year_digits: usize) -> Option<WallTime> {
    let text = std::str::from_utf8(content).ok()?;
    let (clock, zone) = text.split_at_checked(text.find(['Z', '+', '-'])?)?;
    let clock = clock.split(['.', ',']).next()?;
    let (year, rest) = clock.split_at_checked(year_digits)?;
    let year = match year.parse::<u32>().ok()? {
        // RFC 5280 4.1.2.5.1.
        short @ 0..50 if year_digits == 2 => short.checked_add(2000)?,
        short @ 50..100 if year_digits == 2 => short.checked_add(1900)?,
        year => year,
    };
    let pair = |at: usize| rest.get(at..at.checked_add(2)?);
    let second = if rest.len() >= 10 { pair(8)? } else { "00" };
    if !matches!(rest.len(), 8 | 10) || !rest.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let zone = match zone.split_at_checked(1)? {
        ("Z", "") => "Z".to_owned(),
        (sign, digits) if digits.len() == 4 => {
            format!("{sign}{}:{}", digits.get(..2)?, digits.get(2..)?)
        }
        _ => return None,
    };
    let (month, day, hour, minute) = (pair(0)?, pair(2)?, pair(4)?, pair(6)?);
    WallTime::parse_rfc3339(&format!("{year:04}-{month}-{day}T{hour}:{minute}:{second}{zone}"))
}

/// An INTEGER: in decimal when it has up to eight bytes, else in hex.
pub(super) fn integer(content: &[u8]) -> String {
    let negative = content.first().is_some_and(|first| *first >= 0x80);
    if content.len() <= 8 {
        let start: i64 = if negative { -1 } else { 0 };
        let add = |number: i64, byte: &u8| number << 8 | i64::from(*byte);
        return content.iter().fold(start, add).to_string();
    }
    hex(content)
}

/// Bytes as lower-case hex.
pub fn hex(bytes: &[u8]) -> String {
    let mut out = String::with_capacity(bytes.len().saturating_mul(2));
    for byte in bytes {
        let _ = write!(out, "{byte:02x}");
    }
    out
}

/// A `BMPString` (UTF-16 in network order).
pub(super) fn utf16(content: &[u8]) -> String {
    let units = content.chunks_exact(2).filter_map(|pair| pair.try_into().ok());
    let units: Vec<u16> = units.map(u16::from_be_bytes).collect();
    String::from_utf16_lossy(&units)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn object_identifiers() {
        let rsa = b"\x2A\x86\x48\x86\xF7\x0D\x01\x07\x02";
        assert_eq!(oid(rsa).as_deref(), Some("1.2.840.113549.1.7.2"));
        assert_eq!(oid(b"\x88\x37\x03").as_deref(), Some("2.999.3"));
        assert_eq!(oid(b"\x2A\x86"), None);
        assert_eq!(oid(&[0xFF; 200]), None);
        assert_eq!(oid(b""), None);
    }

    #[test]
    fn times() {
        let said = |text: &str, digits| time(text.as_bytes(), digits).map(WallTime::rfc3339);
        assert_eq!(said("261120140211Z", 2).as_deref(), Some("2026-11-20T14:02:11Z"));
        assert_eq!(said("9911201402Z", 2).as_deref(), Some("1999-11-20T14:02:00Z"));
        assert_eq!(said("20261120140211.5Z", 4).as_deref(), Some("2026-11-20T14:02:11Z"));
        assert_eq!(said("20261120140211+0200", 4).as_deref(), Some("2026-11-20T12:02:11Z"));
        for bad in ["", "Z", "261320140211Z", "261120140211", "2611201402110Z", "26112é140211Z"] {
            assert_eq!(said(bad, 2), None, "{bad}");
        }
    }

    #[test]
    fn integers() {
        assert_eq!(integer(b"\x00\xFF"), "255");
        assert_eq!(integer(b"\xFF"), "-1");
        assert_eq!(integer(b"\x01\x02\x03\x04\x05\x06\x07\x08\x09"), "010203040506070809");
        assert_eq!(integer(b""), "0");
    }
}
