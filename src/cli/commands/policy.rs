//! `synctap policy`: the policy of each device, and what changed in it.

use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use serde_json::json;

use crate::cli::args::PolicyArgs;
use crate::cli::output::stdout;
use crate::cli::report::Report;
use crate::model::{Device, Policy};
use crate::render;

use super::devices::{cannot_read, chosen};
use super::open;

/// Prints what was asked for.
pub(super) fn run(args: &PolicyArgs) -> Result<ExitCode, Report> {
    let devices = read(&args.file)?;
    let others = match args.against.as_deref() {
        Some(name) if Path::new(name).is_file() => Against::Capture(read(Path::new(name))?),
        Some(id) => Against::Device(Box::new(chosen(&devices, Some(id), &args.file)?[0].clone())),
        None => Against::Before,
    };
    let mut out = stdout();
    for device in chosen(&devices, args.device.as_deref(), &args.file)? {
        let (name, other) = others.of(device);
        if args.json {
            print_json(&mut out, device, other)?;
        } else {
            print(&mut out, device, &name, other)?;
        }
    }
    out.flush()?;
    Ok(ExitCode::SUCCESS)
}

fn read(file: &Path) -> Result<Vec<Device>, Report> {
    let mut devices = open::viewer(&PathBuf::from(file))?.device_states().map_err(cannot_read)?;
    // Policies are of ActiveSync.
    devices.retain(Device::is_activesync);
    Ok(devices)
}

/// What a policy is compared with.
enum Against {
    /// The one the same device had before.
    Before,
    /// That of another device.
    Device(Box<Device>),
    /// That of the same device in another capture, or of the only one there.
    Capture(Vec<Device>),
}

impl Against {
    /// The policy to compare with, and how to call it.
    fn of<'a>(&'a self, device: &'a Device) -> (String, Option<&'a Policy>) {
        match self {
            Self::Before => {
                let policy = device.previous.as_ref();
                let name = policy.map(|policy| format!("policy of {}", policy.exchange));
                (name.unwrap_or_default(), policy)
            }
            Self::Device(other) => (other.key.to_string(), other.policy.as_ref()),
            Self::Capture(others) => {
                let same = others.iter().find(|other| other.key.device == device.key.device);
                let only = others.first().filter(|_| others.len() == 1);
                let other = same.or(only);
                let name = other.map_or_else(
                    || "the other capture, which has neither this device nor one alone,".to_owned(),
                    |other| format!("{} in the other capture", other.key),
                );
                (name, other.and_then(|other| other.policy.as_ref()))
            }
        }
    }
}

fn print(
    out: &mut impl Write,
    device: &Device,
    name: &str,
    other: Option<&Policy>,
) -> io::Result<()> {
    for line in render::device_lines(device) {
        writeln!(out, "{line}")?;
    }
    let Some(policy) = &device.policy else {
        writeln!(out, "no policy was delivered in this capture")?;
        if let Some(other) = other {
            let count = other.settings.len();
            writeln!(out, "{} has a policy of {count} settings", render::clean(name))?;
        }
        return writeln!(out);
    };
    writeln!(out)?;
    for line in render::policy_table(policy) {
        writeln!(out, "{line}")?;
    }
    if let Some(other) = other {
        let changes = policy.changes_since(other);
        let same = if changes.is_empty() { ": none" } else { "" };
        writeln!(out, "\nchanges from {}{same}", render::clean(name))?;
        for line in render::policy_changes(&changes) {
            writeln!(out, "{line}")?;
        }
    } else if !name.is_empty() {
        writeln!(out, "\n{} has no policy to compare with", render::clean(name))?;
    }
    writeln!(out)
}

fn print_json(out: &mut impl Write, device: &Device, other: Option<&Policy>) -> io::Result<()> {
    let changes =
        device.policy.as_ref().zip(other).map(|(policy, other)| policy.changes_since(other));
    let object = json!({
        "schema": render::SCHEMA,
        "device": device.key,
        "state": device.state,
        "assumed": device.assumed,
        "policy": device.policy,
        "against": other,
        "changes": changes,
    });
    writeln!(out, "{object}")
}
