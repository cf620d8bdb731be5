//! Writing to standard output.

use std::io::{self, BufWriter, StdoutLock, Write};

/// Standard output, buffered; flush before the process ends.
pub(super) fn stdout() -> BufWriter<StdoutLock<'static>> {
    BufWriter::new(io::stdout().lock())
}

/// Says something on stderr; nobody is left to tell when that fails.
pub(super) fn say(line: &str) {
    let _ = writeln!(io::stderr().lock(), "{line}");
}
