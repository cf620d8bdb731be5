//! Which conversation is this, and who tells it.

use crate::model::{Annotated, Decoded, Exchange, Grade, Kind, Leg, Level, Protocol, State};

use super::document::{Document, Subject};
use super::draft::Draft;
use super::{eas, http, syncml};

/// Says what one exchange means. Pure: needs nothing but the exchange and its decoded bodies.
///
/// Both bodies may be missing or partial: an answer still to come is simply not spoken of yet.
/// The work is linear in the number of nodes.
pub fn annotate(
    exchange: &Exchange,
    request: Option<&Decoded>,
    response: Option<&Decoded>,
) -> Annotated {
    let subject = Subject {
        exchange,
        request: request.and_then(Document::of),
        response: response.and_then(Document::of),
    };
    let mut draft = Draft::default();
    if let Some(head) = eas::Head::of(&subject) {
        draft.summary.protocol = Protocol::ActiveSync;
        eas::tell(&subject, &head, &mut draft);
    } else if syncml::recognise(&subject) {
        draft.summary.protocol = Protocol::SyncMl;
        syncml::tell(&subject, &mut draft);
    } else {
        http::tell(&subject, &mut draft);
    }
    damage(exchange, request, Leg::Request, &mut draft);
    damage(exchange, response, Leg::Response, &mut draft);
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
        draft.fact(format!("{} body damaged", leg.name()));
        draft.row("damage", format!("{}: {}", leg.name(), problem.text));
    } else if !decoded.problems.is_empty() {
        draft.raise(Level::Notable);
    }
}

/// How the exchange ended, when it did not end well.
fn end(exchange: &Exchange, draft: &mut Draft) {
    match &exchange.state {
        State::Failed(failure) => {
            draft.raise(Level::Alarm);
            draft.headline(format!("{} failed: {}", failure.side.name(), failure.cause));
            draft.row("failure", format!("{}: {}", failure.side.name(), failure.cause));
            draft.row("advice", failure.advice.clone());
        }
        State::CutOff => {
            draft.raise(Level::Warning);
            draft.fact("cut off in flight");
        }
        State::InFlight | State::Complete => {}
    }
    if exchange.kind != Kind::Http
        && let Some(relayed) = exchange.relayed
    {
        draft.fact(format!("relayed unread: {} bytes up, {} down", relayed.up, relayed.down));
    }
}
