//! `synctap show`: a capture as text or JSON lines.

use std::io::{self, Write};
use std::process::ExitCode;

use crate::cli::args::ShowArgs;
use crate::cli::output::stdout;
use crate::cli::report::Report;
use crate::engine::Viewer;
use crate::model::{Detail, ExchangeId, Leg};
use crate::render;
use crate::render::{OutlineOptions, Secrets};

use super::open;
use super::run::now;

/// Rows read at a time.
const WINDOW: usize = 256;

/// Prints what was asked for.
pub(super) fn run(args: &ShowArgs) -> Result<ExitCode, Report> {
    let viewer = open::viewer(&args.file)?;
    let secrets = if args.show_secrets { Secrets::Shown } else { Secrets::Masked };
    let mut out = stdout();
    if args.ids.is_empty() {
        all(&mut out, &viewer, args, secrets)?;
    } else {
        for id in args.ids.iter().copied().map(ExchangeId) {
            let detail = viewer.detail(id).map_err(cannot_read)?.ok_or_else(|| {
                Report::new(format!("cannot show exchange `{id}`"))
                    .because("the capture has no such exchange")
                    .hint(format!("list them: synctap show {}", args.file.display()))
            })?;
            print(&mut out, &detail, args.json, secrets)?;
        }
    }
    out.flush()?;
    Ok(ExitCode::SUCCESS)
}

fn all(
    out: &mut impl Write,
    viewer: &Viewer,
    args: &ShowArgs,
    secrets: Secrets,
) -> Result<(), Report> {
    let now = now();
    let mut offset = 0;
    loop {
        let rows = viewer.window(offset, WINDOW).map_err(cannot_read)?;
        if rows.is_empty() {
            return Ok(());
        }
        offset += rows.len() as u64;
        for row in rows {
            if !args.json && !args.detail {
                writeln!(out, "{}", render::row_line(&row, now, secrets))?;
                continue;
            }
            if let Some(detail) = viewer.detail(row.id).map_err(cannot_read)? {
                print(out, &detail, args.json, secrets)?;
            }
        }
    }
}

fn cannot_read(error: impl std::fmt::Display) -> Report {
    Report::new("cannot read the capture").because(error)
}

/// One exchange in full.
fn print(out: &mut impl Write, detail: &Detail, json: bool, secrets: Secrets) -> io::Result<()> {
    if json {
        return writeln!(out, "{}", render::json(detail, secrets));
    }
    for (label, text) in render::overview(detail, secrets) {
        writeln!(out, "{label:<10} {text}")?;
    }
    for leg in [Leg::Request, Leg::Response] {
        print_leg(out, detail, leg, secrets)?;
    }
    writeln!(out)
}

fn print_leg(out: &mut impl Write, detail: &Detail, leg: Leg, secrets: Secrets) -> io::Result<()> {
    let headers = render::headers(detail, leg, secrets);
    if !headers.is_empty() {
        writeln!(out, "\n{}", leg.name())?;
    }
    for (name, value) in headers {
        writeln!(out, "  {name}: {value}")?;
    }
    if let Some(decoded) = detail.decoded(leg) {
        let options = OutlineOptions { secrets, ..OutlineOptions::default() };
        let lines = render::outline(decoded, detail.annotated.notes(leg), options);
        for line in render::outline_text(&lines).lines() {
            writeln!(out, "  {line}")?;
        }
    }
    Ok(())
}
