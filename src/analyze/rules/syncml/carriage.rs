//! Rules about how HTTP carries a session (MS-MDM 2.1).

use crate::analyze::ledger::{Turn, generic_alert_types, mode};
use crate::analyze::rules::hit::Hit;
use crate::model::Leg;

use super::engine::TurnRule;

pub(super) const RULES: &[TurnRule] = &[
    ("http-client-request-id", other_request_id),
    ("http-generic-alert-every-msg", alert_header_not_repeated),
    ("http-generic-alert-matches-body", alert_header_alone),
    ("http-generic-alert-missing", alert_header_missing),
    ("http-429-retry-after", impatient),
    ("http-respuri-change", other_address),
    ("http-mode-login-mismatch", mode_and_login),
];

fn header<'t>(turn: &'t Turn<'_, '_>, name: &str) -> Option<&'t str> {
    let request = turn.subject.exchange.request.as_ref().filter(|_| turn.leg == Leg::Request)?;
    request.headers.first(name)
}

fn other_request_id(turn: &Turn<'_, '_>) -> Option<Hit> {
    let (first, mark) = turn.session.facts.request_id.as_ref()?;
    let own = header(turn, "client-request-id")?;
    let words = || format!("{} instead of {first}", crate::analyze::draft::clip(own));
    (!own.trim().eq_ignore_ascii_case(first.trim()))
        .then(|| turn.half().since(mark).saying(words()))
}

fn alert_header_not_repeated(turn: &Turn<'_, '_>) -> Option<Hit> {
    let (value, mark) = turn.session.facts.generic_alert.as_ref()?;
    let missing = turn.leg == Leg::Request && header(turn, "MDM-GenericAlert").is_none();
    missing.then(|| turn.half().since(mark).saying(value.clone()))
}

fn alert_header_alone(turn: &Turn<'_, '_>) -> Option<Hit> {
    let facts = &turn.session.facts;
    let (value, mark) = facts.generic_alert.as_ref().filter(|_| turn.log.closed)?;
    let alone = generic_alert_types(value).into_iter().find(|kind| !facts.loud.contains(kind))?;
    Some(turn.half().since(mark).saying(alone))
}

fn alert_header_missing(turn: &Turn<'_, '_>) -> Option<Hit> {
    let facts = &turn.session.facts;
    let opens = turn.leg == Leg::Request && turn.log.first && !turn.session.view.partial;
    let loud = facts.loud.first().filter(|_| opens && facts.generic_alert.is_none())?;
    Some(turn.half().saying(loud.clone()))
}

fn impatient(turn: &Turn<'_, '_>) -> Option<Hit> {
    let mark = turn.log.impatient.filter(|_| turn.leg == Leg::Request)?;
    Some(turn.half().since(&mark))
}

fn other_address(turn: &Turn<'_, '_>) -> Option<Hit> {
    let (asked, mark) = turn.log.asked_to.as_ref().filter(|_| turn.leg == Leg::Request)?;
    let exchange = turn.subject.exchange;
    let url = exchange.url();
    let path = exchange.request.as_ref()?.path_and_query();
    // A relative address counts too, and Windows adds its mode to the query.
    let same =
        |own: &str| own.trim_end_matches('/').starts_with(asked.trim().trim_end_matches('/'));
    (!same(&url) && !same(path)).then(|| turn.half().since(mark).saying(asked.clone()))
}

fn mode_and_login(turn: &Turn<'_, '_>) -> Option<Hit> {
    if turn.leg == Leg::Response || !mode(turn.subject.exchange).eq_ignore_ascii_case("Maintenance")
    {
        return None;
    }
    let alerts = turn.message.commands.iter().filter(|command| command.verb == "Alert");
    let mut items = alerts.flat_map(|command| turn.message.items(command));
    let item = items.find(|item| {
        item.meta_text("Type").eq_ignore_ascii_case("com.microsoft/MDM/LoginStatus")
            && item.data().is_some_and(|data| item.document.text(data) == "none")
    })?;
    turn.nodes(&[item.node])
}
