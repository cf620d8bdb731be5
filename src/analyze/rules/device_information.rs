//! Rules about `DeviceInformation` in Provision (MS-ASPROV 2.2.2.53, MS-ASCMD 2.2.3.45).

use crate::analyze::flow::{Ask, Reply};
use crate::model::Leg;

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
];

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
