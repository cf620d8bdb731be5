//! The settings of a policy document as values.

use crate::analyze::document::Document;
use crate::analyze::draft::clip;
use crate::analyze::eas::{Policy as Row, Verdict};
use crate::model::{ExchangeId, NodeId, Policy, Setting};

/// Settings of one document that are kept; the protocol has 42.
const SETTINGS: usize = 128;

/// Entries of one list that are kept.
const ENTRIES: usize = 40;

/// The policy under `root`, an `EASProvisionDoc` that came with `exchange`. What has the value it
/// had in `earlier` is told to be so since then.
pub(super) fn read(
    document: &Document<'_>,
    root: NodeId,
    exchange: ExchangeId,
    earlier: Option<&Policy>,
) -> Policy {
    let off = document.child(root, "DevicePasswordEnabled").map(|id| document.text(id) == "0");
    let settings = document.children(root).take(SETTINGS).map(|id| {
        let mut setting = setting(document, id, exchange);
        if Row::named(&setting.name).is_some_and(|row| row.needs == "DevicePasswordEnabled")
            && off == Some(true)
        {
            setting.meaning.push_str("; ignored because DevicePasswordEnabled is 0");
            setting.restrictive = false;
        }
        let same = |old: &&Setting| old.name == setting.name && old.value == setting.value;
        if let Some(old) = earlier.and_then(|policy| policy.settings.iter().find(same)) {
            setting.since = old.since;
        }
        setting
    });
    Policy { exchange, acknowledged: None, settings: settings.collect() }
}

/// The policy of version 2.5 in `document`, a `wap-provisioningdoc`: its parameters by the path of
/// characteristics around them.
pub(super) fn read_wap(
    document: &Document<'_>,
    exchange: ExchangeId,
    earlier: Option<&Policy>,
) -> Policy {
    let parameters = document.elements().filter(|id| document.name(*id) == "parm");
    let settings = parameters.take(SETTINGS).map(|id| {
        let mut path = vec![clip(document.attribute(id, "name").unwrap_or_default())];
        let mut around = document.parent(id);
        while let Some(at) = around {
            path.extend(document.attribute(at, "type").map(clip));
            around = document.parent(at);
        }
        path.reverse();
        let name = path.join("/");
        let value = clip(document.attribute(id, "value").unwrap_or_default());
        let same = |old: &&Setting| old.name == name && old.value == value;
        let old = earlier.and_then(|policy| policy.settings.iter().find(same));
        let since = old.map_or(exchange, |old| old.since);
        let meaning = "parameter of a version 2.5 policy".to_owned();
        Setting { name, value, meaning, restrictive: false, since }
    });
    Policy { exchange, acknowledged: None, settings: settings.collect() }
}

fn setting(document: &Document<'_>, id: NodeId, exchange: ExchangeId) -> Setting {
    let name = document.name(id);
    let Some(row) = Row::named(name) else {
        return Setting {
            name: clip(if name.is_empty() { "unknown" } else { name }),
            value: clip(&document.text(id)),
            meaning: "no setting of this name is known".to_owned(),
            restrictive: false,
            since: exchange,
        };
    };
    let entries: Vec<String> =
        document.children(id).take(ENTRIES).map(|id| clip(&document.text(id))).collect();
    let value = if row.is_list() { entries.join(", ") } else { clip(&document.text(id)) };
    let Verdict { meaning, restrictive } = row.verdict(&value);
    Setting { name: row.element.to_owned(), value, meaning, restrictive, since: exchange }
}
