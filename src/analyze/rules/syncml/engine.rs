//! Every rule about SyncML with its function, and the turn they take.

use crate::analyze::document::Subject;
use crate::analyze::ledger::{Observed, Turn};
use crate::analyze::rules::catalogue::text_of;
use crate::analyze::rules::engine::{Switches, finding, sort};
use crate::analyze::rules::hit::Hit;
use crate::analyze::syncml::{Command, Item, Message};
use crate::model::{Finding, Leg, NodeId};

use super::elements::{Own, own_elements};
use super::{
    answers, carriage, commands, declared, document, header, http, opening, session, statuses,
    values,
};

/// One exchange.
#[derive(Debug, Clone, Copy)]
pub(super) struct Stage<'s, 'a> {
    pub(super) subject: &'s Subject<'a>,
    pub(super) messages: &'s [Option<Message<'a>>; 2],
}

/// One message of it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Said<'s, 'a> {
    pub(super) subject: &'s Subject<'a>,
    pub(super) leg: Leg,
    pub(super) message: &'s Message<'a>,
    /// Its elements, without what stands in Data.
    pub(super) own: &'s [Own],
}

/// A rule about an exchange, a message, a message in its session.
pub(super) type ExchangeRule = (&'static str, fn(&Stage<'_, '_>) -> Option<Hit>);
pub(super) type MessageRule = (&'static str, fn(&Said<'_, '_>) -> Option<Hit>);
pub(super) type TurnRule = (&'static str, fn(&Turn<'_, '_>) -> Option<Hit>);

const EXCHANGE: [&[ExchangeRule]; 2] = [document::EXCHANGE_RULES, http::RULES];

const MESSAGE: [&[MessageRule]; 6] = [
    document::RULES,
    header::RULES,
    commands::RULES,
    statuses::RULES,
    values::RULES,
    declared::RULES,
];

const TURN: [&[TurnRule]; 5] =
    [answers::RULES, carriage::RULES, opening::RULES, session::RULES, values::TURN_RULES];

/// Ids of every rule that has a function.
#[cfg(test)]
pub(in crate::analyze::rules) fn ids() -> impl Iterator<Item = &'static str> {
    let exchange = EXCHANGE.into_iter().flatten().map(|(id, _)| *id);
    let message = MESSAGE.into_iter().flatten().map(|(id, _)| *id);
    let turn = TURN.into_iter().flatten().map(|(id, _)| *id);
    exchange.chain(message).chain(turn)
}

/// What is found in one exchange without its session, loudest first.
pub(in crate::analyze) fn check_messages(
    subject: &Subject<'_>,
    messages: &[Option<Message<'_>>; 2],
    switches: &Switches,
) -> Vec<Finding> {
    let mut findings = Vec::new();
    let dm = is_dm(subject, messages);
    let stage = Stage { subject, messages };
    for (id, check) in EXCHANGE.into_iter().flatten() {
        if !switches.is_off(id) {
            add(id, dm, check(&stage), &mut findings);
        }
    }
    for (message, leg) in messages.iter().zip([Leg::Request, Leg::Response]) {
        let Some(message) = message else { continue };
        let own = own_elements(&message.document);
        let said = Said { subject, leg, message, own: &own };
        for (id, check) in MESSAGE.into_iter().flatten() {
            if !switches.is_off(id) {
                add(id, dm, check(&said), &mut findings);
            }
        }
    }
    sort(&mut findings);
    findings
}

/// Adds what the session of an exchange tells.
pub(in crate::analyze) fn check_turns<'a>(
    subject: &Subject<'a>,
    seen: &Observed<'_>,
    messages: &[Option<Message<'a>>; 2],
    switches: &Switches,
    findings: &mut Vec<Finding>,
) {
    let dm = is_dm(subject, messages);
    for turn in seen.turns(subject, messages) {
        for (id, check) in TURN.into_iter().flatten() {
            // Of a message sent again only the haste is new.
            if !switches.is_off(id) && (!turn.log.retry || *id == "http-429-retry-after") {
                add(id, dm, check(&turn), findings);
            }
        }
    }
    sort(findings);
}

fn add(id: &str, dm: bool, hit: Option<Hit>, findings: &mut Vec<Finding>) {
    let Some(hit) = hit else { return };
    let text = text_of(id).filter(|text| dm || text.versions != "DM");
    findings.extend(text.map(|text| finding(text, hit)));
}

/// Device management, unless the messages or their media type say that it is data synchronisation.
fn is_dm(subject: &Subject<'_>, messages: &[Option<Message<'_>>; 2]) -> bool {
    let told = messages.iter().flatten().map(|message| message.protocol.as_str());
    let exchange = subject.exchange;
    let request = exchange.request.as_ref().map(|r| r.headers.media_type());
    let response = exchange.response.as_ref().map(|r| r.headers.media_type());
    let mut sync = request.into_iter().chain(response);
    !told.clone().any(|protocol| protocol.starts_with("SyncML/"))
        && (told.clone().any(|protocol| protocol.starts_with("DM/"))
            || !sync.any(|kind| kind.starts_with("application/vnd.syncml+")))
}

impl<'a> Said<'_, 'a> {
    /// The half of the exchange that carries the message.
    pub(super) fn half(&self) -> Hit {
        Hit::half(self.subject.exchange.id, self.leg)
    }

    /// One node of the message.
    pub(super) fn node(&self, id: NodeId) -> Hit {
        self.nodes(&[id]).unwrap_or_else(|| self.half())
    }

    /// Some nodes of the message; `None` when there are none.
    pub(super) fn nodes(&self, ids: &[NodeId]) -> Option<Hit> {
        Hit::of_nodes(self.subject.exchange.id, self.leg, &self.message.document, ids)
    }

    /// A field of the header; the whole when it has none of that name.
    pub(super) fn field(&self, name: &str) -> Hit {
        let header = self.message.header;
        let node = header.and_then(|header| self.message.document.child(header, name));
        node.map_or_else(|| self.half(), |node| self.node(node))
    }

    /// The text of a node; empty when there is none.
    pub(super) fn text(&self, id: Option<NodeId>) -> std::borrow::Cow<'a, str> {
        id.map(|id| self.message.document.text(id)).unwrap_or_default()
    }

    /// The items of the commands that fit.
    pub(super) fn items(
        &self,
        fits: impl Fn(&Command<'_>) -> bool,
    ) -> impl Iterator<Item = &Item<'a>> {
        let commands = self.message.commands.iter().filter(move |command| fits(command));
        commands.flat_map(|command| self.message.items(command))
    }

    /// The first child that stands before one which `order` has earlier; names it has not are passed
    /// over.
    pub(super) fn disordered(&self, around: NodeId, order: &[&str]) -> Option<Hit> {
        let document = &self.message.document;
        let mut last = 0;
        for child in document.children(around) {
            let Some(at) = order.iter().position(|name| *name == document.name(child)) else {
                continue;
            };
            if at < last {
                let words = format!("{} after {}", order[at], order[last]);
                return Some(self.node(child).saying(words));
            }
            last = at;
        }
        None
    }
}

impl Turn<'_, '_> {
    /// The half of the exchange that carries the message.
    pub(super) fn half(&self) -> Hit {
        Hit::half(self.subject.exchange.id, self.leg)
    }

    /// Some nodes of the message; `None` when there are none.
    pub(super) fn nodes(&self, ids: &[NodeId]) -> Option<Hit> {
        Hit::of_nodes(self.subject.exchange.id, self.leg, &self.message.document, ids)
    }

    /// The header; the whole when it has none.
    pub(super) fn header(&self) -> Hit {
        let node = self.message.header.and_then(|node| self.nodes(&[node]));
        node.unwrap_or_else(|| self.half())
    }

    /// A child of the header; the header when it has none of that name.
    pub(super) fn header_child(&self, name: &str) -> Hit {
        let node = self.message.header.and_then(|header| self.message.document.child(header, name));
        node.and_then(|node| self.nodes(&[node])).unwrap_or_else(|| self.header())
    }
}
