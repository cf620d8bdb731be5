//! Rules about documents of declared configuration (`DeclaredConfiguration` CSP).

use crate::analyze::draft::clip;
use crate::analyze::rules::hit::Hit;
use crate::analyze::syncml::{Declared, DeclaredKind, Setting, may_declare, scenario};
use crate::model::Leg;

use super::engine::{MessageRule, Said};

pub(super) const RULES: &[MessageRule] = &[
    ("dc-attribute-missing", attribute_missing),
    ("dc-id-matches-path", other_id),
    ("dc-context-matches-path", other_context),
    ("dc-scenario-known", scenario_unknown),
    ("dc-failed", failed),
];

/// What a document names in its root element.
const ATTRIBUTES: [&str; 5] = ["schema", "context", "id", "checksum", "osdefinedscenario"];

/// A document with the lower-case path of the item that it stands in.
struct Sent<'a> {
    path: String,
    declared: Declared<'a>,
}

/// The first document that the server sets for which `fault` says something.
fn documents(said: &Said<'_, '_>, fault: impl Fn(&Sent<'_>) -> Option<String>) -> Option<Hit> {
    let decoded = said.subject.body(said.leg).filter(|_| said.leg == Leg::Response)?;
    let writes = said.message.commands.iter().filter(|c| matches!(c.verb, "Add" | "Replace"));
    writes.flat_map(|command| said.message.items(command)).find_map(|item| {
        may_declare(item).then_some(())?;
        let path = item.uri().unwrap_or_default().to_lowercase();
        let declared = Declared::inside(decoded, &said.message.document, item.data()?)?;
        let sent = Sent { path, declared };
        let whole = matches!(sent.declared.kind, DeclaredKind::Document | DeclaredKind::Address);
        let words = if whole { fault(&sent) } else { None }?;
        Some(said.node(item.node).saying(words))
    })
}

fn attribute_missing(said: &Said<'_, '_>) -> Option<Hit> {
    documents(said, |sent| {
        let missing = ATTRIBUTES.into_iter().filter(|name| sent.declared.text(name).is_empty());
        let missing: Vec<&str> = missing.collect();
        (!missing.is_empty()).then(|| missing.join(", "))
    })
}

fn other_id(said: &Said<'_, '_>) -> Option<Hit> {
    documents(said, |sent| {
        let (_, rest) = sent.path.split_once("/documents/")?;
        let own = rest.split('/').next().unwrap_or_default();
        let id = sent.declared.text("id");
        let differs = !id.is_empty() && !id.trim_matches(['{', '}']).eq_ignore_ascii_case(own);
        differs.then(|| format!("{} in {own}", clip(id)))
    })
}

fn other_context(said: &Said<'_, '_>) -> Option<Hit> {
    documents(said, |sent| {
        let scope = if sent.path.starts_with("./user/") { "user" } else { "device" };
        let context = sent.declared.text("context");
        let differs = !context.is_empty() && !context.eq_ignore_ascii_case(scope);
        differs.then(|| format!("{} below ./{scope}", clip(context)))
    })
}

fn scenario_unknown(said: &Said<'_, '_>) -> Option<Hit> {
    documents(said, |sent| {
        let name = sent.declared.text("osdefinedscenario");
        (!name.is_empty() && scenario(name).is_none()).then(|| clip(name))
    })
}

/// The device says that a document, or a setting of one, could not be done.
fn failed(said: &Said<'_, '_>) -> Option<Hit> {
    let decoded = said.subject.body(said.leg).filter(|_| said.leg == Leg::Request)?;
    let is_told = |declared: &Declared<'_>| {
        matches!(declared.kind, DeclaredKind::Result | DeclaredKind::States)
    };
    let mut all = Declared::all(decoded, said.message).into_iter().filter(is_told);
    all.find_map(|declared| {
        let bad = declared.settings().find(Setting::is_bad)?;
        let id = said.subject.exchange.id;
        let hit = Hit::of_nodes(id, said.leg, &declared.document, &[bad.node])?;
        let words = [bad.path, bad.status, format!("state {}", bad.state)];
        let words = words.into_iter().filter(|word| !word.is_empty() && word != "state ");
        Some(hit.saying(words.collect::<Vec<_>>().join(" ")))
    })
}
