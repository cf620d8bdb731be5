//! Reading a file or standard input.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use bytes::Bytes;

use super::report::Report;

/// Largest body read, in bytes.
const BODY_LIMIT: u64 = 1 << 30;

/// All bytes of `file`, or of standard input for `-`.
pub(super) fn read(file: &Path) -> Result<Bytes, Report> {
    let cannot = |error: io::Error| {
        Report::new(format!("cannot read `{}`", file.display()))
            .because(error)
            .hint("name a file, or `-` for standard input")
    };
    let mut body = Vec::new();
    let source: Box<dyn Read> = if file == Path::new("-") {
        Box::new(io::stdin().lock())
    } else {
        let file = File::open(file).map_err(cannot)?;
        // Room for all of it, so that a large one is not moved about while it is read.
        let size = file.metadata().map(|facts| facts.len()).unwrap_or_default();
        body.reserve(usize::try_from(size.min(BODY_LIMIT)).unwrap_or_default().saturating_add(1));
        Box::new(file)
    };
    source.take(BODY_LIMIT + 1).read_to_end(&mut body).map_err(cannot)?;
    if body.len() as u64 > BODY_LIMIT {
        return Err(Report::new(format!("cannot read `{}`", file.display()))
            .because(format!("it is larger than {BODY_LIMIT} bytes")));
    }
    Ok(body.into())
}
