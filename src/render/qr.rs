//! A QR code in half blocks.

use fast_qr::ECL;
use fast_qr::qr::QRBuilder;

/// Light modules around the code, on each side. The standard asks for 4 (ISO/IEC 18004 §9.1); cameras
/// read 2, and every line counts on a small terminal.
const QUIET: usize = 2;

/// The code of `text`, two modules a character: draw it dark on light, whatever the terminal's own
/// colours. All lines have the same width. Empty when the text is too long for a code.
pub fn qr(text: &str) -> Vec<String> {
    let Ok(code) = QRBuilder::new(text).ecl(ECL::L).build() else { return Vec::new() };
    let size = code.size + 2 * QUIET;
    let dark = |x: usize, y: usize| {
        let inside = |at: usize| at.checked_sub(QUIET).filter(|at| *at < code.size);
        match (inside(x), inside(y)) {
            (Some(x), Some(y)) => code[y][x].value(),
            _ => false,
        }
    };
    let line = |y: usize| {
        let cell = |x| match (dark(x, y), dark(x, y + 1)) {
            (true, true) => '█',
            (true, false) => '▀',
            (false, true) => '▄',
            (false, false) => ' ',
        };
        (0..size).map(cell).collect()
    };
    (0..size).step_by(2).map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_address_fits_a_small_terminal() {
        let lines = qr("http://192.168.178.100:8080/");
        assert!(lines.len() <= 16, "{}", lines.len());
        assert!(lines.iter().all(|line| line.chars().count() == lines[0].chars().count()));
        // The three corner marks and the quiet zone.
        assert_eq!(lines[1].chars().take(9).collect::<String>(), "  █▀▀▀▀▀█");
        assert!(lines[0].trim().is_empty());
    }

    #[test]
    fn what_is_too_long_has_no_code() {
        assert!(qr(&"x".repeat(5_000)).is_empty());
    }
}
