//! Which device of a capture is meant.

use std::path::Path;

use crate::cli::report::Report;
use crate::engine::EngineError;
use crate::model::Device;

/// The devices named `wanted` (all without a name).
pub(super) fn chosen<'a>(
    devices: &'a [Device],
    wanted: Option<&str>,
    file: &Path,
) -> Result<Vec<&'a Device>, Report> {
    let found: Vec<&Device> = devices
        .iter()
        .filter(|device| wanted.is_none_or(|id| device.key.device.eq_ignore_ascii_case(id)))
        .collect();
    if !found.is_empty() {
        return Ok(found);
    }
    let what = match wanted {
        Some(id) => format!("cannot find the device `{id}` in `{}`", file.display()),
        None => format!("cannot find a device in `{}`", file.display()),
    };
    let report = Report::new(what);
    if devices.is_empty() {
        return Err(report.because("the capture has neither ActiveSync traffic nor SyncML nor a certificate request of a device"));
    }
    let ids: Vec<&str> = devices.iter().map(|device| device.key.device.as_str()).collect();
    Err(report
        .because("no request in the capture carries this device id")
        .hint(format!("use one of: {}", ids.join(", "))))
}

/// A capture that turned out unreadable.
pub(super) fn cannot_read(error: EngineError) -> Report {
    Report::new("cannot read the capture").because(error)
}
