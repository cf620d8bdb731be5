//! `synctap doctor`: what is in the way, and what to do about it.

use std::io::Write as _;
use std::path::Path;
use std::process::ExitCode;

use crate::cli::args::{DoctorArgs, RunArgs};
use crate::cli::config::SettingsFile;
use crate::cli::doctor::{
    Check, Patient, Verdict, against_servers, certificates, devices, examine, settings_file,
    settings_mistake,
};
use crate::cli::folders::Folders;
use crate::cli::output::stdout;
use crate::cli::report::Report;
use crate::cli::settings;
use crate::engine::{EngineError, Viewer};
use crate::model::{Row, WallTime};
use crate::render::clean;

use super::run::now;
use super::{ca, open};

/// Rows read at a time.
const WINDOW: usize = 256;
/// Answers whose date is looked at.
const ANSWERS: usize = 200;

/// Prints a line a check; exits with 1 when one fails.
pub(super) fn run(args: &DoctorArgs, config: Option<&Path>) -> Result<ExitCode, Report> {
    let checks = match &args.capture {
        Some(file) => capture(file)?,
        None => machine(args, config)?,
    };
    let mut out = stdout();
    for check in &checks {
        if args.json {
            let line = serde_json::to_string(check)
                .map_err(|error| Report::new("cannot print a check").because(error))?;
            writeln!(out, "{line}")?;
        } else {
            print(&mut out, check)?;
        }
    }
    if checks.is_empty() && !args.json {
        writeln!(out, "the capture holds no device")?;
    }
    out.flush()?;
    let failed = checks.iter().any(|check| check.verdict == Verdict::Fail);
    Ok(if failed { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

fn print(out: &mut impl std::io::Write, check: &Check) -> std::io::Result<()> {
    let (name, found) = (clean(&check.about), clean(&check.found));
    writeln!(out, "{:<5} {name}: {found}", check.verdict.name())?;
    if check.advice.is_empty() {
        return Ok(());
    }
    writeln!(out, "      try: {}", clean(&check.advice))
}

/// A settings file that cannot be used is one finding among the others.
fn machine(args: &DoctorArgs, config: Option<&Path>) -> Result<Vec<Check>, Report> {
    let (file, first) = match SettingsFile::load(config) {
        Ok(file) => {
            let check = settings_file(file.path(), file.found());
            (file, check)
        }
        Err(report) => (SettingsFile::default(), settings_mistake(&report)),
    };
    let mut checks = vec![first];
    checks.extend(examine(&patient(args, &file)?));
    Ok(checks)
}

fn patient(args: &DoctorArgs, file: &SettingsFile) -> Result<Patient, Report> {
    let own = RunArgs {
        modes: args.modes.clone(),
        listen: args.listen.clone(),
        ca_dir: args.ca_dir.clone(),
        ..RunArgs::default()
    };
    let run = file.under(&own);
    let captures = Folders::of_user()?.captures();
    let ca_dir = ca::folder(run.ca_dir.as_deref())?;
    Ok(Patient { modes: settings::modes(&run)?, ca_dir, captures, now: now() })
}

/// How far the devices of a capture got, and whether the clock was right when it was recorded.
fn capture(file: &Path) -> Result<Vec<Check>, Report> {
    let viewer = open::viewer(file)?;
    let rows = rows(&viewer).map_err(|error| unreadable(file, &error))?;
    let dates = dates(&viewer, &rows).map_err(|error| unreadable(file, &error))?;
    let states = viewer.device_states().map_err(|error| unreadable(file, &error))?;
    let mut checks = devices(rows.into_iter());
    checks.extend(certificates(&states));
    checks.extend(against_servers(dates.into_iter()));
    Ok(checks)
}

fn unreadable(file: &Path, error: &EngineError) -> Report {
    Report::new(format!("cannot read the capture `{}`", file.display())).because(error)
}

fn rows(viewer: &Viewer) -> Result<Vec<Row>, EngineError> {
    let mut all = Vec::new();
    loop {
        let rows = viewer.window(all.len() as u64, WINDOW)?;
        if rows.is_empty() {
            return Ok(all);
        }
        all.extend(rows);
    }
}

/// When the newest answers of servers came, and the `Date` in them.
fn dates(viewer: &Viewer, rows: &[Row]) -> Result<Vec<(WallTime, String)>, EngineError> {
    let answered = rows.iter().rev().filter(|row| row.http_status.is_some()).take(ANSWERS);
    let mut dates = Vec::new();
    for row in answered {
        let Some(exchange) = viewer.exchange(row.id)? else { continue };
        let Some(answer) = exchange.response.as_ref().filter(|answer| !answer.ours) else {
            continue;
        };
        let after = exchange.times.response_head.map_or(0, |time| time.0);
        let came = exchange.started.0.saturating_add(i64::try_from(after).unwrap_or(i64::MAX));
        dates.extend(answer.headers.first("date").map(|date| (WallTime(came), date.to_owned())));
    }
    Ok(dates)
}
