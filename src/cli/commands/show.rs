//! `synctap show`: a capture as text or JSON lines.

use std::io::{self, Write};
use std::path::Path;
use std::process::ExitCode;

use crate::cli::args::ShowArgs;
use crate::cli::filter;
use crate::cli::keys;
use crate::cli::output::stdout;
use crate::cli::report::Report;
use crate::engine::{EngineError, Viewer};
use crate::model::filter::Filter;
use crate::model::{Detail, ExchangeId, Leg, Row};
use crate::render;
use crate::render::{Outline, OutlineOptions, Outlined, Secrets};

use super::open;
use super::run::now;

/// Rows read at a time.
const WINDOW: usize = 256;

/// Prints what was asked for.
pub(super) fn run(args: &ShowArgs, config: Option<&Path>) -> Result<ExitCode, Report> {
    let filter = filter::parse(args.filter.as_deref())?;
    let viewer = open::viewer_with(&args.file, keys::load_knowing(&args.keys, config)?)?;
    let secrets = if args.show_secrets { Secrets::Shown } else { Secrets::Masked };
    let mut out = stdout();
    if args.ids.is_empty() {
        all(&mut out, &viewer, args, filter.as_ref(), secrets)?;
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
    filter: Option<&Filter>,
    secrets: Secrets,
) -> Result<(), Report> {
    let now = now();
    let mut at = 0;
    while let Some((rows, next)) = next(viewer, filter, at).map_err(cannot_read)? {
        at = next;
        for mut row in rows {
            // A row was made without the keys that are here now.
            if !args.keys.keys.is_empty()
                && let Some(detail) = viewer.detail(row.id).map_err(cannot_read)?
                && is_opened(&detail)
            {
                row.summary = detail.annotated.summary;
            }
            if !args.json && !args.detail {
                writeln!(out, "{}", render::row_line(&row, now, secrets))?;
                continue;
            }
            if let Some(detail) = viewer.detail(row.id).map_err(cannot_read)? {
                print(out, &detail, args.json, secrets)?;
            }
        }
    }
    Ok(())
}

/// The next rows to be printed, and the position behind them.
fn next(
    viewer: &Viewer,
    filter: Option<&Filter>,
    at: u64,
) -> Result<Option<(Vec<Row>, u64)>, EngineError> {
    if let Some(filter) = filter {
        return viewer.search(filter, at);
    }
    let rows = viewer.window(at, WINDOW)?;
    let next = at + rows.len() as u64;
    Ok((!rows.is_empty()).then_some((rows, next)))
}

/// True when a body held something encrypted that is open now.
fn is_opened(detail: &Detail) -> bool {
    let bodies = [&detail.request, &detail.response].into_iter().flatten();
    bodies.into_iter().flat_map(|body| &body.layers).any(|layer| layer.label == "opened")
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
        let notes = detail.annotated.notes(leg);
        let index = Outline::new(decoded, notes, options);
        for line in Outlined::new(&index, Some(decoded), notes).lines(0..usize::MAX) {
            writeln!(out, "  {line}")?;
        }
    }
    Ok(())
}
