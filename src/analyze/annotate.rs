//! Which conversation is this, and who tells it.

use crate::model::{
    Annotated, Decoded, Exchange, Grade, Kind, Leg, Level, Protocol, Scheme, State,
};

use super::document::Subject;
use super::draft::{Draft, clip};
use super::rules::{Enrolling, Scene, Switches, check, check_enrolment, check_messages};
use super::{eas, elsewhere, enrolment, http, sealed, syncml};

/// Says what one exchange means. Pure: needs nothing but the exchange and its decoded bodies.
///
/// Both bodies may be missing or partial: an answer still to come is simply not spoken of yet.
/// The work is linear in the number of nodes.
pub fn annotate(
    exchange: &Exchange,
    request: Option<&Decoded>,
    response: Option<&Decoded>,
) -> Annotated {
    let subject = Subject::new(exchange, request, response);
    let head = eas::Head::of(&subject);
    let messages = syncml::messages(&subject);
    let mut annotated = tell(&subject, &messages, head.as_ref(), eas::FolderNames::default());
    if let Some(head) = &head {
        annotated.found(check(&Scene::new(&subject, head, None), &Switches::default()));
    } else if annotated.summary.protocol == Protocol::Enrolment {
        let scene = Enrolling::new(&subject, None);
        annotated.found(check_enrolment(&scene, &Switches::default()));
    } else if annotated.summary.protocol == Protocol::SyncMl {
        annotated.found(check_messages(&subject, &messages, &Switches::default()));
    }
    annotated
}

/// The same without findings; `messages` are those of SyncML in it, `names` the folders that exchanges
/// before told.
pub(super) fn tell(
    subject: &Subject<'_>,
    messages: &[Option<syncml::Message<'_>>; 2],
    head: Option<&eas::Head>,
    names: eas::FolderNames<'_>,
) -> Annotated {
    let (exchange, response) = (subject.exchange, subject.body(Leg::Response));
    let mut draft = Draft::default();
    if let Some(head) = head {
        draft.summary.protocol = Protocol::ActiveSync;
        eas::tell(subject, head, names, &mut draft);
        if head.is_autodiscover() {
            eas::tell_json(response, &mut draft);
        }
    } else if syncml::recognise(subject) {
        draft.summary.protocol = Protocol::SyncMl;
        syncml::tell(subject, messages, &mut draft);
    } else if enrolment::recognise(subject) {
        draft.summary.protocol = Protocol::Enrolment;
        enrolment::tell(subject, &mut draft);
    } else {
        http::tell(subject, &mut draft);
    }
    sealed::tell(subject, &mut draft);
    elsewhere::tell(exchange, response, &mut draft);
    damage(exchange, subject.body(Leg::Request), Leg::Request, &mut draft);
    damage(exchange, response, Leg::Response, &mut draft);
    tls(exchange, &mut draft);
    end(exchange, &mut draft);
    draft.finish()
}

/// Damaged bodies. An early end is no damage while more may come, or when we kept only a part.
fn damage(exchange: &Exchange, decoded: Option<&Decoded>, leg: Leg, draft: &mut Draft) {
    let Some(decoded) = decoded else { return };
    let body = match leg {
        Leg::Request => exchange.request.as_ref().map(|request| request.body),
        Leg::Response => exchange.response.as_ref().map(|response| response.body),
    };
    let partial =
        body.is_some_and(|body| body.truncated() || (!body.ended && exchange.in_flight()));
    let broken = decoded.problems.iter().find(|problem| problem.grade == Grade::Broken);
    if let Some(problem) = broken
        && !partial
    {
        draft.raise(Level::Alarm);
        if problem.code == UNKNOWN_CODING {
            return unknown_coding(exchange, leg, draft);
        }
        draft.fact(format!("{} body damaged", leg.name()));
        draft.row("damage", format!("{}: {}", leg.name(), problem.text));
    } else if !decoded.problems.is_empty() {
        draft.raise(Level::Notable);
    }
}

/// The problem of a content coding that nobody here can undo.
const UNKNOWN_CODING: &str = "content-unknown";

/// Who used a coding that is not known, and what to do about it.
fn unknown_coding(exchange: &Exchange, leg: Leg, draft: &mut Draft) {
    let (headers, who) = match leg {
        Leg::Request => (exchange.request.as_ref().map(|request| &request.headers), "client"),
        Leg::Response => (exchange.response.as_ref().map(|response| &response.headers), "server"),
    };
    let coding = headers.and_then(|headers| headers.first("content-encoding"));
    let coding = clip(coding.unwrap_or_default());
    draft.fact(format!("the {who}'s content coding `{coding}` is not known"));
    draft.row(
        "damage",
        format!(
            "{who} side: the content coding `{coding}` of the {} is not known here: its body was \
             passed on, and is shown as it came; gzip, deflate and br are undone",
            leg.name()
        ),
    );
    let asked = exchange.request.as_ref().and_then(|r| r.headers.first("accept-encoding"));
    let advice = match (leg, asked) {
        (Leg::Request, _) => "have the client send the body without Content-Encoding".to_owned(),
        (Leg::Response, Some(asked)) => {
            format!("the client takes `{}`: the server should choose among these", clip(asked))
        }
        (Leg::Response, None) => {
            "the client said nothing of codings: have the server send it without".to_owned()
        }
    };
    draft.row("try", advice);
}

/// What the TLS of either leg says beside who it is.
fn tls(exchange: &Exchange, draft: &mut Draft) {
    if exchange.server_tls.as_ref().is_some_and(|tls| tls.client_certificate_asked) {
        let text = "the server asked for a client certificate; none was sent, \
            as the device's own cannot be used through a proxy";
        draft.row("certificate", text);
        draft.raise(Level::Notable);
    }
    let reverse = exchange.mode.starts_with("reverse:");
    if reverse && exchange.request.is_some() && bare(exchange) {
        let text = "the device spoke plain HTTP; TLS was spoken towards the server only";
        draft.row("unprotected", text);
        draft.raise(Level::Notable);
    }
}

/// True when TLS protects the way to the server but not the way of the device.
fn bare(exchange: &Exchange) -> bool {
    exchange.scheme == Scheme::Https && exchange.client_tls.is_none()
}

/// How the exchange ended, when it did not end well.
fn end(exchange: &Exchange, draft: &mut Draft) {
    match &exchange.state {
        // Side, cause and advice are facts of the exchange itself: every view shows them already.
        State::Failed(_) => draft.raise(Level::Alarm),
        State::CutOff => {
            draft.raise(Level::Warning);
            draft.fact("cut off in flight");
        }
        State::InFlight | State::Complete => {}
    }
    if let Some(why) = &exchange.passthrough {
        draft.fact(format!("passed through unread: {why}"));
        draft.row("passed on", why.clone());
    } else if exchange.kind != Kind::Http
        && let Some(relayed) = exchange.relayed
    {
        draft.fact(format!("relayed unread: {} bytes up, {} down", relayed.up, relayed.down));
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::analyze::document::sketch;
    use crate::model::{ConnId, ExchangeId, Header, Headers, Request, Response, WallTime};

    /// Names that any of the tellers looks for.
    const NAMES: [&str; 44] = [
        "Provision",
        "Policies",
        "Policy",
        "PolicyKey",
        "Status",
        "Data",
        "EASProvisionDoc",
        "RemoteWipe",
        "AccountOnlyRemoteWipe",
        "AllowCamera",
        "MinDevicePasswordLength",
        "Sync",
        "Collections",
        "Collection",
        "SyncKey",
        "CollectionId",
        "Commands",
        "Add",
        "Responses",
        "Ping",
        "HeartbeatInterval",
        "Folders",
        "Folder",
        "FolderSync",
        "Changes",
        "Type",
        "SyncML",
        "SyncHdr",
        "SyncBody",
        "Cred",
        "Meta",
        "Chal",
        "CmdID",
        "CmdRef",
        "MsgRef",
        "Alert",
        "Replace",
        "Item",
        "Target",
        "LocURI",
        "Atomic",
        "MoreData",
        "Final",
        "Exec",
    ];

    /// Texts that mean something somewhere, or nothing at all.
    const TEXTS: [&str; 12] = [
        "",
        "0",
        "1",
        "2",
        "3",
        "142",
        "-1",
        "99999999999999999999",
        "./Vendor/MSFT/RemoteWipe/doWipe",
        "{82cd3123-0000-0000-0000-0000008881df}1",
        "AQ==",
        "äöü",
    ];

    fn body() -> impl Strategy<Value = String> {
        let leaf = prop::sample::select(TEXTS.to_vec()).prop_map(str::to_owned);
        let tree = leaf.prop_recursive(5, 60, 6, |inner| {
            let name = prop::sample::select(NAMES.to_vec());
            (name, prop::collection::vec(inner, 0..6))
                .prop_map(|(name, inner)| format!("<{name}>{}</{name}>", inner.concat()))
        });
        let root = prop::sample::select(NAMES.to_vec());
        (root, prop::collection::vec(tree, 0..6))
            .prop_map(|(name, inner)| format!("<{name}>{}</{name}>", inner.concat()))
    }

    proptest! {
        /// Any shape of any names: no panic, and every note on a node that is there.
        #[test]
        fn any_tree_can_be_told(
            request in body(),
            response in body(),
            command in prop::sample::select(NAMES.to_vec()),
            status in prop::sample::select(vec![200_u16, 401, 449, 451, 503]),
            activesync in any::<bool>(),
        ) {
            let mut exchange = Exchange::begin(ExchangeId(1), ConnId(1), Kind::Http, WallTime(0));
            let folder = if activesync { "/Microsoft-Server-ActiveSync" } else { "/dm" };
            let target = format!("{folder}?Cmd={command}");
            exchange.request = Some(Request { method: "POST".into(), target, ..Request::default() });
            let headers = Headers(vec![Header { name: "Retry-After".into(), value: "9".into() }]);
            exchange.response = Some(Response { status, headers, ..Response::default() });
            exchange.state = State::Complete;
            let (request, response) = (sketch::decoded(&request), sketch::decoded(&response));
            let annotated = annotate(&exchange, Some(&request), Some(&response));
            for (decoded, leg) in [(&request, Leg::Request), (&response, Leg::Response)] {
                let (_, tree, _) = decoded.document().unwrap();
                for note in annotated.notes(leg) {
                    prop_assert!(tree.element(note.node).is_some());
                    prop_assert!(!note.text.is_empty());
                    prop_assert!(annotated.summary.level >= note.level);
                }
            }
        }
    }

    #[test]
    fn damage_counts_only_when_the_body_is_whole() {
        use crate::model::{BodyFacts, LayerId, Problem, Span};
        let mut exchange = Exchange::begin(ExchangeId(1), ConnId(1), Kind::Http, WallTime(0));
        let ended = BodyFacts { seen: 4, kept: 4, ended: true };
        exchange.request = Some(Request { body: ended, ..Request::default() });
        exchange.state = State::Complete;
        let problem = Problem {
            layer: LayerId::BODY,
            span: Span::at(4),
            grade: Grade::Broken,
            code: "wbxml-truncated",
            text: "the body ended early".into(),
        };
        let broken = Decoded { layers: Vec::new(), problems: vec![problem] };
        let told = |exchange: &Exchange| annotate(exchange, Some(&broken), None).summary;
        assert_eq!(told(&exchange).level, Level::Alarm);
        assert_eq!(told(&exchange).facts, "request body damaged");
        exchange.request.as_mut().unwrap().body.kept = 3;
        assert_eq!(told(&exchange).level, Level::Notable);
        exchange.request.as_mut().unwrap().body = BodyFacts { seen: 4, kept: 4, ended: false };
        exchange.state = State::InFlight;
        assert_eq!(told(&exchange).facts, "");
    }
}
