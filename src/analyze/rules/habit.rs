//! Rules about what a device does after it was told something: wait, move, echo, start over
//! (MS-ASHTTP 3.1.4.1, 3.1.5; MS-ASCMD 2.2.3.177.17, 3.1.5.8).

use crate::analyze::draft::{clip, joined};
use crate::analyze::flow::Ask;
use crate::model::Leg;

use super::catalogue::number;
use super::engine::Rule;
use super::hit::{Hit, Scene};

pub(super) const RULES: &[Rule] = &[
    ("http-version-not-offered", version_not_offered),
    ("http-version-not-highest", version_not_highest),
    ("http-devid-changed", device_changed),
    ("http-devtype-changed", type_changed),
    ("http-useragent-changes", agent_changes),
    ("http-451-follow", redirect_ignored),
    ("http-503-wait", retried_early),
    ("http-cookie-echo", cookies_missing),
    ("http-xmsrp-reinit", state_kept),
    ("ping-first-body", first_ping),
    ("sync-key-reset-on-3", key_kept),
];

/// Changes of the User-Agent in a day that may block a device (MS-ASHTTP 3.2.5.1.1).
const CHANGES: usize = 2;

/// A day in microseconds.
const DAY: i64 = 86_400_000_000;

fn here(scene: &Scene<'_>) -> Hit {
    Hit::leg(scene, Leg::Request)
}

fn version_not_offered(scene: &Scene<'_>) -> Option<Hit> {
    let (offered, mark) = scene.memory?.habits.offered.as_ref()?;
    let version = scene.head.version.as_str();
    let known = version.is_empty() || offered.iter().any(|one| one == version);
    let exempt = matches!(scene.head.command.as_str(), "OPTIONS" | "Autodiscover");
    scene.since(mark)?;
    (!known && !exempt)
        .then(|| here(scene).since(mark).saying(format!("{version} of {}", offered.join(", "))))
}

fn version_not_highest(scene: &Scene<'_>) -> Option<Hit> {
    let memory = scene.memory?;
    let (offered, mark) = memory.habits.offered.as_ref()?;
    let version = number(&scene.head.version)?;
    let highest = offered.iter().filter_map(|one| number(one)).max()?;
    scene.since(mark)?;
    // Once: with the first command.
    (memory.commands == 0 && scene.ask != Ask::Exempt && version < highest).then(|| {
        here(scene).since(mark).saying(format!("{} of {}", scene.head.version, offered.join(", ")))
    })
}

fn device_changed(scene: &Scene<'_>) -> Option<Hit> {
    let (before, same_connection) = scene.memory?.habits.before.as_ref()?;
    let hit = here(scene).saying(format!("{before} before"));
    Some(hit.only_info(!same_connection, "it may be another device of the same kind"))
}

fn type_changed(scene: &Scene<'_>) -> Option<Hit> {
    let before = scene.memory?.habits.device_type.as_str();
    let now = scene.head.device_type.as_str();
    (!before.is_empty() && !now.is_empty() && before != now)
        .then(|| here(scene).saying(format!("{before}, now {now}")))
}

fn agent_changes(scene: &Scene<'_>) -> Option<Hit> {
    let habits = &scene.memory?.habits;
    let agent = scene.header(Leg::Request, "User-Agent")?;
    let changed = !habits.user_agent.is_empty() && clip(agent) != habits.user_agent;
    let since = scene.subject.exchange.started.0.saturating_sub(DAY);
    let recent = habits.agent_changes.iter().filter(|time| time.0 >= since).count();
    (changed && recent == CHANGES).then(|| {
        here(scene).saying(format!("{} changes in a day, now {}", recent + 1, clip(agent)))
    })
}

fn redirect_ignored(scene: &Scene<'_>) -> Option<Hit> {
    let (url, mark) = scene.memory?.habits.moved.as_ref()?;
    scene.since(mark)?;
    // The address may name the same host.
    let host = scene.subject.exchange.host.as_str();
    let elsewhere = !url.to_ascii_lowercase().contains(&host.to_ascii_lowercase());
    elsewhere.then(|| here(scene).since(mark).saying(format!("told to use {url}")))
}

fn retried_early(scene: &Scene<'_>) -> Option<Hit> {
    let (until, mark) = scene.memory?.habits.wait.as_ref()?;
    scene.since(mark)?;
    let left = until.0.saturating_sub(scene.subject.exchange.started.0);
    (left > 0).then(|| {
        let seconds = left.div_euclid(1_000_000) + 1;
        here(scene).since(mark).saying(format!("{seconds} s too early"))
    })
}

fn cookies_missing(scene: &Scene<'_>) -> Option<Hit> {
    let bearer = scene.header(Leg::Request, "Authorization");
    let bearer = bearer.is_some_and(|value| value.trim_start().starts_with("Bearer"));
    let modern = number(&scene.head.version).is_some_and(|version| version >= 160);
    if scene.ask == Ask::Exempt && scene.head.command != "Ping" || !(bearer || modern) {
        return None;
    }
    let sent = scene.header(Leg::Request, "Cookie").unwrap_or_default();
    let echoed =
        |name: &str| sent.split(';').any(|pair| pair.trim().split('=').next() == Some(name));
    let cookies = scene.memory?.habits.cookies.iter();
    let known = cookies.filter(|(_, mark)| scene.since(mark).is_some());
    let missing: Vec<_> = known.filter(|(name, _)| !echoed(name)).collect();
    let (_, mark) = missing.first()?;
    let names = joined(missing.iter().map(|(name, _)| name.clone()), ", ");
    Some(here(scene).since(mark).saying(names))
}

fn state_kept(scene: &Scene<'_>) -> Option<Hit> {
    let (mark, announces) = scene.memory?.habits.restart.as_ref()?;
    scene.since(mark)?;
    let document = scene.subject.request?;
    let kept = match scene.head.command.as_str() {
        "FolderSync" => {
            document.child_text(document.root(), "SyncKey").is_some_and(|key| key != "0")
        }
        "Sync" => scene.sync_keys().iter().any(|(_, key)| key != "0"),
        _ => false,
    };
    kept.then(|| {
        here(scene).since(mark).only_info(*announces, "this server announces new versions so")
    })
}

fn first_ping(scene: &Scene<'_>) -> Option<Hit> {
    if scene.head.command != "Ping" {
        return None;
    }
    let habits = &scene.memory?.habits;
    let first = habits.begun && habits.pings == 0;
    let refused = scene.root_status() == "3";
    let complete = scene.subject.request.is_some_and(|document| {
        let has = |name: &str| document.child(document.root(), name).is_some();
        has("HeartbeatInterval") && has("Folders")
    });
    (!complete && (first || refused)).then(|| here(scene))
}

fn key_kept(scene: &Scene<'_>) -> Option<Hit> {
    let resets = &scene.memory?.habits.resets;
    if resets.is_empty() {
        return None;
    }
    let keys = scene.sync_keys();
    let found = keys.iter().find_map(|(collection, key)| {
        // No key at all is a beginning too.
        let mark = resets.get(collection).filter(|_| !matches!(key.as_str(), "" | "0"))?;
        scene.since(mark).map(|_| (collection, key, mark))
    });
    let (collection, key, mark) = found?;
    Some(here(scene).since(mark).saying(format!("collection {collection} with key {}", clip(key))))
}
