//! Rules about headers and the beginning and end of sessions (MS-MDM 2.2.3, OMA-DMP 8).

use crate::analyze::ledger::Turn;
use crate::analyze::rules::hit::Hit;
use crate::model::{LedgerEntry, Leg, Outcome};

use super::engine::TurnRule;

pub(super) const RULES: &[TurnRule] = &[
    ("hdr-verproto-first-msg", first_of_package),
    ("hdr-sessionid-constant", session_constant),
    ("hdr-sessionid-reuse", session_reused),
    ("hdr-msgid-start", begins_at_one),
    ("hdr-msgid-increment", went_back),
    ("hdr-msgid-gap", jumped),
    ("hdr-msgid-echo", out_of_step),
    ("hdr-msgid-unique", id_taken),
    ("hdr-source-is-device", device_changed),
    ("hdr-source-equals-devid", other_devid),
    ("hdr-swapped-route", not_mirrored),
    ("hdr-maxmsgsize-respected", message_too_large),
    ("hdr-maxobjsize-respected", object_too_large),
    ("pkg-server-new-cmds-early", early),
    ("session-end", ended),
    ("session-idle", idle),
    ("session-pending-at-end", pending),
    ("final-only-last", final_too_early),
    ("final-client-before-server", final_before_server),
    ("final-absent-no-more", final_absent),
];

/// Microseconds a device may take for its next message: 5 minutes.
const PATIENCE: i64 = 5 * 60 * 1_000_000;

fn number(text: &str) -> Option<u64> {
    text.parse().ok()
}

fn first_of_package(turn: &Turn<'_, '_>) -> Option<Hit> {
    (!turn.log.continues && turn.message.protocol.is_empty()).then(|| turn.header())
}

fn session_constant(turn: &Turn<'_, '_>) -> Option<Hit> {
    let asked = turn.request.filter(|_| turn.leg == Leg::Response)?;
    let (was, is) = (&asked.session, &turn.message.session);
    (was != is).then(|| turn.header_child("SessionID").saying(format!("{is} after {was}")))
}

fn session_reused(turn: &Turn<'_, '_>) -> Option<Hit> {
    turn.log.id_reused.then(|| turn.header_child("SessionID").saying(turn.message.session.clone()))
}

fn begins_at_one(turn: &Turn<'_, '_>) -> Option<Hit> {
    let id = turn.message.id.as_str();
    let begins = match turn.leg {
        Leg::Response => turn.log.previous.is_empty() && !turn.session.view.partial,
        // A capture may begin anywhere; only a device that opens a session should count from 1.
        Leg::Request => {
            let opens = turn.message.alerts().any(|code| matches!(code, "1200" | "1201"));
            let answers = turn.message.answers().next().is_some();
            turn.log.first && (id == "0" || opens && !answers)
        }
    };
    (begins && number(id).is_some_and(|id| id != 1))
        .then(|| turn.header_child("MsgID").saying(id.to_owned()))
}

fn went_back(turn: &Turn<'_, '_>) -> Option<Hit> {
    let (before, now) = (number(&turn.log.previous)?, number(&turn.message.id)?);
    (now < before).then(|| turn.header_child("MsgID").saying(format!("{now} after {before}")))
}

fn jumped(turn: &Turn<'_, '_>) -> Option<Hit> {
    let (before, now) = (number(&turn.log.previous)?, number(&turn.message.id)?);
    (now > before.saturating_add(1))
        .then(|| turn.header_child("MsgID").saying(format!("{now} after {before}")))
}

fn out_of_step(turn: &Turn<'_, '_>) -> Option<Hit> {
    let asked = turn.request.filter(|_| turn.leg == Leg::Response)?;
    let (asked, own) = (&asked.id, &turn.message.id);
    (asked != own).then(|| turn.header_child("MsgID").saying(format!("{own} answers {asked}")))
}

fn id_taken(turn: &Turn<'_, '_>) -> Option<Hit> {
    turn.log.id_taken.then(|| turn.header_child("MsgID").saying(turn.message.id.clone()))
}

fn device_changed(turn: &Turn<'_, '_>) -> Option<Hit> {
    let (first, now) = (&turn.session.side(Leg::Request).address, &turn.message.source);
    let changed = turn.leg == Leg::Request && !first.is_empty() && first.trim() != now.trim();
    changed.then(|| turn.header_child("Source").saying(format!("{now} instead of {first}")))
}

fn other_devid(turn: &Turn<'_, '_>) -> Option<Hit> {
    let told = turn.session.facts.device_id.as_deref()?;
    let own = turn.message.source.trim();
    let tells = turn.message.of_kind("Replace").next().is_some();
    let differs = turn.leg == Leg::Request && tells && !own.eq_ignore_ascii_case(told.trim());
    differs.then(|| turn.header_child("Source").saying(format!("{own} and {told}")))
}

/// An address without what a gateway may change: scheme, port, query, trailing slash, case.
fn bare(uri: &str) -> String {
    let uri = uri.trim().to_lowercase();
    let uri = uri.split_once("://").map_or(uri.as_str(), |(_, rest)| rest);
    uri.split('?').next().unwrap_or_default().trim_end_matches('/').to_owned()
}

fn not_mirrored(turn: &Turn<'_, '_>) -> Option<Hit> {
    let asked = turn.request.filter(|_| turn.leg == Leg::Response)?;
    let own = turn.message;
    let differs = |a: &str, b: &str| !a.is_empty() && !b.is_empty() && bare(a) != bare(b);
    if differs(&own.target, &asked.source) {
        let words = format!("Target {} answers Source {}", own.target, asked.source);
        return Some(turn.header_child("Target").saying(words));
    }
    differs(&own.source, &asked.target).then(|| {
        let words = format!("Source {} answers Target {}", own.source, asked.target);
        turn.header_child("Source").saying(words)
    })
}

fn message_too_large(turn: &Turn<'_, '_>) -> Option<Hit> {
    let limit = turn.session.side(Leg::Request).max_message.filter(|limit| *limit > 0)?;
    let size = turn.subject.exchange.response.as_ref()?.body.seen;
    (turn.leg == Leg::Response && size > limit)
        .then(|| turn.half().saying(format!("{size} bytes, limit {limit}")))
}

fn object_too_large(turn: &Turn<'_, '_>) -> Option<Hit> {
    let (node, limit, size) = turn.log.objects.too_large?;
    Some(turn.nodes(&[node])?.saying(format!("{size} bytes, limit {limit}")))
}

fn early(turn: &Turn<'_, '_>) -> Option<Hit> {
    (turn.leg == Leg::Response && turn.log.early).then(|| turn.half())
}

fn ended(turn: &Turn<'_, '_>) -> Option<Hit> {
    let aborted = turn.session.aborted.is_some();
    (turn.leg == Leg::Response && turn.log.closed && !aborted).then(|| turn.half())
}

fn idle(turn: &Turn<'_, '_>) -> Option<Hit> {
    (turn.log.waited > PATIENCE)
        .then(|| turn.half().saying(format!("after {} s", turn.log.waited / 1_000_000)))
}

fn pending(turn: &Turn<'_, '_>) -> Option<Hit> {
    if !turn.log.closed {
        return None;
    }
    let open = |entry: &&LedgerEntry| {
        entry.leg == Leg::Response
            && matches!(entry.outcome, Outcome::Unanswered | Outcome::Waiting)
            && entry.exchange != turn.subject.exchange.id
    };
    let words: Vec<String> = turn
        .session
        .view
        .entries
        .iter()
        .filter(open)
        .take(4)
        .map(|entry| format!("{} {} of message {}", entry.verb, entry.command, entry.message))
        .collect();
    (!words.is_empty()).then(|| turn.half().saying(words.join(", ")))
}

fn final_too_early(turn: &Turn<'_, '_>) -> Option<Hit> {
    turn.log.objects.final_too_early.then(|| turn.half())
}

fn final_before_server(turn: &Turn<'_, '_>) -> Option<Hit> {
    // A server that only asked for the next message (1222) has not begun a package.
    let open = turn.log.other_open && !turn.log.other_waits;
    let early = turn.leg == Leg::Request && open && turn.message.ends_package;
    (early && !turn.log.objects.final_too_early).then(|| turn.half())
}

/// The server closes although the package of the device was never finished.
fn final_absent(turn: &Turn<'_, '_>) -> Option<Hit> {
    let side = turn.session.side(Leg::Request);
    let asks = turn.message.commands.iter().any(|c| !matches!(c.verb, "Status" | "Results"));
    let asked = turn.request?;
    let goes_on = asked.alerts().any(|code| matches!(code, "1222" | "222"))
        || side.object.is_some()
        || matches!(turn.log.round.answers, Some(401 | 407));
    let closes = turn.leg == Leg::Response && turn.message.ends_package && !asks;
    let last = side.sent.last()?.mark;
    (closes && side.open && !goes_on).then(|| turn.half().since(&last))
}
