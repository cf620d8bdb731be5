//! Rules about the commands of one message and their ids (MS-MDM 2.2.3.2, 2.2.7).

use std::collections::HashSet;

use crate::analyze::draft::clip;
use crate::analyze::ledger::normal;
use crate::analyze::rules::hit::Hit;
use crate::analyze::syncml::Command;
use crate::model::{Leg, NodeId};

use super::engine::{MessageRule, Said};

pub(super) const RULES: &[MessageRule] = &[
    ("cmdid-present", id_missing),
    ("cmdid-nonzero", id_zero),
    ("cmdid-unique", id_twice),
    ("cmdid-first-child", id_not_first),
    ("cmdid-not-numeric", id_text),
    ("cmd-client-verbs", verb_of_server),
    ("cmd-client-replace-devinfo", replaces_elsewhere),
    ("cmd-server-no-results", results_of_server),
    ("cmd-unsupported-verb", unsupported),
    ("cmd-sequence-used", sequence),
    ("cmd-item-present", item_missing),
    ("cmd-exec-one-item", exec_items),
    ("cmd-target-present", target_missing),
    ("cmd-unknown-child", stranger),
    ("cmd-client-atomic", client_atomic),
    ("get-no-data", data_in_get),
    ("atomic-nested", atomic_in_atomic),
    ("atomic-get", get_in_atomic),
    ("atomic-exec", exec_in_atomic),
    ("atomic-allowed-children", other_in_atomic),
    ("atomic-nonempty", empty_atomic),
    ("atomic-add-replace-same-node", add_and_replace),
    ("atomic-one-message", part_in_atomic),
    ("exec-dangerous", dangerous),
    ("final-server-always", final_missing),
    ("auth-failure-no-cmds", commands_beside_refusal),
];

fn commands(said: &Said<'_, '_>, fits: impl Fn(&Command<'_>) -> bool) -> Option<Hit> {
    let found = said.message.commands.iter().filter(|command| fits(command));
    let nodes: Vec<NodeId> = found.map(|command| command.node).collect();
    said.nodes(&nodes)
}

fn id_missing(said: &Said<'_, '_>) -> Option<Hit> {
    commands(said, |command| command.id.is_empty())
}

fn id_zero(said: &Said<'_, '_>) -> Option<Hit> {
    commands(said, |command| command.id == "0")
}

fn id_twice(said: &Said<'_, '_>) -> Option<Hit> {
    said.nodes(&said.message.repeated_ids())
}

fn id_not_first(said: &Said<'_, '_>) -> Option<Hit> {
    let document = &said.message.document;
    commands(said, |command| {
        let first = document.children(command.node).next();
        !command.id.is_empty() && first.is_some_and(|id| document.name(id) != "CmdID")
    })
}

fn id_text(said: &Said<'_, '_>) -> Option<Hit> {
    commands(said, |command| {
        !command.id.is_empty() && !command.id.bytes().all(|byte| byte.is_ascii_digit())
    })
}

fn verb_of_server(said: &Said<'_, '_>) -> Option<Hit> {
    let device = said.leg == Leg::Request;
    commands(said, |command| {
        device && matches!(command.verb, "Add" | "Delete" | "Exec" | "Get" | "Sequence" | "Copy")
    })
}

fn replaces_elsewhere(said: &Said<'_, '_>) -> Option<Hit> {
    if said.leg == Leg::Response {
        return None;
    }
    commands(said, |command| {
        let elsewhere = |uri: String| !uri.is_empty() && !uri.starts_with("devinfo");
        command.verb == "Replace"
            && said
                .message
                .items(command)
                .any(|item| item.uri().is_some_and(|uri| elsewhere(normal(uri))))
    })
}

fn results_of_server(said: &Said<'_, '_>) -> Option<Hit> {
    commands(said, |command| said.leg == Leg::Response && command.verb == "Results")
}

fn unsupported(said: &Said<'_, '_>) -> Option<Hit> {
    commands(said, |command| {
        matches!(command.verb, "Put" | "Search" | "Sync" | "Map" | "Move" | "Copy")
    })
}

fn sequence(said: &Said<'_, '_>) -> Option<Hit> {
    commands(said, |command| said.leg == Leg::Response && command.verb == "Sequence")
}

/// Commands that are nothing without an item.
fn needs_items(verb: &str) -> bool {
    matches!(verb, "Add" | "Delete" | "Get" | "Replace" | "Results" | "Exec")
}

fn item_missing(said: &Said<'_, '_>) -> Option<Hit> {
    commands(said, |command| {
        needs_items(command.verb) && said.message.items(command).next().is_none()
    })
}

fn exec_items(said: &Said<'_, '_>) -> Option<Hit> {
    commands(said, |command| command.verb == "Exec" && said.message.items(command).nth(1).is_some())
}

fn target_missing(said: &Said<'_, '_>) -> Option<Hit> {
    let verbs = ["Add", "Delete", "Get", "Replace", "Exec"];
    let nodes = said.items(|command| said.leg == Leg::Response && verbs.contains(&command.verb));
    let nodes: Vec<NodeId> =
        nodes.filter(|item| item.target().is_none()).map(|item| item.node).collect();
    said.nodes(&nodes)
}

fn stranger(said: &Said<'_, '_>) -> Option<Hit> {
    let first = *said.message.strangers.first()?;
    let name = clip(said.message.document.name(first));
    Some(said.nodes(&said.message.strangers)?.saying(name))
}

fn client_atomic(said: &Said<'_, '_>) -> Option<Hit> {
    commands(said, |command| said.leg == Leg::Request && command.verb == "Atomic")
}

fn data_in_get(said: &Said<'_, '_>) -> Option<Hit> {
    let items = said.items(|command| command.verb == "Get");
    let nodes: Vec<NodeId> =
        items.filter(|item| item.data().is_some()).map(|item| item.node).collect();
    said.nodes(&nodes)
}

/// True when the command stands directly inside an Atomic.
fn in_atomic(said: &Said<'_, '_>, command: &Command<'_>) -> bool {
    let around = command.within.and_then(|at| said.message.commands.get(at));
    around.is_some_and(|around| around.verb == "Atomic")
}

fn atomic_in_atomic(said: &Said<'_, '_>) -> Option<Hit> {
    commands(said, |command| command.verb == "Atomic" && in_atomic(said, command))
}

fn get_in_atomic(said: &Said<'_, '_>) -> Option<Hit> {
    commands(said, |command| command.verb == "Get" && in_atomic(said, command))
}

fn exec_in_atomic(said: &Said<'_, '_>) -> Option<Hit> {
    commands(said, |command| command.verb == "Exec" && in_atomic(said, command))
}

fn other_in_atomic(said: &Said<'_, '_>) -> Option<Hit> {
    let known =
        |verb: &str| matches!(verb, "Add" | "Delete" | "Replace" | "Exec" | "Get" | "Atomic");
    commands(said, |command| !known(command.verb) && in_atomic(said, command))
}

fn empty_atomic(said: &Said<'_, '_>) -> Option<Hit> {
    // What stands in a container follows it.
    let all = said.message.commands.iter();
    let behind = all.clone().skip(1).map(|command| command.within).chain([None]);
    let empty = all
        .enumerate()
        .zip(behind)
        .filter(|((at, command), behind)| command.verb == "Atomic" && *behind != Some(*at));
    let nodes: Vec<NodeId> = empty.map(|((_, command), _)| command.node).collect();
    said.nodes(&nodes)
}

fn add_and_replace(said: &Said<'_, '_>) -> Option<Hit> {
    let mut added: HashSet<(usize, String)> = HashSet::new();
    let mut nodes = Vec::new();
    for command in said.message.commands.iter().filter(|command| in_atomic(said, command)) {
        let Some(around) = command.within else { continue };
        for item in said.message.items(command) {
            let place = (around, normal(item.uri().unwrap_or_default()));
            match command.verb {
                "Add" => {
                    added.insert(place);
                }
                "Replace" if added.contains(&place) => nodes.push(item.node),
                _ => {}
            }
        }
    }
    said.nodes(&nodes)
}

fn part_in_atomic(said: &Said<'_, '_>) -> Option<Hit> {
    commands(said, |command| {
        command.within.is_some()
            && in_atomic(said, command)
            && said.message.items(command).any(|item| item.more().is_some())
    })
}

fn dangerous(said: &Said<'_, '_>) -> Option<Hit> {
    if said.leg == Leg::Request {
        return None;
    }
    said.message.commands.iter().find_map(|command| {
        said.message.items(command).find_map(|item| {
            let what = item.danger()?.what;
            Some(said.node(item.node).saying(what))
        })
    })
}

fn final_missing(said: &Said<'_, '_>) -> Option<Hit> {
    let message = said.message;
    let goes_on = message.has_more() || message.alerts().any(|code| code == "1222");
    (said.leg == Leg::Response && !message.ends_package && !goes_on).then(|| said.half())
}

fn commands_beside_refusal(said: &Said<'_, '_>) -> Option<Hit> {
    let refused = said
        .message
        .answers()
        .any(|(_, status)| status.is_header() && matches!(status.code(), "401" | "407"));
    // A device begins anew in the message that refuses the server.
    let server = said.leg == Leg::Response && refused;
    commands(said, |command| server && !matches!(command.verb, "Status" | "Results" | "Alert"))
}
