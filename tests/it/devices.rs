//! Devices of a capture: the published walks, what is drawn of them, and what a policy table says.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use synctap::analyze::Sessions;
use synctap::engine::{self, DECODER_VERSION, Live, LiveSettings};
use synctap::model::{
    Decoded, Detail, Device, ExchangeId, Leg, ProvisionState, Row, State, Summary, WipeKind,
};
use synctap::pki::Authority;
use synctap::render;
use synctap::render::OutlineOptions;
use synctap::store::Store;
use tokio_util::sync::CancellationToken;

use crate::conversation::{Turn, reading, turns};
use crate::playback;

fn fixture(path: &str) -> String {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("captures");
    fs::read_to_string(root.join(path)).unwrap_or_else(|e| panic!("{path}: {e}"))
}

/// Folds a conversation: the devices at its end.
fn folded(turns: &[Turn]) -> Vec<Device> {
    let mut sessions = Sessions::new();
    for turn in turns {
        turn.observe(&mut sessions);
    }
    sessions.devices()
}

/// Everything a reader sees of a conversation: each exchange as overview and annotated outline, then
/// the drawing.
fn told(turns: Vec<Turn>) -> String {
    let mut out = String::new();
    let mut sessions = Sessions::new();
    let mut steps = Vec::new();
    for turn in turns {
        let (mut annotated, seen) = turn.tell(&mut sessions);
        steps.push(seen.unwrap().step);
        let story = annotated.summary.story.iter().map(|text| ("story", text.clone()));
        annotated.overview.extend(story);
        let Turn { exchange, request, response, .. } = turn;
        let detail = Detail { exchange, request, response, annotated };
        for (label, text) in render::overview(&detail, render::Secrets::Masked) {
            let _ = writeln!(out, "{label:<10} {text}");
        }
        for leg in [Leg::Request, Leg::Response] {
            let Some(decoded) = detail.decoded(leg) else { continue };
            let notes = detail.annotated.notes(leg);
            let lines = render::outline(decoded, notes, OutlineOptions::default());
            let _ = write!(out, "{}\n{}", leg.name(), render::outline_text(&lines));
        }
        out.push('\n');
    }
    for device in sessions.devices() {
        let _ = writeln!(out, "{}\n", render::device_lines(&device).join("\n"));
    }
    for step in steps {
        let _ = writeln!(out, "{}", render::step_lines(&step).join("\n"));
    }
    out
}

/// A capture file with these exchanges, its rows still to be made.
pub(crate) fn capture(folder: &Path, turns: &[Turn]) -> PathBuf {
    let path = folder.join("day.synctap");
    let store = Store::create(&path, DECODER_VERSION - 1).unwrap();
    let writer = store.writer();
    for turn in turns {
        let legs = [(Leg::Request, &turn.request), (Leg::Response, &turn.response)];
        for (leg, decoded) in legs {
            let bytes = decoded.as_ref().map(|d: &Decoded| d.layers[0].bytes.clone());
            if let Some(bytes) = bytes.filter(|bytes| !bytes.is_empty()) {
                writer.append(turn.exchange.id, leg, bytes, || ());
            }
        }
        let row = Row::new(&turn.exchange, Summary::default());
        writer.put(turn.exchange.clone(), row);
    }
    store.close().unwrap();
    path
}

pub(crate) fn synctap(args: &[&str]) -> (String, Option<i32>) {
    let run = Command::new(env!("CARGO_BIN_EXE_synctap")).args(args).output().unwrap();
    let out = String::from_utf8(run.stdout).unwrap() + &String::from_utf8_lossy(&run.stderr);
    (out, run.status.code())
}

#[test]
fn the_walk_of_the_policy_download() {
    let turns = turns(&fixture("walks/asprov-policy.txt"));
    let device = folded(&turns).remove(0);
    assert_eq!((device.state, device.assumed), (ProvisionState::Provisioned, false));
    let keys: Vec<&str> = device.keys.iter().map(|step| step.key.as_str()).collect();
    assert_eq!(keys, ["1307199584", "3942919513"]);
    insta::assert_snapshot!(told(turns));
}

#[test]
fn the_walk_of_the_remote_wipe() {
    let turns = turns(&fixture("walks/asprov-wipe.txt"));
    let device = folded(&turns).remove(0);
    assert_eq!(device.state, ProvisionState::Wiped);
    let wipe = device.wipe.unwrap();
    assert_eq!(wipe.kind, Some(WipeKind::Device));
    assert_eq!(wipe.reported.map(|(_, done)| done), Some(true));
    insta::assert_snapshot!(told(turns));
}

#[test]
fn the_walk_of_exchange_names_its_eight_steps() {
    let turns = turns(&fixture("walks/exchange-provisioning.txt"));
    let device = folded(&turns).remove(0);
    let named = device.steps.iter().flat_map(|step| step.walk).filter(|name| !name.is_empty());
    let numbers: Vec<&str> = named.map(|name| name.split(' ').next().unwrap()).collect();
    assert_eq!(numbers, ["1", "2", "3", "4", "5", "6", "7", "8"]);
    insta::assert_snapshot!(told(turns));
}

#[test]
fn the_walk_of_text_messages() {
    insta::assert_snapshot!(told(turns(&fixture("walks/asms-messages.txt"))));
}

#[test]
fn days_of_other_versions() {
    for version in ["12.0", "16.0", "16.1"] {
        let turns = turns(&fixture(&format!("walks/version-{version}.txt")));
        insta::assert_snapshot!(format!("version_{version}"), told(turns));
    }
}

#[test]
fn text_messages_one_way_and_the_other() {
    for walk in ["sms-inbound", "sms-relay", "sms-not-delivered"] {
        let turns = turns(&fixture(&format!("walks/{walk}.txt")));
        insta::assert_snapshot!(walk, told(turns));
    }
}

/// A policy with nothing to compare it with is shown, and so is that there is nothing.
#[test]
fn a_policy_against_none() {
    let made = |fixture_name: &str| {
        let folder = tempfile::tempdir().unwrap();
        let path = capture(folder.path(), &turns(&fixture(fixture_name)));
        (folder, path.to_str().unwrap().to_owned())
    };
    let (_one, with) = made("walks/exchange-provisioning.txt");
    let (_other, without) = made("reported/no-policy-here.txt");
    let (shown, code) = synctap(&["policy", &with, "--against", &without]);
    assert_eq!(code, Some(0), "{shown}");
    assert!(shown.contains("MinDevicePasswordLength"), "{shown}");
    assert!(shown.contains("in the other capture has no policy to compare with"), "{shown}");
    let (json, code) = synctap(&["policy", &with, "--against", &without, "--json"]);
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!((code, json["against"].is_null(), json["changes"].is_null()), (Some(0), true, true));
    let (shown, code) = synctap(&["policy", &without, "--against", &with]);
    assert_eq!(code, Some(0), "{shown}");
    assert!(shown.contains("no policy was delivered in this capture"), "{shown}");
    assert!(shown.contains("in the other capture has a policy of 3 settings"), "{shown}");
}

/// A run that adds to a capture knows what the runs before it recorded: a demand is told with the key of
/// the first run.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_run_that_adds_to_a_capture_knows_the_key_from_before() {
    let folder = tempfile::tempdir().unwrap();
    let mut recorded = playback::load("eas/zpush-14.0");
    recorded.truncate(4);
    let mut refused = recorded[1].clone();
    for (_, value) in refused.request_headers.iter_mut().filter(|(n, _)| n == "X-MS-PolicyKey") {
        "77".clone_into(value);
    }
    assert_eq!(refused.status, 449);
    recorded.push(refused);
    let server = playback::origin(recorded.clone());
    for range in [0..4, 4..5] {
        let settings = LiveSettings {
            proxy: synctap::proxy::Settings {
                modes: vec![format!("reverse:http://{server}@127.0.0.1:0").parse().unwrap()],
                ..synctap::proxy::Settings::default()
            },
            ca: Authority::open(&folder.path().join("ca")).unwrap(),
            capture: folder.path().join("day.synctap"),
            capture_limit: None,
        };
        let live = Live::start(settings, CancellationToken::new()).await.unwrap();
        let listener = live.viewer().status().listeners.remove(0);
        let mut device =
            playback::Device::connect(listener.rsplit('@').next().unwrap().parse().unwrap());
        for exchange in &recorded[range] {
            device.send(exchange).unwrap();
        }
        drop(device);
        live.stop().await.unwrap();
    }
    let path = folder.path().join("day.synctap");
    let store = Arc::new(Store::open(&path, DECODER_VERSION).unwrap());
    let row = store.reader().unwrap().row(ExchangeId(5)).unwrap().unwrap();
    let told = format!("{row:?}");
    assert!(told.contains("in #4 and does not send it"), "{told}");
}

/// Wherever a capture begins, nothing is found that rests on what was not seen, and the end is the
/// same or unknown.
#[test]
fn a_capture_that_begins_late_breaks_no_must() {
    for walk in ["asprov-policy", "exchange-provisioning"] {
        let text = fixture(&format!("walks/{walk}.txt"));
        for from in 0..turns(&text).len() {
            let mut sessions = Sessions::new();
            for turn in turns(&text).into_iter().skip(from) {
                let Some(seen) = turn.observe(&mut sessions) else { continue };
                let loud = seen.findings.iter().filter(|f| f.level > synctap::model::Level::Info);
                let ids: Vec<&str> = loud.map(|finding| finding.id.as_str()).collect();
                assert!(ids.is_empty(), "{walk} from {from}: {ids:?}");
            }
            let device = sessions.devices().remove(0);
            assert_eq!(device.state, ProvisionState::Provisioned, "{walk} from {from}");
        }
    }
}

#[test]
fn a_ping_in_flight_is_shown_until_it_ends() {
    let text = "version 14.1\n> Ping key=-\n<Ping xmlns=\"Ping\"><HeartbeatInterval>540</HeartbeatInterval></Ping>\n< 200\n<Ping xmlns=\"Ping\"><Status>1</Status></Ping>\n";
    let turn = turns(text).remove(0);
    let mut early = turn.exchange.clone();
    (early.response, early.state) = (None, State::InFlight);
    let mut sessions = Sessions::new();
    sessions.observe(&early, turn.request.as_ref(), None, &turn.annotated);
    let waiting = sessions.devices()[0].waiting.unwrap();
    assert_eq!((waiting.exchange, waiting.heartbeat), (early.id, Some(540)));
    turn.observe(&mut sessions);
    assert_eq!(sessions.devices()[0].waiting, None);
    assert_eq!(sessions.devices()[0].exchanges, 1);
}

/// One device whether its query is plain or base64, its id in capitals or not, its user with a domain
/// or known later.
#[test]
fn one_device_however_it_is_written() {
    let text = fixture("walks/asprov-policy.txt");
    let mut sessions = Sessions::new();
    for (turn, lower) in turns(&text).into_iter().zip([false, true, false, true]) {
        let mut exchange = turn.exchange.clone();
        let request = exchange.request.as_mut().unwrap();
        if lower {
            request.target = request
                .target
                .replace("6F24CAD", "6f24cad")
                .replace("deviceuser", "LAB%5Cdeviceuser");
        }
        sessions.observe(&exchange, turn.request.as_ref(), turn.response.as_ref(), &turn.annotated);
    }
    assert_eq!(sessions.devices().len(), 1);
    assert_eq!(sessions.devices()[0].state, ProvisionState::Provisioned);
}

#[test]
fn the_number_of_devices_remembered_has_a_ceiling() {
    let turn = turns("> FolderSync key=0\n<FolderSync xmlns=\"FolderHierarchy\"><SyncKey>0</SyncKey></FolderSync>\n< 200\n").remove(0);
    let mut sessions = Sessions::new();
    for number in 0..3_000 {
        let mut exchange = turn.exchange.clone();
        let request = exchange.request.as_mut().unwrap();
        request.target = request.target.replace("LAB0001", &format!("LAB{number}"));
        sessions.observe(&exchange, turn.request.as_ref(), None, &turn.annotated);
    }
    assert_eq!(sessions.devices().len(), 1_024);
}

#[test]
fn timeline_and_policy_of_a_capture() {
    let folder = tempfile::tempdir().unwrap();
    let turns = turns(&fixture("walks/exchange-provisioning.txt"));
    let path = capture(folder.path(), &turns);
    let path = path.to_str().unwrap();
    let (timeline, code) = synctap(&["timeline", path]);
    assert_eq!(code, Some(0), "{timeline}");
    let (policy, code) = synctap(&["policy", path, "--device", "lab00012"]);
    assert_eq!(code, Some(0), "{policy}");
    insta::assert_snapshot!(timeline + &policy);
    let (json, code) = synctap(&["policy", path, "--json"]);
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(
        (code, json["policy"]["settings"][2]["restrictive"].as_bool()),
        (Some(0), Some(true))
    );
    let (json, _) = synctap(&["timeline", path, "--json"]);
    // The device first, then its steps.
    let known: serde_json::Value = serde_json::from_str(json.lines().next().unwrap()).unwrap();
    assert_eq!(known["known"]["state"], "provisioned");
    assert_eq!(json.lines().count(), 6);
    let (same, _) = synctap(&["policy", path, "--against", path]);
    assert!(
        same.contains("changes from lab00012 of alice at mail.lab.test in the other capture: none"),
        "{same}"
    );
    let (error, code) = synctap(&["policy", path, "--device", "nobody"]);
    assert!(error.contains("hint: use one of: lab00012"), "{error}");
    assert_eq!(code, Some(2));
}

/// The list and the detail know what came before, and so does a capture that is opened again.
#[test]
fn rows_and_details_carry_findings_of_the_conversation() {
    let folder = tempfile::tempdir().unwrap();
    let bad = reading(&fixture("rules/prov-key-final-not-used.txt"), true);
    let turns = turns(&bad);
    let path = capture(folder.path(), &turns);
    let store = Arc::new(Store::open(&path, DECODER_VERSION).unwrap());
    let viewer = engine::open_capture(store, &path).unwrap();
    let id = turns.last().unwrap().exchange.id;
    let mut revision = viewer.revision();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    runtime.block_on(async {
        while viewer.row(id).unwrap().unwrap().findings.is_empty() {
            tokio::time::timeout(std::time::Duration::from_secs(30), revision.changed())
                .await
                .expect("rows are rebuilt")
                .unwrap();
        }
    });
    let row = viewer.row(id).unwrap().unwrap();
    let line = render::row(&row, row.started);
    assert!(line.facts.ends_with("finding prov-key-final-not-used"), "{}", line.facts);
    let detail = viewer.detail(id).unwrap().unwrap();
    let ids: Vec<&str> = detail.annotated.findings.iter().map(|f| f.id.as_str()).collect();
    assert_eq!(ids, ["prov-key-final-not-used"]);
    let evidence = &detail.annotated.findings[0].evidence;
    assert_eq!(evidence.len(), 2, "here, and where the key was given");
    let devices = viewer.device_states().unwrap();
    assert_eq!(devices, viewer.device_states().unwrap(), "asked again, nothing is counted twice");
    assert_eq!(devices[0].exchanges, turns.len() as u64);
}

/// The chain of keys of a collection: what comes next says nothing, the rest is told.
#[test]
fn a_chain_of_sync_keys_is_followed() {
    let round = |key: &str, given: &str| {
        let collection = |key: &str, more: &str| {
            format!(
                "<Sync xmlns=\"AirSync\"><Collections><Collection><SyncKey>{key}</SyncKey><CollectionId>5</CollectionId>{more}</Collection></Collections></Sync>"
            )
        };
        let answer = collection(given, "<Status>1</Status>");
        let (code, answer) = if given.is_empty() { ("none", "") } else { ("200", &*answer) };
        format!("> Sync key=0\n{}\n< {code}\n{answer}\n", collection(key, ""))
    };
    let text = [("0", "1"), ("1", "2"), ("2", ""), ("2", "3"), ("9", "10"), ("0", "1")]
        .map(|(key, given)| round(key, given))
        .concat();
    let device = folded(&turns(&text)).remove(0);
    let told: Vec<bool> = device.steps.iter().map(|step| step.facts.contains("SyncKey")).collect();
    assert_eq!(told, [false, false, false, false, true, true]);
    assert!(device.steps[4].facts.contains("SyncKey 9 is not the last one given, 3"));
    assert!(device.steps[5].facts.contains("starts over with SyncKey 0"));
    let text = [("0", "1"), ("1", "2"), ("1", "2")].map(|(key, given)| round(key, given)).concat();
    let device = folded(&turns(&text)).remove(0);
    assert!(device.steps[2].facts.contains("repeats SyncKey 1"), "{}", device.steps[2].facts);
}

#[test]
fn the_relay_of_text_messages_is_a_story() {
    let device = folded(&turns(&fixture("walks/asms-messages.txt"))).remove(0);
    let told = |number: usize| device.steps[number].facts.as_str();
    assert!(told(2).contains("collection 1 (Inbox): SMS from \"Carol\""), "{}", told(2));
    assert!(told(3).contains("offers to send SMS"), "{}", told(3));
    assert!(
        told(4).contains("collection 2 (Outbox): SMS relay: the device is to send message 2:1")
    );
    assert!(
        told(5).contains(
            "SMS relay: message 2:1 to \"Carol\" [MOBILE:+5550123] deleted: sent, unless"
        ),
        "{}",
        told(5)
    );
    let folders: Vec<&str> = device.folders.iter().map(|folder| folder.label.as_str()).collect();
    assert_eq!(folders, ["Inbox", "Outbox", "user mail"]);
    assert_eq!(device.folders[1].sync_key, "703");
}
