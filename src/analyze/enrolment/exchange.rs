//! One exchange of enrolment, told: which step, who, what came of it.

use crate::analyze::document::Subject;
use crate::analyze::draft::{Draft, clip};
use crate::analyze::http;
use crate::model::{Leg, Level};
use crate::seal::Bootstrap;

use super::envelope::{Envelope, Message};
use super::explain::{self, Setting};
use super::provisioning::Provisioning;
use super::request::{RequestKind, TokenRequest};
use super::{answer, credentials, discovery, fault, policy, request};

/// True when the exchange belongs to enrolment: by its messages, by the path of discovery, or because
/// it carries a provisioning document and nothing else.
pub(in crate::analyze) fn recognise(subject: &Subject<'_>) -> bool {
    let envelopes = Envelope::both(subject);
    let asked = subject.exchange.request.as_ref();
    asked.is_some_and(|request| discovery::is_path(request.path()))
        || envelopes.iter().flatten().any(Envelope::is_certain)
        || subject.documents().any(|(_, document)| document.root_name() == "wap-provisioningdoc")
}

/// Tells an exchange that is enrolment.
pub(in crate::analyze) fn tell(subject: &Subject<'_>, draft: &mut Draft) {
    let [asked, answered] = Envelope::both(subject);
    tell_head(subject, asked.as_ref().or(answered.as_ref()), draft);
    let mut token_request = None;
    if let Some(envelope) = asked {
        tell_action(Leg::Request, &envelope, draft);
        let user = match envelope.message {
            Message::Discover => None,
            _ => credentials::tell(&envelope, subject.body(Leg::Request), draft),
        };
        match envelope.message {
            Message::Discover => discovery::tell_request(&envelope, draft),
            Message::Request => {
                let found = TokenRequest::of(envelope, subject.body(Leg::Request));
                request::tell(&found, draft);
                if found.kind == RequestKind::Renew {
                    draft.summary.command.push_str(" (renewal)");
                }
                token_request = Some(found);
            }
            _ => {}
        }
        if let Some(user) = user {
            draft.summary.user = user;
        }
    }
    if let Some(envelope) = answered {
        tell_action(Leg::Response, &envelope, draft);
        match envelope.message {
            Message::DiscoverResponse => discovery::tell_response(&envelope, draft),
            Message::GetPoliciesResponse => policy::tell_response(&envelope, draft),
            Message::RequestResponse => {
                let now = subject.exchange.started;
                answer::tell(
                    &envelope,
                    subject.body(Leg::Response),
                    token_request.as_ref(),
                    now,
                    draft,
                );
            }
            Message::Fault => fault::tell(&envelope, draft),
            _ => {}
        }
    }
    draft.row("user", draft.summary.user.clone());
    tell_documents(subject, draft);
    tell_http(subject, draft);
}

fn tell_head(subject: &Subject<'_>, envelope: Option<&Envelope<'_>>, draft: &mut Draft) {
    let method = subject.exchange.request.as_ref().map(|request| request.method.as_str());
    let command = match (envelope, method) {
        (Some(envelope), _) => envelope.message.name().trim_end_matches("Response"),
        (None, Some("GET" | "HEAD")) => "Discover (probe)",
        (None, _) => "provisioning",
    };
    command.clone_into(&mut draft.summary.command);
    draft.row("protocol", "device enrolment (MS-MDE2)");
    draft.row("command", command);
    if command == "Discover (probe)" {
        draft.row("step", "does the server exist? an empty answer says yes (MS-MDE2 3.1)");
    }
}

/// The action in words, and what names the message in logs.
fn tell_action(leg: Leg, envelope: &Envelope<'_>, draft: &mut Draft) {
    let Some((node, uri)) = envelope.action() else { return };
    if let Some(entry) = super::table::action(&uri) {
        draft.note(leg, &envelope.document, node, Level::Info, entry.meaning);
    }
    let id = match leg {
        Leg::Request => ["MessageID", "message id"],
        Leg::Response => ["ActivityId", "activity id"],
    };
    if let Some((_, text)) = envelope.in_header(id[0]) {
        draft.row(id[1], clip(&text));
    }
}

/// Provisioning documents that are no answer to a certificate request.
fn tell_documents(subject: &Subject<'_>, draft: &mut Draft) {
    for (leg, document) in subject.documents() {
        let Some(decoded) = subject.body(leg) else { continue };
        if document.root_name() != "wap-provisioningdoc" {
            continue;
        }
        let setting = Setting { leg, decoded, now: subject.exchange.started, requested: None };
        for document in Provisioning::all(decoded) {
            explain::tell(&document, setting, draft);
        }
        let headers = match leg {
            Leg::Request => subject.exchange.request.as_ref().map(|request| &request.headers),
            Leg::Response => subject.exchange.response.as_ref().map(|response| &response.headers),
        };
        let content_type = headers.and_then(|headers| headers.first("Content-Type"));
        if let Some(bootstrap) = content_type.and_then(Bootstrap::of_content_type) {
            draft.row("integrity", bootstrap.words());
        }
    }
}

fn tell_http(subject: &Subject<'_>, draft: &mut Draft) {
    let Some(response) = &subject.exchange.response else { return };
    draft.row("answer", http::status_line(response));
    // SOAP sends faults with an error status; the fault has been told.
    if response.status >= 400 && draft.summary.status.is_empty() {
        draft.raise(Level::Warning);
        draft.fact(format!("HTTP {}", http::status_line(response)));
    }
    if (300..400).contains(&response.status) {
        draft.fact(format!("HTTP {}", response.status));
    }
    draft.row("retry after", response.headers.first("Retry-After").unwrap_or_default());
}
