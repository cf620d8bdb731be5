//! Rules about the status line, the headers and the form of an answer (MS-ASHTTP 2.2.2, 3.2.5;
//! MS-ASCMD 2.2.2).

use crate::analyze::draft::clip;
use crate::analyze::eas::COMMON_STATUSES;
use crate::codec::Book;
use crate::model::{Format, Leg, NodeId};

use super::catalogue::number;
use super::engine::Rule;
use super::hit::{Hit, Scene};

pub(super) const RULES: &[Rule] = &[
    ("http-response-content-type", content_type),
    ("http-response-content-type-missing", content_type_missing),
    ("http-content-encoding", content_encoding),
    ("http-options-headers", options_headers),
    ("http-451-location", location_missing),
    ("http-457-url", reset_url_missing),
    ("http-xmsrp-missing", resync_header_missing),
    ("http-multipart-unrequested", multipart_unrequested),
    ("http-multipart-not-honoured", multipart_not_honoured),
    ("http-server-version-conformance", newer_elements),
    ("http-status-legacy-1xx", common_code_before_14),
    ("http-status-code-version", code_of_another_version),
    ("http-449-in-modern", retry_with),
];

const MEDIA_TYPE: &str = "application/vnd.ms-sync.wbxml";
const MULTIPART: &str = "application/vnd.ms-sync.multipart";

/// The code page of Provision: its elements have rules of their own.
const PROVISION: u8 = 14;

/// Names told in one finding.
const NAMES: usize = 8;

fn here(scene: &Scene<'_>) -> Hit {
    Hit::leg(scene, Leg::Response)
}

/// True for an answer whose own bytes are WBXML, not a part of them.
fn is_wbxml(scene: &Scene<'_>) -> bool {
    scene.format(Leg::Response) == Some(&Format::Wbxml("ActiveSync")) && !is_multipart(scene)
}

fn is_multipart(scene: &Scene<'_>) -> bool {
    let layers = scene.subject.body(Leg::Response).map(|decoded| decoded.layers.as_slice());
    layers.is_some_and(|all| all.iter().any(|l| l.format == Format::Wrapper("multipart")))
}

fn content_type(scene: &Scene<'_>) -> Option<Hit> {
    let media_type = scene.media_type(Leg::Response)?;
    // Its absence is a rule of its own.
    let wrong = !media_type.is_empty() && media_type != MEDIA_TYPE;
    (wrong && scene.served() && is_wbxml(scene)).then(|| here(scene).saying(clip(&media_type)))
}

fn content_type_missing(scene: &Scene<'_>) -> Option<Hit> {
    let body = scene.subject.exchange.response.as_ref()?.body;
    let missing = scene.header(Leg::Response, "Content-Type").is_none();
    (scene.served() && body.seen > 0 && missing).then(|| here(scene))
}

fn content_encoding(scene: &Scene<'_>) -> Option<Hit> {
    let first = scene.subject.body(Leg::Response)?.layers.first()?;
    let missing = scene.header(Leg::Response, "Content-Encoding").is_none();
    (first.format == Format::Wrapper("gzip") && missing).then(|| here(scene))
}

fn options_headers(scene: &Scene<'_>) -> Option<Hit> {
    let missing: Vec<&str> = ["MS-ASProtocolVersions", "MS-ASProtocolCommands"]
        .into_iter()
        .filter(|name| scene.header(Leg::Response, name).is_none())
        .collect();
    (scene.head.command == "OPTIONS" && scene.served() && !missing.is_empty())
        .then(|| here(scene).saying(missing.join(", ")))
}

fn location_missing(scene: &Scene<'_>) -> Option<Hit> {
    let missing = scene.header(Leg::Response, "X-MS-Location").is_none();
    (scene.subject.http_status() == Some(451) && missing).then(|| here(scene))
}

fn reset_url_missing(scene: &Scene<'_>) -> Option<Hit> {
    let missing = scene.header(Leg::Response, "X-MS-Credential-Service-Url").is_none();
    (scene.subject.http_status() == Some(457) && missing).then(|| here(scene))
}

fn resync_header_missing(scene: &Scene<'_>) -> Option<Hit> {
    let document = scene.subject.request.filter(|_| scene.head.command == "FolderSync")?;
    let first = document.child_text(document.root(), "SyncKey").as_deref() == Some("0");
    let missing = scene.header(Leg::Response, "X-MS-RP").is_none();
    (first && scene.served() && scene.root_status() == "1" && missing).then(|| here(scene))
}

/// True when the request asks for a multipart answer, in either form.
fn wants_multipart(scene: &Scene<'_>) -> bool {
    let header = scene.header(Leg::Request, "MS-ASAcceptMultiPart").map(str::trim);
    scene.head.query.accept_multipart == Some(true)
        || header.is_some_and(|value| value.eq_ignore_ascii_case("T"))
}

fn multipart_unrequested(scene: &Scene<'_>) -> Option<Hit> {
    let sent = scene.media_type(Leg::Response)? == MULTIPART;
    (sent && !wants_multipart(scene)).then(|| here(scene))
}

fn multipart_not_honoured(scene: &Scene<'_>) -> Option<Hit> {
    let document = scene.subject.response.filter(|_| scene.head.command == "ItemOperations")?;
    let data = document
        .elements()
        .any(|id| document.name(id) == "Data" && document.parent_name(id) == "Properties");
    (wants_multipart(scene) && is_wbxml(scene) && data).then(|| here(scene))
}

fn newer_elements(scene: &Scene<'_>) -> Option<Hit> {
    let version = scene.head.version.as_str();
    let document = scene.subject.response.filter(|_| scene.served() && is_wbxml(scene))?;
    let newer = |id: &NodeId| {
        let tag = document.tree.element(*id).and_then(|element| {
            let (page, token) = element.token.filter(|(page, _)| *page != PROVISION)?;
            Book::activesync().tag(page, token)
        });
        // Nearly all elements are as old as the tables.
        tag.filter(|tag| tag.first_version != "2.5")
            .is_some_and(|tag| tag.last_version.is_empty() && tag.exists_in(version) == Some(false))
    };
    let found: Vec<NodeId> = document.elements().filter(newer).take(NAMES).collect();
    let mut names: Vec<&str> = found.iter().map(|id| document.name(*id)).collect();
    names.dedup();
    Some(Hit::nodes(scene, Leg::Response, &document, &found)?.saying(names.join(", ")))
}

/// A code of the answer, as a number with its node.
fn codes(scene: &Scene<'_>) -> Vec<(NodeId, u32)> {
    let Some(document) = scene.subject.response.filter(|_| scene.served()) else {
        return Vec::new();
    };
    let all = document.elements().filter(|id| document.name(*id) == "Status");
    let numbers = all.filter_map(|id| Some((id, document.text(id).parse().ok()?)));
    numbers.filter(|(_, code)| (101..200).contains(code)).collect()
}

fn common_code_before_14(scene: &Scene<'_>) -> Option<Hit> {
    if number(&scene.head.version)? >= 140 || scene.head.is_autodiscover() {
        return None;
    }
    let (node, code) = codes(scene).first().copied()?;
    let document = scene.subject.response?;
    Some(Hit::node(scene, Leg::Response, &document, node).saying(code.to_string()))
}

fn code_of_another_version(scene: &Scene<'_>) -> Option<Hit> {
    let version = number(&scene.head.version).filter(|version| *version >= 140)?;
    let foreign = |code: u32| {
        let code = code.to_string();
        let row = COMMON_STATUSES.iter().find(|row| row.status.code == code);
        let since = row.and_then(|row| number(row.status.versions.trim_end_matches('+')));
        since.is_some_and(|since| version < since)
    };
    let (node, code) = codes(scene).into_iter().find(|(_, code)| foreign(*code))?;
    let document = scene.subject.response?;
    Some(Hit::node(scene, Leg::Response, &document, node).saying(code.to_string()))
}

fn retry_with(scene: &Scene<'_>) -> Option<Hit> {
    let modern = number(&scene.head.version)? >= 140;
    (modern && scene.subject.http_status() == Some(449)).then(|| here(scene))
}
