//! Declared configuration: documents that set a whole scenario at once, and what became of them.
//!
//! A document stands in the `Data` of `…/DeclaredConfiguration/Host/…/Documents/{id}/Document`, escaped
//! or as it is; its result in that of `…/Results/{id}/Document`; a list of all states in a generic alert
//! (`DeclaredConfiguration` CSP).

use std::sync::LazyLock;

use crate::analyze::csp::{self, Found};
use crate::analyze::document::Document;
use crate::analyze::draft::{Draft, clip, counted, joined, kept, labelled};
use crate::analyze::hresult;
use crate::analyze::table::rows;
use crate::model::{Decoded, LedgerItem, Leg, Level, NodeId};

use super::item::Item;
use super::message::Message;
use super::status;

const STATES: &str = include_str!("../tables/declared_states.tsv");
const SCENARIOS: &str = include_str!("../tables/declared_scenarios.tsv");

/// Documents of one message that are told.
const DOCUMENTS: usize = 32;

/// Settings of one document that are told.
pub(in crate::analyze) const SETTINGS: usize = 256;

/// A number that says how far a document or setting is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::analyze) struct State {
    number: &'static str,
    is_bad: bool,
    meaning: &'static str,
}

static STATE_ROWS: LazyLock<Vec<State>> = LazyLock::new(|| {
    rows::<5>(STATES)
        .map(|[number, _, end, meaning, _]| State { number, is_bad: end == "bad", meaning })
        .collect()
});

static SCENARIO_ROWS: LazyLock<Vec<(&'static str, &'static str)>> =
    LazyLock::new(|| rows::<3>(SCENARIOS).map(|[name, about, _]| (name, about)).collect());

/// What a scenario is about, empty where that is not told; `None` for one in no table.
pub(in crate::analyze) fn scenario(name: &str) -> Option<&'static str> {
    SCENARIO_ROWS.iter().find(|(own, _)| own.eq_ignore_ascii_case(name)).map(|(_, about)| *about)
}

fn state(number: &str) -> Option<&'static State> {
    STATE_ROWS.iter().find(|row| row.number == number.trim())
}

/// What an element of declared configuration is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::analyze) enum DeclaredKind {
    /// A document with settings.
    Document,
    /// An address where the device fetches the document.
    Address,
    /// What became of a document.
    Result,
    /// The states of all documents.
    States,
}

/// A document of declared configuration.
#[derive(Debug, Clone, Copy)]
pub(in crate::analyze) struct Declared<'a> {
    pub(in crate::analyze) document: Document<'a>,
    /// Its root, which may stand inside a message.
    pub(in crate::analyze) node: NodeId,
    pub(in crate::analyze) kind: DeclaredKind,
}

/// One setting of a document, or one document of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::analyze) struct Setting {
    pub(in crate::analyze) node: NodeId,
    /// Its management path, or the name of what it is about.
    pub(in crate::analyze) path: String,
    /// At most 160 characters; `None` when there is none.
    pub(in crate::analyze) value: Option<String>,
    /// Its own status; empty when absent.
    pub(in crate::analyze) status: String,
    /// Its own state; empty when absent.
    pub(in crate::analyze) state: String,
}

impl<'a> Declared<'a> {
    /// An element, if it is the root of such a document.
    fn at(document: Document<'a>, node: NodeId) -> Option<Self> {
        let kind = match document.name(node) {
            "DeclaredConfiguration" => DeclaredKind::Document,
            "DeclaredConfigurationUrl" => DeclaredKind::Address,
            "DeclaredConfigurationResult" => DeclaredKind::Result,
            "DeclaredConfigurations" | "DeclaredConfigurationDocuments" => DeclaredKind::States,
            _ => return None,
        };
        Some(Self { document, node, kind })
    }

    /// What stands in the `Data` of an item: inside the message, or as text that was opened.
    pub(in crate::analyze) fn inside(
        decoded: &'a Decoded,
        message: &Document<'a>,
        data: NodeId,
    ) -> Option<Self> {
        let own = message.children(data).find_map(|id| Self::at(*message, id));
        own.or_else(|| {
            let mut all = Document::all(decoded);
            all.find_map(|document| {
                let origin = decoded.layer(document.layer)?.origin?;
                let holds = origin.layer == message.layer
                    && origin.node.and_then(|node| message.parent(node)) == Some(data);
                if holds { Self::at(document, document.root()) } else { None }
            })
        })
    }

    /// Every one in the items of a message.
    pub(in crate::analyze) fn all(decoded: &'a Decoded, message: &Message<'a>) -> Vec<Self> {
        let items = message.commands.iter().flat_map(|command| message.items(command));
        let found = items.filter(|item| may_declare(item));
        let found = found.filter_map(|item| Self::inside(decoded, &item.document, item.data()?));
        found.take(DOCUMENTS).collect()
    }

    /// An attribute of the root, without blanks around it; empty when absent.
    pub(in crate::analyze) fn text(&self, name: &str) -> &'a str {
        self.document.attribute(self.node, name).unwrap_or_default().trim()
    }

    /// `MSFTVPN for the user (VPN profiles), version A0, 10 settings, state 60: configured`.
    pub(in crate::analyze) fn words(&self) -> String {
        let name = self.text("osdefinedscenario");
        let about = scenario(name).filter(|about| !about.is_empty());
        let whose = match self.text("context").to_ascii_lowercase().as_str() {
            "" => String::new(),
            whose => format!("for the {}", clip(whose)),
        };
        let settings: Vec<Setting> = self.settings().collect();
        let bad = settings.iter().filter(|setting| setting.is_bad()).count();
        let (one, many) = match self.kind {
            DeclaredKind::States => ("document", "documents"),
            _ => ("setting", "settings"),
        };
        let name = [clip(name), about.map(|about| format!("({about})")).unwrap_or_default(), whose];
        joined(
            [
                joined(name, " "),
                labelled("version", &clip(self.text("checksum"))),
                counted(settings.len(), one, many),
                if bad > 0 { format!("{bad} failed") } else { String::new() },
                state_words(self.text("state")),
                labelled("to be fetched from", &clip(self.text("url"))),
            ],
            ", ",
        )
    }

    /// Its settings; of a list its documents. At most 256.
    pub(in crate::analyze) fn settings(&self) -> impl Iterator<Item = Setting> + use<'a> {
        let own = *self;
        let groups = own.document.children(own.node);
        let settings = groups.flat_map(move |id| match own.document.name(id) {
            "CSP" => own.nodes(id),
            "DSC" => own.resource(id),
            "DeclaredConfiguration" | "DeclaredConfigurationResult" => {
                vec![own.setting(id, own.attribute(id, "id"))]
            }
            _ => Vec::new(),
        });
        settings.take(SETTINGS)
    }

    fn attribute(&self, id: NodeId, name: &str) -> String {
        clip(self.document.attribute(id, name).unwrap_or_default().trim())
    }

    /// `URI` elements below a `CSP`: nodes of the management tree.
    fn nodes(&self, csp: NodeId) -> Vec<Setting> {
        let base = self.attribute(csp, "name");
        let user = self.text("context").eq_ignore_ascii_case("user");
        let base = match base.strip_prefix("./Vendor/") {
            Some(rest) if user => format!("./User/Vendor/{rest}"),
            _ => base,
        };
        let base = base.trim_end_matches('/').to_owned();
        let all = self.document.named(csp, "URI").take(SETTINGS);
        all.map(|id| {
            let path = self.attribute(id, "path");
            self.setting(id, clip(&format!("{base}/{}", path.trim_start_matches('/'))))
        })
        .collect()
    }

    /// `Key` and `Value` elements of a `DSC`: properties of a resource.
    fn resource(&self, resource: NodeId) -> Vec<Setting> {
        let class = self.attribute(resource, "className");
        let whole = Setting { value: None, ..self.setting(resource, class.clone()) };
        let parts = self.document.children(resource).take(SETTINGS);
        let parts = parts.filter(|id| matches!(self.document.name(*id), "Key" | "Value"));
        let parts =
            parts.map(|id| self.setting(id, format!("{class}/{}", self.attribute(id, "name"))));
        let told = !whole.state.is_empty() || !whole.status.is_empty();
        told.then_some(whole).into_iter().chain(parts).collect()
    }

    fn setting(&self, node: NodeId, path: String) -> Setting {
        let text = self.document.text(node);
        let (status, state) = (self.attribute(node, "status"), self.attribute(node, "state"));
        let value = (!text.is_empty()).then(|| clip(&text));
        Setting { node, path, value, status, state }
    }
}

impl Setting {
    /// True when it could not be done.
    pub(in crate::analyze) fn is_bad(&self) -> bool {
        let refused = !self.status.is_empty()
            && !self.status.starts_with('2')
            && hresult::parse(&self.status) != Some(0);
        refused || state(&self.state).is_some_and(|state| state.is_bad)
    }

    /// What its value means for its node, what its status and state say.
    fn meaning(&self) -> String {
        let node = csp::find(&self.path).filter(|_| self.path.starts_with("./"));
        let value = match (node, &self.value) {
            (Some(Found::Node(node)), Some(value)) => node.value(value).map(|(_, text)| text),
            _ => None,
        };
        let status = status::named(&self.status).map(|row| row.name.to_owned());
        let error = hresult::parse(&self.status).filter(|_| status.is_none());
        let error = error.and_then(hresult::meaning).map(|(text, _)| text);
        let words = status.or(error).unwrap_or_default();
        let status = joined([self.status.clone(), words], " ");
        joined([value.unwrap_or_default(), status, state_words(&self.state)], ", ")
    }

    /// As the ledger and the configuration of a device hold it.
    pub(in crate::analyze) fn item(&self) -> LedgerItem {
        LedgerItem {
            uri: self.path.clone(),
            value: self.value.clone(),
            meaning: self.meaning(),
            code: kept(&self.status),
            ..LedgerItem::default()
        }
    }
}

/// True when a document may stand in an item: by its address, or by the type of an alert.
pub(in crate::analyze) fn may_declare(item: &Item<'_>) -> bool {
    let name = "DeclaredConfiguration";
    let mut first = item.uri().unwrap_or_default().split('/').take(PREFIX);
    first.any(|part| part.trim().eq_ignore_ascii_case(name))
        || item.verb == "Alert" && item.meta_text("Type").to_ascii_lowercase().contains(ALERT)
}

/// Segments of an address before and with the name of the provider.
const PREFIX: usize = 6;

/// The type of the alert with the states of documents, as far as it is always the same.
const ALERT: &str = "mdm.declaredconfiguration";

/// `state 60: configured`; nothing for none.
fn state_words(number: &str) -> String {
    match (number, state(number)) {
        ("", _) => String::new(),
        (_, Some(row)) => format!("state {}: {}", row.number, row.meaning),
        (number, None) => format!("state {}: in no table", clip(number)),
    }
}

/// Says what the documents of one body set, and what became of them.
pub(super) fn annotate(leg: Leg, decoded: &Decoded, message: &Message<'_>, draft: &mut Draft) {
    for declared in Declared::all(decoded, message) {
        let words = declared.words();
        let bad = state(declared.text("state")).is_some_and(|state| state.is_bad);
        let level = if bad { Level::Warning } else { Level::Info };
        let what = match declared.kind {
            DeclaredKind::Document => "declared configuration",
            DeclaredKind::Address => "declared configuration, to be fetched",
            DeclaredKind::Result => "result of declared configuration",
            DeclaredKind::States => "states of declared configuration",
        };
        draft.row("declares", format!("{what}: {words}"));
        draft.fact(format!("{what} {words}"));
        draft.note(leg, &declared.document, declared.node, level, format!("{what}: {words}"));
        for setting in declared.settings() {
            let level = if setting.is_bad() { Level::Warning } else { Level::Info };
            let node = csp::find(&setting.path).filter(|_| setting.path.starts_with("./"));
            let about = match node {
                Some(Found::Node(node)) => node.sentence().to_owned(),
                _ => String::new(),
            };
            let text = joined([about, setting.meaning()], "; ");
            if !text.is_empty() {
                draft.note(leg, &declared.document, setting.node, level, text);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analyze::document::sketch;
    use crate::analyze::table::check;

    fn first(text: &str, look: impl Fn(&Declared<'_>)) {
        let decoded = sketch::decoded(text);
        let document = Document::of(&decoded).unwrap();
        look(&Declared::at(document, document.root()).unwrap());
    }

    #[test]
    fn the_tables_parse() {
        assert_eq!(check(STATES, "state name end meaning source", 1), 19);
        assert_eq!(check(SCENARIOS, "scenario about source", 1), 27);
    }

    #[test]
    fn a_document_tells_its_settings_by_their_nodes() {
        let text = "<DeclaredConfiguration context=\"user\" id=\"A\" osdefinedscenario=\"MSFTVPN\" checksum=\"A3\"><CSP name=\"./Vendor/MSFT/VPNv2\"><URI path=\"x/AlwaysOn\">true</URI></CSP></DeclaredConfiguration>";
        first(text, |declared| {
            assert_eq!(
                declared.words(),
                "MSFTVPN (VPN profiles) for the user, version A3, 1 setting"
            );
            let setting = declared.settings().next().unwrap();
            assert_eq!(setting.path, "./User/Vendor/MSFT/VPNv2/x/AlwaysOn");
            assert_eq!(setting.value.as_deref(), Some("true"));
            assert!(!setting.is_bad());
        });
    }

    #[test]
    fn a_result_tells_what_failed() {
        let text = "<DeclaredConfigurationResult osdefinedscenario=\"MSFTVPN\" state=\"61\"><CSP name=\"./Vendor/MSFT/VPNv2\"><URI path=\"x/AlwaysOn\" status=\"0x86000031\" state=\"61\"/></CSP></DeclaredConfigurationResult>";
        first(text, |declared| {
            assert!(
                declared.words().ends_with("1 failed, state 61: could not be configured"),
                "{}",
                declared.words()
            );
            assert!(declared.settings().all(|setting| setting.is_bad()));
        });
    }

    #[test]
    fn a_list_tells_each_document() {
        let text = "<DeclaredConfigurations schema=\"1.0\"><DeclaredConfiguration id=\"A\" state=\"60\"/><DeclaredConfiguration id=\"B\" state=\"3\"/></DeclaredConfigurations>";
        first(text, |declared| {
            assert_eq!(declared.words(), "2 documents");
            let items: Vec<LedgerItem> = declared.settings().map(|s| s.item()).collect();
            assert_eq!(items[0].meaning, "state 60: configured");
            assert_eq!(items[1].uri, "B");
        });
    }
}
