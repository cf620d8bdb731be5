//! `synctap config`: the management tree of each device, and what changed in it.

use std::io::{self, Write};
use std::path::Path;
use std::process::ExitCode;

use crate::analyze::{configuration_changes, configurations};
use crate::cli::args::ConfigArgs;
use crate::cli::output::stdout;
use crate::cli::report::Report;
use crate::model::Configuration;
use crate::render;
use crate::render::Secrets;

use super::devices::cannot_read;
use super::open;

/// Prints what was asked for.
pub(super) fn run(args: &ConfigArgs) -> Result<ExitCode, Report> {
    let secrets = if args.show_secrets { Secrets::Shown } else { Secrets::Masked };
    let all = read(&args.file)?;
    let others = match args.against.as_deref() {
        None => Against::Before,
        Some(name) if Path::new(name).is_file() => {
            let others = read(Path::new(name))?;
            chosen(&others, None, Path::new(name))?;
            Against::Capture(others)
        }
        Some(id) => Against::Device(Box::new(chosen(&all, Some(id), &args.file)?[0].clone())),
    };
    let mut out = stdout();
    for configuration in chosen(&all, args.device.as_deref(), &args.file)? {
        let other = others.of(configuration);
        if args.json {
            let changes = other.map(|other| configuration_changes(configuration, other));
            let object = render::configuration_json(configuration, changes.as_deref(), secrets);
            writeln!(out, "{object}")?;
            continue;
        }
        for line in render::configuration_lines(configuration, secrets) {
            writeln!(out, "{line}")?;
        }
        if !matches!(others, Against::Before) {
            print_changes(&mut out, configuration, other, secrets)?;
        }
        writeln!(out)?;
    }
    out.flush()?;
    Ok(ExitCode::SUCCESS)
}

fn read(file: &Path) -> Result<Vec<Configuration>, Report> {
    let sessions = open::viewer(file)?.syncml_sessions().map_err(cannot_read)?;
    Ok(configurations(&sessions))
}

/// What a configuration is compared with.
enum Against {
    /// Its last session with those before, which it tells itself.
    Before,
    /// That of another device.
    Device(Box<Configuration>),
    /// That of the same device in another capture, or of the only one there.
    Capture(Vec<Configuration>),
}

impl Against {
    fn of(&self, own: &Configuration) -> Option<&Configuration> {
        match self {
            Self::Before => None,
            Self::Device(other) => Some(other),
            Self::Capture(others) => {
                let same =
                    others.iter().find(|other| other.device.eq_ignore_ascii_case(&own.device));
                same.or(others.first().filter(|_| others.len() == 1))
            }
        }
    }
}

fn print_changes(
    out: &mut impl Write,
    own: &Configuration,
    other: Option<&Configuration>,
    secrets: Secrets,
) -> io::Result<()> {
    let Some(other) = other else {
        let device = render::clean(&own.device);
        return writeln!(out, "\n{device} is not in the other capture");
    };
    let changes = configuration_changes(own, other);
    let none = if changes.is_empty() { ": none" } else { "" };
    let (device, host) = (render::clean(&other.device), render::clean(&other.host));
    writeln!(out, "\nchanges from {device} at {host}{none}")?;
    for line in render::configuration_change_lines(&changes, secrets) {
        writeln!(out, "{line}")?;
    }
    Ok(())
}

fn chosen<'a>(
    all: &'a [Configuration],
    wanted: Option<&str>,
    file: &Path,
) -> Result<Vec<&'a Configuration>, Report> {
    let is = |own: &&Configuration| wanted.is_none_or(|id| own.device.eq_ignore_ascii_case(id));
    let found: Vec<_> = all.iter().filter(is).collect();
    if !found.is_empty() {
        return Ok(found);
    }
    let file = file.display();
    let what = match wanted {
        Some(id) => format!("cannot find the device `{id}` in `{file}`"),
        None => format!("cannot find a managed device in `{file}`"),
    };
    let report = Report::new(what).because("no session of device management is of it");
    let ids: Vec<_> = all.iter().map(|own| render::clean(&own.device).into_owned()).collect();
    Err(if ids.is_empty() {
        report
    } else {
        report.hint(format!("use one of: {}", ids.join(", ")))
    })
}
