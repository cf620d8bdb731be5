//! Commands about single items: attachments, moves, searches, meetings, recipients, certificates.

use crate::analyze::document::{Document, Subject};
use crate::analyze::draft::{Draft, clip, counted, joined};
use crate::model::{Leg, NodeId};

use super::head::Head;
use super::names::FolderNames;
use super::{settings, values};

/// Items of one request told one by one.
const NAMED: usize = 3;

/// Operations of one request that the overview lists.
const LISTED: usize = 20;

/// Tells every other command in a few words; unknown ones say nothing.
pub(super) fn tell(subject: &Subject<'_>, head: &Head, names: FolderNames<'_>, draft: &mut Draft) {
    match head.command.as_str() {
        "GetAttachment" => tell_attachment(subject, head, draft),
        "ItemOperations" => tell_operations(subject, names, draft),
        "MoveItems" => tell_moves(subject, names, draft),
        "ValidateCert" => tell_certificates(subject, draft),
        "ResolveRecipients" => tell_recipients(subject, draft),
        "MeetingResponse" => tell_meeting(subject, names, draft),
        "Search" => tell_search(subject, draft),
        "Find" => tell_find(subject, draft),
        "Settings" => settings::tell(subject, draft),
        _ => {}
    }
}

fn tell_attachment(subject: &Subject<'_>, head: &Head, draft: &mut Draft) {
    draft.row("attachment", head.query.attachment_name.as_deref().map(clip).unwrap_or_default());
    let answer = subject.exchange.response.as_ref();
    if let Some(response) = answer.filter(|response| response.status == 200) {
        draft.fact(format!("attachment of {} bytes", response.body.seen));
    }
}

fn tell_operations(subject: &Subject<'_>, names: FolderNames<'_>, draft: &mut Draft) {
    if let Some(request) = &subject.request {
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
        let attachments =
            request.elements().filter(|id| request.name(*id) == "FileReference").count();
        draft.fact(counted(attachments, "attachment", "attachments"));
        for id in request.children(root).take(LISTED) {
            draft.row("operation", operation(request, id, names));
        }
    }
    let answer = subject.exchange.response.as_ref();
    if answer.is_some_and(|r| r.headers.media_type() == "application/vnd.ms-sync.multipart") {
        draft.fact(parts(subject));
    }
}

/// `Fetch item 5:1 of folder 5 (Inbox)`.
fn operation(request: &Document<'_>, id: NodeId, names: FolderNames<'_>) -> String {
    let text = |name: &str| request.child_text(id, name).map(|text| clip(&text));
    let folder = request.child_text(id, "CollectionId");
    let to = request.child_text(id, "DstFldId");
    let words = [
        Some(clip(request.name(id))),
        text("ServerId").map(|id| format!("item {id}")),
        text("FileReference").map(|id| format!("attachment {id}")),
        text("LongId").map(|id| format!("search result {id}")),
        text("LinkId").map(|id| format!("document {id}")),
        text("ConversationId").map(|_| "conversation".to_owned()),
        folder.map(|id| format!("of folder {}", names.label(&id))),
        to.map(|id| format!("to folder {}", names.label(&id))),
        request.text_at(id, &["Options", "Range"]).map(|range| format!("bytes {}", clip(&range))),
    ];
    joined(words.into_iter().flatten(), " ")
}

/// `multipart: 2 parts beside the document, 5120 bytes`.
fn parts(subject: &Subject<'_>) -> String {
    let Some(decoded) = subject.body(Leg::Response) else { return "multipart".to_owned() };
    let others = decoded
        .layers
        .iter()
        .filter(|layer| layer.label.starts_with("part ") && layer.label != "part 0");
    let sizes: Vec<usize> = others.map(|layer| layer.bytes.len()).collect();
    let count = counted(sizes.len(), "part", "parts");
    if count.is_empty() {
        return "multipart: the document alone".to_owned();
    }
    let bytes: usize = sizes.into_iter().fold(0, usize::saturating_add);
    format!("multipart: {count} beside the document, {bytes} bytes")
}

fn tell_moves(subject: &Subject<'_>, names: FolderNames<'_>, draft: &mut Draft) {
    let Some(request) = &subject.request else { return };
    let root = request.root();
    draft.fact(counted(request.count(root, "Move"), "item", "items"));
    for id in request.named(root, "Move").take(NAMED) {
        let text = |name: &str| request.child_text(id, name).unwrap_or_default();
        let (from, to) = (names.label(&text("SrcFldId")), names.label(&text("DstFldId")));
        draft.row("move", format!("{} from {from} to {to}", clip(&text("SrcMsgId"))));
        draft.fact(format!("to {to}"));
    }
}

fn tell_recipients(subject: &Subject<'_>, draft: &mut Draft) {
    if let Some(request) = &subject.request {
        let root = request.root();
        draft.fact(counted(request.count(root, "To"), "recipient", "recipients"));
        let options = request.child(root, "Options");
        let wants = |name: &str| options.is_some_and(|id| request.child(id, name).is_some());
        let wanted = [
            ("CertificateRetrieval", "certificates"),
            ("Availability", "free/busy times"),
            ("Picture", "pictures"),
        ];
        let wanted = wanted.into_iter().filter(|(name, _)| wants(name));
        draft.row("wants", joined(wanted.map(|(_, words)| words.to_owned()), ", "));
    }
    let Some(response) = &subject.response else { return };
    let answers = response.named(response.root(), "Response");
    let found: usize = answers.map(|answer| response.count(answer, "Recipient")).sum();
    draft.fact(if found == 0 { "none found".to_owned() } else { format!("{found} found") });
}

fn tell_certificates(subject: &Subject<'_>, draft: &mut Draft) {
    let Some(request) = &subject.request else { return };
    let list = request.child(request.root(), "Certificates");
    let count = list.map_or(0, |id| request.count(id, "Certificate"));
    draft.fact(counted(count, "certificate", "certificates"));
}

fn tell_meeting(subject: &Subject<'_>, names: FolderNames<'_>, draft: &mut Draft) {
    let Some(request) = &subject.request else { return };
    for answer in request.named(request.root(), "Request").take(NAMED) {
        let text = |name: &str| request.child_text(answer, name);
        let value = text("UserResponse").unwrap_or_default();
        let label = values::label("UserResponse", "Request", &value);
        draft.fact(label.map_or_else(|| clip(&value), str::to_owned));
        let mailed = request.child(answer, "SendResponse").is_some();
        let proposed = text("ProposedStartTime")
            .or_else(|| request.text_at(answer, &["SendResponse", "ProposedStartTime"]));
        let words = [
            text("RequestId").map(|id| format!("request {}", clip(&id))),
            text("LongId").map(|id| format!("search result {}", clip(&id))),
            text("CollectionId").map(|id| format!("of folder {}", names.label(&id))),
            text("InstanceId").map(|id| format!("occurrence {}", clip(&id))),
            mailed.then(|| "the organiser is told by mail".to_owned()),
            proposed.map(|time| format!("proposes {}", clip(&time))),
        ];
        draft.row("meeting", joined(words.into_iter().flatten(), ", "));
        draft.fact(if mailed { "tells the organiser" } else { "" });
    }
}

fn tell_search(subject: &Subject<'_>, draft: &mut Draft) {
    if let Some(request) = &subject.request {
        let store = request.text_at(request.root(), &["Store", "Name"]);
        draft.fact(store.map(|store| format!("in {}", clip(&store))).unwrap_or_default());
        let range = request.text_at(request.root(), &["Store", "Options", "Range"]);
        draft.row("range", range.map(|range| clip(&range)).unwrap_or_default());
    }
    let Some(response) = &subject.response else { return };
    let root = response.root();
    let store = response.descend(root, &["Response", "Store"]);
    if let Some(store) = store.or_else(|| response.child(root, "Response")) {
        tell_hits(response, store, draft);
    }
}

/// Find replaces Search for the mailbox and the address list from 16.1 on (MS-ASCMD 2.2.1.2).
fn tell_find(subject: &Subject<'_>, draft: &mut Draft) {
    if let Some(request) = &subject.request {
        let within = [
            ("MailBoxSearchCriterion", "in the mailbox"),
            ("GalSearchCriterion", "in the address list"),
        ];
        let search = request.child(request.root(), "ExecuteSearch");
        let has = |name: &str| search.is_some_and(|id| request.child(id, name).is_some());
        let found = within.into_iter().find(|(name, _)| has(name));
        draft.fact(found.map(|(_, words)| words).unwrap_or_default());
        let range = request.elements().find(|id| request.name(*id) == "Range");
        draft.row("range", range.map(|id| clip(&request.text(id))).unwrap_or_default());
    }
    let Some(response) = &subject.response else { return };
    if let Some(answer) = response.child(response.root(), "Response") {
        tell_hits(response, answer, draft);
    }
}

fn tell_hits(response: &Document<'_>, store: NodeId, draft: &mut Draft) {
    // A search without a hit answers with one empty Result.
    let hits = response.named(store, "Result").filter(|id| response.children(*id).next().is_some());
    let hits = hits.count();
    let hits = if hits == 0 { "no hit".to_owned() } else { counted(hits, "hit", "hits") };
    let total = response.child_text(store, "Total").filter(|total| total != "0");
    let total = total.map(|total| format!("of {}", clip(&total))).unwrap_or_default();
    draft.fact(joined([hits, total], " "));
}
