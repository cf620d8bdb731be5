//! Commands about single items and settings: mail, attachments, search, settings.

use crate::analyze::document::{Document, Subject};
use crate::analyze::draft::{Draft, clip, counted, joined};
use crate::model::NodeId;

use super::head::Head;
use super::values;

/// Tells `SendMail`, `SmartReply` and `SmartForward`.
pub(super) fn tell_mail(subject: &Subject<'_>, draft: &mut Draft) {
    let Some(request) = &subject.exchange.request else { return };
    let mime = subject.request.and_then(|document| {
        let mime = document.child(document.root(), "Mime")?;
        Some(document.opaque(mime).map_or_else(|| document.text(mime).len(), <[u8]>::len))
    });
    // Versions before 14.0 send the message itself as the body.
    let bytes = mime.map(|length| length as u64).or_else(|| {
        (request.headers.media_type() == "message/rfc822").then_some(request.body.seen)
    });
    draft.fact(bytes.map(|bytes| format!("message of {bytes} bytes")).unwrap_or_default());
    let kept = subject.request.is_some_and(|d| d.child(d.root(), "SaveInSentItems").is_some())
        || request.query().to_ascii_lowercase().contains("saveinsent=t");
    draft.fact(if kept { "kept in Sent Items" } else { "" });
    let answer = subject.exchange.response.as_ref();
    if answer.is_some_and(|r| r.status == 200 && r.body.ended && r.body.seen == 0) {
        draft.fact("sent");
    }
}

/// Tells every other command in a few words; unknown ones say nothing.
pub(super) fn tell(subject: &Subject<'_>, head: &Head, draft: &mut Draft) {
    match head.command.as_str() {
        "GetAttachment" => tell_attachment(subject, draft),
        "ItemOperations" => tell_operations(subject, draft),
        "MoveItems" => tell_count(subject, "Move", ("item", "items"), draft),
        "ValidateCert" => tell_certificates(subject, draft),
        "ResolveRecipients" => tell_count(subject, "To", ("recipient", "recipients"), draft),
        "MeetingResponse" => tell_meeting(subject, draft),
        "Search" | "Find" => tell_search(subject, draft),
        "Settings" => tell_settings(subject, draft),
        _ => {}
    }
}

fn tell_count(subject: &Subject<'_>, name: &'static str, words: (&str, &str), draft: &mut Draft) {
    if let Some(request) = &subject.request {
        draft.fact(counted(request.count(request.root(), name), words.0, words.1));
    }
}

fn tell_attachment(subject: &Subject<'_>, draft: &mut Draft) {
    let answer = subject.exchange.response.as_ref();
    if let Some(response) = answer.filter(|response| response.status == 200) {
        draft.fact(format!("attachment of {} bytes", response.body.seen));
    }
}

fn tell_operations(subject: &Subject<'_>, draft: &mut Draft) {
    let Some(request) = &subject.request else { return };
    let root = request.root();
    draft.fact(joined(
        [
            counted(request.count(root, "Fetch"), "fetch", "fetches"),
            counted(request.count(root, "Move"), "move", "moves"),
            counted(
                request.count(root, "EmptyFolderContents"),
                "folder to empty",
                "folders to empty",
            ),
        ],
        ", ",
    ));
    let attachments = request.elements().filter(|id| request.name(*id) == "FileReference").count();
    draft.fact(counted(attachments, "attachment", "attachments"));
    let answer = subject.exchange.response.as_ref();
    if answer.is_some_and(|r| r.headers.media_type() == "application/vnd.ms-sync.multipart") {
        draft.fact("multipart");
    }
}

fn tell_certificates(subject: &Subject<'_>, draft: &mut Draft) {
    let Some(request) = &subject.request else { return };
    let list = request.child(request.root(), "Certificates");
    let count = list.map_or(0, |id| request.count(id, "Certificate"));
    draft.fact(counted(count, "certificate", "certificates"));
}

fn tell_meeting(subject: &Subject<'_>, draft: &mut Draft) {
    let Some(request) = &subject.request else { return };
    for answer in request.named(request.root(), "Request").take(3) {
        let value = request.child_text(answer, "UserResponse").unwrap_or_default();
        let label = values::label("UserResponse", "Request", &value);
        draft.fact(label.map_or_else(|| clip(&value), str::to_owned));
    }
}

fn tell_search(subject: &Subject<'_>, draft: &mut Draft) {
    if let Some(request) = &subject.request {
        let store = request.text_at(request.root(), &["Store", "Name"]);
        draft.fact(store.map(|store| format!("in {}", clip(&store))).unwrap_or_default());
    }
    let Some(response) = &subject.response else { return };
    let Some(store) = response
        .descend(response.root(), &["Response", "Store"])
        .or_else(|| response.child(response.root(), "Response"))
    else {
        return;
    };
    // A search without a hit answers with one empty Result.
    let hits = response.named(store, "Result").filter(|id| response.children(*id).next().is_some());
    let hits = hits.count();
    let hits = if hits == 0 { "no hit".to_owned() } else { counted(hits, "hit", "hits") };
    let total = response.child_text(store, "Total").filter(|total| total != "0");
    let total = total.map(|total| format!("of {}", clip(&total))).unwrap_or_default();
    draft.fact(joined([hits, total], " "));
}

/// `set DeviceInformation`, `get UserInformation`.
fn tell_settings(subject: &Subject<'_>, draft: &mut Draft) {
    let Some(request) = &subject.request else { return };
    for property in request.children(request.root()).take(6) {
        draft.fact(joined([verb(request, property), clip(request.name(property))], " "));
    }
}

fn verb(document: &Document<'_>, property: NodeId) -> String {
    let is = |name: &str| document.child(property, name).is_some();
    if is("Set") {
        "set".to_owned()
    } else if is("Get") || document.children(property).next().is_none() {
        "get".to_owned()
    } else {
        String::new()
    }
}
