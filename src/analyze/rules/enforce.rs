//! Rules about what a device does although its policy says otherwise (MS-ASPROV 2.2.2).

use crate::analyze::document::Document;
use crate::analyze::draft::clip;
use crate::analyze::eas::{collections, is_sms};
use crate::model::{Format, Leg, NodeId};

use super::engine::Rule;
use super::hit::{Hit, Scene};

pub(super) const RULES: &[Rule] = &[
    ("enforce-email-age", email_age),
    ("enforce-calendar-age", calendar_age),
    ("enforce-html", html),
    ("enforce-attachments", attachments),
    ("enforce-attachment-size", attachment_size),
    ("enforce-truncation", truncation),
    ("enforce-sms", text_messages),
    ("enforce-smime", smime),
    ("recovery-password-disabled", recovery_password),
    ("recovery-password-length", recovery_password_length),
];

/// Characters of a recovery password (MS-ASCMD 2.2.3.132.3).
const PASSWORD_CHARS: usize = 255;

/// The value of a setting of the policy that the device said it applies.
fn setting<'a>(scene: &Scene<'a>, name: &str) -> Option<&'a str> {
    let policy = scene.memory?.policy.as_ref()?;
    policy.acknowledged?;
    let found = policy.settings.iter().find(|setting| setting.name == name)?;
    (!found.value.is_empty()).then_some(found.value.as_str())
}

fn limit(scene: &Scene<'_>, name: &str) -> Option<u64> {
    setting(scene, name)?.parse().ok()
}

fn email_age(scene: &Scene<'_>) -> Option<Hit> {
    age(scene, "MaxEmailAgeFilter", &["Email"], &["1", "2", "3", "4", "5", "6", "12"])
}

fn calendar_age(scene: &Scene<'_>) -> Option<Hit> {
    age(scene, "MaxCalendarAgeFilter", &["Calendar"], &["8", "13"])
}

/// A filter that lets older items through than the policy; 0 is all of them.
fn age(scene: &Scene<'_>, name: &str, classes: &[&str], kinds: &[&str]) -> Option<Hit> {
    if scene.head.command != "Sync" {
        return None;
    }
    let allowed = limit(scene, name).filter(|allowed| *allowed != 0)?;
    let document = scene.subject.request?;
    let wider = |collection: NodeId| {
        let text = |id: NodeId, name: &str| document.child_text(id, name);
        let folder = text(collection, "CollectionId");
        let kind = folder.and_then(|id| scene.folder_kind(&id));
        let ours = |id: NodeId| text(id, "Class").is_some_and(|class| classes.contains(&&*class));
        let by_folder = kind.is_some_and(|kind| kinds.contains(&kind)) || ours(collection);
        document.named(collection, "Options").find_map(|block| {
            // A block of another class is about other items.
            let counts = ours(block) || (by_folder && text(block, "Class").is_none());
            let node = document.child(block, "FilterType").filter(|_| counts)?;
            let asked: u64 = document.text(node).parse().ok()?;
            (asked == 0 || asked > allowed).then_some((node, asked))
        })
    };
    let (node, asked) = collections(Some(&document)).into_iter().find_map(wider)?;
    let words = format!("FilterType {asked}, {name} {allowed}");
    Some(Hit::node(scene, Leg::Request, &document, node).saying(words))
}

fn html(scene: &Scene<'_>) -> Option<Hit> {
    if setting(scene, "AllowHTMLEmail")? != "0" {
        return None;
    }
    let asked = scene
        .subject
        .request
        .and_then(|d| typed(&d, "BodyPreference").map(|id| (Leg::Request, d, id)));
    let sent =
        || scene.subject.response.and_then(|d| typed(&d, "Body").map(|id| (Leg::Response, d, id)));
    let (leg, document, id) = asked.or_else(sent)?;
    Some(Hit::node(scene, leg, &document, id))
}

/// The first `name` with Type 2, HTML.
fn typed(document: &Document<'_>, name: &str) -> Option<NodeId> {
    let mut all = document.elements().filter(|id| document.name(*id) == name);
    all.find(|id| document.child_text(*id, "Type").as_deref() == Some("2"))
}

/// The attachment a request fetches.
fn fetched(scene: &Scene<'_>) -> Option<Hit> {
    match scene.head.command.as_str() {
        "GetAttachment" => Some(Hit::leg(scene, Leg::Request)),
        "ItemOperations" => {
            let document = scene.subject.request?;
            let id = document.elements().find(|id| document.name(*id) == "FileReference")?;
            Some(Hit::node(scene, Leg::Request, &document, id))
        }
        _ => None,
    }
}

fn attachments(scene: &Scene<'_>) -> Option<Hit> {
    fetched(scene).filter(|_| setting(scene, "AttachmentsEnabled") == Some("0"))
}

fn attachment_size(scene: &Scene<'_>) -> Option<Hit> {
    let hit = fetched(scene).filter(|_| scene.served())?;
    let allowed = limit(scene, "MaxAttachmentSize")?;
    let size = match scene.head.command.as_str() {
        "GetAttachment" => scene.subject.exchange.response.as_ref()?.body.seen,
        _ => largest_part(scene)?,
    };
    (size > allowed).then(|| hit.saying(format!("{size} bytes, allowed {allowed}")))
}

/// Bytes of the largest piece of content in the answer: a part beside the document, or a layer inside.
fn largest_part(scene: &Scene<'_>) -> Option<u64> {
    let decoded = scene.subject.body(Leg::Response)?;
    let main = decoded.main();
    let others = decoded.ids().filter(|(id, layer)| *id != main && layer.origin.is_some());
    let part = |label: &str| label.starts_with("part ") || label == "Data";
    others.filter(|(_, l)| part(&l.label)).map(|(_, l)| l.bytes.len() as u64).max()
}

fn truncation(scene: &Scene<'_>) -> Option<Hit> {
    let document = scene.subject.request?;
    if !matches!(scene.head.command.as_str(), "Sync" | "ItemOperations" | "Search") {
        return None;
    }
    let preferences = document.elements().filter(|id| document.name(*id) == "BodyPreference");
    let mut above = preferences.filter_map(|id| {
        let name = match document.child_text(id, "Type")?.as_ref() {
            "1" => "MaxEmailBodyTruncationSize",
            "2" => "MaxEmailHTMLBodyTruncationSize",
            _ => return None,
        };
        let allowed = limit(scene, name)?;
        let node = document.child(id, "TruncationSize")?;
        let asked: u64 = document.text(node).parse().ok()?;
        (asked > allowed).then(|| (node, format!("{asked}, {name} {allowed}")))
    });
    let (node, words) = above.next()?;
    Some(Hit::node(scene, Leg::Request, &document, node).saying(words))
}

fn text_messages(scene: &Scene<'_>) -> Option<Hit> {
    if setting(scene, "AllowTextMessaging")? != "0" {
        return None;
    }
    let document = scene.subject.request?;
    let used = |id: &NodeId| match document.name(*id) {
        "Options" => is_sms(&document, *id),
        "EnableOutboundSMS" => document.text(*id) == "1",
        _ => false,
    };
    let id = document.elements().find(used)?;
    Some(Hit::node(scene, Leg::Request, &document, id))
}

fn smime(scene: &Scene<'_>) -> Option<Hit> {
    if !matches!(scene.head.command.as_str(), "SendMail" | "SmartReply" | "SmartForward") {
        return None;
    }
    let wanted = |name: &str| setting(scene, name) == Some("1");
    let encrypted = wanted("RequireEncryptedSMIMEMessages");
    if !encrypted && !wanted("RequireSignedSMIMEMessages") {
        return None;
    }
    let layers = &scene.subject.body(Leg::Request)?.layers;
    let message = layers.iter().find(|layer| layer.format == Format::Text("message"))?;
    let (_, media_type) = message.facts.iter().find(|(name, _)| *name == "type")?;
    let sealed = matches!(&**media_type, "application/pkcs7-mime" | "application/x-pkcs7-mime");
    let enough = sealed || (!encrypted && media_type == "multipart/signed");
    (!enough).then(|| Hit::leg(scene, Leg::Request).saying(clip(media_type)))
}

/// The password a device leaves with the server, when it is not empty.
fn password<'a>(scene: &Scene<'a>) -> Option<(Document<'a>, NodeId)> {
    let document = scene.subject.request.filter(|_| scene.head.command == "Settings")?;
    let id = document.descend(document.root(), &["DevicePassword", "Set", "Password"])?;
    (!document.text(id).is_empty()).then_some((document, id))
}

fn recovery_password(scene: &Scene<'_>) -> Option<Hit> {
    let (document, id) = password(scene)?;
    let policy = scene.memory?.policy.as_ref()?;
    policy.acknowledged?;
    (setting(scene, "PasswordRecoveryEnabled") != Some("1"))
        .then(|| Hit::node(scene, Leg::Request, &document, id))
}

fn recovery_password_length(scene: &Scene<'_>) -> Option<Hit> {
    let (document, id) = password(scene)?;
    let length = document.text(id).chars().count();
    (length > PASSWORD_CHARS).then(|| {
        Hit::node(scene, Leg::Request, &document, id).saying(format!("{length} characters"))
    })
}
