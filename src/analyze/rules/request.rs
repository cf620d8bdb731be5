//! Rules about the request line and the headers of a request (MS-ASHTTP 2.2.1.1).

use crate::analyze::draft::clip;
use crate::analyze::eas::{COMMANDS, parse_key};
use crate::codec::Form;
use crate::model::{Format, Leg, Scheme};

use super::catalogue::number;
use super::engine::Rule;
use super::hit::{Hit, Scene};

pub(super) const RULES: &[Rule] = &[
    ("http-version-header-required", version_missing),
    ("http-version-value", version_value),
    ("http-base64-min-version", base64_version),
    ("http-base64-malformed", base64_malformed),
    ("http-base64-devid-length", base64_device),
    ("http-base64-key-length", base64_key),
    ("http-base64-header-duplicates", header_beside_query),
    ("http-base64-header-conflict", header_against_query),
    ("http-command-unknown", command_unknown),
    ("http-command-version", command_version),
    ("http-command-body-mismatch", command_body),
    ("http-devid-missing", device_missing),
    ("http-devid-charset", device_charset),
    ("http-request-content-type", content_type),
    ("http-content-type-short-version", short_content_type),
    ("http-content-type-without-body", content_type_alone),
    ("http-auth-cleartext", cleartext),
    ("http-options-auth", options_without_credentials),
    ("http-useragent-missing", user_agent_missing),
    ("http-multipart-scope", multipart_scope),
    ("http-sendmail-body-form", body_form),
];

/// Versions of the protocol (MS-ASHTTP 2.2.1.1.2.6).
const VERSIONS: [&str; 7] = ["2.5", "12.0", "12.1", "14.0", "14.1", "16.0", "16.1"];

/// Versions of servers older than the specification.
const OLD_VERSIONS: [&str; 3] = ["1.0", "2.0", "2.1"];

/// Characters of a device id (MS-ASHTTP 2.2.1.1.1.2.3).
const DEVICE_ID: usize = 32;

/// Headers that the base64 query has fields for.
const DUPLICATES: [&str; 3] = ["MS-ASProtocolVersion", "X-MS-PolicyKey", "MS-ASAcceptMultiPart"];

/// The media type of WBXML bodies, and its short form.
const MEDIA_TYPE: &str = "application/vnd.ms-sync.wbxml";
const SHORT_MEDIA_TYPE: &str = "application/vnd.ms-sync";

fn here(scene: &Scene<'_>) -> Hit {
    Hit::leg(scene, Leg::Request)
}

/// The request as a POST of the protocol proper.
fn is_post(scene: &Scene<'_>) -> bool {
    let request = scene.subject.exchange.request.as_ref();
    !scene.head.is_autodiscover() && request.is_some_and(|r| r.method.eq_ignore_ascii_case("POST"))
}

fn is_base64(scene: &Scene<'_>) -> bool {
    scene.head.query.form == Form::Base64
}

fn fault(scene: &Scene<'_>, code: &str) -> Option<Hit> {
    let fault = scene.head.query.faults.iter().find(|fault| fault.code == code)?;
    Some(here(scene).saying(clip(&fault.text)))
}

fn version_missing(scene: &Scene<'_>) -> Option<Hit> {
    let plain = scene.head.query.form == Form::Plain;
    let missing = scene.header(Leg::Request, "MS-ASProtocolVersion").is_none();
    (is_post(scene) && plain && missing).then(|| here(scene))
}

fn version_value(scene: &Scene<'_>) -> Option<Hit> {
    let version = scene.header(Leg::Request, "MS-ASProtocolVersion")?.trim();
    let wrong = !scene.head.is_autodiscover() && !VERSIONS.contains(&version);
    let old = OLD_VERSIONS.contains(&version);
    wrong.then(|| here(scene).saying(clip(version)).only_info(old, "servers of that time had it"))
}

fn base64_version(scene: &Scene<'_>) -> Option<Hit> {
    let version = scene.head.query.version.as_deref().filter(|_| is_base64(scene))?;
    (number(version)? < 121).then(|| here(scene).saying(clip(version)))
}

fn base64_malformed(scene: &Scene<'_>) -> Option<Hit> {
    fault(scene, "query-truncated").filter(|_| is_base64(scene))
}

fn base64_device(scene: &Scene<'_>) -> Option<Hit> {
    fault(scene, "query-device-id")
}

fn base64_key(scene: &Scene<'_>) -> Option<Hit> {
    fault(scene, "query-policy-key")
}

fn header_beside_query(scene: &Scene<'_>) -> Option<Hit> {
    let found = DUPLICATES.iter().filter(|name| scene.header(Leg::Request, name).is_some());
    let found: Vec<&str> = found.copied().collect();
    (is_base64(scene) && !found.is_empty()).then(|| here(scene).saying(found.join(", ")))
}

fn header_against_query(scene: &Scene<'_>) -> Option<Hit> {
    if !is_base64(scene) {
        return None;
    }
    let query = &scene.head.query;
    let header = |name: &str| scene.header(Leg::Request, name).map(str::trim);
    let version = header("MS-ASProtocolVersion").zip(query.version.as_deref());
    let version = version.filter(|(header, query)| header != query);
    let key = header("X-MS-PolicyKey").and_then(parse_key).zip(query.policy_key);
    let key = key.filter(|(header, query)| header != query);
    let version = version.map(|(header, query)| format!("version {} and {query}", clip(header)));
    let key = key.map(|(header, query)| format!("key {header} and {query}"));
    Some(here(scene).saying(version.or(key)?))
}

fn command_unknown(scene: &Scene<'_>) -> Option<Hit> {
    let named = !scene.head.query.command.is_empty() && scene.head.command != "OPTIONS";
    fault(scene, "query-command").filter(|_| named)
}

fn command_version(scene: &Scene<'_>) -> Option<Hit> {
    let version = number(&scene.head.version)?;
    let row = COMMANDS.iter().find(|row| row.name == scene.head.command)?;
    let early = number(row.first).is_some_and(|first| version < first);
    let late = number(row.last).is_some_and(|last| version > last);
    (early || late).then(|| {
        here(scene).saying(format!("{} with {}", clip(&scene.head.command), scene.head.version))
    })
}

fn command_body(scene: &Scene<'_>) -> Option<Hit> {
    let command = scene.head.command.as_str();
    // An unknown command has a rule of its own.
    let named = scene.head.query.command_code.is_some() && is_post(scene);
    let wrong = |leg: Leg| {
        let document = match leg {
            Leg::Request => scene.subject.request?,
            Leg::Response => scene.subject.response.filter(|_| scene.served())?,
        };
        let ours = scene.format(leg) == Some(&Format::Wbxml("ActiveSync"));
        let root = document.root_name();
        (ours && !root.is_empty() && root != command).then(|| {
            Hit::node(scene, leg, &document, document.root()).saying(format!(
                "{} in {}",
                clip(root),
                clip(command)
            ))
        })
    };
    [Leg::Request, Leg::Response].into_iter().find_map(wrong).filter(|_| named)
}

fn device_missing(scene: &Scene<'_>) -> Option<Hit> {
    let query = &scene.head.query;
    let missing = match (query.device_id.is_empty(), query.device_type.is_empty()) {
        (false, false) => return None,
        (true, true) => "DeviceId and DeviceType",
        (true, false) => "DeviceId",
        (false, true) => "DeviceType",
    };
    // The base64 form has a rule of its own for an empty id.
    (is_post(scene) && query.form == Form::Plain).then(|| here(scene).saying(missing))
}

fn device_charset(scene: &Scene<'_>) -> Option<Hit> {
    let query = &scene.head.query;
    let raw = &query.device_id_raw;
    let odd = raw.len() > DEVICE_ID || !raw.iter().all(u8::is_ascii_alphanumeric);
    (query.form == Form::Plain && !raw.is_empty() && odd)
        .then(|| here(scene).saying(clip(&query.device_id)))
}

fn content_type(scene: &Scene<'_>) -> Option<Hit> {
    let wbxml = scene.format(Leg::Request) == Some(&Format::Wbxml("ActiveSync"));
    let media_type = scene.media_type(Leg::Request)?;
    let right = matches!(media_type.as_str(), MEDIA_TYPE | SHORT_MEDIA_TYPE);
    let words = if media_type.is_empty() { "none".to_owned() } else { clip(&media_type) };
    (wbxml && is_post(scene) && !right).then(|| here(scene).saying(words))
}

fn short_content_type(scene: &Scene<'_>) -> Option<Hit> {
    (scene.media_type(Leg::Request)? == SHORT_MEDIA_TYPE).then(|| here(scene))
}

fn content_type_alone(scene: &Scene<'_>) -> Option<Hit> {
    let value = scene.header(Leg::Request, "Content-Type")?;
    (is_post(scene) && scene.subject.request_is_empty()).then(|| here(scene).saying(clip(value)))
}

fn cleartext(scene: &Scene<'_>) -> Option<Hit> {
    scene.header(Leg::Request, "Authorization")?;
    let exchange = scene.subject.exchange;
    let clear = exchange.scheme == Scheme::Http && exchange.client_tls.is_none();
    clear.then(|| here(scene))
}

fn options_without_credentials(scene: &Scene<'_>) -> Option<Hit> {
    let missing = scene.header(Leg::Request, "Authorization").is_none();
    (scene.head.command == "OPTIONS" && missing).then(|| here(scene))
}

fn user_agent_missing(scene: &Scene<'_>) -> Option<Hit> {
    let missing =
        scene.header(Leg::Request, "User-Agent").is_none_or(|text| text.trim().is_empty());
    (is_post(scene) && missing).then(|| here(scene))
}

fn multipart_scope(scene: &Scene<'_>) -> Option<Hit> {
    let header = scene.header(Leg::Request, "MS-ASAcceptMultiPart").map(str::trim);
    let asked = header.is_some_and(|value| value.eq_ignore_ascii_case("T"));
    (asked && scene.head.command != "ItemOperations")
        .then(|| here(scene).saying(clip(&scene.head.command)))
}

fn body_form(scene: &Scene<'_>) -> Option<Hit> {
    let version = number(&scene.head.version)?;
    if !matches!(scene.head.command.as_str(), "SendMail" | "SmartReply" | "SmartForward") {
        return None;
    }
    match scene.format(Leg::Request)? {
        Format::Text("message") if version >= 140 => {
            Some(here(scene).saying(format!("a message as the body with {}", scene.head.version)))
        }
        Format::Wbxml(_) if version < 140 => {
            Some(here(scene).saying(format!("WBXML with {}", scene.head.version)))
        }
        _ => None,
    }
}
