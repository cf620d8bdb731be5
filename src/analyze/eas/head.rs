//! Who speaks, and which command: request line, headers and the base64 query together.

use crate::analyze::document::{Document, Subject};
use crate::analyze::draft::clip;
use crate::analyze::http;
use crate::codec::{Form, Query};
use crate::model::{PolicyKey, Request};

use super::autodiscover;
use super::provision::parse_key;

/// The virtual directory of the protocol; servers compare it without case.
const DIRECTORY: &str = "/microsoft-server-activesync";

/// What the request says before its body.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(in crate::analyze) struct Head {
    /// `Provision`, `OPTIONS`, `Autodiscover`; empty when nothing names one.
    pub(in crate::analyze) command: String,
    /// `14.1`; empty when unknown.
    pub(in crate::analyze) version: String,
    pub(in crate::analyze) device: String,
    pub(in crate::analyze) device_type: String,
    pub(in crate::analyze) user: String,
    /// The key the request was sent with.
    pub(in crate::analyze) policy_key: Option<PolicyKey>,
    /// The key as written when it is no number; `none` when there was no key at all.
    pub(in crate::analyze) key_text: String,
    /// The request line as far as it is the protocol's.
    pub(in crate::analyze) query: Query,
    /// What was odd about the query.
    pub(super) problems: Vec<String>,
}

impl Head {
    /// Reads the head when the exchange is ActiveSync: by its path, a media type, a base64 query
    /// that makes sense, or an Autodiscover document that asks for it.
    pub(in crate::analyze) fn of(subject: &Subject<'_>) -> Option<Self> {
        let request = subject.exchange.request.as_ref()?;
        let query = Query::parse(request.query());
        if request.path().to_ascii_lowercase().contains(DIRECTORY)
            || has_media_type(subject)
            || is_sound(&query, request)
        {
            return Some(Self::read(subject, request, &query));
        }
        let asked = autodiscover::asks_json(request)
            || subject.documents().any(|(_, document)| asks_for_mobile_sync(&document));
        asked.then(|| Self {
            command: "Autodiscover".to_owned(),
            user: http::basic_user(request).unwrap_or_default(),
            key_text: "none".to_owned(),
            ..Self::default()
        })
    }

    /// True for the search of a server, which is no command of the protocol proper.
    pub(in crate::analyze) fn is_autodiscover(&self) -> bool {
        self.command == "Autodiscover"
    }

    /// The key as one says it: `0`, `1307199584`, `none`.
    pub(in crate::analyze) fn key_words(&self) -> String {
        self.policy_key.map_or_else(|| self.key_text.clone(), |key| key.to_string())
    }

    fn read(subject: &Subject<'_>, request: &Request, query: &Query) -> Self {
        let header = |name: &str| request.headers.first(name).map(str::trim);
        let key_header = header("X-MS-PolicyKey");
        // The field of the base64 query replaces the header (MS-ASHTTP 2.2.1.1.1.1).
        let policy_key = query
            .policy_key
            .or_else(|| key_header.filter(|_| !query.policy_key_present).and_then(parse_key));
        let options = request.method.eq_ignore_ascii_case("OPTIONS");
        let root = subject.request.map(|document| document.root_name()).unwrap_or_default();
        let command = match query.command.as_str() {
            _ if options => "OPTIONS",
            "" => root,
            command => command,
        };
        let faults = query.faults.iter().filter(|_| !options);
        Self {
            command: clip(command),
            version: query
                .version
                .clone()
                .or_else(|| header("MS-ASProtocolVersion").map(clip))
                .unwrap_or_default(),
            device: clip(&query.device_id),
            device_type: clip(&query.device_type),
            user: query
                .user
                .as_deref()
                .map(clip)
                .or_else(|| http::basic_user(request))
                .unwrap_or_default(),
            policy_key,
            // Absent, empty and 0 all mean no key; which it was may matter to a server.
            key_text: match key_header {
                None => "none".to_owned(),
                Some("") => "empty".to_owned(),
                Some(text) => clip(text),
            },
            problems: faults.map(|fault| fault.text.clone()).collect(),
            query: query.clone(),
        }
    }
}

fn has_media_type(subject: &Subject<'_>) -> bool {
    let request = subject.exchange.request.as_ref().map(|request| &request.headers);
    let response = subject.exchange.response.as_ref().map(|response| &response.headers);
    request
        .into_iter()
        .chain(response)
        .any(|headers| headers.media_type().starts_with("application/vnd.ms-sync"))
}

/// A virtual directory may be called anything: a base64 query that reads without a fault and names
/// a command and a device is not a coincidence.
fn is_sound(query: &Query, request: &Request) -> bool {
    query.form == Form::Base64
        && request.method.eq_ignore_ascii_case("POST")
        && query.faults.is_empty()
        && query.command_code.is_some()
        && !query.device_id.is_empty()
        && matches!(query.version.as_deref(), Some("12.1" | "14.0" | "14.1" | "16.0" | "16.1"))
}

/// Autodiscover speaks of many protocols; the mobile one names its schema in every message.
fn asks_for_mobile_sync(document: &Document<'_>) -> bool {
    document.root_name() == "Autodiscover"
        && document.elements().any(|id| {
            document
                .tree
                .element(id)
                .is_some_and(|element| element.namespace.as_str().contains("/mobilesync/"))
                || (document.name(id) == "AcceptableResponseSchema"
                    && document.text(id).contains("/mobilesync/"))
        })
}
