//! SOAP envelopes of enrolment, read by local names without case: servers write faults in lower case,
//! and both SOAP namespaces occur.

use std::borrow::Cow;

use crate::analyze::document::{Document, Subject};
use crate::model::NodeId;

use super::table;

/// What an envelope carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::analyze) enum Message {
    /// Who is the server? (MS-MDE2 3.1.4.1.1.1)
    Discover,
    /// Where the services are (MS-MDE2 3.1.4.1.1.2).
    DiscoverResponse,
    /// What is a certificate to be like? (MS-XCEP 3.1.4.1.1.1)
    GetPolicies,
    /// The certificate policy (MS-XCEP 3.1.4.1.1.2).
    GetPoliciesResponse,
    /// A certificate request (MS-WSTEP 3.1.4.1.1.1).
    Request,
    /// A certificate and what comes with it (MS-WSTEP 3.1.4.1.1.2).
    RequestResponse,
    /// A refusal (MS-MDE2 2.2.10).
    Fault,
}

impl Message {
    fn named(name: &str) -> Option<Self> {
        let known = [
            ("Discover", Self::Discover),
            ("DiscoverResponse", Self::DiscoverResponse),
            ("GetPolicies", Self::GetPolicies),
            ("GetPoliciesResponse", Self::GetPoliciesResponse),
            ("RequestSecurityToken", Self::Request),
            ("RequestSecurityTokenResponseCollection", Self::RequestResponse),
            ("RequestSecurityTokenResponse", Self::RequestResponse),
            ("Fault", Self::Fault),
        ];
        let found = known.into_iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
        found.map(|(_, message)| message)
    }

    /// As the specification calls it.
    pub(in crate::analyze) const fn name(self) -> &'static str {
        match self {
            Self::Discover => "Discover",
            Self::DiscoverResponse => "DiscoverResponse",
            Self::GetPolicies => "GetPolicies",
            Self::GetPoliciesResponse => "GetPoliciesResponse",
            Self::Request => "RequestSecurityToken",
            Self::RequestResponse => "RequestSecurityTokenResponse",
            Self::Fault => "Fault",
        }
    }
}

/// An envelope with a message of enrolment in it.
#[derive(Debug, Clone, Copy)]
pub(in crate::analyze) struct Envelope<'a> {
    pub(in crate::analyze) document: Document<'a>,
    pub(in crate::analyze) message: Message,
    /// The element in the body.
    pub(in crate::analyze) payload: NodeId,
    header: Option<NodeId>,
}

impl<'a> Envelope<'a> {
    /// Reads an envelope; `None` when its body holds none of the messages.
    pub(in crate::analyze) fn of(document: Document<'a>) -> Option<Self> {
        let root = document.root();
        if !document.root_name().eq_ignore_ascii_case("Envelope") {
            return None;
        }
        let body = child(&document, root, "Body")?;
        let payload = document.children(body).next()?;
        let message = Message::named(document.name(payload))?;
        Some(Self { document, message, payload, header: child(&document, root, "Header") })
    }

    /// The envelopes of an exchange, request first.
    pub(in crate::analyze) fn both(subject: &Subject<'a>) -> [Option<Self>; 2] {
        [subject.request.and_then(Self::of), subject.response.and_then(Self::of)]
    }

    /// True when it is enrolment beyond doubt: others use the same services for other certificates.
    pub(super) fn is_certain(&self) -> bool {
        let space = self.document.tree.element(self.payload).map(|e| e.namespace.as_str());
        let space = space.unwrap_or_default().trim_end_matches('/');
        match self.message {
            Message::Discover | Message::DiscoverResponse => space.eq_ignore_ascii_case(
                "http://schemas.microsoft.com/windows/management/2012/01/enrollment",
            ),
            Message::GetPolicies | Message::GetPoliciesResponse => space.eq_ignore_ascii_case(
                "http://schemas.microsoft.com/windows/pki/2009/01/enrollmentpolicy",
            ),
            Message::Request | Message::RequestResponse => {
                self.find("TokenType")
                    .is_some_and(|id| self.text(id).ends_with("DeviceEnrollmentToken"))
                    || self.action().is_some_and(|(_, uri)| table::action(&uri).is_some())
            }
            Message::Fault => {
                self.find("DeviceEnrollmentServiceError").is_some()
                    || self.action().is_some_and(|(_, uri)| table::action(&uri).is_some())
            }
        }
    }

    /// The `wsa:Action`.
    pub(in crate::analyze) fn action(&self) -> Option<(NodeId, Cow<'a, str>)> {
        self.in_header("Action")
    }

    /// A child of the header with its text.
    pub(in crate::analyze) fn in_header(&self, name: &str) -> Option<(NodeId, Cow<'a, str>)> {
        let id = child(&self.document, self.header?, name)?;
        Some((id, self.text(id)))
    }

    /// `wsse:Security`.
    pub(in crate::analyze) fn security(&self) -> Option<NodeId> {
        child(&self.document, self.header?, "Security")
    }

    /// A child of `id`.
    pub(in crate::analyze) fn child(&self, id: NodeId, name: &str) -> Option<NodeId> {
        child(&self.document, id, name)
    }

    /// Follows child names from the payload.
    pub(in crate::analyze) fn descend(&self, path: &[&str]) -> Option<NodeId> {
        path.iter().try_fold(self.payload, |at, name| self.child(at, name))
    }

    /// The first element with this name inside the payload.
    pub(in crate::analyze) fn find(&self, name: &str) -> Option<NodeId> {
        self.all(name).next()
    }

    /// Every element with this name inside the payload.
    pub(in crate::analyze) fn all<'s>(
        &'s self,
        name: &'s str,
    ) -> impl Iterator<Item = NodeId> + 's {
        let end = self.document.tree.get(self.payload).map_or(self.payload, |node| node.end);
        let inside = self.document.elements().skip_while(move |id| *id <= self.payload);
        inside
            .take_while(move |id| *id < end)
            .filter(move |id| self.document.name(*id).eq_ignore_ascii_case(name))
    }

    /// The text of an element.
    pub(in crate::analyze) fn text(&self, id: NodeId) -> Cow<'a, str> {
        self.document.text(id)
    }

    /// The text of the first element with this name; empty when there is none, or when it is nil.
    pub(in crate::analyze) fn value(&self, name: &str) -> Cow<'a, str> {
        self.find(name).map(|id| self.text(id)).unwrap_or_default()
    }
}

/// A child element with this local name, without case.
fn child(document: &Document<'_>, id: NodeId, name: &str) -> Option<NodeId> {
    document.children(id).find(|child| document.name(*child).eq_ignore_ascii_case(name))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analyze::document::sketch;

    #[test]
    fn names_are_read_without_case() {
        let decoded = sketch::decoded(
            "<envelope><header><action>http://schemas.microsoft.com/windows/pki/2009/01/enrollment/rstrc/wstep</action></header><body><fault><code/></fault></body></envelope>",
        );
        let envelope = Envelope::of(Document::of(&decoded).unwrap()).unwrap();
        assert_eq!(envelope.message, Message::Fault);
        assert!(envelope.is_certain() && envelope.find("Code").is_some());
    }

    #[test]
    fn other_services_are_not_ours() {
        for text in [
            "<Envelope><Body><RequestSecurityToken><TokenType>urn:saml</TokenType></RequestSecurityToken></Body></Envelope>",
            "<Envelope><Body><Fault><Code/></Fault></Body></Envelope>",
        ] {
            let decoded = sketch::decoded(text);
            let envelope = Envelope::of(Document::of(&decoded).unwrap()).unwrap();
            assert!(!envelope.is_certain(), "{text}");
        }
        let decoded = sketch::decoded("<Envelope><Body><Other/></Body></Envelope>");
        assert!(Envelope::of(Document::of(&decoded).unwrap()).is_none());
    }
}
