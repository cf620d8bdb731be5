//! `synctap timeline`: what happened between each device and its server.

use std::io::Write as _;
use std::process::ExitCode;

use serde_json::json;

use crate::cli::args::TimelineArgs;
use crate::cli::output::stdout;
use crate::cli::report::Report;
use crate::model::{DeviceKey, Step};
use crate::render;

use super::devices::{cannot_read, chosen};
use super::open;

/// Draws what was asked for.
pub(super) fn run(args: &TimelineArgs) -> Result<ExitCode, Report> {
    let viewer = open::viewer(&args.file)?;
    let mut steps: Vec<(DeviceKey, Step)> = Vec::new();
    let mut tell = |seen: crate::analyze::Observation| {
        let wanted = args.device.as_deref();
        if wanted.is_none_or(|id| seen.device.device.eq_ignore_ascii_case(id)) {
            let earlier = seen.earlier.into_iter().map(|step| (seen.device.clone(), step));
            steps.extend(earlier);
            steps.push((seen.device, seen.step));
        }
    };
    let devices = viewer.history(&mut tell).map_err(cannot_read)?;
    let mut out = stdout();
    if args.json {
        chosen(&devices, args.device.as_deref(), &args.file)?;
        for (device, step) in &steps {
            let object = json!({ "schema": render::SCHEMA, "device": device, "step": step });
            writeln!(out, "{object}")?;
        }
        out.flush()?;
        return Ok(ExitCode::SUCCESS);
    }
    for device in chosen(&devices, args.device.as_deref(), &args.file)? {
        for line in render::device_lines(device) {
            writeln!(out, "{line}")?;
        }
        writeln!(out)?;
        // The user may have become known only later: host and id tell devices apart as well.
        let own = |key: &DeviceKey| {
            key == &device.key
                || (key.user.is_empty()
                    && (&key.host, &key.device) == (&device.key.host, &device.key.device))
        };
        for (_, step) in steps.iter().filter(|(key, _)| own(key)) {
            for line in render::step_lines(step) {
                writeln!(out, "{line}")?;
            }
        }
        writeln!(out)?;
    }
    out.flush()?;
    Ok(ExitCode::SUCCESS)
}
