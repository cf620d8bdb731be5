//! Rules about `DeviceInformation`, in Provision and in Settings (MS-ASPROV 2.2.2.53, MS-ASCMD
//! 2.2.1.18, 2.2.3.45).

use crate::analyze::document::Document;
use crate::analyze::draft::clip;
use crate::analyze::flow::{Ask, Reply};
use crate::model::{Leg, NodeId};

use super::engine::Rule;
use super::hit::{Hit, Scene};

pub(super) const RULES: &[Rule] = &[
    ("prov-devinfo-missing", missing),
    ("prov-devinfo-model", model),
    ("prov-devinfo-forbidden", forbidden),
    ("prov-devinfo-repeat", repeat),
    ("prov-devinfo-settings", settings),
    ("prov-devinfo-response", response),
    ("prov-response-order", response_order),
    ("settings-status-first", status_first),
    ("settings-devinfo-length", field_length),
    ("settings-imei-format", imei),
];

/// Characters of one field (MS-ASCMD 2.2.3.45 and its children).
const FIELD: usize = 1_024;

/// Digits of an IMEI (MS-ASCMD 2.2.3.91).
const IMEI: usize = 15;

fn missing(scene: &Scene<'_>) -> Option<Hit> {
    let message = scene.request.as_ref().filter(|_| scene.ask == Ask::Initial)?;
    message
        .device_information
        .is_none()
        .then(|| Hit::node(scene, Leg::Request, &message.document, message.root))
}

fn model(scene: &Scene<'_>) -> Option<Hit> {
    let message = scene.request.as_ref()?;
    let information = message.device_information?;
    let document = &message.document;
    document
        .descend(information, &["Set", "Model"])
        .is_none()
        .then(|| Hit::node(scene, Leg::Request, document, information))
}

fn forbidden(scene: &Scene<'_>) -> Option<Hit> {
    let message = scene.request.as_ref()?;
    let hit = Hit::node(scene, Leg::Request, &message.document, message.device_information?);
    let disputed = scene.head.version == "14.0";
    Some(hit.only_info(disputed, "the 2012 text has it under 14.0 in its example 4.1.2"))
}

fn repeat(scene: &Scene<'_>) -> Option<Hit> {
    let message = scene.request.as_ref().filter(|_| scene.ask != Ask::Initial)?;
    let node = message.device_information?;
    Some(Hit::node(scene, Leg::Request, &message.document, node))
}

fn settings(scene: &Scene<'_>) -> Option<Hit> {
    let due = scene.memory?.information_due?;
    scene.since(&due)?;
    (scene.head.command == "FolderSync").then(|| Hit::leg(scene, Leg::Request).since(&due))
}

fn response(scene: &Scene<'_>) -> Option<Hit> {
    scene.request.as_ref().filter(|_| scene.ask == Ask::Initial)?.device_information?;
    let policy = matches!(scene.reply, Reply::Offer | Reply::NoPolicy);
    let answer = scene.answer.as_ref().filter(|answer| policy && answer.status() == "1")?;
    answer
        .document
        .descend(answer.root, &["DeviceInformation", "Status"])
        .is_none()
        .then(|| Hit::node(scene, Leg::Response, &answer.document, answer.root))
}

fn response_order(scene: &Scene<'_>) -> Option<Hit> {
    let answer = scene.answer.as_ref()?;
    let information = answer.device_information?;
    let status = answer.document.child(answer.root, "Status")?;
    (information > status).then(|| Hit::node(scene, Leg::Response, &answer.document, information))
}

fn status_first(scene: &Scene<'_>) -> Option<Hit> {
    let document = scene.subject.response.filter(|_| scene.head.command == "Settings")?;
    let late = |id: &NodeId| {
        let first = document.children(*id).next().map(|child| document.name(child));
        document.child(*id, "Status").is_some() && first != Some("Status")
    };
    let id = document.children(document.root()).find(late)?;
    Some(Hit::node(scene, Leg::Response, &document, id).saying(clip(document.name(id))))
}

/// What a device says of itself.
fn set<'a>(scene: &Scene<'a>) -> Option<(Document<'a>, NodeId)> {
    let document = scene.subject.request?;
    Some((document, document.child(scene.device_information()?, "Set")?))
}

fn field_length(scene: &Scene<'_>) -> Option<Hit> {
    let (document, set) = set(scene)?;
    let long = |id: &NodeId| document.text(*id).chars().count() > FIELD;
    let id = document.children(set).find(long)?;
    Some(Hit::node(scene, Leg::Request, &document, id).saying(clip(document.name(id))))
}

fn imei(scene: &Scene<'_>) -> Option<Hit> {
    let (document, set) = set(scene)?;
    let id = document.child(set, "IMEI")?;
    let text = document.text(id);
    let right = text.len() == IMEI && text.bytes().all(|byte| byte.is_ascii_digit());
    (!right).then(|| {
        Hit::node(scene, Leg::Request, &document, id).saying(format!("{} characters", text.len()))
    })
}
