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

    /// What `zbarimg` 0.23 reads as the address below, drawn dark on light with 8 pixels a module.
    const READ_BY_A_SCANNER: [&str; 13] = [
        "█▀▀▀▀▀█  ▄▄▀▀▀  ▀ █▀▀▀▀▀█",
        "█ ███ █ ▄   █▄█▄  █ ███ █",
        "█ ▀▀▀ █ ▀▀ ▄▄▀▀   █ ▀▀▀ █",
        "▀▀▀▀▀▀▀ ▀ █▄▀ ▀▄▀ ▀▀▀▀▀▀▀",
        "▀█▄▄ ▀▀█ █ ▀▄▀ ██▄  ██▄▄",
        " ▀ ▀ ▀▀ ▄▄▀ ▄  █▄ ▀▀▄█ ▀█",
        "▄▀▀▀█ ▀▀ ▀ ▀▀▄█▄▀▀▀    ▄▀",
        "█   ▄▄▀█▀▀ █▀ ▄█▄▀ ▀▄▀▄▀█",
        "▀ ▀  ▀▀ █ ▄▀▄▀▄██▀▀▀█ █",
        "█▀▀▀▀▀█ █▀█▀▄▀▀ █ ▀ █▀ ▄▀",
        "█ ███ █  █▄ ▀█▄▀▀▀██▀█▀██",
        "█ ▀▀▀ █ ▄█▀█▀▀█ █▀▄▄▄ ▀ █",
        "▀▀▀▀▀▀▀ ▀▀  ▀▀▀▀▀▀▀  ▀  ▀",
    ];

    #[test]
    fn the_modules_are_those_a_scanner_reads() {
        let lines = qr("http://192.0.2.2:18080/");
        assert_eq!(lines.len(), READ_BY_A_SCANNER.len() + 2);
        assert!(lines[0].trim().is_empty() && lines[lines.len() - 1].trim().is_empty());
        for (line, read) in lines[1..].iter().zip(READ_BY_A_SCANNER) {
            assert!(line.starts_with("  ") && line.ends_with("  "), "quiet on both sides");
            assert_eq!(line.trim_end(), format!("  {read}"));
        }
    }

    #[test]
    fn what_is_too_long_has_no_code() {
        assert!(qr(&"x".repeat(5_000)).is_empty());
    }
}
