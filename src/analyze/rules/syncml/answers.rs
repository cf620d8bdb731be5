//! Rules about answers and what they answer (MS-MDM 2.2.6.1, 2.2.7.3, 2.2.7.8).

use crate::analyze::ledger::{Turn, members};
use crate::analyze::rules::hit::Hit;
use crate::model::{LedgerEntry, Leg, NodeId};

use super::engine::TurnRule;

pub(super) const RULES: &[TurnRule] = &[
    ("cmdref-resolves", unknown_command),
    ("msgref-resolves", unknown_message),
    ("cmd-matches-request", other_verb),
    ("status-synchdr-present", header_missing),
    ("status-one-per-command", unanswered),
    ("status-duplicate", repeated),
    ("status-order", disordered),
    ("status-atomic-children", children_unanswered),
    ("status-targetref-single", needless_ref),
    ("status-404-on-delete", gone_already),
    ("status-418-on-add", there_already),
    ("status-404-on-replace", not_there),
    ("status-per-item", partly),
    ("get-status-and-results", without_results),
    ("results-only-after-get-200", stray_results),
    ("results-source-matches-get", other_node),
    ("atomic-rollback-consistent", good_child_of_failed),
    ("atomic-ok-children", bad_child_of_good),
    ("atomic-all-valid", invalid_sibling),
    ("alert-status-required", alert_unanswered),
    ("pkg2-status-alerts", first_alert_unanswered),
    ("pkg2-status-replace", first_replace_unanswered),
];

/// Commands named in one finding.
const NAMED: usize = 4;

fn unknown_command(turn: &Turn<'_, '_>) -> Option<Hit> {
    turn.nodes(&turn.log.unknown_command)
}

fn unknown_message(turn: &Turn<'_, '_>) -> Option<Hit> {
    turn.nodes(&turn.log.unknown_message)
}

fn other_verb(turn: &Turn<'_, '_>) -> Option<Hit> {
    let nodes: Vec<NodeId> = turn.log.other_verb.iter().map(|(node, _)| *node).collect();
    let verb = turn.log.other_verb.first()?.1;
    Some(turn.nodes(&nodes)?.saying(format!("the command is {verb}")))
}

fn header_missing(turn: &Turn<'_, '_>) -> Option<Hit> {
    let due = match turn.leg {
        Leg::Response => turn.request.is_some(),
        // After a refusal the device begins with its first package again.
        Leg::Request => turn.log.heard && !matches!(turn.log.round.before, Some(401 | 407)),
    };
    (due && !turn.log.header_answered).then(|| turn.half())
}

/// `Get 4 of message 2`, a few of them; and where they stand.
fn entries(
    turn: &Turn<'_, '_>,
    places: &[u32],
    fits: impl Fn(&LedgerEntry) -> bool,
) -> Option<Hit> {
    let all = &turn.session.view.entries;
    let found: Vec<&LedgerEntry> = places
        .iter()
        .filter_map(|place| all.get(*place as usize))
        .filter(|entry| fits(entry))
        .collect();
    let first = found.first()?;
    let mut words: Vec<String> = found
        .iter()
        .take(NAMED)
        .map(|entry| format!("{} {} of message {}", entry.verb, entry.command, entry.message))
        .collect();
    if found.len() > NAMED {
        words.push(format!("and {} more", found.len() - NAMED));
    }
    let hit = turn.half().saying(words.join(", "));
    let sent = turn.session.sent(first.leg, &first.message);
    Some(match sent {
        Some(sent) => hit.since(&sent.mark),
        None => hit,
    })
}

fn in_atomic(turn: &Turn<'_, '_>, entry: &LedgerEntry) -> bool {
    let around = entry.within.and_then(|place| turn.session.view.entries.get(place as usize));
    around.is_some_and(|around| around.verb == "Atomic")
}

fn unanswered(turn: &Turn<'_, '_>) -> Option<Hit> {
    let device = turn.leg == Leg::Request;
    entries(turn, &turn.log.unanswered, |entry| device && !in_atomic(turn, entry))
}

fn children_unanswered(turn: &Turn<'_, '_>) -> Option<Hit> {
    let device = turn.leg == Leg::Request;
    entries(turn, &turn.log.unanswered, |entry| device && in_atomic(turn, entry))
}

fn repeated(turn: &Turn<'_, '_>) -> Option<Hit> {
    turn.nodes(&turn.log.repeated)
}

fn disordered(turn: &Turn<'_, '_>) -> Option<Hit> {
    turn.nodes(&turn.log.disordered)
}

fn needless_ref(turn: &Turn<'_, '_>) -> Option<Hit> {
    turn.nodes(&turn.log.needless_ref)
}

fn answered_with(turn: &Turn<'_, '_>, verb: &str, code: u16) -> Option<Hit> {
    let fits = |(_, own, status): &&(NodeId, &'static str, u16)| *own == verb && *status == code;
    let nodes: Vec<NodeId> = turn.log.codes.iter().filter(fits).map(|(node, ..)| *node).collect();
    turn.nodes(&nodes)
}

fn gone_already(turn: &Turn<'_, '_>) -> Option<Hit> {
    answered_with(turn, "Delete", 404)
}

fn there_already(turn: &Turn<'_, '_>) -> Option<Hit> {
    answered_with(turn, "Add", 418)
}

fn not_there(turn: &Turn<'_, '_>) -> Option<Hit> {
    answered_with(turn, "Replace", 404)
}

fn partly(turn: &Turn<'_, '_>) -> Option<Hit> {
    entries(turn, &turn.log.partly, |_| true)
}

fn without_results(turn: &Turn<'_, '_>) -> Option<Hit> {
    entries(turn, &turn.log.without_results, |entry| entry.verb == "Get")
}

fn stray_results(turn: &Turn<'_, '_>) -> Option<Hit> {
    turn.nodes(&turn.log.stray_results)
}

fn other_node(turn: &Turn<'_, '_>) -> Option<Hit> {
    turn.nodes(&turn.log.other_node)
}

/// The Atomics answered in this message with what stands in them.
fn atomics<'t>(
    turn: &'t Turn<'_, '_>,
) -> impl Iterator<Item = (&'t LedgerEntry, &'t [LedgerEntry])> {
    let entries = &turn.session.view.entries;
    let groups = turn.log.groups.iter().filter_map(|root| {
        let inside = entries.get(members(entries, *root))?;
        inside.split_first()
    });
    groups.filter(|(root, _)| root.verb == "Atomic")
}

fn member(turn: &Turn<'_, '_>, root: &LedgerEntry, child: &LedgerEntry) -> Hit {
    let words = format!(
        "Atomic {} has {}, {} {} has {}",
        root.command,
        root.code(),
        child.verb,
        child.command,
        child.code()
    );
    turn.half().saying(words)
}

fn good_child_of_failed(turn: &Turn<'_, '_>) -> Option<Hit> {
    atomics(turn).filter(|(root, _)| matches!(root.code(), "507" | "500")).find_map(
        |(root, inside)| {
            let good = inside.iter().find(|child| child.code() == "200")?;
            Some(member(turn, root, good))
        },
    )
}

fn bad_child_of_good(turn: &Turn<'_, '_>) -> Option<Hit> {
    atomics(turn).filter(|(root, _)| root.code() == "200").find_map(|(root, inside)| {
        let bad = inside.iter().find(|child| child.code().starts_with(['4', '5']))?;
        Some(member(turn, root, bad))
    })
}

fn invalid_sibling(turn: &Turn<'_, '_>) -> Option<Hit> {
    atomics(turn).find_map(|(root, inside)| {
        let invalid = inside.iter().find(|child| {
            let container = matches!(child.verb, "Atomic" | "Sequence" | "Alert");
            child.command.is_empty() || (child.item_count == 0 && !container)
        })?;
        let carried_out = inside.iter().find(|child| child.code() == "200")?;
        let words = format!(
            "{} {} of Atomic {} is invalid, {} {} has 200",
            invalid.verb, invalid.command, root.command, carried_out.verb, carried_out.command
        );
        Some(turn.half().saying(words))
    })
}

/// True for commands of the first package of the device.
fn first_package(turn: &Turn<'_, '_>) -> bool {
    turn.session.side(Leg::Request).packages <= 1 && !turn.session.view.partial
}

fn owed_by_server(turn: &Turn<'_, '_>, verb: &str, first: bool) -> Option<Hit> {
    let due = turn.leg == Leg::Response && first_package(turn) == first;
    // Alerts that only steer the flow are answered by what comes next.
    let steers = |entry: &LedgerEntry| matches!(entry.alert.as_str(), "1222" | "1225");
    entries(turn, &turn.log.unanswered, |entry| due && entry.verb == verb && !steers(entry))
}

fn alert_unanswered(turn: &Turn<'_, '_>) -> Option<Hit> {
    owed_by_server(turn, "Alert", false)
}

fn first_alert_unanswered(turn: &Turn<'_, '_>) -> Option<Hit> {
    owed_by_server(turn, "Alert", true)
}

fn first_replace_unanswered(turn: &Turn<'_, '_>) -> Option<Hit> {
    owed_by_server(turn, "Replace", true)
}
