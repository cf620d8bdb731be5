//! Large objects: items whose data comes in parts over several messages (OMA DM Protocol 1.2.1, 7).

use crate::analyze::draft::clip;
use crate::analyze::flow::Mark;
use crate::analyze::syncml::{Command, Item, Message};
use crate::model::{Leg, NodeId};

use super::pairing::normal;
use super::session::{Session, opposite};
use super::turn::Log;

/// An object of which more is to come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::analyze) struct Object {
    /// What it is about, as compared.
    uri: String,
    /// Its size as announced with the first part, in bytes.
    pub(in crate::analyze) size: Option<u64>,
    /// Bytes that came so far.
    pub(in crate::analyze) got: u64,
    /// Line ends among them: XML reads two bytes as one (XML 1.0, 2.11).
    line_ends: u64,
    /// Where it began.
    pub(in crate::analyze) mark: Mark,
}

impl Object {
    /// True when `item` of a command is about the same.
    pub(super) fn is_of(&self, verb: &str, item: &Item<'_>) -> bool {
        self.uri == subject_of(verb, item)
    }
}

/// What an item is about, as compared.
fn subject_of(verb: &str, item: &Item<'_>) -> String {
    clip(&format!("{verb} {}", normal(item.uri().unwrap_or_default())))
}

/// What was noticed of large objects in one message.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(in crate::analyze) struct ObjectLog {
    /// A first part without `Size`.
    pub(in crate::analyze) without_size: Option<NodeId>,
    /// A later part with `Size`.
    pub(in crate::analyze) size_again: Option<NodeId>,
    /// Items that go on with an object: what was said with its first part holds for them.
    pub(in crate::analyze) later_parts: Vec<NodeId>,
    /// The whole has another size than announced: announced, came.
    pub(in crate::analyze) other_size: Option<(NodeId, u64, u64)>,
    /// Something else came between two parts.
    pub(in crate::analyze) interrupted: Option<NodeId>,
    /// The object exceeds what the other side takes: the limit, and what came.
    pub(in crate::analyze) too_large: Option<(NodeId, u64, u64)>,
    /// The other side's part is not acknowledged with 213.
    pub(in crate::analyze) not_acknowledged: Option<Mark>,
    /// Nothing asks the other side for the next part.
    pub(in crate::analyze) not_asked: Option<Mark>,
    /// The package ends while an object of this side is unfinished.
    pub(in crate::analyze) final_too_early: bool,
    /// The session ends while an object is unfinished.
    pub(in crate::analyze) never_finished: Option<Mark>,
}

/// Takes in the parts of `message`.
pub(super) fn follow(
    session: &mut Session,
    leg: Leg,
    message: &Message<'_>,
    mark: Mark,
    log: &mut Log,
) {
    acknowledge(session, leg, message, log);
    for command in &message.commands {
        if matches!(command.verb, "Status" | "Alert" | "Atomic" | "Sequence" | "Sync") {
            continue;
        }
        for item in message.items(command) {
            part(session, leg, command, item, mark, log);
        }
    }
    log.objects.final_too_early = message.ends_package && session.side(leg).object.is_some();
}

/// A part of the other side wants 213 and a way on.
fn acknowledge(session: &Session, leg: Leg, message: &Message<'_>, log: &mut Log) {
    let Some(object) = &session.side(opposite(leg)).object else { return };
    let refused = log.codes.iter().any(|(_, _, code)| *code >= 400);
    let stopped = message.alerts().any(|code| matches!(code, "1223" | "1225"));
    if refused || stopped {
        return;
    }
    if !log.codes.iter().any(|(_, _, code)| *code == 213) {
        log.objects.not_acknowledged = Some(object.mark);
    }
    let asks = message.commands.iter().any(|command| command.verb != "Status");
    if !asks {
        log.objects.not_asked = Some(object.mark);
    }
}

fn part(
    session: &mut Session,
    leg: Leg,
    command: &Command<'_>,
    item: &Item<'_>,
    mark: Mark,
    log: &mut Log,
) {
    let limit = session.side(opposite(leg)).max_object;
    // Nearly all items are whole, and nobody limits them.
    let more = item.more().is_some();
    if !more && limit.is_none() && session.side(leg).object.is_none() {
        return;
    }
    let size = item.data().map_or(0, |data| item.document.size(data));
    let announced = item.meta_text("Size").parse::<u64>().ok();
    let open = session.side_mut(leg).object.take();
    let goes_on = open.as_ref().is_some_and(|object| object.is_of(command.verb, item));
    if goes_on {
        log.objects.later_parts.push(item.node);
    }
    if open.is_some() && !goes_on {
        log.objects.interrupted.get_or_insert(item.node);
    }
    let mut object = match open.filter(|_| goes_on) {
        Some(object) => {
            if announced.is_some() {
                log.objects.size_again.get_or_insert(item.node);
            }
            object
        }
        None if more => {
            // The first message of a side may come after the first part of an object.
            let seen = !(session.view.partial && log.previous.is_empty());
            if announced.is_none() && seen {
                log.objects.without_size.get_or_insert(item.node);
            }
            let uri = subject_of(command.verb, item);
            Object { uri, size: announced, got: 0, line_ends: 0, mark }
        }
        None => {
            too_large(limit, size, item, log);
            return;
        }
    };
    object.got = object.got.saturating_add(size);
    object.line_ends += item.data().map_or(0, |data| item.document.line_ends(data));
    if more {
        session.side_mut(leg).object = Some(object);
        return;
    }
    too_large(limit, object.got, item, log);
    let all = object.got..=object.got.saturating_add(object.line_ends);
    if let Some(size) = object.size.filter(|size| !all.contains(size)) {
        log.objects.other_size.get_or_insert((item.node, size, object.got));
    }
}

fn too_large(limit: Option<u64>, size: u64, item: &Item<'_>, log: &mut Log) {
    if let Some(limit) = limit.filter(|limit| *limit > 0 && size > *limit) {
        log.objects.too_large.get_or_insert((item.node, limit, size));
    }
}
