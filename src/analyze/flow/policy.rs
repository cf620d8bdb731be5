//! The settings of a policy document as values.

use crate::analyze::document::Document;
use crate::analyze::draft::clip;
use crate::analyze::eas::{Told, absent, parameters, settings};
use crate::model::{ExchangeId, NodeId, Policy, Setting};

/// The policy under `root`, an `EASProvisionDoc` that came with `exchange`. What has the value it
/// had in `earlier` is told to be so since then.
pub(super) fn read(
    document: &Document<'_>,
    root: NodeId,
    exchange: ExchangeId,
    earlier: Option<&Policy>,
) -> Policy {
    let all = settings(document, root).into_iter();
    let settings = all.map(|told| setting(told, exchange, earlier)).collect();
    let absent = absent(document, root).into_iter().filter(|row| !row.when_absent.is_empty());
    let absent = absent.map(|row| Setting {
        name: row.element.to_owned(),
        meaning: clip(row.when_absent),
        introduced: row.first_version.to_owned(),
        since: exchange,
        ..Setting::default()
    });
    Policy { exchange, acknowledged: None, settings, absent: absent.collect() }
}

/// The policy of version 2.5 in `document`, a `wap-provisioningdoc`.
pub(super) fn read_wap(
    document: &Document<'_>,
    exchange: ExchangeId,
    earlier: Option<&Policy>,
) -> Policy {
    let all = parameters(document).into_iter();
    let settings = all.map(|told| setting(told, exchange, earlier)).collect();
    Policy { exchange, acknowledged: None, settings, absent: Vec::new() }
}

fn setting(told: Told, exchange: ExchangeId, earlier: Option<&Policy>) -> Setting {
    let Told { name, row, value, entries, meaning, restrictive, .. } = told;
    let same = |old: &&Setting| old.name == name && old.value == value && old.entries == entries;
    let old = earlier.and_then(|policy| policy.settings.iter().find(same));
    let since = old.map_or(exchange, |old| old.since);
    let introduced = row.map(|row| row.first_version.to_owned()).unwrap_or_default();
    Setting { name, value, entries, meaning, restrictive, introduced, since }
}
