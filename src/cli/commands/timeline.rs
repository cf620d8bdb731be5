//! `synctap timeline`: what happened between each device and its server.

use std::io::{self, Write};
use std::process::ExitCode;

use serde_json::json;

use crate::cli::args::TimelineArgs;
use crate::cli::output::stdout;
use crate::cli::report::Report;
use crate::model::{Device, DeviceKey, Step, SyncmlSession};
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
    let chosen = match chosen(&devices, args.device.as_deref(), &args.file) {
        Err(_) if !sessions.is_empty() => Vec::new(),
        found => found?,
    };
    let mut out = stdout();
    if args.json {
        for device in &chosen {
            writeln!(out, "{}", device_object(device))?;
        }
        for (device, step) in &steps {
            let object = json!({ "schema": render::SCHEMA, "device": device, "step": step });
            writeln!(out, "{object}")?;
        }
    } else {
        let is_own_story = |device: &&&Device| device.is_activesync() || device.enrolment.is_some();
        for device in chosen.iter().filter(is_own_story) {
            draw(&mut out, device, &sessions, &steps)?;
            // Who enrolled and is managed is one device.
            let own = |session: &SyncmlSession| {
                device.steps.iter().any(|step| session.holds(step.exchange))
            };
            sessions.retain(|session| !own(session));
        }
        draw_managed(&mut out, &sessions, &devices, &steps)?;
    }
    out.flush()?;
    Ok(ExitCode::SUCCESS)
}

/// What is known of a device, without its steps, which have lines of their own.
fn device_object(device: &Device) -> serde_json::Value {
    let mut known = serde_json::to_value(device).unwrap_or_default();
    if let Some(known) = known.as_object_mut() {
        known.remove("key");
        known.remove("steps");
    }
    json!({ "schema": render::SCHEMA, "device": device.key, "known": known })
}

/// One device of ActiveSync, or one that enrolled and its sessions afterwards.
fn draw(
    out: &mut impl Write,
    device: &Device,
    sessions: &[SyncmlSession],
    steps: &Steps,
) -> io::Result<()> {
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
    let sessions: Vec<&SyncmlSession> = sessions.iter().collect();
    draw_steps(out, &sessions, steps.iter().filter(|(key, _)| own(key)))?;
    writeln!(out)
}

/// Steps, with the name of each session where it begins, and where another comes between.
fn draw_steps<'s>(
    out: &mut impl Write,
    sessions: &[&SyncmlSession],
    steps: impl Iterator<Item = &'s (DeviceKey, Step)>,
) -> io::Result<()> {
    let mut last = None;
    for (_, step) in steps {
        let session = sessions.iter().rposition(|session| session.holds(step.exchange));
        if let Some(at) = session.filter(|_| session != last) {
            writeln!(out, "\n{}", render::session_line(sessions[at]))?;
        }
        last = session;
        print_step(out, step)?;
    }
    Ok(())
}

/// The devices that speak SyncML, in the order of their first sessions.
fn draw_managed(
    out: &mut impl Write,
    sessions: &[SyncmlSession],
    devices: &[Device],
    steps: &Steps,
) -> io::Result<()> {
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
        let known = devices.iter().find(|device| {
            (device.key.host.as_str(), &device.key.device) == (key.0, &key.1)
                && device.enrolment.is_none()
        });
        for line in known.into_iter().flat_map(render::device_certificates) {
            writeln!(out, "{line}")?;
        }
        let its =
            |step: &&(DeviceKey, Step)| (step.0.host.as_str(), &step.0.device) == (key.0, &key.1);
        draw_steps(out, &own, steps.iter().filter(its))?;
        writeln!(out)?;
        drawn.push(key);
    }
    Ok(())
}

fn print_step(out: &mut impl Write, step: &Step) -> io::Result<()> {
    for line in render::step_lines(step) {
        writeln!(out, "{line}")?;
    }
    Ok(())
}
