//! What a rule sees, and what it answers.

use crate::analyze::document::{Document, Subject};
use crate::analyze::draft::clip;
use crate::analyze::eas::{FolderNames, Head, WAP_ROOT};
use crate::analyze::flow::{Ask, Mark, Memory, Provision, Reply, SentKey, fingerprint};
use crate::model::{Evidence, ExchangeId, Format, Leg, NodeId, Span};

/// Pieces of evidence of one finding.
const EVIDENCE: usize = 16;

/// One exchange as a rule sees it.
#[derive(Debug, Clone)]
pub(in crate::analyze) struct Scene<'a> {
    pub(in crate::analyze) subject: &'a Subject<'a>,
    pub(in crate::analyze) head: &'a Head,
    /// What is known of the device before this exchange; `None` for an exchange looked at alone.
    pub(in crate::analyze) memory: Option<&'a Memory>,
    names: FolderNames<'a>,
    pub(in crate::analyze) ask: Ask,
    pub(in crate::analyze) reply: Reply,
    pub(in crate::analyze) key: SentKey,
    /// The request, when it is Provision.
    pub(in crate::analyze) request: Option<Provision<'a>>,
    /// The answer, when it is Provision.
    pub(in crate::analyze) answer: Option<Provision<'a>>,
}

impl<'a> Scene<'a> {
    pub(in crate::analyze) fn new(
        subject: &'a Subject<'a>,
        head: &'a Head,
        memory: Option<&'a Memory>,
    ) -> Self {
        let provision = head.command == "Provision";
        let read = |document: Option<&Document<'a>>| Provision::of(document.filter(|_| provision));
        let request = read(subject.request.as_ref());
        let answer = read(subject.response.as_ref());
        let ask = Ask::of(subject, head, request.as_ref());
        let reply = Reply::of(subject, ask, answer.as_ref());
        let key = SentKey::of(head);
        let names = FolderNames::default();
        Self { subject, head, memory, names, ask, reply, key, request, answer }
    }

    /// The same, with what is known of the device and its folders.
    pub(in crate::analyze) fn knowing<'b>(
        &'b self,
        memory: &'b Memory,
        names: FolderNames<'b>,
    ) -> Scene<'b> {
        Scene {
            memory: Some(memory),
            names,
            subject: self.subject,
            head: self.head,
            ask: self.ask,
            reply: self.reply,
            key: self.key.clone(),
            request: self.request.clone(),
            answer: self.answer.clone(),
        }
    }

    /// The Status directly below the root of the answer; empty when there is none.
    pub(in crate::analyze) fn root_status(&self) -> String {
        let document = self.subject.response.as_ref();
        let text = document.and_then(|document| document.child_text(document.root(), "Status"));
        text.map(std::borrow::Cow::into_owned).unwrap_or_default()
    }

    /// True for an answer with HTTP 200.
    pub(in crate::analyze) fn served(&self) -> bool {
        self.subject.http_status() == Some(200)
    }

    /// The first header of one leg with this name.
    pub(in crate::analyze) fn header(&self, leg: Leg, name: &str) -> Option<&'a str> {
        let exchange = self.subject.exchange;
        match leg {
            Leg::Request => exchange.request.as_ref()?.headers.first(name),
            Leg::Response => exchange.response.as_ref()?.headers.first(name),
        }
    }

    /// The media type of one leg; empty when it names none.
    pub(super) fn media_type(&self, leg: Leg) -> Option<String> {
        let exchange = self.subject.exchange;
        match leg {
            Leg::Request => exchange.request.as_ref().map(|r| r.headers.media_type()),
            Leg::Response => exchange.response.as_ref().map(|r| r.headers.media_type()),
        }
    }

    /// Collection and key of each collection that a Sync asks about.
    pub(in crate::analyze) fn sync_keys(&self) -> Vec<(String, String)> {
        let Some(document) = self.subject.request.filter(|_| self.head.command == "Sync") else {
            return Vec::new();
        };
        let list = document.child(document.root(), "Collections");
        let all = list.into_iter().flat_map(|list| document.named(list, "Collection"));
        let text =
            |id, name: &str| document.child_text(id, name).map(|t| clip(&t)).unwrap_or_default();
        all.map(|id| (text(id, "CollectionId"), text(id, "SyncKey"))).collect()
    }

    /// The type of a folder, when an exchange before told it.
    pub(super) fn folder_kind(&self, id: &str) -> Option<&'a str> {
        self.names.kind(id)
    }

    /// `DeviceInformation` in the request, of Provision or Settings.
    pub(in crate::analyze) fn device_information(&self) -> Option<NodeId> {
        let document = self.subject.request.as_ref()?;
        document.child(document.root(), "DeviceInformation")
    }

    /// The policy of version 2.5 inside the answer's Data.
    pub(in crate::analyze) fn wap_policy(&self) -> Option<Document<'a>> {
        self.subject.inside(Leg::Response, WAP_ROOT)
    }

    /// A number for the request's body.
    pub(in crate::analyze) fn fingerprint(&self) -> u64 {
        let body = self.subject.body(Leg::Request).and_then(|decoded| decoded.layers.first());
        fingerprint(body.map(|layer| &*layer.bytes).unwrap_or_default())
    }

    /// What a body is; `None` when there is none.
    pub(super) fn format(&self, leg: Leg) -> Option<&Format> {
        let decoded = self.subject.body(leg)?;
        decoded.layer(decoded.main()).map(|layer| &layer.format)
    }

    /// Microseconds from `mark` to this exchange; `None` when it began before.
    pub(super) fn since(&self, mark: &Mark) -> Option<i64> {
        mark.until(self.subject.exchange)
    }

    /// True when this is a command that has to carry a key, Provision aside.
    pub(super) fn is_command(&self) -> bool {
        self.ask == Ask::Command
    }
}

/// What a rule found.
#[derive(Debug, Clone, Default)]
pub(super) struct Hit {
    pub(super) evidence: Vec<Evidence>,
    /// Added to the sentence, after a colon.
    pub(super) detail: String,
    /// Why this one is only worth knowing.
    pub(super) lowered: Option<&'static str>,
}

impl Hit {
    /// One half of the exchange as a whole.
    pub(super) fn leg(scene: &Scene<'_>, leg: Leg) -> Self {
        Self::half(scene.subject.exchange.id, leg)
    }

    /// One half of this exchange as a whole.
    pub(super) fn half(exchange: ExchangeId, leg: Leg) -> Self {
        let evidence = Evidence { exchange, leg, layer: 0, span: Span::default() };
        Self { evidence: vec![evidence], ..Self::default() }
    }

    /// One node.
    pub(super) fn node(scene: &Scene<'_>, leg: Leg, document: &Document<'_>, id: NodeId) -> Self {
        Self::nodes(scene, leg, document, &[id]).unwrap_or_else(|| Self::leg(scene, leg))
    }

    /// Some nodes; `None` when there are none.
    pub(super) fn nodes(
        scene: &Scene<'_>,
        leg: Leg,
        document: &Document<'_>,
        ids: &[NodeId],
    ) -> Option<Self> {
        Self::of_nodes(scene.subject.exchange.id, leg, document, ids)
    }

    /// Some nodes of this exchange; `None` when there are none.
    pub(super) fn of_nodes(
        exchange: ExchangeId,
        leg: Leg,
        document: &Document<'_>,
        ids: &[NodeId],
    ) -> Option<Self> {
        let place = |id: &NodeId| {
            let span = document.tree.get(*id)?.span;
            Some(Evidence { exchange, leg, layer: document.layer.0, span })
        };
        let evidence: Vec<_> = ids.iter().take(EVIDENCE).filter_map(place).collect();
        (!evidence.is_empty()).then(|| Self { evidence, ..Self::default() })
    }

    /// Adds where it began.
    pub(super) fn since(mut self, mark: &Mark) -> Self {
        self.evidence.push(mark.evidence());
        self
    }

    /// Adds what exactly.
    pub(super) fn saying(mut self, detail: impl Into<String>) -> Self {
        self.detail = detail.into();
        self
    }

    /// Makes it worth knowing only, when `so`.
    pub(super) fn only_info(mut self, so: bool, why: &'static str) -> Self {
        if so {
            self.lowered = Some(why);
        }
        self
    }
}
