//! Values that a document type writes as bytes: what is packed, back from its characters.

use super::book::Book;
use super::value::{packed_content, packed_time};

/// The bytes of a `%Datetime` attribute (SI 1.0 §8.2.2, EMN 1.0 §6.2): two decimal digits a byte, zero bytes
/// at the end left out. `None` for other attributes and values.
pub(super) fn attribute(book: &Book, name: &str, value: &str) -> Option<Vec<u8>> {
    book.has_times(name).then_some(())?;
    let digits: Vec<u8> =
        value.bytes().filter(u8::is_ascii_digit).map(|digit| digit & 0x0F).collect();
    let (pairs, _) = digits.as_chunks::<2>();
    let mut bytes: Vec<u8> = pairs.iter().map(|[high, low]| high.wrapping_shl(4) | low).collect();
    while bytes.len() > 4 && bytes.last() == Some(&0) {
        bytes.pop();
    }
    // Only what reads back as the same time.
    (packed_time(&bytes).as_deref() == Some(value)).then_some(bytes)
}

/// The bytes of a number or time in the content of a Wireless Village element (OMA IMPS CSP, binary
/// encoding). `None` for other elements and values.
pub(super) fn content(name: &str, text: &str) -> Option<Vec<u8>> {
    let bytes = match text.parse::<u32>() {
        Ok(number) => number.to_be_bytes().into_iter().skip_while(|byte| *byte == 0).collect(),
        Err(_) => time(text)?,
    };
    let bytes = if bytes.is_empty() { vec![0] } else { bytes };
    (packed_content(name, &bytes).as_deref() == Some(text)).then_some(bytes)
}

/// `20011019T125031` as year in 12 bits, month in 4, day in 5, hour in 5, minute in 6, second in 6, and
/// no zone. A time with one is sent as a string (libwbxml does).
fn time(text: &str) -> Option<Vec<u8>> {
    let number = |at: usize, length: usize| -> Option<u64> {
        text.get(at..at.saturating_add(length))?.parse().ok()
    };
    let fields = [(0, 4, 12), (4, 2, 4), (6, 2, 5), (9, 2, 5), (11, 2, 6), (13, 2, 6)];
    let mut bits = 0_u64;
    for (at, length, width) in fields {
        let limit = 1_u64.wrapping_shl(width);
        bits = bits.wrapping_shl(width) | number(at, length).filter(|value| *value < limit)?;
    }
    let mut bytes = bits.to_be_bytes().get(3..)?.to_vec();
    bytes.push(0);
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_of_attributes() {
        let [si, emn, sl] = ["si10", "emn10", "sl10"].map(|key| Book::by_key(key).unwrap());
        let bytes = |book, name, value| attribute(book, name, value);
        assert_eq!(
            bytes(si, "created", "1999-06-25T15:23:15Z").unwrap(),
            b"\x19\x99\x06\x25\x15\x23\x15"
        );
        assert_eq!(bytes(emn, "timestamp", "2002-04-16T00:00:00Z").unwrap(), b"\x20\x02\x04\x16");
        assert_eq!(bytes(emn, "timestamp", "2002-04-16"), None);
        assert_eq!(bytes(emn, "mailbox", "2002-04-16T00:00:00Z"), None);
        assert_eq!(bytes(sl, "created", "2002-04-16T00:00:00Z"), None);
    }

    #[test]
    fn numbers_and_times_of_wireless_village() {
        assert_eq!(content("Code", "200").unwrap(), b"\xC8");
        assert_eq!(content("TimeToLive", "86400").unwrap(), b"\x01\x51\x80");
        assert_eq!(content("Validity", "0").unwrap(), b"\0");
        assert_eq!(content("Code", "0200"), None);
        assert_eq!(content("UserID", "200"), None);
        let bytes = content("DateTime", "20010925T134013").unwrap();
        assert_eq!(packed_content("DateTime", &bytes).unwrap(), "20010925T134013");
        assert_eq!(content("DateTime", "20011019T125031Z"), None);
        assert_eq!(content("DateTime", "2001-09-25T13:40:13"), None);
    }
}
