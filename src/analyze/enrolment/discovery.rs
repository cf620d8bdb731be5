//! Discovery: who the server is, how a user proves himself, and where the services are
//! (MS-MDE2 3.1).

use crate::analyze::draft::{Draft, clip, joined, labelled};
use crate::model::{Leg, Level, NodeId};

use super::envelope::Envelope;
use super::table;

/// The path of the service (MS-MDE2 1.3).
const PATH: &str = "/EnrollmentServer/Discovery.svc";

/// True for the path of the service, in any case.
pub(in crate::analyze) fn is_path(path: &str) -> bool {
    path.eq_ignore_ascii_case(PATH)
}

/// `OnPremise` and so on, in words.
fn policy_words(policy: &str) -> Option<&'static str> {
    Some(match policy {
        "OnPremise" => "user name and password in each request",
        "Federated" => "the user signs in on a web page, which gives a token",
        "Certificate" => "a certificate from a provisioning package",
        _ => return None,
    })
}

/// Says who asks, and what it can do.
pub(super) fn tell_request(envelope: &Envelope<'_>, draft: &mut Draft) {
    let value = |name| clip(&envelope.value(name));
    let edition = value("OSEdition");
    let edition_words = table::edition(&edition).unwrap_or_default();
    draft.summary.user = value("EmailAddress");
    draft.summary.version = value("RequestVersion");
    let offered: Vec<String> =
        envelope.all("AuthPolicy").map(|id| clip(&envelope.text(id))).collect();
    let edition = joined(
        [
            edition_words.to_owned(),
            if edition.is_empty() { edition } else { format!("({edition})") },
        ],
        " ",
    );
    let build = value("ApplicationVersion");
    let client = joined([value("DeviceType"), build, edition], ", ");
    draft.row("client", client.clone());
    draft.row("can authenticate", offered.join(", "));
    draft.fact(joined([client, labelled("offers", &offered.join(" "))], ", "));
    tell_fields(Leg::Request, envelope, "Discover", draft);
}

/// Says what the server wants, and where to go on.
pub(super) fn tell_response(envelope: &Envelope<'_>, draft: &mut Draft) {
    let value = |name| clip(&envelope.value(name));
    let (policy, version) = (value("AuthPolicy"), value("EnrollmentVersion"));
    let words = policy_words(&policy);
    draft.fact(joined([labelled("server wants", &policy), labelled("version", &version)], ", "));
    draft.row("server wants", joined([policy, words.unwrap_or_default().to_owned()], ": "));
    draft.row("enrolment version", version);
    draft.row("policy service", value("EnrollmentPolicyServiceUrl"));
    draft.row("enrolment service", value("EnrollmentServiceUrl"));
    draft.row("sign-in page", value("AuthenticationServiceUrl"));
    if let Some(node) = envelope.find("AuthPolicy") {
        let text = words.unwrap_or("not a way to authenticate of MS-MDE2");
        let level = if words.is_some() { Level::Info } else { Level::Warning };
        draft.note(Leg::Response, &envelope.document, node, level, text);
    }
    tell_fields(Leg::Response, envelope, "DiscoverResult", draft);
}

/// Notes the known fields below the element called `around`.
fn tell_fields(leg: Leg, envelope: &Envelope<'_>, around: &str, draft: &mut Draft) {
    let holder = match leg {
        Leg::Request => envelope.find("request"),
        Leg::Response => envelope.find(around),
    };
    let Some(holder) = holder else { return };
    for id in envelope.document.children(holder) {
        let name = envelope.document.name(id);
        let Some(entry) = table::field(&format!("{around}/{name}")) else { continue };
        if name != "AuthPolicy" {
            let text = field_words(envelope, id, name, entry.meaning);
            draft.note(leg, &envelope.document, id, Level::Info, text);
        }
    }
}

fn field_words(envelope: &Envelope<'_>, id: NodeId, name: &str, meaning: &str) -> String {
    match (name, table::edition(&envelope.text(id))) {
        ("OSEdition", Some(edition)) => format!("{meaning}: {edition}"),
        _ => meaning.to_owned(),
    }
}
