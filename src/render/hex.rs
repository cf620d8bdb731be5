//! Hex dump lines.

use std::fmt::Write;

/// Bytes in one line of a dump.
pub const HEX_ROW: usize = 16;

/// One line of a dump.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HexLine {
    /// Offset of the first byte.
    pub offset: usize,
    /// The bytes of this line: at most [`HEX_ROW`].
    pub bytes: Vec<u8>,
    /// Two hex digits a byte, separated by blanks, a wider gap after the eighth.
    pub cells: String,
    /// One character a byte, `.` for what is not printable ASCII.
    pub ascii: String,
}

/// At most `rows` lines from the line that holds `offset`.
pub fn hex(bytes: &[u8], offset: usize, rows: usize) -> Vec<HexLine> {
    let first = offset / HEX_ROW * HEX_ROW;
    let rest = bytes.get(first..).unwrap_or_default();
    rest.chunks(HEX_ROW).take(rows).zip((first..).step_by(HEX_ROW)).map(line).collect()
}

fn line((bytes, offset): (&[u8], usize)) -> HexLine {
    let mut cells = String::with_capacity(HEX_ROW * 3 + 1);
    for (at, byte) in bytes.iter().enumerate() {
        let gap = match at {
            0 => "",
            8 => "  ",
            _ => " ",
        };
        let _ = write!(cells, "{gap}{byte:02x}");
    }
    let ascii =
        bytes.iter().map(|b| if (0x20..0x7F).contains(b) { char::from(*b) } else { '.' }).collect();
    HexLine { offset, bytes: bytes.to_vec(), cells, ascii }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_start_on_rows() {
        let bytes: Vec<u8> = (0..40).collect();
        let lines = hex(&bytes, 17, 9);
        assert_eq!(lines.len(), 2);
        assert_eq!(lines[0].offset, 16);
        assert_eq!(lines[0].cells, "10 11 12 13 14 15 16 17  18 19 1a 1b 1c 1d 1e 1f");
        assert_eq!(lines[1].ascii, " !\"#$%&'");
        assert!(hex(&bytes, 99, 9).is_empty());
    }
}
