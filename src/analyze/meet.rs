//! What every exchange of a device tells of it.

use crate::model::{Device, Exchange, Summary};

use super::draft::clip;

/// Takes in an exchange of `device` that ended.
pub(super) fn meet(device: &mut Device, exchange: &Exchange, summary: &Summary) {
    device.exchanges += 1;
    device.last = exchange.id;
    device.last_seen = exchange.started.max(device.last_seen);
    clip(&summary.command).clone_into(&mut device.last_command);
    if !summary.version.is_empty() {
        device.version.clone_from(&summary.version);
    }
    let headers = exchange.request.as_ref().map(|request| &request.headers);
    let agent = headers.and_then(|headers| headers.first("User-Agent"));
    if let Some(agent) = agent.filter(|agent| !agent.is_empty()) {
        device.user_agent = clip(agent);
    }
}
