//! Rules about the policy document (MS-ASPROV 2.2.2, the elements of `EASProvisionDoc`).

use std::collections::HashSet;

use crate::analyze::document::Document;
use crate::analyze::draft::clip;
use crate::analyze::eas::{POLICIES, Policy, weak};
use crate::analyze::flow::Reply;
use crate::model::{Leg, NodeId};

use super::engine::Rule;
use super::hit::{Hit, Scene};

pub(super) const RULES: &[Rule] = &[
    ("prov-easdoc-count", count),
    ("prov-easdoc-unknown-child", unknown_child),
    ("prov-easdoc-duplicate", duplicate),
    ("prov-easdoc-order", order),
    ("prov-policy-range", range),
    ("prov-policy-empty-boolean", empty_boolean),
    ("prov-policy-leaf-children", leaf_children),
    ("prov-policy-version", version),
    ("prov-policy-ignored", ignored),
    ("prov-policy-approved-empty", approved_empty),
    ("prov-list-children", list_children),
    ("prov-policy-unset", unset),
    ("prov-policy-weak-crypto", weak_crypto),
];

/// Names told in one finding.
const NAMES: usize = 8;

/// The settings of the answer: the document and each element with its row.
struct Settings<'a> {
    document: Document<'a>,
    root: NodeId,
    all: Vec<(NodeId, Option<&'static Policy>)>,
}

impl<'a> Settings<'a> {
    fn of(scene: &Scene<'a>) -> Option<Self> {
        let answer = scene.answer.as_ref()?;
        let root = answer.settings()?;
        let document = answer.document;
        let all = document.children(root).map(|id| (id, Policy::named(document.name(id))));
        Some(Self { document, root, all: all.collect() })
    }

    /// A finding about the settings that `fit`, with their names.
    fn those(&self, scene: &Scene<'_>, fit: impl Fn(NodeId, &Policy) -> bool) -> Option<Hit> {
        let known = self.all.iter().filter_map(|(id, row)| Some((*id, (*row)?)));
        let found: Vec<(NodeId, &Policy)> = known.filter(|(id, row)| fit(*id, row)).collect();
        let nodes: Vec<NodeId> = found.iter().map(|(id, _)| *id).collect();
        let names: Vec<&str> = found.iter().map(|(_, row)| row.element).take(NAMES).collect();
        let rest = found.len().saturating_sub(NAMES);
        let more = if rest == 0 { String::new() } else { format!(" and {rest} more") };
        let hit = Hit::nodes(scene, Leg::Response, &self.document, &nodes)?;
        Some(hit.saying(format!("{}{more}", names.join(", "))))
    }

    fn text(&self, id: NodeId) -> std::borrow::Cow<'a, str> {
        self.document.text(id)
    }
}

fn count(scene: &Scene<'_>) -> Option<Hit> {
    let answer = scene.answer.as_ref()?;
    let data = answer.policy_child("Data")?;
    let children: Vec<NodeId> = answer.document.children(data).collect();
    // Text is the document of version 2.5, which is another rule's.
    if children.is_empty() && !answer.document.text(data).is_empty() {
        return None;
    }
    let right = children.iter().all(|id| answer.document.name(*id) == "EASProvisionDoc");
    (children.len() != 1 || !right).then(|| Hit::node(scene, Leg::Response, &answer.document, data))
}

fn unknown_child(scene: &Scene<'_>) -> Option<Hit> {
    let settings = Settings::of(scene)?;
    let wrong: Vec<NodeId> = settings
        .all
        .iter()
        .filter(|(_, row)| row.is_none_or(|row| row.parent != "EASProvisionDoc"))
        .map(|(id, _)| *id)
        .collect();
    let name = settings.document.name(*wrong.first()?);
    let name = if name.is_empty() { "an unknown token" } else { name };
    Some(Hit::nodes(scene, Leg::Response, &settings.document, &wrong)?.saying(clip(name)))
}

fn duplicate(scene: &Scene<'_>) -> Option<Hit> {
    let settings = Settings::of(scene)?;
    let mut seen = HashSet::new();
    let twice: HashSet<NodeId> = settings
        .all
        .iter()
        .filter_map(|(id, row)| (!seen.insert(row.as_ref()?.element)).then_some(*id))
        .collect();
    let harmless =
        |id: &NodeId| settings.document.name(*id) == "AlphanumericDevicePasswordRequired";
    let horde = twice.iter().all(harmless);
    let hit = settings.those(scene, |id, _| twice.contains(&id))?;
    Some(hit.only_info(horde, "known of Horde"))
}

fn order(scene: &Scene<'_>) -> Option<Hit> {
    let settings = Settings::of(scene)?;
    let place = |row: &Policy| POLICIES.iter().position(|other| other.element == row.element);
    let known = settings.all.iter().filter_map(|(id, row)| Some((*id, place((*row)?)?)));
    let places: Vec<(NodeId, usize)> = known.collect();
    let (_, second) =
        places.iter().zip(places.get(1..)?).find(|(first, second)| second.1 < first.1)?;
    let name = settings.document.name(second.0);
    Some(Hit::node(scene, Leg::Response, &settings.document, second.0).saying(clip(name)))
}

fn range(scene: &Scene<'_>) -> Option<Hit> {
    let settings = Settings::of(scene)?;
    let wrong = |id: NodeId, row: &Policy| {
        let text = settings.text(id);
        settings.document.children(id).next().is_none() && !text.is_empty() && !row.allows(&text)
    };
    let loose = |id: NodeId, row: &Policy| {
        let element = row.element;
        settings.text(id) == "0"
            && matches!(element, "MinDevicePasswordLength" | "MaxDevicePasswordFailedAttempts")
    };
    let strict = settings.those(scene, |id, row| wrong(id, row) && !loose(id, row));
    strict.or_else(|| {
        let hit = settings.those(scene, wrong)?;
        Some(hit.only_info(true, "some servers write 0 for no limit"))
    })
}

fn empty_boolean(scene: &Scene<'_>) -> Option<Hit> {
    let settings = Settings::of(scene)?;
    settings.those(scene, |id, row| row.data_type == "boolean" && settings.text(id).is_empty())
}

fn leaf_children(scene: &Scene<'_>) -> Option<Hit> {
    let settings = Settings::of(scene)?;
    settings
        .those(scene, |id, row| !row.is_list() && settings.document.children(id).next().is_some())
}

fn version(scene: &Scene<'_>) -> Option<Hit> {
    Settings::of(scene)?.those(scene, |_, row| row.first_version == "12.1")
}

fn ignored(scene: &Scene<'_>) -> Option<Hit> {
    let settings = Settings::of(scene)?;
    let switch = settings.document.child(settings.root, "DevicePasswordEnabled");
    if switch.is_some_and(|id| settings.text(id) != "0") {
        return None;
    }
    settings.those(scene, |id, row| {
        row.needs == "DevicePasswordEnabled" && !settings.text(id).is_empty()
    })
}

fn approved_empty(scene: &Scene<'_>) -> Option<Hit> {
    let settings = Settings::of(scene)?;
    settings.those(scene, |id, row| {
        row.element == "ApprovedApplicationList" && settings.document.children(id).next().is_none()
    })
}

fn list_children(scene: &Scene<'_>) -> Option<Hit> {
    let settings = Settings::of(scene)?;
    let document = &settings.document;
    settings.those(scene, |id, row| {
        let allowed = match row.element {
            "ApprovedApplicationList" => "Hash",
            "UnapprovedInROMApplicationList" => "ApplicationName",
            _ => return false,
        };
        document.children(id).any(|entry| document.name(entry) != allowed)
    })
}

fn unset(scene: &Scene<'_>) -> Option<Hit> {
    let earlier = scene.memory?.policy.as_ref().filter(|_| scene.reply == Reply::Offer)?;
    let settings = Settings::of(scene)?;
    let present =
        |name: &str| settings.all.iter().any(|(_, row)| row.is_some_and(|row| row.element == name));
    let gone: Vec<&str> = earlier
        .settings
        .iter()
        .filter(|old| !old.value.is_empty() && !present(&old.name))
        .map(|old| old.name.as_str())
        .take(NAMES)
        .collect();
    (!gone.is_empty()).then(|| {
        Hit::node(scene, Leg::Response, &settings.document, settings.root).saying(gone.join(", "))
    })
}

fn weak_crypto(scene: &Scene<'_>) -> Option<Hit> {
    let settings = Settings::of(scene)?;
    settings.those(scene, |id, row| weak(row.element, &settings.text(id)))
}
