//! `synctap timeline`: what happened between each device and its server.

use std::io::{self, Write};
use std::process::ExitCode;

use serde_json::json;

use crate::cli::args::TimelineArgs;
use crate::cli::output::stdout;
use crate::cli::report::Report;
use crate::model::{Device, DeviceKey, ExchangeId, Step, SyncmlSession};
use crate::render;

use super::devices::{cannot_read, chosen};
use super::open;

/// The steps of all devices, in the order in which they ended.
type Steps = [(DeviceKey, Step)];

/// Draws what was asked for.
pub(super) fn run(args: &TimelineArgs) -> Result<ExitCode, Report> {
    let viewer = open::viewer(&args.file)?;
    let wanted = |id: &str| args.device.as_deref().is_none_or(|own| own.eq_ignore_ascii_case(id));
    let mut steps: Vec<(DeviceKey, Step)> = Vec::new();
    let mut tell = |seen: crate::analyze::Observation| {
        if wanted(&seen.device.device) {
            let earlier = seen.earlier.into_iter().map(|step| (seen.device.clone(), step));
            steps.extend(earlier);
            steps.push((seen.device, seen.step));
        }
    };
    let (devices, mut sessions) = viewer.history(&mut tell).map_err(cannot_read)?;
    sessions.retain(|session| wanted(&session.device));
    let devices = match chosen(&devices, args.device.as_deref(), &args.file) {
        Err(_) if !sessions.is_empty() => Vec::new(),
        found => found?,
    };
    let mut out = stdout();
    if args.json {
        for (device, step) in &steps {
            let object = json!({ "schema": render::SCHEMA, "device": device, "step": step });
            writeln!(out, "{object}")?;
        }
    } else {
        for device in devices {
            let drawn = draw(&mut out, device, &sessions, &steps)?;
            // A device that enrolled here has one story.
            sessions.retain(|session| !drawn.contains(&session.first));
        }
        draw_managed(&mut out, &sessions, &steps)?;
    }
    out.flush()?;
    Ok(ExitCode::SUCCESS)
}

/// One device of ActiveSync, or one that enrolled, with the sessions that manage it. Gives back the first
/// exchanges of those.
fn draw(
    out: &mut impl Write,
    device: &Device,
    sessions: &[SyncmlSession],
    steps: &Steps,
) -> io::Result<Vec<ExchangeId>> {
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
    let own = steps.iter().filter(|(key, _)| own(key)).map(|(_, step)| step);
    let managed: Vec<&SyncmlSession> = match device.enrolment {
        Some(_) => sessions.iter().collect(),
        None => Vec::new(),
    };
    let drawn = draw_steps(out, own, &managed)?;
    writeln!(out)?;
    Ok(drawn.into_iter().filter_map(|at| Some(managed.get(at)?.first)).collect())
}

/// Steps, each session by its name where it begins, and where another comes between. Gives back the places
/// of the sessions.
fn draw_steps<'s>(
    out: &mut impl Write,
    steps: impl Iterator<Item = &'s Step>,
    sessions: &[&SyncmlSession],
) -> io::Result<Vec<usize>> {
    let mut drawn = Vec::new();
    let mut last = None;
    for step in steps {
        let session = sessions.iter().rposition(|session| session.holds(step.exchange));
        if let Some(at) = session.filter(|_| session != last) {
            writeln!(out, "\n{}", render::session_line(sessions[at]))?;
            drawn.push(at);
        }
        last = session;
        for line in render::step_lines(step) {
            writeln!(out, "{line}")?;
        }
    }
    Ok(drawn)
}

/// The devices that speak SyncML and did not enrol here, in the order of their first sessions.
fn draw_managed(out: &mut impl Write, sessions: &[SyncmlSession], steps: &Steps) -> io::Result<()> {
    let mut drawn: Vec<(&str, String)> = Vec::new();
    for first in sessions {
        let own = |session: &&SyncmlSession| {
            session.host == first.host && session.device.eq_ignore_ascii_case(&first.device)
        };
        let key = (first.host.as_str(), first.device.to_lowercase());
        if drawn.contains(&key) {
            continue;
        }
        let own: Vec<&SyncmlSession> = sessions.iter().filter(own).collect();
        for line in render::managed_lines(&own) {
            writeln!(out, "{line}")?;
        }
        let its =
            |step: &&(DeviceKey, Step)| (step.0.host.as_str(), &step.0.device) == (key.0, &key.1);
        draw_steps(out, steps.iter().filter(its).map(|(_, step)| step), &own)?;
        writeln!(out)?;
        drawn.push(key);
    }
    Ok(())
}
