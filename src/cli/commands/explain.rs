//! `synctap explain`: one code, path or name in every table at hand.

use std::io::Write as _;
use std::process::ExitCode;

use serde_json::json;

use crate::analyze;
use crate::cli::args::ExplainArgs;
use crate::cli::output::stdout;
use crate::cli::report::Report;

/// Looks it up and prints what is known.
pub(super) fn run(args: &ExplainArgs) -> Result<ExitCode, Report> {
    let known = analyze::explain(&args.what);
    if known.is_empty() {
        return Err(Report::new(format!("cannot explain `{}`", args.what))
            .because("no table lists it")
            .hint("try a status `165`, an HRESULT `0x80070032`, a path `./Vendor/MSFT/DMClient`, or a policy name"));
    }
    let mut out = stdout();
    for (at, entry) in known.iter().enumerate() {
        if args.json {
            let object = json!({
                "table": entry.table,
                "key": entry.key,
                "text": entry.lines,
                "source": entry.source,
            });
            writeln!(out, "{object}")?;
            continue;
        }
        if at > 0 {
            writeln!(out)?;
        }
        writeln!(out, "{}: {}", entry.table, entry.key)?;
        for line in &entry.lines {
            writeln!(out, "  {line}")?;
        }
        if !entry.source.is_empty() {
            writeln!(out, "  source: {}", entry.source)?;
        }
    }
    out.flush()?;
    Ok(ExitCode::SUCCESS)
}
