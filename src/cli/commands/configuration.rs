//! `synctap config`: the management tree of each device, and what its last session changed.

use std::io::Write as _;
use std::process::ExitCode;

use crate::analyze::configurations;
use crate::cli::args::ConfigArgs;
use crate::cli::output::stdout;
use crate::cli::report::Report;
use crate::render;
use crate::render::Secrets;

use super::devices::cannot_read;
use super::open;

/// Prints what was asked for.
pub(super) fn run(args: &ConfigArgs) -> Result<ExitCode, Report> {
    let sessions = open::viewer(&args.file)?.syncml_sessions().map_err(cannot_read)?;
    let secrets = if args.show_secrets { Secrets::Shown } else { Secrets::Masked };
    let wanted = args.device.as_deref();
    let mut found = configurations(&sessions);
    found.retain(|own| wanted.is_none_or(|id| own.device.eq_ignore_ascii_case(id)));
    if found.is_empty() {
        let what = match wanted {
            Some(id) => format!("cannot find the device `{id}` in `{}`", args.file.display()),
            None => format!("cannot find a managed device in `{}`", args.file.display()),
        };
        return Err(Report::new(what).because("no session of device management is of it"));
    }
    let mut out = stdout();
    for configuration in &found {
        if args.json {
            writeln!(out, "{}", render::configuration_json(configuration, secrets))?;
            continue;
        }
        for line in render::configuration_lines(configuration, secrets) {
            writeln!(out, "{line}")?;
        }
        writeln!(out)?;
    }
    out.flush()?;
    Ok(ExitCode::SUCCESS)
}
