//! What is remembered of a device and its server outside provisioning: what was offered, asked to wait
//! for, set as a cookie, and what has to start over.

use std::collections::{BTreeMap, VecDeque};

use crate::analyze::draft::clip;
use crate::analyze::eas::retry_seconds;
use crate::analyze::rules::Scene;
use crate::model::{Leg, WallTime};

use super::event::Reply;
use super::memory::{Mark, over};

/// Versions of one offer.
const VERSIONS: usize = 16;

/// Cookies remembered.
const COOKIES: usize = 16;

/// Collections that have to start over.
const RESETS: usize = 64;

/// Changes of the User-Agent remembered.
const CHANGES: usize = 8;

/// Header of servers that announce new versions with `X-MS-RP`.
const ANNOUNCES: &str = "X-Z-Push-Version";

/// What is remembered; `None` = not seen, or settled.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(in crate::analyze) struct Habits {
    /// Versions the server offered.
    pub(in crate::analyze) offered: Option<(Vec<String>, Mark)>,
    pub(in crate::analyze) device_type: String,
    pub(in crate::analyze) user_agent: String,
    /// When the User-Agent changed.
    pub(in crate::analyze) agent_changes: VecDeque<WallTime>,
    /// HTTP 503: nothing before this time.
    pub(in crate::analyze) wait: Option<(WallTime, Mark)>,
    /// HTTP 451 with the address to use.
    pub(in crate::analyze) moved: Option<(String, Mark)>,
    /// Names of cookies.
    pub(in crate::analyze) cookies: Vec<(String, Mark)>,
    /// `X-MS-RP`: everything has to start over; true when the server is known to say so of new versions.
    pub(in crate::analyze) restart: Option<(Mark, bool)>,
    /// The first contact was seen: a `FolderSync` with key 0.
    pub(in crate::analyze) begun: bool,
    pub(in crate::analyze) pings: u64,
    /// Collections whose Sync has to start over with key 0.
    pub(in crate::analyze) resets: BTreeMap<String, Mark>,
    /// The device this one seems to have been before: its id, and on the same connection or not.
    pub(in crate::analyze) before: Option<(String, bool)>,
}

impl Habits {
    /// Takes in an exchange that was answered.
    pub(super) fn observe(&mut self, scene: &Scene<'_>) {
        self.who(scene);
        self.told(scene);
        match scene.head.command.as_str() {
            "Ping" => self.pings += 1,
            "FolderSync" if key_is_zero(scene) => (self.begun, self.restart) = (true, None),
            "Sync" => self.sync(scene),
            _ => {}
        }
    }

    fn who(&mut self, scene: &Scene<'_>) {
        if !scene.head.device_type.is_empty() {
            self.device_type.clone_from(&scene.head.device_type);
        }
        let Some(agent) = scene.header(Leg::Request, "User-Agent") else { return };
        if agent != self.user_agent {
            if !self.user_agent.is_empty() {
                if self.agent_changes.len() == CHANGES {
                    self.agent_changes.pop_front();
                }
                self.agent_changes.push_back(scene.subject.exchange.started);
            }
            self.user_agent = clip(agent);
        }
        self.before = None;
    }

    /// What the head of the answer says for the requests to come.
    fn told(&mut self, scene: &Scene<'_>) {
        let exchange = scene.subject.exchange;
        let here = Mark::leg(exchange, Leg::Response);
        let header = |name: &str| scene.header(Leg::Response, name);
        self.offered = offered(scene).or(self.offered.take());
        let status = scene.subject.http_status();
        self.wait = (status == Some(503))
            .then(|| header("Retry-After").and_then(retry_seconds))
            .flatten()
            .map(|seconds| (later(over(exchange), seconds), here));
        if status == Some(451) {
            self.moved = header("X-MS-Location").map(|url| (clip(url), here));
        }
        if header("X-MS-RP").is_some()
            && !(scene.head.command == "FolderSync" && key_is_zero(scene))
        {
            self.restart = Some((here, header(ANNOUNCES).is_some()));
        }
        self.cookies(scene, here);
    }

    fn cookies(&mut self, scene: &Scene<'_>, here: Mark) {
        let Some(response) = &scene.subject.exchange.response else { return };
        for cookie in response.headers.all("Set-Cookie") {
            let Some((name, rest)) = cookie.split_once('=') else { continue };
            let name = clip(name.trim());
            self.cookies.retain(|(known, _)| *known != name);
            let rest = rest.to_ascii_lowercase();
            let gone = rest.contains("max-age=0") || rest.contains("expires=thu, 01");
            if !gone && self.cookies.len() < COOKIES {
                self.cookies.push((name, here));
            }
        }
    }

    /// Sync Status 3 sends a collection back to key 0; key 0 settles that.
    fn sync(&mut self, scene: &Scene<'_>) {
        for (collection, key) in scene.sync_keys() {
            if key == "0" {
                self.resets.remove(&collection);
                self.restart = None;
            }
        }
        let Some(document) = scene.subject.response.filter(|_| scene.reply == Reply::Served) else {
            return;
        };
        let here = Mark::leg(scene.subject.exchange, Leg::Response);
        let list = document.child(document.root(), "Collections");
        for id in list.into_iter().flat_map(|list| document.named(list, "Collection")) {
            let text = |name: &str| document.child_text(id, name).unwrap_or_default();
            if text("Status") == "3" && self.resets.len() < RESETS {
                self.resets.insert(clip(&text("CollectionId")), here);
            }
        }
        // Of the whole when there is no collection.
        if list.is_none() && scene.root_status() == "3" {
            for (collection, _) in scene.sync_keys().into_iter().take(RESETS) {
                self.resets.insert(collection, here);
            }
        }
    }
}

/// The versions an answer offers.
pub(super) fn offered(scene: &Scene<'_>) -> Option<(Vec<String>, Mark)> {
    let versions = scene.header(Leg::Response, "MS-ASProtocolVersions")?.split(',');
    let versions = versions.take(VERSIONS).map(|version| clip(version.trim()));
    Some((versions.collect(), Mark::leg(scene.subject.exchange, Leg::Response)))
}

fn key_is_zero(scene: &Scene<'_>) -> bool {
    let document = scene.subject.request.as_ref();
    let key = document.and_then(|document| document.child_text(document.root(), "SyncKey"));
    key.as_deref() == Some("0")
}

/// `seconds` after `time`; of no use beyond a day.
#[expect(clippy::cast_possible_truncation, reason = "clamped to a day")]
fn later(time: WallTime, seconds: f64) -> WallTime {
    let micros = (seconds.clamp(0.0, 86_400.0) * 1e6) as i64;
    WallTime(time.0.saturating_add(micros))
}
